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
  /// What to make. Zero (or an empty list) leaves a value to the preset.
  struct Request {
    std::string preset;
    int subjects = 0;
    int recordings = 0;  ///< Per subject.
    double seconds = 0;
    int width_px = 0, height_px = 0;
    std::uint64_t seed = 1;
    int workers = 1;
    std::filesystem::path folder;
  };
  using Progress = std::function<void(int done, int total, const std::string& what)>;

  virtual ~DatasetMaker() = default;
  virtual std::string Name() const = 0;
  virtual std::string Summary() const = 0;
  /// Name and one line of every preset; the first is the default.
  virtual std::vector<std::pair<std::string, std::string>> Presets() const = 0;
  /// Makes recordings, truth and manifest. Finished recordings of an earlier call are kept. The
  /// bytes do not depend on `workers`. @return the manifest. Throws UsageError or DataError.
  virtual std::filesystem::path Make(const Places& places, const Request& request,
                                     const Progress& progress) const = 0;
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
