#pragma once

#include <functional>

#include "maskbench/pipeline/components.h"

namespace maskbench {

/// The program `maskbench`, for a `main` of one's own: registers everything that MaskBench brings,
/// then what `add` adds to it, and does what the command line says.
///
/// Call it first in `main`. Before anything else the process may replace itself once by itself
/// (EnsureRuntimeEnvironment), so that numerical libraries run with one thread each.
///
/// @param add  called once with every component of MaskBench already in place; may be empty. A type
///     that is registered already is an error.
/// @return the exit code, as `maskbench --help` lists them. Never throws.
int RunMaskBench(int argc, char** argv, const std::function<void(Components*)>& add = nullptr);

}  // namespace maskbench
