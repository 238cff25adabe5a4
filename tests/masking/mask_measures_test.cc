// What a mask shows of a fit: losses, covers, blinks, place and pose of the head.
#include "maskbench/masking/mask_measures.h"

#include <limits>

#include <gtest/gtest.h>

#include "maskbench/render/camera.h"

namespace maskbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr FrameRate kRate{40, 1};  // Ten frames are held.

/// A fit of a head that stays where it is and of eyes that look at the camera.
struct Fitted {
  EyeReading reading;
  EyeFit fit;

  explicit Fitted(size_t frames) {
    reading.rate_hz = kRate.hz();
    reading.picture_px = {640, 480};
    fit.size = 1.1;
    fit.record = EyeRecord(frames);
    for (size_t s = 0; s < 2; ++s) {
      HeadView view;
      view.seen = true;
      view.scale_px = 2.2;
      view.origin_px = {320, -240, 0};
      fit.head[s].assign(frames, view);
      fit.eyes[s].centre_mm = {s == 0 ? -31.0 : 31.0, 0, 0};
      EyeTraces& traces = fit.record.eyes[s];
      for (Trace* trace : {&traces.camera_azimuth_deg, &traces.camera_elevation_deg})
        trace->values.assign(frames, 0);
      traces.mrd1_mm.values.assign(frames, 4);
      traces.mrd2_mm.values.assign(frames, 5);
      traces.aperture_mm.values.assign(frames, 9);
      traces.in_sight.assign(frames, 1);
    }
  }
  EyeTraces& right() { return fit.record.eyes[0]; }
  MaskParameters Measure() const { return MeasureMask(reading, fit, kRate, {}); }
};

TEST(MeasureMask, KeepsSignsPlaceAndSize) {
  Fitted fitted(3);
  fitted.right().mrd1_mm.values[1] = 1.5;
  fitted.right().camera_azimuth_deg.values[1] = -12;
  const MaskParameters mask = fitted.Measure();
  ASSERT_EQ(mask.frames.size(), 3u);
  EXPECT_DOUBLE_EQ(mask.header.focal_px, 650 * 2);
  EXPECT_EQ(mask.header.picture_px, cv::Size(640, 480));
  const MaskFrame& frame = mask.frames[1];
  EXPECT_EQ(frame.status, MaskStatus::kSeen);
  EXPECT_DOUBLE_EQ(frame.px_per_mm, 2);
  EXPECT_NEAR(frame.place_px.x, 320, 1e-9);
  EXPECT_NEAR(frame.place_px.y, 240, 1e-9);
  EXPECT_EQ(frame.eyes[0].status, MaskEyeStatus::kOpen);
  EXPECT_DOUBLE_EQ(frame.eyes[0].mrd1_mm, 1.5);
  EXPECT_DOUBLE_EQ(frame.eyes[0].azimuth_deg, -12);
  EXPECT_DOUBLE_EQ(frame.eyes[1].mrd1_mm, 4);
}

TEST(MeasureMask, ShowsTheChosenFaceAndItsExpressions) {
  Fitted fitted(12);
  for (size_t i = 0; i < 12; ++i)
    if (i < 2 || i == 7) fitted.fit.head[0][i].seen = fitted.fit.head[1][i].seen = false;
  MaskFaceFit expressions;
  expressions.expressions = {"mouth-open", "nose-compression"};
  for (size_t i = 0; i < 12; ++i)
    expressions.activations.push_back({0.05 * static_cast<double>(i), -0.1});
  MaskMeasureOptions options;
  options.policy = "fitted";
  options.face = {{1.5, -0.25}, 1.02};
  options.expressions = &expressions;
  const MaskParameters mask = MeasureMask(fitted.reading, fitted.fit, kRate, options);
  EXPECT_EQ(mask.header.policy, "fitted");
  EXPECT_EQ(mask.header.identity, options.face.identity);
  EXPECT_EQ(mask.header.scale, 1.02);
  EXPECT_EQ(mask.header.expressions, expressions.expressions);
  EXPECT_EQ(mask.frames[6].expression, expressions.activations[6]);
  EXPECT_EQ(mask.frames[7].expression, expressions.activations[6]);  // Held with the face.
  EXPECT_EQ(mask.frames[8].expression, expressions.activations[8]);
  // Also frames before the first face can be written.
  EXPECT_EQ(mask.frames[0].expression, (std::vector<double>{0, 0}));
  EXPECT_EQ(ParseMaskParameters(SerialiseMaskParameters(mask), "it").frames.size(), 12u);
  // Without the stage.
  const MaskParameters still = fitted.Measure();
  EXPECT_TRUE(still.header.expressions.empty());
  EXPECT_TRUE(still.frames[6].expression.empty());
  EXPECT_EQ(still.header.policy, "mean");
}

TEST(MeasureMask, PoseAnglesTurnTheRenderersHeadTheSameWay) {
  const Eigen::Matrix3d flip = Eigen::Vector3d(1, -1, -1).asDiagonal();
  for (const auto& [yaw, pitch, roll] :
       {std::tuple(0., 0., 0.), {30., -12., 8.}, {-45., 20., -25.}}) {
    const Pose pose = Pose::OfHead(yaw, pitch, roll, {0, 0, 600});
    const Eigen::Vector3d angles = PoseAnglesDeg(flip * pose.rotation);
    EXPECT_NEAR(angles.x(), yaw, 1e-9);
    EXPECT_NEAR(angles.y(), pitch, 1e-9);
    EXPECT_NEAR(angles.z(), roll, 1e-9);
  }
}

TEST(MeasureMask, LostFaceIsHeldThenFadesThenIsGone) {
  Fitted fitted(60);
  for (size_t i = 0; i < 60; ++i)
    if (i < 3 || (i >= 10 && i < 45))
      fitted.fit.head[0][i].seen = fitted.fit.head[1][i].seen = false;
  const MaskParameters mask = fitted.Measure();
  // Nothing was seen before the first frames.
  EXPECT_EQ(mask.frames[0].status, MaskStatus::kLost);
  EXPECT_EQ(mask.frames[0].opacity, 0);
  EXPECT_EQ(mask.frames[9].status, MaskStatus::kSeen);
  for (size_t i = 10; i < 20; ++i) {
    EXPECT_EQ(mask.frames[i].status, MaskStatus::kHeld) << i;
    EXPECT_EQ(mask.frames[i].opacity, 1) << i;
    EXPECT_EQ(mask.frames[i].eyes[0].mrd1_mm, 4) << i;
  }
  for (size_t i = 20; i < 45; ++i) {
    EXPECT_EQ(mask.frames[i].status, MaskStatus::kLost) << i;
    EXPECT_LE(mask.frames[i].opacity, mask.frames[i - 1].opacity) << i;
    EXPECT_EQ(mask.frames[i].opacity > 0, i < 29) << i;
  }
  EXPECT_EQ(mask.frames[45].status, MaskStatus::kSeen);
  EXPECT_EQ(mask.frames[45].opacity, 1);
}

TEST(MeasureMask, CoveredEyeIsNotSeenAndDoesNotMoveTheFace) {
  Fitted fitted(12);
  for (size_t i = 6; i < 12; ++i) {
    fitted.right().in_sight[i] = 0.1;
    // What covers an eye disturbs its orbit.
    fitted.fit.head[0][i].origin_px.x() -= 15;
  }
  const MaskParameters mask = fitted.Measure();
  EXPECT_EQ(mask.frames[5].eyes[0].status, MaskEyeStatus::kOpen);
  for (size_t i = 6; i < 12; ++i) {
    EXPECT_EQ(mask.frames[i].eyes[0].status, MaskEyeStatus::kNotSeen);
    EXPECT_EQ(mask.frames[i].eyes[1].status, MaskEyeStatus::kOpen);
    EXPECT_NEAR(mask.frames[i].place_px.x, 320, 1e-6);
  }
}

TEST(MeasureMask, BlinkFollowsTheAperture) {
  Fitted fitted(6);
  EyeTraces& eye = fitted.right();
  for (size_t i = 2; i < 5; ++i) {
    eye.camera_azimuth_deg.values[i] = eye.mrd1_mm.values[i] = eye.mrd2_mm.values[i] = kNan;
    eye.shut[i] = i == 3 ? 0.9 : 0.4;
  }
  eye.aperture_mm.values[2] = 3.5;
  eye.aperture_mm.values[3] = 0.1;
  eye.aperture_mm.values[4] = 6;
  const MaskParameters mask = fitted.Measure();
  EXPECT_EQ(mask.frames[2].eyes[0].status, MaskEyeStatus::kLidsOnly);
  EXPECT_DOUBLE_EQ(mask.frames[2].eyes[0].mrd2_mm, 5);
  EXPECT_DOUBLE_EQ(mask.frames[2].eyes[0].mrd1_mm, -1.5);
  EXPECT_EQ(mask.frames[3].eyes[0].status, MaskEyeStatus::kShut);
  EXPECT_EQ(mask.frames[4].eyes[0].status, MaskEyeStatus::kLidsOnly);
  EXPECT_DOUBLE_EQ(mask.frames[4].eyes[0].mrd1_mm, 1);
  EXPECT_EQ(mask.frames[5].eyes[0].status, MaskEyeStatus::kOpen);
}

TEST(MeasureMask, EyeWithoutADirectionIsHeldBrieflyAndThenNotShown) {
  Fitted fitted(30);
  for (size_t i = 5; i < 30; ++i) {
    fitted.right().camera_azimuth_deg.values[i] = kNan;
    if (i >= 20) fitted.right().aperture_mm.values[i] = 2;
  }
  const MaskParameters mask = fitted.Measure();
  for (size_t i = 5; i < 15; ++i)
    EXPECT_EQ(mask.frames[i].eyes[0].status, MaskEyeStatus::kLidsOnly) << i;
  for (size_t i = 15; i < 20; ++i)
    EXPECT_EQ(mask.frames[i].eyes[0].status, MaskEyeStatus::kNotSeen) << i;
  // A lid that hides the iris is a sign and stays.
  for (size_t i = 20; i < 30; ++i)
    EXPECT_EQ(mask.frames[i].eyes[0].status, MaskEyeStatus::kLidsOnly) << i;
}

}  // namespace
}  // namespace maskbench
