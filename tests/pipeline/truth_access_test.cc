// Who is given the truth of a recording, and who is told which recordings are of one person:
// methods that are registered for it, and nobody else.
#include <memory>
#include <optional>

#include <gtest/gtest.h>

#include "maskbench/core/files.h"
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
