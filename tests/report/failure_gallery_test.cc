#include "failure_gallery.h"

#include <cmath>

#include <gtest/gtest.h>

namespace maskbench {
namespace {

Observations Seen(Side side, const char* name, std::vector<double> values) {
  Observations seen;
  seen.series.push_back({side, name, "mm", std::move(values)});
  return seen;
}

TEST(FrameOfMovedSign, OfLidsIsTheFrameThatMovedAsTheValueDid) {
  MovedSign sign;
  sign.measure = "mrd1";
  sign.eye = "left";
  sign.moved = -1;
  // Differences: 0, −4 (a blink), nothing, −1.1, −0.5.
  const Observations original = Seen(Side::kLeft, "mrd1", {3, 3, 3, 3, 3}),
                     masked = Seen(Side::kLeft, "mrd1", {3, -1, std::nan(""), 1.9, 2.5});
  EXPECT_EQ(FrameOfMovedSign(sign, original, masked), 3);
  sign.eye = "right";
  EXPECT_EQ(FrameOfMovedSign(sign, original, masked), -1) << "the other eye was not measured";
  sign.eye = "";
  EXPECT_EQ(FrameOfMovedSign(sign, original, masked), 3);
}

TEST(FrameOfMovedSign, OfDeviationsIsTheFrameWithTheWorstGaze) {
  MovedSign sign;
  sign.measure = "deviation_horizontal";
  sign.moved = 12;
  Observations original = Seen(Side::kRight, "gaze_azimuth", {0, 0, 0}),
               masked = Seen(Side::kRight, "gaze_azimuth", {1, -2, 0.5});
  EXPECT_EQ(FrameOfMovedSign(sign, original, masked), 1);
  original.series.push_back({Side::kLeft, "gaze_azimuth", "deg", {0, 0, 0}});
  masked.series.push_back({Side::kLeft, "gaze_azimuth", "deg", {0, 0, 9}});
  EXPECT_EQ(FrameOfMovedSign(sign, original, masked), 2) << "of either eye";
}

TEST(FrameOfMovedSign, IsNoneWithoutSeries) {
  MovedSign sign;
  sign.measure = "mrd1";
  EXPECT_EQ(FrameOfMovedSign(sign, {}, {}), -1);
}

}  // namespace
}  // namespace maskbench
