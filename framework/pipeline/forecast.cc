#include "maskbench/pipeline/forecast.h"

#include <algorithm>
#include <system_error>

#include "maskbench/core/json.h"

namespace maskbench {
namespace {
namespace fs = std::filesystem;

std::string AlikeKey(const Node& node) {
  return std::string(ToString(node.stage)) + " " + node.component;
}

std::string ExactKey(const Node& node) {
  // The options of a drawing say whom it shows.
  const Json options = node.stage == Stage::kRender ? Json() : node.options;
  return AlikeKey(node) + " " + std::to_string(node.version) + " " + CanonicalJson(options);
}

double SizeOf(const fs::path& file) {
  std::error_code code;
  const std::uintmax_t size = fs::file_size(file, code);
  return code ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(size);
}

}  // namespace

int StepCosts::Learn(const fs::path& folder) {
  if (!fs::exists(StoreFile(folder)) || !fs::exists(folder / "plan.json")) return 0;
  const Plan plan = PlanFromJson(ReadJsonFile(folder / "plan.json"));
  const std::map<std::string, NodeOutcome> outcomes = Store(StoreFile(folder)).Outcomes();
  std::map<std::string, double> frames;
  const auto done = [&](const Node& node) -> const NodeOutcome* {
    const auto found = outcomes.find(node.key);
    return found != outcomes.end() && found->second.status == NodeStatus::kDone ? &found->second
                                                                                : nullptr;
  };
  for (const Node& node : plan.nodes) {
    const NodeOutcome* outcome = done(node);
    if (node.stage != Stage::kRender || outcome == nullptr || outcome->frames <= 0) continue;
    frames[node.recording] = static_cast<double>(outcome->frames);
    frames_ += frames[node.recording];
    recordings_ += 1;
  }
  int learned = 0;
  for (const Node& node : plan.nodes) {
    const NodeOutcome* outcome = done(node);
    const auto length = frames.find(node.recording);
    if (outcome == nullptr || length == frames.end()) continue;
    const double bytes =
        outcome->artefact.empty() ? 0 : SizeOf(folder / fs::path(outcome->artefact));
    for (auto* sums : {&exact_, &alike_}) {
      Sum& sum = (*sums)[sums == &exact_ ? ExactKey(node) : AlikeKey(node)];
      sum.seconds += outcome->wall_s;
      sum.frames += length->second;
      if (bytes == bytes) {
        sum.bytes += bytes;
        sum.frames_with_file += length->second;
      }
    }
    ++learned;
  }
  if (learned > 0) {
    const double store = SizeOf(StoreFile(folder));
    if (store == store) {
      store_bytes_ += store;
      store_steps_ += learned;
    }
  }
  return learned;
}

StepCosts::Cost StepCosts::Of(const Node& node) const {
  Cost cost;
  auto found = exact_.find(ExactKey(node));
  if (found == exact_.end()) {
    found = alike_.find(AlikeKey(node));
    if (found == alike_.end()) return cost;
    cost.other_options = true;
  }
  const Sum& sum = found->second;
  cost.seconds_per_frame = sum.seconds / sum.frames;
  if (sum.frames_with_file > 0) cost.bytes_per_frame = sum.bytes / sum.frames_with_file;
  return cost;
}

double StepCosts::MeanFrames() const { return frames_ / recordings_; }

double StepCosts::StoreBytesPerStep() const { return store_bytes_ / store_steps_; }

Forecast ForecastRun(const RunDescription& run, const std::map<std::string, NodeOutcome>& outcomes,
                     const fs::path& out, const StepCosts& costs,
                     std::set<std::string>* elsewhere) {
  const std::vector<Node>& nodes = run.plan.nodes;
  const EarlierWork earlier =
      FindEarlierWork(run.plan, run.config, run.dataset, outcomes, out, {false, false});
  const std::vector<bool> stays = FilesThatStay(run.plan, run.config, run.dataset);
  Forecast forecast;
  struct Case {
    bool all_done = true, any_failed = false;
  };
  std::map<std::pair<std::string, std::string>, Case> cases;
  for (size_t i = 0; i < nodes.size(); ++i) {
    const Node& node = nodes[i];
    auto row = std::find_if(forecast.rows.begin(), forecast.rows.end(), [&](const auto& other) {
      return other.stage == node.stage && other.component == node.component;
    });
    if (row == forecast.rows.end()) {
      row = forecast.rows.insert(row, Forecast::Row());
      row->stage = node.stage;
      row->component = node.component;
    }
    ++row->steps;
    const bool ended = earlier.ended[i],
               done = ended && earlier.outcomes[i].status == NodeStatus::kDone;
    if (!node.variant.empty() && node.stage != Stage::kTime) {
      Case& one = cases[{node.recording, node.variant}];
      one.all_done = one.all_done && done;
      one.any_failed = one.any_failed || (ended && !done);
    }
    if (ended) {
      ++(done ? row->done : row->failed);
      elsewhere->insert(node.key);
      continue;
    }
    ++row->left;
    if (!elsewhere->insert(node.key).second && node.stage != Stage::kTime) {
      ++row->shared;
      continue;
    }
    const LabelledRecording* recording = run.dataset.FindRecording(node.recording);
    const double frames = recording != nullptr && recording->frame_count
                              ? static_cast<double>(*recording->frame_count)
                              : costs.MeanFrames();
    const StepCosts::Cost cost = costs.Of(node);
    row->seconds += cost.seconds_per_frame * frames;
    row->other_options = row->other_options || cost.other_options;
    if (stays[i]) forecast.bytes += cost.bytes_per_frame * frames;
    forecast.bytes += costs.StoreBytesPerStep();
  }
  std::stable_sort(forecast.rows.begin(), forecast.rows.end(),
                   [](const auto& a, const auto& b) { return a.stage < b.stage; });
  for (const Forecast::Row& row : forecast.rows) {
    forecast.steps += row.steps;
    forecast.done += row.done;
    forecast.failed += row.failed;
    forecast.shared += row.shared;
    forecast.left += row.left;
    forecast.seconds += row.seconds;
  }
  for (const auto& item : cases) {
    ++forecast.cases;
    forecast.cases_done += item.second.all_done ? 1 : 0;
    forecast.cases_failed += item.second.any_failed ? 1 : 0;
  }
  return forecast;
}

}  // namespace maskbench
