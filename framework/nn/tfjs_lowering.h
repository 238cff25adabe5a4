#pragma once

#include <string>
#include <vector>

#include "maskbench/nn/layer_graph.h"

#include "tfjs_graph.h"

namespace maskbench {

/// Translates a TensorFlow graph of a feed-forward image network into layers, one for one (see
/// FoldLayers for what comes next). `outputs` are the nodes wanted, in the order wanted; they need
/// not be in the signature. Filters become OIHW, paddings explicit numbers, constants operands.
///
/// Throws DataError naming node and operator for whatever is not supported: an unknown operator, a
/// layout other than NHWC, dilation, a broadcast other than scalar or per channel.
LayerGraph LowerTfjsGraph(const TfjsGraph& graph, const std::vector<std::string>& outputs);

}  // namespace maskbench
