#include "maskbench/pipeline/scoring.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace maskbench {

namespace {

void AddNotes(const std::string& variant, const Json& notes, std::vector<VariantNote>* all) {
  for (const auto& item : notes.items()) {
    const std::string note = fmt::format(
        "{}: {}", item.key(),
        item.value().is_string() ? item.value().get<std::string>() : item.value().dump());
    auto found = std::find_if(all->begin(), all->end(), [&](const VariantNote& other) {
      return other.variant == variant && other.note == note;
    });
    if (found == all->end()) found = all->insert(all->end(), {variant, note, 0});
    ++found->cases;
  }
}

}  // namespace

ScoredRun ScoreRun(const RunData& data, const Components& components) {
  ScoredRun scored;
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
      if (node.stage == Stage::kMask) AddNotes(node.variant, outcome->notes, &scored.notes);
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
