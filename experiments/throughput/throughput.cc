// How fast, and with how much memory: from timed passes and from the run's own clock.
#include <algorithm>
#include <limits>
#include <map>

#include "maskbench/core/registry.h"
#include "maskbench/pipeline/experiment.h"

namespace maskbench {
namespace {

constexpr double kMegabyte = 1e6;

class Throughput : public Experiment {
 public:
  ExperimentResult Score(const RunData& data, const std::string& name) override {
    ExperimentResult result;
    const auto add = [&](const std::string& variant,
                         const std::map<std::string, std::string>& group, const char* metric,
                         double value, int64_t n, const char* n_unit, int64_t n_failed,
                         const char* unit) {
      Figure figure;
      figure.experiment = name;
      figure.dataset = data.dataset().name;
      figure.variant = variant;
      figure.group = GroupText(group);
      figure.metric = metric;
      figure.value = value;
      figure.n = n;
      figure.n_unit = n_unit;
      figure.n_failed = n_failed;
      figure.unit = unit;
      result.timings.push_back(figure);
    };

    struct Sum {
      double seconds = 0, perceive_s = 0, mask_s = 0;
      long long memory_bytes = 0;
      int64_t frames = 0, failed = 0;
      int workers = 1;
    };
    // Passes of one variant and worker count, in plan order.
    std::vector<std::pair<std::pair<std::string, int>, Sum>> passes;
    std::map<std::pair<std::string, std::string>, Sum> stages;
    for (const Node& node : data.nodes()) {
      const NodeOutcome* outcome = data.OutcomeOf(node);
      if (outcome == nullptr) continue;
      if (node.stage != Stage::kTime) {
        const std::string what = node.stage == Stage::kMask      ? node.variant
                                 : node.stage == Stage::kObserve ? node.observer
                                                                 : "";
        Sum& sum = stages[{ToString(node.stage), what}];
        if (outcome->status == NodeStatus::kDone) {
          sum.seconds += outcome->wall_s;
          sum.frames += outcome->frames;
        } else {
          ++sum.failed;
        }
        continue;
      }
      const std::pair<std::string, int> key(node.variant, node.options["workers"].get<int>());
      auto found = std::find_if(passes.begin(), passes.end(),
                                [&](const auto& pass) { return pass.first == key; });
      if (found == passes.end()) found = passes.insert(passes.end(), {key, Sum{}});
      Sum& sum = found->second;
      sum.workers = key.second;
      if (outcome->status != NodeStatus::kDone) {
        ++sum.failed;
        continue;
      }
      sum.seconds += outcome->notes.value("seconds", 0.0);
      sum.perceive_s += outcome->notes.value("perceive_seconds", 0.0);
      sum.mask_s += outcome->notes.value("mask_seconds", 0.0);
      sum.frames += outcome->frames;
      sum.memory_bytes = std::max(sum.memory_bytes, outcome->peak_memory_bytes);
    }
    const auto rate = [](int64_t frames, double seconds) {
      return seconds > 0 ? static_cast<double>(frames) / seconds
                         : std::numeric_limits<double>::quiet_NaN();
    };
    for (const auto& [key, sum] : passes) {
      const std::string workers = std::to_string(key.second);
      const auto group = [&](const char* stage) {
        return std::map<std::string, std::string>{{"stage", stage}, {"workers", workers}};
      };
      add(key.first, group("end_to_end"), "frames_per_second", rate(sum.frames, sum.seconds),
          sum.frames, "frame", sum.failed, "frame/s");
      // Per stage as one worker sees it, so that stages add up to a worker's time.
      add(key.first, group("perceive"), "frames_per_second", rate(sum.frames, sum.perceive_s),
          sum.frames, "frame", sum.failed, "frame/s");
      add(key.first, group("mask"), "frames_per_second", rate(sum.frames, sum.mask_s), sum.frames,
          "frame", sum.failed, "frame/s");
      add(key.first, group("end_to_end"), "peak_memory",
          static_cast<double>(sum.memory_bytes) / kMegabyte, sum.frames, "frame", sum.failed, "MB");
    }
    for (const auto& [key, sum] : stages) {
      const auto& [stage, what] = key;
      std::map<std::string, std::string> group = {{"stage", stage}};
      if (stage == "observe") group["observer"] = what;
      const std::string variant = stage == "mask" ? what : "";
      add(variant, group, "run_seconds", sum.seconds, sum.frames, "frame", sum.failed, "s");
      add(variant, group, "run_frames_per_second", rate(sum.frames, sum.seconds), sum.frames,
          "frame", sum.failed, "frame/s");
    }
    result.tables = {
        {"Throughput",
         "Timed passes, alone on the machine: read, perceive, mask and write one recording, once "
         "per worker and all at a time, after a warm-up pass. Stages are per worker. peak_memory "
         "is the whole process's.",
         {"frames_per_second", "peak_memory"}},
        {"Where the run's time went",
         "Sums over cases of this run, which ran beside each other; n counts frames.",
         {"run_seconds", "run_frames_per_second"}}};
    return result;
  }
};

}  // namespace

void RegisterThroughput(Registry<Experiment>* registry) {
  registry->Add<NoOptions>(
      {"throughput", 1, "Frames per second and memory, end to end and per stage.", {}},
      [](const NoOptions&, const Experiment::Context&) { return std::make_unique<Throughput>(); });
}

}  // namespace maskbench
