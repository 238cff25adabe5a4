#include "maskbench/pipeline/config_file.h"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/text.h"

namespace maskbench {
namespace {
namespace fs = std::filesystem;

/// Lets a path that started at `from` start at `to`.
void Turn(Json* path, const fs::path& from, const fs::path& to) {
  if (!path->is_string()) return;
  const fs::path given = path->get<std::string>();
  if (given.empty() || given.is_absolute()) return;
  *path = (from / given).lexically_normal().lexically_relative(to).generic_string();
}

void TurnPaths(Json* config, const fs::path& from, const fs::path& to) {
  if (from == to) return;
  if (config->contains("dataset") && (*config)["dataset"].is_object() &&
      (*config)["dataset"].contains("manifest")) {
    Turn(&(*config)["dataset"]["manifest"], from, to);
  }
  if (config->contains("networks") && (*config)["networks"].is_object())
    for (auto& item : (*config)["networks"].items()) Turn(&item.value(), from, to);
  if (config->contains("variants") && (*config)["variants"].is_array()) {
    for (Json& variant : (*config)["variants"]) {
      if (variant.is_object() && variant.value("type", Json()) == Json("premade") &&
          variant.contains("folder")) {
        Turn(&variant["folder"], from, to);
      }
    }
  }
}

fs::path FolderOf(const fs::path& file) {
  return fs::absolute(file).lexically_normal().parent_path();
}

/// @param chain  the files that led here, as they were named, and where they are.
Json Read(const fs::path& file, std::vector<std::pair<std::string, fs::path>>* chain) {
  const fs::path real = fs::weakly_canonical(file);
  std::vector<std::string> names;
  for (const auto& [name, place] : *chain) names.push_back(name);
  for (size_t i = 0; i < chain->size(); ++i) {
    if ((*chain)[i].second != real) continue;
    names.push_back(file.string());
    throw UsageError(
        fmt::format("{}: base leads in a circle: {}.", chain->back().first,
                    Join({names.begin() + static_cast<std::ptrdiff_t>(i), names.end()}, " → ")));
  }
  Json own;
  try {
    own = ReadJsonFile(file);
  } catch (const DataError& error) {
    throw UsageError(chain->empty() ? std::string(error.what())
                                    : fmt::format("{}: base: {}", names.back(), error.what()));
  }
  if (!own.is_object()) {
    if (chain->empty()) return own;  // Validation says what is wrong.
    throw UsageError(fmt::format("{}: base: {} is no object.", names.back(), file.string()));
  }
  own.erase("$schema");
  if (!own.contains("base")) return own;
  const Json base = own["base"];
  own.erase("base");
  if (!base.is_string() || base.get<std::string>().empty()) {
    throw UsageError(
        fmt::format("{}: base must be text, the path of another configuration.", file.string()));
  }
  const fs::path base_file = (file.parent_path() / base.get<std::string>()).lexically_normal();
  chain->emplace_back(file.string(), real);
  Json merged = Read(base_file, chain);
  chain->pop_back();
  TurnPaths(&merged, FolderOf(base_file), FolderOf(file));
  merged.merge_patch(own);
  return merged;
}

}  // namespace

Json ReadConfigFile(const fs::path& file) {
  std::vector<std::pair<std::string, fs::path>> chain;
  return Read(file, &chain);
}

}  // namespace maskbench
