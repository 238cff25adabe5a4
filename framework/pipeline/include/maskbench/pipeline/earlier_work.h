#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "maskbench/pipeline/manifest.h"
#include "maskbench/pipeline/node.h"
#include "maskbench/pipeline/run_config.h"
#include "maskbench/pipeline/store.h"

namespace maskbench {

/// By node of a plan, whether its file is kept when nobody needs it any more (RunConfig::keep).
std::vector<bool> FilesThatStay(const Plan& plan, const RunConfig& config, const Dataset& dataset);

/// What of a plan need not be done again. Both by node.
struct EarlierWork {
  std::vector<bool> ended;
  /// Those of nodes that have ended.
  std::vector<NodeOutcome> outcomes;
};

struct EarlierWorkOptions {
  /// Do again what failed.
  bool retry_failed = false;
  /// A file that changed is made again; without, files are only looked for.
  bool check_hashes = true;
};

/// @param outcomes  of the run's store, by key. @param out  the run's folder.
EarlierWork FindEarlierWork(const Plan& plan, const RunConfig& config, const Dataset& dataset,
                            const std::map<std::string, NodeOutcome>& outcomes,
                            const std::filesystem::path& out, const EarlierWorkOptions& options);

/// Takes over from another run what this plan has too and this run has not done: outcomes,
/// observations and files (hard links, or copies where the file system has none). Only what was
/// done is taken over, neither failures nor timed passes.
/// @return nodes taken over.
int AdoptWork(const Plan& plan, const std::filesystem::path& from, Store* store,
              const std::filesystem::path& out);

}  // namespace maskbench
