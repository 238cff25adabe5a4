// What a face seems to feel.
#include <gmock/gmock.h>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <torch/script.h>

#include "maskbench/core/files.h"
#include "maskbench/perception/face_track.h"
#include "maskbench/recognition/mood.h"
#include "maskbench/recognition/recogniser.h"
#include "maskbench/recognition/register_all.h"

#include "media/video_fixtures.h"
#include "nn/expect_error.h"

namespace maskbench {
namespace {

using testing::ElementsAre;
using testing::FloatNear;
using testing::Pointwise;

TEST(Mood, IsTheMostProbableOne) {
  EXPECT_EQ(MoodNames().size(), 7U);
  EXPECT_EQ(MoodNames()[3], "happy");
  EXPECT_EQ(MoodNames()[6], "neutral");
  EXPECT_EQ(MoodOf({0.1F, 0, 0.2F, 0.3F, 0.1F, 0.1F, 0.2F}), 3);
  EXPECT_EQ(MoodOf({0, 0, 0.4F, 0, 0, 0.1F, 0.5F}), 6);
  EXPECT_EQ(MoodOf({0, 0.5F, 0.5F, 0, 0, 0, 0}), 1);  // Of equals the first.
  ExpectDataError([] { MoodOf({1, 0, 0}); }, {"3", "7"});
}

TEST(Mood, PlaneByHand) {
  cv::Mat bgr(1, 5, CV_8UC3);
  bgr.at<cv::Vec3b>(0, 0) = {0, 0, 0};
  bgr.at<cv::Vec3b>(0, 1) = {255, 0, 0};
  bgr.at<cv::Vec3b>(0, 2) = {0, 255, 0};
  bgr.at<cv::Vec3b>(0, 3) = {0, 0, 255};
  bgr.at<cv::Vec3b>(0, 4) = {51, 102, 204};  // 0.2, 0.4 and 0.8.
  std::vector<float> plane(5);
  ToMoodPlane(bgr, plane.data());
  // 2 · (0.114 · 0.2 + 0.587 · 0.4 + 0.2989 · 0.8) − 1 = −0.00656.
  EXPECT_THAT(plane, Pointwise(FloatNear(1e-6F), {-1.0F, -0.772F, 0.174F, -0.4022F, -0.00656F}));
}

class EmotionObserverTest : public testing::Test {
 protected:
  EmotionObserverTest() : registry_("observer") { RegisterRecognisers(&registry_); }

  static FaceObservation FaceAt(float x, float y) {
    FaceObservation face;
    face.status = FaceStatus::kTracked;
    // 50 px wide and high. The eyes are level.
    for (size_t i = 0; i < face.mesh.size(); ++i) {
      face.mesh[i] = {x + 50.0F * static_cast<float>(i % 26) / 25,
                      y + 50.0F * static_cast<float>(i / 26) / 17, 0};
    }
    face.mesh[mesh::kRightEyeOuter] = {x + 10, y + 20, 0};
    face.mesh[mesh::kLeftEyeOuter] = {x + 40, y + 20, 0};
    return face;
  }

  /// What the observer says of these frames, each with the face at (50, 50), when the network is
  /// the function `body` of x, 1×1×64×64.
  Observations Observe(const std::vector<cv::Mat>& frames, const std::string& body) {
    torch::jit::Module module("network");
    module.define("def forward(self, x):\n    " + body + "\n");
    const std::filesystem::path file = folder_.path() / "network.pt";
    module.save(file.string());
    const NetworkLibrary networks(folder_.path(), {{"emotion", file}});
    Recording recording{"r", folder_.path() / "video.mkv", {}};
    WriteLossless(recording.file, frames);
    recording.info = ProbeMedia(recording.file);
    FaceTrackWriter track(folder_.path() / "track", recording.info);
    for (size_t i = 0; i < frames.size(); ++i) {
      FaceObservation face = FaceAt(50, 50);
      face.frame = static_cast<int64_t>(i);
      track.Write(face);
    }
    track.Finish();
    Problems problems;
    const ComponentChoice choice{"emotion", "mood",
                                 registry_.Complete("emotion", Json::object(), "", &problems)};
    return registry_.Make(choice, {&networks})->Observe(recording, folder_.path() / "track");
  }

  TemporaryFolder folder_;
  Registry<Observer> registry_;
};

/// Seven numbers of which the first are these.
std::string Seven(const std::string& numbers) {
  return "return torch.cat([" + numbers + ", torch.zeros([1, 7])], 1)[:, 0:7]";
}

TEST_F(EmotionObserverTest, GivesTheNetworkAGreyCropAndMeansItsAnswers) {
  std::vector<cv::Mat> frames;
  for (const int level : {51, 102, 204})
    frames.emplace_back(150, 150, CV_8UC3, cv::Scalar::all(level));
  const Observations seen = Observe(frames, Seven("torch.mean(x, [2, 3])"));
  ASSERT_EQ(seen.embeddings.size(), 4U);
  // 2 · 0.9999 · level / 255 − 1. H.264 or not, the fixture's video is lossless.
  const float expected[] = {-0.60004F, -0.20008F, 0.59984F};
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(seen.embeddings[i].frame, static_cast<int64_t>(i));
    EXPECT_NEAR(seen.embeddings[i].values[0], expected[i], 0.01);
  }
  EXPECT_EQ(seen.embeddings[3].frame, Embedding::kTemplate);
  // The plain mean, not one of directions.
  EXPECT_NEAR(seen.embeddings[3].values[0], -0.06676, 0.01);
  EXPECT_EQ(seen.embeddings[3].values.size(), 7U);
}

TEST_F(EmotionObserverTest, SeesAFifthMoreThanTheMeshAndNoMore) {
  // The face is from 50 to 100, so the crop from 45 to 105; its last but one pixel lies between the
  // frame's 103 and 104.
  cv::Mat frame(150, 150, CV_8UC3, cv::Scalar::all(0));
  cv::rectangle(frame, cv::Rect(45, 45, 60, 60), cv::Scalar::all(255), cv::FILLED);
  const std::string corners =
      "torch.cat([torch.mean(x, [2, 3]), x[:, :, 0, 0], x[:, :, 62, 62]], 1)";
  const Observations seen = Observe({frame}, Seven(corners));
  EXPECT_GT(seen.embeddings[0].values[0], 0.95F);
  cv::rectangle(frame, cv::Rect(47, 47, 56, 56), cv::Scalar::all(0), cv::FILLED);
  // Two of sixty pixels on each side are left: 1 − (56 / 60)² = 0.129 of the crop.
  const Observations edge = Observe({frame}, Seven(corners));
  EXPECT_NEAR(edge.embeddings[0].values[0], 2 * 0.129 - 1, 0.06);
  EXPECT_GT(edge.embeddings[0].values[1], 0.0F);
  EXPECT_GT(edge.embeddings[0].values[2], 0.0F);
}

TEST_F(EmotionObserverTest, IsNoRecogniser) {
  EXPECT_EQ(KindOf("emotion"), DescriptorKind::kMood);
  const ComponentInfo& info = registry_.Info("emotion");
  EXPECT_TRUE(info.takes_landmarks);
  EXPECT_TRUE(info.single_frames);
  EXPECT_THAT(info.networks, ElementsAre("emotion"));
}

}  // namespace
}  // namespace maskbench
