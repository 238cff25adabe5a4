#include "maskbench/reconstruct/eye_fit.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "reconstruct/synthetic_eyes.h"

namespace maskbench {
namespace {

using Frame = SyntheticEyes::Frame;

const Eigen::Matrix3Xd& Canonical() {
  static const Eigen::Matrix3Xd face = CanonicalFace(MASKBENCH_ASSETS_DIR "/models");
  return face;
}
const std::array<Eigen::Vector3d, 2>& Globes() {
  static const auto globes = CanonicalGlobes(MASKBENCH_ASSETS_DIR "/models");
  return globes;
}

SyntheticEyes Person() {
  SyntheticEyes person;
  for (EyeShape& shape : person.shape) {
    shape.kappa_nasal_deg = 7.2;
    shape.kappa_up_deg = 0.8;
  }
  return person;
}

/// Looking at the camera, each eye covered in turn, then gaze all round with a moving head.
std::vector<Frame> Examination(const SyntheticEyes& person) {
  std::vector<Frame> frames;
  for (int f = 0; f < 300; ++f) {
    Frame frame;
    const double t = f / 60.0;
    // As slowly as somebody who is examined.
    frame.yaw = 3 * std::sin(0.7 * t);
    frame.pitch = 2 * std::sin(0.6 * t + 1);
    frame.roll = 2 * std::sin(0.5 * t);
    for (const Side side : kSides)
      frame.gaze_deg[static_cast<size_t>(side)] = person.AtCamera(frame, side);
    if (f >= 30 && f < 75) frame.covered[0] = true;
    if (f >= 75 && f < 120) frame.covered[1] = true;
    if (f >= 120) {
      const double phase = (f - 120) * 0.09;
      for (Eigen::Vector2d& gaze : frame.gaze_deg)
        gaze += Eigen::Vector2d(26 * std::sin(phase), 22 * std::sin(2.3 * phase));
    }
    frames.push_back(frame);
  }
  return frames;
}

/// Angles between measured and true visual axes, degrees, sorted.
std::vector<double> GazeErrors(const std::vector<Frame>& frames, const EyeFit& fit) {
  std::vector<double> errors;
  for (const Side side : kSides) {
    const size_t s = static_cast<size_t>(side);
    for (size_t i = 0; i < frames.size(); ++i) {
      const double azimuth = fit.record.eyes[s].azimuth_deg.values[i],
                   elevation = fit.record.eyes[s].elevation_deg.values[i];
      if (!std::isfinite(azimuth)) continue;
      const Eigen::Vector3d is = GazeDirection(azimuth, elevation),
                            was =
                                GazeDirection(frames[i].gaze_deg[s].x(), frames[i].gaze_deg[s].y());
      errors.push_back(std::acos(std::clamp(is.dot(was), -1.0, 1.0)) * 180 / 3.14159265358979);
    }
  }
  std::sort(errors.begin(), errors.end());
  return errors;
}

TEST(EyeFit, FindsGazeAndKappaWithoutNoise) {
  const SyntheticEyes person = Person();
  const std::vector<Frame> frames = Examination(person);
  const EyeFit fit = FitEyes(person.Read(frames, Canonical()), Canonical(), Globes(), {});
  const std::vector<double> errors = GazeErrors(frames, fit);
  // All but the covered eye's frames.
  EXPECT_EQ(errors.size(), 2 * frames.size() - 90);
  EXPECT_LT(errors[errors.size() / 2], 0.5);
  EXPECT_LT(errors[errors.size() * 95 / 100], 1.2);
  EXPECT_NEAR(fit.size, person.size, 0.01);
  for (const EyeballFit& eye : fit.eyes) {
    EXPECT_TRUE(eye.kappa_measured);
    EXPECT_NEAR(eye.kappa_nasal_deg, 7.2, 1.3);
    EXPECT_LT(eye.kappa_error_deg, 1.3);
  }
}

TEST(EyeFit, NoiseOfAThirdOfAPixelCostsADegree) {
  SyntheticEyes person = Person();
  person.noise_px = 0.33;
  const std::vector<Frame> frames = Examination(person);
  const EyeFit fit = FitEyes(person.Read(frames, Canonical()), Canonical(), Globes(), {});
  const std::vector<double> errors = GazeErrors(frames, fit);
  EXPECT_LT(errors[errors.size() / 2], 1.2);
  EXPECT_LT(errors[errors.size() * 95 / 100], 2.8);
  // The stated errors are of the size of the real ones: two coordinates of equal error.
  double square = 0, stated = 0;
  int count = 0;
  for (size_t i = 0; i < frames.size(); ++i) {
    const Trace& trace = fit.record.eyes[0].azimuth_deg;
    if (!std::isfinite(trace.values[i])) continue;
    square += std::pow(trace.values[i] - frames[i].gaze_deg[0].x(), 2);
    stated += std::pow(trace.errors[i], 2);
    ++count;
  }
  EXPECT_GT(std::sqrt(stated / count), 0.4 * std::sqrt(square / count));
  EXPECT_LT(std::sqrt(stated / count), 2.5 * std::sqrt(square / count));
}

TEST(EyeFit, WithoutACoverTestKappaStaysThePopulations) {
  const SyntheticEyes person = Person();
  std::vector<Frame> frames = Examination(person);
  for (Frame& frame : frames) frame.covered = {};
  const EyeFit fit = FitEyes(person.Read(frames, Canonical()), Canonical(), Globes(), {});
  for (const EyeballFit& eye : fit.eyes) {
    EXPECT_FALSE(eye.kappa_measured);
    EXPECT_GE(eye.kappa_error_deg, 1.3);
  }
}

TEST(EyeFit, APupilBesideTheMiddleDoesNotTurnTheEye) {
  SyntheticEyes person = Person();
  std::vector<Frame> frames = Examination(person);
  for (Frame& frame : frames) frame.covered = {};
  const EyeFit middle = FitEyes(person.Read(frames, Canonical()), Canonical(), Globes(), {});
  person.pupil_nasal_mm = 0.25;
  const EyeFit beside = FitEyes(person.Read(frames, Canonical()), Canonical(), Globes(), {});
  for (const Side side : kSides) {
    const auto& was = middle.record.eyes[static_cast<size_t>(side)].azimuth_deg.values;
    const auto& is = beside.record.eyes[static_cast<size_t>(side)].azimuth_deg.values;
    double difference = 0;
    for (size_t i = 0; i < frames.size(); ++i)
      difference += std::abs(is[i] - was[i]) / static_cast<double>(frames.size());
    EXPECT_LT(difference, 0.5) << ToString(side);
  }
}

// What covers one eye pulls at the corners of the other; an iris and a reflex that stay against
// each other say that the eye did not turn.
TEST(EyeFit, CornersThatAreReadBesideTheirPlaceDoNotTurnTheEye) {
  const SyntheticEyes person = Person();
  const std::vector<Frame> frames = Examination(person);
  EyeReading reading = person.Read(frames, Canonical());
  const EyeFit right = FitEyes(reading, Canonical(), Globes(), {});
  const double pull_px = 0.25 * person.px_per_mm;
  for (size_t i = 30; i < 75; ++i) {
    EyeEvidence& free = (*reading.eyes[i])[1];
    free.medial.at.x += pull_px;
    free.lateral.at.x += pull_px;
  }
  const EyeFit pulled = FitEyes(reading, Canonical(), Globes(), {});
  double turned_deg = 0;
  for (size_t i = 35; i < 70; ++i)
    turned_deg +=
        (pulled.record.eyes[1].azimuth_deg.values[i] - right.record.eyes[1].azimuth_deg.values[i]) /
        35;
  // Corners alone would turn it by 1.4 degrees.
  EXPECT_LT(std::abs(turned_deg), 0.5);
  EXPECT_NEAR(pulled.eyes[1].orbit_shift_mm[50].x() - right.eyes[1].orbit_shift_mm[50].x(), -0.25,
              0.1);
}

TEST(EyeFit, LidsCountFromTheReflexInRealMillimetres) {
  const SyntheticEyes person = Person();
  std::vector<Frame> frames(40);
  for (size_t f = 0; f < frames.size(); ++f) {
    for (const Side side : kSides)
      frames[f].gaze_deg[static_cast<size_t>(side)] = person.AtCamera(frames[f], side);
    if (f >= 20) frames[f].lid_shift_mm = -2.5;
  }
  const EyeFit fit = FitEyes(person.Read(frames, Canonical()), Canonical(), Globes(), {});
  for (const EyeTraces& eye : fit.record.eyes) {
    EXPECT_EQ(eye.from_reflex[5], 1);
    // The reflex lies off the rotation centre by the cornea's distance times the kappa.
    EXPECT_NEAR(eye.mrd1_mm.values[5] + eye.mrd2_mm.values[5], 9.0, 0.05);
    EXPECT_NEAR(eye.aperture_mm.values[5], 9.0, 0.05);
    EXPECT_NEAR(eye.mrd1_mm.values[5] - eye.mrd1_mm.values[30], 2.5, 0.02);
    EXPECT_NEAR(eye.superior_show_mm.values[5] - eye.superior_show_mm.values[30], 2.5, 0.02);
    EXPECT_NEAR(eye.inferior_show_mm.values[5], eye.inferior_show_mm.values[30], 0.02);
  }
}

// Under a lid that hangs below them, reflex and pupil are placed too near to what is seen of the
// eye, and are not always said to be hidden.
TEST(EyeFit, WhatALidHidesIsNotBelieved) {
  const SyntheticEyes person = Person();
  std::vector<Frame> frames(60);
  for (size_t f = 0; f < frames.size(); ++f) {
    for (const Side side : kSides)
      frames[f].gaze_deg[static_cast<size_t>(side)] = person.AtCamera(frames[f], side);
    if (f >= 40) frames[f].lid_shift_mm = -5;
  }
  EyeReading reading = person.Read(frames, Canonical());
  const EyeFit before = FitEyes(reading, Canonical(), Globes(), {});
  ASSERT_LT(before.record.eyes[0].mrd1_mm.values[50], -1);
  for (size_t f = 40; f < frames.size(); ++f) {
    for (EyeEvidence& eye : *reading.eyes[f]) {
      eye.reflex.at.y += 0.8 * person.px_per_mm;
      eye.pupil.at.y += 0.6 * person.px_per_mm;
    }
  }
  const EyeFit after = FitEyes(reading, Canonical(), Globes(), {});
  for (size_t s = 0; s < 2; ++s) {
    const EyeTraces &was = before.record.eyes[s], &is = after.record.eyes[s];
    EXPECT_EQ(is.from_reflex[20], 1);
    EXPECT_EQ(is.from_reflex[50], 0);
    EXPECT_NEAR(is.camera_elevation_deg.values[50], was.camera_elevation_deg.values[50], 0.1);
    EXPECT_NEAR(is.mrd1_mm.values[50], was.mrd1_mm.values[50], 0.02);
  }
}

TEST(EyeFit, GazeIsMirroredWithThePicture) {
  const SyntheticEyes person = Person();
  SyntheticEyes mirrored = person;
  for (int s = 0; s < 2; ++s) {
    mirrored.globe_mm[s] = person.globe_mm[1 - s];
    mirrored.globe_mm[s].x() *= -1;
    mirrored.shape[s] = person.shape[1 - s];
  }
  std::vector<Frame> frames = Examination(person), turned = frames;
  for (size_t f = 0; f < frames.size(); ++f) {
    turned[f].yaw *= -1;
    turned[f].roll *= -1;
    for (int s = 0; s < 2; ++s) {
      turned[f].gaze_deg[s] = {-frames[f].gaze_deg[1 - s].x(), frames[f].gaze_deg[1 - s].y()};
      turned[f].covered[s] = frames[f].covered[1 - s];
    }
  }
  const EyeFit one = FitEyes(person.Read(frames, Canonical()), Canonical(), Globes(), {});
  const EyeFit two = FitEyes(mirrored.Read(turned, Canonical()), Canonical(), Globes(), {});
  for (size_t i = 0; i < frames.size(); i += 7) {
    for (int s = 0; s < 2; ++s) {
      const double a = one.record.eyes[s].azimuth_deg.values[i],
                   b = two.record.eyes[1 - s].azimuth_deg.values[i];
      if (std::isfinite(a) || std::isfinite(b)) {
        EXPECT_NEAR(a, -b, 0.15) << i;
      }
    }
  }
}

TEST(EyeFit, SaysNothingOfShutOrCoveredEyes) {
  const SyntheticEyes person = Person();
  std::vector<Frame> frames(120);
  for (size_t f = 0; f < frames.size(); ++f) {
    for (const Side side : kSides)
      frames[f].gaze_deg[static_cast<size_t>(side)] = person.AtCamera(frames[f], side);
    if (f >= 30 && f < 40) frames[f].shut = {true, true};
    if (f >= 60) frames[f].covered[1] = true;
  }
  const EyeFit fit = FitEyes(person.Read(frames, Canonical()), Canonical(), Globes(), {});
  EXPECT_TRUE(std::isnan(fit.record.eyes[0].azimuth_deg.values[35]));
  EXPECT_TRUE(std::isnan(fit.record.eyes[1].mrd1_mm.values[80]));
  EXPECT_FALSE(std::isnan(fit.record.eyes[0].mrd1_mm.values[80]));
  // Through a blink the lid is measured against where the eye must be.
  EXPECT_EQ(fit.record.eyes[0].from_reflex[35], 0);
  EXPECT_NEAR(fit.record.eyes[0].mrd1_mm.values[35], -person.lower_mm, 1.0);
  EXPECT_NEAR(fit.record.eyes[0].aperture_mm.values[35], 0, 0.05);
}

TEST(EyeFit, NothingSeenGivesNothing) {
  EyeReading reading;
  reading.rate_hz = 25;
  reading.picture_px = {320, 240};
  reading.eyes.resize(5);
  reading.skull_points.resize(5);
  const EyeFit fit = FitEyes(reading, Canonical(), Globes(), {});
  EXPECT_EQ(fit.record.frames, 5);
  EXPECT_TRUE(std::isnan(fit.record.eyes[0].mrd1_mm.values[2]));
  EXPECT_TRUE(std::isnan(fit.record.head_yaw_deg[2]));
}

TEST(HeadMotion, FindsThePoseOfTheMeanFace) {
  const SyntheticEyes person = Person();
  std::vector<Frame> frames;
  for (int f = 0; f < 60; ++f) {
    Frame frame;
    frame.yaw = -15 + 0.5 * f;
    frame.pitch = 8 * std::sin(0.2 * f);
    frame.roll = 5 * std::cos(0.3 * f);
    frames.push_back(frame);
  }
  HeadMotion motion(Canonical());
  const std::vector<HeadView> views = motion.Fit(person.Read(frames, Canonical()).skull_points);
  for (size_t i = 0; i < frames.size(); ++i) {
    ASSERT_TRUE(views[i].seen);
    EXPECT_NEAR(views[i].scale_px, person.px_per_mm * person.size, 1e-3);
    const Eigen::Matrix3d left = views[i].rotation * SyntheticEyes::Rotation(frames[i]).transpose();
    EXPECT_LT(Eigen::AngleAxisd(left).angle(), 1e-4);
  }
  EXPECT_NEAR(views[0].AnglesDeg().x(), -15, 1.0);
}

}  // namespace
}  // namespace maskbench
