#include "maskbench/pipeline/node.h"

#include <array>

#include <fmt/format.h>

#include "maskbench/core/error.h"

namespace maskbench {
namespace {

constexpr std::array<const char*, 6> kStageNames = {"render", "perceive", "reconstruct",
                                                    "mask",   "observe",  "time"};

Stage StageFromText(const std::string& text) {
  for (size_t i = 0; i < kStageNames.size(); ++i) {
    if (text == kStageNames[i]) return static_cast<Stage>(i);
  }
  throw DataError(fmt::format("\"{}\" is no stage.", text));
}

}  // namespace

const char* ToString(Stage stage) { return kStageNames[static_cast<size_t>(stage)]; }

Json ToJson(const Plan& plan) {
  Json nodes = Json::array();
  for (const Node& node : plan.nodes) {
    nodes.push_back({{"key", node.key},
                     {"stage", ToString(node.stage)},
                     {"component", node.component},
                     {"version", node.version},
                     {"options", node.options},
                     {"recording", node.recording},
                     {"anonymous_id", node.anonymous_id},
                     {"variant", node.variant},
                     {"observer", node.observer},
                     {"companion", node.companion},
                     {"inputs", node.inputs}});
  }
  return {{"recordings", plan.recordings}, {"nodes", nodes}};
}

Plan PlanFromJson(const Json& json) {
  Plan plan;
  try {
    plan.recordings = json.at("recordings").get<std::vector<std::string>>();
    for (const Json& row : json.at("nodes")) {
      Node node;
      node.key = row.at("key");
      node.stage = StageFromText(row.at("stage"));
      node.component = row.at("component");
      node.version = row.at("version");
      node.options = row.at("options");
      node.recording = row.at("recording");
      node.anonymous_id = row.at("anonymous_id");
      node.variant = row.at("variant");
      node.observer = row.at("observer");
      node.companion = row.at("companion");
      node.inputs = row.at("inputs").get<std::vector<int>>();
      plan.nodes.push_back(std::move(node));
    }
  } catch (const Json::exception& error) {
    throw DataError(fmt::format("the plan cannot be read: {}.", error.what()));
  }
  return plan;
}

}  // namespace maskbench
