#include "maskbench/core/runtime.h"

#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <thread>

#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace maskbench {
namespace {

/// Set in the replacement, so that an environment that cannot be changed does not loop.
constexpr char kReplacedMarker[] = "MASKBENCH_RUNTIME";

std::string FieldOfFile(const char* file, const std::string& field) {
  std::ifstream stream(file);
  std::string line;
  while (std::getline(stream, line)) {
    if (line.compare(0, field.size(), field) != 0) continue;
    const size_t start = line.find_first_not_of(" \t:", field.size());
    return start == std::string::npos ? "" : line.substr(start);
  }
  return "";
}

/// Packaged OpenBLAS does not know every processor and then picks its oldest kernel, at a fraction
/// of the speed; name the kernel by what the processor can do.
const char* OpenBlasKernel() {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512vl") != 0 &&
      __builtin_cpu_supports("avx512dq") != 0 && __builtin_cpu_supports("avx512bw") != 0) {
    return "SkylakeX";
  }
  if (__builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0) return "Haswell";
  return nullptr;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> RuntimeEnvironment() {
  std::vector<std::pair<std::string, std::string>> variables = {
      {"OMP_NUM_THREADS", "1"},
      {"OPENBLAS_NUM_THREADS", "1"},
      {"MKL_NUM_THREADS", "1"},
      {"OPENCV_FOR_THREADS_NUM", "1"},
  };
  if (const char* kernel = OpenBlasKernel()) variables.emplace_back("OPENBLAS_CORETYPE", kernel);
  return variables;
}

void EnsureRuntimeEnvironment(char** argv) {
  bool complete = true;
  for (const auto& [name, value] : RuntimeEnvironment()) {
    const char* current = std::getenv(name.c_str());
    complete &= current != nullptr && value == current;
  }
  if (complete || std::getenv(kReplacedMarker) != nullptr) return;
  for (const auto& [name, value] : RuntimeEnvironment()) {
    ::setenv(name.c_str(), value.c_str(), 1);
  }
  ::setenv(kReplacedMarker, "1", 1);
  ::execv("/proc/self/exe", argv);
  // Only reached when the replacement failed: go on, slower but right.
}

std::vector<std::pair<std::string, std::string>> MachineFacts() {
  utsname system{};
  ::uname(&system);
  std::vector<std::pair<std::string, std::string>> facts = {
      {"processor", FieldOfFile("/proc/cpuinfo", "model name")},
      {"cores", std::to_string(std::thread::hardware_concurrency())},
      {"memory", FieldOfFile("/proc/meminfo", "MemTotal")},
      {"system", fmt::format("{} {}", system.sysname, system.release)},
      {"compiler", fmt::format("g++ {}", __VERSION__)},
  };
  for (const auto& [name, value] : RuntimeEnvironment()) {
    const char* current = std::getenv(name.c_str());
    facts.emplace_back(name, current != nullptr ? current : "(not set)");
  }
  return facts;
}

long long PeakMemoryBytes() {
  return 1024 * std::atoll(FieldOfFile("/proc/self/status", "VmHWM").c_str());
}

void ResetPeakMemory() {
  std::ofstream("/proc/self/clear_refs") << "5";  // proc(5): resets the peak resident set size.
}

double ThreadCpuSeconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

}  // namespace maskbench
