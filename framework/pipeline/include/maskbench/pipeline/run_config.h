#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "maskbench/core/option_table.h"
#include "maskbench/media/video_writer.h"
#include "maskbench/perception/face_tracker.h"
#include "maskbench/pipeline/dataset_recipe.h"

namespace maskbench {

struct Components;

/// Whether an observer is given landmarks of the original where it finds no face (an oracle).
bool TakesOracleLandmarks(const Components& components, const ComponentChoice& observer);

/// Which recordings take part.
struct DatasetChoice {
  std::string manifest;
  /// Instead of a manifest: a data set that the run draws itself.
  DatasetRecipe make;
  std::vector<std::string> recordings;
  std::string split = "test";

  static const OptionTable<DatasetChoice>& Options();
};

/// Timed passes for the throughput experiment; they run after everything else, alone.
struct TimingOptions {
  std::vector<int> workers;
  int repeats = 1;
  int min_frames = 240;

  static const OptionTable<TimingOptions>& Options();
};

struct RunConfig {
  std::string name;
  std::string notes;
  uint64_t seed = 1;
  DatasetChoice dataset;
  FaceTrackerOptions perception;
  DeliveryOptions delivery;
  /// Share of the subjects that take part.
  double fraction = 1;
  /// Most frames of a recording that are masked and delivered; 0: all.
  int frames = 0;
  std::vector<ComponentChoice> variants;
  /// Variant name → share of the subjects whose recordings are masked that way; all without one.
  Json shares = Json::object();
  std::vector<ComponentChoice> observers;
  std::vector<ComponentChoice> experiments;
  TimingOptions timing;
  /// Which files stay when no step needs them any more: "all", "masked" or "none".
  std::string keep = "all";
  /// Network name → TorchScript file that keeps the name's contract.
  Json networks = Json::object();
};

/// The configuration file's option table: the single source of its validation, schema and docs.
OptionTable<RunConfig> RunConfigOptions(const Components& components);

/// Applies "a.b=c" to a configuration. List entries are named by index or by their "name" or
/// "type"; the value is read as JSON, or as text when it is none. Throws UsageError.
void ApplyOverride(const std::string& assignment, Json* config);

/// Validates a configuration. Throws UsageError that lists every problem with its path.
RunConfig ParseRunConfig(const Json& json, const Components& components, const std::string& name);

}  // namespace maskbench
