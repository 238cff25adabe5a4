#include "maskbench/pipeline/scoring.h"

#include <map>
#include <set>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace maskbench {

namespace {

/// What the methods noted, by variant and key in the order in which they come up.
class NoteSheet {
 public:
  void Add(const std::string& variant, const Json& notes) {
    for (const auto& item : notes.items()) {
      if (item.key() == "stored_sha256") continue;  // For resuming; tells a reader nothing.
      const auto [at, fresh] = index_.emplace(std::pair(variant, item.key()), entries_.size());
      if (fresh) entries_.push_back({variant, item.key(), {}, {}, 0});
      Entry& entry = entries_[at->second];
      ++entry.cases;
      if (entry.values.size() > kMostValues) continue;
      const std::string value =
          item.value().is_string() ? item.value().get<std::string>() : item.value().dump();
      if (++entry.values[value] == 1) entry.order.push_back(value);
    }
  }

  /// One note for each value; what differs in almost every case is said once.
  std::vector<VariantNote> Notes() const {
    std::vector<VariantNote> notes;
    for (const Entry& entry : entries_) {
      if (entry.values.size() > kMostValues) {
        notes.push_back({entry.variant, entry.key + ": differs", entry.cases});
        continue;
      }
      for (const std::string& value : entry.order) {
        notes.push_back(
            {entry.variant, fmt::format("{}: {}", entry.key, value), entry.values.at(value)});
      }
    }
    return notes;
  }

 private:
  static constexpr size_t kMostValues = 20;
  struct Entry {
    std::string variant, key;
    std::map<std::string, int> values;
    std::vector<std::string> order;
    int cases = 0;
  };
  std::vector<Entry> entries_;
  std::map<std::pair<std::string, std::string>, size_t> index_;
};

}  // namespace

ScoredRun ScoreRun(const RunData& data, const Components& components) {
  ScoredRun scored;
  NoteSheet notes;
  std::set<std::pair<std::string, std::string>> cases, failed_cases;
  for (const Node& node : data.nodes()) {
    ++scored.nodes;
    const std::pair<std::string, std::string> key(node.recording, node.variant);
    const bool belongs_to_case = !node.variant.empty() && node.stage != Stage::kTime;
    if (belongs_to_case) cases.insert(key);
    const NodeOutcome* outcome = data.OutcomeOf(node);
    if (outcome == nullptr) {
      ++scored.missing;
      continue;
    }
    if (outcome->status == NodeStatus::kDone) {
      ++scored.done;
      if (node.stage == Stage::kMask) notes.Add(node.variant, outcome->notes);
      continue;
    }
    if (belongs_to_case) failed_cases.insert(key);
    if (outcome->status == NodeStatus::kBlocked) {
      ++scored.blocked;
      continue;
    }
    ++scored.failed;
    scored.failures.push_back(
        {node.recording, node.variant, ToString(node.stage), node.observer, outcome->reason});
  }
  scored.notes = notes.Notes();
  scored.cases = static_cast<int>(cases.size());
  scored.cases_failed = static_cast<int>(failed_cases.size());
  for (const ComponentChoice& choice : data.config().experiments) {
    ExperimentResult result = components.experiments.Make(choice, {})->Score(data, choice.name);
    for (Figure& figure : result.figures) scored.figures.push_back(std::move(figure));
    for (Figure& figure : result.timings) scored.timings.push_back(std::move(figure));
    for (ReportTable& table : result.tables)
      scored.tables.emplace_back(choice.name, std::move(table));
    for (ReportGrid& grid : result.grids) scored.grids.emplace_back(choice.name, std::move(grid));
    for (ReportHistograms& picture : result.histograms)
      scored.histograms.emplace_back(choice.name, std::move(picture));
  }
  return scored;
}

}  // namespace maskbench
