#include "maskbench/perception/crop.h"

#include <cmath>

#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

namespace maskbench {
namespace {

/// A smooth blob: its centre of mass tells where a crop put it.
cv::Mat Blob(cv::Size size, cv::Point2f centre) {
  cv::Mat image(size, CV_8UC3);
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      const double d2 = std::pow(x - centre.x, 2) + std::pow(y - centre.y, 2);
      image.at<cv::Vec3b>(y, x) =
          cv::Vec3b::all(cv::saturate_cast<uchar>(255 * std::exp(-d2 / 50)));
    }
  }
  return image;
}

cv::Point2d CentreOfMass(const cv::Mat& bgr) {
  cv::Mat grey;
  cv::cvtColor(bgr, grey, cv::COLOR_BGR2GRAY);
  const cv::Moments moments = cv::moments(grey);
  return {moments.m10 / moments.m00, moments.m01 / moments.m00};
}

struct CropCase {
  CropRegion region;
  int side_px;
};

class CropPlacement : public testing::TestWithParam<CropCase> {};

TEST_P(CropPlacement, PixelsAndToFrameAgree) {
  const auto& [region, side_px] = GetParam();
  const cv::Point2f blob(103.25F, 88.5F);
  cv::Mat crop;
  ExtractCrop(Blob({220, 180}, blob), region, side_px, &crop);
  const cv::Point2d seen = CentreOfMass(crop);
  // Pixel i of the crop covers [i, i + 1) of crop coordinates.
  const cv::Point2f back =
      region.ToFrame(static_cast<float>(seen.x) + 0.5F, static_cast<float>(seen.y) + 0.5F, side_px);
  EXPECT_NEAR(back.x, blob.x, 0.15);
  EXPECT_NEAR(back.y, blob.y, 0.15);
}

INSTANTIATE_TEST_SUITE_P(Regions, CropPlacement,
                         testing::Values(CropCase{{{110, 90}, 96, 0, false}, 96},
                                         CropCase{{{110, 90}, 96, 0, true}, 96},
                                         CropCase{{{108, 85}, 80, 0.5F, false}, 64},
                                         CropCase{{{108, 85}, 80, -0.8F, true}, 192},
                                         // Downsampling by more than two, where averaging sets in.
                                         CropCase{{{110, 90}, 160, 0.3F, false}, 48}));

TEST(ExtractCrop, DownsamplingAveragesInsteadOfSkippingPixels) {
  cv::Mat stripes(256, 256, CV_8UC3, cv::Scalar::all(0));
  for (int x = 0; x < stripes.cols; x += 2) stripes.col(x).setTo(cv::Scalar::all(200));
  cv::Mat crop;
  ExtractCrop(stripes, {{127.5F, 127.5F}, 256, 0, false}, 32, &crop);
  cv::Scalar mean, deviation;
  cv::meanStdDev(crop(cv::Rect(2, 2, 28, 28)), mean, deviation);
  EXPECT_NEAR(mean[0], 100, 4);
  EXPECT_LT(deviation[0], 12);
}

TEST(ExtractCrop, IsBlackOutsideTheFrame) {
  const cv::Mat white(50, 50, CV_8UC3, cv::Scalar::all(255));
  cv::Mat crop;
  ExtractCrop(white, {{0, 0}, 40, 0, false}, 40, &crop);
  EXPECT_EQ(crop.at<cv::Vec3b>(3, 3), cv::Vec3b(0, 0, 0));
  EXPECT_EQ(crop.at<cv::Vec3b>(36, 36), cv::Vec3b(255, 255, 255));
}

TEST(ToPlanes, OrdersChannelsAndNormalises) {
  cv::Mat image(1, 2, CV_8UC3);
  image.at<cv::Vec3b>(0, 0) = {10, 20, 30};
  image.at<cv::Vec3b>(0, 1) = {40, 50, 60};
  float planes[6];
  ToPlanes(image, {true, {1, 2, 3}, {1, 0.5F, 2}}, planes);
  const float rgb[] = {29, 59, 9, 24, 14, 74};
  for (int i = 0; i < 6; ++i) EXPECT_FLOAT_EQ(planes[i], rgb[i]) << i;
  ToPlanes(image, {false, {0, 0, 0}, {1, 1, 1}}, planes);
  const float bgr[] = {10, 40, 20, 50, 30, 60};
  for (int i = 0; i < 6; ++i) EXPECT_FLOAT_EQ(planes[i], bgr[i]) << i;
}

}  // namespace
}  // namespace maskbench
