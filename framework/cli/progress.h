#pragma once

#include <chrono>
#include <string>

#include "maskbench/pipeline/scheduler.h"

namespace maskbench {

/// A bar with the time left on a terminal; a plain line now and then otherwise. Standard error.
class ProgressBar : public ProgressListener {
 public:
  ProgressBar();
  void Begin(int total, int finished) override;
  void Ended(const Node& node, const NodeOutcome& outcome) override;

  /// For work that is no plan.
  void Step(const std::string& what, bool failed = false, const std::string& reason = "");
  /// The same for several steps at once. @param done  of the total.
  void MoveTo(int done, const std::string& what);
  /// Leaves the line so that other output starts afresh.
  void Close();

 private:
  void Draw(const std::string& what);

  bool terminal_;
  int total_ = 0, done_ = 0, done_before_ = 0, failed_ = 0;
  std::chrono::steady_clock::time_point start_, last_drawn_;
};

}  // namespace maskbench
