#include <array>
#include <cmath>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/hash.h"
#include "maskbench/core/rng.h"
#include "maskbench/pipeline/dataset_maker.h"
#include "maskbench/pipeline/manifest.h"

#include "datasets/virtual_clinic/contact_sheets.h"
#include "datasets/virtual_clinic/data_card.h"
#include "datasets/virtual_clinic/recorder.h"

namespace maskbench {
namespace {

using virtual_clinic::Condition;
using virtual_clinic::RecordingPlan;

constexpr int kVirtualClinicVersion = 3;
// Successive subjects have successive conditions; see Plans.
constexpr int kConditions = 5;
constexpr double kRateHz = 60;

struct Preset {
  std::string name, summary;
  int subjects, recordings;
  double seconds;
  int width_px, height_px;
  bool sign_matched;
  bool mixed = false;         ///< The case mix of kMix.
  bool eyes_matched = false;  ///< With sign_matched: eyes of one size and angle kappa as well.
};

struct Case {
  Condition first, second = Condition::kHealthy;
};

// The case mix of diagnostic studies, frozen: of twenty successive patients five have thyroid
// orbitopathy, five ptosis, six strabismus and six nystagmus, four of them two at once, and two are
// healthy. The first five keep all shares above a quarter for numbers such as 405.
constexpr std::array<Case, 20> kMix = {{{Condition::kThyroidOrbitopathy},
                                        {Condition::kPtosis},
                                        {Condition::kThyroidOrbitopathy},
                                        {Condition::kPtosis},
                                        {Condition::kStrabismus, Condition::kNystagmus},
                                        {Condition::kHealthy},
                                        {Condition::kNystagmus},
                                        {Condition::kStrabismus},
                                        {Condition::kPtosis},
                                        {Condition::kThyroidOrbitopathy},
                                        {Condition::kNystagmus},
                                        {Condition::kStrabismus},
                                        {Condition::kThyroidOrbitopathy, Condition::kStrabismus},
                                        {Condition::kPtosis, Condition::kNystagmus},
                                        {Condition::kNystagmus},
                                        {Condition::kHealthy},
                                        {Condition::kStrabismus},
                                        {Condition::kThyroidOrbitopathy},
                                        {Condition::kNystagmus},
                                        {Condition::kPtosis, Condition::kStrabismus}}};

/// One place further in every round, so that sex, which alternates, is not tied to the condition.
Case MixedCase(int subject) {
  const auto size = static_cast<int>(kMix.size());
  return kMix[static_cast<size_t>((subject + subject / size) % size)];
}

const std::vector<Preset>& AllPresets() {
  static const std::vector<Preset> presets = {
      {"quick", "12 subjects x 2 recordings of 2 s", 12, 2, 2, 640, 480, false},
      {"tiny", "5 subjects x 1 recording of 1.5 s, 320x240, for tests", 5, 1, 1.5, 320, 240, false},
      {"paper", "405 subjects x 1 examination of 12 s", 405, 1, 12, 640, 480, false},
      {"sign_matched", "20 subjects x 2 recordings; subjects of a condition share all signs", 20, 2,
       4, 640, 480, true},
      {"eye_matched",
       "20 subjects x 2 recordings; subjects of a condition share all signs, and the sizes and "
       "angles kappa of the eyes that they are seen through",
       20, 2, 4, 640, 480, true, false, true},
      {"diagnostic",
       "405 subjects x 1 examination of 12 s; every condition in 25 to 30 % of them, some with two",
       405, 1, 12, 640, 480, false, true}};
  return presets;
}

const Preset& FindPreset(const std::string& name) {
  std::string known;
  for (const Preset& preset : AllPresets()) {
    if (preset.name == name) return preset;
    known += (known.empty() ? "" : ", ") + preset.name;
  }
  throw UsageError(
      fmt::format("The virtual clinic has no preset \"{}\"; there is {}.", name, known));
}

DatasetRecipe Complete(DatasetRecipe recipe) {
  recipe.maker = "virtual_clinic";
  if (recipe.preset.empty()) recipe.preset = AllPresets().front().name;
  const Preset& preset = FindPreset(recipe.preset);
  if (recipe.patients == 0) recipe.patients = preset.subjects;
  if (recipe.recordings == 0) recipe.recordings = preset.recordings;
  if (recipe.seconds == 0) recipe.seconds = preset.seconds;
  if (recipe.rate_hz == 0) recipe.rate_hz = kRateHz;
  if (recipe.width_px == 0) recipe.width_px = preset.width_px;
  if (recipe.height_px == 0) recipe.height_px = preset.height_px;
  if (!recipe.seed) recipe.seed = 1;
  if (recipe.splits.empty()) recipe.splits = {0, 0, 1};
  if (recipe.rate_hz < 10 || recipe.rate_hz != std::floor(recipe.rate_hz)) {
    throw UsageError(
        "The virtual clinic records a whole number of frames per second, at least 10.");
  }
  if (recipe.seconds < 1 || recipe.width_px < 160 || recipe.height_px < 120) {
    throw UsageError("The virtual clinic records at least 1 s of at least 160 x 120 pixels.");
  }
  return recipe;
}

std::vector<RecordingPlan> Plans(const DatasetRecipe& recipe) {
  const bool sign_matched = FindPreset(recipe.preset).sign_matched,
             mixed = FindPreset(recipe.preset).mixed;
  std::vector<RecordingPlan> plans;
  for (int subject = 0; subject < recipe.patients; ++subject)
    for (int number = 0; number < recipe.recordings; ++number) {
      RecordingPlan plan;
      plan.seed = *recipe.seed;
      plan.subject_id = fmt::format("p{:04}", subject + 1);
      // Five conditions against strata of six: after thirty subjects every pair has met.
      plan.stratum = virtual_clinic::EvenStratum(plan.seed, subject);
      plan.condition = static_cast<Condition>(subject % kConditions);
      if (mixed) {
        plan.condition = MixedCase(subject).first;
        plan.second = MixedCase(subject).second;
      }
      plan.number = number;
      if (sign_matched) plan.signs_id = fmt::format("signs {}", subject % kConditions);
      plan.eyes_matched = FindPreset(recipe.preset).eyes_matched;
      // Names tell nothing of subject or condition.
      NamedRandom random(plan.seed, fmt::format("{} {}", plan.subject_id, number), "recording id");
      plan.recording_id = fmt::format("r{:08x}", random.NextBits());
      plan.seconds = recipe.seconds;
      plan.rate_hz = recipe.rate_hz;
      plan.width_px = recipe.width_px;
      plan.height_px = recipe.height_px;
      plans.push_back(plan);
    }
  return plans;
}

Dataset ManifestOf(const DatasetRecipe& recipe, const std::vector<RecordingPlan>& plans) {
  Dataset dataset;
  dataset.name = "virtual_clinic";
  dataset.version = fmt::format("{}.0.0", kVirtualClinicVersion);
  dataset.title = "Virtual clinic: rendered patients, no real people";
  dataset.kind = "virtual";
  dataset.provenance = fmt::format(
      "Made by `maskbench dataset make virtual_clinic --preset {} --patients {} --recordings {} "
      "--seconds {} --rate {} --width {} --height {} --seed {} --splits {}`. All people, signs and "
      "diseases "
      "are rendered; labels are the latent disease states from which the signs were drawn.",
      recipe.preset, recipe.patients, recipe.recordings, recipe.seconds, recipe.rate_hz,
      recipe.width_px, recipe.height_px, *recipe.seed, fmt::join(recipe.splits, ","));
  dataset.licence =
      "Pictures rendered from the assets listed in datasets/virtual_clinic/ASSETS.md.";
  dataset.show_originals = true;
  dataset.notes =
      "The truth of every frame lies beside the recordings; nothing that masks or measures may "
      "read it.";
  dataset.made = recipe;
  const std::vector<std::string> splits =
      SplitSubjects(recipe.patients, recipe.splits,
                    FindPreset(recipe.preset).mixed ? static_cast<int>(kMix.size()) : kConditions);
  for (const RecordingPlan& plan : plans) {
    if (plan.number == 0) {
      Subject subject;
      subject.id = plan.subject_id;
      subject.split = splits[dataset.subjects.size()];
      subject.attributes = virtual_clinic::AttributesOf(plan.stratum);
      dataset.subjects.push_back(subject);
    }
    LabelledRecording recording;
    recording.id = plan.recording_id;
    recording.subject = plan.subject_id;
    recording.session = fmt::format("day{}", plan.number + 1);
    recording.path = "recordings/" + plan.recording_id + ".mp4";
    recording.frame_truth = "truth/" + plan.recording_id + ".msgpack";
    recording.rate_hz = plan.rate_hz;
    recording.frame_count = virtual_clinic::FrameCount(plan);
    recording.filmed = "virtual camera";
    const Json patient = PatientTruth(virtual_clinic::PatientOf(plan));
    for (const char* side : {"right", "left"}) {
      EyeTruth& eye = side == std::string("right") ? recording.right : recording.left;
      eye.labels = patient.at(side).at("labels");
      eye.truth = patient.at(side).at("truth");
    }
    dataset.recordings.push_back(recording);
  }
  return dataset;
}

class StudioRecordings : public RecordingMaker {
 public:
  explicit StudioRecordings(const MakerPlaces& places)
      : studio_(places.models_dir, places.npm_dir) {}
  void Make(const Json& recipe, const std::filesystem::path& video,
            const std::filesystem::path& truth) const override {
    virtual_clinic::MakeRecording(studio_, virtual_clinic::PlanOf(recipe), video, truth);
  }

 private:
  const virtual_clinic::Studio studio_;
};

class VirtualClinic : public DatasetMaker {
 public:
  std::string Name() const override { return "virtual_clinic"; }
  std::string Summary() const override {
    return "Rendered patients with known identity and known signs; no real people.";
  }
  int Version() const override { return kVirtualClinicVersion; }
  std::vector<std::pair<std::string, std::string>> Presets() const override {
    std::vector<std::pair<std::string, std::string>> presets;
    for (const Preset& preset : AllPresets()) presets.emplace_back(preset.name, preset.summary);
    return presets;
  }

  MadeDataset Describe(const DatasetRecipe& asked) const override {
    const DatasetRecipe recipe = Complete(asked);
    const std::vector<RecordingPlan> plans = Plans(recipe);
    MadeDataset made;
    made.dataset = ManifestOf(recipe, plans);
    for (const RecordingPlan& plan : plans) made.recipes.push_back(ToJson(plan));
    made.data_card = virtual_clinic::DataCard(recipe, plans, made.dataset);
    return made;
  }

  std::string Fingerprint(const MakerPlaces& places) const override {
    return virtual_clinic::Studio::Fingerprint(places.models_dir);
  }

  std::unique_ptr<const RecordingMaker> Open(const MakerPlaces& places) const override {
    return std::make_unique<StudioRecordings>(places);
  }

  std::vector<std::filesystem::path> DrawSheets(const MakerPlaces& places, std::uint64_t seed,
                                                const std::filesystem::path& folder,
                                                const Progress& progress) const override {
    const virtual_clinic::Studio studio(places.models_dir, places.npm_dir);
    return virtual_clinic::DrawContactSheets(
        studio, seed, folder, [&](int done, int total) { progress(done, total, "drawing"); });
  }
};

}  // namespace

void RegisterVirtualClinic(DatasetMakers* makers) {
  makers->push_back(std::make_unique<VirtualClinic>());
}

}  // namespace maskbench
