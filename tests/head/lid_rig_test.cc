#include "maskbench/head/lid_rig.h"

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include <gtest/gtest.h>

#include "maskbench/core/error.h"
#include "maskbench/head/eye_measures.h"
#include "maskbench/head/parametric_head.h"

namespace maskbench {
namespace {

std::filesystem::path HeadFolder() {
  const char* assets = std::getenv("MASKBENCH_ASSETS");
  return std::filesystem::path(assets != nullptr ? assets : MASKBENCH_ASSETS_DIR) / "models" /
         "head";
}

// The parametric head with lids, and a few people.
class LidRigTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    head_ = ParametricHead::Load(HeadFolder() / "parametric.mbhead");
    const Eigen::Matrix3Xd mean = head_->Shape(HeadRecipe());
    rig_ = std::make_unique<LidRig>(HeadSurface(head_->Topology(), mean), head_->Topology(), mean);
    for (int k = 0; k < 6; ++k) {
      HeadRecipe recipe;
      recipe.male = k % 2;
      recipe.african = k % 3 == 0;
      recipe.asian = k % 3 == 1;
      recipe.caucasian = k % 3 == 2;
      recipe.age = k / 5.0;
      NamedRandom random(77, std::to_string(k), "lid rig test");
      head_->SampleDetails(DetailSpread(), &random, &recipe);
      people_.push_back(head_->Shape(recipe));
    }
  }
  static void TearDownTestSuite() {
    rig_.reset();
    head_.reset();
    people_.clear();
  }

  struct Set {
    EyeShape shape;
    Eigen::Vector3d centre;
    Eigen::Matrix3Xd rest, moved;
    LidPose resting;
  };
  static Set Prepare(const Eigen::Matrix3Xd& person, Side side) {
    Set set;
    set.centre = Locate(head_->Topology().globe_centre[static_cast<int>(side)], person);
    set.rest = rig_->surface().Positions(person);
    set.moved = set.rest;
    set.resting = rig_->RestPose(side, set.centre, set.rest);
    return set;
  }
  // Depth of the deepest point of lid skin under the eye's surface (positive: inside), and the
  // widest distance of the inner margin from the globe where the lids lie on it.
  static void Contact(Side side, const Set& set, const EyeState& state, double* inside,
                      double* gap) {
    const Eigen::Matrix3d to_eye = state.rotation.transpose();
    auto depth = [&](const Eigen::Vector3d& point) {
      const Eigen::Vector3d p = to_eye * (point - state.globe_centre_mm);
      return set.shape.SurfaceRadiusMm(p.normalized()) - p.norm();
    };
    const auto& region = rig_->Region(side);
    std::vector<bool> in(static_cast<size_t>(set.moved.cols()), false);
    for (int v : region) in[static_cast<size_t>(v)] = true;
    for (const auto& t : rig_->surface().triangles()) {
      if (!in[t[0]] || !in[t[1]] || !in[t[2]]) continue;
      for (int a = 0; a <= 4; ++a)
        for (int b = 0; a + b <= 4; ++b) {
          const Eigen::Vector3d p = (a * set.moved.col(t[0]) + b * set.moved.col(t[1]) +
                                     (4 - a - b) * set.moved.col(t[2])) /
                                    4.0;
          *inside = std::max(*inside, depth(p));
        }
    }
    const HeadSurface::Margin& margin = rig_->surface().margins()[static_cast<int>(side)];
    for (const auto* chain : {&margin.upper_inner, &margin.lower_inner})
      for (int v : *chain) {
        const Eigen::Vector3d p = set.moved.col(v);
        if (std::abs(p.x() - state.globe_centre_mm.x()) > 7.5) continue;
        *gap = std::max(*gap, -depth(p));
      }
  }

  static inline std::shared_ptr<const ParametricHead> head_;
  static inline std::unique_ptr<LidRig> rig_;
  static inline std::vector<Eigen::Matrix3Xd> people_;
};

TEST_F(LidRigTest, NeitherPenetratesNorLeavesAGapOverTheWholeRange) {
  double inside = -1e9, gap = -1e9;
  for (const Eigen::Matrix3Xd& person : people_)
    for (Side side : kSides) {
      Set set = Prepare(person, side);
      const double closed = rig_->ClosedHeightMm(side, set.centre, set.rest);
      for (double azimuth : {-35.0, 0.0, 35.0})
        for (double elevation : {-30.0, 0.0, 25.0})
          for (double closure : {-0.6, 0.0, 0.5, 1.0})
            for (double protrusion : {0.0, 4.0, 8.0}) {
              EyePose eye;
              eye.azimuth_deg = azimuth;
              eye.elevation_deg = elevation;
              eye.protrusion_mm = protrusion;
              const LidPose lids = CloseLids(FollowGaze(set.resting, elevation), closure, closed);
              const EyeState state = rig_->Pose(side, set.shape, eye, lids, LidShape(), set.centre,
                                                set.rest, &set.moved);
              Contact(side, set, state, &inside, &gap);
            }
    }
  RecordProperty("deepest_mm", std::to_string(inside));
  RecordProperty("gap_mm", std::to_string(gap));
  EXPECT_LT(inside, 0.0);
  EXPECT_LT(gap, 0.35);
}

TEST_F(LidRigTest, SolverReachesMrd1FromMinus2To8Mm) {
  const Eigen::Vector3d camera(0, 0, 700);
  double worst = 0;
  for (const Eigen::Matrix3Xd& person : people_)
    for (Side side : kSides) {
      Set set = Prepare(person, side);
      for (double mrd1 = -2; mrd1 <= 8.01; mrd1 += 0.5)
        for (double protrusion : {0.0, 5.0}) {
          EyePose eye;
          eye.protrusion_mm = protrusion;
          const LidPose lids = SolveLids(*rig_, side, set.shape, eye, mrd1, 5.2, set.resting,
                                         set.centre, set.rest, camera, camera);
          const EyeState state =
              rig_->Pose(side, set.shape, eye, lids, LidShape(), set.centre, set.rest, &set.moved);
          const EyeMeasures measures = MeasureEye(rig_->surface().margins()[static_cast<int>(side)],
                                                  set.moved, set.shape, state, camera, camera);
          worst = std::max(
              {worst, std::abs(measures.mrd1_mm - mrd1), std::abs(measures.mrd2_mm - 5.2)});
          EXPECT_NEAR(measures.pfh_mm, measures.mrd1_mm + measures.mrd2_mm, 1e-12);
        }
    }
  RecordProperty("worst_mm", std::to_string(worst));
  EXPECT_LT(worst, 0.02);
}

TEST_F(LidRigTest, UnreachableTargetNamesTheEye) {
  Set set = Prepare(people_[0], Side::kRight);
  const Eigen::Vector3d camera(0, 0, 700);
  try {
    SolveLids(*rig_, Side::kRight, set.shape, EyePose(), 20.0, 5.0, set.resting, set.centre,
              set.rest, camera, camera);
    FAIL() << "20 mm were reached";
  } catch (const DataError& error) {
    EXPECT_NE(std::string(error.what()).find("right eye"), std::string::npos) << error.what();
  }
}

TEST_F(LidRigTest, ClosingNarrowsTheFissureEverywhereAndShutsIt) {
  for (Side side : kSides) {
    Set set = Prepare(people_[2], side);
    const double closed = rig_->ClosedHeightMm(side, set.centre, set.rest);
    const auto& margin = rig_->surface().margins()[static_cast<int>(side)];
    std::vector<double> before(9, 1e9);
    for (double closure = 0; closure <= 1.0001; closure += 0.1) {
      rig_->Pose(side, set.shape, EyePose(), CloseLids(set.resting, closure, closed), LidShape(),
                 set.centre, set.rest, &set.moved);
      const VisibleMargins margins(margin, set.moved);
      for (int k = -4; k <= 4; ++k) {
        const double x = set.centre.x() + 1.8 * k;
        const double height = margins.UpperMm(x) - margins.LowerMm(x);
        EXPECT_LT(height, before[static_cast<size_t>(k + 4)]) << closure << " " << k;
        before[static_cast<size_t>(k + 4)] = height;
        if (closure > 0.999) {
          EXPECT_LT(height, 0.0) << k;
        }
      }
    }
  }
}

TEST_F(LidRigTest, SkinFarFromTheEyeStays) {
  Set set = Prepare(people_[1], Side::kLeft);
  std::vector<bool> in(static_cast<size_t>(set.rest.cols()), false);
  for (int v : rig_->Region(Side::kLeft)) in[static_cast<size_t>(v)] = true;
  EyePose eye;
  eye.protrusion_mm = 6;
  rig_->Pose(Side::kLeft, set.shape, eye, set.resting, LidShape(), set.centre, set.rest,
             &set.moved);
  double largest = 0;
  for (Eigen::Index v = 0; v < set.rest.cols(); ++v)
    if (!in[static_cast<size_t>(v)])
      largest = std::max(largest, (set.moved.col(v) - set.rest.col(v)).norm());
  EXPECT_EQ(largest, 0.0);
}

TEST_F(LidRigTest, MirroredPoseGivesTheMirroredLids) {
  const Eigen::Matrix3Xd mean = head_->Shape(HeadRecipe());
  Set left = Prepare(mean, Side::kLeft), right = Prepare(mean, Side::kRight);
  EyePose eye;
  eye.azimuth_deg = 18;
  eye.elevation_deg = -12;
  LidPose lids = left.resting;
  lids.upper_mm = 2.5;
  lids.lateral_flare_mm = 1.0;
  rig_->Pose(Side::kLeft, left.shape, eye, lids, LidShape(), left.centre, left.rest, &left.moved);
  eye.azimuth_deg = -18;
  rig_->Pose(Side::kRight, right.shape, eye, lids, LidShape(), right.centre, right.rest,
             &right.moved);
  const auto& a = rig_->surface().margins()[static_cast<int>(Side::kLeft)];
  const auto& b = rig_->surface().margins()[static_cast<int>(Side::kRight)];
  ASSERT_EQ(a.upper_inner.size(), b.upper_inner.size());
  for (size_t k = 0; k < a.upper_inner.size(); ++k) {
    Eigen::Vector3d mirrored = right.moved.col(b.upper_inner[k]);
    mirrored.x() *= -1;
    EXPECT_LT((mirrored - left.moved.col(a.upper_inner[k])).norm(), 0.15) << k;
  }
}

TEST(LidFollow, UpperLidGoesWithTheEye) {
  const LidPose primary;
  const LidPose down = FollowGaze(primary, -30), up = FollowGaze(primary, 20);
  EXPECT_LT(down.upper_mm, primary.upper_mm - 4);
  EXPECT_GT(up.upper_mm, primary.upper_mm + 2);
  EXPECT_GT(down.lower_mm, primary.lower_mm + 2);
  LidFollow lag;
  lag.upper_down = 0.5;
  EXPECT_GT(FollowGaze(primary, -30, lag).upper_mm, down.upper_mm + 1.5);
}

double Contact12(double x) { return LidContactRadiusMm(12, x, 0.7, 0.95); }

TEST(LidContact, IsTheGlobeInFrontAndATangentLineTowardsTheCanthi) {
  EXPECT_DOUBLE_EQ(Contact12(0), 12);
  EXPECT_NEAR(Contact12(6), std::sqrt(144.0 - 36.0), 1e-12);
  for (double x : {-13.0, -9.0, -5.0, 5.0, 9.9, 11.0, 13.0}) {
    if (std::abs(x) < 12) {
      EXPECT_GE(Contact12(x), std::sqrt(144.0 - x * x) - 1e-9) << x;
    }
    // Continuous, and its slope too.
    const double h = 1e-5;
    const double before = (Contact12(x) - Contact12(x - h)) / h;
    const double after = (Contact12(x + h) - Contact12(x)) / h;
    EXPECT_NEAR(before, after, 1e-3) << x;
  }
}

}  // namespace
}  // namespace maskbench
