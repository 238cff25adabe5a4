// main of every bench: one thread, and errors as one sentence.
#include <cstdio>

#include <benchmark/benchmark.h>
#include <opencv2/core.hpp>

#include "maskbench/core/error.h"
#include "maskbench/core/runtime.h"

int main(int argc, char** argv) {
  maskbench::EnsureRuntimeEnvironment(argv);
  cv::setNumThreads(1);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  try {
    benchmark::RunSpecifiedBenchmarks();
  } catch (const maskbench::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  benchmark::Shutdown();
  return 0;
}
