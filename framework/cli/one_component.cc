#include "one_component.h"

#include <algorithm>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/text.h"
#include "maskbench/pipeline/run_config.h"

namespace maskbench {

ComponentChoice Choose(const ComponentCatalog& catalog, const std::string& type,
                       const std::vector<std::string>& options) {
  const std::vector<std::string> types = catalog.Types();
  if (std::find(types.begin(), types.end(), type) == types.end()) {
    throw UsageError(fmt::format("\"{}\" is no {}; known: {}.{}", type, catalog.Kind(),
                                 Join(types, ", "), Suggestion(type, types)));
  }
  Json json = Json::object();
  for (const std::string& option : options) ApplyOverride(option, &json);
  Problems problems;
  ComponentChoice choice{type, type, catalog.Complete(type, json, "", &problems)};
  problems.ThrowIfAny(type);
  return choice;
}

}  // namespace maskbench
