#include "maskbench/masking/frame_masker.h"

#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

#include "masking/synthetic_face.h"
#include "nn/expect_error.h"

namespace maskbench {
namespace {

constexpr int kWidth = 200, kHeight = 160;
const cv::Size kSize(kWidth, kHeight);
const cv::Point2f kCentre(97.3F, 81.2F);
constexpr float kFace = 60;

/// Frames that hold no black pixel, so that black is the mask's.
std::vector<cv::Mat> BrightNoise(int count, cv::Size size = kSize) {
  std::vector<cv::Mat> frames(count);
  for (int i = 0; i < count; ++i) frames[i] = Noise(size, i + 1, 50, 256);
  return frames;
}

MaskScene StillScene(int count = 4, float roll_rad = 0) {
  return {BrightNoise(count),
          std::vector<FaceObservation>(count, SyntheticFace(kCentre, kFace, roll_rad))};
}

/// 255 where `masked` differs from `frame`.
cv::Mat Changed(const cv::Mat& frame, const cv::Mat& masked) {
  cv::Mat difference, changed;
  cv::absdiff(frame, masked, difference);
  cv::transform(difference, difference, cv::Matx13f(1, 1, 1));
  cv::compare(difference, 0, changed, cv::CMP_GT);
  return changed;
}

cv::Mat Black(const cv::Mat& masked) {
  cv::Mat black;
  cv::inRange(masked, cv::Scalar::all(0), cv::Scalar::all(0), black);
  return black;
}

/// 255 inside the face's ellipse enlarged by `factor` and by `more_px`.
cv::Mat Ellipse(double factor, double more_px, cv::Point2f centre = kCentre, float face = kFace) {
  cv::Mat inside(kSize, CV_8U, cv::Scalar(0));
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      const double u = (x - centre.x) / (kFaceHalfWidth * face * factor + more_px);
      const double v = (y - centre.y) / (kFaceHalfHeight * face * factor + more_px);
      if (u * u + v * v <= 1) inside.at<uchar>(y, x) = 255;
    }
  }
  return inside;
}

double ShareOf(const cv::Mat& marked, const cv::Mat& area) {
  return static_cast<double>(cv::countNonZero(marked & area)) / cv::countNonZero(area);
}

TEST(Original, KeepsEveryPixelWithAndWithoutAFace) {
  MaskScene scene(BrightNoise(5), std::vector<FaceObservation>(5, NoFace()));
  const std::vector<cv::Mat> masked = scene.Masked("original");
  ASSERT_EQ(masked.size(), 5u);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(LargestDifference(masked[i], scene.frames()[i]), 0);
  EXPECT_EQ(scene.Run("original", Json::object()).frames_blanked, 0);
}

TEST(NullMasker, CopiesTheFile) {
  MaskScene scene = StillScene();
  EXPECT_EQ(scene.Run("null", Json::object()).frames, 4);
  EXPECT_EQ(ReadFile(scene.job()->output), ReadFile(scene.job()->recording.file));
}

struct Kind {
  std::string type;
  Json options;
  /// How far outside the face's outline a pixel may still change, px.
  double reach_px;
};

std::vector<Kind> FaceMasks() {
  return {{"gaussian_blur", {{"margin", 1.2}}, 2},
          {"pixelate", {{"margin", 1.2}, {"blocks_across_face", 12}}, 10},  // Blocks of 5 px.
          {"black_face", {{"margin", 1.2}}, 2}};
}

class FaceMaskTest : public testing::TestWithParam<Kind> {};

TEST_P(FaceMaskTest, ChangesTheFaceAndNothingElse) {
  MaskScene scene = StillScene();
  const Kind& kind = GetParam();
  const std::vector<cv::Mat> masked = scene.Masked(kind.type, kind.options);
  ASSERT_EQ(masked.size(), 4u);
  for (int i = 0; i < 4; ++i) {
    const cv::Mat changed = Changed(scene.frames()[i], masked[i]);
    EXPECT_EQ(cv::countNonZero(changed & ~Ellipse(1.2, kind.reach_px)), 0) << "frame " << i;
    EXPECT_GT(ShareOf(changed, Ellipse(1.2, -2)), 0.98) << "frame " << i;
  }
}

TEST_P(FaceMaskTest, FollowsTheFace) {
  const std::vector<cv::Mat> frames = BrightNoise(3);
  const cv::Point shift(10, -20);
  std::vector<cv::Mat> shifted_frames;
  for (const cv::Mat& frame : frames) {
    shifted_frames.push_back(Noise(kSize, 99, 50, 256));
    const cv::Rect area(0, 20, kWidth - 10, kHeight - 20);
    frame(area).copyTo(shifted_frames.back()(area + shift));
  }
  const FaceObservation face = SyntheticFace(kCentre, kFace),
                        moved = SyntheticFace(kCentre + cv::Point2f(shift), kFace);
  MaskScene before(frames, std::vector<FaceObservation>(3, face));
  MaskScene after(shifted_frames, std::vector<FaceObservation>(3, moved));
  const std::vector<cv::Mat> masked = before.Masked(GetParam().type, GetParam().options);
  const std::vector<cv::Mat> masked_moved = after.Masked(GetParam().type, GetParam().options);
  const cv::Rect area(40, 25, 110, 110);  // Holds the face; far from the borders.
  for (int i = 0; i < 3; ++i) {
    EXPECT_LE(LargestDifference(masked[i](area), masked_moved[i](area + shift)), 1) << i;
  }
}

TEST_P(FaceMaskTest, FacePartlyOutsideTheFrameIsMaskedToTheBorder) {
  const cv::Point2f corner(3, 4);
  MaskScene scene(BrightNoise(2), std::vector<FaceObservation>(2, SyntheticFace(corner, kFace)));
  const cv::Mat masked = scene.Masked(GetParam().type, GetParam().options).at(1);
  EXPECT_GT(ShareOf(Changed(scene.frames()[1], masked), Ellipse(1.2, -2, corner)), 0.97);
}

INSTANTIATE_TEST_SUITE_P(Masks, FaceMaskTest, testing::ValuesIn(FaceMasks()),
                         [](const auto& test) { return test.param.type; });

TEST(BlackFace, IsBlackInsideTheEnlargedOutline) {
  MaskScene scene = StillScene();
  const cv::Mat black = Black(scene.Masked("black_face", {{"margin", 1.4}}).at(0));
  EXPECT_EQ(ShareOf(black, Ellipse(1.4, -2)), 1);
  EXPECT_EQ(cv::countNonZero(black & ~Ellipse(1.4, 2)), 0);
}

TEST(Pixelate, BlocksAreTheMeanOfWhatTheyHide) {
  MaskScene scene = StillScene();
  const cv::Mat masked =
      scene.Masked("pixelate", {{"blocks_across_face", 10}, {"margin", 1}}).at(2);
  const cv::Mat &frame = scene.frames()[2], changed = Changed(frame, masked);
  int blocks = 0;
  for (int y = 0; y < kHeight; y += 6) {  // 60 px in 10 blocks.
    for (int x = 0; x < kWidth; x += 6) {
      const cv::Rect block = cv::Rect(x, y, 6, 6) & cv::Rect({0, 0}, kSize);
      if (cv::countNonZero(changed(block)) == 0) continue;
      ++blocks;
      const cv::Mat expected(block.size(), CV_8UC3, cv::mean(frame(block)));
      EXPECT_LE(LargestDifference(masked(block), expected), 1) << x << ", " << y;
    }
  }
  const double area = CV_PI * kFaceHalfWidth * kFaceHalfHeight * kFace * kFace;
  EXPECT_GE(blocks * 36, area);
  EXPECT_LE(blocks * 36, 1.5 * area);
}

TEST(GaussianBlur, IsTheBlurOfTheWholeFrameInsideTheFace) {
  MaskScene scene = StillScene();
  const cv::Mat masked = scene.Masked("gaussian_blur", {{"sigma_face", 0.05}, {"margin", 1}}).at(1);
  cv::Mat blurred;
  cv::GaussianBlur(scene.frames()[1], blurred, {}, 0.05 * kFace, 0, cv::BORDER_REPLICATE);
  cv::Mat difference;
  cv::absdiff(masked, blurred, difference);
  difference.setTo(cv::Scalar::all(0), ~Ellipse(1, -2));
  EXPECT_LE(cv::norm(difference, cv::NORM_INF), 2);
}

TEST(GaussianBlur, OfTheFrameReachesItsBorders) {
  MaskScene scene = StillScene();
  const cv::Mat masked =
      scene.Masked("gaussian_blur", {{"sigma_face", 0.05}, {"region", "frame"}}).at(0);
  cv::Mat blurred;
  cv::GaussianBlur(scene.frames()[0], blurred, {}, 0.05 * kFace, 0, cv::BORDER_REPLICATE);
  EXPECT_LE(LargestDifference(masked, blurred), 2);
}

TEST(EyeBar, HasTheAskedSizeAndPlace) {
  MaskScene scene = StillScene();
  const cv::Mat black = Black(scene.Masked("eye_bar", {{"width", 1.5}, {"height", 0.5}}).at(0));
  const cv::Rect bar = cv::boundingRect(black);
  const double distance = 0.6 * kFace;
  EXPECT_NEAR(bar.width, 1.5 * distance, 1.5);
  EXPECT_NEAR(bar.height, 0.5 * distance, 1.5);
  EXPECT_NEAR(bar.x + (bar.width - 1) / 2.0, kCentre.x, 1);
  EXPECT_NEAR(bar.y + (bar.height - 1) / 2.0, kCentre.y - 0.1 * kFace, 1);
  EXPECT_EQ(cv::countNonZero(black), bar.area());
  EXPECT_EQ(cv::countNonZero(Changed(scene.frames()[0], scene.Masked("eye_bar").at(0)) &
                             ~Black(scene.Masked("eye_bar").at(0))),
            0);
}

TEST(EyeBar, TiltsWithTheHead) {
  MaskScene scene = StillScene(4, 0.4F);
  const cv::Mat black = Black(scene.Masked("eye_bar", {{"width", 2}, {"height", 0.4}}).at(0));
  std::vector<cv::Point> points;
  cv::findNonZero(black, points);
  const cv::RotatedRect bar = cv::minAreaRect(points);
  const double distance = 0.6 * kFace;
  EXPECT_NEAR(std::max(bar.size.width, bar.size.height), 2 * distance, 2.5);
  EXPECT_NEAR(std::min(bar.size.width, bar.size.height), 0.4 * distance, 2.5);
  cv::Moments moments = cv::moments(black, true);
  EXPECT_NEAR(0.5 * std::atan2(2 * moments.mu11, moments.mu20 - moments.mu02), 0.4, 0.03);
}

TEST(PeriocularCrop, IsTheRectangleAroundTheEyes) {
  // Eyes 40 px apart: 60 × 24 px around (100.5, 70.5).
  const FaceObservation face = SyntheticFace({100.5F, 70.5F + 0.1F * 200 / 3}, 200.0F / 3);
  MaskScene scene(BrightNoise(3), std::vector<FaceObservation>(3, face));
  const cv::Mat masked = scene.Masked("periocular_crop", {{"width", 1.5}, {"height", 0.6}}).at(1);
  EXPECT_LE(LargestDifference(masked, scene.frames()[1](cv::Rect(71, 59, 60, 24))), 2);
}

TEST(PeriocularCrop, BeyondTheFrameIsBlack) {
  const FaceObservation face = SyntheticFace({0.5F, 70.5F + 0.1F * 200 / 3}, 200.0F / 3);
  MaskScene scene(BrightNoise(3), std::vector<FaceObservation>(3, face));
  const cv::Mat masked = scene.Masked("periocular_crop", {{"width", 1.5}, {"height", 0.6}}).at(1);
  EXPECT_EQ(cv::norm(masked.colRange(0, 27), cv::NORM_INF), 0);
  EXPECT_LE(LargestDifference(masked.colRange(30, 60), scene.frames()[1](cv::Rect(1, 59, 30, 24))),
            2);
}

// A face twice as large is masked twice as coarsely.
TEST(FrameMaskers, MeasureInFaceWidths) {
  const auto bar_at = [](float face) {
    MaskScene scene(BrightNoise(3), std::vector<FaceObservation>(3, SyntheticFace(kCentre, face)));
    return cv::boundingRect(Black(scene.Masked("eye_bar").at(0)));
  };
  EXPECT_NEAR(bar_at(80).width, 2 * bar_at(40).width, 3);
  EXPECT_NEAR(bar_at(80).height, 2 * bar_at(40).height, 3);

  const auto crop_at = [](float face) {
    MaskScene scene(BrightNoise(3), std::vector<FaceObservation>(3, SyntheticFace(kCentre, face)));
    return scene.Masked("periocular_crop").at(0).size();
  };
  EXPECT_NEAR(crop_at(100).width, 2 * crop_at(50).width, 3);

  // What is left of noise falls with the blur's width: its deviation is proportional to 1/σ.
  const auto deviation_at = [](float face) {
    MaskScene scene(BrightNoise(3), std::vector<FaceObservation>(3, SyntheticFace(kCentre, face)));
    const cv::Mat masked = scene.Masked("gaussian_blur", {{"sigma_face", 0.05}}).at(0);
    cv::Scalar mean, deviation;
    cv::meanStdDev(masked, mean, deviation, Ellipse(0.9, 0, kCentre, face));
    return deviation[0];
  };
  EXPECT_NEAR(deviation_at(50) / deviation_at(100), 2, 0.5);

  const auto block_at = [](float face) {
    MaskScene scene(BrightNoise(3), std::vector<FaceObservation>(3, SyntheticFace(kCentre, face)));
    const cv::Mat masked = scene.Masked("pixelate", {{"blocks_across_face", 10}}).at(0);
    int width = 1;  // Run of equal pixels from a block's left border through the face's middle.
    const int y = 81, start = 96;  // A multiple of 4 and of 8.
    while (masked.at<cv::Vec3b>(y, start + width) == masked.at<cv::Vec3b>(y, start)) ++width;
    return width;
  };
  EXPECT_EQ(block_at(40), 4);
  EXPECT_EQ(block_at(80), 8);
}

TEST(FrameMaskers, ShakingTrackGivesASteadyBar) {
  cv::RNG random(5);
  std::vector<FaceObservation> faces;
  std::vector<double> given, delivered;
  for (int i = 0; i < 40; ++i) {
    const cv::Point2f jitter(static_cast<float>(random.gaussian(3)),
                             static_cast<float>(random.gaussian(3)));
    faces.push_back(SyntheticFace(kCentre + jitter, kFace));
    given.push_back(jitter.x);
  }
  MaskScene scene(BrightNoise(40), faces);
  for (const cv::Mat& masked : scene.Masked("eye_bar")) {
    delivered.push_back(cv::boundingRect(Black(masked)).x);
  }
  const auto shake = [](const std::vector<double>& x) {
    double sum = 0;
    for (size_t i = 1; i < x.size(); ++i) sum += std::abs(x[i] - x[i - 1]);
    return sum;
  };
  EXPECT_LT(shake(delivered), shake(given) / 2.5);
}

class LostFaceTest : public testing::TestWithParam<std::string> {
 protected:
  /// 50 frames at 25 Hz, without a face from frame 15 on for `lost` frames.
  static MaskScene Scene(int lost) {
    std::vector<FaceObservation> faces(50, SyntheticFace(kCentre, kFace));
    for (int i = 15; i < 15 + lost; ++i) faces[i] = NoFace();
    return {BrightNoise(50), faces};
  }
};

TEST_P(LostFaceTest, LongGapIsDeliveredBlackAndCounted) {
  MaskScene scene = Scene(20);
  const MaskReport report = scene.Run(GetParam(), Json::object());
  EXPECT_EQ(report.frames, 50);
  EXPECT_EQ(report.frames_blanked, 20);
  const std::vector<cv::Mat> masked = ReadAll(scene.job()->output);
  ASSERT_EQ(masked.size(), 50u);
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(cv::norm(masked[i], cv::NORM_INF) == 0, i >= 15 && i < 35) << "frame " << i;
  }
}

TEST_P(LostFaceTest, ShortGapIsMaskedLikeItsNeighbours) {
  MaskScene scene = Scene(10), whole = Scene(0);
  const MaskReport report = scene.Run(GetParam(), Json::object());
  EXPECT_EQ(report.frames_blanked, 0);
  const std::vector<cv::Mat> masked = ReadAll(scene.job()->output),
                             expected = whole.Masked(GetParam());
  for (int i = 12; i < 28; ++i) EXPECT_EQ(LargestDifference(masked[i], expected[i]), 0) << i;
}

TEST_P(LostFaceTest, RecordingWithoutAnyFaceIsAnErrorAndDeliversNothing) {
  MaskScene scene(BrightNoise(5), std::vector<FaceObservation>(5, NoFace()));
  ExpectDataError([&] { scene.Run(GetParam(), Json::object()); }, {"no face"});
  EXPECT_FALSE(std::filesystem::exists(scene.job()->output));
}

INSTANTIATE_TEST_SUITE_P(Masks, LostFaceTest,
                         testing::Values("gaussian_blur", "pixelate", "eye_bar", "black_face",
                                         "periocular_crop"),
                         [](const auto& test) { return test.param; });

TEST(FrameMaskers, TrackOfAnotherRecordingIsRefused) {
  MaskScene scene(BrightNoise(6), std::vector<FaceObservation>(3, SyntheticFace(kCentre, kFace)));
  ExpectDataError([&] { scene.Run("black_face", Json::object()); }, {"3", "6"});
}

TEST(FrameMaskers, SameInputGivesTheSameBytes) {
  MaskScene scene = StillScene();
  for (const char* type : {"gaussian_blur", "pixelate", "eye_bar"}) {
    scene.Run(type, Json::object());
    const std::string first = ReadFile(scene.job()->output);
    scene.Run(type, Json::object());
    EXPECT_EQ(first, ReadFile(scene.job()->output)) << type;
  }
}

TEST(FrameMasker, ChosenFramesAreMaskedAsTheyAreAmongAll) {
  MaskScene scene = StillScene(6);
  for (const char* type : {"original", "gaussian_blur", "periocular_crop"}) {
    SCOPED_TRACE(type);
    scene.job()->frames.clear();
    const std::vector<cv::Mat> all = scene.Masked(type);
    scene.job()->frames = {1, 2, 5};
    const std::vector<cv::Mat> chosen = scene.Masked(type);
    ASSERT_EQ(chosen.size(), 3u);
    EXPECT_EQ(cv::norm(chosen[0], all[1], cv::NORM_INF), 0);
    EXPECT_EQ(cv::norm(chosen[1], all[2], cv::NORM_INF), 0);
    EXPECT_EQ(cv::norm(chosen[2], all[5], cv::NORM_INF), 0);
    EXPECT_GT(cv::norm(chosen[0], chosen[1], cv::NORM_INF), 0);
    // The same from pictures that were read before.
    const std::vector<cv::Mat> pictures = {scene.frames()[1], scene.frames()[2], scene.frames()[5]};
    scene.job()->pictures = [&]() -> const std::vector<cv::Mat>& { return pictures; };
    const std::vector<cv::Mat> again = scene.Masked(type);
    ASSERT_EQ(again.size(), 3u);
    for (size_t k = 0; k < 3; ++k) EXPECT_EQ(cv::norm(again[k], chosen[k], cv::NORM_INF), 0);
    scene.job()->pictures = nullptr;
  }
}

TEST(FrameMasker, ACropSaysWhichPartOfTheFrameItShows) {
  MaskScene scene = StillScene(2);
  const MaskReport report = scene.Run("periocular_crop", Json::object());
  ASSERT_EQ(report.origins_px.size(), 2u);
  const cv::Mat crop = ReadAll(scene.job()->output)[0];
  // A whole pixel of the crop is the frame's at that place, as far as the shift is a whole one.
  const cv::Point2f origin = report.origins_px[0];
  cv::Mat shifted;
  cv::warpAffine(scene.frames()[0], shifted, cv::Matx23d(1, 0, origin.x, 0, 1, origin.y),
                 crop.size(), cv::INTER_CUBIC | cv::WARP_INVERSE_MAP);
  EXPECT_LE(cv::norm(crop, shifted, cv::NORM_INF), 1);
  // The eyes, between which the scene's centre lies a tenth of the face's width below.
  EXPECT_NEAR(origin.x + static_cast<float>(crop.cols - 1) / 2, kCentre.x, 0.01);
  EXPECT_NEAR(origin.y + static_cast<float>(crop.rows - 1) / 2, kCentre.y - 0.1 * kFace, 0.01);
  EXPECT_TRUE(scene.Run("gaussian_blur", Json::object()).origins_px.empty());
}

}  // namespace
}  // namespace maskbench
