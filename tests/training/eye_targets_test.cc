#include "experiments/training/eye_network/eye_targets.h"

#include <cmath>

#include <gtest/gtest.h>

namespace maskbench::training {
namespace {

/// An open eye in the middle of its patch: straight margins, a round iris.
EyeLabel OpenEye() {
  EyeLabel label;
  label.medial = {43.5F, 47.5F, 1};
  label.lateral = {99.5F, 47.5F, 1};
  for (int k = 0; k < kMarginPoints; ++k) {
    const float x = 43.5F + 56.0F * static_cast<float>(k) / (kMarginPoints - 1);
    label.upper[k] = {x, 40.0F, 1};
    label.lower[k] = {x, 56.0F, 1};
  }
  label.iris = {70.5F, 46.5F, 1};
  label.iris_major_px = 12;
  label.iris_minor_px = 11;
  label.iris_visible = 0.8F;
  label.pupil = label.reflex = label.iris;
  label.px_per_mm = 2;
  return label;
}

constexpr float kOffX = (kPatchWidth - kEyeCropWidth) / 2.0F;
constexpr float kOffY = (kPatchHeight - kEyeCropHeight) / 2.0F;

EyeTarget Target(const EyeLabel& label, const CropChange& change, cv::Mat* crop = nullptr) {
  cv::Mat patch(kPatchHeight, kPatchWidth, CV_8UC3, cv::Scalar(80, 90, 100)), own;
  // A dot where the iris is.
  patch.at<cv::Vec3b>(cvRound(label.iris.y), cvRound(label.iris.x)) = {255, 255, 255};
  NamedRandom random(1, "test", "noise");
  return MakeTarget(patch, label, change, &random, crop != nullptr ? crop : &own);
}

TEST(EyeTargets, UnchangedCropsAreTheMiddleOfThePatch) {
  const EyeTarget target = Target(OpenEye(), CropChange());
  EXPECT_NEAR(target.points[kIrisMap - 2][0], 70.5F - kOffX, 1e-4);
  EXPECT_NEAR(target.points[kIrisMap - 2][1], 46.5F - kOffY, 1e-4);
  EXPECT_EQ(target.points[kIrisMap - 2][2], 1);
  EXPECT_NEAR(std::exp(target.log_half_width) * 10, 12, 1e-4);
  EXPECT_NEAR(std::exp(target.log_half_height) * 10, 11, 1e-4);
  EXPECT_NEAR(target.slant, 0, 1e-6);
  EXPECT_EQ(target.shut, 0);
  // Margins count between the corners only: crop columns 19.5 … 75.5.
  EXPECT_EQ(target.upper_weight[9], 0);
  EXPECT_GT(target.upper_weight[10], 0);
  EXPECT_NEAR(target.upper[20], 40 - kOffY, 1e-4);
  EXPECT_NEAR(target.lower[20], 56 - kOffY, 1e-4);
  EXPECT_EQ(target.upper_weight[38], 0);
  // Most over the iris.
  EXPECT_GT(target.upper_weight[23], 2 * target.upper_weight[36]);
}

TEST(EyeTargets, LabelsMoveWithThePixels) {
  CropChange change;
  change.shift_x_px = 3;
  change.shift_y_px = -2;
  change.scale = 1.25;
  change.angle_rad = 0.2;
  cv::Mat crop;
  const EyeTarget target = Target(OpenEye(), change, &crop);
  cv::Point brightest;
  std::vector<cv::Mat> channels;
  cv::split(crop, channels);
  cv::minMaxLoc(channels[0], nullptr, nullptr, nullptr, &brightest);
  EXPECT_NEAR(brightest.x, target.points[kIrisMap - 2][0], 1.0);
  EXPECT_NEAR(brightest.y, target.points[kIrisMap - 2][1], 1.0);
  // The crop covers more, so the iris is smaller in it; area does not care for turning.
  const double half_width = 10 * std::exp(target.log_half_width),
               half_height = 10 * std::exp(target.log_half_height);
  EXPECT_NEAR(half_width * half_height * std::sqrt(1 - target.slant * target.slant),
              12 * 11 / (1.25 * 1.25), 1e-3);
  // Turned clockwise, the crop sees the axes turned back: the wide axis rises to the right.
  EXPECT_LT(target.slant, 0);
}

TEST(EyeTargets, WhatCannotBeSeenDoesNotTeach) {
  EyeLabel label = OpenEye();
  for (int k = 0; k < 10; ++k) label.upper[k].seen = 0;
  label.reflex.seen = 0;
  label.iris_visible = 0.05F;
  label.iris.seen = 0;
  const EyeTarget target = Target(label, CropChange());
  EXPECT_EQ(target.upper_weight[12], 0);
  EXPECT_GT(target.lower_weight[12], 0);
  EXPECT_EQ(target.points[kReflexMap - 2][2], 0);
  EXPECT_EQ(target.size_weight, 0);
  EXPECT_NEAR(target.points[kIrisMap - 2][2], 0.1, 1e-6);  // A guess is worth a little.
  EXPECT_NEAR(target.in_sight, 23.0 / 33, 1e-5);
}

TEST(EyeTargets, TouchingLidsAreShut) {
  EyeLabel label = OpenEye();
  for (LabelPoint& point : label.upper) point.y = 55.8F;
  EXPECT_EQ(Target(label, CropChange()).shut, 1);
  for (LabelPoint& point : label.upper) point.y = 54.0F;  // 1 mm open.
  EXPECT_EQ(Target(label, CropChange()).shut, 0);
}

TEST(EyeTargets, ChangesAreDrawnFromTheirNameAlone) {
  NamedRandom a(5, "x", "y"), b(5, "x", "y"), c(6, "x", "y");
  const CropChange one = DrawChange(&a), same = DrawChange(&b), other = DrawChange(&c);
  EXPECT_EQ(one.shift_x_px, same.shift_x_px);
  EXPECT_EQ(one.noise, same.noise);
  EXPECT_NE(one.shift_x_px, other.shift_x_px);
  // What is left of a change without randomisation moves the crop alike and nothing else.
  CropChange strong = one;
  strong.noise = 5;
  strong.blur_px = 1;
  const CropChange placed = PlacementOf(strong);
  EXPECT_EQ(placed.shift_x_px, one.shift_x_px);
  EXPECT_EQ(placed.shift_y_px, one.shift_y_px);
  EXPECT_EQ(placed.scale, one.scale);
  EXPECT_EQ(placed.angle_rad, one.angle_rad);
  EXPECT_NE(one.gain, CropChange().gain);
  EXPECT_EQ(placed.gain, CropChange().gain);
  EXPECT_EQ(placed.offset, 0);
  EXPECT_EQ(placed.gamma, 1);
  EXPECT_EQ(placed.noise, 0);
  EXPECT_EQ(placed.blur_px, 0);
  for (int k = 0; k < 500; ++k) {  // Crops must not leave their patch by much.
    const CropChange change = DrawChange(&c);
    EXPECT_LT(std::abs(change.shift_x_px), 0.1 * kEyeCropWidth);
    EXPECT_LT(std::abs(std::log(change.scale)), 0.15);
    EXPECT_LT(std::abs(change.angle_rad), 9 * CV_PI / 180);
  }
}

}  // namespace
}  // namespace maskbench::training
