#include "maskbench/perception/eye_network.h"

#include <cmath>

#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

namespace maskbench {
namespace {

TEST(EyeCrop, TheNoseIsOnTheLeftOfEitherEye) {
  // A picture that is bright where x is large; the patient's right eye lies on its left.
  cv::Mat picture(120, 200, CV_8UC3);
  for (int x = 0; x < picture.cols; ++x) picture.col(x).setTo(cv::Scalar::all(x));
  cv::Mat right, left;
  CutEye(picture, PlaceEye({80, 60}, {40, 60}, 0, Side::kRight), &right);
  CutEye(picture, PlaceEye({120, 60}, {160, 60}, 0, Side::kLeft), &left);
  ASSERT_EQ(right.size(), cv::Size(kEyeCropWidth, kEyeCropHeight));
  EXPECT_GT(right.at<cv::Vec3b>(32, 5)[0], right.at<cv::Vec3b>(32, 90)[0]);  // Mirrored.
  EXPECT_LT(left.at<cv::Vec3b>(32, 5)[0], left.at<cv::Vec3b>(32, 90)[0]);
}

TEST(EyeCrop, CornersLieWhereTheWidthPutsThemAndMapsInvert) {
  for (const Side side : kSides) {
    const double flip = side == Side::kRight ? -1 : 1;
    const cv::Point2d medial(300 - flip * 20, 200), lateral(300 + flip * 20, 200);
    const EyePlacement placement = PlaceEye(medial, lateral, 0, side);
    const cv::Matx23d inverse = Inverted(placement.FrameFromCrop());
    // 96 / 1.7 px apart around the middle of the crop.
    EXPECT_NEAR(Transform(inverse, medial).x, 47.5 - 48 / 1.7, 1e-9);
    EXPECT_NEAR(Transform(inverse, lateral).x, 47.5 + 48 / 1.7, 1e-9);
    EXPECT_NEAR(Transform(inverse, medial).y, 31.5, 1e-9);
  }
  const EyePlacement turned = PlaceEye({100, 80}, {60, 50}, 0.3, Side::kRight);
  const cv::Matx23d map = turned.FrameFromCrop();
  const cv::Point2d there = Transform(Inverted(map), Transform(map, {12.5, 40.25}));
  EXPECT_NEAR(there.x, 12.5, 1e-9);
  EXPECT_NEAR(there.y, 40.25, 1e-9);
  // A larger cut keeps scale and middle.
  const cv::Point2d middle = Transform(turned.FrameFromCrop({144, 96}), {71.5, 47.5});
  EXPECT_NEAR(middle.x, 80, 1e-9);
  EXPECT_NEAR(middle.y, 65, 1e-9);
}

TEST(EyeCrop, NormalisedCropsForgetBrightnessAndContrast) {
  cv::Mat crop(kEyeCropHeight, kEyeCropWidth, CV_8UC3);
  cv::RNG random(5);
  random.fill(crop, cv::RNG::UNIFORM, 20, 90);
  cv::Mat brighter;
  crop.convertTo(brighter, CV_8UC3, 2, 30);
  std::vector<float> a(3 * crop.total()), b(a.size());
  NormaliseCrop(crop, a.data());
  NormaliseCrop(brighter, b.data());
  double sum = 0, squares = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_NEAR(a[i], b[i], 1e-4);
    sum += a[i];
    squares += a[i] * a[i];
  }
  EXPECT_NEAR(sum / static_cast<double>(a.size()), 0, 1e-4);
  EXPECT_NEAR(squares / static_cast<double>(a.size()), 1, 1e-4);
  // Red comes first.
  crop.setTo(cv::Scalar(0, 0, 200));
  NormaliseCrop(crop, a.data());
  EXPECT_GT(a[0], a[crop.total()]);
}

class DecodeEyeTest : public testing::Test {
 protected:
  void Peak(int map, int row, int column, float score = 40) {
    maps_[static_cast<size_t>((row * kEyeMapWidth + column) * kEyeMaps + map)] = score;
  }
  EyeEvidence Decode(Side side, double angle_rad = 0) {
    const double flip = side == Side::kRight ? -1 : 1;
    const cv::Point2d across(flip * 40 / kEyeCropPerCorners, 0);
    EyePlacement placement = PlaceEye(middle_ - across, middle_ + across, angle_rad, side);
    return DecodeEye(maps_.data(), values_.data(), placement);  // 80 px wide.
  }
  std::vector<float> maps_ = std::vector<float>(kEyeMapHeight * kEyeMapWidth * kEyeMaps, 0.0F);
  std::vector<float> values_ = std::vector<float>(kEyeValues, 0.0F);
  const cv::Point2d middle_{200, 100};
};

TEST_F(DecodeEyeTest, PointsAndMarginsComeFromTheMaps) {
  Peak(kIrisMap, 10, 30);
  for (int column = 0; column < kEyeMapWidth; ++column) {
    Peak(kUpperMarginMap, 8, column);
    Peak(kUpperMarginMap, 9, column);  // Half way between the two.
  }
  const double scale = 80.0 / kEyeCropWidth;
  const EyeEvidence left = Decode(Side::kLeft);
  EXPECT_NEAR(left.iris.at.x, 200 + (60.5 - 47.5) * scale, 1e-6);
  EXPECT_NEAR(left.iris.at.y, 100 + (20.5 - 31.5) * scale, 1e-6);
  EXPECT_NEAR(left.upper[20].y, 100 + (17.5 - 31.5) * scale, 1e-6);
  EXPECT_NEAR(left.upper[20].x, 200 + (40.5 - 47.5) * scale, 1e-6);
  // The right eye is its mirror image.
  const EyeEvidence right = Decode(Side::kRight);
  EXPECT_NEAR(right.iris.at.x, 400 - left.iris.at.x, 1e-6);
  EXPECT_NEAR(right.iris.at.y, left.iris.at.y, 1e-6);
}

TEST_F(DecodeEyeTest, TheIrisKeepsItsShapeWhenTheHeadIsTilted) {
  values_[kIrisLogHalfWidth] = std::log(1.2F);
  values_[kIrisLogHalfHeight] = std::log(0.9F);
  values_[kIrisSlant] = 0.2F;
  const double scale = 80.0 / kEyeCropWidth;
  const EyeEvidence level = Decode(Side::kLeft), tilted = Decode(Side::kLeft, 0.4);
  EXPECT_NEAR(level.IrisRadiusPx(), 12 * scale, 1e-5);
  EXPECT_NEAR(tilted.IrisRadiusPx(), 12 * scale, 1e-5);
  EXPECT_NEAR(std::sqrt(level.iris_shape(1, 1)), 9 * scale, 1e-5);
  EXPECT_NEAR(cv::determinant(tilted.iris_shape), cv::determinant(level.iris_shape), 1e-3);
  EXPECT_NEAR(cv::trace(tilted.iris_shape), cv::trace(level.iris_shape), 1e-4);
  // Mirrored, the slant turns round.
  EXPECT_NEAR(Decode(Side::kRight).iris_shape(0, 1), -level.iris_shape(0, 1), 1e-5);
}

TEST_F(DecodeEyeTest, ErrorsAndShares) {
  values_[kUpperLogError] = std::log(0.5F);
  values_[kShut] = 2;
  const EyeEvidence eye = Decode(Side::kLeft);
  EXPECT_NEAR(eye.upper_error_px, 0.5 * 80 / kEyeCropWidth, 1e-6);
  EXPECT_NEAR(eye.shut, 1 / (1 + std::exp(-2.0)), 1e-6);
  EXPECT_NEAR(eye.in_sight, 0.5, 1e-6);
}

}  // namespace
}  // namespace maskbench
