#include "maskbench/recognition/recogniser.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <vector>

#include <gmock/gmock.h>

#include "maskbench/core/files.h"
#include "maskbench/perception/face_track.h"
#include "maskbench/recognition/register_all.h"

#include "media/video_fixtures.h"
#include "nn/expect_error.h"

namespace maskbench {
namespace {

using testing::ElementsAre;
using testing::FloatNear;
using testing::IsEmpty;
using testing::Pointwise;

TEST(DescriptorDistance, EuclideanByHand) {
  EXPECT_DOUBLE_EQ(DescriptorDistance({1, 2, 2}, {1, 2, 2}, DescriptorMetric::kEuclidean), 0);
  EXPECT_DOUBLE_EQ(DescriptorDistance({0, 0}, {3, 4}, DescriptorMetric::kEuclidean), 5);
  EXPECT_DOUBLE_EQ(DescriptorDistance({0, 0}, {6, 8}, DescriptorMetric::kEuclidean), 10);
}

TEST(DescriptorDistance, CosineByHand) {
  EXPECT_NEAR(DescriptorDistance({1, 2}, {2, 4}, DescriptorMetric::kCosine), 0, 1e-15);
  EXPECT_DOUBLE_EQ(DescriptorDistance({1, 0}, {0, 5}, DescriptorMetric::kCosine), 1);
  EXPECT_DOUBLE_EQ(DescriptorDistance({1, 0}, {-3, 0}, DescriptorMetric::kCosine), 2);
  EXPECT_NEAR(DescriptorDistance({1, 0}, {1, 1}, DescriptorMetric::kCosine), 1 - std::sqrt(0.5),
              1e-15);
}

TEST(DescriptorDistance, OfNothingToEverythingIsOne) {
  EXPECT_EQ(DescriptorDistance({0, 0}, {1, 1}, DescriptorMetric::kCosine), 1);
}

TEST(DescriptorDistance, OfOtherSizesIsAnError) {
  ExpectDataError([] { DescriptorDistance({1}, {1, 2}, DescriptorMetric::kCosine); }, {"1", "2"});
}

TEST(MeanDescriptor, IsThePlainMeanForEuclidean) {
  EXPECT_THAT(MeanDescriptor({{1, 10}, {3, 30}}, DescriptorMetric::kEuclidean), ElementsAre(2, 20));
}

TEST(MeanDescriptor, WeighsDirectionsAlikeForCosine) {
  EXPECT_THAT(MeanDescriptor({{100, 0}, {0, 1}}, DescriptorMetric::kCosine), ElementsAre(0.5, 0.5));
  EXPECT_THAT(MeanDescriptor({{0, 0}, {0, 2}}, DescriptorMetric::kCosine), ElementsAre(0, 0.5));
}

/// Describes a frame by its grey level, so that descriptors tell which frames were taken.
class GrayRecogniser : public Recogniser {
 public:
  std::vector<float> Describe(const cv::Mat& bgr, const FaceObservation& face) override {
    return {static_cast<float>(cv::mean(bgr)[0] / 10), static_cast<float>(face.frame)};
  }
};

class RecogniserObserverTest : public testing::Test {
 protected:
  RecogniserObserverTest() : registry_("observer"), networks_(folder_.path()) {
    AddRecogniser(&registry_,
                  {{"gray", 1, "", {}}, DescriptorMetric::kEuclidean, [](const NetworkLibrary&) {
                     return std::make_unique<GrayRecogniser>();
                   }});
  }

  /// 25 frames of the grey levels 0, 10, …; a face is seen in `with_face`.
  /// @param carried  frames whose face was carried over from the original.
  Observations Observe(const std::vector<int>& with_face, const Json& options,
                       const std::vector<int>& carried = {}) {
    Recording recording{"r", folder_.path() / "video.mkv", {}};
    WriteLossless(recording.file, GrayFrames({32, 32}, 25));
    recording.info = ProbeMedia(recording.file);
    FaceTrackWriter track(folder_.path() / "track", recording.info);
    for (int i = 0; i < 25; ++i) {
      FaceObservation face;
      face.frame = i;
      const bool seen = std::count(with_face.begin(), with_face.end(), i) > 0;
      face.status = seen ? FaceStatus::kTracked : FaceStatus::kNone;
      if (std::count(carried.begin(), carried.end(), i) > 0) face.status = FaceStatus::kCarried;
      track.Write(face);
    }
    track.Finish();
    Problems problems;
    const ComponentChoice choice{"gray", "gray",
                                 registry_.Complete("gray", options, "", &problems)};
    return registry_.Make(choice, {&networks_})->Observe(recording, folder_.path() / "track");
  }

  static std::vector<int64_t> FramesOf(const Observations& observations) {
    std::vector<int64_t> frames;
    for (const Embedding& embedding : observations.embeddings) frames.push_back(embedding.frame);
    return frames;
  }

  TemporaryFolder folder_;
  Registry<Observer> registry_;
  NetworkLibrary networks_;
};

TEST_F(RecogniserObserverTest, TemplateIsTheMeanOfEvenlySpreadFrames) {
  std::vector<int> all(25);
  for (int i = 0; i < 25; ++i) all[i] = i;
  const Observations result = Observe(all, {{"template_frames", 5}});
  EXPECT_EQ(result.frames, 25);
  EXPECT_EQ(result.frames_with_face, 25);
  EXPECT_THAT(FramesOf(result), ElementsAre(2, 7, 12, 17, 22, Embedding::kTemplate));
  for (int i = 0; i < 5; ++i) {  // The frame, and what the track says of that same frame.
    const auto frame = static_cast<float>(result.embeddings[i].frame);
    EXPECT_THAT(result.embeddings[i].values, Pointwise(FloatNear(1e-3F), {frame, frame}));
  }
  EXPECT_THAT(result.embeddings[5].values, Pointwise(FloatNear(1e-3F), {12.0F, 12.0F}));
}

TEST_F(RecogniserObserverTest, CarriedLandmarksEnrolButAreNoFaceThatWasFound) {
  const Observations result = Observe({3}, {{"template_frames", 8}}, {4, 20});
  EXPECT_THAT(FramesOf(result), ElementsAre(3, 4, 20, Embedding::kTemplate));
  EXPECT_EQ(result.frames_with_face, 1);
  const Observations none = Observe({}, {{"min_frames", 2}}, {7});
  EXPECT_TRUE(none.embeddings.empty());
  EXPECT_EQ(none.frames_with_face, 0);
}

TEST_F(RecogniserObserverTest, OnlyFramesWithAFaceAreTaken) {
  const Observations result = Observe({3, 4, 20}, {{"template_frames", 8}});
  EXPECT_THAT(FramesOf(result), ElementsAre(3, 4, 20, Embedding::kTemplate));
  EXPECT_THAT(result.embeddings[2].values, Pointwise(FloatNear(1e-3F), {20.0F, 20.0F}));
}

TEST_F(RecogniserObserverTest, TooFewFacesEnrolNobody) {
  EXPECT_THAT(Observe({}, Json::object()).embeddings, IsEmpty());
  const Observations result = Observe({3, 4}, {{"min_frames", 3}});
  EXPECT_THAT(result.embeddings, IsEmpty());
  EXPECT_EQ(result.frames_with_face, 2);
}

TEST_F(RecogniserObserverTest, MetricIsKnownByType) {
  EXPECT_EQ(MetricOf("gray"), DescriptorMetric::kEuclidean);
  EXPECT_EQ(MetricOf("nobody"), std::nullopt);
  Registry<Observer> all("observer");
  RegisterRecognisers(&all);
  EXPECT_THAT(all.Types(), ElementsAre("dlib_resnet", "emotion", "faceres", "mobileface",
                                       "npy_descriptors", "periocular", "torchscript"));
  EXPECT_EQ(MetricOf("dlib_resnet"), DescriptorMetric::kEuclidean);
  EXPECT_EQ(MetricOf("faceres"), DescriptorMetric::kCosine);
  // Where an option decides, the choice has to be asked.
  EXPECT_EQ(MetricOf("torchscript"), DescriptorMetric::kCosine);
  EXPECT_EQ(MetricOf(ComponentChoice{"torchscript", "mine", {{"metric", "euclidean"}}}),
            DescriptorMetric::kEuclidean);
  EXPECT_EQ(MetricOf(ComponentChoice{"faceres", "mine", {{"metric", "euclidean"}}}),
            DescriptorMetric::kCosine);
  EXPECT_EQ(MetricOf(ComponentChoice{"nobody", "mine", Json::object()}), std::nullopt);
}

}  // namespace
}  // namespace maskbench
