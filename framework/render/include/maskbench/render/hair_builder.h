#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "maskbench/head/parametric_head.h"
#include "maskbench/render/hair.h"

namespace maskbench {

/// Raised whenever the builder makes other files from the same package and head.
inline constexpr int kHairBuilderVersion = 1;

/// Hair of the package that is used, by folder name. All are by the core author of MakeHuman.
const std::vector<std::string>& PackageHairStyles();

/// Makes one style from the package.
/// @param package_dir  the package's public/data folder. Throws DataError that names the file.
HairStyle BuildHair(const std::filesystem::path& package_dir, const std::string& style,
                    const ParametricHead& head);

struct HairImportReport {
  std::string style;
  bool was_up_to_date = false;  ///< Nothing had to be done.
  size_t vertex_count = 0;
  double seconds = 0.0;
};

/// Makes the files of all hair styles below the folder of models, each with a manifest beside it.
/// Does nothing where the manifest matches already. Needs the parametric head to be there.
std::vector<HairImportReport> ImportHair(const std::filesystem::path& npm_root,
                                         const std::filesystem::path& models_dir);

}  // namespace maskbench
