#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/pipeline/network_trainer.h"
#include "maskbench/pipeline/run_config.h"

#include "commands.h"
#include "progress.h"

namespace maskbench {

int TrainCommand(const Program& program, const TrainArguments& arguments) {
  const NetworkTrainer& trainer =
      FindNetworkTrainer(program.components->network_trainers, arguments.name);
  if (arguments.request.seed >= kFirstOutsideSeed) {
    throw UsageError(fmt::format(
        "--seed {}: nothing is trained on seeds from {} on; they are left to evaluators outside.",
        arguments.request.seed, kFirstOutsideSeed));
  }
  NetworkTrainer::Request request = arguments.request;
  for (const std::string& option : arguments.options) ApplyOverride(option, &request.options);
  std::unique_ptr<ProgressBar> bar;
  std::string current;
  const auto files =
      trainer.Train(program.Places(), request,
                    [&](const std::string& phase, int done, int total, const std::string& what) {
                      if (phase != current) {
                        if (bar) bar->Close();
                        fmt::print(stderr, "{}\n", phase);
                        current = phase;
                        bar = std::make_unique<ProgressBar>();
                        bar->Begin(total, done);
                        return;
                      }
                      bar->MoveTo(done, what);
                    });
  if (bar) bar->Close();
  for (const std::filesystem::path& file : files) fmt::print("{}\n", file.string());
  return kExitDone;
}

}  // namespace maskbench
