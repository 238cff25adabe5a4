// What of a recording's face a mask shows: expressions against the usual one, through covers and
// losses.
#include "maskbench/masking/mask_face_fit.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "maskbench/core/files.h"
#include "maskbench/perception/face_track.h"

#include "reconstruct/synthetic_face.h"

namespace maskbench {
namespace {

constexpr double kRate = 25;
constexpr size_t kFrames = 100;

/// A made-up person before a camera, as track, reading and fit of the eyes would have it.
class Seen {
 public:
  explicit Seen(const HeadModel& model) : person_(RandomFace(model, 20, 3)) {
    person_.noise_px = 0.3;
    frames_ = person_.Talk(kFrames);
    for (SyntheticFace::Frame& frame : frames_) frame.expression.setZero();
  }
  std::vector<SyntheticFace::Frame>& frames() { return frames_; }
  const SyntheticFace& person() const { return person_; }
  /// Something is before the right eye.
  void Cover(size_t first, size_t last) {
    for (size_t i = first; i <= last; ++i) covered_[i] = true;
  }
  void OpenMouth(size_t first, size_t last, double activation = 0.6) {
    for (size_t i = first; i <= last; ++i)
      frames_[i].expression = person_.Expression({"mouth-open", "jaw_open"}, activation);
  }

  EyeReading Reading() const {
    EyeReading reading;
    reading.rate_hz = kRate;
    reading.picture_px = person_.picture_px;
    reading.eyes.resize(kFrames);
    for (size_t i = 0; i < kFrames; ++i) {
      if (!frames_[i].face) continue;
      ++reading.frames_with_face;
      reading.eyes[i].emplace();
      for (EyeEvidence& eye : *reading.eyes[i]) eye.in_sight = 1;
      if (covered_[i]) (*reading.eyes[i])[0].in_sight = 0.1;
    }
    return reading;
  }
  MaskFaceFit Fit() const {
    const std::vector<MeshFrame> seen = person_.SeeAll(frames_);
    const TemporaryFolder folder;
    MediaInfo info;
    info.width_px = person_.picture_px.width;
    info.height_px = person_.picture_px.height;
    info.rate = {static_cast<int>(kRate), 1};
    info.frame_count = kFrames;
    FaceTrackWriter writer(folder.path() / "track", info);
    EyeFit fit;
    fit.size = person_.size;
    for (auto& side : fit.head) side.resize(kFrames);
    for (size_t i = 0; i < kFrames; ++i) {
      FaceObservation face;
      face.frame = static_cast<std::int64_t>(i);
      if (seen[i].mesh_px.cols() > 0) {
        face.status = FaceStatus::kTracked;
        for (int k = 0; k < kMeshPoints; ++k) {
          face.mesh[static_cast<size_t>(k)] = {seen[i].mesh_px(0, k), seen[i].mesh_px(1, k),
                                               seen[i].mesh_px(2, k)};
        }
      }
      writer.Write(face);
      for (auto& side : fit.head) side[i] = seen[i].head;
    }
    writer.Finish();
    return FitMaskFace(folder.path() / "track", Reading(), fit, *person_.model, {});
  }
  /// How far (mm) shown activations move the lips.
  double MouthMm(const MaskFaceFit& fit, size_t frame) const {
    const auto& names = person_.model->ExpressionNames();
    Eigen::VectorXd expression = Eigen::VectorXd::Zero(person_.model->ExpressionDims());
    for (size_t e = 0; e < fit.expressions.size(); ++e)
      expression[std::find(names.begin(), names.end(), fit.expressions[e]) - names.begin()] =
          fit.activations[frame][e];
    return MouthMm(expression);
  }
  double MouthMm(const Eigen::VectorXd& expression) const {
    const Eigen::Matrix3Xd moved =
                               PointsOn(person_.places, person_.model->Evaluate({}, expression)),
                           rest = PointsOn(person_.places, person_.model->Evaluate({}, {}));
    return (moved.col(14) - moved.col(13) - rest.col(14) + rest.col(13)).norm();
  }

 private:
  SyntheticFace person_;
  std::vector<SyntheticFace::Frame> frames_;
  std::array<bool, kFrames> covered_{};
};

double Largest(const std::vector<double>& values) {
  double largest = 0;
  for (const double value : values) largest = std::max(largest, std::abs(value));
  return largest;
}

class MaskFaceFitTest : public testing::TestWithParam<const char*> {
 protected:
  Seen seen_{FaceModel(GetParam())};
};

TEST_P(MaskFaceFitTest, ShowsWhatDiffersFromTheUsualFace) {
  // A mouth that is always a little open is the person's own.
  seen_.OpenMouth(0, kFrames - 1, 0.15);
  seen_.OpenMouth(40, 59, 0.7);
  const MaskFaceFit fit = seen_.Fit();
  ASSERT_EQ(fit.activations.size(), kFrames);
  ASSERT_FALSE(fit.expressions.empty());
  const double opened = seen_.MouthMm(seen_.person().Expression({"mouth-open", "jaw_open"}, 0.55));
  for (const size_t i : {5u, 20u, 80u}) EXPECT_LT(seen_.MouthMm(fit, i), 0.15 * opened) << i;
  for (const size_t i : {45u, 50u, 55u}) {
    EXPECT_NEAR(seen_.MouthMm(fit, i) / opened, 1, 0.25) << i;
  }
  EXPECT_EQ(fit.frames_fitted, static_cast<std::int64_t>(kFrames));
  EXPECT_EQ(fit.frames_without_trust, 0);
  // Noise of 0.3 px in two directions, and what the head model cannot follow.
  EXPECT_GT(fit.residual_px_rms, 0.2);
  EXPECT_LT(fit.residual_px_rms, 0.8);
  EXPECT_GT(fit.reprojection_px_rms, 0.3);
  EXPECT_LT(fit.reprojection_px_rms, 2);
  EXPECT_NEAR(fit.reprojection_mm_rms, fit.reprojection_px_rms / 2, 0.1 * fit.reprojection_px_rms);
}

TEST_P(MaskFaceFitTest, StaysWithinTheModelAndLeavesLidsAlone) {
  seen_.frames() = seen_.person().Talk(kFrames);
  const MaskFaceFit fit = seen_.Fit();
  const HeadModel& model = *seen_.person().model;
  for (size_t e = 0; e < fit.expressions.size(); ++e) {
    const std::string& name = fit.expressions[e];
    EXPECT_NE(name.rfind("eye-", 0), 0u) << name;
    EXPECT_NE(name.rfind("eye_", 0), 0u) << name;
    const auto& names = model.ExpressionNames();
    const auto [low, high] = model.ExpressionRange()[static_cast<size_t>(
        std::find(names.begin(), names.end(), name) - names.begin())];
    for (const std::vector<double>& activations : fit.activations) {
      EXPECT_GE(activations[e], low) << name;
      EXPECT_LE(activations[e], high) << name;
    }
  }
}

TEST_P(MaskFaceFitTest, CoverBringsBackTheUsualFaceWithoutAJump) {
  seen_.OpenMouth(0, kFrames - 1, 0);
  seen_.OpenMouth(30, 70);
  // The mesh is wrong where something moves before the eye, and shortly before and after.
  seen_.Cover(45, 55);
  const MaskFaceFit fit = seen_.Fit();
  const double open = seen_.MouthMm(seen_.person().Expression({"mouth-open", "jaw_open"}, 0.6));
  // 0.3 s on either side are no more to be trusted than the cover itself.
  EXPECT_EQ(fit.frames_without_trust, 11 + 2 * 7);
  for (size_t i = 45 - 3; i <= 55 + 3; ++i) EXPECT_LT(Largest(fit.activations[i]), 1e-9) << i;
  for (size_t i = 38; i <= 62; ++i) EXPECT_LT(seen_.MouthMm(fit, i), 0.1 * open) << i;
  EXPECT_GT(seen_.MouthMm(fit, 32), 0.5 * open);
  EXPECT_GT(seen_.MouthMm(fit, 68), 0.5 * open);
  for (size_t i = 31; i <= 69; ++i) {
    EXPECT_LT(std::abs(seen_.MouthMm(fit, i) - seen_.MouthMm(fit, i - 1)), 0.45 * open) << i;
  }
}

TEST_P(MaskFaceFitTest, ShortLossIsBridgedAndALongOneReturnsToTheUsualFace) {
  seen_.OpenMouth(40, kFrames - 1);
  for (size_t i = 45; i < 50; ++i) seen_.frames()[i].face = false;
  for (size_t i = 60; i < 85; ++i) seen_.frames()[i].face = false;
  const MaskFaceFit fit = seen_.Fit();
  const double open = seen_.MouthMm(fit, 43);
  EXPECT_GT(open, 4);
  for (size_t i = 44; i <= 51; ++i) EXPECT_NEAR(seen_.MouthMm(fit, i) / open, 1, 0.25) << i;
  for (size_t i = 65; i < 80; ++i) EXPECT_EQ(Largest(fit.activations[i]), 0) << i;
  EXPECT_GT(seen_.MouthMm(fit, 95), 0.7 * open);
}

TEST_P(MaskFaceFitTest, NothingSeenIsTheUsualFace) {
  for (SyntheticFace::Frame& frame : seen_.frames()) frame.face = false;
  const MaskFaceFit fit = seen_.Fit();
  EXPECT_FALSE(fit.identity.known);
  EXPECT_EQ(fit.frames_fitted, 0);
  EXPECT_TRUE(fit.Notes().at("reprojection_px_rms").is_null());
  for (const std::vector<double>& activations : fit.activations) EXPECT_EQ(Largest(activations), 0);
}

INSTANTIATE_TEST_SUITE_P(Heads, MaskFaceFitTest, testing::Values("parametric", "canonical468"));

TEST(MeshTrust, IsGoneRoundACover) {
  Seen seen(FaceModel("canonical468"));
  seen.Cover(50, 60);
  EyeReading reading = seen.Reading();
  (*reading.eyes[20])[1].in_sight = 0.65;
  const std::vector<double> trust = MeshTrust(reading, 0.3);
  ASSERT_EQ(trust.size(), kFrames);
  for (size_t i = 0; i < kFrames; ++i) {
    const bool guarded = i + 7 >= 50 && i <= 60 + 7;  // 7.5 frames.
    EXPECT_NEAR(trust[i], guarded ? 0 : i == 20 ? 0.5 : 1, 1e-9) << i;
  }
}

}  // namespace
}  // namespace maskbench
