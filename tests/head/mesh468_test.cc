// The 468 points on the parametric head, against anatomy that can be read off its shape.
#include <algorithm>
#include <array>

#include "head_fixtures.h"

namespace maskbench {
namespace {

class Mesh468 : public testing::Test {
 protected:
  Eigen::Vector3d At(int point) const {
    return Locate(model_.Topology().mesh468.at(point).value(), shape_);
  }
  const HeadModel& model_ = ImportedModel("parametric");
  Eigen::Matrix3Xd shape_ = ImportedParametricHead().Shape(HeadRecipe{});
};

TEST_F(Mesh468, EveryPointLiesOnTheSkin) {
  const HeadTopology& topology = model_.Topology();
  ASSERT_EQ(topology.mesh468.size(), 468u);
  std::vector<bool> on_skin(topology.vertex_count, false);
  for (size_t f = 0; f < topology.faces.size(); ++f) {
    if (topology.face_parts[f] != HeadPart::kSkin) continue;
    for (const int vertex : topology.faces[f]) on_skin[vertex] = true;
  }
  for (const auto& point : topology.mesh468) {
    ASSERT_TRUE(point.has_value());
    EXPECT_NEAR(point->weights[0] + point->weights[1] + point->weights[2], 1, 1e-6);
    for (size_t corner = 0; corner < 3; ++corner) {
      EXPECT_GE(point->weights[corner], -1e-6);
      EXPECT_TRUE(point->weights[corner] <= 0 || on_skin[point->vertices[corner]]);
    }
  }
}

TEST_F(Mesh468, IsSymmetric) {
  shape_ = model_.Evaluate({}, {});
  const auto& mirror = ImportedModel("canonical468").Topology().mirror;
  for (int p = 0; p < 468; ++p) {
    const Eigen::Vector3d image = At(mirror[p]);
    EXPECT_LT((At(p) - Eigen::Vector3d(-image.x(), image.y(), image.z())).norm(), 1e-3) << p;
  }
}

TEST_F(Mesh468, ProfileFollowsTheMiddle) {
  // From the top of the forehead to the chin; numbers of MediaPipe's face mesh.
  constexpr std::array<int, 22> kMiddle = {10,  151, 9,  8,  168, 6,  197, 195, 5,   4,   2,
                                           164, 0,   13, 14, 17,  18, 200, 199, 175, 152, 152};
  for (size_t i = 1; i < kMiddle.size(); ++i) {
    EXPECT_NEAR(At(kMiddle[i]).x(), 0, 0.05) << kMiddle[i];
    if (kMiddle[i] != kMiddle[i - 1]) {
      EXPECT_LT(At(kMiddle[i]).y(), At(kMiddle[i - 1]).y()) << kMiddle[i];
    }
  }
  // The tip of the nose is the foremost point of the head.
  double foremost = 0;
  for (const auto& face : model_.Topology().faces) {
    for (const int vertex : face) foremost = std::max(foremost, shape_(2, vertex));
  }
  EXPECT_NEAR(At(4).z(), foremost, 1.0);
  // The root of the nose is a hollow between glabella and tip, the furrow below the lip another.
  EXPECT_LT(At(168).z(), At(9).z() - 1);
  EXPECT_LT(At(18).z(), At(17).z() - 3);
  EXPECT_GT(At(199).y(), At(152).y() + 8);
}

TEST_F(Mesh468, CornersOfEyesAndMouthAreThere) {
  for (const Side side : kSides) {
    const LidRings& lids = model_.Topology().lids[static_cast<size_t>(side)];
    const bool left = side == Side::kLeft;
    EXPECT_LT((At(left ? 362 : 133) - shape_.col(lids.medial_canthus)).norm(), 0.01);
    EXPECT_LT((At(left ? 263 : 33) - shape_.col(lids.lateral_canthus)).norm(), 0.01);
    // Middle of the upper and the lower lid: on the margins, above each other.
    const Eigen::Vector3d upper = At(left ? 386 : 159), lower = At(left ? 374 : 145);
    const auto distance = [&](const Eigen::Vector3d& point, const std::vector<int>& ring) {
      double nearest = 1e9;
      for (const int vertex : ring)
        nearest = std::min(nearest, (shape_.col(vertex) - point).norm());
      return nearest;
    };
    EXPECT_LT(distance(upper, lids.upper_outer), 2.5);
    EXPECT_LT(distance(lower, lids.lower_inner), 2.5);
    EXPECT_LT(std::abs(upper.x() - lower.x()), 2);
    EXPECT_NEAR(upper.y() - lower.y(), 9.5, 1.5);  // Palpebral fissure height of adults.
  }
  EXPECT_NEAR(At(291).x() - At(61).x(), 49, 4);  // Width of the mouth (Farkas 1994: 50 ± 4).
  EXPECT_LT(std::abs(At(291).y() - (At(13).y() + At(14).y()) / 2), 4);
}

TEST_F(Mesh468, BrowsNostrilsAndOutlineAreWhereTheyBelong) {
  for (const int brow : {336, 296, 334, 293, 285, 295, 282, 283}) {
    EXPECT_GT(At(brow).y(), At(386).y() + 1) << brow;
    EXPECT_LT(At(brow).y(), 30) << brow;
  }
  EXPECT_GT(At(296).y(), At(295).y() + 3);  // Upper edge above lower edge.
  // Wings of the nose: the widest part of the nose, between tip and upper lip.
  for (const int wing : {358, 279, 331}) {
    EXPECT_NEAR(At(wing).x(), 17, 3) << wing;
    EXPECT_LT(At(wing).y(), At(5).y()) << wing;
    EXPECT_GT(At(wing).y(), At(164).y()) << wing;
  }
  // Nostrils look down: behind the tip, above the base.
  EXPECT_LT(At(327).z(), At(4).z() - 5);
  // Before the ears.
  EXPECT_GT(At(454).x(), 60);
  EXPECT_LT(At(454).z(), -20);
  EXPECT_GT(At(454).z(), -85);
}

TEST_F(Mesh468, PointsFollowExpressions) {
  const auto& names = model_.ExpressionNames();
  const auto unit = std::find(names.begin(), names.end(), "mouth-open");
  ASSERT_NE(unit, names.end());
  Eigen::VectorXd expression = Eigen::VectorXd::Zero(model_.ExpressionDims());
  const double shut = At(13).y() - At(14).y();
  expression[unit - names.begin()] = 1;
  shape_ = model_.Evaluate({}, expression);
  EXPECT_GT(At(13).y() - At(14).y(), shut + 15);
}

}  // namespace
}  // namespace maskbench
