#include "datasets/virtual_clinic/data_card.h"

#include <map>
#include <utility>

#include <fmt/format.h>

namespace maskbench::virtual_clinic {
namespace {

const char* NameOf(Ancestry ancestry) {
  switch (ancestry) {
    case Ancestry::kAfrican:
      return "African";
    case Ancestry::kAsian:
      return "Asian";
    case Ancestry::kCaucasian:
      return "Caucasian";
  }
  return "";
}

/// Rows of counts by split: the given ones, then others in the order in which they were first
/// named.
class CountTable {
 public:
  explicit CountTable(std::vector<std::string> first_rows = {}) : order_(std::move(first_rows)) {
    for (const std::string& row : order_) counts_[row];
  }
  void Add(const std::string& row, const std::string& split) {
    if (counts_.count(row) == 0) order_.push_back(row);
    ++counts_[row][split];
  }
  std::string Markdown(const std::string& head) const {
    std::string text = fmt::format("| {} | train | tune | test |\n|---|---|---|---|\n", head);
    for (const std::string& row : order_) {
      const auto& of = counts_.at(row);
      const auto count = [&of](const char* split) {
        const auto found = of.find(split);
        return found == of.end() ? 0 : found->second;
      };
      text +=
          fmt::format("| {} | {} | {} | {} |\n", row, count("train"), count("tune"), count("test"));
    }
    return text + "\n";
  }

 private:
  std::vector<std::string> order_;
  std::map<std::string, std::map<std::string, int>> counts_;
};

/// Diseases of one eye, e.g. "ptosis: mild".
std::vector<std::string> Labels(const EyeTruth& eye) {
  std::vector<std::string> labels;
  for (const auto& item : eye.labels.items()) {
    if (item.value() != "none" && item.key() != "mimic" && item.key() != "borderline")
      labels.push_back(fmt::format("{}: {}", item.key(), item.value().get<std::string>()));
  }
  return labels;
}

}  // namespace

std::string DataCard(const DatasetRecipe& recipe, const std::vector<RecordingPlan>& plans,
                     const Dataset& dataset) {
  CountTable subjects, signs, eyes;
  std::vector<std::string> rows = {"female", "male", "African", "Asian", "Caucasian"};
  for (int decade = 20; decade <= 70; decade += 10)
    rows.push_back(fmt::format("about {} to {} years", decade, decade + 9));
  CountTable people(rows);
  for (size_t k = 0; k < plans.size(); ++k) {
    const RecordingPlan& plan = plans[k];
    if (plan.number != 0) continue;
    const LabelledRecording& recording = dataset.recordings[k];
    const std::string& split = dataset.FindSubject(plan.subject_id)->split;
    subjects.Add("all", split);
    subjects.Add(ToString(plan.condition), split);
    if (plan.second != Condition::kHealthy)
      subjects.Add(fmt::format("of them also {}", ToString(plan.second)), split);
    people.Add(plan.stratum.sex == Sex::kFemale ? "female" : "male", split);
    people.Add(NameOf(plan.stratum.ancestry), split);
    const int decade = 20 + 10 * static_cast<int>(plan.stratum.age * 5.999);
    people.Add(fmt::format("about {} to {} years", decade, decade + 9), split);
    const Patient patient = PatientOf(plan);
    if (patient.borderline) signs.Add("borderline", split);
    if (!patient.mimic.empty()) signs.Add("imitates: " + patient.mimic, split);
    for (const EyeTruth* eye : {&recording.right, &recording.left}) {
      for (const std::string& label : Labels(*eye)) eyes.Add(label, split);
    }
  }
  std::string card = "# Virtual clinic: data card\n\n";
  card +=
      "**Rendered people. Nobody here is real**, no patient's picture was used, and a result on "
      "these recordings is no clinical evidence.\n\n";
  card += fmt::format("- Version {}; {}\n", dataset.version, dataset.provenance);
  card += fmt::format(
      "- {} subjects, {} recordings of {} s at {} Hz, {} x {} pixels, H.264, no sound. Recordings "
      "of a subject are made on different days (other light, distance, hair, mood, clothes).\n",
      recipe.patients, plans.size(), recipe.seconds, plans.empty() ? 0.0 : plans.front().rate_hz,
      recipe.width_px, recipe.height_px);
  card +=
      "- Splits are by subject. Seeds from 900000 on are left to evaluators outside the project; "
      "nothing in it is trained or tuned there.\n\n";
  card += "## Subjects\n\n" + subjects.Markdown("condition");
  card += people.Markdown("people");
  card += "## Eyes with a label\n\n" + eyes.Markdown("label, eyes") +
          signs.Markdown("subjects who are");
  card +=
      "Labels are the latent disease from which the signs were drawn, never a threshold on a sign; "
      "grades (mild, moderate, …) follow from the size of the signs. Distributions and their "
      "sources stand in `datasets/virtual_clinic/disease.cc`. A borderline patient is within 1 mm "
      "or 5 prism dioptres of a threshold. Who imitates a disease has an innocent look-alike of "
      "one that he does not have.\n\n"
      "## Files\n\n"
      "`manifest.json` (labels, measures per eye), `recordings/ID.mp4`, `truth/ID.msgpack` (truth "
      "of every frame, see docs/virtual_clinic.md). Names of recordings tell nothing. Camera, "
      "light, length, rate and bytes are drawn without regard to the disease.\n\n"
      "## Meant for\n\n"
      "Comparing masks, readers and recognisers under one protocol with exact truth; training "
      "and tuning on the splits of these names; finding out where a method breaks.\n\n"
      "## Not meant for\n\n"
      "Claims about patients; training of diagnostic software for clinical use; estimates of how "
      "common a disease or sign is (conditions are balanced, borderline cases "
      "over-represented).\n\n"
      "## Known limits\n\n"
      "Skin, hair and lids are simplified: no fine wrinkles of moving lids, no tear film, no "
      "glasses, no make-up but lips and brows. Cheeks do not move with the lower lid. One camera, "
      "frontal. Face recognisers tell these people apart less well than real ones (see "
      "docs/virtual_clinic.md). A disease shows only the signs listed there.\n";
  return card;
}

}  // namespace maskbench::virtual_clinic
