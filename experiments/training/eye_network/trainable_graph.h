#pragma once

#include <vector>

#include <torch/torch.h>

#include "maskbench/nn/layer_graph.h"

namespace maskbench::training {

/// A layer graph whose constants are learned. AffineLayers of more than one channel are batch
/// normalisations while training (Ioffe & Szegedy 2015, arXiv:1502.03167); Graph() has their
/// running statistics worked in, ready for FoldLayers and the emitter.
///
/// Parameters are shared by all threads that call Forward; nothing else is.
class TrainableGraph {
 public:
  /// Knows convolutions with even padding, dense layers, affine layers, clamps, sums, upsampling,
  /// means, highest values without padding, concatenation, flattening and score maps. Throws Error
  /// for anything else.
  explicit TrainableGraph(LayerGraph graph);

  /// Leaves that require gradients, always in the same order.
  const std::vector<torch::Tensor>& parameters() const { return parameters_; }
  /// Whether weight decay applies: to filters, not to biases and normalisations.
  const std::vector<bool>& decays() const { return decays_; }

  /// Running means and variances, one pair per normalisation.
  using Statistics = std::vector<torch::Tensor>;
  const Statistics& statistics() const { return statistics_; }
  void SetStatistics(Statistics statistics) { statistics_ = std::move(statistics); }

  /// @param input  N × C × H × W.
  /// @param statistics  of one thread, moved towards this batch's; null: evaluation with the
  ///                    graph's own.
  /// @return the outputs, images as N × C × H × W.
  std::vector<torch::Tensor> Forward(const torch::Tensor& input, Statistics* statistics) const;

  /// The graph with the values of `parameters` (in the order of parameters()) and the running
  /// statistics.
  LayerGraph Graph(const std::vector<torch::Tensor>& parameters) const;

 private:
  struct Place {  // Of a layer's parameters; −1 where it has none.
    int weight = -1, bias = -1, statistics = -1;
  };
  int AddParameter(const std::vector<int64_t>& shape, const std::vector<float>& values,
                   bool decays);

  LayerGraph graph_;
  std::vector<Place> places_;
  std::vector<torch::Tensor> parameters_;
  std::vector<bool> decays_;
  Statistics statistics_;
};

}  // namespace maskbench::training
