#pragma once

#include <string>
#include <vector>

#include "maskbench/nn/contract.h"
#include "maskbench/nn/layer_graph.h"
#include "maskbench/nn/tensor.h"

namespace maskbench {

/// A network as TorchScript source, with the tensors it refers to as `self.<name>`.
struct TorchScriptProgram {
  struct NamedTensor {
    std::string name;
    Tensor tensor;
  };

  /// Two methods. `pack(self, batch: int) -> List[ConvOpContext]` brings the filters into oneDNN's
  /// own layout for one batch size. `forward(self, x: Tensor, packed: List[ConvOpContext]) ->
  /// List[Tensor]` takes NCHW images and what `pack` gave, and returns the contract's outputs.
  /// `ConvOpContext` is LibTorch's class of that name and `mkldnn_prepacked` its operators.
  std::string source;
  std::vector<NamedTensor> tensors;
};

/// Writes `graph` down with convolutions that call oneDNN with packed filters. LibTorch's own
/// conv2d leaves 1×1 filters at batch 1 on one thread to generic BLAS, and mkldnn_convolution packs
/// the filters anew in every call, which takes up to half of a network's time.
///
/// Each output is brought to the source's row-major order and the contract's shape. Throws
/// DataError when the input's size, the number of outputs or an output's number of elements is not
/// the contract's.
TorchScriptProgram EmitTorchScript(const LayerGraph& graph, const NetworkContract& contract);

}  // namespace maskbench
