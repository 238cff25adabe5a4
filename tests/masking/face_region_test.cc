#include "maskbench/masking/face_region.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include <gtest/gtest.h>

#include "masking/synthetic_face.h"

namespace maskbench {
namespace {

class FaceRegionTest : public testing::Test {
 protected:
  FaceRegions Regions(const std::vector<FaceObservation>& faces,
                      const FaceRegionOptions& options = {}) const {
    WriteTrack(folder_.path() / "track", MediaInfo(), faces);  // 25 Hz.
    return {folder_.path() / "track", options};
  }

  /// Faces whose centre moves along x.
  static std::vector<FaceObservation> Moving(int count, const std::function<float(int)>& x) {
    std::vector<FaceObservation> faces;
    for (int i = 0; i < count; ++i) faces.push_back(SyntheticFace({x(i), 60}, 50));
    return faces;
  }

  static std::vector<float> CentresOf(const FaceRegions& regions) {
    std::vector<float> centres;
    for (int64_t i = 0; i < regions.frame_count(); ++i) {
      centres.push_back(regions.At(i).EyesCentre().x);
    }
    return centres;
  }

  TemporaryFolder folder_;
};

TEST_F(FaceRegionTest, StillFaceIsWhereItIs) {
  const FaceRegions regions = Regions(std::vector<FaceObservation>(9, SyntheticFace({80, 60}, 50)));
  const FaceRegion region = regions.At(4);
  EXPECT_NEAR(region.width_px, 50, 1e-3);
  EXPECT_NEAR(region.EyesDistance(), 30, 1e-3);
  EXPECT_NEAR(region.EyesCentre().x, 80, 1e-3);
  EXPECT_NEAR(region.EyesCentre().y, 55, 1e-3);
  EXPECT_NEAR(region.EyesDirection().x, 1, 1e-6);
  EXPECT_NEAR(region.oval[0].y, 60 - 0.65 * 50, 1e-3);
  EXPECT_NEAR(regions.MedianWidthPx(), 50, 1e-3);
  EXPECT_NEAR(regions.MedianEyesDistancePx(), 30, 1e-3);
}

TEST_F(FaceRegionTest, JitterBecomesLess) {
  cv::RNG random(1);
  std::vector<float> jitter;
  for (int i = 0; i < 100; ++i) jitter.push_back(static_cast<float>(random.gaussian(2)));
  const auto steps = [](const std::vector<float>& values) {
    double sum = 0;
    for (size_t i = 1; i < values.size(); ++i) sum += std::pow(values[i] - values[i - 1], 2);
    return std::sqrt(sum / static_cast<double>(values.size() - 1));
  };
  const FaceRegions regions = Regions(Moving(100, [&](int i) { return 80 + jitter[i]; }));
  EXPECT_LT(steps(CentresOf(regions)), steps(jitter) / 4);
}

TEST_F(FaceRegionTest, SteadyMotionHasNoLag) {
  const FaceRegions regions =
      Regions(Moving(60, [](int i) { return 20 + 1.5F * static_cast<float>(i); }));
  for (int i = 10; i < 50; ++i) EXPECT_NEAR(regions.At(i).EyesCentre().x, 20 + 1.5 * i, 1e-3);
}

TEST_F(FaceRegionTest, TimeBackwardsGivesTheSameRegionsBackwards) {
  const auto place = [](int i) { return i < 20 ? 40.0F : i == 33 ? 100.0F : 80.0F; };
  std::vector<FaceObservation> faces = Moving(50, place);
  faces[7] = NoFace();
  const std::vector<float> forwards = CentresOf(Regions(faces));
  std::reverse(faces.begin(), faces.end());
  std::vector<float> backwards = CentresOf(Regions(faces));
  std::reverse(backwards.begin(), backwards.end());
  for (int i = 0; i < 50; ++i) EXPECT_NEAR(forwards[i], backwards[i], 1e-3) << i;
}

TEST_F(FaceRegionTest, WithoutSmoothingTheTrackIsTaken) {
  FaceRegionOptions options;
  options.smoothing_s = 0;
  const auto place = [](int i) { return 40.0F + static_cast<float>(i * i % 7); };
  const FaceRegions regions = Regions(Moving(20, place), options);
  for (int i = 0; i < 20; ++i) EXPECT_NEAR(regions.At(i).EyesCentre().x, place(i), 1e-4);
}

TEST_F(FaceRegionTest, ShortGapIsBridgedOnALine) {
  std::vector<FaceObservation> faces = Moving(60, [](int i) { return 20 + static_cast<float>(i); });
  for (int i = 20; i < 32; ++i) faces[i] = NoFace();  // 0.48 s.
  const FaceRegions regions = Regions(faces);
  for (int i = 10; i < 50; ++i) {
    ASSERT_TRUE(regions.At(i).known) << i;
    EXPECT_NEAR(regions.At(i).EyesCentre().x, 20 + i, 1e-3);
  }
}

TEST_F(FaceRegionTest, LongGapIsUnknownThroughout) {
  std::vector<FaceObservation> faces = Moving(60, [](int) { return 50.0F; });
  for (int i = 20; i < 34; ++i) faces[i] = NoFace();  // 0.56 s.
  const FaceRegions regions = Regions(faces);
  for (int i = 0; i < 60; ++i) EXPECT_EQ(regions.At(i).known, i < 20 || i >= 34) << i;
}

TEST_F(FaceRegionTest, AtTheEndsTheFaceIsHeldForHalfAsLong) {
  std::vector<FaceObservation> faces = Moving(40, [](int) { return 50.0F; });
  for (int i = 0; i < 10; ++i) faces[i] = faces[39 - i] = NoFace();
  const FaceRegions regions = Regions(faces);
  for (int i = 0; i < 40; ++i) EXPECT_EQ(regions.At(i).known, i >= 4 && i < 36) << i;
  EXPECT_NEAR(regions.At(4).EyesCentre().x, 50, 1e-3);
}

TEST_F(FaceRegionTest, NothingAcrossAnUnknownStretchIsMixed) {
  std::vector<FaceObservation> faces = Moving(60, [](int i) { return i < 20 ? 30.0F : 120.0F; });
  for (int i = 20; i < 40; ++i) faces[i] = NoFace();
  const FaceRegions regions = Regions(faces);
  EXPECT_NEAR(regions.At(19).EyesCentre().x, 30, 1e-3);
  EXPECT_NEAR(regions.At(40).EyesCentre().x, 120, 1e-3);
}

TEST_F(FaceRegionTest, WithoutAnyFaceNothingIsKnown) {
  const FaceRegions regions = Regions(std::vector<FaceObservation>(9, NoFace()));
  EXPECT_FALSE(regions.any_known());
  EXPECT_EQ(regions.frame_count(), 9);
  EXPECT_EQ(regions.MedianWidthPx(), 0);
}

TEST_F(FaceRegionTest, ScaledOvalGrowsAboutItsMiddle) {
  const FaceRegion region =
      Regions(std::vector<FaceObservation>(5, SyntheticFace({80, 60}, 50))).At(2);
  const cv::Rect once = cv::Rect(cv::Point(80 - 25, 60 - 33), cv::Point(80 + 25, 60 + 33));
  const std::vector<cv::Point> doubled = region.ScaledOval(2);
  int low = 1000, high = 0;
  for (const cv::Point& point : doubled) {
    low = std::min(low, point.x);
    high = std::max(high, point.x);
  }
  EXPECT_NEAR(low, 80 - once.width, 2);
  EXPECT_NEAR(high, 80 + once.width, 2);
}

}  // namespace
}  // namespace maskbench
