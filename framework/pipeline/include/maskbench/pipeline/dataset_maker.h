#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace maskbench {

/// A data set that is made, not collected.
class DatasetMaker {
 public:
  /// Where its raw material lies.
  struct Places {
    std::filesystem::path models_dir;  ///< What `maskbench models import` fills.
    std::filesystem::path npm_dir;     ///< The unpacked packages.
  };
  using Progress = std::function<void(int done, int total, const std::string& what)>;

  virtual ~DatasetMaker() = default;
  virtual std::string Name() const = 0;
  virtual std::string Summary() const = 0;
  /// Draws contact sheets that show what the data set's people look like. Returns the files.
  virtual std::vector<std::filesystem::path> DrawSheets(const Places& places, std::uint64_t seed,
                                                        const std::filesystem::path& folder,
                                                        const Progress& progress) const = 0;
};

/// Data sets by registration; see datasets/register_all.cc.
using DatasetMakers = std::vector<std::unique_ptr<DatasetMaker>>;

/// Throws UsageError that names the known ones.
const DatasetMaker& FindDatasetMaker(const DatasetMakers& makers, const std::string& name);

}  // namespace maskbench
