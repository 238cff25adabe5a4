#include "maskbench/head/canonical_head.h"

#include <algorithm>
#include <map>

#include "head_fixtures.h"

namespace maskbench {
namespace {

const HeadModel& Canonical() { return ImportedModel("canonical468"); }

Eigen::Matrix3Xd Active(const std::string& unit) {
  const auto& names = Canonical().ExpressionNames();
  const auto found = std::find(names.begin(), names.end(), unit);
  if (found == names.end()) throw Error("there is no unit " + unit);
  Eigen::VectorXd expression = Eigen::VectorXd::Zero(Canonical().ExpressionDims());
  expression[found - names.begin()] = 1;
  return Canonical().Evaluate({}, expression);
}

// Numbers of MediaPipe's face mesh: 1/4 tip of the nose, 152 chin, 10 top, 33/263 lateral and
// 133/362 medial canthi, 61/291 corners of the mouth.
TEST(CanonicalHead, PointsAreWhereTheMeshHasThem) {
  const Eigen::Matrix3Xd mean = Canonical().Evaluate({}, {});
  ASSERT_EQ(mean.cols(), 468);
  Eigen::Index highest, lowest, foremost;
  mean.row(1).maxCoeff(&highest);
  mean.row(1).minCoeff(&lowest);
  mean.row(2).maxCoeff(&foremost);
  EXPECT_EQ(highest, 10);
  EXPECT_EQ(lowest, 152);
  EXPECT_EQ(foremost, 4);
  EXPECT_LT(mean(0, 61), -20);  // The right corner of the mouth is on the right.
  EXPECT_GT(mean(0, 291), 20);
  const auto left = static_cast<size_t>(Side::kLeft);
  EXPECT_EQ(Canonical().Topology().lids[left].medial_canthus, 362);
  EXPECT_EQ(Canonical().Topology().lids[left].lateral_canthus, 263);
  EXPECT_NEAR(mean(0, 263) + mean(0, 362), 62.5, 0.1);  // Twice the middle of the eye.
  for (int p = 0; p < 468; ++p) {
    EXPECT_EQ(Canonical().Topology().mesh468[p]->vertices[0], p);
  }
}

TEST(CanonicalHead, MirrorMapMatchesTheNumbering) {
  const HeadTopology& topology = Canonical().Topology();
  EXPECT_EQ(topology.mirror[33], 263);
  EXPECT_EQ(topology.mirror[133], 362);
  EXPECT_EQ(topology.mirror[61], 291);
  EXPECT_EQ(topology.mirror[159], 386);
  EXPECT_EQ(topology.mirror[4], 4);
  EXPECT_LT(LargestAsymmetry(topology, Canonical().Evaluate({}, {})), 1e-4);
}

TEST(CanonicalHead, EyesAreOpenAndTheMouthIsShut) {
  const HeadTopology& topology = Canonical().Topology();
  std::map<std::pair<int, int>, int> faces_at;
  for (const auto& face : topology.faces) {
    for (size_t i = 0; i < 3; ++i) {
      const int a = face[i], b = face[(i + 1) % 3];
      ++faces_at[{std::min(a, b), std::max(a, b)}];
    }
  }
  // 898 triangles less 14 per eye.
  EXPECT_EQ(topology.faces.size(), 870u);
  for (const LidRings& lids : topology.lids) {
    for (const auto* ring : {&lids.upper_inner, &lids.lower_inner}) {
      for (size_t i = 1; i < ring->size(); ++i) {
        const int a = (*ring)[i - 1], b = (*ring)[i];
        EXPECT_EQ((faces_at[{std::min(a, b), std::max(a, b)}]), 1);
      }
    }
  }
  EXPECT_EQ((faces_at[{13, 82}]), 2);  // Upper lip, inside.
  // The 18 triangles between the lips are the inside of the mouth.
  EXPECT_EQ(
      std::count(topology.face_parts.begin(), topology.face_parts.end(), HeadPart::kMouthCavity),
      18);
}

// The documented spread of random identities, from its definition.
TEST(CanonicalHead, RandomFacesSpreadAsDocumented) {
  double sum = 0;
  constexpr int kFaces = 300;
  const Eigen::Matrix3Xd mean = Canonical().Evaluate({}, {});
  for (int i = 0; i < kFaces; ++i) {
    const Eigen::Matrix3Xd face =
        Canonical().Evaluate(RandomCoefficients(Canonical().IdentityDims(), std::to_string(i)), {});
    sum += (face - mean).squaredNorm() / 468;
  }
  EXPECT_NEAR(std::sqrt(sum / kFaces), 5.5, 0.4);
}

TEST(CanonicalHead, ExpressionsDoWhatTheirNamesSay) {
  const Eigen::Matrix3Xd rest = Canonical().Evaluate({}, {});
  const auto moved = [&](const std::string& unit, int point) {
    return Eigen::Vector3d(Active(unit).col(point) - rest.col(point));
  };
  EXPECT_LT(moved("jaw_open", 152).y(), -15);
  EXPECT_LT(moved("jaw_open", 14).y(), -12);
  EXPECT_NEAR(moved("jaw_open", 13).norm(), 0, 1e-3);
  EXPECT_NEAR(moved("jaw_open", 4).norm(), 0, 1e-3);
  EXPECT_GT(moved("mouth_wide", 291).x(), 4);
  EXPECT_LT(moved("mouth_wide", 61).x(), -4);
  EXPECT_LT(moved("mouth_narrow", 291).x(), -4);
  EXPECT_GT(moved("lip_pucker", 0).z(), 4);
  EXPECT_GT(moved("mouth_corner_up_left", 291).y(), 5);
  EXPECT_LT(moved("mouth_corner_up_left", 61).norm(), 2);
  EXPECT_LT(moved("mouth_corner_down_right", 61).y(), -5);
  EXPECT_GT(moved("brow_up_left", 334).y(), 5);
  EXPECT_LT(moved("brow_down_right", 105).y(), -3);
  EXPECT_GT(moved("brow_inner_up", 107).y(), 5);
  EXPECT_LT(std::abs(moved("brow_inner_up", 70).y()), 3);
  EXPECT_GT(moved("cheek_up_left", 280).y(), 3);
  EXPECT_GT(moved("nose_wrinkle", 64).y(), 2);
}

TEST(CanonicalHead, LidsMeetWhenShutAndPartWhenWide) {
  const auto left = static_cast<size_t>(Side::kLeft);
  const LidRings& lids = Canonical().Topology().lids[left];
  const auto opening = [&](const Eigen::Matrix3Xd& face, size_t i) {
    return (face.col(lids.upper_inner[i]) - face.col(lids.lower_inner[i])).norm();
  };
  const Eigen::Matrix3Xd rest = Canonical().Evaluate({}, {});
  for (size_t i = 0; i < lids.upper_inner.size(); ++i) {
    EXPECT_LT(opening(Active("eye_close_left"), i), 1e-3);
    EXPECT_NEAR(opening(Active("eye_close_right"), i), opening(rest, i), 1e-3);
  }
  EXPECT_GT(opening(Active("eye_wide_left"), 3), opening(rest, 3) + 3);
}

}  // namespace
}  // namespace maskbench
