#include "package_source.h"

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/hash.h"

namespace maskbench {

namespace fs = std::filesystem;

fs::path PackageFolder(const PackageSource& source, const fs::path& npm_root) {
  fs::path folder = npm_root / source.package;
  const fs::path description = folder / "package.json";
  if (!fs::exists(description)) {
    throw DataError(
        fmt::format("Package {} is not unpacked at {}.", source.package, folder.string()));
  }
  const std::string version = ReadJsonFile(description).value("version", "");
  if (version != source.version) {
    throw DataError(fmt::format("{} is version {}, but heads are made from version {}.",
                                folder.string(), version, source.version));
  }
  return folder;
}

Json DescribeSource(const PackageSource& source, const fs::path& npm_root) {
  const fs::path folder = PackageFolder(source, npm_root);
  Json files = Json::array();
  for (const std::string& file : source.files) {
    files.push_back({{"path", file}, {"sha256", Sha256OfFile(folder / file)}});
  }
  return {{"package", source.package}, {"version", source.version}, {"files", files}};
}

bool IsUpToDate(const Json& description, const fs::path& file) {
  fs::path manifest_file = file;
  manifest_file.replace_extension(".json");
  if (!fs::exists(file) || !fs::exists(manifest_file)) return false;
  try {
    const Json manifest = ReadJsonFile(manifest_file);
    for (const auto& [key, value] : description.items()) {
      if (!manifest.contains(key) || manifest.at(key) != value) return false;
    }
    return manifest.at("file_bytes").get<std::uintmax_t>() == fs::file_size(file);
  } catch (const Json::exception&) {
    return false;  // Of an older builder, or damaged: made anew.
  } catch (const std::runtime_error&) {
    return false;
  }
}

}  // namespace maskbench
