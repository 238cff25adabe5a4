#pragma once

#include <stdexcept>
#include <string>

namespace maskbench {

/// Base of every failure that MaskBench reports to a person. The message is one whole sentence that
/// names the file, case or frame it is about.
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& message) : std::runtime_error(message) {}
};

/// The command line or the configuration is wrong: the program ends with exit code 2.
class UsageError : public Error {
 public:
  explicit UsageError(const std::string& message) : Error(message) {}
};

/// A file, a video, a network or an external program did not give what it should. Inside a run it
/// is the recorded failure of one case; outside, the program ends with exit code 1.
class DataError : public Error {
 public:
  explicit DataError(const std::string& message) : Error(message) {}
};

}  // namespace maskbench
