#include "reflex_search.h"

#include <cmath>

#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

namespace maskbench {
namespace {

constexpr double kIrisPx = 9;

// An eye with a dark iris, white beside it, and bright spots of standard deviation 0.8 px.
cv::Mat Eye(const std::vector<cv::Point2d>& spots, double level = 190) {
  cv::Mat bgr(60, 80, CV_8UC3);
  for (int y = 0; y < bgr.rows; ++y)
    for (int x = 0; x < bgr.cols; ++x) {
      double value = std::hypot(x - 40, y - 30) < kIrisPx ? 50 : 185;
      for (const cv::Point2d& spot : spots) {
        const double d = (std::pow(x - spot.x, 2) + std::pow(y - spot.y, 2)) / (2 * 0.8 * 0.8);
        value += level * std::exp(-d);
      }
      bgr.at<cv::Vec3b>(y, x) = cv::Vec3b::all(cv::saturate_cast<std::uint8_t>(value));
    }
  return bgr;
}

EyeEvidence Evidence(cv::Point2d reflex) {
  EyeEvidence eye;
  eye.iris.at = {40, 30};
  eye.iris_shape = {kIrisPx * kIrisPx, 0, 0, kIrisPx * kIrisPx};
  eye.reflex = {reflex, 0.5};
  eye.reflex_seen = 0.9;
  eye.in_sight = 0.95;
  return eye;
}

TEST(ReflexSearch, FindsTheSpotToAFractionOfAPixel) {
  for (const cv::Point2d spot : {cv::Point2d(41.3, 28.6), cv::Point2d(38.25, 31), {40.5, 29.5}}) {
    EyeEvidence eye = Evidence(spot + cv::Point2d(0.5, -0.4));
    RefineReflex(Eye({spot}), &eye);
    EXPECT_NEAR(eye.reflex.at.x, spot.x, 0.15);
    EXPECT_NEAR(eye.reflex.at.y, spot.y, 0.15);
    EXPECT_LT(eye.reflex.error_px, 0.5);
  }
}

TEST(ReflexSearch, KeepsTheNetworksPlaceWithoutOneClearSpot) {
  const cv::Point2d place(40.2, 29.1);
  const auto kept = [&](const cv::Mat& picture, EyeEvidence eye) {
    RefineReflex(picture, &eye);
    return eye.reflex.at == place && eye.reflex.error_px == 0.5;
  };
  EXPECT_TRUE(kept(Eye({}), Evidence(place)));
  // Too faint, and two that could be it.
  EXPECT_TRUE(kept(Eye({place}, 8), Evidence(place)));
  EXPECT_TRUE(kept(Eye({place + cv::Point2d(3, 0), place - cv::Point2d(3, 0)}), Evidence(place)));
  // Farther away than the network errs; the white beside the iris is no spot.
  EXPECT_TRUE(kept(Eye({place + cv::Point2d(6, 0)}), Evidence(place)));
  EyeEvidence hidden = Evidence(place);
  hidden.reflex_seen = 0.1;
  EXPECT_TRUE(kept(Eye({place + cv::Point2d(0.5, 0)}), hidden));
}

TEST(ReflexSearch, AtThePicturesEdgeNothingIsReadBeyondIt) {
  EyeEvidence eye = Evidence({0.5, 0.5});
  RefineReflex(Eye({{1.2, 0.8}}), &eye);
  EXPECT_GE(eye.reflex.at.x, 0);
  EXPECT_LT(cv::norm(eye.reflex.at - cv::Point2d(1.2, 0.8)), 1);
}

}  // namespace
}  // namespace maskbench
