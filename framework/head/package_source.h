#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "maskbench/core/json.h"

namespace maskbench {

/// Files of a pinned npm package.
struct PackageSource {
  std::string package;
  std::string version;
  std::vector<std::string> files;
};

/// Folder of an unpacked package. Throws DataError when it is absent or of another version.
std::filesystem::path PackageFolder(const PackageSource& source,
                                    const std::filesystem::path& npm_root);

/// Package, version and the SHA-256 of each file, for a manifest.
Json DescribeSource(const PackageSource& source, const std::filesystem::path& npm_root);

/// Whether `file` and its manifest exist and the manifest holds everything in `description`.
bool IsUpToDate(const Json& description, const std::filesystem::path& file);

}  // namespace maskbench
