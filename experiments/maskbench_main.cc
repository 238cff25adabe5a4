#include "maskbench/cli/command_line.h"
#include "maskbench/core/runtime.h"

#include "datasets/register_all.h"
#include "experiments/register_all.h"
#include "experiments/training/register_all.h"

int main(int argc, char** argv) {
  maskbench::EnsureRuntimeEnvironment(argv);
  maskbench::Components components;
  maskbench::RegisterFrameworkComponents(&components);
  maskbench::RegisterExperiments(&components.experiments);
  maskbench::RegisterDatasetMakers(&components.dataset_makers);
  maskbench::RegisterDatasetImporters(&components.dataset_importers);
  maskbench::RegisterNetworkTrainers(&components.network_trainers);
  maskbench::Program program;
  program.version = MASKBENCH_VERSION;
  program.default_assets_dir = MASKBENCH_ASSETS_DIR;
  program.components = &components;
  return maskbench::RunCommandLine(program, argc, argv);
}
