#include "experiments/training/eye_network/trainable_graph.h"

#include <cmath>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "maskbench/core/error.h"

namespace maskbench::training {
namespace {

constexpr double kEpsilon = 1e-5, kMomentum = 0.02;

std::vector<float> Values(const torch::Tensor& tensor) {
  const torch::Tensor flat = tensor.detach().contiguous().to(torch::kFloat32);
  const float* data = flat.data_ptr<float>();
  return {data, data + flat.numel()};
}

torch::Tensor ScoreMaps(const torch::Tensor& places, const ScoreMapsLayer& maps,
                        const std::vector<int64_t>& shape) {
  const int64_t columns = shape[1];
  const torch::Tensor x = torch::arange(columns, torch::kFloat32).view({1, 1, 1, -1}),
                      y = torch::arange(shape[0], torch::kFloat32).view({1, 1, -1, 1});
  const auto part = [&](int64_t from, int64_t count, int64_t across) {
    return places.narrow(1, from, count * across).reshape({-1, count, 1, across});
  };
  const int64_t at = maps.lines * columns;
  const torch::Tensor lines = (y - part(0, maps.lines, columns)).square(),
                      points = (x - part(at, maps.points, 1)).square() +
                               (y - part(at + maps.points, maps.points, 1)).square();
  return torch::cat({lines, points}, 1) * (-0.5F / (maps.sigma * maps.sigma));
}

}  // namespace

int TrainableGraph::AddParameter(const std::vector<int64_t>& shape,
                                 const std::vector<float>& values, bool decays) {
  torch::Tensor tensor = torch::empty(shape, torch::kFloat32);
  std::memcpy(tensor.data_ptr<float>(), values.data(), values.size() * sizeof(float));
  parameters_.push_back(tensor.requires_grad_());
  decays_.push_back(decays);
  return static_cast<int>(parameters_.size()) - 1;
}

TrainableGraph::TrainableGraph(LayerGraph graph) : graph_(std::move(graph)) {
  for (const Layer& layer : graph_.layers) {
    Place place;
    if (const auto* convolution = std::get_if<ConvolutionLayer>(&layer.operation)) {
      if (!convolution->padding.IsSymmetric()) {
        throw Error(
            fmt::format("layer {} has uneven padding, which cannot be trained.", layer.name));
      }
      place.weight = AddParameter(convolution->weight.shape, convolution->weight.values, true);
      if (!convolution->bias.empty()) {
        place.bias = AddParameter({static_cast<int64_t>(convolution->bias.size())},
                                  convolution->bias, false);
      }
    } else if (const auto* dense = std::get_if<DenseLayer>(&layer.operation)) {
      place.weight = AddParameter(dense->weight.shape, dense->weight.values, true);
      place.bias = AddParameter({static_cast<int64_t>(dense->bias.size())}, dense->bias, false);
    } else if (const auto* affine = std::get_if<AffineLayer>(&layer.operation)) {
      const auto channels = static_cast<int64_t>(affine->scale.size());
      place.weight = AddParameter({channels}, affine->scale, false);
      place.bias = AddParameter({channels}, affine->shift, false);
      place.statistics = static_cast<int>(statistics_.size());
      statistics_.push_back(torch::zeros({channels}));
      statistics_.push_back(torch::ones({channels}));
    }
    places_.push_back(place);
  }
}

std::vector<torch::Tensor> TrainableGraph::Forward(const torch::Tensor& input,
                                                   Statistics* statistics) const {
  std::vector<torch::Tensor> values(graph_.layers.size());
  const auto parameter = [this](int index) {
    return index < 0 ? torch::Tensor() : parameters_[static_cast<size_t>(index)];
  };
  for (size_t i = 0; i < graph_.layers.size(); ++i) {
    const Layer& layer = graph_.layers[i];
    const Place& place = places_[i];
    const auto in = [&](size_t which) -> const torch::Tensor& {
      return values[static_cast<size_t>(layer.inputs[which])];
    };
    if (std::holds_alternative<InputLayer>(layer.operation)) {
      values[i] = input;
    } else if (const auto* convolution = std::get_if<ConvolutionLayer>(&layer.operation)) {
      values[i] = torch::conv2d(in(0), parameter(place.weight), parameter(place.bias),
                                {convolution->stride_y, convolution->stride_x},
                                {convolution->padding.top, convolution->padding.left}, {1, 1},
                                convolution->groups);
    } else if (std::holds_alternative<DenseLayer>(layer.operation)) {
      values[i] = torch::linear(in(0), parameter(place.weight), parameter(place.bias));
    } else if (std::holds_alternative<AffineLayer>(layer.operation)) {
      const Statistics& running = statistics != nullptr ? *statistics : statistics_;
      const auto at = static_cast<size_t>(place.statistics);
      values[i] =
          torch::batch_norm(in(0), parameter(place.weight), parameter(place.bias), running[at],
                            running[at + 1], statistics != nullptr, kMomentum, kEpsilon, false);
    } else if (const auto* clamp = std::get_if<ClampLayer>(&layer.operation)) {
      values[i] = clamp->low == 0 && std::isinf(clamp->high)
                      ? torch::relu(in(0))
                      : torch::clamp(in(0), clamp->low, clamp->high);
    } else if (const auto* binary = std::get_if<BinaryLayer>(&layer.operation);
               binary != nullptr && binary->op == BinaryOp::kAdd) {
      values[i] = in(0) + in(1);
    } else if (std::holds_alternative<UpsampleLayer>(layer.operation)) {
      values[i] = torch::upsample_nearest2d(in(0), {layer.shape[0], layer.shape[1]});
    } else if (const auto* reduce = std::get_if<ReduceLayer>(&layer.operation);
               reduce != nullptr && reduce->op == ReduceOp::kMean) {
      values[i] = torch::mean(in(0), {2, 3}, reduce->keep_axes);
    } else if (const auto* pool = std::get_if<PoolLayer>(&layer.operation);
               pool != nullptr && pool->op == PoolOp::kMax && pool->padding.IsZero()) {
      values[i] = torch::max_pool2d(in(0), {pool->kernel_y, pool->kernel_x},
                                    {pool->stride_y, pool->stride_x});
    } else if (std::holds_alternative<ConcatLayer>(layer.operation)) {
      std::vector<torch::Tensor> parts;
      for (size_t k = 0; k < layer.inputs.size(); ++k) parts.push_back(in(k));
      values[i] = torch::cat(parts, layer.IsImage() ? 1 : -1);
    } else if (std::holds_alternative<ReshapeLayer>(layer.operation) && layer.shape.size() == 1) {
      values[i] = (in(0).dim() == 4 ? in(0).permute({0, 2, 3, 1}) : in(0)).flatten(1);
    } else if (const auto* maps = std::get_if<ScoreMapsLayer>(&layer.operation)) {
      values[i] = ScoreMaps(in(0), *maps, layer.shape);
    } else {
      throw Error(fmt::format("layer {} is of a kind that cannot be trained.", layer.name));
    }
  }
  std::vector<torch::Tensor> outputs;
  for (const LayerGraph::Output& output : graph_.outputs)
    outputs.push_back(values[static_cast<size_t>(output.layer)]);
  return outputs;
}

LayerGraph TrainableGraph::Graph(const std::vector<torch::Tensor>& parameters) const {
  LayerGraph graph = graph_;
  const auto values = [&](int index) { return Values(parameters[static_cast<size_t>(index)]); };
  for (size_t i = 0; i < graph.layers.size(); ++i) {
    const Place& place = places_[i];
    LayerOperation& operation = graph.layers[i].operation;
    if (auto* convolution = std::get_if<ConvolutionLayer>(&operation)) {
      convolution->weight.values = values(place.weight);
      if (place.bias >= 0) convolution->bias = values(place.bias);
    } else if (auto* dense = std::get_if<DenseLayer>(&operation)) {
      dense->weight.values = values(place.weight);
      dense->bias = values(place.bias);
    } else if (auto* affine = std::get_if<AffineLayer>(&operation)) {
      const auto at = static_cast<size_t>(place.statistics);
      const std::vector<float> gamma = values(place.weight), beta = values(place.bias),
                               mean = Values(statistics_[at]),
                               variance = Values(statistics_[at + 1]);
      for (size_t c = 0; c < gamma.size(); ++c) {
        const double scale = gamma[c] / std::sqrt(variance[c] + kEpsilon);
        affine->scale[c] = static_cast<float>(scale);
        affine->shift[c] = static_cast<float>(beta[c] - scale * mean[c]);
      }
    }
  }
  return graph;
}

}  // namespace maskbench::training
