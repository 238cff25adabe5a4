// What else a mask leaves out: none of it may touch the signs.
#include "maskbench/masking/mask_switches.h"

#include <memory>
#include <vector>

#include <Eigen/Geometry>
#include <gtest/gtest.h>

#include "maskbench/core/rng.h"
#include "maskbench/head/head_registry.h"

#include "masking/mask_fixtures.h"
#include "masking/mask_truth.h"
#include "nn/expect_error.h"

namespace maskbench {
namespace {

TEST(EyeSpacing, IsThePatientsOrTheMeansWhateverTheFace) {
  for (const char* name : {"parametric", "canonical468"}) {
    const auto model = MakeHeadModel(name, ModelsFolder());
    FaceShape face;
    NamedRandom random(4, "somebody", "identity");
    for (int k = 0; k < 40; ++k) face.identity.push_back(random.Normal());
    face.scale = 0.93;
    const double mean_mm = EyeSpacingMm(*model, {});
    EXPECT_GT(mean_mm, 55) << name;
    EXPECT_LT(mean_mm, 70) << name;
    const auto spaced = [&](const std::string& which, std::optional<double> patient_mm) {
      MaskSwitches switches;
      switches.eye_spacing = which;
      FaceShape changed = face;
      SpaceEyes(switches, patient_mm, *model, &changed);
      EXPECT_EQ(changed.identity, face.identity);
      return changed.scale * EyeSpacingMm(*model, changed.identity);
    };
    EXPECT_NEAR(spaced("face", 66), 0.93 * EyeSpacingMm(*model, face.identity), 1e-9);
    EXPECT_NEAR(spaced("patient", 66), 66, 1e-9);
    EXPECT_NEAR(spaced("mean", 66), mean_mm, 1e-9);
    EXPECT_NEAR(spaced("mean", std::nullopt), mean_mm, 1e-9);
    ExpectDataError([&] { spaced("patient", std::nullopt); }, {"never in sight"});
    // What nobody has is an error of measuring.
    EXPECT_LT(spaced("patient", 140), 90);
  }
}

/// Two globes 61 mm apart, seen by both orbits of a head that turns.
TEST(EyeSpacing, IsMeasuredWhereBothEyesAreInSight) {
  EyeFit fit;
  fit.size = 1.02;
  for (size_t s = 0; s < 2; ++s) {
    fit.eyes[s].centre_mm = {s == 0 ? -30.0 : 31.0, 1.0, 2.0};
    for (int i = 0; i < 9; ++i) {
      HeadView view;
      view.seen = true;
      view.scale_px = 2 + 0.1 * i;
      view.rotation =
          Eigen::AngleAxisd(0.05 * i, Eigen::Vector3d(0.2, 1, 0.1).normalized()).toRotationMatrix();
      view.origin_px = {100, -80, 0};
      // One eye covered, and the orbit of the other slips.
      const bool covered = i >= 5;
      if (covered && s == 0) view.origin_px.x() += 20;
      fit.head[s].push_back(view);
      fit.record.eyes[s].in_sight.push_back(covered && s == 0 ? 0.1 : 1);
    }
  }
  const std::optional<double> spacing = EyeSpacingMm(fit);
  ASSERT_TRUE(spacing);
  EXPECT_NEAR(*spacing, 61, 0.5);
  fit.record.eyes[0].in_sight.assign(9, 0);
  EXPECT_FALSE(EyeSpacingMm(fit));
}

/// Frames of one recording: a head that nods; in the last frame it is not seen.
std::vector<MaskFrame> Nodding() {
  std::vector<MaskFrame> frames;
  for (const Eigen::Vector3d& head : {Eigen::Vector3d(2, -10, 1), Eigen::Vector3d(4, -8, 5),
                                      Eigen::Vector3d(3, -3, 7), Eigen::Vector3d(90, 40, 90)}) {
    MaskFrame frame = TestMaskFrame();
    frame.status = head.x() < 90 ? MaskStatus::kSeen : MaskStatus::kHeld;
    frame.opacity = 1;
    frame.yaw_deg = head.x();
    frame.pitch_deg = head.y();
    frame.roll_deg = head.z();
    frames.push_back(frame);
  }
  return frames;
}

std::vector<MaskFrame> WithoutUsual(std::vector<MaskFrame> frames, const std::string& posture) {
  MaskSwitches switches;
  switches.posture = posture;
  UsualPosture usual(switches);
  for (const MaskFrame& frame : frames) usual.Add(frame);
  for (MaskFrame& frame : frames) usual.TakeOut(&frame);
  return frames;
}

Eigen::Vector3d HeadOf(const MaskFrame& frame) {
  return {frame.yaw_deg, frame.pitch_deg, frame.roll_deg};
}

TEST(UsualPosture, IsTheMedianOfWhatWasSeen) {
  const auto frames = Nodding();
  for (size_t i = 0; i < frames.size(); ++i) {
    const Eigen::Vector3d head = HeadOf(frames[i]);
    // Medians by hand: yaw 3, pitch −8, roll 5. The held frame does not count, but follows.
    EXPECT_EQ(HeadOf(WithoutUsual(frames, "kept")[i]), head);
    EXPECT_EQ(HeadOf(WithoutUsual(frames, "levelled")[i]), head - Eigen::Vector3d(0, -8, 0));
    const MaskFrame relative = WithoutUsual(frames, "relative")[i];
    EXPECT_EQ(HeadOf(relative), head - Eigen::Vector3d(3, -8, 5));
    for (size_t s = 0; s < 2; ++s) {
      EXPECT_EQ(relative.eyes[s].azimuth_deg, frames[i].eyes[s].azimuth_deg);
      EXPECT_EQ(relative.eyes[s].mrd1_mm, frames[i].eyes[s].mrd1_mm);
    }
  }
}

// A head that is always held 7° higher, or read so, is shown alike.
TEST(UsualPosture, ForgetsAnOffset) {
  auto higher = Nodding();
  for (MaskFrame& frame : higher) frame.pitch_deg += 7;
  const auto a = WithoutUsual(Nodding(), "levelled"), b = WithoutUsual(higher, "levelled");
  for (size_t i = 0; i < a.size(); ++i) EXPECT_EQ(HeadOf(a[i]), HeadOf(b[i]));
}

TEST(UsualPosture, InOnePassIsThatOfTheFramesSoFar) {
  MaskSwitches switches;
  switches.posture = "levelled";
  UsualPosture usual(switches);
  std::vector<double> shown;
  for (MaskFrame frame : Nodding()) {
    usual.Add(frame);
    usual.TakeOut(&frame);
    shown.push_back(frame.pitch_deg);
  }
  // Medians −10, −9, −8, and −8 again.
  EXPECT_EQ(shown, (std::vector<double>{0, 1, 5, 48}));
}

// A frozen stage stores nothing of what it does not show, and is drawn alike.
TEST(ForgetUnshown, LeavesThePictureAsItWas) {
  const MaskFace& face = TestMaskFace();
  for (const bool eyelid : {true, false}) {
    MaskHeader header = TestMaskHeader();
    header.stages.eyelid = eyelid;
    header.stages.eyeball = !eyelid;
    for (MaskFrame frame : Poses()) {
      frame.eyes[0].status = MaskEyeStatus::kShut;
      MaskFrame forgot = frame;
      ForgetUnshown(header.stages, &forgot);
      const ActorPose before = face.Pose(header, frame).pose,
                      after = face.Pose(header, forgot).pose;
      for (size_t s = 0; s < 2; ++s) {
        EXPECT_EQ(before.eyes[s].azimuth_deg, after.eyes[s].azimuth_deg);
        EXPECT_EQ(before.eyes[s].elevation_deg, after.eyes[s].elevation_deg);
        EXPECT_EQ(before.lids[s].upper_mm, after.lids[s].upper_mm);
        EXPECT_EQ(before.lids[s].lower_mm, after.lids[s].lower_mm);
        EXPECT_EQ(forgot.eyes[s].mrd1_mm, eyelid ? frame.eyes[s].mrd1_mm : 0);
        EXPECT_EQ(forgot.eyes[s].azimuth_deg, eyelid ? 0 : frame.eyes[s].azimuth_deg);
      }
      EXPECT_EQ(forgot.eyes[0].status, eyelid ? MaskEyeStatus::kShut : MaskEyeStatus::kOpen);
    }
  }
}

TEST(LimitPose, HoldsTheHeadAndNothingElse) {
  MaskFrame frame = TestMaskFrame();
  frame.yaw_deg = 32;
  frame.pitch_deg = -21;
  frame.roll_deg = 4;
  frame.eyes[0].azimuth_deg = 12;
  const auto held = [&](const std::string& pose, double limit_deg) {
    MaskSwitches switches;
    switches.pose = pose;
    switches.pose_limit_deg = limit_deg;
    MaskFrame changed = frame;
    LimitPose(switches, &changed);
    EXPECT_EQ(changed.place_px, frame.place_px);
    EXPECT_EQ(changed.px_per_mm, frame.px_per_mm);
    EXPECT_EQ(changed.eyes[0].azimuth_deg, 12);
    EXPECT_EQ(changed.eyes[0].mrd1_mm, frame.eyes[0].mrd1_mm);
    return Eigen::Vector3d(changed.yaw_deg, changed.pitch_deg, changed.roll_deg);
  };
  EXPECT_EQ(held("kept", 10), Eigen::Vector3d(32, -21, 4));
  EXPECT_EQ(held("limited", 10), Eigen::Vector3d(10, -10, 4));
  EXPECT_EQ(held("limited", 25), Eigen::Vector3d(25, -21, 4));
  EXPECT_EQ(held("frontal", 10), Eigen::Vector3d(0, 0, 0));
}

// Lids and lines of sight stay what they were, measured on the head as it is then held.
TEST(LimitPose, KeepsTheSigns) {
  const MaskHeader header = TestMaskHeader();
  const MaskFace& face = TestMaskFace();
  for (const char* pose : {"limited", "frontal"}) {
    MaskSwitches switches;
    switches.pose = pose;
    switches.pose_limit_deg = 5;
    for (const MaskFrame& patient : Poses()) {
      MaskFrame frame = patient;
      LimitPose(switches, &frame);
      const MaskFace::Posed posed = face.Pose(header, frame);
      const Actor::Posed state = face.actor().Pose(posed.pose);
      const auto eyes = Truth(face, posed);
      for (const Side side : kSides) {
        const size_t s = static_cast<size_t>(side);
        SCOPED_TRACE(testing::Message() << pose << ", yaw " << patient.yaw_deg << ", elevation "
                                        << patient.eyes[s].elevation_deg);
        EXPECT_FALSE(posed.unreached[s]);
        const Eigen::Vector2d distances = MarginDistances(frame, eyes[s]);
        EXPECT_NEAR(distances.x(), patient.eyes[s].mrd1_mm, 0.03);
        EXPECT_NEAR(distances.y(), patient.eyes[s].mrd2_mm, 0.03);
        const Eigen::Vector2d axis =
            AxisAgainstCamera(eyes[s], posed.pose.head * state.eyes[s].globe_centre_mm);
        EXPECT_NEAR(axis.x(), patient.eyes[s].azimuth_deg, 0.05);
        EXPECT_NEAR(axis.y(), patient.eyes[s].elevation_deg, 0.05);
      }
    }
  }
}

}  // namespace
}  // namespace maskbench
