#include "lid_plot.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace maskbench {
namespace {

using testing::ElementsAre;

constexpr int kFrames = 100;

MeasureSeries Made(std::optional<Side> eye, const char* name, const char* unit, double value) {
  return {eye, name, unit, std::vector<double>(kFrames, value)};
}

Observations Empty() {
  Observations seen;
  seen.frames = seen.frames_with_face = kFrames;
  return seen;
}

// Pixels of one colour; a line has more than its borders.
int Count(const cv::Mat& picture, int blue, int green, int red) {
  cv::Mat mask;
  const cv::Scalar colour(blue, green, red);
  cv::inRange(picture, colour, colour, mask);
  return cv::countNonZero(mask);
}
int RightEye(const cv::Mat& picture) { return Count(picture, 178, 114, 0); }
int LeftEye(const cv::Mat& picture) { return Count(picture, 0, 94, 213); }

TEST(LidPlot, LidsComeFirstThenGazeAndErrorsHaveNoPanels) {
  Observations seen = Empty();
  for (const Side side : kSides) {
    for (const char* name : {"gaze_elevation", "gaze_azimuth", "gaze_azimuth_error"})
      seen.series.push_back(Made(side, name, "deg", 1));
    for (const char* name : {"other", "pfh", "mrd2", "mrd1", "mrd1_error"})
      seen.series.push_back(Made(side, name, "mm", 1));
    seen.series.push_back(Made(side, "iris_x_px", "px", 1));
    seen.series.push_back(Made(side, "in_sight", "probability", 1));
  }
  seen.series.push_back(Made({}, "blinking", "flag", 0));
  EXPECT_THAT(PlottedMeasures(seen),
              ElementsAre("mrd1", "mrd2", "pfh", "gaze_azimuth", "gaze_elevation", "other"));
}

TEST(LidPlot, ShowsWhateverThereIsWithoutMillimetresAndDegrees) {
  Observations seen = Empty();
  seen.series.push_back(Made(Side::kLeft, "openness", "share", 1));
  seen.series.push_back(Made({}, "face_width", "px", 1));
  EXPECT_THAT(PlottedMeasures(seen), ElementsAre("openness"));
  EXPECT_TRUE(PlottedMeasures(Empty()).empty());
  EXPECT_FALSE(DrawMeasures(Empty(), 25).empty());
}

TEST(LidPlot, EachEyeHasItsColourAndGapsStayEmpty) {
  Observations seen = Empty();
  seen.series.push_back(Made(Side::kRight, "mrd1", "mm", 3));
  const cv::Mat right = DrawMeasures(seen, 25);
  seen.series.push_back(Made(Side::kLeft, "mrd1", "mm", 4));
  const cv::Mat both = DrawMeasures(seen, 25);
  // A line across the panel, beside the legend's.
  EXPECT_GT(RightEye(right), 900);
  EXPECT_LT(LeftEye(right), 100);
  EXPECT_GT(LeftEye(both), 900);
  for (int i = 50; i < kFrames; ++i) seen.series[1].values[static_cast<size_t>(i)] = std::nan("");
  const cv::Mat half = DrawMeasures(seen, 25);
  EXPECT_NEAR(LeftEye(half), LeftEye(both) / 2.0, 0.15 * LeftEye(both));
}

TEST(LidPlot, BandBlinksAndCoveredStretchesAreShaded) {
  Observations seen = Empty();
  seen.series.push_back(Made(Side::kRight, "mrd1", "mm", 3));
  seen.series[0].values[0] = 1;
  seen.series[0].values[1] = 6;
  const auto changed = [](const cv::Mat& a, const cv::Mat& b) {
    cv::Mat difference;
    cv::absdiff(a(cv::Rect(0, 60, a.cols, a.rows - 60)), b(cv::Rect(0, 60, b.cols, b.rows - 60)),
                difference);  // Without the legend.
    return cv::countNonZero(difference.reshape(1));
  };
  const cv::Mat plain = DrawMeasures(seen, 25);
  Observations with_error = seen, blinking = seen, covered = seen, in_sight = seen;
  with_error.series.push_back(Made(Side::kRight, "mrd1_error", "mm", 0.2));
  Observations wider = seen;
  wider.series.push_back(Made(Side::kRight, "mrd1_error", "mm", 0.4));
  const int narrow = changed(plain, DrawMeasures(with_error, 25));
  EXPECT_GT(narrow, 10000);
  EXPECT_NEAR(changed(plain, DrawMeasures(wider, 25)), 2 * narrow, 0.4 * narrow);

  blinking.series.push_back(Made({}, "blinking", "flag", 0));
  for (size_t i = 40; i < 50; ++i) blinking.series.back().values[i] = 1;
  EXPECT_GT(Count(DrawMeasures(blinking, 25), 176, 236, 250), 10000);
  // Ten frames of a hundred.
  in_sight.series.push_back(Made(Side::kRight, "in_sight", "probability", 1));
  covered.series.push_back(Made(Side::kRight, "in_sight", "probability", 1));
  for (size_t i = 40; i < 50; ++i) covered.series.back().values[i] = 0.2;
  const cv::Mat clear = DrawMeasures(in_sight, 25);
  EXPECT_EQ(changed(plain, clear), 0);
  EXPECT_GT(changed(clear, DrawMeasures(covered, 25)), 10000);
}

TEST(LidPlot, APhotographIsADot) {
  Observations seen = Empty();
  seen.frames = 1;
  seen.series.push_back({Side::kRight, "mrd1", "mm", {3}});
  seen.series.push_back({Side::kLeft, "mrd1", "mm", {std::nan("")}});
  const cv::Mat picture = DrawMeasures(seen, 25);
  EXPECT_GT(RightEye(picture), LeftEye(picture) + 5);
}

}  // namespace
}  // namespace maskbench
