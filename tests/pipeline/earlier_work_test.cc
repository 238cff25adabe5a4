#include "maskbench/pipeline/earlier_work.h"

#include <cmath>
#include <set>

#include <gtest/gtest.h>

#include "maskbench/core/files.h"
#include "maskbench/core/hash.h"
#include "maskbench/pipeline/forecast.h"
#include "maskbench/pipeline/plan.h"
#include "maskbench/pipeline/run_folder.h"

namespace maskbench {
namespace {
namespace fs = std::filesystem;

Node NodeOf(Stage stage, const std::string& key, const std::string& component,
            const std::string& variant, std::vector<int> inputs) {
  Node node;
  node.stage = stage;
  node.key = key;
  node.component = component;
  node.recording = "rec";
  node.anonymous_id = "r1";
  node.variant = variant;
  node.inputs = std::move(inputs);
  if (stage == Stage::kObserve) node.observer = "o";
  return node;
}

/// One recording under one variant, seen by one observer.
class Work : public testing::Test {
 protected:
  Work() {
    run_.plan.recordings = {"rec"};
    run_.plan.nodes = {NodeOf(Stage::kRender, "k0", "clinic", "", {}),
                       NodeOf(Stage::kMask, "k1", "blur", "blur", {0}),
                       NodeOf(Stage::kObserve, "k2", "eyes", "blur", {1})};
    run_.dataset.subjects.emplace_back();
    run_.dataset.subjects[0].id = "s";
    LabelledRecording recording;
    recording.id = "rec";
    recording.subject = "s";
    recording.frame_count = 100;
    run_.dataset.recordings = {recording};
  }

  /// A folder in which all steps but the last `left` are done.
  void Do(const fs::path& out, int left = 0) {
    fs::create_directories(out);
    WriteJsonFile(out / "plan.json", ToJson(run_.plan));
    Store store(StoreFile(out));
    for (size_t i = 0; i + static_cast<size_t>(left) < run_.plan.nodes.size(); ++i) {
      const Node& node = run_.plan.nodes[i];
      NodeOutcome outcome;
      outcome.frames = 100;
      outcome.wall_s = 10.0 * static_cast<double>(i + 1);
      if (i < 2) {
        outcome.artefact = "artefacts/r1/" + node.key + ".mkv";
        fs::create_directories(out / "artefacts/r1");
        WriteFileAtomically(out / outcome.artefact, std::string(1000 * (i + 1), 'x'));
        outcome.artefact_sha256 = Sha256OfFile(out / outcome.artefact);
      }
      if (i == 0) {
        fs::create_directories(out / "truth");
        WriteFileAtomically(out / FrameTruthFile("rec"), "truth");
        outcome.notes["truth_sha256"] = Sha256OfFile(out / FrameTruthFile("rec"));
      }
      Observations seen;
      if (node.stage == Stage::kObserve) {
        seen.frames = 100;
        seen.values = {{Side::kLeft, "mrd1", "mm", 2.5, 2, 3, ""}};
      }
      store.Commit(node, outcome, seen);
    }
  }

  Forecast ForecastOf(const fs::path& out, const StepCosts& costs) {
    std::map<std::string, NodeOutcome> outcomes;
    if (fs::exists(StoreFile(out))) outcomes = Store(StoreFile(out)).Outcomes();
    std::set<std::string> elsewhere;
    return ForecastRun(run_, outcomes, out, costs, &elsewhere);
  }

  RunDescription run_;
  TemporaryFolder folder_;
};

TEST_F(Work, IsTakenOverWithFilesTruthAndObservations) {
  const fs::path one = folder_.path() / "one", two = folder_.path() / "two";
  Do(one);
  fs::create_directories(two);
  Store store(StoreFile(two));
  EXPECT_EQ(AdoptWork(run_.plan, one, &store, two), 3);
  EXPECT_EQ(AdoptWork(run_.plan, one, &store, two), 0);  // There already.
  EXPECT_EQ(ReadFile(two / "artefacts/r1/k1.mkv").size(), 2000U);
  EXPECT_EQ(ReadFile(two / FrameTruthFile("rec")), "truth");
  const std::optional<Observations> seen = store.ReadObservations("k2");
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->values.at(0).value, 2.5);
  const EarlierWork work = FindEarlierWork(run_.plan, run_.config, run_.dataset, store.Outcomes(),
                                           two, EarlierWorkOptions());
  EXPECT_EQ(work.ended, (std::vector<bool>{true, true, true}));
}

TEST_F(Work, IsNotTakenOverWhenItsTruthIsAnotherOne) {
  const fs::path one = folder_.path() / "one", two = folder_.path() / "two";
  Do(one);
  WriteFileAtomically(one / FrameTruthFile("rec"), "changed");
  fs::create_directories(two);
  Store store(StoreFile(two));
  EXPECT_EQ(AdoptWork(run_.plan, one, &store, two), 2);
  EXPECT_FALSE(fs::exists(two / FrameTruthFile("rec")));
  EXPECT_EQ(store.Outcomes().count("k0"), 0U);
  EXPECT_EQ(AdoptWork(run_.plan, folder_.path() / "nowhere", &store, two), 0);
}

TEST_F(Work, AChangedFileIsDoneAgainUnlessNobodyLooks) {
  const fs::path out = folder_.path() / "out";
  Do(out);
  WriteFileAtomically(out / "artefacts/r1/k1.mkv", "changed");
  const auto outcomes = Store(StoreFile(out)).Outcomes();
  const auto ended = [&](bool check) {
    return FindEarlierWork(run_.plan, run_.config, run_.dataset, outcomes, out, {false, check})
        .ended;
  };
  EXPECT_EQ(ended(true), (std::vector<bool>{true, false, true}));
  EXPECT_EQ(ended(false), (std::vector<bool>{true, true, true}));
}

TEST_F(Work, CostsAndForecastByHand) {
  const fs::path earlier = folder_.path() / "earlier";
  Do(earlier);
  StepCosts costs;
  EXPECT_EQ(costs.Learn(folder_.path() / "nowhere"), 0);
  EXPECT_TRUE(std::isnan(costs.Of(run_.plan.nodes[0]).seconds_per_frame));
  EXPECT_EQ(costs.Learn(earlier), 3);
  EXPECT_EQ(costs.MeanFrames(), 100);
  // 10, 20 and 30 s for 100 frames; 1000 and 2000 bytes.
  EXPECT_DOUBLE_EQ(costs.Of(run_.plan.nodes[1]).seconds_per_frame, 0.2);
  EXPECT_DOUBLE_EQ(costs.Of(run_.plan.nodes[1]).bytes_per_frame, 20);
  Node other = run_.plan.nodes[1];
  EXPECT_FALSE(costs.Of(other).other_options);
  other.options["sigma"] = 3;
  EXPECT_TRUE(costs.Of(other).other_options);
  EXPECT_DOUBLE_EQ(costs.Of(other).seconds_per_frame, 0.2);
  // Drawings count as one, whoever they show.
  other = run_.plan.nodes[0];
  other.options["subject"] = "x";
  EXPECT_FALSE(costs.Of(other).other_options);

  run_.dataset.recordings[0].frame_count = 50;
  const fs::path out = folder_.path() / "out";
  Forecast all = ForecastOf(out, costs);
  EXPECT_EQ(all.steps, 3);
  EXPECT_EQ(all.left, 3);
  EXPECT_EQ(all.cases, 1);
  EXPECT_EQ(all.cases_done, 0);
  EXPECT_DOUBLE_EQ(all.seconds, 0.5 * (10 + 20 + 30));
  EXPECT_GT(all.bytes, 0.5 * 3000);
  Do(out, 1);
  all = ForecastOf(out, costs);
  EXPECT_EQ(all.done, 2);
  EXPECT_EQ(all.left, 1);
  EXPECT_DOUBLE_EQ(all.seconds, 0.5 * 30);
  Do(out);
  EXPECT_EQ(ForecastOf(out, costs).cases_done, 1);
  EXPECT_EQ(ForecastOf(out, costs).seconds, 0);
}

TEST_F(Work, WhatAnEarlierRunOfTheSweepDoesCostsNothing) {
  const fs::path earlier = folder_.path() / "earlier";
  Do(earlier);
  StepCosts costs;
  costs.Learn(earlier);
  std::set<std::string> elsewhere;
  const Forecast first = ForecastRun(run_, {}, "", costs, &elsewhere),
                 second = ForecastRun(run_, {}, "", costs, &elsewhere);
  EXPECT_EQ(first.shared, 0);
  EXPECT_EQ(second.shared, 3);
  EXPECT_EQ(second.seconds, 0);
}

TEST_F(Work, WithoutTimesThereIsNone) {
  EXPECT_TRUE(std::isnan(ForecastOf(folder_.path() / "out", StepCosts()).seconds));
}

}  // namespace
}  // namespace maskbench
