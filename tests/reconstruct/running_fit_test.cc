// The fit of eyes for a stream: no frame knows what comes later, nothing that an eye does is
// smoothed away, and calibrations come without jumps.
#include "maskbench/reconstruct/running_fit.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <gtest/gtest.h>

#include "maskbench/reconstruct/eye_fit.h"
#include "maskbench/reconstruct/running_schedule.h"

#include "reconstruct/synthetic_eyes.h"

namespace maskbench {
namespace {

using Frame = SyntheticEyes::Frame;
constexpr double kPi = 3.14159265358979323846;
constexpr double kRate = 60;

const Eigen::Matrix3Xd& Canonical() {
  static const Eigen::Matrix3Xd face = CanonicalFace(MASKBENCH_ASSETS_DIR "/models");
  return face;
}
const std::array<Eigen::Vector3d, 2>& Globes() {
  static const auto globes = CanonicalGlobes(MASKBENCH_ASSETS_DIR "/models");
  return globes;
}

/// Somebody who looks at the camera and moves the head a little.
std::vector<Frame> Quiet(const SyntheticEyes& person, int count) {
  std::vector<Frame> frames;
  for (int f = 0; f < count; ++f) {
    Frame frame;
    const double t = f / kRate;
    frame.yaw = 3 * std::sin(0.7 * t);
    frame.pitch = 2 * std::sin(0.6 * t + 1);
    frame.roll = 2 * std::sin(0.5 * t);
    for (const Side side : kSides)
      frame.gaze_deg[static_cast<size_t>(side)] = person.AtCamera(frame, side);
    frames.push_back(frame);
  }
  return frames;
}

/// The same, each eye covered in turn, then gaze all round.
std::vector<Frame> Examination(const SyntheticEyes& person, int count) {
  std::vector<Frame> frames = Quiet(person, count);
  for (int f = 0; f < count; ++f) {
    Frame& frame = frames[static_cast<size_t>(f)];
    if (f >= 60 && f < 105) frame.covered[0] = true;
    if (f >= 105 && f < 150) frame.covered[1] = true;
    const double phase = std::max(0, f - 150) * 0.05;
    for (Eigen::Vector2d& gaze : frame.gaze_deg)
      gaze += Eigen::Vector2d(22 * std::sin(phase), 15 * std::sin(2.3 * phase));
  }
  return frames;
}

std::vector<RunningFrame> FollowAll(const EyeReading& reading, size_t count,
                                    const RunningFitOptions& options = {}) {
  RunningFit fit(Canonical(), Globes(), options);
  std::vector<RunningFrame> frames;
  for (size_t i = 0; i < count; ++i) {
    if (auto frame = fit.Push(reading.eyes[i], reading.skull_points[i])) frames.push_back(*frame);
  }
  while (auto frame = fit.Finish()) frames.push_back(*frame);
  return frames;
}

/// All that is given of a frame.
std::vector<double> Numbers(const RunningFrame& frame) {
  std::vector<double> numbers = {static_cast<double>(frame.index),
                                 static_cast<double>(frame.seen),
                                 static_cast<double>(frame.calibrations),
                                 static_cast<double>(frame.frames_seen),
                                 frame.size,
                                 frame.apart_mm.x(),
                                 frame.apart_mm.y()};
  for (size_t s = 0; s < 2; ++s) {
    const HeadView& view = frame.orbits[s];
    numbers.insert(numbers.end(), view.rotation.data(), view.rotation.data() + 9);
    numbers.insert(numbers.end(), view.origin_px.data(), view.origin_px.data() + 3);
    numbers.push_back(view.scale_px);
    numbers.insert(numbers.end(), frame.globes_mm[s].data(), frame.globes_mm[s].data() + 3);
    const RunningEye& eye = frame.eyes[s];
    for (const double value : {eye.in_sight, eye.shut, eye.camera_azimuth_deg,
                               eye.camera_elevation_deg, eye.mrd1_mm, eye.mrd2_mm, eye.aperture_mm})
      numbers.push_back(value);
  }
  return numbers;
}

/// NaN equals NaN here.
bool SameBytes(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0;
}

TEST(RunningFit, NothingThatComesLaterChangesAFrame) {
  SyntheticEyes person;
  person.noise_px = 0.3;
  const std::vector<Frame> frames = Examination(person, 400);
  EyeReading reading = person.Read(frames, Canonical());
  for (size_t i = 250; i < 262; ++i) {  // Lost for a moment.
    reading.eyes[i].reset();
    reading.skull_points[i].resize(3, 0);
  }
  for (const int latency : {0, 6}) {
    RunningFitOptions options;
    options.latency_frames = latency;
    const std::vector<RunningFrame> whole = FollowAll(reading, frames.size(), options);
    ASSERT_EQ(whole.size(), frames.size());
    EXPECT_GE(whole.back().calibrations, 4);
    for (const size_t cut : {20u, 61u, 110u, 255u, 333u}) {
      const std::vector<RunningFrame> part = FollowAll(reading, cut, options);
      ASSERT_EQ(part.size(), cut);
      for (size_t i = 0; i + static_cast<size_t>(latency) < cut; ++i) {
        ASSERT_TRUE(SameBytes(Numbers(part[i]), Numbers(whole[i])))
            << "cut " << cut << ", frame " << i << ", latency " << latency;
      }
    }
    // The last ones do depend on what follows: the comparison would notice.
    if (latency > 0) {
      const std::vector<RunningFrame> part = FollowAll(reading, 110, options);
      EXPECT_FALSE(SameBytes(Numbers(part[109]), Numbers(whole[109])));
    }
  }
}

TEST(RunningFit, TheSameFramesGiveTheSameBytes) {
  SyntheticEyes person;
  person.noise_px = 0.3;
  const std::vector<Frame> frames = Examination(person, 300);
  const EyeReading reading = person.Read(frames, Canonical());
  const std::vector<RunningFrame> one = FollowAll(reading, frames.size()),
                                  two = FollowAll(reading, frames.size());
  for (size_t i = 0; i < frames.size(); ++i)
    ASSERT_TRUE(SameBytes(Numbers(one[i]), Numbers(two[i]))) << i;
}

TEST(RunningFit, FramesComeAfterTheLatencyInOrder) {
  const SyntheticEyes person;
  const EyeReading reading = person.Read(Quiet(person, 30), Canonical());
  RunningFitOptions options;
  options.latency_frames = 4;
  RunningFit fit(Canonical(), Globes(), options);
  for (std::int64_t i = 0; i < 30; ++i) {
    const auto frame = fit.Push(reading.eyes[static_cast<size_t>(i)],
                                reading.skull_points[static_cast<size_t>(i)]);
    ASSERT_EQ(frame.has_value(), i >= 4) << i;
    if (frame) {
      EXPECT_EQ(frame->index, i - 4);
    }
  }
  for (std::int64_t i = 26; i < 30; ++i) {
    const auto frame = fit.Finish();
    ASSERT_TRUE(frame.has_value());
    EXPECT_EQ(frame->index, i);
  }
  EXPECT_FALSE(fit.Finish().has_value());
}

TEST(RunningFit, ComesCloseToTheTruthOnceCalibrated) {
  SyntheticEyes person;
  for (EyeShape& shape : person.shape) shape.kappa_nasal_deg = 7.2;
  const std::vector<Frame> frames = Examination(person, 600);
  const std::vector<RunningFrame> found =
      FollowAll(person.Read(frames, Canonical()), frames.size());
  std::vector<double> errors;
  for (size_t i = 240; i < frames.size(); ++i) {
    for (const Side side : kSides) {
      const size_t s = static_cast<size_t>(side);
      const RunningEye& eye = found[i].eyes[s];
      ASSERT_TRUE(std::isfinite(eye.camera_azimuth_deg)) << i;
      // Against the line to the camera.
      const Eigen::Matrix3d rotation = SyntheticEyes::Rotation(frames[i]);
      const Eigen::Vector3d place = rotation * person.globe_mm[s];
      const Eigen::Matrix3d along =
          Eigen::Quaterniond::FromTwoVectors(
              Eigen::Vector3d(-place.x(), -place.y(), person.distance_mm), Eigen::Vector3d::UnitZ())
              .toRotationMatrix();
      const Eigen::Vector3d was =
          along * rotation * GazeDirection(frames[i].gaze_deg[s].x(), frames[i].gaze_deg[s].y());
      const Eigen::Vector3d is = GazeDirection(eye.camera_azimuth_deg, eye.camera_elevation_deg);
      errors.push_back(std::acos(std::clamp(is.dot(was), -1.0, 1.0)) * 180 / kPi);
    }
  }
  std::sort(errors.begin(), errors.end());
  EXPECT_LT(errors[errors.size() / 2], 0.7);
  EXPECT_LT(errors[errors.size() * 95 / 100], 1.6);
  EXPECT_NEAR(found.back().size, person.size, 0.01);
  EXPECT_EQ(found.front().calibrations, 0);
  EXPECT_EQ(found.front().size, 1);
}

TEST(RunningFit, KeepsNystagmusOfTenHertz) {
  SyntheticEyes person;
  constexpr double kAmplitudeDeg = 4, kHz = 10;
  for (const bool vertical : {false, true}) {
    std::vector<Frame> frames = Quiet(person, 420);
    for (size_t i = 0; i < frames.size(); ++i) {
      const double turn =
          kAmplitudeDeg * std::sin(2 * kPi * kHz * static_cast<double>(i) / kRate + 0.3);
      for (Eigen::Vector2d& gaze : frames[i].gaze_deg) gaze[vertical ? 1 : 0] += turn;
    }
    const std::vector<RunningFrame> found =
        FollowAll(person.Read(frames, Canonical()), frames.size());
    for (size_t s = 0; s < 2; ++s) {
      // Least squares of the oscillation over whole cycles, after the start and during
      // calibrations.
      double sine = 0, cosine = 0;
      for (size_t i = 60; i < 420; ++i) {
        const double phase = 2 * kPi * kHz * static_cast<double>(i) / kRate + 0.3;
        const RunningEye& eye = found[i].eyes[s];
        const double angle = vertical ? eye.camera_elevation_deg : eye.camera_azimuth_deg;
        ASSERT_TRUE(std::isfinite(angle)) << i;
        sine += angle * std::sin(phase) / 180;
        cosine += angle * std::cos(phase) / 180;
      }
      EXPECT_NEAR(std::hypot(sine, cosine), kAmplitudeDeg, 0.05 * kAmplitudeDeg)
          << (vertical ? "vertical" : "horizontal") << ", eye " << s;
      // No delay either: less than a sixth of a frame.
      EXPECT_LT(std::abs(std::atan2(cosine, sine)), 2 * kPi * kHz / kRate / 6);
    }
  }
}

TEST(RunningFit, KeepsBlinksOfAHundredAndFiftyMilliseconds) {
  const SyntheticEyes person;
  std::vector<Frame> frames = Quiet(person, 420);
  const double open = person.upper_mm + person.lower_mm;
  std::vector<double> aperture(frames.size(), open);
  for (const size_t start : {100u, 200u, 301u, 380u}) {
    for (size_t k = 1; k < 9; ++k) {  // Nine steps at 60 Hz from open to open.
      const double closed = std::pow(std::sin(kPi * static_cast<double>(k) / 9), 2);
      Frame& frame = frames[start + k];
      frame.lid_shift_mm = -open * closed;
      aperture[start + k] = open * (1 - closed);
      for (size_t s = 0; s < 2; ++s) frame.shut[s] = aperture[start + k] < 1;
      if (frame.shut[0]) aperture[start + k] = 0;
    }
  }
  const std::vector<RunningFrame> found =
      FollowAll(person.Read(frames, Canonical()), frames.size());
  for (const size_t start : {100u, 200u, 301u, 380u}) {
    for (size_t s = 0; s < 2; ++s) {
      double least = open, least_mrd1 = open;
      for (size_t i = start; i < start + 10; ++i) {
        const RunningEye& eye = found[i].eyes[s];
        ASSERT_TRUE(std::isfinite(eye.aperture_mm)) << i;
        EXPECT_NEAR(eye.aperture_mm, aperture[i], 0.05 * open) << i;
        // The line of sight is carried through, so MRD1 stays known.
        ASSERT_TRUE(std::isfinite(eye.mrd1_mm)) << i;
        least = std::min(least, eye.aperture_mm);
        least_mrd1 = std::min(least_mrd1, eye.mrd1_mm);
      }
      EXPECT_LT(least, 0.05 * open);
      const double mrd1 = found[start - 2].eyes[s].mrd1_mm;
      EXPECT_NEAR(mrd1 - least_mrd1, open, 0.05 * open);
    }
  }
}

TEST(RunningFit, CalibrationsComeWithoutJumps) {
  SyntheticEyes person;
  person.size = 1.12;  // Far from the population's.
  const std::vector<Frame> frames = Quiet(person, 600);
  const std::vector<RunningFrame> found =
      FollowAll(person.Read(frames, Canonical()), frames.size());
  EXPECT_GE(found.back().calibrations, 5);
  // The first calibration is taken over at once.
  size_t first = 0;
  while (found[first].calibrations == 0) ++first;
  EXPECT_EQ(first, 15u);
  for (size_t i = first + 1; i < found.size(); ++i) {
    for (size_t s = 0; s < 2; ++s) {
      const RunningEye &now = found[i].eyes[s], &before = found[i - 1].eyes[s];
      EXPECT_NEAR(now.camera_azimuth_deg, before.camera_azimuth_deg, 0.12) << i;
      EXPECT_NEAR(now.camera_elevation_deg, before.camera_elevation_deg, 0.12) << i;
      EXPECT_NEAR(now.mrd1_mm, before.mrd1_mm, 0.03) << i;
    }
    EXPECT_NEAR(found[i].size / found[i - 1].size, 1, 0.003) << i;
  }
}

TEST(GrowingSchedule, GrowsUpToALongestInterval) {
  GrowingSchedule schedule(10, 2, 50);
  std::vector<int> due;
  for (int i = 0; i < 250; ++i)
    if (schedule.Due(i)) due.push_back(i);
  EXPECT_EQ(due, (std::vector<int>{10, 20, 40, 80, 130, 180, 230}));
  // Late ones are not made up for.
  EXPECT_TRUE(schedule.Due(1000));
  EXPECT_FALSE(schedule.Due(1000));
}

TEST(TakenOverLater, GivesItsResultAtItsFrameOnce) {
  for (const bool now : {false, true}) {
    TakenOverLater<int> work;
    EXPECT_FALSE(work.Take(100).has_value());
    work.Start(7, now, [] { return 5; });
    EXPECT_TRUE(work.under_way());
    EXPECT_FALSE(work.Take(6).has_value());
    EXPECT_EQ(work.Take(7), 5);
    EXPECT_FALSE(work.under_way());
    EXPECT_FALSE(work.Take(8).has_value());
  }
}

}  // namespace
}  // namespace maskbench
