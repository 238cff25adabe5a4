#include "maskbench/head/head_registry.h"

#include <fmt/format.h>

#include "maskbench/core/error.h"

namespace maskbench {

// One line per head model: its Register function is declared here and called below.
#define MASKBENCH_HEAD_MODELS(X) \
  X(ParametricHead)              \
  X(CanonicalHead)

#define MASKBENCH_DECLARE(Name) void Register##Name(std::vector<HeadModelEntry>* models);
MASKBENCH_HEAD_MODELS(MASKBENCH_DECLARE)
#undef MASKBENCH_DECLARE

const std::vector<HeadModelEntry>& HeadModels() {
  static const std::vector<HeadModelEntry> models = [] {
    std::vector<HeadModelEntry> all;
#define MASKBENCH_CALL(Name) Register##Name(&all);
    MASKBENCH_HEAD_MODELS(MASKBENCH_CALL)
#undef MASKBENCH_CALL
    return all;
  }();
  return models;
}

std::unique_ptr<HeadModel> MakeHeadModel(const std::string& name,
                                         const std::filesystem::path& models_dir) {
  std::string names;
  for (const HeadModelEntry& entry : HeadModels()) {
    if (entry.name == name) return entry.load(models_dir);
    names += (names.empty() ? "" : ", ") + entry.name;
  }
  throw UsageError(fmt::format("\"{}\" is no head model; there are {}.", name, names));
}

}  // namespace maskbench
