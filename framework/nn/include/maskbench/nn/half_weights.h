#pragma once

#include <filesystem>
#include <string>

#include "maskbench/core/json.h"
#include "maskbench/nn/layer_graph.h"

namespace maskbench {

/// Weights of a network of the project's own, small enough to be committed: one line of JSON (what
/// the network is and how it was trained, number and SHA-256 of the values), then the weights and
/// biases of the folded graph's convolutions and dense layers in order, as little-endian 16-bit
/// floats.
///
/// @param graph  any state of training; it is folded first. @param description  joins the header.
std::string PackHalfWeights(LayerGraph graph, Json description);

/// Puts packed weights into a graph of the same topology and folds it. `name` is for messages.
/// Throws DataError when they are of another network or damaged.
LayerGraph UnpackHalfWeights(const std::string& packed, LayerGraph graph, const std::string& name,
                             Json* description = nullptr);

}  // namespace maskbench
