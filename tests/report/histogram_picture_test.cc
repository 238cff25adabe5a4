#include "histogram_picture.h"

#include <gtest/gtest.h>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

namespace maskbench {
namespace {

const cv::Vec3b kBlue(190, 125, 50), kOrange(50, 140, 240), kDash(40, 40, 40),
    kDarkBlue(120, 60, 0);

/// All genuine distances in [0.2, 0.22), all impostor ones in [1, 1.02).
ReportHistogram Made(const std::string& variant, int64_t genuine, int64_t impostor) {
  ReportHistogram panel;
  panel.variant = variant;
  panel.gallery_variant = "original";
  panel.recogniser = "dlib_resnet";
  panel.metric = "distance";
  panel.unit = "euclidean";
  panel.edges = BinEdges(70, 50);
  panel.series = {{"genuine", {std::vector<int64_t>(70, 0), 0}, 0},
                  {"impostor", {std::vector<int64_t>(70, 0), 0}, 0}};
  panel.series[0].bins.counts[10] = genuine;
  panel.series[1].bins.counts[50] = impostor;
  return panel;
}

/// Where pixels of a colour are, below the legend.
cv::Rect Place(const cv::Mat& image, const cv::Vec3b& colour, int from_row = 90) {
  cv::Mat same;
  cv::inRange(image.rowRange(from_row, image.rows), colour, colour, same);
  return cv::boundingRect(same);
}

double Middle(const cv::Rect& place) { return place.x + (place.width - 1) / 2.0; }

TEST(HistogramPicture, DistributionsAndMarksStandWhereTheyBelong) {
  ReportHistogram panel = Made("original", 8, 88);
  panel.marks = {{"EER threshold", 0.41}};
  const cv::Mat image = DrawHistograms({panel});
  const cv::Rect genuine = Place(image, kBlue), impostor = Place(image, kOrange),
                 mark = Place(image, kDash);
  ASSERT_FALSE(genuine.empty());
  ASSERT_FALSE(impostor.empty());
  ASSERT_FALSE(mark.empty());
  // 0.41 is a quarter of the way from 0.21 to 1.01.
  EXPECT_NEAR((Middle(mark) - Middle(genuine)) / (Middle(impostor) - Middle(genuine)), 0.25, 0.01);
  // A bin is 1/40 of that way wide; the outline adds its thickness.
  EXPECT_NEAR((genuine.width - 2) / (Middle(impostor) - Middle(genuine)), 1.0 / 40, 0.01);
}

TEST(HistogramPicture, BothDistributionsHaveTheSameArea) {
  const cv::Mat image = DrawHistograms({Made("original", 3, 88000)});
  EXPECT_EQ(Place(image, kBlue).y, Place(image, kOrange).y);
  EXPECT_EQ(Place(image, kBlue).height, Place(image, kOrange).height);
  // Half of the impostors in another bin: half as high.
  ReportHistogram spread = Made("original", 3, 44);
  spread.series[1].bins.counts[60] = 44;
  const cv::Mat other = DrawHistograms({spread});
  EXPECT_NEAR(Place(other, kOrange).height / static_cast<double>(Place(other, kBlue).height), 0.5,
              0.02);
  // What lies beyond the last bin takes its share as well.
  ReportHistogram beyond = Made("original", 3, 44);
  beyond.series[1].bins.above = 44;
  EXPECT_NEAR(Place(DrawHistograms({beyond}), kOrange).height /
                  static_cast<double>(Place(other, kBlue).height),
              0.5, 0.02);
}

TEST(HistogramPicture, TheUnmaskedStandsBehindTheMasked) {
  const ReportHistogram original = Made("original", 8, 88), masked = Made("eye_bar", 8, 88);
  EXPECT_TRUE(Place(DrawHistograms({original}), kDarkBlue).empty());
  EXPECT_TRUE(Place(DrawHistograms({masked}), kDarkBlue).empty());
  const cv::Mat both = DrawHistograms({original, masked});
  EXPECT_FALSE(Place(both, kDarkBlue).empty());
  EXPECT_GT(Place(both, kDarkBlue).y, both.rows / 2 - 90);  // In the second row only.
}

TEST(HistogramPicture, WhatFailedIsSaidAndNothingIsDrawn) {
  ReportHistogram failed = Made("black_face", 0, 0);
  EXPECT_TRUE(DrawHistograms({failed}).empty());
  EXPECT_TRUE(DrawHistograms({}).empty());
  failed.series[0].failed = 8;
  const cv::Mat image = DrawHistograms({failed});
  ASSERT_FALSE(image.empty());
  EXPECT_TRUE(Place(image, kBlue).empty());
}

TEST(HistogramPicture, TheSameHistogramsGiveTheSameBytes) {
  std::vector<ReportHistogram> panels = {Made("original", 8, 88), Made("eye_bar", 7, 77)};
  panels[1].marks = {{"EER threshold", 0.5}, {"threshold of dlib's author", 0.6}};
  std::vector<unsigned char> one, two;
  cv::imencode(".png", DrawHistograms(panels), one);
  cv::imencode(".png", DrawHistograms(panels), two);
  EXPECT_EQ(one, two);
  panels[1].series[0].bins.counts[20] = 1;
  cv::imencode(".png", DrawHistograms(panels), two);
  EXPECT_NE(one, two);
}

}  // namespace
}  // namespace maskbench
