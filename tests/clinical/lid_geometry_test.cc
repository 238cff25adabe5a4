#include "maskbench/clinical/lid_geometry.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

namespace maskbench {
namespace {

/// An eye with corners 15 px left and right of the iris centre, its lids two parabolas.
EyeObservation MakeEye(double upper_px, double lower_px, cv::Point2f centre = {100, 80}) {
  EyeObservation eye;
  const auto place = [&](int index, double x, double up) {
    eye.contour[index] = {centre.x + static_cast<float>(x), centre.y - static_cast<float>(up), 0};
  };
  const auto arch = [](double x, double height) { return height * (1 - x * x / 225); };
  for (int i = 0; i <= 8; ++i) {
    const double x = -15 + 30.0 * i / 8;
    place(i, x, arch(x, -lower_px));
  }
  for (int i = 9; i <= 15; ++i) {  // Between the outer corner and the inner one.
    const double x = -15 + 30.0 * (i - 8) / 8;
    place(i, x, arch(x, upper_px));
  }
  eye.iris[0] = {centre.x, centre.y, 0};
  return eye;
}

EyeObservation Turned(EyeObservation eye, double angle, cv::Point2f about) {
  const auto turn = [&](cv::Point3f* point) {
    const double x = point->x - about.x, y = point->y - about.y;
    *point = {static_cast<float>(about.x + std::cos(angle) * x - std::sin(angle) * y),
              static_cast<float>(about.y + std::sin(angle) * x + std::cos(angle) * y), point->z};
  };
  for (cv::Point3f& point : eye.contour) turn(&point);
  for (cv::Point3f& point : eye.iris) turn(&point);
  return eye;
}

TEST(MeasureLids, GivesTheDistancesAtTheCentre) {
  const LidDistances lids = MeasureLids(MakeEye(4, 5.5), 0);
  EXPECT_NEAR(lids.upper_px, 4, 1e-5);
  EXPECT_NEAR(lids.lower_px, 5.5, 1e-5);
  EXPECT_NEAR(lids.fissure_px(), 9.5, 1e-5);
}

TEST(MeasureLids, InterpolatesBetweenPointsBesideTheCentre) {
  EyeObservation eye = MakeEye(4, 5);
  eye.iris[0].x += 1.875F;  // Half-way between two points of each margin.
  const double beside = 1 - std::pow(3.75 / 15, 2);
  const LidDistances lids = MeasureLids(eye, 0);
  EXPECT_NEAR(lids.upper_px, 4 * (1 + beside) / 2, 1e-5);
  EXPECT_NEAR(lids.lower_px, 5 * (1 + beside) / 2, 1e-5);
}

TEST(MeasureLids, UpperLidBelowTheCentreIsNegative) {
  const LidDistances lids = MeasureLids(MakeEye(-2, 5), 0);
  EXPECT_NEAR(lids.upper_px, -2, 1e-5);
  EXPECT_NEAR(lids.fissure_px(), 3, 1e-5);
}

TEST(MeasureLids, DoesNotDependOnHeadRoll) {
  const EyeObservation eye = MakeEye(3, 6);
  for (const double roll : {-1.2, -0.3, 0.2, 0.8}) {
    const LidDistances lids = MeasureLids(Turned(eye, roll, {20, 300}), roll);
    EXPECT_NEAR(lids.upper_px, 3, 1e-4) << "roll " << roll;
    EXPECT_NEAR(lids.lower_px, 6, 1e-4) << "roll " << roll;
  }
  EXPECT_GT(std::abs(MeasureLids(Turned(eye, 0.8, {20, 300}), 0).upper_px - 3), 0.3)
      << "the test proves nothing";
}

TEST(MeasureLids, MirroredEyeMeasuresTheSame) {
  EyeObservation eye = MakeEye(3, 6);
  eye.contour[12].y -= 1;  // Not symmetric.
  const LidDistances lids = MeasureLids(eye, 0);
  for (cv::Point3f& point : eye.contour) point.x = 200 - point.x;
  for (cv::Point3f& point : eye.iris) point.x = 200 - point.x;
  const LidDistances mirrored = MeasureLids(eye, 0);
  EXPECT_NEAR(lids.upper_px, mirrored.upper_px, 1e-5);
  EXPECT_NEAR(lids.lower_px, mirrored.lower_px, 1e-5);
}

TEST(MeasureLids, CentreBesideTheFissureTakesTheNearerCorner) {
  EyeObservation eye = MakeEye(4, 5);
  eye.iris[0].x += 20;
  eye.iris[0].y += 1;
  const LidDistances lids = MeasureLids(eye, 0);
  EXPECT_NEAR(lids.upper_px, 1, 1e-5);  // The corner is 1 px above the centre.
  EXPECT_NEAR(lids.fissure_px(), 0, 1e-5);
}

class BlinkTest : public testing::Test {
 protected:
  static constexpr double kRate = 25;

  BlinkTest() : aperture_(250, 0.3) {}

  void Close(int first, int count, double aperture) {
    for (int i = first; i < first + count; ++i) aperture_[i] = aperture;
  }
  std::vector<BlinkInterval> Find(const BlinkRule& rule = {}) const {
    return FindBlinks(aperture_, kRate, rule);
  }

  std::vector<double> aperture_;
};

TEST_F(BlinkTest, OpenEyesDoNotBlink) { EXPECT_TRUE(Find().empty()); }

TEST_F(BlinkTest, PlaceAndDepthAreThoseOfTheDip) {
  Close(100, 5, 0.15);
  aperture_[102] = 0.03;
  const std::vector<BlinkInterval> blinks = Find();
  ASSERT_EQ(blinks.size(), 1u);
  EXPECT_EQ(blinks[0].first_frame, 100);
  EXPECT_EQ(blinks[0].last_frame, 104);
  EXPECT_NEAR(blinks[0].least_aperture, 0.1, 1e-12);
}

TEST_F(BlinkTest, ShallowDipsAreNoBlinks) {
  Close(100, 5, 0.3 * 0.71);
  EXPECT_TRUE(Find().empty());
  Close(100, 5, 0.3 * 0.69);
  EXPECT_EQ(Find().size(), 1u);
  BlinkRule strict;
  strict.closed_share = 0.5;
  EXPECT_TRUE(Find(strict).empty());
}

TEST_F(BlinkTest, ClosureLongerThanTheLimitIsNoBlink) {
  Close(100, 20, 0.05);  // 0.8 s.
  EXPECT_EQ(Find().size(), 1u);
  Close(100, 21, 0.05);
  EXPECT_TRUE(Find().empty());
}

TEST_F(BlinkTest, BlinksAtTheEndsCount) {
  Close(0, 3, 0.05);
  Close(247, 3, 0.05);
  const std::vector<BlinkInterval> blinks = Find();
  ASSERT_EQ(blinks.size(), 2u);
  EXPECT_EQ(blinks[0].first_frame, 0);
  EXPECT_EQ(blinks[1].last_frame, 249);
}

TEST_F(BlinkTest, FramesWithoutAFaceAreNeitherOpenNorClosed) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  Close(50, 10, nan);
  EXPECT_TRUE(Find().empty());
  Close(100, 4, 0.05);
  Close(104, 30, nan);
  const std::vector<BlinkInterval> blinks = Find();
  ASSERT_EQ(blinks.size(), 1u);
  EXPECT_EQ(blinks[0].last_frame, 103);
  Close(0, 250, nan);
  EXPECT_TRUE(Find().empty());
}

TEST_F(BlinkTest, ShiftInTimeShiftsBlinksByTheSame) {
  Close(70, 4, 0.1);
  Close(120, 6, 0.02);
  const std::vector<BlinkInterval> before = Find();
  std::rotate(aperture_.rbegin(), aperture_.rbegin() + 37, aperture_.rend());
  const std::vector<BlinkInterval> after = Find();
  ASSERT_EQ(before.size(), 2u);
  ASSERT_EQ(after.size(), 2u);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(after[i].first_frame, before[i].first_frame + 37);
    EXPECT_EQ(after[i].last_frame, before[i].last_frame + 37);
    EXPECT_EQ(after[i].least_aperture, before[i].least_aperture);
  }
}

TEST_F(BlinkTest, ScaleOfTheApertureDoesNotMatter) {
  Close(70, 4, 0.1);
  for (double& value : aperture_) value *= 13;
  ASSERT_EQ(Find().size(), 1u);
  EXPECT_NEAR(Find()[0].least_aperture, 1.0 / 3, 1e-12);
}

TEST_F(BlinkTest, SlowDriftIsNoBlink) {
  for (int i = 0; i < 250; ++i) aperture_[i] = 0.4 - 0.3 * i / 250;  // A lid that tires.
  EXPECT_TRUE(Find().empty());
  aperture_[200] *= 0.2;
  EXPECT_EQ(Find().size(), 1u);
}

}  // namespace
}  // namespace maskbench
