#include "maskbench/masking/mask_steadiness.h"

#include <cmath>

#include <gtest/gtest.h>

#include "maskbench/core/rng.h"

#include "masking/mask_fixtures.h"

namespace maskbench {
namespace {

using Points = std::vector<std::optional<FacePoints>>;

/// Six points that tremble and drift together. @param px  standard deviation of each axis.
Points Trembling(double px, double drift_px, size_t count, const char* purpose) {
  NamedRandom random(1, "points", purpose);
  Points points(count);
  for (size_t i = 0; i < count; ++i) {
    FacePoints frame;
    for (size_t k = 0; k < kFacePoints; ++k) {
      frame[k] = {
          static_cast<double>(100 * k) + drift_px * static_cast<double>(i) + px * random.Normal(),
          200 + px * random.Normal()};
    }
    points[i] = frame;
  }
  return points;
}

TEST(MaskSteadiness, IsTheDeviationOfWhatTrembles) {
  const Points mask = Trembling(0.02, 0, 1000, "mask"), mesh = Trembling(0.1, 0, 1000, "mesh");
  const MaskSteadiness steadiness = MeasureSteadiness(mask, mesh, 60);
  EXPECT_GT(steadiness.frames, 900);
  // Both axes together.
  EXPECT_NEAR(steadiness.mask_px_rms, std::sqrt(2) * 0.02, 0.001);
  EXPECT_NEAR(steadiness.mesh_px_rms, std::sqrt(2) * 0.1, 0.005);
}

TEST(MaskSteadiness, CountsRestAloneAndNoSteadyMotion) {
  // 0.02 px a frame is 0.2 px from one half of a window to the other, 0.1 px is 1.
  const Points still = Trembling(0, 0.02, 300, "a"), moving = Trembling(0, 0.1, 300, "a");
  const MaskSteadiness slow = MeasureSteadiness(still, still, 60);
  EXPECT_GT(slow.frames, 250);
  EXPECT_NEAR(slow.mesh_px_rms, 0, 1e-9);
  const MaskSteadiness fast = MeasureSteadiness(moving, moving, 60);
  EXPECT_EQ(fast.frames, 0);
  EXPECT_TRUE(std::isnan(fast.mask_px_rms));
  Points gap = still;
  gap[150].reset();
  EXPECT_EQ(MeasureSteadiness(gap, still, 60).frames, slow.frames - 19);
}

TEST(MaskSteadiness, DrawnPointsFollowTheHead) {
  const MaskHeader header = TestMaskHeader();
  MaskFrame frame = TestMaskFrame();
  const FacePoints before = DrawnPoints(TestMaskFace(), header, frame);
  const cv::Point2d middle = 0.5 * (before[0] + before[1]);
  EXPECT_NEAR(middle.x, frame.place_px.x, 0.1);
  EXPECT_NEAR(middle.y, frame.place_px.y, 0.1);
  EXPECT_LT(before[0].x, before[1].x);       // The patient's right eye is on the left.
  EXPECT_LT(before[2].y, before[0].y - 15);  // Brows over the eyes,
  EXPECT_GT(before[4].y, before[0].y + 60);  // the mouth below them.
  frame.place_px += cv::Point2d(3, -2);
  for (MaskEye& eye : frame.eyes) eye.mrd1_mm = 1;
  const FacePoints after = DrawnPoints(TestMaskFace(), header, frame);
  for (size_t k = 0; k < kFacePoints; ++k) {
    EXPECT_NEAR(after[k].x - before[k].x, 3, 0.3) << k;
    EXPECT_NEAR(after[k].y - before[k].y, -2, 0.3) << k;
  }
}

}  // namespace
}  // namespace maskbench
