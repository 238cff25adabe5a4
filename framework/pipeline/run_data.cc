#include "maskbench/pipeline/run_data.h"

#include <limits>
#include <utility>

namespace maskbench {

RunData::RunData(RunConfig config, Dataset dataset, Plan plan, Store* store)
    : config_(std::move(config)),
      dataset_(std::move(dataset)),
      plan_(std::move(plan)),
      store_(store),
      outcomes_(store->Outcomes()) {
  for (const Node& node : plan_.nodes) {
    if (node.stage == Stage::kObserve) {
      observe_nodes_[{node.recording, node.variant, node.observer}] = &node;
    }
    if (node.stage == Stage::kRender) render_nodes_[node.recording] = &node;
  }
}

const NodeOutcome* RunData::OutcomeOf(const Node& node) const {
  const auto found = outcomes_.find(node.key);
  return found == outcomes_.end() ? nullptr : &found->second;
}

std::optional<Observations> RunData::Observed(const std::string& recording,
                                              const std::string& variant,
                                              const std::string& observer) const {
  const auto found = observe_nodes_.find({recording, variant, observer});
  if (found == observe_nodes_.end()) return std::nullopt;
  return store_->ReadObservations(found->second->key);
}

double RunData::RateHz(const Node& node) const {
  const NodeOutcome* render = OutcomeOf(*render_nodes_.at(node.recording));
  if (render == nullptr || !render->notes.contains("media")) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  return render->notes["media"].value("rate_hz", std::numeric_limits<double>::quiet_NaN());
}

}  // namespace maskbench
