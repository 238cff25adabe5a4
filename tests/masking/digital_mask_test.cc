// The digital mask from a recording to its delivered file.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "maskbench/core/files.h"
#include "maskbench/masking/mask_renderer.h"
#include "maskbench/masking/mask_video.h"
#include "maskbench/masking/reconstructor.h"
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

  MaskReport Mask(const Json& options, const fs::path& output, bool with_track = true) {
    MaskJob job = Clip::Get().Job(output);
    if (!with_track) job.track.clear();
    job.after_frame = [this] { ++frames_done_; };
    return Mask("digital_mask", options, job);
  }
  MaskReport Mask(const std::string& type, const Json& options, const MaskJob& job) {
    Problems problems;
    const Json complete = registry_.Complete(type, options, "", &problems);
    problems.ThrowIfAny(type);
    Masker::Context context;
    context.delivery.codec = "ffv1";
    context.networks = &Clip::Get().networks();
    return registry_.Make({type, type, complete}, context)->Mask(job);
  }
  /// The reconstruction that a variant with these options asks for.
  fs::path Reconstruct(const Json& options) {
    Problems problems;
    const Json complete = registry_.Complete("digital_mask", options, "", &problems);
    const auto wanted = registry_.Info("digital_mask").reconstruction(complete);
    Registry<Reconstructor> reconstructors("reconstruction");
    RegisterReconstructors(&reconstructors);
    const MaskJob job = Clip::Get().Job("");
    const Json all = reconstructors.Complete(wanted->type, wanted->options, "", &problems);
    reconstructors.Make({wanted->type, wanted->type, all}, {&Clip::Get().networks()})
        ->Reconstruct({job.recording, job.track, Path("made.msgpack")});
    return Path("made.msgpack");
  }
  fs::path Path(const std::string& name) const { return folder_.path() / name; }

  TemporaryFolder folder_;
  Registry<Masker> registry_;
  int frames_done_ = 0;
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

TEST_F(DigitalMaskTest, PrivateFaceStandsInTheFileAndItsSecretNowhere) {
  const std::string secret = "open sesame, said the cave";
  WriteFileAtomically(Path("secret"), secret + "\n");
  const auto mask = [&](Json options, const std::string& name) {
    options["parameters"] = Path(name + ".mask").string();
    options["policy"] = "private";
    const MaskReport report = Mask(options, Path(name + ".mkv"));
    for (const std::string& text :
         {ReadFile(Path(name + ".mask")), ReadFile(Path(name + ".mkv")), report.notes.dump()}) {
      EXPECT_EQ(text.find("sesame"), std::string::npos) << name;
      EXPECT_EQ(text.find("fingerprint"), std::string::npos) << name;
    }
    return ReadMaskParameters(Path(name + ".mask"));
  };
  const MaskParameters text = mask({{"secret", secret}}, "t"),
                       file = mask({{"secret_file", Path("secret").string()}}, "p"),
                       other = mask({{"secret", "another one altogether"}}, "o");
  EXPECT_EQ(text.header.policy, "private");
  EXPECT_EQ(text.header.identity.size(), 40u);
  EXPECT_EQ(text.header.identity, file.header.identity);
  EXPECT_NE(text.header.identity, other.header.identity);
  EXPECT_TRUE(ReadFile(Path("t.mkv")) == ReadFile(Path("p.mkv")));
  // Nothing but the face is another one.
  ASSERT_EQ(text.frames.size(), other.frames.size());
  for (size_t i = 0; i < text.frames.size(); ++i) {
    EXPECT_EQ(text.frames[i].eyes[0].mrd1_mm, other.frames[i].eyes[0].mrd1_mm);
    EXPECT_EQ(text.frames[i].eyes[1].azimuth_deg, other.frames[i].eyes[1].azimuth_deg);
    EXPECT_EQ(text.frames[i].yaw_deg, other.frames[i].yaw_deg);
  }
  // Options as they are stored.
  Problems problems;
  const Json complete = registry_.Complete(
      "digital_mask", {{"policy", "private"}, {"secret", secret}}, "", &problems);
  EXPECT_TRUE(problems.empty());
  EXPECT_EQ(complete.dump().find("sesame"), std::string::npos);
  EXPECT_EQ(complete.at("secret").get<std::string>().rfind("fingerprint:", 0), 0u);

  EXPECT_THROW(Mask({{"policy", "private"}}, Path("d.mkv")), UsageError);
  EXPECT_THROW(Mask({{"secret", secret}}, Path("d.mkv")), UsageError);
  EXPECT_THROW(Mask({{"policy", "private"}, {"secret", "short"}}, Path("d.mkv")), UsageError);
  ExpectDataError(
      [&] {
        Mask({{"policy", "private"}, {"secret", secret}, {"scope", "patient"}}, Path("d.mkv"));
      },
      {"whose recording"});
}

TEST_F(DigitalMaskTest, PoliciesAndSwitchesReachTheParameters) {
  const auto mask = [&](Json options, const std::string& name) {
    options["parameters"] = Path(name + ".mask").string();
    const MaskReport report = Mask(options, Path(name + ".mkv"));
    if (options["policy"] == "k_same") {
      EXPECT_EQ(report.notes.at("face").at("gallery_people"), 1000);
    }
    return ReadMaskParameters(Path(name + ".mask"));
  };
  const MaskParameters fitted = mask({{"policy", "fitted"}}, "f");
  const MaskParameters truncated =
      mask({{"policy", "truncated"}, {"identity_dimensions", 3}, {"pose", "frontal"}}, "t");
  EXPECT_EQ(truncated.header.policy, "truncated");
  ASSERT_EQ(truncated.header.identity.size(), 3u);
  for (size_t k = 0; k < 3; ++k) EXPECT_EQ(truncated.header.identity[k], fitted.header.identity[k]);
  EXPECT_EQ(truncated.header.scale, fitted.header.scale);
  const MaskParameters k_same =
      mask({{"policy", "k_same"}, {"k", 50}, {"eye_spacing", "mean"}}, "k");
  EXPECT_EQ(k_same.header.policy, "k_same");
  EXPECT_FALSE(k_same.header.identity.empty());
  EXPECT_NE(k_same.header.identity, fitted.header.identity);
  const MaskParameters spaced = mask({{"eye_spacing", "patient"}}, "s");
  EXPECT_TRUE(spaced.header.identity.empty());
  EXPECT_NE(spaced.header.scale, 1);
  EXPECT_NEAR(spaced.header.scale, 1, 0.15);
  for (size_t i = 0; i < fitted.frames.size(); ++i) {
    for (size_t e = 0; e < 2; ++e) {
      EXPECT_EQ(truncated.frames[i].eyes[e].mrd1_mm, fitted.frames[i].eyes[e].mrd1_mm);
      EXPECT_EQ(k_same.frames[i].eyes[e].mrd1_mm, fitted.frames[i].eyes[e].mrd1_mm);
      EXPECT_EQ(spaced.frames[i].eyes[e].elevation_deg, fitted.frames[i].eyes[e].elevation_deg);
    }
    EXPECT_EQ(truncated.frames[i].yaw_deg, 0);
    EXPECT_EQ(k_same.frames[i].yaw_deg, fitted.frames[i].yaw_deg);
  }
  EXPECT_NE(fitted.frames.back().yaw_deg, 0);
  EXPECT_THROW(Mask({{"pose", "sideways"}}, Path("d.mkv")), UsageError);
  EXPECT_THROW(Mask({{"identity_dimensions", 41}}, Path("d.mkv")), UsageError);
  EXPECT_THROW(Mask({{"policy", "k_same"}, {"k", 1}}, Path("d.mkv")), UsageError);
  EXPECT_THROW(Mask({{"policy", "k_same"}, {"gallery", "/nowhere.json"}}, Path("d.mkv")),
               UsageError);
}

TEST_F(DigitalMaskTest, CausalModeDrawsTheSameFramesAsItsFile) {
  const MaskReport report =
      Mask({{"parameters", Path("a.mask").string()}, {"mode", "causal"}, {"latency_frames", 2}},
           Path("a.mkv"));
  EXPECT_EQ(report.frames, kFrames);
  const MaskParameters parameters = ReadMaskParameters(Path("a.mask"));
  EXPECT_EQ(parameters.header.mode, MaskMode::kCausal);
  EXPECT_EQ(parameters.header.latency_frames, 2);
  // Calibrated after a quarter of a second; the face is gone by then and comes back.
  EXPECT_EQ(report.notes.at("calibrations").get<int>(), 1);
  EXPECT_EQ(report.notes.at("frames_before_calibration").get<int>(), kSeen);
  EXPECT_EQ(report.notes.at("latency_s").get<double>(), 0.08);
  EXPECT_EQ(report.frames_blanked, kSeen + kGone);
  for (int i = 0; i < kFrames; ++i) {
    const MaskFrame& frame = parameters.frames[static_cast<size_t>(i)];
    EXPECT_EQ(frame.status, i < kSeen           ? MaskStatus::kStarting
                            : i < kSeen + kGone ? MaskStatus::kLost
                                                : MaskStatus::kSeen);
  }
  const MaskFrame& shown = parameters.frames[kSeen + kGone + 3];
  EXPECT_LT(shown.eyes[0].mrd1_mm, shown.eyes[1].mrd1_mm - 1);
  EXPECT_NEAR(shown.eyes[0].mrd1_mm, 2, 0.8);
  EXPECT_NEAR(shown.eyes[1].mrd1_mm, 4, 0.8);

  // The delivered video again, from the file alone.
  DeliveryOptions delivery;
  delivery.codec = "ffv1";
  MaskVideo(ModelsFolder()).Draw(ReadFile(Path("a.mask")), "a.mask", Path("b.mkv"), delivery);
  EXPECT_TRUE(ReadFile(Path("a.mkv")) == ReadFile(Path("b.mkv")));
  EXPECT_EQ(fs::file_size(Path("a.mask")), report.notes.at("parameter_bytes").get<size_t>());

  Mask({{"parameters", Path("c.mask").string()}, {"mode", "causal"}, {"latency_frames", 2}},
       Path("c.mkv"));
  EXPECT_TRUE(ReadFile(Path("a.mkv")) == ReadFile(Path("c.mkv")));
  EXPECT_TRUE(ReadFile(Path("a.mask")) == ReadFile(Path("c.mask")));
}

TEST_F(DigitalMaskTest, CausalModeFindsTheSameFacesOnTheWay) {
  const Json causal = {{"mode", "causal"}, {"latency_frames", 2}};
  Mask(causal, Path("tracked.mkv"));
  frames_done_ = 0;
  Mask(causal, Path("alone.mkv"), false);
  EXPECT_EQ(frames_done_, kFrames);
  EXPECT_TRUE(ReadFile(Path("tracked.mkv")) == ReadFile(Path("alone.mkv")));
}

TEST_F(DigitalMaskTest, CausalModeWithoutAKnownFaceFailsWhereThePolicyNeedsIt) {
  // Too short to fit a face.
  ExpectDataError(
      [&] {
        Mask({{"mode", "causal"}, {"policy", "fitted"}}, Path("p.mkv"));
      },
      {"could not be fitted"});
}

// What variants share is measured, not chosen: masks are the same with it as without, whatever the
// policy, the stages and the switches.
TEST_F(DigitalMaskTest, ASharedReconstructionGivesTheSameMasks) {
  MaskJob shared = Clip::Get().Job(Path("shared.mkv"));
  shared.reconstruction = Reconstruct(Json::object());
  for (const Json& options :
       {Json::object(), Json{{"policy", "truncated"}, {"eye_spacing", "mean"}},
        Json{{"expression", false}, {"pose", "frontal"}, {"eye_spacing", "patient"}},
        Json{{"policy", "private"}, {"secret", "nobody may know"}, {"eyeball", false}}}) {
    SCOPED_TRACE(options.dump());
    Json keeping = options;
    keeping["parameters"] = Path("shared.mask").string();
    const MaskReport with = Mask("digital_mask", keeping, shared);
    keeping["parameters"] = Path("own.mask").string();
    const MaskReport without = Mask(keeping, Path("own.mkv"));
    EXPECT_TRUE(ReadFile(Path("shared.mask")) == ReadFile(Path("own.mask")));
    EXPECT_TRUE(ReadFile(Path("shared.mkv")) == ReadFile(Path("own.mkv")));
    EXPECT_EQ(with.notes, without.notes);
  }
  ExpectDataError(
      [&] {
        Mask("digital_mask", {{"model", "canonical468"}}, shared);
      },
      {"other options"});
}

TEST_F(DigitalMaskTest, OfflineVariantsAloneAskForAReconstruction) {
  const auto& wanted = registry_.Info("digital_mask").reconstruction;
  Problems problems;
  const auto of = [&](const Json& options) {
    return wanted(registry_.Complete("digital_mask", options, "", &problems));
  };
  EXPECT_EQ(of({{"policy", "fitted"}, {"pose", "frontal"}})->options, of(Json::object())->options);
  EXPECT_NE(of({{"model", "canonical468"}})->options, of(Json::object())->options);
  EXPECT_NE(of({{"camera_distance_mm", 500}})->options, of(Json::object())->options);
  EXPECT_FALSE(of({{"mode", "causal"}}).has_value());
}

TEST_F(DigitalMaskTest, ChosenFramesLookAsTheyDoInTheWholeVideo) {
  // Before the face is lost, while it fades, and after it came back.
  const std::vector<std::int64_t> frames = {0, 5, 8, 14, 21, 25};
  for (const auto& [type, options] :
       {std::pair("digital_mask", Json::object()), std::pair("unsafe_overlay", Json::object()),
        std::pair("digital_mask", Json{{"mode", "causal"}, {"latency_frames", 2}}),
        std::pair("unsafe_overlay", Json{{"mode", "causal"}, {"latency_frames", 2}})}) {
    SCOPED_TRACE(std::string(type) + options.dump());
    Mask(type, options, Clip::Get().Job(Path("all.mkv")));
    MaskJob job = Clip::Get().Job(Path("chosen.mkv"));
    job.frames = frames;
    const MaskReport report = Mask(type, options, job);
    EXPECT_EQ(report.frames, 6);
    const std::vector<cv::Mat> all = ReadAll(Path("all.mkv")), chosen = ReadAll(job.output);
    ASSERT_EQ(chosen.size(), frames.size());
    for (size_t k = 0; k < frames.size(); ++k) {
      EXPECT_EQ(cv::norm(chosen[k], all[static_cast<size_t>(frames[k])], cv::NORM_INF), 0) << k;
    }
    EXPECT_GT(cv::norm(chosen[0], chosen[5], cv::NORM_INF), 0);
  }
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
  for (const char* mode : {"offline", "causal"}) {
    const Json options = registry_.Complete("digital_mask", {{"mode", mode}}, "", &problems);
    ExpectDataError(
        [&] {
          registry_.Make({"digital_mask", "digital_mask", options}, context)->Mask(job);
        },
        {"no face"});
  }
}

}  // namespace
}  // namespace maskbench
