#pragma once

#include <filesystem>

#include "maskbench/head/head_builder.h"

namespace maskbench {

/// See ImportHeads.
HeadImportReport ImportParametricHead(const std::filesystem::path& npm_root,
                                      const std::filesystem::path& models_dir);

}  // namespace maskbench
