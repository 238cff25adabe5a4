// Who is given the truth of a recording, and who is told which recordings are of one person:
// methods that are registered for it, and nobody else.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "maskbench/core/files.h"
#include "maskbench/media/frame_source.h"
#include "maskbench/perception/face_track.h"
#include "maskbench/pipeline/plan.h"
#include "maskbench/pipeline/worker.h"

namespace maskbench {
namespace {
namespace fs = std::filesystem;

/// Delivers the recording and tells what of the truth it was given.
class Spy : public Masker {
 public:
  std::string Extension(const Recording&) const override { return ".mkv"; }
  MaskReport Mask(const MaskJob& job) override {
    fs::copy_file(job.recording.file, job.output);
    MaskReport report;
    report.frames = job.recording.info.frame_count;
    report.notes["truth"] = job.truth ? Json(ReadFile(*job.truth)) : Json();
    report.notes["patient"] = job.patient;
    report.notes["name"] = job.truth ? job.truth->filename().string() : "";
    return report;
  }
};

/// Notes of every frame where its face is and how it was found.
class Watcher : public Observer {
 public:
  Observations Observe(const Recording&, const fs::path& track) override {
    Observations seen;
    FaceTrackReader reader(track);
    MeasureSeries status, nose;
    for (FaceObservation face; reader.Next(&face);) {
      ++seen.frames;
      status.values.push_back(static_cast<double>(face.status));
      nose.values.push_back(static_cast<double>(face.point(mesh::kNoseTip).x));
    }
    seen.series = {status, nose};
    return seen;
  }
};

class TruthAccessTest : public testing::Test {
 protected:
  TruthAccessTest() {
    for (const bool oracle : {false, true}) {
      ComponentInfo info;
      info.type = oracle ? "oracle" : "method";
      info.summary = "A test.";
      info.needs_truth = oracle;
      info.needs_patient = oracle;
      components_.maskers.Add<NoOptions>(
          info, [](const NoOptions&, const Masker::Context&) { return std::make_unique<Spy>(); });
      config_.variants.push_back({info.type, info.type, Json::object()});
    }
    const fs::path source = folder_.path() / "source.mkv";
    const auto writer = VideoWriter::Intermediate(source, {64, 48}, {25, 1});
    writer->Write(cv::Mat(48, 64, CV_8UC3, cv::Scalar::all(9)));
    writer->Finish();
    outcome_.artefact = "source.mkv";
    for (const auto& [id, subject] :
         {std::pair("p1_1", "smith"), std::pair("p1_2", "smith"), std::pair("p2_1", "jones")}) {
      LabelledRecording recording;
      recording.id = id;
      recording.subject = subject;
      dataset_.recordings.push_back(recording);
    }
    context_.config = &config_;
    context_.dataset = &dataset_;
    context_.components = &components_;
    context_.out = folder_.path();
  }

  /// What a method's node notes of the truth that it was given.
  Json Given(const std::string& type, const std::string& recording = "p1_1") {
    Node node;
    node.stage = Stage::kMask;
    node.key = std::string(64, type[0]);
    node.component = node.variant = type;
    node.recording = recording;
    node.anonymous_id = "r1";
    Worker worker(context_);
    const NodeResult result = worker.Do(node, {&outcome_, &outcome_});
    EXPECT_EQ(result.outcome.status, NodeStatus::kDone) << result.outcome.reason;
    return result.outcome.notes;
  }

  TemporaryFolder folder_;
  Components components_;
  RunConfig config_;
  Dataset dataset_;
  NodeOutcome outcome_;
  RunContext context_;
};

// Landmarks of the original reach an oracle where nothing was found, in the picture's own place.
TEST_F(TruthAccessTest, CarriedLandmarksFillWhatWasNotFound) {
  components_.observers.Add<NoOptions>(
      {"watcher", 1, "A test.", {}},
      [](const NoOptions&, const Observer::Context&) { return std::make_unique<Watcher>(); });
  const auto video = [&](const std::string& name, cv::Size size, int frames) {
    const auto writer = VideoWriter::Intermediate(folder_.path() / name, size, {25, 1});
    for (int i = 0; i < frames; ++i) writer->Write(cv::Mat(size, CV_8UC3, cv::Scalar::all(9)));
    writer->Finish();
    NodeOutcome outcome;
    outcome.artefact = name;
    return outcome;
  };
  const auto track = [&](const std::string& name, const NodeOutcome& of,
                         const std::vector<int>& noses) {
    FaceTrackWriter writer(folder_.path() / name, ProbeMedia(folder_.path() / of.artefact));
    for (const int nose : noses) {
      FaceObservation face;
      face.status = nose > 0 ? FaceStatus::kTracked : FaceStatus::kNone;
      face.mesh[mesh::kNoseTip].x = static_cast<float>(nose);
      writer.Write(face);
    }
    writer.Finish();
    NodeOutcome outcome;
    outcome.artefact = name;
    return outcome;
  };
  Node node;
  node.stage = Stage::kObserve;
  node.key = std::string(64, 'o');
  node.component = node.observer = "watcher";
  node.recording = "p1_1";
  node.anonymous_id = "r1";
  const auto observe = [&](const std::vector<const NodeOutcome*>& inputs) {
    return Worker(context_).Do(node, inputs);
  };
  const NodeOutcome original = video("original.mkv", {64, 48}, 6);
  const NodeOutcome source = track("source", original, {1, 2, 0, 4, 5, 6});
  NodeOutcome masked = video("masked.mkv", {64, 48}, 6);
  const NodeOutcome found = track("found", masked, {21, 0, 0, 24, 0, 26});
  using testing::ElementsAre;
  // Nobody else sees them.
  EXPECT_THAT(observe({&masked, &found}).observations.series[1].values,
              ElementsAre(21, 0, 0, 24, 0, 26));
  NodeResult oracle = observe({&masked, &found, &source});
  EXPECT_THAT(oracle.observations.series[1].values, ElementsAre(21, 2, 0, 24, 5, 26));
  EXPECT_THAT(oracle.observations.series[0].values, ElementsAre(1, 3, 0, 1, 3, 1));

  // Three frames of six, as a crop whose first pixel lies at (2, 0).
  config_.frames = 3;
  masked = video("crop.mkv", {32, 24}, 3);
  masked.notes["origins_px"] = {{2, 0}, {2, 0}, {2, 0}};
  const NodeOutcome lost = track("lost", masked, {0, 0, 0});
  oracle = observe({&masked, &lost, &source});
  EXPECT_THAT(oracle.observations.series[1].values, ElementsAre(0, 2, 4));  // Frames 1, 3 and 5.
  masked.notes.erase("origins_px");
  oracle = observe({&masked, &lost, &source});
  EXPECT_EQ(oracle.outcome.status, NodeStatus::kFailed);
  EXPECT_NE(oracle.outcome.reason.find("another size"), std::string::npos);
}

TEST_F(TruthAccessTest, OraclesAloneAreGivenIt) {
  EXPECT_TRUE(Given("oracle")["truth"].is_null());
  fs::create_directories(folder_.path() / "truth");
  WriteFileAtomically(folder_.path() / FrameTruthFile("p1_1"), "what is true");
  EXPECT_TRUE(Given("method")["truth"].is_null());
  const Json notes = Given("oracle");
  EXPECT_EQ(notes["truth"], "what is true");
  // Its name does not tell whose it is.
  EXPECT_EQ(notes["name"], "truth.msgpack");
}

TEST_F(TruthAccessTest, WhoIsRecordedIsToldToThoseWhoNeedItWithoutTheName) {
  EXPECT_EQ(Given("method")["patient"], "");
  const std::string one = Given("oracle")["patient"];
  EXPECT_EQ(one, AnonymousPatient("smith"));
  EXPECT_EQ(Given("oracle", "p1_2")["patient"], one);
  EXPECT_NE(Given("oracle", "p2_1")["patient"], one);
  EXPECT_EQ(one.find("smith"), std::string::npos);
}

}  // namespace
}  // namespace maskbench
