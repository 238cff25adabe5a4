#pragma once

#include <string>
#include <string_view>

#include "maskbench/nn/layer_graph.h"

namespace maskbench {

/// Packed weights (half_weights.h) of a network that the project has trained, as they were when the
/// program was built; framework/nn/weights holds the files and their model cards. Throws Error for
/// an unknown name.
std::string_view OwnWeights(std::string_view network);

/// The trained network, folded. Throws DataError when its weights are damaged.
LayerGraph OwnNetwork(const std::string& network);

}  // namespace maskbench
