#include "maskbench/program.h"

#include <exception>

#include <fmt/format.h>

#include "maskbench/cli/command_line.h"
#include "maskbench/core/runtime.h"

#include "datasets/register_all.h"
#include "experiments/register_all.h"
#include "experiments/training/register_all.h"

namespace maskbench {

int RunMaskBench(int argc, char** argv, const std::function<void(Components*)>& add) {
  EnsureRuntimeEnvironment(argv);
  Components components;
  try {
    RegisterFrameworkComponents(&components);
    RegisterExperiments(&components.experiments);
    RegisterDatasetMakers(&components.dataset_makers);
    RegisterDatasetImporters(&components.dataset_importers);
    RegisterNetworkTrainers(&components.network_trainers);
    if (add) add(&components);
  } catch (const std::exception& error) {
    fmt::print(stderr, "maskbench: {}\n", error.what());
    return kExitUsage;
  }
  Program program;
  program.version = MASKBENCH_VERSION;
  program.default_assets_dir = MASKBENCH_ASSETS_DIR;
  program.components = &components;
  return RunCommandLine(program, argc, argv);
}

}  // namespace maskbench
