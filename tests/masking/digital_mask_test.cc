// The digital mask from a recording to its delivered file.
#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "maskbench/core/files.h"
#include "maskbench/masking/mask_renderer.h"
#include "maskbench/masking/register_all.h"
#include "maskbench/perception/face_track.h"
#include "maskbench/perception/face_tracker.h"
#include "maskbench/render/sensor.h"

#include "masking/mask_fixtures.h"
#include "media/video_fixtures.h"
#include "nn/expect_error.h"
#include "render/test_person.h"

namespace maskbench {
namespace {
namespace fs = std::filesystem;

constexpr int kSeen = 6, kGone = 14, kFrames = 2 * kSeen + kGone;

/// A rendered patient with a drooping right lid, who leaves the picture for a while.
class Clip {
 public:
  static const Clip& Get() {
    static const Clip clip;
    return clip;
  }
  MaskJob Job(const fs::path& output) const {
    MaskJob job;
    job.recording = {"r1", folder_.path() / "recording.mkv",
                     ProbeMedia(folder_.path() / "recording.mkv")};
    job.track = folder_.path() / "track";
    job.output = output;
    return job;
  }
  const NetworkLibrary& networks() const { return networks_; }

 private:
  Clip() : networks_(ModelsFolder()) {
    const std::unique_ptr<Actor> patient = TestPeople::Get().Make(4);
    Scene scene = TestScene();
    scene.camera.width_px = 480;
    scene.camera.height_px = 360;
    scene.camera.focal_px = 950;
    scene.camera.principal_px = {239.5, 179.5};
    std::vector<cv::Mat> frames;
    for (int i = 0; i < kFrames; ++i) {
      if (i >= kSeen && i < kSeen + kGone) {
        frames.push_back(Gray({480, 360}, 90));
        continue;
      }
      ActorPose pose;
      pose.head = Pose::OfHead(0.5 * i, 0, 0, {0, 5, 600});
      for (const Side side : kSides) {
        const size_t s = static_cast<size_t>(side);
        patient->Fixate(side, {5.0 * i, 0, 0}, &pose);
        pose.lids[s] = patient->RestingLids(side);
        pose.lids[s] = patient->Lids(side, pose, side == Side::kRight ? 2.0 : 4.0, 5.0, {0, 0, 0});
      }
      Scene shot = scene;
      patient->AddTo(pose, patient->Pose(pose), &shot);
      frames.push_back(Develop(Renderer().Render(shot).linear, SensorRecipe(), 1, i));
    }
    WriteLossless(folder_.path() / "recording.mkv", frames);
    FaceTracker tracker(networks_, {});
    FaceTrackWriter writer(folder_.path() / "track", ProbeMedia(folder_.path() / "recording.mkv"));
    for (const cv::Mat& frame : frames) writer.Write(tracker.Process(frame));
    writer.Finish();
  }

  TemporaryFolder folder_;
  NetworkLibrary networks_;
};

class DigitalMaskTest : public testing::Test {
 protected:
  DigitalMaskTest() : registry_("masking method") { RegisterMaskers(&registry_); }

  MaskReport Mask(const Json& options, const fs::path& output) {
    Problems problems;
    const Json complete = registry_.Complete("digital_mask", options, "", &problems);
    problems.ThrowIfAny("digital_mask");
    Masker::Context context;
    context.delivery.codec = "ffv1";
    context.networks = &Clip::Get().networks();
    return registry_.Make({"digital_mask", "digital_mask", complete}, context)
        ->Mask(Clip::Get().Job(output));
  }
  fs::path Path(const std::string& name) const { return folder_.path() / name; }

  TemporaryFolder folder_;
  Registry<Masker> registry_;
};

TEST_F(DigitalMaskTest, ShowsNothingButWhatTheParametersSay) {
  const MaskReport report = Mask({{"parameters", Path("a.mask").string()}}, Path("a.mkv"));
  EXPECT_EQ(report.frames, kFrames);
  // The delivered frames again, from the file alone.
  const MaskParameters parameters = ReadMaskParameters(Path("a.mask"));
  ASSERT_EQ(parameters.frames.size(), static_cast<size_t>(kFrames));
  const MaskFace face(parameters.header, ModelsFolder());
  MaskRenderer renderer(face, parameters.header);
  const std::vector<cv::Mat> delivered = ReadAll(Path("a.mkv"));
  ASSERT_EQ(delivered.size(), static_cast<size_t>(kFrames));
  cv::Mat drawn;
  for (size_t i = 0; i < kFrames; ++i) {
    renderer.Draw(parameters.frames[i], &drawn);
    EXPECT_EQ(cv::norm(drawn, delivered[i], cv::NORM_INF), 0) << i;
  }
  EXPECT_EQ(fs::file_size(Path("a.mask")), report.notes.at("parameter_bytes").get<size_t>());

  // What was lost is held for a quarter of a second, faded and counted.
  std::int64_t lost = 0, held = 0;
  for (const MaskFrame& frame : parameters.frames) {
    lost += frame.status == MaskStatus::kLost ? 1 : 0;
    held += frame.status == MaskStatus::kHeld ? 1 : 0;
  }
  EXPECT_EQ(held, 6);  // 0.25 s at 25 frames per second.
  EXPECT_EQ(lost, kGone - 6);
  EXPECT_EQ(report.frames_blanked, lost);
  EXPECT_EQ(report.notes.at("frames_held").get<std::int64_t>(), held);
  EXPECT_EQ(parameters.frames[kSeen + kGone - 1].opacity, 0);

  // The patient's signs, as far as a few frames let them be measured.
  const MaskFrame& shown = parameters.frames[kSeen / 2];
  EXPECT_LT(shown.eyes[0].mrd1_mm, shown.eyes[1].mrd1_mm - 1);
  EXPECT_NEAR(shown.eyes[0].mrd1_mm, 2, 0.8);
  EXPECT_NEAR(shown.eyes[1].mrd1_mm, 4, 0.8);
}

TEST_F(DigitalMaskTest, SameRecordingGivesTheSameBytes) {
  Mask(Json::object(), Path("a.mkv"));
  Mask({{"parameters", folder_.path().string()}}, Path("b.mkv"));
  EXPECT_TRUE(ReadFile(Path("a.mkv")) == ReadFile(Path("b.mkv")));
  EXPECT_TRUE(fs::exists(Path("r1.mask")));
}

TEST_F(DigitalMaskTest, OptionsReachTheParameters) {
  Mask({{"parameters", Path("c.mask").string()},
        {"model", "canonical468"},
        {"eyeball", false},
        {"camera_distance_mm", 500}},
       Path("c.mkv"));
  const MaskHeader header = ReadMaskParameters(Path("c.mask")).header;
  EXPECT_EQ(header.model, "canonical468");
  EXPECT_FALSE(header.stages.eyeball);
  EXPECT_TRUE(header.stages.eyelid);
  EXPECT_EQ(header.camera_distance_mm, 500);
  EXPECT_EQ(header.picture_px, cv::Size(480, 360));
  EXPECT_THROW(Mask({{"model", "mine"}}, Path("d.mkv")), UsageError);
}

TEST_F(DigitalMaskTest, PolicyAndExpressionsReachTheParameters) {
  const MaskReport usual = Mask({{"parameters", Path("e.mask").string()}}, Path("e.mkv"));
  const MaskHeader mean = ReadMaskParameters(Path("e.mask")).header;
  EXPECT_EQ(mean.policy, "mean");
  EXPECT_TRUE(mean.identity.empty());
  EXPECT_EQ(mean.scale, 1);
  EXPECT_FALSE(mean.expressions.empty());
  const Json& fit = usual.notes.at("face_fit");
  EXPECT_EQ(fit.at("frames_fitted").get<int>(), 2 * kSeen);
  EXPECT_GT(fit.at("reprojection_px_rms").get<double>(), 0.1);
  EXPECT_LT(fit.at("reprojection_px_rms").get<double>(), 5);

  const MaskReport still =
      Mask({{"parameters", Path("s.mask").string()}, {"expression", false}}, Path("s.mkv"));
  EXPECT_TRUE(ReadMaskParameters(Path("s.mask")).header.expressions.empty());
  EXPECT_FALSE(still.notes.contains("face_fit"));
  EXPECT_LT(still.notes.at("parameter_bytes"), usual.notes.at("parameter_bytes"));

  // The patient's shape changes the face, not what is measured of it.
  Mask({{"parameters", Path("f.mask").string()}, {"policy", "fitted"}}, Path("f.mkv"));
  const MaskParameters fitted = ReadMaskParameters(Path("f.mask"));
  EXPECT_EQ(fitted.header.policy, "fitted");
  EXPECT_FALSE(fitted.header.identity.empty());
  EXPECT_NEAR(fitted.header.scale, 1, 0.2);
  const MaskParameters other = ReadMaskParameters(Path("e.mask"));
  EXPECT_EQ(fitted.frames[2].eyes[0].mrd1_mm, other.frames[2].eyes[0].mrd1_mm);
  EXPECT_EQ(fitted.frames[2].expression, other.frames[2].expression);
  EXPECT_GT(cv::norm(ReadAll(Path("f.mkv"))[2], ReadAll(Path("e.mkv"))[2], cv::NORM_INF), 30);
  EXPECT_THROW(Mask({{"policy", "mine"}}, Path("d.mkv")), UsageError);
}

TEST_F(DigitalMaskTest, RecordingWithoutAFaceFails) {
  const fs::path video = Path("empty.mkv"), track = Path("empty.track");
  WriteLossless(video, GrayFrames({64, 48}, 4));
  {
    FaceTrackWriter writer(track, ProbeMedia(video));
    for (int i = 0; i < 4; ++i) writer.Write({});
    writer.Finish();
  }
  MaskJob job;
  job.recording = {"r2", video, ProbeMedia(video)};
  job.track = track;
  job.output = Path("none.mkv");
  Masker::Context context;
  context.networks = &Clip::Get().networks();
  Problems problems;
  const Json options = registry_.Complete("digital_mask", Json::object(), "", &problems);
  ExpectDataError(
      [&] {
        registry_.Make({"digital_mask", "digital_mask", options}, context)->Mask(job);
      },
      {"no face"});
}

}  // namespace
}  // namespace maskbench
