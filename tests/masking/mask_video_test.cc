// Videos from parameters alone; the overlay; the oracle as a method.
#include "maskbench/masking/mask_video.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "maskbench/core/files.h"
#include "maskbench/masking/mask_overlay.h"
#include "maskbench/masking/mask_renderer.h"
#include "maskbench/masking/register_all.h"

#include "masking/mask_fixtures.h"
#include "media/video_fixtures.h"
#include "nn/expect_error.h"

namespace maskbench {
namespace {
namespace fs = std::filesystem;

/// Five frames: two that differ, one held, one fading, one blank.
MaskParameters FiveFrames() {
  MaskParameters parameters;
  parameters.header = TestMaskHeader();
  parameters.frames.assign(5, TestMaskFrame());
  parameters.frames[1].yaw_deg = 12;
  parameters.frames[1].eyes[1].status = MaskEyeStatus::kNotSeen;
  parameters.frames[2].status = MaskStatus::kHeld;
  parameters.frames[3].status = MaskStatus::kLost;
  parameters.frames[3].opacity = 0.5;
  parameters.frames[4].status = MaskStatus::kLost;
  parameters.frames[4].opacity = 0;
  return parameters;
}

class MaskVideoTest : public testing::Test {
 protected:
  fs::path Path(const std::string& name) const { return folder_.path() / name; }
  static DeliveryOptions Lossless() {
    DeliveryOptions delivery;
    delivery.codec = "ffv1";
    return delivery;
  }

  TemporaryFolder folder_;
  MaskVideo video_{ModelsFolder()};
};

TEST_F(MaskVideoTest, EqualBytesGiveEqualVideosWhateverWasDrawnBefore) {
  const std::string bytes = SerialiseMaskParameters(FiveFrames());
  const MaskReport report = video_.Draw(bytes, "a", Path("a.mp4"), {});
  EXPECT_EQ(report.frames, 5);
  EXPECT_EQ(report.frames_blanked, 2);
  EXPECT_EQ(report.notes.at("frames_held"), 1);
  EXPECT_EQ(report.notes.at("left").at("frames_not_seen"), 1);
  EXPECT_EQ(report.notes.at("parameter_bytes"), bytes.size());

  // Another face and back: what is kept between videos must not show.
  MaskParameters other = FiveFrames();
  other.header.model = "canonical468";
  video_.Draw(SerialiseMaskParameters(other), "b", Path("b.mp4"), {});
  int drawn = 0;
  video_.Draw(bytes, "c", Path("c.mp4"), {},
              [&](const MaskFace&, const MaskHeader&, const MaskFrame&, cv::Mat*) { ++drawn; });
  EXPECT_EQ(drawn, 5);
  EXPECT_TRUE(ReadFile(Path("a.mp4")) == ReadFile(Path("c.mp4")));
  EXPECT_FALSE(ReadFile(Path("a.mp4")) == ReadFile(Path("b.mp4")));
}

TEST_F(MaskVideoTest, BadBytesAndMissingModelsAreOneSentence) {
  std::string bytes = SerialiseMaskParameters(FiveFrames());
  ExpectDataError([&] { MaskVideo(Path("nowhere")).Draw(bytes, "kept.mask", Path("a.mp4"), {}); },
                  {"nowhere"});
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  ExpectDataError([&] { video_.Draw(bytes, "kept.mask", Path("a.mp4"), {}); }, {"kept.mask"});
  EXPECT_FALSE(fs::exists(Path("a.mp4")));
}

TEST_F(MaskVideoTest, KeepsParametersInAFileOrAFolder) {
  MaskVideo::Keep("bytes", "", "r1");
  MaskVideo::Keep("bytes", Path("one.mask").string(), "r1");
  MaskVideo::Keep("bytes", folder_.path().string(), "r1");
  EXPECT_EQ(ReadFile(Path("one.mask")), "bytes");
  EXPECT_EQ(ReadFile(Path("r1.mask")), "bytes");
}

TEST_F(MaskVideoTest, OverlayShowsTheMaskInsideItsFaceAndThePatientOutside) {
  const MaskParameters parameters = FiveFrames();
  const std::vector<cv::Mat> originals = NoiseFrames(parameters.header.picture_px, 5);
  WriteLossless(Path("in.mkv"), originals);
  MaskOverlay overlay({"r1", Path("in.mkv"), ProbeMedia(Path("in.mkv"))});
  video_.Draw(SerialiseMaskParameters(parameters), "a", Path("out.mkv"), Lossless(),
              overlay.AfterFrame());
  const std::vector<cv::Mat> shown = ReadAll(Path("out.mkv"));
  ASSERT_EQ(shown.size(), 5u);
  MaskRenderer renderer(TestMaskFace(), parameters.header);
  for (size_t i = 0; i < 3; ++i) {
    SCOPED_TRACE(i);
    const cv::Mat share = MaskFaceShare(TestMaskFace(), parameters.header, parameters.frames[i]);
    cv::Mat mask;
    renderer.Draw(parameters.frames[i], &mask);
    int inside = 0, outside = 0, edge = 0;
    for (int y = 0; y < share.rows; ++y) {
      for (int x = 0; x < share.cols; ++x) {
        const auto& pixel = shown[i].at<cv::Vec3b>(y, x);
        const int from_mask = share.at<std::uint8_t>(y, x);
        const cv::Vec3b &a = mask.at<cv::Vec3b>(y, x), &b = originals[i].at<cv::Vec3b>(y, x);
        if (from_mask == 255) {
          ++inside;
          ASSERT_EQ(pixel, a) << x << ", " << y;
        } else if (from_mask == 0) {
          ++outside;
          ASSERT_EQ(pixel, b) << x << ", " << y;
        } else {
          ++edge;
          for (int c = 0; c < 3; ++c) {
            EXPECT_LE(pixel[c], std::max(a[c], b[c]));
            EXPECT_GE(pixel[c], std::min(a[c], b[c]));
          }
        }
      }
    }
    // A face of about 140 mm by 170 mm at 1.6 px per mm, less its soft edge.
    EXPECT_GT(inside, 20000);
    EXPECT_GT(edge, 3000);
    EXPECT_GT(outside, 100000);
    // Both eyes are the mask's.
    EXPECT_EQ(share.at<std::uint8_t>(180, 240 - 51), 255);
    EXPECT_EQ(share.at<std::uint8_t>(180, 240 + 51), 255);
  }
  // A lost face leaves nothing of the patient.
  EXPECT_EQ(cv::norm(shown[3], cv::NORM_INF), 0);
  EXPECT_EQ(cv::norm(shown[4], cv::NORM_INF), 0);
}

TEST_F(MaskVideoTest, OverlayFadesInwardsAtThePicturesSides) {
  MaskParameters parameters = FiveFrames();
  MaskFrame& frame = parameters.frames[0];
  frame.place_px = {20, 100};
  const cv::Mat share = MaskFaceShare(TestMaskFace(), parameters.header, frame);
  // The face goes on beyond the picture: there is no soft edge there.
  EXPECT_EQ(share.at<std::uint8_t>(100, 0), 255);
  frame.place_px = {-5000, 100};
  EXPECT_EQ(cv::countNonZero(MaskFaceShare(TestMaskFace(), parameters.header, frame)), 0);
}

TEST_F(MaskVideoTest, OverlayRefusesFramesThatDoNotFit) {
  const std::string bytes = SerialiseMaskParameters(FiveFrames());
  for (const auto& [size, count, part] : {std::tuple(cv::Size(480, 360), 4, "ends after 4 frames"),
                                          std::tuple(cv::Size(640, 360), 5, "640 × 360")}) {
    WriteLossless(Path("short.mkv"), GrayFrames(size, count));
    MaskOverlay overlay({"r1", Path("short.mkv"), ProbeMedia(Path("short.mkv"))});
    ExpectDataError(
        [&] { video_.Draw(bytes, "a", Path("out.mkv"), Lossless(), overlay.AfterFrame()); },
        {part});
  }
}

TEST(OracleMask, IsTheOnlyMethodThatIsGivenTheTruthAndRefusesWithoutIt) {
  Registry<Masker> registry("masking method");
  RegisterMaskers(&registry);
  for (const std::string& type : registry.Types())
    EXPECT_EQ(registry.Info(type).needs_truth, type == "oracle_mask") << type;
  EXPECT_EQ(registry.Info("oracle_mask").summary.rfind("ORACLE", 0), 0u);
  EXPECT_EQ(registry.Info("unsafe_overlay").summary.rfind("UNSAFE", 0), 0u);

  const TemporaryFolder folder;
  const fs::path video = folder.path() / "in.mkv";
  WriteLossless(video, GrayFrames({64, 48}, 3));
  Problems problems;
  const Json options = registry.Complete("oracle_mask", Json::object(), "", &problems);
  const NetworkLibrary networks(ModelsFolder());
  Masker::Context context;
  context.networks = &networks;
  const std::unique_ptr<Masker> masker =
      registry.Make({"oracle_mask", "oracle_mask", options}, context);
  MaskJob job;
  job.recording = {"r7", video, ProbeMedia(video)};
  job.output = folder.path() / "out.mp4";
  ExpectDataError([&] { masker->Mask(job); }, {"no truth"});
  job.truth = folder.path() / "truth.msgpack";
  WriteFileAtomically(*job.truth, "something else");
  ExpectDataError([&] { masker->Mask(job); }, {"truth of r7"});
  EXPECT_FALSE(fs::exists(job.output));
}

}  // namespace
}  // namespace maskbench
