#include "experiments/diagnostic_consistency/eye_units.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace maskbench::consistency {
namespace {

constexpr const char* kSexes[] = {"female", "male"};
constexpr const char* kAncestries[] = {"african", "asian", "caucasian"};

/// Truth of one condition by the eye's labels.
void ReadLabel(const Json& labels, size_t condition, EyeUnit* unit) {
  const auto found = labels.find(ToString(kEyeConditions[condition]));
  if (found == labels.end() || found->is_null()) return;
  const Json& label = *found;
  const bool absent = label == "none" || label == false || label == 0;
  unit->diseased[condition] = !absent;
  if (!absent && label.is_string()) unit->label[condition] = label.get<std::string>();
}

/// Groups of a recording that a maker drew, from what the plan says it was drawn from.
void AddDrawnStrata(const Json& recipe, std::map<std::string, std::string>* strata) {
  const auto index = [&](const char* name, size_t count) -> std::optional<size_t> {
    const auto found = recipe.find(name);
    if (found == recipe.end() || !found->is_number_integer()) return std::nullopt;
    const auto value = found->get<int>();
    if (value < 0 || static_cast<size_t>(value) >= count) return std::nullopt;
    return static_cast<size_t>(value);
  };
  if (const auto sex = index("sex", std::size(kSexes))) (*strata)["sex"] = kSexes[*sex];
  if (const auto ancestry = index("ancestry", std::size(kAncestries)))
    (*strata)["ancestry"] = kAncestries[*ancestry];
  const auto age = recipe.find("age");
  if (age != recipe.end() && age->is_number()) {
    // 0 is about twenty years, 1 about eighty.
    const double years = 20 + 60 * age->get<double>();
    (*strata)["age"] = years < 40 ? "20-39" : years < 60 ? "40-59" : "60-80";
  }
}

}  // namespace

const Finding* ReaderGroup::At(const std::string& arm, int member, size_t unit,
                               size_t condition) const {
  const auto found = arms.find(arm);
  if (found == arms.end()) return nullptr;
  const std::optional<Finding>& finding =
      found->second[static_cast<size_t>(member)][unit][condition];
  return finding ? &*finding : nullptr;
}

void ReaderGroup::AddArm(const std::string& arm, size_t units) {
  arms[arm].assign(static_cast<size_t>(members), std::vector<EyeFindings>(units));
}

int AnswerOf(const Finding& finding) {
  return finding.presence == Presence::kAbsent    ? 0
         : finding.presence == Presence::kPresent ? 1
                                                  : kUnread;
}

std::vector<EyeUnit> EyeUnits(const RunData& data) {
  std::map<std::string, int> patients;
  std::map<std::string, std::string> resolutions;
  std::set<std::string> different;
  std::map<std::string, const Node*> drawings;
  for (const Node& node : data.nodes()) {
    if (node.stage != Stage::kRender) continue;
    drawings[node.recording] = &node;
    const NodeOutcome* outcome = data.OutcomeOf(node);
    if (outcome == nullptr || !outcome->notes.contains("media")) continue;
    const Json& media = outcome->notes["media"];
    resolutions[node.recording] =
        fmt::format("{}x{}", media.value("width_px", 0), media.value("height_px", 0));
    different.insert(resolutions[node.recording]);
  }
  std::vector<EyeUnit> units;
  for (const std::string& id : data.recordings()) {
    const LabelledRecording& recording = *data.dataset().FindRecording(id);
    const int patient =
        patients.try_emplace(recording.subject, static_cast<int>(patients.size())).first->second;
    for (const Side side : kSides) {
      EyeUnit unit;
      unit.recording = id;
      unit.side = side;
      unit.patient = patient;
      const Json& labels = (side == Side::kRight ? recording.right : recording.left).labels;
      for (size_t c = 0; c < kConditions; ++c) ReadLabel(labels, c, &unit);
      const auto borderline = labels.find("borderline");
      if (borderline != labels.end() && borderline->is_string())
        unit.strata["borderline"] = borderline->get<std::string>();
      const auto drawing = drawings.find(id);
      if (drawing != drawings.end()) AddDrawnStrata(drawing->second->options, &unit.strata);
      if (different.size() > 1 && resolutions.count(id) > 0)
        unit.strata["resolution"] = resolutions[id];
      units.push_back(std::move(unit));
    }
  }
  return units;
}

int PatientsOf(const std::vector<EyeUnit>& units) {
  int most = -1;
  for (const EyeUnit& unit : units) most = std::max(most, unit.patient);
  return most + 1;
}

ReaderGroup StoredReader(const RunData& data, const std::vector<EyeUnit>& units,
                         const std::string& observer) {
  ReaderGroup group;
  group.name = observer;
  for (const ComponentChoice& variant : data.config().variants) {
    group.AddArm(variant.name, units.size());
    std::vector<EyeFindings>& said = group.arms[variant.name][0];
    // Both eyes of a recording follow each other and come from one reading.
    size_t next = 0;
    for (size_t u = 0; u < units.size(); u = next) {
      for (next = u; next < units.size() && units[next].recording == units[u].recording;) ++next;
      if (!data.IsPlanned(units[u].recording, variant.name)) continue;
      const auto seen = data.Observed(units[u].recording, variant.name, observer);
      const Diagnosis diagnosis = seen ? ToDiagnosis(seen->readings) : Diagnosis();
      for (size_t v = u; v < next; ++v) {
        for (size_t c = 0; c < kConditions; ++c)
          said[v][c] = diagnosis.At(units[v].side, kEyeConditions[c]);
      }
    }
  }
  return group;
}

ReaderGroup ImportedGroup(const std::vector<EyeUnit>& units, const ImportedReadings& imported) {
  ReaderGroup group;
  group.name = imported.name;
  group.members = imported.readers;
  std::map<std::pair<std::string, Side>, size_t> unit_of;
  for (size_t u = 0; u < units.size(); ++u) unit_of[{units[u].recording, units[u].side}] = u;
  for (const ImportedReading& reading : imported.readings) {
    const auto unit = unit_of.find({reading.recording, reading.eye});
    if (unit == unit_of.end()) continue;  // Takes no part in this run any more.
    if (group.arms.count(reading.variant) == 0) group.AddArm(reading.variant, units.size());
    const auto condition = static_cast<size_t>(reading.condition);
    group.arms[reading.variant][static_cast<size_t>(reading.reader)][unit->second][condition] =
        reading.finding;
  }
  return group;
}

}  // namespace maskbench::consistency
