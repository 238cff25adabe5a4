#include "maskbench/nn/import.h"

#include <chrono>
#include <cstring>
#include <exception>
#include <memory>
#include <sstream>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <torch/csrc/jit/frontend/resolver.h>
#include <torch/csrc/jit/frontend/sugared_value.h>
#include <torch/custom_class.h>
#include <torch/script.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/core/hash.h"
#include "maskbench/core/json.h"
#include "maskbench/nn/layer_graph.h"

#include "dlib_resnet.h"
#include "own_networks.h"
#include "tfjs_graph.h"
#include "tfjs_lowering.h"
#include "tfjs_weights.h"
#include "torchscript_emitter.h"

namespace maskbench {
namespace {

namespace fs = std::filesystem;

fs::path PackageFolder(const NetworkSpec& spec, const fs::path& npm_root) {
  fs::path folder = npm_root / spec.source.package;
  const fs::path description = folder / "package.json";
  if (!fs::exists(description)) {
    throw DataError(fmt::format("Package {} for network {} is not unpacked at {}.",
                                spec.source.package, spec.contract.name, folder.string()));
  }
  const std::string version = ReadJsonFile(description).value("version", "");
  if (version != spec.source.version) {
    throw DataError(fmt::format("{} is version {}, but network {} is imported from version {}.",
                                folder.string(), version, spec.contract.name, spec.source.version));
  }
  return folder;
}

Json ContractToJson(const NetworkContract& contract) {
  Json outputs = Json::array();
  for (const NetworkContract::Output& output : contract.outputs) {
    outputs.push_back({{"name", output.name}, {"shape_per_item", output.shape_per_item}});
  }
  return {{"input_chw", {contract.channels, contract.height, contract.width}},
          {"outputs", outputs}};
}

// The part of the manifest that is known before anything is imported.
Json DescribeSource(const NetworkSpec& spec, const fs::path& package_folder) {
  Json files = Json::array();
  for (const std::string& file : spec.source.files) {
    files.push_back({{"path", file}, {"sha256", Sha256OfFile(package_folder / file)}});
  }
  return {{"network", spec.contract.name},
          {"importer_version", kImporterVersion},
          {"source",
           {{"package", spec.source.package},
            {"version", spec.source.version},
            {"files", files},
            {"output_nodes", spec.source.output_nodes}}},
          {"contract", ContractToJson(spec.contract)}};
}

Json DescribeOwn(const NetworkContract& contract) {
  return {{"network", contract.name},
          {"importer_version", kImporterVersion},
          {"source", {{"weights_sha256", Sha256OfBytes(std::string(OwnWeights(contract.name)))}}},
          {"contract", ContractToJson(contract)}};
}

// The recorded result if `report`'s files exist and were made from just this source.
bool ReadUpToDate(const Json& description, ImportReport* report) {
  if (!fs::exists(report->module_file) || !fs::exists(report->manifest_file)) return false;
  try {
    const Json manifest = ReadJsonFile(report->manifest_file);
    for (const auto& [key, value] : description.items()) {
      if (!manifest.contains(key) || manifest.at(key) != value) return false;
    }
    if (manifest.at("module_bytes").get<uintmax_t>() != fs::file_size(report->module_file)) {
      return false;
    }
    report->tensors_sha256 = manifest.at("tensors_sha256").get<std::string>();
    report->tensor_count = manifest.at("tensor_count").get<size_t>();
    report->parameter_count = manifest.at("parameter_count").get<int64_t>();
    return true;
  } catch (const Json::exception&) {
    return false;  // Of an older importer, or damaged: written anew.
  } catch (const DataError&) {
    return false;
  }
}

LayerGraph ReadLayers(const NetworkSpec& spec, const fs::path& package_folder) {
  const fs::path description = package_folder / spec.source.files.front();
  switch (spec.source.format) {
    case SourceFormat::kTfjsGraph:
      return LowerTfjsGraph(ReadTfjsGraph(description), spec.source.output_nodes);
    case SourceFormat::kDlibResnetWeights:
      return BuildDlibResnet(ReadTfjsWeights(ReadJsonFile(description), description.parent_path()));
    case SourceFormat::kOwnWeights:
      break;
  }
  throw DataError(fmt::format("Network {} has an unknown source format.", spec.contract.name));
}

// Of names, shapes and values; independent of how an archive packs them.
std::string HashTensors(const TorchScriptProgram& program) {
  std::string bytes;
  for (const TorchScriptProgram::NamedTensor& named : program.tensors) {
    bytes += named.name;
    for (const int64_t axis : named.tensor.shape) bytes += fmt::format(" {}", axis);
    bytes += '\n';
    const size_t start = bytes.size();
    const size_t size = named.tensor.values.size() * sizeof(float);
    bytes.resize(start + size);
    std::memcpy(bytes.data() + start, named.tensor.values.data(), size);
  }
  return Sha256OfBytes(bytes);
}

// Makes LibTorch's packed convolutions known under the names that emitted source uses.
class PackedConvolutionResolver : public torch::jit::NativeResolver {
 public:
  std::shared_ptr<torch::jit::SugaredValue> resolveValue(
      const std::string& name, torch::jit::GraphFunction& method,
      const torch::jit::SourceRange& location) override {
    if (name == "mkldnn_prepacked") return std::make_shared<torch::jit::BuiltinModule>(name);
    return NativeResolver::resolveValue(name, method, location);
  }

  c10::TypePtr resolveType(const std::string& name,
                           const torch::jit::SourceRange& location) override {
    if (name == "ConvOpContext") {
      return torch::getCustomClass("__torch__.torch.classes.mkldnn.ConvOpContext");
    }
    return NativeResolver::resolveType(name, location);
  }
};

std::string SerialiseModule(const std::string& name, const TorchScriptProgram& program) {
  torch::jit::Module module("maskbench_" + name);
  for (const TorchScriptProgram::NamedTensor& named : program.tensors) {
    torch::Tensor tensor = torch::empty(named.tensor.shape, torch::kFloat32);
    std::memcpy(tensor.data_ptr<float>(), named.tensor.values.data(),
                named.tensor.values.size() * sizeof(float));
    module.register_buffer(named.name, tensor);
  }
  module.define(program.source, std::make_shared<PackedConvolutionResolver>());
  std::ostringstream archive;
  module.save(archive);
  return archive.str();
}

/// Emits, saves and records; `report` names the files.
void WriteModule(LayerGraph graph, const NetworkContract& contract, const std::string& origin,
                 Json manifest, ImportReport* report) {
  FoldLayers(&graph);
  const TorchScriptProgram program = EmitTorchScript(graph, contract);
  report->tensors_sha256 = HashTensors(program);
  report->tensor_count = program.tensors.size();
  for (const auto& named : program.tensors) report->parameter_count += named.tensor.NumElements();

  std::string archive;
  try {
    archive = SerialiseModule(contract.name, program);
  } catch (const std::exception& error) {
    throw DataError(fmt::format("LibTorch rejected network {} as imported from {}: {}",
                                contract.name, origin, error.what()));
  }
  manifest["tensors_sha256"] = report->tensors_sha256;
  manifest["program_sha256"] = Sha256OfBytes(program.source);
  manifest["tensor_count"] = report->tensor_count;
  manifest["parameter_count"] = report->parameter_count;
  manifest["module_bytes"] = archive.size();
  // The manifest goes last: while it is missing or old, the module is imported again.
  std::error_code ignored;
  fs::remove(report->manifest_file, ignored);
  WriteFileAtomically(report->module_file, archive);
  WriteJsonFile(report->manifest_file, manifest);
}

ImportReport ReportFor(const NetworkContract& contract, const fs::path& out_dir) {
  ImportReport report;
  report.network = contract.name;
  report.module_file = out_dir / (contract.name + ".pt");
  report.manifest_file = out_dir / (contract.name + ".json");
  return report;
}

}  // namespace

ImportReport WriteNetwork(LayerGraph graph, const NetworkContract& contract, Json description,
                          const fs::path& out_dir) {
  ImportReport report = ReportFor(contract, out_dir);
  description["network"] = contract.name;
  description["importer_version"] = kImporterVersion;
  description["contract"] = ContractToJson(contract);
  WriteModule(std::move(graph), contract, "the program", std::move(description), &report);
  return report;
}

ImportReport ImportNetwork(const NetworkSpec& spec, const fs::path& npm_root,
                           const fs::path& out_dir) {
  const auto start = std::chrono::steady_clock::now();
  const auto seconds_since_start = [&start] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  const bool own = spec.source.format == SourceFormat::kOwnWeights;
  const fs::path package_folder = own ? fs::path() : PackageFolder(spec, npm_root);
  Json manifest = own ? DescribeOwn(spec.contract) : DescribeSource(spec, package_folder);
  ImportReport report = ReportFor(spec.contract, out_dir);
  if (ReadUpToDate(manifest, &report)) {
    report.was_up_to_date = true;
    report.seconds = seconds_since_start();
    return report;
  }

  WriteModule(own ? OwnNetwork(spec.contract.name) : ReadLayers(spec, package_folder),
              spec.contract, own ? "the program" : package_folder.string(), std::move(manifest),
              &report);
  report.seconds = seconds_since_start();
  return report;
}

}  // namespace maskbench
