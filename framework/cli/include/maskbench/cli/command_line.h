#pragma once

#include <filesystem>
#include <string>

#include "maskbench/pipeline/components.h"

namespace maskbench {

/// What the program is made of.
struct Program {
  std::string version;
  /// Where the set-up puts fetched assets; the environment variable MASKBENCH_ASSETS overrides it.
  std::filesystem::path default_assets_dir;
  const Components* components = nullptr;

  std::filesystem::path AssetsDir() const;
  std::filesystem::path ModelsDir() const { return AssetsDir() / "models"; }
  MakerPlaces Places() const { return {ModelsDir(), AssetsDir() / "npm"}; }
};

/// Exit codes that scripts may rely on.
enum ExitCode { kExitDone = 0, kExitCannotGoOn = 1, kExitUsage = 2, kExitSomeFailed = 3 };

/// Parses the command line and does what it says. Never throws.
int RunCommandLine(const Program& program, int argc, char** argv);

}  // namespace maskbench
