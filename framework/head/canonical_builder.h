#pragma once

#include <filesystem>

#include "maskbench/head/head_builder.h"
#include "maskbench/head/linear_head_model.h"

#include "package_source.h"

namespace maskbench {

/// Package that holds the canonical face.
const PackageSource& CanonicalPackage();

/// Makes the canonical head model from the unpacked package.
LinearHeadData BuildCanonicalHead(const std::filesystem::path& npm_root);

/// See ImportHeads.
HeadImportReport ImportCanonicalHead(const std::filesystem::path& npm_root,
                                     const std::filesystem::path& models_dir);

}  // namespace maskbench
