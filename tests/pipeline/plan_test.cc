#include "maskbench/pipeline/plan.h"

#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/core/json.h"
#include "maskbench/pipeline/components.h"

#include "experiments/register_all.h"

namespace maskbench {
namespace {

class PlanTest : public testing::Test {
 protected:
  PlanTest() {
    RegisterFrameworkComponents(&components_);
    // Fingerprints are all a plan needs of the networks.
    for (const NetworkSpec& spec : BuiltInNetworks()) {
      WriteJsonFile(models_.path() / (spec.contract.name + ".json"),
                    {{"tensors_sha256", "weights of " + spec.contract.name}});
    }
    std::filesystem::create_directories(models_.path() / "head");
    for (const char* head : {"parametric", "canonical468"})
      WriteJsonFile(models_.path() / "head" / (std::string(head) + ".json"),
                    {{"file_sha256", head}});
    for (const char* id : {"a", "b"}) {
      Subject subject;
      subject.id = id;
      dataset_.subjects.push_back(subject);
      for (const char* number : {"1", "2"}) {
        LabelledRecording recording;
        recording.id = std::string(id) + number;
        recording.subject = id;
        recording.sha256 = std::string(64, *id);
        dataset_.recordings.push_back(recording);
      }
    }
    dataset_.name = "made";
    config_ = Json::parse(R"({"name": "p", "dataset": {"manifest": "m.json"},
      "variants": ["original", "gaussian_blur"], "observers": ["mediapipe_iris", "dlib_resnet"]})");
  }

  Plan Make(const Json& config) {
    const NetworkLibrary networks(models_.path());
    return MakePlan(ParseRunConfig(config, components_, "c"), dataset_, components_, networks, ".");
  }

  static std::set<std::string> Keys(const Plan& plan, Stage stage, const std::string& variant) {
    std::set<std::string> keys;
    for (const Node& node : plan.nodes) {
      if (node.stage == stage && node.variant == variant) keys.insert(node.key);
    }
    return keys;
  }

  TemporaryFolder models_;
  Components components_;
  Dataset dataset_;
  Json config_;
};

TEST_F(PlanTest, SharesWhatVariantsAndObserversHaveInCommon) {
  const Plan plan = Make(config_);
  // Per recording: render, perceive, and per variant mask, perceive and two observers.
  EXPECT_EQ(plan.nodes.size(), 4 * (2 + 2 * (1 + 1 + 2)));
  std::set<std::string> keys;
  for (size_t i = 0; i < plan.nodes.size(); ++i) {
    EXPECT_TRUE(keys.insert(plan.nodes[i].key).second) << "two nodes have one key";
    for (const int input : plan.nodes[i].inputs) {
      EXPECT_LT(input, static_cast<int>(i));
      EXPECT_EQ(plan.nodes[input].recording, plan.nodes[i].recording);
    }
  }
}

TEST_F(PlanTest, RulesReadMeasuresThatTheRunHasAnyway) {
  const auto rules_of = [&](const Json& observers) {
    config_["observers"] = observers;
    const Plan plan = Make(config_);
    for (const Node& node : plan.nodes) {
      if (node.component != "rules") continue;
      std::string inputs;
      for (const int input : node.inputs) {
        const Node& from = plan.nodes[static_cast<size_t>(input)];
        EXPECT_EQ(from.variant, node.variant);
        inputs += std::string(ToString(from.stage)) + ":" + from.observer + " ";
      }
      return std::pair(inputs, node.key);
    }
    return std::pair(std::string("none"), std::string());
  };
  // Whatever the order, and under whatever name.
  const auto [alone, alone_key] = rules_of({"rules"});
  EXPECT_EQ(alone, "mask: perceive: ");
  EXPECT_EQ(rules_of({"eye_measures", "rules"}).first, "observe:eye_measures ");
  EXPECT_EQ(rules_of({"rules", "eye_measures"}).first, "observe:eye_measures ");
  EXPECT_EQ(rules_of({{{"type", "eye_measures"}, {"name", "mine"}}, "rules"}).first,
            "observe:mine ");
  EXPECT_NE(rules_of({"eye_measures", "rules"}).second, alone_key);
  // Measures taken otherwise are not those that it asks for.
  const Json small = {{"type", "eye_measures"}, {"iris_diameter_mm", 11}},
             unfitted = {{"type", "eye_measures"}, {"fit", false}};
  EXPECT_EQ(rules_of({small, "rules"}).first, "mask: perceive: ");
  EXPECT_EQ(rules_of({unfitted, "rules"}).first, "mask: perceive: ");
  EXPECT_EQ(rules_of({small, {{"type", "rules"}, {"iris_diameter_mm", 11}}}).first,
            "observe:eye_measures ");
  // Thresholds are its own.
  EXPECT_EQ(rules_of({"eye_measures", {{"type", "rules"}, {"deviation_dioptres", 12}}}).first,
            "observe:eye_measures ");
}

TEST_F(PlanTest, VariantsWithAShareAreMaskedForThatShare) {
  config_["shares"] = {{"gaussian_blur", 0.5}};
  const Plan plan = Make(config_);
  EXPECT_EQ(Keys(plan, Stage::kMask, "original").size(), 4u);
  EXPECT_EQ(Keys(plan, Stage::kMask, "gaussian_blur").size(), 2u);
  config_["fraction"] = 0.5;
  const Plan half = Make(config_);
  EXPECT_EQ(half.recordings.size(), 2u);
  // What is done of a half is part of the whole.
  const auto all = Keys(plan, Stage::kMask, "original"),
             some = Keys(half, Stage::kMask, "original");
  EXPECT_TRUE(std::includes(all.begin(), all.end(), some.begin(), some.end()));
}

TEST_F(PlanTest, EqualConfigurationsGiveEqualKeys) {
  EXPECT_EQ(ToJson(Make(config_)), ToJson(Make(config_)));
}

TEST_F(PlanTest, AChangedOptionRenewsItsVariantAndNothingElse) {
  const Plan before = Make(config_);
  config_["variants"][1] = {{"type", "gaussian_blur"}, {"sigma_face", 0.3}};
  const Plan after = Make(config_);
  for (const Stage stage : {Stage::kRender, Stage::kPerceive}) {
    EXPECT_EQ(Keys(before, stage, ""), Keys(after, stage, ""));
  }
  for (const Stage stage : {Stage::kMask, Stage::kPerceive, Stage::kObserve}) {
    EXPECT_EQ(Keys(before, stage, "original"), Keys(after, stage, "original"));
    std::vector<std::string> common;
    const auto a = Keys(before, stage, "gaussian_blur"), b = Keys(after, stage, "gaussian_blur");
    std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(common));
    EXPECT_TRUE(common.empty());
  }
}

TEST_F(PlanTest, VariantsOfOneReconstructionShareIt) {
  config_["variants"] = Json::parse(R"(["original", "digital_mask", "unsafe_overlay",
    {"type": "digital_mask", "name": "fitted", "policy": "fitted", "pose": "frontal"},
    {"type": "digital_mask", "name": "causal", "mode": "causal"},
    {"type": "digital_mask", "name": "other", "model": "canonical468"}])");
  const Plan plan = Make(config_);
  std::map<std::string, std::set<std::string>> used;  // Keys of reconstructions by variant.
  int reconstructions = 0;
  for (const Node& node : plan.nodes) {
    reconstructions += node.stage == Stage::kReconstruct ? 1 : 0;
    if (node.stage != Stage::kMask || node.recording != "a1") continue;
    for (const int input : node.inputs) {
      if (plan.nodes[input].stage == Stage::kReconstruct)
        used[node.variant].insert(plan.nodes[input].key);
    }
  }
  EXPECT_EQ(reconstructions, 4 * 2);
  EXPECT_EQ(used.size(), 4u);
  EXPECT_EQ(used["digital_mask"].size(), 1u);
  EXPECT_EQ(used["fitted"], used["digital_mask"]);
  EXPECT_EQ(used["unsafe_overlay"], used["digital_mask"]);
  EXPECT_NE(used["other"], used["digital_mask"]);
}

TEST_F(PlanTest, FewerFramesRenewMasksAndNotWhatIsMeasured) {
  config_["variants"] = {"digital_mask"};
  config_["observers"] = {"dlib_resnet"};
  const Plan before = Make(config_);
  config_["frames"] = 6;
  const Plan after = Make(config_);
  ASSERT_EQ(before.nodes.size(), after.nodes.size());
  for (size_t i = 0; i < before.nodes.size(); ++i) {
    EXPECT_EQ(before.nodes[i].key == after.nodes[i].key, before.nodes[i].variant.empty()) << i;
  }
}

TEST_F(PlanTest, OraclesAloneGetTheOriginalsFaceTrack) {
  config_["observers"] = Json::parse(R"(["mediapipe_iris", "dlib_resnet",
    {"type": "dlib_resnet", "name": "dlib_oracle", "landmarks": "oracle"},
    {"type": "learned", "name": "learned_oracle", "landmarks": "oracle"},
    {"type": "rules", "name": "rules_oracle", "landmarks": "oracle"},
    {"type": "eye_measures", "name": "measures_oracle", "landmarks": "oracle"},
    {"type": "eye_measures", "name": "measures"}])");
  const Plan plan = Make(config_);
  int oracles = 0, readings = 0;
  for (const Node& node : plan.nodes) {
    if (node.stage != Stage::kObserve) continue;
    if (node.observer == "rules_oracle") {
      // It reads what the observer with the same landmarks measured, and only that.
      ASSERT_EQ(node.inputs.size(), 1u);
      EXPECT_EQ(plan.nodes[node.inputs[0]].observer, "measures_oracle");
      ++readings;
      continue;
    }
    const bool oracle = node.observer.find("oracle") != std::string::npos;
    ASSERT_EQ(node.inputs.size(), oracle ? 3u : 2u);
    if (!oracle) continue;
    ++oracles;
    const Node& track = plan.nodes[node.inputs[2]];
    EXPECT_EQ(track.stage, Stage::kPerceive);
    EXPECT_EQ(track.variant, "");
    EXPECT_EQ(track.recording, node.recording);
  }
  EXPECT_EQ(oracles, 3 * 4 * 2);
  EXPECT_EQ(readings, 4 * 2);
}

TEST_F(PlanTest, SecretsNeverStandInAPlanButShapeItsKeys) {
  const auto plan = [&](const std::string& secret) {
    config_["variants"] =
        Json::array({{{"type", "digital_mask"}, {"policy", "private"}, {"secret", secret}}});
    return Make(config_);
  };
  const Plan one = plan("the first secret of all"), again = plan("the first secret of all"),
             other = plan("another secret, not shown");
  EXPECT_EQ(ToJson(one), ToJson(again));
  EXPECT_EQ(ToJson(one).dump().find("first secret"), std::string::npos);
  EXPECT_NE(ToJson(one).dump().find("fingerprint:"), std::string::npos);
  EXPECT_EQ(Keys(one, Stage::kRender, ""), Keys(other, Stage::kRender, ""));
  for (const std::string& key : Keys(one, Stage::kMask, "digital_mask"))
    EXPECT_EQ(Keys(other, Stage::kMask, "digital_mask").count(key), 0u);
}

// Who is recorded decides what a mask of its own face per patient shows.
TEST_F(PlanTest, AnotherSubjectRenewsMasksThatNeedThePatientAlone) {
  config_["variants"] = {"original", "digital_mask"};
  const Plan before = Make(config_);
  dataset_.recordings[1].subject = "b";
  const Plan after = Make(config_);
  ASSERT_EQ(before.nodes.size(), after.nodes.size());
  for (size_t i = 0; i < before.nodes.size(); ++i) {
    EXPECT_EQ(before.nodes[i].key != after.nodes[i].key,
              before.nodes[i].variant == "digital_mask" && before.nodes[i].recording == "a2")
        << i;
  }
}

TEST_F(PlanTest, OtherWeightsRenewOnlyWhatUsesThem) {
  const Plan before = Make(config_);
  WriteJsonFile(models_.path() / "dlib_resnet.json", {{"tensors_sha256", "others"}});
  const Plan after = Make(config_);
  ASSERT_EQ(before.nodes.size(), after.nodes.size());
  for (size_t i = 0; i < before.nodes.size(); ++i) {
    EXPECT_EQ(before.nodes[i].key != after.nodes[i].key,
              before.nodes[i].component == "dlib_resnet");
  }
}

TEST_F(PlanTest, AnonymousIdsDependOnTheSeedAndTellNothing) {
  const Plan plan = Make(config_);
  config_["seed"] = 2;
  const Plan other = Make(config_);
  std::set<std::string> ids;
  for (size_t i = 0; i < plan.nodes.size(); ++i) {
    EXPECT_EQ(plan.nodes[i].anonymous_id.find(plan.nodes[i].recording), std::string::npos);
    EXPECT_NE(plan.nodes[i].anonymous_id, other.nodes[i].anonymous_id);
    ids.insert(plan.nodes[i].anonymous_id);
  }
  EXPECT_EQ(ids.size(), 4U);
}

TEST_F(PlanTest, SplitsAndChosenRecordingsTakePart) {
  dataset_.subjects[1].split = "train";
  EXPECT_EQ(Make(config_).recordings, (std::vector<std::string>{"a1", "a2"}));
  config_["dataset"]["split"] = "all";
  config_["dataset"]["recordings"] = {"b2", "a1"};
  EXPECT_EQ(Make(config_).recordings, (std::vector<std::string>{"a1", "b2"}));
  config_["dataset"]["recordings"] = {"c9"};
  EXPECT_THROW(Make(config_), UsageError);
}

TEST_F(PlanTest, ComesBackFromJson) {
  config_["timing"] = {{"workers", {1, 2}}};
  const Plan plan = Make(config_);
  EXPECT_EQ(ToJson(PlanFromJson(ToJson(plan))), ToJson(plan));
  EXPECT_THROW(PlanFromJson(Json{{"nodes", 3}}), DataError);
}

TEST_F(PlanTest, ANewPremadeVideoRenewsItsCase) {
  const TemporaryFolder folder;
  config_["variants"][1] = {{"type", "premade"}, {"folder", folder.path().string()}};
  const Plan without = Make(config_);
  WriteFileAtomically(folder.path() / "b1.mp4", "one");
  const Plan with = Make(config_);
  WriteFileAtomically(folder.path() / "b1.mp4", "two");
  const Plan changed = Make(config_);
  for (size_t i = 0; i < with.nodes.size(); ++i) {
    const bool touched = with.nodes[i].recording == "b1" && with.nodes[i].variant == "premade";
    EXPECT_EQ(without.nodes[i].key != with.nodes[i].key, touched);
    EXPECT_EQ(changed.nodes[i].key != with.nodes[i].key, touched);
  }
}

}  // namespace
}  // namespace maskbench
