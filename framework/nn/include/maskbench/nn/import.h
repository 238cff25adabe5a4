#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

#include "maskbench/core/json.h"
#include "maskbench/nn/contract.h"
#include "maskbench/nn/layer_graph.h"

namespace maskbench {

/// Raised whenever the importer writes different modules from the same source; modules of another
/// version are imported again.
inline constexpr int kImporterVersion = 1;

struct ImportReport {
  std::string network;
  bool was_up_to_date = false;  ///< Nothing had to be done.
  std::filesystem::path module_file;
  std::filesystem::path manifest_file;
  std::string tensors_sha256;
  size_t tensor_count = 0;
  int64_t parameter_count = 0;
  double seconds = 0.0;
};

/// Imports a network from an unpacked npm package at `<npm_root>/<package name>` (the folder that
/// holds package.json) into `<out_dir>/<name>.pt`, a plain TorchScript module that only LibTorch is
/// needed to run, and `<out_dir>/<name>.json`, which records where it came from: package, version,
/// SHA-256 of each source file, of all tensors and of the program.
///
/// Does nothing when that record matches already. Files appear complete or not at all. Throws
/// DataError when the package is absent or of another version than `spec` pins, when its files are
/// malformed or use an unsupported operator, or when the result does not keep the contract.
ImportReport ImportNetwork(const NetworkSpec& spec, const std::filesystem::path& npm_root,
                           const std::filesystem::path& out_dir);

/// The same for a network that the program has as a layer graph: folds it and writes module and
/// record. @param description  joins the record; says where the weights come from.
ImportReport WriteNetwork(LayerGraph graph, const NetworkContract& contract, Json description,
                          const std::filesystem::path& out_dir);

}  // namespace maskbench
