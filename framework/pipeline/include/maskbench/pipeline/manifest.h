#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "maskbench/core/option_table.h"
#include "maskbench/pipeline/dataset_recipe.h"

namespace maskbench {

/// What is known of one eye of a recording. Joined with observations inside experiments only.
struct EyeTruth {
  /// Condition or sign → label, e.g. {"ptosis": "moderate"}.
  Json labels = Json::object();
  /// Measure with its unit in the name → number, e.g. {"mrd1_mm": 1.5}.
  Json truth = Json::object();

  static const OptionTable<EyeTruth>& Options();
};

struct Subject {
  std::string id;
  std::string split = "test";
  std::string description;
  /// What somebody is, a text or a number each, e.g. {"sex": "female", "age_years": 61}. Joined
  /// with observations inside experiments only.
  Json attributes = Json::object();

  static const OptionTable<Subject>& Options();
};

struct LabelledRecording {
  std::string id;
  std::string subject;
  std::string session;
  std::string path;
  std::string sha256;
  double rate_hz = 25;
  int64_t first_frame = 0;
  std::optional<int64_t> frame_count;
  std::string filmed;
  /// File with the truth of every frame; virtual recordings only. Read by experiments alone.
  std::string frame_truth;
  EyeTruth right, left;

  static const OptionTable<LabelledRecording>& Options();
};

/// Two recordings that a published protocol compares; see the experiment pair_verification.
struct DatasetPair {
  int fold = 1;
  std::string first, second;

  static const OptionTable<DatasetPair>& Options();
};

/// A data set: who was filmed, where the files are, and what is true of them. The file format's
/// reference is docs/reference.md, made from the option tables.
struct Dataset {
  std::string format = "maskbench-dataset";
  int format_version = 1;
  std::string name;
  std::string version;
  std::string title;
  std::string kind;
  std::string root = ".";
  std::string provenance;
  std::string licence;
  bool show_originals = false;
  std::string notes;
  /// With a maker: the recordings are not files, but drawn when a run needs them.
  DatasetRecipe made;
  std::vector<Subject> subjects;
  std::vector<LabelledRecording> recordings;
  /// Only where a published protocol says what is compared with what.
  std::vector<DatasetPair> pairs;

  static const OptionTable<Dataset>& Options();

  /// nullptr when there is none of that id.
  const Subject* FindSubject(const std::string& id) const;
  const LabelledRecording* FindRecording(const std::string& id) const;
};

/// Where a data set's relative paths start: the manifest's folder, or the fetched assets.
std::filesystem::path DatasetRoot(const Dataset& dataset, const std::filesystem::path& manifest,
                                  const std::filesystem::path& assets_dir);

/// Reads a manifest and checks its form and its references. Throws UsageError with every problem.
Dataset ReadManifest(const std::filesystem::path& manifest);

/// The same from a JSON value. @param name  how messages call it.
Dataset ParseManifest(const Json& json, const std::string& name);

/// Opens one recording's file: refuses paths that leave the root and files whose SHA-256 differs.
/// Throws DataError. @return the file.
std::filesystem::path CheckedFile(const LabelledRecording& recording,
                                  const std::filesystem::path& root);

/// Everything that is wrong with the files a manifest names: missing, changed, outside the root,
/// unreadable, too short, another rate. @param progress  called before each recording.
Problems CheckFiles(const Dataset& dataset, const std::filesystem::path& root,
                    const std::function<void(const std::string& recording_id)>& progress);

}  // namespace maskbench
