#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "maskbench/head/head_model.h"

namespace maskbench {

/// A head model that can be had by name.
struct HeadModelEntry {
  std::string name;  ///< As in configurations; HeadModel::Name() adds the version.
  std::string summary;
  std::function<std::unique_ptr<HeadModel>(const std::filesystem::path& models_dir)> load;
};

/// All head models, in the order of head_registry.cc.
const std::vector<HeadModelEntry>& HeadModels();

/// Loads a head model from the folder of imported models. Throws UsageError for an unknown name
/// and DataError when its file is missing or damaged.
std::unique_ptr<HeadModel> MakeHeadModel(const std::string& name,
                                         const std::filesystem::path& models_dir);

}  // namespace maskbench
