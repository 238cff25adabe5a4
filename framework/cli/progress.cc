#include "progress.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include <fmt/format.h>
#include <unistd.h>

namespace maskbench {
namespace {

std::string ClockText(double seconds) {
  const auto whole = static_cast<long long>(std::lround(seconds));
  return whole >= 3600 ? fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60)
                       : fmt::format("{}:{:02}", whole / 60, whole % 60);
}

}  // namespace

ProgressBar::ProgressBar() : terminal_(isatty(STDERR_FILENO) != 0) {}

void ProgressBar::Begin(int total, int finished) {
  total_ = total;
  done_ = done_before_ = finished;
  start_ = std::chrono::steady_clock::now();
  last_drawn_ = {};
  if (finished > 0) {
    fmt::print(stderr, "{} of {} steps were done by an earlier run.\n", finished, total);
  }
}

void ProgressBar::Ended(const Node& node, const NodeOutcome& outcome) {
  std::string what = fmt::format("{} {}", ToString(node.stage), node.recording);
  if (!node.variant.empty()) what += " " + node.variant;
  if (!node.observer.empty()) what += " " + node.observer;
  // What a failure blocks is not told one by one.
  Step(what, outcome.status == NodeStatus::kFailed, outcome.reason);
}

void ProgressBar::Step(const std::string& what, bool failed, const std::string& reason) {
  ++done_;
  if (failed) {
    ++failed_;
    fmt::print(stderr, "{}{}: failed: {}\n", terminal_ ? "\r\033[K" : "", what, reason);
  }
  const auto now = std::chrono::steady_clock::now();
  const double since = std::chrono::duration<double>(now - last_drawn_).count();
  if (done_ == total_ || since > (terminal_ ? 0.1 : 10.0)) {
    last_drawn_ = now;
    Draw(what);
  }
}

void ProgressBar::MoveTo(int done, const std::string& what) {
  done_ = std::max(done_, done - 1);
  Step(what);
}

void ProgressBar::Draw(const std::string& what) {
  const double elapsed =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  const int here = done_ - done_before_;
  const double left = here > 0 ? elapsed / here * (total_ - done_) : 0;
  const double share = total_ > 0 ? static_cast<double>(done_) / total_ : 1;
  const std::string counts = fmt::format("{}/{} {:3.0f} %  {} elapsed, {} left", done_, total_,
                                         100 * share, ClockText(elapsed), ClockText(left));
  const std::string failures = failed_ > 0 ? fmt::format("  {} failed", failed_) : "";
  if (terminal_) {
    constexpr int kWidth = 24;
    const int full = static_cast<int>(share * kWidth);
    fmt::print(stderr, "\r\033[K[{}{}] {}{}  {}", std::string(full, '='),
               std::string(kWidth - full, ' '), counts, failures, what);
    std::fflush(stderr);
  } else {
    fmt::print(stderr, "{}{}  {}\n", counts, failures, what);
  }
}

void ProgressBar::Close() {
  if (terminal_ && total_ > 0) fmt::print(stderr, "\n");
}

}  // namespace maskbench
