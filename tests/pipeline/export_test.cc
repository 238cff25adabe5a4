#include "maskbench/pipeline/export.h"

#include <cmath>
#include <limits>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "maskbench/core/files.h"
#include "maskbench/core/npy.h"
#include "maskbench/pipeline/components.h"
#include "maskbench/pipeline/plan.h"
#include "maskbench/recognition/npy_descriptors.h"

namespace maskbench {
namespace {

class ExportTest : public testing::Test {
 protected:
  ExportTest() {
    RegisterFrameworkComponents(&components_);
    for (const NetworkSpec& spec : BuiltInNetworks()) {
      WriteJsonFile(folder_.path() / (spec.contract.name + ".json"), {{"tensors_sha256", "w"}});
    }
  }

  /// Exports the measures of one recording, at 4 Hz, to a file of this name.
  std::string Export(const Observations& seen, const char* name) {
    Dataset dataset;
    dataset.name = "made";
    dataset.subjects.emplace_back();
    dataset.subjects[0].id = "s";
    dataset.recordings.emplace_back();
    dataset.recordings[0].id = "r";
    dataset.recordings[0].subject = "s";
    const RunConfig config =
        ParseRunConfig(Json::parse(R"({"name": "p", "dataset": {"manifest": "m.json"},
          "variants": ["original"], "observers": ["mediapipe_iris"]})"),
                       components_, "c");
    const Plan plan = MakePlan(config, dataset, components_, NetworkLibrary(folder_.path()), ".");
    Store store(folder_.path() / "s.sqlite");
    for (const Node& node : plan.nodes) {
      NodeOutcome outcome;
      outcome.notes = {{"media", {{"rate_hz", 4}}}};
      store.Commit(node, outcome, node.stage == Stage::kObserve ? seen : Observations());
    }
    const std::filesystem::path file = folder_.path() / name;
    ExportRun(RunData(config, dataset, plan, &store), "measures", "", file);
    return ReadFile(file);
  }

  /// Exports the templates of recordings r0, r1 …, which `faceres` saw so.
  std::filesystem::path ExportTemplates(const std::vector<Observations>& seen, const char* name) {
    Dataset dataset;
    dataset.name = "made";
    dataset.subjects.emplace_back();
    dataset.subjects[0].id = "s";
    std::map<std::string, Observations> by_recording;
    for (const Observations& observations : seen) {
      LabelledRecording recording;
      recording.id = "r" + std::to_string(by_recording.size());
      recording.subject = "s";
      recording.session = "day";
      dataset.recordings.push_back(recording);
      by_recording[recording.id] = observations;
    }
    const RunConfig config =
        ParseRunConfig(Json::parse(R"({"name": "p", "dataset": {"manifest": "m.json"},
          "variants": ["original"], "observers": ["faceres", "mediapipe_iris"]})"),
                       components_, "c");
    const Plan plan = MakePlan(config, dataset, components_, NetworkLibrary(folder_.path()), ".");
    Store store(folder_.path() / "t.sqlite");
    for (const Node& node : plan.nodes) {
      store.Commit(node, NodeOutcome(),
                   node.observer == "faceres" ? by_recording[node.recording] : Observations());
    }
    const std::filesystem::path file = folder_.path() / name;
    ExportRun(RunData(config, dataset, plan, &store), "templates", "", file);
    return file;
  }

  TemporaryFolder folder_;
  Components components_;
};

Observations Made() {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  Observations seen;
  seen.values.push_back({Side::kRight, "mrd1", "mm", 3.5, 3.25, 3.75, ""});
  seen.values.push_back({Side::kLeft, "mrd1", "mm", nan, nan, nan, "covered, always"});
  seen.values.push_back({{}, "blink_count", "count", 2});
  seen.series.push_back({Side::kLeft, "mrd1", "mm", {1.5, nan}});
  return seen;
}

TEST_F(ExportTest, IntervalsAndNotesStandBesideTheValue) {
  EXPECT_EQ(Export(Made(), "m.csv"),
            "recording,subject,variant,observer,eye,name,unit,note,frame,time_s,value,low,high\n"
            "r,s,original,mediapipe_iris,right,mrd1,mm,,-1,,3.5,3.25,3.75\n"
            "r,s,original,mediapipe_iris,left,mrd1,mm,\"covered, always\",-1,,,,\n"
            "r,s,original,mediapipe_iris,,blink_count,count,,-1,,2,,\n"
            "r,s,original,mediapipe_iris,left,mrd1,mm,,0,0,1.5,,\n"
            "r,s,original,mediapipe_iris,left,mrd1,mm,,1,0.25,,,\n");
}

TEST_F(ExportTest, TheArrayHasAColumnForEachNumber) {
  const std::string bytes = Export(Made(), "m.npy");
  EXPECT_THAT(bytes, testing::HasSubstr("'shape': (5, 5)"));
  const Json beside = ReadJsonFile(folder_.path() / "m.npy.json");
  EXPECT_EQ(beside["array_columns"], (Json{"frame", "time_s", "value", "low", "high"}));
  EXPECT_EQ(beside["rows"][1][7], "covered, always");
}

TEST_F(ExportTest, TemplatesAreFloatsWithARowForEveryRecording) {
  Observations seen;
  seen.embeddings = {{3, {9, 9}}, {Embedding::kTemplate, {0.1F, 2}}};
  const std::filesystem::path file = ExportTemplates({seen, {}}, "t.npy");
  const NpyFile read(file);
  EXPECT_FALSE(read.is_float64());
  ASSERT_EQ(read.rows(), 2);
  ASSERT_EQ(read.columns(), 2);
  std::vector<float> scratch;
  EXPECT_EQ(read.Rows(0, 1, &scratch)[0], 0.1F);
  EXPECT_TRUE(std::isnan(read.Rows(1, 1, &scratch)[0]));
  const Json beside = ReadJsonFile(file.string() + ".json");
  EXPECT_EQ(beside["row_columns"],
            (Json{"recording", "subject", "session", "variant", "observer"}));
  EXPECT_EQ(beside["rows"][1], (Json{"r1", "s", "day", "original", "faceres"}));
  const NpyDescriptorIndex index(file);
  EXPECT_EQ(index.RowOf("r1", "original"), 1);
}

}  // namespace
}  // namespace maskbench
