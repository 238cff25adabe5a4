#include "maskbench/pipeline/network_trainer.h"

#include <fmt/format.h>

#include "maskbench/core/error.h"

namespace maskbench {

const NetworkTrainer& FindNetworkTrainer(const NetworkTrainers& trainers, const std::string& name) {
  std::string known;
  for (const auto& trainer : trainers) {
    if (trainer->Name() == name) return *trainer;
    known += (known.empty() ? "" : ", ") + trainer->Name();
  }
  throw UsageError(
      fmt::format("\"{}\" is no network that can be trained; there is {}.", name, known));
}

}  // namespace maskbench
