#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace maskbench {

struct SubprocessResult {
  bool timed_out = false;
  /// Valid when neither timed out nor killed by a signal.
  int exit_status = 0;
  /// 0 unless a signal ended it.
  int signal = 0;
  /// The last 4 kB of what it wrote to standard error.
  std::string standard_error;
  bool good() const { return !timed_out && signal == 0 && exit_status == 0; }
};

/// Runs a program without a shell, in a process group of its own that is killed as a whole at the
/// time limit. Standard input and output are closed. Throws DataError when it cannot be started.
/// @param arguments    program first; found on PATH.
/// @param environment  "NAME=value", the whole environment.
SubprocessResult RunSubprocess(const std::vector<std::string>& arguments,
                               const std::vector<std::string>& environment, double time_limit_s);

}  // namespace maskbench
