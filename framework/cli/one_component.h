#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "maskbench/cli/command_line.h"

namespace maskbench {

/// A component from the command line: `--set` options over defaults. Throws UsageError.
ComponentChoice Choose(const ComponentCatalog& catalog, const std::string& type,
                       const std::vector<std::string>& options);

}  // namespace maskbench
