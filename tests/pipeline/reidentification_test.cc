// The experiment on made observations whose right answer is known by hand.
#include <cmath>

#include <gtest/gtest.h>

#include "maskbench/core/files.h"
#include "maskbench/pipeline/components.h"
#include "maskbench/pipeline/plan.h"
#include "maskbench/pipeline/scoring.h"

#include "experiments/register_all.h"

namespace maskbench {
namespace {

class ReidentificationTest : public testing::Test {
 protected:
  ReidentificationTest() {
    RegisterFrameworkComponents(&components_);
    RegisterExperiments(&components_.experiments);
    for (const NetworkSpec& spec : BuiltInNetworks()) {
      WriteJsonFile(folder_.path() / (spec.contract.name + ".json"), {{"tensors_sha256", "w"}});
    }
    dataset_.name = "made";
    config_ = Json::parse(R"({"name": "p", "dataset": {"manifest": "m.json"},
      "variants": ["original", "gaussian_blur"], "observers": ["dlib_resnet"],
      "experiments": [{"type": "reidentification", "false_accept_rates": [0.1, 0.0001],
                       "resamples": 200}]})");
  }

  /// Each subject has recordings 1 and 2, made on different days unless said otherwise.
  void AddSubjects(int count, bool one_session = false) {
    for (int s = 0; s < count; ++s) {
      Subject subject;
      subject.id = "s" + std::to_string(s);
      dataset_.subjects.push_back(subject);
      for (const char* number : {"_1", "_2"}) {
        LabelledRecording recording;
        recording.id = subject.id + number;
        recording.subject = subject.id;
        recording.session = one_session ? "day" : number;
        dataset_.recordings.push_back(recording);
      }
    }
  }

  using Descriptor = std::function<std::optional<std::vector<float>>(
      int subject, const std::string& recording, const std::string& variant)>;

  /// Figures by "variant/metric parameter/pairing".
  std::map<std::string, Figure> Score(const Descriptor& descriptor) {
    RunConfig config = ParseRunConfig(config_, components_, "c");
    const NetworkLibrary networks(folder_.path());
    const Plan plan = MakePlan(config, dataset_, components_, networks, ".");
    Store store(folder_.path() / "s.sqlite");
    for (const Node& node : plan.nodes) {
      Observations seen;
      NodeOutcome outcome;
      if (node.stage == Stage::kObserve) {
        const int subject = std::stoi(dataset_.FindRecording(node.recording)->subject.substr(1));
        if (const auto values = descriptor(subject, node.recording, node.variant)) {
          seen.embeddings.push_back({Embedding::kTemplate, *values});
        }
      }
      store.Commit(node, outcome, seen);
    }
    std::map<std::string, Figure> figures;
    const ScoredRun scored = ScoreRun(RunData(config, dataset_, plan, &store), components_);
    for (const Figure& figure : scored.figures) {
      figures[figure.variant + "/" + figure.metric +
              (figure.parameter.empty() ? "" : " " + figure.parameter) + "/" +
              figure.group.substr(8)] = figure;
    }
    return figures;
  }

  TemporaryFolder folder_;
  Components components_;
  Dataset dataset_;
  Json config_;
};

TEST_F(ReidentificationTest, APerfectRecogniserAndAPerfectMask) {
  AddSubjects(12);
  auto figures = Score([](int subject, const std::string& recording, const std::string& variant) {
    const float noise = recording.back() == '2' ? 0.1F : 0;
    return std::optional<std::vector<float>>(
        variant == "original" ? std::vector<float>{static_cast<float>(subject) + noise}
                              : std::vector<float>{3});
  });
  const Figure& rank = figures.at("original/rank_1/different_recording");
  EXPECT_EQ(rank.value, 1);
  EXPECT_EQ(rank.attacker, "face_to_face");
  EXPECT_EQ(rank.n, 12);
  EXPECT_EQ(rank.n_unit, "subject");
  EXPECT_NEAR(rank.interval.low, 0.7353515, 1e-6);  // Clopper–Pearson 12/12: 0.025^(1/12).
  EXPECT_EQ(figures.at("original/auc/different_recording").value, 1);
  EXPECT_EQ(figures.at("original/eer/different_recording").value, 0);
  // Every masked face looks like subject 3: he is found, nobody else is.
  EXPECT_EQ(figures.at("gaussian_blur/rank_1/different_recording").attacker, "mask_to_face");
  EXPECT_NEAR(figures.at("gaussian_blur/rank_1/different_recording").value, 1.0 / 12, 1e-12);
  EXPECT_NEAR(figures.at("gaussian_blur/auc/different_recording").value, 0.5, 0.02);
  EXPECT_NEAR(figures.at("original/rank_1_chance/different_recording").value, 1.0 / 12, 1e-12);
}

TEST_F(ReidentificationTest, FailuresToEnrolStayInEveryDenominator) {
  AddSubjects(12);
  auto figures = Score([](int subject, const std::string&,
                          const std::string& variant) -> std::optional<std::vector<float>> {
    if (variant != "original" && subject % 4 == 0) return std::nullopt;  // 3 of 12 fail.
    return std::vector<float>{static_cast<float>(subject)};
  });
  EXPECT_EQ(figures.at("gaussian_blur/failure_to_enrol/different_recording").value, 0.25);
  EXPECT_EQ(figures.at("gaussian_blur/rank_1/different_recording").value, 0.75);
  EXPECT_EQ(figures.at("gaussian_blur/rank_1/different_recording").n, 12);
  EXPECT_EQ(figures.at("gaussian_blur/rank_1/different_recording").n_failed, 3);
  // 9 of 12 genuine pairs are above everything, 3 tie with the 33 failed of 132 impostor pairs:
  // AUC = 9/12 + 3/12 · ½ · 33/132.
  EXPECT_NEAR(figures.at("gaussian_blur/auc/different_recording").value,
              0.75 + 0.25 * 0.5 * 33 / 132, 1e-12);
  EXPECT_EQ(figures.at("gaussian_blur/tar_at_far far=0.1/different_recording").value, 0.75);
}

TEST_F(ReidentificationTest, FewSubjectsGetNoIntervalAndSmallFarNoValue) {
  AddSubjects(9);
  auto figures = Score([](int subject, const std::string&, const std::string&) {
    return std::optional(std::vector<float>{static_cast<float>(subject)});
  });
  EXPECT_TRUE(std::isnan(figures.at("original/rank_1/different_recording").interval.low));
  EXPECT_TRUE(std::isnan(figures.at("original/auc/different_recording").interval.low));
  // 72 impostor comparisons support neither rate: 0.1 · 72 < 10.
  EXPECT_TRUE(std::isnan(figures.at("original/tar_at_far far=0.1/different_recording").value));
  EXPECT_TRUE(std::isnan(figures.at("original/tar_at_far far=0.0001/different_recording").value));
}

TEST_F(ReidentificationTest, PairsOfOneSessionDoNotCountAsDifferentSessions) {
  AddSubjects(12, /*one_session=*/true);
  auto figures = Score([](int subject, const std::string&, const std::string&) {
    return std::optional(std::vector<float>{static_cast<float>(subject)});
  });
  EXPECT_EQ(figures.at("original/rank_1/different_recording").n, 12);
  EXPECT_EQ(figures.at("original/rank_1/different_session").n, 0);
  EXPECT_TRUE(std::isnan(figures.at("original/rank_1/different_session").value));
}

}  // namespace
}  // namespace maskbench
