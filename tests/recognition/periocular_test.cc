// The observer that looks at the eyes alone.
#include <cmath>

#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

#include "maskbench/core/files.h"
#include "maskbench/perception/face_track.h"
#include "maskbench/recognition/recogniser.h"
#include "maskbench/recognition/register_all.h"

#include "media/video_fixtures.h"

namespace maskbench {
namespace {

constexpr int kWidth = 400, kHeight = 300;

struct Picture {
  cv::Mat bgr;
  FaceObservation face;
};

/// Two drawn eyes, each 50 px from corner to corner. @param opening_px  of the lids.
Picture Draw(double opening_px, double turn_deg = 0, double scale = 1, int level = 60) {
  Picture picture;
  picture.bgr = cv::Mat(kHeight, kWidth, CV_8UC3, cv::Scalar::all(level + 90));
  const cv::Point2d middle(200, 150);
  const double angle = turn_deg * CV_PI / 180;
  const auto place = [&](double x, double y) {
    return middle + scale * cv::Point2d(std::cos(angle) * x - std::sin(angle) * y,
                                        std::sin(angle) * x + std::cos(angle) * y);
  };
  for (const double side : {-1.0, 1.0}) {
    const cv::Point2d eye = place(60 * side, 0);
    cv::ellipse(
        picture.bgr,
        cv::RotatedRect(
            eye, cv::Size2f(static_cast<float>(50 * scale), static_cast<float>(opening_px * scale)),
            static_cast<float>(turn_deg)),
        cv::Scalar::all(level + 160), cv::FILLED, cv::LINE_AA);
    cv::circle(picture.bgr, eye, static_cast<int>(std::lround(8 * scale)), cv::Scalar::all(level),
               cv::FILLED, cv::LINE_AA);
  }
  picture.face.status = FaceStatus::kTracked;
  const auto set = [&](int point, double x) {
    const cv::Point2d at = place(x, 0);
    picture.face.mesh[static_cast<size_t>(point)] = {static_cast<float>(at.x),
                                                     static_cast<float>(at.y), 0};
  };
  set(mesh::kRightEyeOuter, -85);
  set(mesh::kRightEyeInner, -35);
  set(mesh::kLeftEyeInner, 35);
  set(mesh::kLeftEyeOuter, 85);
  return picture;
}

class PeriocularTest : public testing::Test {
 protected:
  PeriocularTest() : registry_("observer"), networks_(folder_.path()) {
    RegisterRecognisers(&registry_);
  }

  std::vector<float> Describe(const Picture& picture) {
    Recording recording{"r", folder_.path() / "video.mkv", {}};
    WriteLossless(recording.file, {picture.bgr});
    recording.info = ProbeMedia(recording.file);
    FaceTrackWriter track(folder_.path() / "track", recording.info);
    track.Write(picture.face);
    track.Finish();
    Problems problems;
    const ComponentChoice choice{"periocular", "p",
                                 registry_.Complete("periocular", Json::object(), "", &problems)};
    const Observations seen =
        registry_.Make(choice, {&networks_})->Observe(recording, folder_.path() / "track");
    EXPECT_EQ(seen.embeddings.size(), 2U);
    return seen.embeddings.back().values;
  }

  TemporaryFolder folder_;
  Registry<Observer> registry_;
  NetworkLibrary networks_;
};

double Cosine(const std::vector<float>& a, const std::vector<float>& b) {
  return 1 - DescriptorDistance(a, b, DescriptorMetric::kCosine);
}

TEST_F(PeriocularTest, SeesTheLidsAndNothingBeyondTheEyes) {
  EXPECT_EQ(KindOf("periocular"), DescriptorKind::kEyeRegion);
  EXPECT_EQ(KindOf("dlib_resnet"), DescriptorKind::kFace);
  const std::vector<float> open = Describe(Draw(24));
  EXPECT_EQ(open.size(), 1536U);
  EXPECT_LT(Cosine(open, Describe(Draw(10))), 0.9);
  // A mouth, a beard and a hat are not seen: crops reach 85 px · 0.57 from the eyes' middle.
  Picture hairy = Draw(24);
  cv::rectangle(hairy.bgr, cv::Rect(0, 210, kWidth, 90), cv::Scalar(10, 80, 200), cv::FILLED);
  cv::rectangle(hairy.bgr, cv::Rect(0, 0, kWidth, 80), cv::Scalar(200, 10, 10), cv::FILLED);
  EXPECT_GT(Cosine(open, Describe(hairy)), 0.9999);
}

TEST_F(PeriocularTest, PlaceTurnSizeAndLightMatterLittle) {
  const std::vector<float> straight = Describe(Draw(24));
  EXPECT_GT(Cosine(straight, Describe(Draw(24, 15))), 0.93);
  EXPECT_GT(Cosine(straight, Describe(Draw(24, 0, 1.3))), 0.93);
  EXPECT_GT(Cosine(straight, Describe(Draw(24, 0, 1, 80))), 0.99);
}

TEST_F(PeriocularTest, EachEyeHasItsOwnHalf) {
  Picture winking = Draw(24);
  cv::rectangle(winking.bgr, cv::Rect(110, 120, 60, 60), cv::Scalar::all(150), cv::FILLED);
  const std::vector<float> open = Describe(Draw(24)), wink = Describe(winking);
  const auto half = static_cast<std::ptrdiff_t>(open.size() / 2);
  const std::vector<float> left(open.begin() + half, open.end()),
      left_again(wink.begin() + half, wink.end()), right(open.begin(), open.begin() + half),
      right_again(wink.begin(), wink.begin() + half);
  EXPECT_GT(Cosine(left, left_again), 0.9999);
  EXPECT_LT(Cosine(right, right_again), 0.8);
}

}  // namespace
}  // namespace maskbench
