#pragma once

#include <filesystem>
#include <string>

#include "maskbench/pipeline/components.h"
#include "maskbench/pipeline/manifest.h"
#include "maskbench/pipeline/node.h"
#include "maskbench/pipeline/run_config.h"

namespace maskbench {

/// What a run's folder says of the run: enough to score it again anywhere, without the recordings.
struct RunDescription {
  RunConfig config;
  Dataset dataset;
  Plan plan;
  /// Version, machine and weights; for the report.
  Json environment = Json::object();
};

/// Files of a run's folder: run.json, manifest.json, plan.json, observations.sqlite, artefacts/.
std::filesystem::path StoreFile(const std::filesystem::path& out);

void WriteRunDescription(const RunDescription& run, const Components& components,
                         const std::filesystem::path& out);
/// Throws DataError when the folder holds no run.
RunDescription ReadRunDescription(const std::filesystem::path& out, const Components& components);

/// Held while a run works in a folder: a second one there would spoil both.
class RunFolderLock {
 public:
  /// Creates the folder. Throws UsageError when another process holds the lock.
  explicit RunFolderLock(const std::filesystem::path& out);
  ~RunFolderLock();
  RunFolderLock(const RunFolderLock&) = delete;
  RunFolderLock& operator=(const RunFolderLock&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace maskbench
