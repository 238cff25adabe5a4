// The data set before anything is drawn: who is in it, and what is true of them.
#include <cmath>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "maskbench/core/error.h"
#include "maskbench/pipeline/dataset_maker.h"

#include "datasets/register_all.h"
#include "datasets/the_studio.h"
#include "datasets/virtual_clinic/recorder.h"

namespace maskbench::virtual_clinic {
namespace {

const DatasetMaker& Clinic() {
  static const DatasetMakers makers = [] {
    DatasetMakers all;
    RegisterDatasetMakers(&all);
    return all;
  }();
  return FindDatasetMaker(makers, "virtual_clinic");
}

MadeDataset Describe(const std::string& preset, std::uint64_t seed = 1) {
  DatasetRecipe recipe;
  recipe.preset = preset;
  recipe.seed = seed;
  return Clinic().Describe(recipe);
}

std::string ConditionOf(const LabelledRecording& recording) {
  for (const EyeTruth* eye : {&recording.right, &recording.left}) {
    for (const char* disease : {"thyroid_orbitopathy", "ptosis", "strabismus", "nystagmus"})
      if (eye->labels.at(disease) != "none") return disease;
  }
  return "healthy";
}

TEST(VirtualClinic, PresetsHaveTheSizesTheyAreKnownFor) {
  const std::map<std::string, std::pair<size_t, size_t>> sizes = {
      {"quick", {12, 24}},        {"tiny", {5, 5}},          {"paper", {405, 405}},
      {"sign_matched", {20, 40}}, {"eye_matched", {20, 40}}, {"diagnostic", {405, 405}}};
  for (const auto& [preset, size] : sizes) {
    const MadeDataset made = Describe(preset);
    EXPECT_EQ(made.dataset.subjects.size(), size.first) << preset;
    EXPECT_EQ(made.dataset.recordings.size(), size.second) << preset;
    EXPECT_EQ(made.recipes.size(), size.second) << preset;
    // What it describes is a sound manifest.
    ParseManifest(Dataset::Options().ToJson(made.dataset), preset);
    EXPECT_NE(made.data_card.find("Nobody here is real"), std::string::npos);
  }
  EXPECT_EQ(*Describe("paper").dataset.recordings[0].frame_count, 720);  // 12 s of 60 Hz.
  EXPECT_THROW(Describe("clinic"), UsageError);
}

TEST(VirtualClinic, TheDiagnosticMixIsFrozen) {
  for (const int patients : {405, 160, 60}) {
    DatasetRecipe recipe;
    recipe.preset = "diagnostic";
    recipe.seed = 3;
    recipe.patients = patients;
    const MadeDataset made = Clinic().Describe(recipe);
    std::map<std::string, int> having, women;
    int several = 0, healthy = 0, borderline = 0, all_women = 0;
    for (size_t i = 0; i < made.dataset.recordings.size(); ++i) {
      const LabelledRecording& recording = made.dataset.recordings[i];
      const bool woman = made.recipes[i].at("sex") == 0;
      int own = 0;
      for (const char* disease : {"thyroid_orbitopathy", "ptosis", "strabismus", "nystagmus"}) {
        if (recording.right.labels.at(disease) == "none" &&
            recording.left.labels.at(disease) == "none")
          continue;
        ++own;
        ++having[disease];
        women[disease] += woman ? 1 : 0;
      }
      several += own > 1 ? 1 : 0;
      healthy += own == 0 ? 1 : 0;
      all_women += woman ? 1 : 0;
      borderline += recording.right.labels.at("borderline") == "yes" ? 1 : 0;
    }
    for (const auto& [disease, count] : having) {
      EXPECT_GE(count, 0.25 * patients) << disease;
      EXPECT_LE(count, 0.35 * patients) << disease;
      EXPECT_NEAR(women[disease] / static_cast<double>(count),
                  all_women / static_cast<double>(patients), 0.13)
          << disease;
    }
    EXPECT_NEAR(several, 0.2 * patients, 1.1);
    EXPECT_NEAR(healthy, 0.1 * patients, 1.1);
    EXPECT_GE(borderline, 0.3 * patients);
  }
}

TEST(VirtualClinic, ConditionsAreBalancedAndNamesTellNothing) {
  const MadeDataset made = Describe("paper");
  std::map<std::string, int> conditions;
  std::set<std::string> ids;
  double healthy_order = 0;
  for (const LabelledRecording& recording : made.dataset.recordings) {
    ++conditions[ConditionOf(recording)];
    ids.insert(recording.id);
    if (ConditionOf(recording) == "healthy")
      healthy_order += std::stoul(recording.id.substr(1), nullptr, 16) / 4294967296.0;
  }
  EXPECT_EQ(ids.size(), 405u);
  for (const auto& [condition, count] : conditions) EXPECT_EQ(count, 81) << condition;
  EXPECT_EQ(conditions.size(), 5u);
  EXPECT_NEAR(healthy_order / 81, 0.5, 4 * std::sqrt(1.0 / 12 / 81));
}

TEST(VirtualClinic, SignMatchedPeopleShareAllSignsOfTheirCondition) {
  const MadeDataset made = Describe("sign_matched");
  std::map<std::string, const LabelledRecording*> first;
  std::set<std::string> subjects;
  int compared = 0;
  for (const LabelledRecording& recording : made.dataset.recordings) {
    const LabelledRecording*& model = first[ConditionOf(recording)];
    if (model == nullptr) model = &recording;
    EXPECT_EQ(recording.right.truth, model->right.truth);
    EXPECT_EQ(recording.left.truth, model->left.truth);
    EXPECT_EQ(recording.left.labels, model->left.labels);
    compared += recording.subject != model->subject ? 1 : 0;
  }
  EXPECT_EQ(first.size(), 5u);
  EXPECT_EQ(compared, 30);
  // The paper's patients do not.
  const MadeDataset paper = Describe("paper");
  EXPECT_NE(paper.dataset.recordings[0].right.truth, paper.dataset.recordings[5].right.truth);
}

// Heads, skins and lids stay different people's.
TEST(VirtualClinic, EyeMatchedPeopleShareTheEyesThatSignsAreSeenThrough) {
  const auto subject_of = [](const Json& recipe) {
    const RecordingPlan plan = PlanOf(recipe);
    return SubjectOf(TheStudio(), plan, PatientOf(plan));
  };
  for (const bool matched : {false, true}) {
    const MadeDataset made = Describe(matched ? "eye_matched" : "sign_matched");
    // Ten recordings later the same diagnosis comes again, in somebody else.
    for (size_t i = 0; i < 10; i += 2) {
      const Subject a = subject_of(made.recipes[i]), b = subject_of(made.recipes[i + 10]);
      ASSERT_EQ(ConditionOf(made.dataset.recordings[i]),
                ConditionOf(made.dataset.recordings[i + 10]));
      for (size_t s = 0; s < 2; ++s) {
        EXPECT_EQ(a.eyes[s].limbus_horizontal_mm == b.eyes[s].limbus_horizontal_mm, matched);
        EXPECT_EQ(a.eyes[s].kappa_nasal_deg == b.eyes[s].kappa_nasal_deg, matched);
        EXPECT_NE(a.lids[s].crease_distance_mm, b.lids[s].crease_distance_mm);
      }
      EXPECT_NE(a.withheld_seed, b.withheld_seed);
    }
  }
}

TEST(VirtualClinic, TheSeedMakesThePeople) {
  EXPECT_EQ(Describe("quick", 3).recipes, Describe("quick", 3).recipes);
  EXPECT_EQ(Dataset::Options().ToJson(Describe("quick", 3).dataset),
            Dataset::Options().ToJson(Describe("quick", 3).dataset));
  const MadeDataset one = Describe("quick", 3), other = Describe("quick", 4);
  EXPECT_NE(one.dataset.recordings[0].right.truth, other.dataset.recordings[0].right.truth);
  EXPECT_NE(one.dataset.recordings[0].id, other.dataset.recordings[0].id);
}

TEST(VirtualClinic, SplitsAreBySubjectAndBalanced) {
  DatasetRecipe recipe;
  recipe.patients = 50;
  recipe.recordings = 2;
  recipe.splits = {0.6, 0.2, 0.2};
  const MadeDataset made = Clinic().Describe(recipe);
  std::map<std::string, std::map<std::string, int>> counts;
  for (const LabelledRecording& recording : made.dataset.recordings)
    ++counts[made.dataset.FindSubject(recording.subject)->split][ConditionOf(recording)];
  for (const auto& [condition, count] : counts["train"]) EXPECT_EQ(count, 12) << condition;
  for (const auto& [condition, count] : counts["tune"]) EXPECT_EQ(count, 4) << condition;
  EXPECT_EQ(counts["test"].size(), 5u);
}

TEST(RecordingPlan, ComesBackFromItsRecipe) {
  for (const char* preset : {"sign_matched", "eye_matched"}) {
    for (const Json& recipe : Describe(preset, 9).recipes)
      EXPECT_EQ(ToJson(PlanOf(recipe)), recipe);
  }
  EXPECT_THROW(PlanOf(Json::object()), DataError);
}

}  // namespace
}  // namespace maskbench::virtual_clinic
