#include "maskbench/pipeline/run_data.h"

#include <limits>
#include <utility>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/pipeline/plan.h"

namespace maskbench {

RunData::RunData(RunConfig config, Dataset dataset, Plan plan, Store* store,
                 std::filesystem::path out)
    : config_(std::move(config)),
      dataset_(std::move(dataset)),
      plan_(std::move(plan)),
      store_(store),
      out_(std::move(out)),
      outcomes_(store->Outcomes()) {
  for (const Node& node : plan_.nodes) {
    if (node.stage == Stage::kObserve) {
      observe_nodes_[{node.recording, node.variant, node.observer}] = &node;
    }
    if (node.stage == Stage::kMask) planned_.insert({node.recording, node.variant});
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

std::optional<Json> RunData::FrameTruth(const std::string& recording) const {
  const std::filesystem::path file = out_ / FrameTruthFile(recording);
  if (out_.empty() || !std::filesystem::exists(file)) return std::nullopt;
  Json truth = Json::from_msgpack(ReadFile(file), true, false);
  if (!truth.is_object()) throw DataError(fmt::format("{} is damaged.", file.string()));
  return truth;
}

std::vector<ImportedReadings> RunData::Imported() const {
  return out_.empty() ? std::vector<ImportedReadings>() : ReadImportedReadings(out_);
}

double RunData::RateHz(const Node& node) const {
  const NodeOutcome* render = OutcomeOf(*render_nodes_.at(node.recording));
  if (render == nullptr || !render->notes.contains("media")) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  return render->notes["media"].value("rate_hz", std::numeric_limits<double>::quiet_NaN());
}

}  // namespace maskbench
