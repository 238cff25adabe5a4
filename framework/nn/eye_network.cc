#include "maskbench/nn/eye_network.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/rng.h"

namespace maskbench {
namespace {

constexpr int kHeight = 64, kWidth = 96;
// Of the deepest layer, for regression: as many weights as the decoder within a twentieth.
constexpr int64_t kRegressionChannels = 14;

class Builder {
 public:
  explicit Builder(std::uint64_t seed) : random_(seed, "eye network", "initial weights") {}

  int Input() {
    Layer layer;
    layer.name = "input";
    layer.operation = InputLayer();
    layer.shape = {kHeight, kWidth, 3};
    return graph.Append(layer);
  }

  /// Convolution and normalisation. @param gain  of the normalisation at the beginning.
  int Convolve(int input, int64_t channels, int64_t kernel, int64_t stride, int64_t groups,
               float gain = 1) {
    const int made = Plain(input, channels, kernel, stride, groups, false);
    Layer norm;
    norm.name = graph.layers[made].name + "/norm";
    norm.operation =
        AffineLayer{std::vector<float>(channels, gain), std::vector<float>(channels, 0.0F)};
    norm.inputs = {made};
    norm.shape = graph.layers[made].shape;
    return graph.Append(norm);
  }

  int Plain(int input, int64_t channels, int64_t kernel, int64_t stride, int64_t groups,
            bool biased) {
    const std::vector<int64_t> from = graph.layers[input].shape;
    ConvolutionLayer convolution;
    convolution.groups = groups;
    convolution.stride_x = convolution.stride_y = stride;
    const int64_t pad = (kernel - 1) / 2;
    convolution.padding = {pad, pad, pad, pad};
    convolution.weight = Weights({channels, from[2] / groups, kernel, kernel});
    if (biased) convolution.bias.assign(channels, 0.0F);
    Layer layer;
    layer.name = "conv" + std::to_string(graph.layers.size());
    layer.operation = std::move(convolution);
    layer.inputs = {input};
    layer.shape = {(from[0] + stride - 1) / stride, (from[1] + stride - 1) / stride, channels};
    return graph.Append(layer);
  }

  int Relu(int input) {
    ClampLayer clamp;
    clamp.low = 0;
    return Same(clamp, {input});
  }

  int Sum(int a, int b) { return Same(BinaryLayer{BinaryOp::kAdd}, {a, b}); }

  int Block(int input) {
    const int64_t channels = graph.layers[input].Channels();
    const int deep = Relu(Convolve(input, channels, 5, 1, channels));
    return Relu(Sum(Convolve(deep, channels, 1, 1, 1, 0.5F), input));
  }

  int Upsample(int input) {
    Layer layer;
    layer.name = "up" + std::to_string(graph.layers.size());
    layer.operation = UpsampleLayer{2};
    layer.inputs = {input};
    layer.shape = graph.layers[input].shape;
    layer.shape[0] *= 2;
    layer.shape[1] *= 2;
    return graph.Append(layer);
  }

  int Mean(int input) {
    Layer layer;
    layer.name = "mean";
    layer.operation = ReduceLayer{ReduceOp::kMean, false};
    layer.inputs = {input};
    layer.shape = {graph.layers[input].Channels()};
    return graph.Append(layer);
  }

  int Dense(int input, int64_t count) {
    DenseLayer dense;
    dense.weight = Weights({count, graph.layers[input].Channels()});
    dense.bias.assign(count, 0.0F);
    Layer layer;
    layer.name = "dense" + std::to_string(graph.layers.size());
    layer.operation = std::move(dense);
    layer.inputs = {input};
    layer.shape = {count};
    return graph.Append(layer);
  }

  int Flat(int input) {
    Layer layer;
    layer.name = "flat";
    layer.operation = ReshapeLayer();
    layer.inputs = {input};
    const std::vector<int64_t> from = graph.layers[input].shape;
    layer.shape = {from[0] * from[1] * from[2]};
    return graph.Append(layer);
  }

  /// Places in map pixels, which begin in the middle, and maps of them.
  int RegressedMaps(int input) {
    constexpr int64_t kLines = 2, kPoints = kEyeMaps - kLines;
    const int places = Dense(Flat(input), kLines * kEyeMapWidth + 2 * kPoints);
    std::vector<float>& middle = std::get<DenseLayer>(graph.layers[places].operation).bias;
    const auto x = middle.begin() + kLines * kEyeMapWidth;
    std::fill(middle.begin(), middle.end(), (kEyeMapHeight - 1) / 2.0F);
    std::fill(x, x + kPoints, (kEyeMapWidth - 1) / 2.0F);
    ScoreMapsLayer maps;
    maps.lines = kLines;
    maps.points = kPoints;
    Layer layer;
    layer.name = "maps";
    layer.operation = maps;
    layer.inputs = {places};
    layer.shape = {kEyeMapHeight, kEyeMapWidth, kEyeMaps};
    return graph.Append(layer);
  }

  LayerGraph graph;

 private:
  int Same(LayerOperation operation, std::vector<int> inputs) {
    Layer layer;
    layer.name = "layer" + std::to_string(graph.layers.size());
    layer.operation = std::move(operation);
    layer.shape = graph.layers[inputs.front()].shape;
    layer.inputs = std::move(inputs);
    return graph.Append(layer);
  }

  Tensor Weights(std::vector<int64_t> shape) {
    Tensor tensor{std::move(shape), {}};
    const int64_t count = tensor.NumElements();
    const double sigma =
        std::sqrt(2.0 * static_cast<double>(tensor.shape[0]) / static_cast<double>(count));
    for (int64_t i = 0; i < count; ++i)
      tensor.values.push_back(static_cast<float>(sigma * random_.Normal()));
    return tensor;
  }

  NamedRandom random_;
};

}  // namespace

const NetworkContract& EyeNetworkContract() {
  static const NetworkContract contract = [] {
    NetworkContract made;
    made.name = "eye_network";
    made.height = kHeight;
    made.width = kWidth;
    made.outputs = {{"maps", {kEyeMapHeight, kEyeMapWidth, kEyeMaps}}, {"values", {kEyeValues}}};
    return made;
  }();
  return contract;
}

EyeNetworkHead EyeNetworkHeadOf(const std::string& name) {
  if (name == "maps") return EyeNetworkHead::kMaps;
  if (name == "regression") return EyeNetworkHead::kRegression;
  throw UsageError(
      fmt::format("the eye network has no head \"{}\"; there are maps and regression.", name));
}

LayerGraph BuildEyeNetwork(std::uint64_t seed, EyeNetworkHead head) {
  Builder b(seed);
  const int half = b.Relu(b.Convolve(b.Input(), 16, 3, 2, 1));                  // 32 × 48
  const int quarter = b.Block(b.Block(b.Relu(b.Convolve(half, 40, 3, 2, 1))));  // 16 × 24
  const int eighth = b.Block(b.Block(b.Block(b.Relu(b.Convolve(quarter, 80, 3, 2, 1)))));
  const int whole = b.Block(b.Block(b.Relu(b.Convolve(eighth, 128, 3, 2, 1))));  // 4 × 6

  const auto up = [&b](int deep, int skip, int64_t channels) {
    const int from_below = b.Upsample(b.Convolve(deep, channels, 1, 1, 1));
    return b.Block(b.Relu(b.Sum(b.Convolve(skip, channels, 1, 1, 1), from_below)));
  };
  const auto decoded = [&] {
    const int fine = up(up(up(whole, eighth, 80), quarter, 40), half, 24);
    return b.Plain(fine, kEyeMaps, 3, 1, 1, true);
  };
  const int maps = head == EyeNetworkHead::kMaps
                       ? decoded()
                       : b.RegressedMaps(b.Relu(b.Convolve(whole, kRegressionChannels, 1, 1, 1)));
  // Sizes and visibility need both the whole eye and its detail.
  const int detail = b.Mean(b.Relu(b.Convolve(quarter, 64, 1, 1, 1)));
  Layer both;
  both.name = "both";
  both.operation = ConcatLayer();
  both.inputs = {b.Mean(whole), detail};
  both.shape = {128 + 64};
  const int joined = b.graph.Append(both);
  const int values = b.Dense(b.Relu(b.Dense(joined, 96)), kEyeValues);
  b.graph.outputs = {{"maps", maps}, {"values", values}};
  return std::move(b.graph);
}

}  // namespace maskbench
