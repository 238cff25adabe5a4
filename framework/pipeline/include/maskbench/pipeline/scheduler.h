#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>

#include "maskbench/pipeline/store.h"
#include "maskbench/pipeline/worker.h"

namespace maskbench {

/// Hears how a run goes on. Called from one thread at a time.
class ProgressListener {
 public:
  virtual ~ProgressListener() = default;
  /// @param total  nodes of the plan. @param finished  those that an earlier run left.
  virtual void Begin(int total, int finished) = 0;
  virtual void Ended(const Node& node, const NodeOutcome& outcome) = 0;
};

struct ScheduleOptions {
  int workers = 1;
  /// Do again what failed in an earlier run.
  bool retry_failed = false;
};

struct ScheduleReport {
  int done = 0, failed = 0, blocked = 0;
  /// Nodes that an earlier run had finished.
  int reused = 0;
  /// True when `stop` ended the run early.
  bool stopped = false;
};

/// Does what is left of a plan. A node runs when its inputs are done; when one of them failed it is
/// blocked, which is recorded with the cause. Nodes of the last stage run alone, after all others.
/// @param stop  set by a signal handler: running nodes end, no new ones start.
ScheduleReport RunPlan(const RunContext& context, const ScheduleOptions& options, Store* store,
                       ProgressListener* listener, const std::atomic<bool>& stop);

}  // namespace maskbench
