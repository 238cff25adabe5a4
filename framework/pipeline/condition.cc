#include "maskbench/pipeline/condition.h"

#include <set>

#include "maskbench/core/text.h"

namespace maskbench {
namespace {

bool IsQualifier(const std::string& label) {
  return label == "mimic" || label == "borderline" || label == "lids";
}

bool IsAbsence(const Json& value) { return value == "none" || value == false || value == 0; }

}  // namespace

std::string ConditionOf(const LabelledRecording& recording) {
  bool stated = false;
  std::set<std::string> present;
  for (const EyeTruth* eye : {&recording.right, &recording.left}) {
    for (const auto& item : eye->labels.items()) {
      if (IsQualifier(item.key()) || item.value().is_null()) continue;
      stated = true;
      if (!IsAbsence(item.value())) present.insert(item.key());
    }
  }
  if (!stated) return "";
  if (present.empty()) return "healthy";
  return Join({present.begin(), present.end()}, "+");
}

std::vector<std::string> ConditionsOf(const RunData& data) {
  std::set<std::string> conditions;
  for (const std::string& id : data.recordings()) {
    const std::string condition = ConditionOf(*data.dataset().FindRecording(id));
    if (!condition.empty()) conditions.insert(condition);
  }
  return {conditions.begin(), conditions.end()};
}

}  // namespace maskbench
