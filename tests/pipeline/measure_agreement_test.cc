// The experiment on made observations whose agreement is known by hand.
#include <cmath>
#include <functional>

#include <gtest/gtest.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/core/rng.h"
#include "maskbench/pipeline/components.h"
#include "maskbench/pipeline/plan.h"
#include "maskbench/pipeline/scoring.h"

#include "experiments/register_all.h"

namespace maskbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr int kSubjects = 12;

class MeasureAgreementTest : public testing::Test {
 protected:
  /// What is seen of a subject's recording; nothing: the step failed.
  using See = std::function<std::optional<Observations>(int subject, bool masked)>;

  MeasureAgreementTest() {
    RegisterFrameworkComponents(&components_);
    RegisterExperiments(&components_.experiments);
    for (const NetworkSpec& spec : BuiltInNetworks()) {
      WriteJsonFile(folder_.path() / (spec.contract.name + ".json"), {{"tensors_sha256", "w"}});
    }
  }

  RunConfig Config(const std::string& options = "") const {
    return ParseRunConfig(Json::parse(R"({"name": "p", "dataset": {"manifest": "m.json"},
          "variants": ["original", {"type": "pixelate", "name": "masked"}],
          "observers": ["mediapipe_iris"],
          "experiments": [{"type": "measure_agreement", "resamples": 200)" +
                                      options + "}]}"),
                          components_, "c");
  }

  /// By "metric/group".
  std::map<std::string, Figure> Score(const See& see) {
    Dataset dataset;
    dataset.name = "made";
    for (int s = 0; s < kSubjects; ++s) {
      Subject subject;
      subject.id = "s" + std::to_string(s);
      dataset.subjects.push_back(subject);
      LabelledRecording recording;
      recording.id = "r" + std::to_string(s);
      recording.subject = subject.id;
      dataset.recordings.push_back(recording);
    }
    const RunConfig config = Config();
    const NetworkLibrary networks(folder_.path());
    const Plan plan = MakePlan(config, dataset, components_, networks, ".");
    const std::filesystem::path out = folder_.path() / ("run" + std::to_string(++runs_));
    std::filesystem::create_directories(out);
    Store store(out / "observations.sqlite");
    for (const Node& node : plan.nodes) {
      Observations seen;
      NodeOutcome outcome;
      if (node.stage == Stage::kObserve) {
        const auto observed = see(std::stoi(node.recording.substr(1)), node.variant == "masked");
        if (observed)
          seen = *observed;
        else
          outcome.status = NodeStatus::kFailed;
      }
      store.Commit(node, outcome, seen);
    }
    std::map<std::string, Figure> figures;
    for (const Figure& figure :
         ScoreRun(RunData(config, dataset, plan, &store, out), components_).figures) {
      EXPECT_EQ(figure.variant, "masked");
      figures[figure.metric + "/" + figure.group] = figure;
    }
    return figures;
  }

  Components components_;
  TemporaryFolder folder_;
  int runs_ = 0;
};

Observations Seen(std::vector<MeasureValue> values, std::vector<MeasureSeries> series = {}) {
  Observations seen;
  seen.frames = seen.frames_with_face = 100;
  seen.values = std::move(values);
  seen.series = std::move(series);
  return seen;
}

TEST_F(MeasureAgreementTest, ValuesOfEyesAndOfRecordings) {
  const auto figures = Score([](int subject, bool masked) {
    const double alternating = subject % 2 == 0 ? 0.3 : -0.3;
    return Seen({{Side::kRight, "mrd1", "mm", subject + (masked ? 0.5 + alternating : 0.0)},
                 {Side::kLeft, "mrd1", "mm", subject + (masked ? 0.5 - alternating : 0.0)},
                 {{}, "deviation_horizontal", "prism_dioptres", 2.0 * subject}});
  });
  const Figure& bias = figures.at("measure_bias/measure=mrd1");
  EXPECT_NEAR(bias.value, 0.5, 1e-12);
  EXPECT_EQ(bias.n, 24);
  EXPECT_EQ(bias.n_unit, "eye");
  EXPECT_EQ(bias.unit, "mm");
  // Twenty-four differences of 0.3 above or below the mean.
  EXPECT_NEAR(figures.at("measure_limits_of_agreement/measure=mrd1").value,
              1.96 * 0.3 * std::sqrt(24.0 / 23), 1e-12);
  EXPECT_NEAR(figures.at("measure_icc/measure=deviation_horizontal").value, 1, 1e-12);
  EXPECT_EQ(figures.at("measure_icc/measure=deviation_horizontal").n_unit, "recording");
  // A constant difference counts against agreement, though not against correlation.
  EXPECT_LT(figures.at("measure_icc/measure=mrd1").value, 0.99);
}

TEST_F(MeasureAgreementTest, WhatTheMaskLosesIsCounted) {
  const auto figures = Score([](int subject, bool masked) -> std::optional<Observations> {
    if (masked && subject == 3) return std::nullopt;
    const double value = masked && subject == 5    ? kNan
                         : subject == 7 && !masked ? kNan
                                                   : 1.0 * subject;
    return Seen({{Side::kRight, "mrd1", "mm", value}});
  });
  const Figure& bias = figures.at("measure_bias/measure=mrd1");
  // Subject 7 has nothing to compare with.
  EXPECT_EQ(bias.n, kSubjects - 3);
  EXPECT_EQ(bias.n_failed, 2);
}

TEST_F(MeasureAgreementTest, TracesFrameByFrame) {
  const auto figures = Score([](int subject, bool masked) {
    std::vector<double> opening(100), still(100, 1), few(100, kNan);
    for (int i = 0; i < 100; ++i) {
      const double wave = std::sin(0.3 * i);
      opening[i] = masked ? 2 + 0.5 * wave : wave;
      if (masked && i < 20) opening[i] = kNan;
    }
    for (int i = 0; i < 10; ++i) few[i] = i;
    (void)subject;
    return Seen({}, {{Side::kRight, "mrd1", "mm", opening},
                     {Side::kRight, "still", "mm", still},
                     {Side::kRight, "few", "mm", few},
                     {{}, "blinking", "flag", still}});
  });
  // Mean and spread of 2 − wave / 2 over frames 20 … 99.
  double mean = 0, squares = 0;
  for (int i = 20; i < 100; ++i) mean += (2 - 0.5 * std::sin(0.3 * i)) / 80;
  for (int i = 20; i < 100; ++i) squares += std::pow(2 - 0.5 * std::sin(0.3 * i) - mean, 2);
  EXPECT_NEAR(figures.at("trace_bias/measure=mrd1").value, mean, 1e-12);
  EXPECT_NEAR(figures.at("trace_spread/measure=mrd1").value, std::sqrt(squares / 79), 1e-12);
  EXPECT_NEAR(figures.at("trace_correlation_median/measure=mrd1").value, 1, 1e-12);
  EXPECT_NEAR(figures.at("trace_kept/measure=mrd1").value, 0.8, 1e-12);
  // What does not move has no correlation; ten frames are too few; a face's trace is no eye's.
  EXPECT_TRUE(std::isnan(figures.at("trace_correlation_median/measure=still").value));
  EXPECT_EQ(figures.count("trace_bias/measure=few"), 0u);
  EXPECT_EQ(figures.count("trace_bias/measure=blinking"), 0u);
}

TEST_F(MeasureAgreementTest, AReferenceThatIsNotThereIsNamed) {
  const RunConfig config = Config(R"(, "reference_variant": "plain")");
  Problems problems;
  components_.experiments.Make(config.experiments.at(0), {})->Check(config, &problems);
  ASSERT_EQ(problems.lines().size(), 1u);
  EXPECT_NE(problems.lines()[0].find("'plain'"), std::string::npos) << problems.lines()[0];
  Problems none;
  const RunConfig good = Config();
  components_.experiments.Make(good.experiments.at(0), {})->Check(good, &none);
  EXPECT_TRUE(none.empty());
}

}  // namespace
}  // namespace maskbench
