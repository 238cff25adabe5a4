#include "privacy_utility.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <opencv2/core.hpp>

namespace maskbench {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class PrivacyUtilityTest : public testing::Test {
 protected:
  void Attack(const std::string& variant, double auc, const std::string& metric = "strongest_auc",
              const std::string& attacker = "trained") {
    Figure figure;
    figure.experiment = "reidentification";
    figure.variant = variant;
    figure.group = "pairing=different_session";
    figure.attacker = attacker;
    figure.recogniser = "faceres";
    figure.metric = metric;
    figure.value = auc;
    figures_.push_back(figure);
  }
  void Limits(const std::string& variant, double half_width_mm,
              const std::string& group = "bin=all;scale=true") {
    Figure figure;
    figure.experiment = "eye_measurement";
    figure.variant = variant;
    figure.group = group;
    figure.reader = "eye_measures";
    figure.unit = "mm";
    figure.metric = "mrd1_limits_of_agreement";
    figure.value = half_width_mm;
    figures_.push_back(figure);
    figure.metric = "mrd1_bias";
    figure.value = -0.1;
    figures_.push_back(figure);
  }
  const PrivacyUtilityPoint& Of(const std::vector<PrivacyUtilityPoint>& points,
                                const std::string& variant) const {
    return *std::find_if(points.begin(), points.end(), [&](const PrivacyUtilityPoint& point) {
      return point.variant == variant;
    });
  }

  std::vector<Figure> figures_;
};

TEST_F(PrivacyUtilityTest, NeedsBothHalves) {
  EXPECT_THAT(PrivacyUtility(figures_), IsEmpty());
  Attack("mean", 0.55);
  EXPECT_THAT(PrivacyUtility(figures_), IsEmpty());
  Limits("fitted", 0.8);
  EXPECT_THAT(PrivacyUtility(figures_), IsEmpty());
  Limits("mean", 0.9);
  EXPECT_THAT(PrivacyUtility(figures_), SizeIs(1));
  EXPECT_TRUE(DrawPrivacyUtility({}).empty());
}

TEST_F(PrivacyUtilityTest, TheFrontIsWhatNobodyBeats) {
  Attack("original", 0.99, "auc", "face_to_face");
  Attack("original", 0.97, "auc", "face_to_face");  // Another recogniser, weaker.
  Attack("mean", 0.6);
  Attack("private", 0.6);
  Attack("fitted", 0.9);
  Attack("blur", 0.95);
  Limits("original", 0.7);
  Limits("mean", 0.9);
  Limits("private", 1.0);
  Limits("fitted", 0.8);
  Limits("blur", 2.5);
  Limits("mean", 0.1, "bin=3..4;scale=true");
  Limits("mean", 0.1, "bin=all;pitch=5..;scale=true");
  Limits("mean", 0.1, "bin=all;scale=default");
  const std::vector<PrivacyUtilityPoint> points = PrivacyUtility(figures_);
  ASSERT_THAT(points, SizeIs(5));
  EXPECT_FALSE(Of(points, "original").masked);
  EXPECT_FALSE(Of(points, "original").on_front);
  EXPECT_DOUBLE_EQ(Of(points, "original").auc, 0.99);
  EXPECT_DOUBLE_EQ(Of(points, "mean").mrd1_limits_mm, 0.9);
  EXPECT_DOUBLE_EQ(Of(points, "mean").mrd1_bias_mm, -0.1);
  EXPECT_TRUE(Of(points, "mean").on_front);
  EXPECT_TRUE(Of(points, "fitted").on_front);
  EXPECT_FALSE(Of(points, "private").on_front);  // As well hidden, worse to measure.
  EXPECT_FALSE(Of(points, "blur").on_front);
  const std::string csv = PrivacyUtilityCsv(points);
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 6);
  EXPECT_THAT(csv, HasSubstr("mean,eye_measures,pairing=different_session,-0.1,0.9,,,trained"));
}

TEST_F(PrivacyUtilityTest, BetterPointsStandFurtherLeftAndLower) {
  Attack("good", 0.6);
  Attack("bad", 0.9);
  Limits("good", 0.5);
  Limits("bad", 2);
  const std::vector<PrivacyUtilityPoint> points = PrivacyUtility(figures_);
  const cv::Mat image = DrawPrivacyUtility(points);
  EXPECT_EQ(cv::norm(image, DrawPrivacyUtility(points), cv::NORM_INF), 0);
  // Discs are the only filled areas of their colour that are that large.
  cv::Mat ink, eroded;
  cv::inRange(image, cv::Scalar(170, 100, 20), cv::Scalar(170, 100, 20), ink);
  std::vector<cv::Point> discs;
  for (int y = 5; y + 5 < ink.rows; ++y) {
    for (int x = 5; x + 5 < ink.cols; ++x) {
      if (cv::countNonZero(ink(cv::Rect(x - 4, y - 4, 9, 9))) == 81) discs.emplace_back(x, y);
    }
  }
  ASSERT_GE(discs.size(), 2u);
  const auto [left, right] = std::minmax_element(
      discs.begin(), discs.end(), [](const cv::Point& a, const cv::Point& b) { return a.x < b.x; });
  EXPECT_GT(left->y, right->y + 100);
  EXPECT_GT(right->x, left->x + 300);
}

TEST_F(PrivacyUtilityTest, LongNamesEndWithinThePicture) {
  Attack("good", 0.6);
  Limits("good", 0.5);
  for (Figure& figure : figures_)
    if (!figure.reader.empty()) figure.reader = "an_observer_with_the_name_of_a_whole_sentence";
  const cv::Mat image = DrawPrivacyUtility(PrivacyUtility(figures_));
  const cv::Mat margin = image.colRange(image.cols - 20, image.cols);
  EXPECT_EQ(cv::norm(margin, cv::Mat(margin.size(), CV_8UC3, cv::Scalar::all(255)), cv::NORM_INF),
            0);
}

}  // namespace
}  // namespace maskbench
