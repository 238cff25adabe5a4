#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "maskbench/pipeline/manifest.h"

namespace maskbench {

/// What is to be imported.
struct ImportRequest {
  std::filesystem::path folder;  ///< Where the recordings lie; the manifest is written into it.
  std::string name;              ///< Of the data set; the importer's own name when empty.
  std::string kind = "real";     ///< Or "virtual".
  /// Only recordings that the data set's protocol compares.
  bool pairs_only = false;
};

/// Reads a collected data set's own layout and says it as a manifest. Recordings stay where they
/// are.
class DatasetImporter {
 public:
  using Progress = std::function<void(int done, int total, const std::string& what)>;

  virtual ~DatasetImporter() = default;
  virtual std::string Name() const = 0;
  virtual std::string Summary() const = 0;
  /// Subjects, recordings with their SHA-256, and pairs where the data set's protocol names some;
  /// subjects and recordings have neutral ids, in an order that depends on the names of the files
  /// alone. Throws DataError that names the file or folder when the layout is another.
  virtual Dataset Import(const ImportRequest& request, const Progress& progress) const = 0;
};

/// Importers by registration; see datasets/register_all.cc.
using DatasetImporters = std::vector<std::unique_ptr<DatasetImporter>>;

/// Throws UsageError that names the known ones.
const DatasetImporter& FindDatasetImporter(const DatasetImporters& importers,
                                           const std::string& name);

/// Imports and writes `manifest.json` into the folder. An existing one is kept: throws UsageError.
/// Returns the file.
std::filesystem::path ImportDataset(const DatasetImporter& importer, const ImportRequest& request,
                                    const DatasetImporter::Progress& progress);

/// Files and folders in a folder, sorted by name; hidden ones are left out. Throws DataError.
std::vector<std::filesystem::path> SortedEntries(const std::filesystem::path& folder);

/// Whether a file's name ends like that of an image or a video that can be read.
bool LooksLikeRecording(const std::filesystem::path& file);

/// A subject's neutral id, "p0001" for 1.
std::string ImportedSubjectId(int number);
/// A recording of a subject, "p0001_02" for 2.
std::string ImportedRecordingId(const std::string& subject, int number);

/// A recording that is one file below `root`, with its SHA-256, rate and length.
LabelledRecording ImportedRecording(const std::filesystem::path& root,
                                    const std::filesystem::path& file, const std::string& subject,
                                    int number);

}  // namespace maskbench
