#pragma once

#include <string>
#include <vector>

#include "maskbench/core/json.h"

namespace maskbench {

/// Stages of the graph, in the order of the data flow. The last one times the others.
enum class Stage { kRender, kPerceive, kReconstruct, kMask, kObserve, kTime };
const char* ToString(Stage stage);

/// One step of work. Its key stands for everything its output depends on, so equal keys are equal
/// outputs and a finished node is never done again.
struct Node {
  Stage stage = Stage::kRender;
  /// SHA-256 of stage, component, version, options, weights and the inputs' keys.
  std::string key;
  std::string component;
  int version = 1;
  Json options = Json::object();
  /// Manifest id; for reports and experiments, never for those who look at pixels.
  std::string recording;
  std::string anonymous_id;
  /// Name of the variant; empty before masking.
  std::string variant;
  /// Name of the observer.
  std::string observer;
  /// File made elsewhere that stands for the output; its content joins the key, its place does not.
  std::string companion;
  /// Nodes that this one reads, as indices into the plan.
  std::vector<int> inputs;
};

struct Plan {
  std::vector<Node> nodes;
  /// Recordings that take part, in manifest order.
  std::vector<std::string> recordings;
};

Json ToJson(const Plan& plan);
/// Throws DataError.
Plan PlanFromJson(const Json& json);

}  // namespace maskbench
