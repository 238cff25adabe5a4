#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "maskbench/nn/network_library.h"
#include "maskbench/pipeline/run_folder.h"
#include "maskbench/pipeline/sweep.h"

#include "commands.h"

namespace maskbench {

/// A run that is laid out, with all that it takes to do it.
struct PreparedRun {
  RunDescription description;
  /// Of its folder in a sweep of runs; empty when there is one run alone.
  std::string name;
  std::filesystem::path dataset_root;
  std::shared_ptr<NetworkLibrary> networks;
};

/// Everything that a configuration says: one run, or those of its sweep.
struct PreparedRuns {
  std::vector<PreparedRun> runs;
  /// As many; what the sweep, if there is one, says of each.
  std::vector<SweptRun> swept;

  bool AreSeveral() const { return !runs.front().name.empty(); }
};

/// Reads a configuration with what it inherits, changes it as the arguments say, expands its sweep
/// and plans every run. Touches no recording. Throws UsageError.
PreparedRuns PrepareRuns(const Program& program, const RunArguments& arguments);

}  // namespace maskbench
