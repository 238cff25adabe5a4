// The experiment on made observations whose right answer is known by hand.
#include <cmath>
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/pipeline/components.h"
#include "maskbench/pipeline/plan.h"
#include "maskbench/pipeline/scoring.h"

#include "experiments/register_all.h"

namespace maskbench {
namespace {

class PairVerificationTest : public testing::Test {
 protected:
  PairVerificationTest() {
    RegisterFrameworkComponents(&components_);
    RegisterExperiments(&components_.experiments);
    for (const NetworkSpec& spec : BuiltInNetworks()) {
      WriteJsonFile(folder_.path() / (spec.contract.name + ".json"), {{"tensors_sha256", "w"}});
    }
    dataset_.name = "made";
    config_ = Json::parse(R"({"name": "p", "dataset": {"manifest": "m.json"},
      "variants": ["original", "gaussian_blur"], "observers": ["dlib_resnet"],
      "experiments": ["pair_verification"]})");
    // In each of ten folds two people with two recordings: one pair of one, one of both.
    for (int fold = 1; fold <= 10; ++fold) {
      for (const char* person : {"a", "b"}) {
        Subject subject;
        subject.id = person + std::to_string(fold);
        dataset_.subjects.push_back(subject);
        for (const char* number : {"_1", "_2"}) {
          LabelledRecording recording;
          recording.id = subject.id + number;
          recording.subject = subject.id;
          dataset_.recordings.push_back(recording);
        }
      }
      const std::string text = std::to_string(fold);
      dataset_.pairs.push_back({fold, "a" + text + "_1", "a" + text + "_2"});
      dataset_.pairs.push_back({fold, "a" + text + "_1", "b" + text + "_1"});
    }
  }

  /// Figures by "attacker/metric". @param place  of a recording's template under a variant.
  std::map<std::string, Figure> Score(
      const std::function<std::optional<float>(const std::string& recording,
                                               const std::string& variant)>& place) {
    const RunConfig config = ParseRunConfig(config_, components_, "c");
    const Plan plan = MakePlan(config, dataset_, components_, NetworkLibrary(folder_.path()), ".");
    Store store(folder_.path() / ("s" + std::to_string(++stores_) + ".sqlite"));
    for (const Node& node : plan.nodes) {
      Observations seen;
      if (node.stage == Stage::kObserve) {
        const std::optional<float> value = place(node.recording, node.variant);
        if (value) seen.embeddings.push_back({Embedding::kTemplate, {*value}});
      }
      store.Commit(node, NodeOutcome(), seen);
    }
    std::map<std::string, Figure> figures;
    for (const Figure& figure :
         ScoreRun(RunData(config, dataset_, plan, &store), components_).figures) {
      figures[figure.attacker + "/" + figure.metric] = figure;
    }
    return figures;
  }

  TemporaryFolder folder_;
  int stores_ = 0;
  Components components_;
  Dataset dataset_;
  Json config_;
};

TEST_F(PairVerificationTest, ByHand) {
  const auto figures = Score([](const std::string& recording, const std::string& variant) {
    const float person = recording[0] == 'a' ? 0 : 10;
    const float second = recording.back() == '2' ? 1 : 0;
    // Masked, everybody is the same.
    return std::optional(variant == "original" ? person + second : 0);
  });
  const Figure& faces = figures.at("face_to_face/pair_accuracy");
  EXPECT_EQ(faces.value, 1);
  EXPECT_EQ(faces.n, 20);
  EXPECT_EQ(faces.n_unit, "pair");
  EXPECT_EQ(faces.interval.low, 1);
  EXPECT_EQ(faces.variant, "original");
  EXPECT_EQ(figures.at("face_to_face/pair_accuracy_se").value, 0);
  // Masked against masked all distances are 0: half of the pairs are right, whatever is said.
  EXPECT_EQ(figures.at("mask_to_mask/pair_accuracy").value, 0.5);
  EXPECT_EQ(figures.at("mask_to_mask/pair_accuracy").gallery_variant, "gaussian_blur");
  // A masked face is at 0, as is the first original of a; his second is at 1, b is at 10.
  EXPECT_EQ(figures.at("mask_to_face/pair_accuracy").value, 1);
  EXPECT_EQ(figures.at("mask_to_face/pair_accuracy").gallery_variant, "original");
}

TEST_F(PairVerificationTest, MoodsVerifyNobody) {
  config_["observers"] = {"emotion"};
  const auto figures = Score([](const std::string& recording, const std::string&) {
    return std::optional(recording[0] == 'a' ? 0.0F : 10.0F);
  });
  EXPECT_TRUE(figures.empty());
}

TEST_F(PairVerificationTest, FailuresAreTwoPersonsAndStayInTheDenominator) {
  const auto figures = Score([](const std::string& recording, const std::string&) {
    // In fold 1 and 2 nobody enrols.
    if (recording.substr(1, 2) == "1_" || recording[1] == '2') return std::optional<float>();
    const float person = recording[0] == 'a' ? 0 : 10;
    return std::optional(person + (recording.back() == '2' ? 1 : 0));
  });
  const Figure& accuracy = figures.at("face_to_face/pair_accuracy");
  EXPECT_DOUBLE_EQ(accuracy.value, 0.9);  // Half of two folds, all of eight.
  EXPECT_EQ(accuracy.n, 20);
  EXPECT_EQ(accuracy.n_failed, 4);
  EXPECT_DOUBLE_EQ(figures.at("face_to_face/pair_failures").value, 0.2);
  // SD of eight 1 and two 0.5 is 0.2108; / √10.
  EXPECT_NEAR(figures.at("face_to_face/pair_accuracy_se").value, 0.2 / 3, 1e-12);
}

TEST_F(PairVerificationTest, FewFoldsGetNoInterval) {
  dataset_.pairs.resize(18);
  const auto figures = Score([](const std::string& recording, const std::string&) {
    return std::optional(recording[0] == 'a' ? 0.0F : 1.0F);
  });
  EXPECT_TRUE(std::isnan(figures.at("face_to_face/pair_accuracy").interval.low));
}

TEST_F(PairVerificationTest, ADataSetWithoutPairsIsRefused) {
  const RunConfig config = ParseRunConfig(config_, components_, "c");
  const auto experiment = components_.experiments.Make(config.experiments[0], {});
  Problems none;
  experiment->CheckData(dataset_, {}, &none);
  EXPECT_TRUE(none.empty());
  dataset_.pairs.clear();
  experiment->CheckData(dataset_, {}, &none);
  EXPECT_EQ(none.lines().size(), 1U);
}

}  // namespace
}  // namespace maskbench
