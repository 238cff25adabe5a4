#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "maskbench/core/json.h"

#include "tfjs_weights.h"

namespace maskbench {

/// A node of a TensorFlow graph. Attributes keep their JSON form, in which 64-bit integers are
/// strings and byte strings are base64; the accessors decode them. They throw DataError naming the
/// node when an attribute is missing or of another type.
struct TfjsNode {
  std::string name;
  std::string op;
  std::vector<std::string> inputs;  ///< Names of nodes, without ":0" and control inputs.
  Json attributes;

  bool Has(const std::string& key) const { return attributes.contains(key); }
  std::vector<int64_t> Integers(const std::string& key) const;
  std::vector<std::string> Texts(const std::string& key) const;
  std::string Text(const std::string& key) const;
  bool Flag(const std::string& key, bool value_if_absent) const;
  /// A tensor shape; unknown axes are −1.
  std::vector<int64_t> Shape(const std::string& key) const;
};

/// A TensorFlow.js graph model as read from its files.
struct TfjsGraph {
  /// In an order in which every node follows its inputs; the same for the same file.
  std::vector<TfjsNode> nodes;
  /// By the name of their Const node.
  TfjsWeights weights;
  /// Names of the nodes that the signature calls outputs, sorted.
  std::vector<std::string> outputs;
};

/// Reads `model_json` and the binary shards beside it. Throws DataError, naming the file, when they
/// are malformed: no topology, an input that does not exist, a cycle, a Const without weight.
TfjsGraph ReadTfjsGraph(const std::filesystem::path& model_json);

}  // namespace maskbench
