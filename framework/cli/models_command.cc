#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/nn/import.h"
#include "maskbench/nn/network_library.h"

#include "commands.h"

namespace maskbench {

int ModelsImportCommand(const Program& program, std::filesystem::path npm_folder) {
  if (npm_folder.empty()) npm_folder = program.AssetsDir() / "npm";
  for (const NetworkSpec& spec : BuiltInNetworks()) {
    const ImportReport report = ImportNetwork(spec, npm_folder, program.ModelsDir());
    fmt::print("{:<16} {} ({} parameters)\n", report.network,
               report.was_up_to_date ? "is up to date"
                                     : fmt::format("imported in {:.1f} s", report.seconds),
               report.parameter_count);
  }
  return kExitDone;
}

int ModelsListCommand(const Program& program) {
  const NetworkLibrary library(program.ModelsDir());
  for (const NetworkSpec& spec : BuiltInNetworks()) {
    const NetworkContract& contract = spec.contract;
    std::string outputs;
    for (const NetworkContract::Output& output : contract.outputs) {
      outputs += (outputs.empty() ? "" : ", ") + output.name;
      for (const int64_t length : output.shape_per_item) outputs += fmt::format("×{}", length);
    }
    const bool imported = std::filesystem::exists(library.FileOf(contract.name));
    fmt::print("{:<16} {}×{}×{} → {}\n{:<16} from {} {}; {}\n", contract.name, contract.channels,
               contract.height, contract.width, outputs, "", spec.source.package,
               spec.source.version, imported ? "imported" : "not imported");
  }
  return kExitDone;
}

int ModelsCheckCommand(const Program& program) {
  const NetworkLibrary library(program.ModelsDir());
  fmt::print("LibTorch {}; BLAS: {}\n", TorchVersion(), BlasBoundByTorch());
  for (const NetworkSpec& spec : BuiltInNetworks()) {
    const auto start = std::chrono::steady_clock::now();
    library.Load(spec.contract.name, 1);
    const std::chrono::duration<double, std::milli> elapsed =
        std::chrono::steady_clock::now() - start;
    fmt::print("{:<16} loads and keeps its contract ({:.0f} ms); weights {}\n", spec.contract.name,
               elapsed.count(), library.Fingerprint(spec.contract.name).substr(0, 16));
  }
  return kExitDone;
}

}  // namespace maskbench
