#pragma once

#include <string>
#include <utility>
#include <vector>

namespace maskbench {

/// The one owner of the process environment that numerical libraries read when they load.
///
/// OpenMP and OpenBLAS take their thread counts and kernels from the environment before `main`
/// runs, so setting them inside the program is too late. Call this first in `main`: if a variable
/// differs from what is wanted, the process replaces itself once by itself with the right ones.
/// Parallelism is over cases, so every library runs with one thread.
void EnsureRuntimeEnvironment(char** argv);

/// The variables that EnsureRuntimeEnvironment sets on this processor, in order.
std::vector<std::pair<std::string, std::string>> RuntimeEnvironment();

/// Facts about the machine and build for a report: processor, cores, memory, compiler, variables.
std::vector<std::pair<std::string, std::string>> MachineFacts();

/// Largest resident memory of this process since the last ResetPeakMemory, bytes.
long long PeakMemoryBytes();
void ResetPeakMemory();

/// Processor time of the calling thread, seconds.
double ThreadCpuSeconds();

}  // namespace maskbench
