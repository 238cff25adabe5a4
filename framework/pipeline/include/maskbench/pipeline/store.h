#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "maskbench/perception/observer.h"
#include "maskbench/pipeline/node.h"

namespace SQLite {
class Database;
}

namespace maskbench {

enum class NodeStatus { kDone, kFailed, kBlocked };
const char* ToString(NodeStatus status);

/// What became of a node.
struct NodeOutcome {
  NodeStatus status = NodeStatus::kDone;
  /// Why it failed, or which input did: one sentence.
  std::string reason;
  /// Relative to the run's folder; empty when the node leaves no file.
  std::string artefact;
  std::string artefact_sha256;
  int64_t frames = 0;
  double wall_s = 0, cpu_s = 0;
  long long peak_memory_bytes = 0;
  /// What the component wants known.
  Json notes = Json::object();
};

/// All observations of a run in one SQLite file: write-ahead log, one connection, one writer at a
/// time. Each node's outcome and observations are committed together or not at all.
class Store {
 public:
  /// Creates the tables in a new file. Throws DataError, also for a file whose tables are those of
  /// another version of the program.
  explicit Store(const std::filesystem::path& file);
  ~Store();

  /// Records how a node ended. Safe from several threads.
  void Commit(const Node& node, const NodeOutcome& outcome, const Observations& observations);

  std::map<std::string, NodeOutcome> Outcomes();
  /// What an observer saw; nothing when the node did not end well.
  std::optional<Observations> ReadObservations(const std::string& key);

  /// Test hook: called before (false) and after (true) each commit.
  void SetCommitHook(std::function<void(bool after)> hook) { commit_hook_ = std::move(hook); }

 private:
  std::mutex mutex_;
  std::unique_ptr<SQLite::Database> database_;
  std::function<void(bool)> commit_hook_;
};

}  // namespace maskbench
