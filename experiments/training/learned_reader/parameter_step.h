#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <torch/torch.h>

#include "maskbench/core/json.h"

#include "experiments/training/eye_network/trainable_graph.h"

namespace maskbench::training {

/// Learns the parameters of a graph: AdamW (Loshchilov & Hutter 2019, arXiv:1711.05101) with
/// clipped gradients, a rate that warms up and falls along a cosine, and a running average of the
/// parameters, which is what is delivered.
class GraphTraining {
 public:
  struct Options {
    int steps = 1000;
    double learning_rate = 2e-3, weight_decay = 0.02;
    int warm_up = 200;
  };

  GraphTraining(LayerGraph graph, const Options& options);

  TrainableGraph& graph() { return graph_; }
  int step() const { return step_; }
  bool done() const { return step_ >= options_.steps; }
  /// Normalisation statistics to hand to TrainableGraph::Forward; Step takes them over.
  TrainableGraph::Statistics* statistics() { return &statistics_; }
  /// One step down a loss.
  void Step(const torch::Tensor& loss);

  /// Calls `look` while the graph has the averaged parameters.
  void WithAverage(const std::function<void()>& look);
  /// With the averaged parameters.
  LayerGraph Delivered() const { return graph_.Graph(average_); }

  /// The state in a file, beside it `history`. Load does nothing when the file is not there; throws
  /// DataError when it is another network's.
  void Save(const std::filesystem::path& file, const Json& history) const;
  void Load(const std::filesystem::path& file, Json* history);

 private:
  std::vector<torch::Tensor> State() const;

  Options options_;
  TrainableGraph graph_;
  TrainableGraph::Statistics statistics_;
  std::vector<torch::Tensor> first_, second_, average_;
  int step_ = 0;
};

}  // namespace maskbench::training
