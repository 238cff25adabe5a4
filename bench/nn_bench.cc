// Latency of the imported networks. Run it with one thread per library, as workers do:
//   OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 nn_bench
// The networks are looked for in $MASKBENCH_ASSETS/models, else in the build's asset folder.
// "GFLOP" are the operations of one run, "of_sgemm" the share of the speed of a matrix product in
// the same process that the run reaches.

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "maskbench/core/error.h"
#include "maskbench/core/runtime.h"
#include "maskbench/nn/contract.h"
#include "maskbench/nn/network.h"

#include "network_work.h"

namespace maskbench {
namespace {

std::filesystem::path ModelFile(const NetworkContract& contract) {
  std::filesystem::path assets = "assets";
#ifdef MASKBENCH_ASSETS_DIR
  assets = MASKBENCH_ASSETS_DIR;
#endif
  if (const char* from_environment = std::getenv("MASKBENCH_ASSETS")) assets = from_environment;
  return assets / "models" / (contract.name + ".pt");
}

void RunNetwork(benchmark::State& state, const NetworkContract& contract) {
  const int batch = static_cast<int>(state.range(0));
  try {
    const std::unique_ptr<Network> network = Network::Load(ModelFile(contract), contract, batch);
    // Values matter little: no network branches on them.
    const std::vector<float> input(static_cast<size_t>(batch * contract.InputElementsPerItem()),
                                   0.5f);
    const double operations = NetworkOperations(ModelFile(contract), contract, batch);
    std::vector<Tensor> outputs;
    const double start = ThreadCpuSeconds();
    for (auto _ : state) {
      network->Run(input.data(), &outputs);
      benchmark::DoNotOptimize(outputs.front().values.data());
    }
    const double speed =
        operations * static_cast<double>(state.iterations()) / (ThreadCpuSeconds() - start);
    state.SetItemsProcessed(state.iterations() * batch);
    state.counters["GFLOP"] = operations / 1e9;
    state.counters["of_sgemm"] = speed / ProductSpeed();
  } catch (const Error& error) {
    state.SkipWithError(error.what());
  }
}

void LoadNetwork(benchmark::State& state, const NetworkContract& contract) {
  const int batch = static_cast<int>(state.range(0));
  try {
    for (auto _ : state) {
      benchmark::DoNotOptimize(Network::Load(ModelFile(contract), contract, batch));
    }
  } catch (const Error& error) {
    state.SkipWithError(error.what());
  }
}

bool RegisterAll() {
  for (const NetworkSpec& spec : BuiltInNetworks()) {
    const NetworkContract& contract = spec.contract;
    auto* run = benchmark::RegisterBenchmark(("run/" + contract.name).c_str(), RunNetwork, contract)
                    ->Unit(benchmark::kMillisecond)
                    ->ArgName("batch")
                    ->Arg(1);
    // Both eyes of a face go through together.
    if (contract.name == "iris") run->Arg(2);
    benchmark::RegisterBenchmark(("load/" + contract.name).c_str(), LoadNetwork, contract)
        ->Unit(benchmark::kMillisecond)
        ->ArgName("batch")
        ->Arg(1);
  }
  return true;
}
[[maybe_unused]] const bool kRegistered = RegisterAll();

}  // namespace
}  // namespace maskbench
