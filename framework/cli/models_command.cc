#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/head/head_builder.h"
#include "maskbench/head/head_registry.h"
#include "maskbench/nn/import.h"
#include "maskbench/nn/network_library.h"
#include "maskbench/render/hair_builder.h"

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
  for (const HeadImportReport& report : ImportHeads(npm_folder, program.ModelsDir())) {
    fmt::print(
        "{:<16} {} ({})\n", report.head,
        report.was_up_to_date ? "is up to date" : fmt::format("made in {:.1f} s", report.seconds),
        report.summary);
  }
  for (const HairImportReport& report : ImportHair(npm_folder, program.ModelsDir())) {
    fmt::print(
        "{:<16} {} (hair, {} vertices)\n", report.style,
        report.was_up_to_date ? "is up to date" : fmt::format("made in {:.1f} s", report.seconds),
        report.vertex_count);
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
    const std::string source = spec.source.format == SourceFormat::kOwnWeights
                                   ? "trained by the project"
                                   : "from " + spec.source.package + " " + spec.source.version;
    fmt::print("{:<16} {}×{}×{} → {}\n{:<16} {}; {}\n", contract.name, contract.channels,
               contract.height, contract.width, outputs, "", source,
               imported ? "imported" : "not imported");
  }
  for (const HeadModelEntry& entry : HeadModels()) {
    fmt::print("{:<16} head model: {}\n", entry.name, entry.summary);
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
  for (const HeadModelEntry& entry : HeadModels()) {
    const auto start = std::chrono::steady_clock::now();
    const auto model = entry.load(program.ModelsDir());
    const std::chrono::duration<double, std::milli> elapsed =
        std::chrono::steady_clock::now() - start;
    fmt::print("{:<16} head model loads ({:.0f} ms); {} vertices, {} identities, {} expressions\n",
               entry.name, elapsed.count(), model->Topology().vertex_count, model->IdentityDims(),
               model->ExpressionDims());
  }
  return kExitDone;
}

}  // namespace maskbench
