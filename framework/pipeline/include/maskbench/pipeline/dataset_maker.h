#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "maskbench/pipeline/manifest.h"

namespace maskbench {

/// Where a maker's raw material lies.
struct MakerPlaces {
  std::filesystem::path models_dir;  ///< What `maskbench models import` fills.
  std::filesystem::path npm_dir;     ///< The unpacked packages.
};

/// Draws recordings. Safe to use from several threads.
class RecordingMaker {
 public:
  virtual ~RecordingMaker() = default;
  /// Draws one recording and the truth of every frame (MessagePack). The files appear only when
  /// complete; their bytes depend on `recipe` alone. Throws DataError.
  /// @param recipe  of MadeDataset::recipes.
  virtual void Make(const Json& recipe, const std::filesystem::path& video,
                    const std::filesystem::path& truth) const = 0;
};

/// A data set before its pictures are drawn.
struct MadeDataset {
  Dataset dataset;  ///< Recordings without SHA-256.
  /// For every recording of the data set all that its bytes depend on, besides the maker's version
  /// and raw material.
  std::vector<Json> recipes;
  std::string data_card;  ///< Markdown.
};

/// A data set that is made, not collected.
class DatasetMaker {
 public:
  using Progress = std::function<void(int done, int total, const std::string& what)>;

  virtual ~DatasetMaker() = default;
  virtual std::string Name() const = 0;
  virtual std::string Summary() const = 0;
  /// Raised whenever the same recipe makes other recordings.
  virtual int Version() const = 0;
  /// Name and one line of every preset; the first is the default.
  virtual std::vector<std::pair<std::string, std::string>> Presets() const = 0;
  /// People, recordings and their truth, in no time. `Dataset::made` is the recipe with everything
  /// filled in. Throws UsageError.
  virtual MadeDataset Describe(const DatasetRecipe& recipe) const = 0;
  /// SHA-256 of the raw material that shapes the pictures. Throws DataError that names what is
  /// missing.
  virtual std::string Fingerprint(const MakerPlaces& places) const = 0;
  /// Throws DataError that names what is missing.
  virtual std::unique_ptr<const RecordingMaker> Open(const MakerPlaces& places) const = 0;
  /// Draws contact sheets that show what the data set's people look like. Returns the files.
  virtual std::vector<std::filesystem::path> DrawSheets(const MakerPlaces& places,
                                                        std::uint64_t seed,
                                                        const std::filesystem::path& folder,
                                                        const Progress& progress) const = 0;
};

/// Data sets by registration; see datasets/register_all.cc.
using DatasetMakers = std::vector<std::unique_ptr<DatasetMaker>>;

/// Throws UsageError that names the known ones.
const DatasetMaker& FindDatasetMaker(const DatasetMakers& makers, const std::string& name);

/// Makes a whole data set on disk: `recordings/`, `truth/`, `DATA_CARD.md` and `manifest.json`.
/// Finished recordings of an earlier call are kept. The bytes do not depend on `workers`. Returns
/// the manifest. Throws UsageError or DataError.
std::filesystem::path MakeDataset(const DatasetMaker& maker, const MakerPlaces& places,
                                  const DatasetRecipe& recipe, const std::filesystem::path& folder,
                                  int workers, const DatasetMaker::Progress& progress);

}  // namespace maskbench
