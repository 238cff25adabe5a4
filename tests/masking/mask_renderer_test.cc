// What the mask's face measures and shows for given parameters.
#include "maskbench/masking/mask_renderer.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "maskbench/render/renderer.h"

#include "masking/mask_fixtures.h"
#include "masking/mask_truth.h"

namespace maskbench {
namespace {

class MaskRendererTest : public testing::Test {
 protected:
  cv::Mat Draw(const MaskFrame& frame) {
    cv::Mat bgr;
    MaskRenderer(TestMaskFace(), header_).Draw(frame, &bgr);
    return bgr;
  }
  /// Mean of all channels in a square about a pixel.
  static double Mean(const cv::Mat& bgr, const Eigen::Vector2d& at, int half = 1) {
    const cv::Rect square(static_cast<int>(std::lround(at.x())) - half,
                          static_cast<int>(std::lround(at.y())) - half, 2 * half + 1, 2 * half + 1);
    const cv::Scalar mean = cv::mean(bgr(square));
    return (mean[0] + mean[1] + mean[2]) / 3;
  }
  static double Distance(const cv::Mat& a, const cv::Mat& b) {
    return cv::norm(a, b, cv::NORM_L1) / static_cast<double>(a.total() * 3);
  }

  MaskHeader header_ = TestMaskHeader();
};

TEST_F(MaskRendererTest, PupilsAreDarkWhereTheTruthHasThem) {
  for (const MaskFrame& frame : Poses()) {
    const MaskFace::Posed posed = TestMaskFace().Pose(header_, frame);
    const auto eyes = Truth(TestMaskFace(), posed);
    const cv::Mat bgr = Draw(frame);
    for (size_t s = 0; s < 2; ++s) {
      if (frame.eyes[s].mrd1_mm < 3) continue;
      // The reflex is bright and may fill much of the pupil.
      double darkest = 255;
      for (int dy = -2; dy <= 2; ++dy)
        for (int dx = -2; dx <= 2; ++dx)
          darkest =
              std::min(darkest, Mean(bgr, eyes[s].pupil.centre_px + Eigen::Vector2d(dx, dy), 0));
      EXPECT_LT(darkest, 60) << s << " at yaw " << frame.yaw_deg;
    }
  }
}

TEST_F(MaskRendererTest, PictureDependsOnNothingButTheFrame) {
  const std::vector<MaskFrame> frames = Poses();
  MaskRenderer forwards(TestMaskFace(), header_), backwards(TestMaskFace(), header_);
  std::vector<cv::Mat> first(frames.size()), second(frames.size());
  for (size_t i = 0; i < frames.size(); ++i) forwards.Draw(frames[i], &first[i]);
  for (size_t i = frames.size(); i-- > 0;) backwards.Draw(frames[i], &second[i]);
  for (size_t i = 0; i < frames.size(); ++i)
    EXPECT_EQ(cv::norm(first[i], second[i], cv::NORM_INF), 0) << i;
}

// Whoever changes what masks show must raise the version of digital_mask, then renew the picture
// (MASKBENCH_RENEW_GOLDEN=1 writes it). It holds means of squares, not bytes: vector instructions
// of another processor round elsewhere, which moves single pixels by a level or two.
TEST_F(MaskRendererTest, PicturesHaveNotChangedWithoutANewVersion) {
  constexpr int kSquarePx = 8;
  constexpr double kLevel = 256;  // Of the stored 16 bits.
  cv::Mat squares;
  for (const MaskFrame& frame : Poses()) {
    const cv::Mat bgr = Draw(frame);
    cv::Mat exact, shrunk;
    bgr.convertTo(exact, CV_32FC3);
    cv::resize(exact, shrunk, bgr.size() / kSquarePx, 0, 0, cv::INTER_AREA);
    shrunk.convertTo(shrunk, CV_16UC3, kLevel);
    squares.push_back(shrunk);
  }
  const std::string file = MASKBENCH_SOURCE_DIR "/tests/masking/golden_mask_squares.png";
  if (std::getenv("MASKBENCH_RENEW_GOLDEN") != nullptr) cv::imwrite(file, squares);
  const cv::Mat golden = cv::imread(file, cv::IMREAD_UNCHANGED);
  ASSERT_EQ(golden.size(), squares.size()) << file;
  ASSERT_EQ(golden.type(), squares.type()) << file;
  cv::Mat difference;
  cv::absdiff(squares, golden, difference);
  EXPECT_LT(cv::norm(difference, cv::NORM_INF) / kLevel, 0.1);
  EXPECT_LT(cv::norm(difference, cv::NORM_L1) / kLevel / static_cast<double>(golden.total() * 3),
            0.001);
}

TEST_F(MaskRendererTest, MirroredParametersGiveTheMirroredPicture) {
  for (const MaskFrame& frame : Poses()) {
    MaskFrame mirrored = frame;
    mirrored.yaw_deg = -frame.yaw_deg;
    mirrored.roll_deg = -frame.roll_deg;
    mirrored.place_px.x = header_.picture_px.width - 1 - frame.place_px.x;
    std::swap(mirrored.eyes[0], mirrored.eyes[1]);
    for (MaskEye& eye : mirrored.eyes) eye.azimuth_deg = -eye.azimuth_deg;
    cv::Mat flipped;
    cv::flip(Draw(mirrored), flipped, 1);
    const cv::Mat straight = Draw(frame);
    // Lashes and the fibres of the irises are not mirror images.
    EXPECT_LT(Distance(straight, flipped), 0.6);
    cv::Mat difference, blurred;
    cv::absdiff(straight, flipped, difference);
    cv::blur(difference, blurred, {15, 15});
    EXPECT_LT(cv::norm(blurred, cv::NORM_INF), 40);
    if (frame.yaw_deg != 0) {
      EXPECT_GT(Distance(straight, Draw(mirrored)), 3);
    }
  }
}

TEST_F(MaskRendererTest, EyeThatWasNotSeenTellsNothing) {
  const auto eyes = Truth(TestMaskFace(), TestMaskFace().Pose(header_, TestMaskFrame()));
  for (size_t s = 0; s < 2; ++s) {
    SCOPED_TRACE(s);
    MaskFrame frame = TestMaskFrame();
    frame.eyes[s].status = MaskEyeStatus::kNotSeen;
    const cv::Mat covered = Draw(frame);
    frame.eyes[s].azimuth_deg = 25;
    frame.eyes[s].mrd1_mm = -1;
    EXPECT_EQ(cv::norm(covered, Draw(frame), cv::NORM_INF), 0);
    // Even grey instead of iris and white; nor does anything show where the eye would begin.
    const cv::Rect square(static_cast<int>(eyes[s].iris.centre_px.x()) - 24,
                          static_cast<int>(eyes[s].iris.centre_px.y()) - 18, 48, 36);
    cv::Scalar mean, deviation;
    cv::meanStdDev(covered(square), mean, deviation);
    for (int c = 0; c < 3; ++c) EXPECT_LT(deviation[c], 4) << c;
    EXPECT_LT(std::abs(mean[0] - mean[2]), 4);
    // The other eye is as before.
    const cv::Rect other(s == 0 ? 245 : 0, 0, 235, 360);
    EXPECT_EQ(cv::norm(covered(other), Draw(TestMaskFrame())(other), cv::NORM_INF), 0);
  }
}

// A margin's place in the picture is what every reader of lids goes by.
TEST_F(MaskRendererTest, LidMarginsAreDrawnWhereTheyAreAndNothingHidesThem) {
  constexpr double kScale = 8;
  header_.picture_px = {760, 240};
  header_.focal_px = 650 * kScale;
  for (const double mrd1 : {0.5, 1.0, 2.0, 3.0, 4.0, 7.0}) {
    SCOPED_TRACE(mrd1);
    MaskFrame frame = TestMaskFrame();
    frame.px_per_mm = kScale;
    frame.place_px = {379.5, 100};
    for (MaskEye& eye : frame.eyes) eye.mrd1_mm = mrd1;
    const MaskFace::Posed posed = TestMaskFace().Pose(header_, frame);
    const auto eyes = Truth(TestMaskFace(), posed);
    cv::Mat blue_green_red[3];
    cv::split(Draw(frame), blue_green_red);
    const cv::Mat& red = blue_green_red[2];

    Scene scene;
    scene.camera = posed.camera;
    TestMaskFace().actor().AddTo(posed.pose, TestMaskFace().actor().Pose(posed.pose), &scene);
    RenderOptions options;
    options.labels = true;
    options.shadows = false;
    const RenderedFrame labelled = Renderer().Render(scene, options);
    int hidden = 0, looked = 0;
    for (const EyeFrameTruth& eye : eyes) {
      std::vector<double> errors_mm;
      for (size_t k = 2; k + 2 < eye.upper.size(); ++k) {
        const int x = static_cast<int>(std::lround(eye.upper[k].pixel.x()));
        const double upper = eye.upper[k].pixel.y(), lower = eye.lower[k].pixel.y();
        // Lashes in the opening, up to 1 mm from either margin.
        for (double mm = 0.2; mm < 1 && 2 * mm * kScale < lower - upper; mm += 0.1) {
          for (const double y : {upper + mm * kScale, lower - mm * kScale}) {
            ++looked;
            const auto part =
                static_cast<Part>(labelled.labels.at<std::uint8_t>(static_cast<int>(y), x));
            hidden += part == Part::kLash ? 1 : 0;
          }
        }
        // Skin is lighter than the iris: the place where the red of the column is half way.
        if (std::abs(eye.upper[k].pixel.x() - eye.iris.centre_px.x()) > 3 * kScale || mrd1 > 4)
          continue;
        const auto at = [&](double mm) {
          return static_cast<double>(
              red.at<std::uint8_t>(static_cast<int>(std::lround(upper + mm * kScale)), x));
        };
        const double half = 0.5 * (at(-0.6) + at(0.5));
        double edge = -0.6;
        while (edge < 0.5 && at(edge) > half) edge += 0.5 / kScale;
        errors_mm.push_back(edge);
      }
      if (errors_mm.empty()) continue;
      std::nth_element(errors_mm.begin(),
                       errors_mm.begin() + static_cast<std::ptrdiff_t>(errors_mm.size() / 2),
                       errors_mm.end());
      EXPECT_NEAR(errors_mm[errors_mm.size() / 2], 0, 0.12);
    }
    EXPECT_GT(looked, 200);
    EXPECT_LT(hidden, 0.01 * looked);
  }
}

// Brows tell of effort and of frowns; they must not tell of lids.
TEST_F(MaskRendererTest, LidsMoveNoBrow) {
  const cv::Rect brows(120, 100, 240, 56);  // Down to 14 mm over the pupils.
  const auto look = [&](double mrd1) {
    MaskFrame frame = TestMaskFrame();
    for (MaskEye& eye : frame.eyes) {
      eye.mrd1_mm = mrd1;
      eye.elevation_deg = mrd1 < 2 ? -20 : 0;
    }
    return Draw(frame)(brows).clone();
  };
  EXPECT_LT(Distance(look(5), look(0)), 1.5);
}

TEST_F(MaskRendererTest, ShutEyeShowsNoIris) {
  MaskFrame frame = TestMaskFrame();
  const auto eyes = Truth(TestMaskFace(), TestMaskFace().Pose(header_, frame));
  const Eigen::Vector2d iris = eyes[0].iris.centre_px + Eigen::Vector2d(3, 0);
  EXPECT_LT(Mean(Draw(frame), iris, 2), 90);
  frame.eyes[0].status = MaskEyeStatus::kShut;
  EXPECT_GT(Mean(Draw(frame), iris, 2), 100);
}

TEST_F(MaskRendererTest, LostFaceFadesToAnEmptyPicture) {
  MaskFrame frame = TestMaskFrame();
  const cv::Mat seen = Draw(frame);
  frame.status = MaskStatus::kHeld;
  const cv::Rect above(0, 0, 480, 300);  // A note stands below.
  EXPECT_EQ(cv::norm(seen(above), Draw(frame)(above), cv::NORM_INF), 0);
  EXPECT_GT(cv::norm(seen, Draw(frame), cv::NORM_INF), 0);
  frame.status = MaskStatus::kLost;
  double before = 1e9;
  for (const double opacity : {0.8, 0.4, 0.1}) {
    frame.opacity = opacity;
    cv::Mat gradient;
    cv::Laplacian(Draw(frame)(above), gradient, CV_32F);
    const double structure = cv::norm(gradient, cv::NORM_L2);
    EXPECT_LT(structure, before);
    before = structure;
  }
  frame.opacity = 0;
  const cv::Mat gone = Draw(frame)(above);
  cv::Scalar mean, deviation;
  cv::meanStdDev(gone, mean, deviation);
  EXPECT_EQ(cv::norm(deviation), 0);
  // Nothing of what was held is left.
  frame.eyes[0].mrd1_mm = 0;
  frame.place_px.x = 100;
  EXPECT_EQ(cv::norm(gone, Draw(frame)(above), cv::NORM_INF), 0);
}

TEST_F(MaskRendererTest, StagesActAloneAndTogether) {
  MaskFrame other = TestMaskFrame();
  for (MaskEye& eye : other.eyes) {
    eye.azimuth_deg = 15;
    eye.mrd1_mm = 2;
  }
  const auto change = [&] { return cv::norm(Draw(TestMaskFrame()), Draw(other), cv::NORM_INF); };
  EXPECT_GT(change(), 50);
  header_.stages = {false, false, true};
  EXPECT_EQ(change(), 0);
  header_.stages = {true, false, true};
  EXPECT_GT(change(), 50);
  // Without solving, measures of a face that looks up are not met.
  MaskFrame up = TestMaskFrame();
  for (MaskEye& eye : up.eyes) eye.elevation_deg = 20;
  header_.stages = {true, true, false};
  const auto eyes = Truth(TestMaskFace(), TestMaskFace().Pose(header_, up));
  EXPECT_GT(std::abs(eyes[0].measures.mrd1_mm - up.eyes[0].mrd1_mm), 0.5);
}

TEST_F(MaskRendererTest, LidsThatCannotBeReachedAreCountedAndDrawn) {
  MaskRenderer renderer(TestMaskFace(), header_);
  MaskFrame frame = TestMaskFrame();
  frame.eyes[0].mrd1_mm = 25;
  cv::Mat bgr;
  renderer.Draw(frame, &bgr);
  EXPECT_EQ(renderer.unreached()[0], 1);
  EXPECT_EQ(renderer.unreached()[1], 0);
  EXPECT_GT(cv::norm(bgr, Draw(TestMaskFrame()), cv::NORM_INF), 20);
}

}  // namespace
}  // namespace maskbench
