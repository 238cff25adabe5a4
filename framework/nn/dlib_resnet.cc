#include "dlib_resnet.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "maskbench/core/error.h"

namespace maskbench {
namespace {

constexpr int64_t kInputSize = 150;
constexpr int64_t kDescriptorSize = 128;

struct Block {
  const char* name;
  int64_t channels;
  bool halves;  ///< The first convolution has stride 2 and no padding.
};

constexpr Block kBlocks[] = {
    {"conv32_1", 32, false},   {"conv32_2", 32, false},        {"conv32_3", 32, false},
    {"conv64_down", 64, true}, {"conv64_1", 64, false},        {"conv64_2", 64, false},
    {"conv64_3", 64, false},   {"conv128_down", 128, true},    {"conv128_1", 128, false},
    {"conv128_2", 128, false}, {"conv256_down", 256, true},    {"conv256_1", 256, false},
    {"conv256_2", 256, false}, {"conv256_down_out", 256, true}};

class Builder {
 public:
  explicit Builder(const TfjsWeights& weights) : weights_(weights) {}

  LayerGraph Run() {
    int x = Append("input", InputLayer{}, {}, {kInputSize, kInputSize, 3});
    x = Relu(Convolution(x, "conv32_down", 32, 7, 2, 0));
    x = Pool(x, PoolOp::kMax, 3, 2);
    for (const Block& block : kBlocks) x = Residual(x, block);
    x = Append("mean", ReduceLayer{ReduceOp::kMean}, {x}, {Shape(x).back()});
    x = Append("fc", Projection(Shape(x).back()), {x}, {kDescriptorSize});
    graph_.outputs.push_back({"fc", x});
    return std::move(graph_);
  }

 private:
  const std::vector<int64_t>& Shape(int layer) const {
    return graph_.layers[static_cast<size_t>(layer)].shape;
  }

  int Append(std::string name, LayerOperation operation, std::vector<int> inputs,
             std::vector<int64_t> shape) {
    return graph_.Append(
        {std::move(name), std::move(operation), std::move(inputs), std::move(shape)});
  }

  const std::vector<float>& Weight(const std::string& name,
                                   const std::vector<int64_t>& shape) const {
    const auto it = weights_.find(name);
    if (it == weights_.end()) {
      throw DataError(fmt::format("The weights of the dlib ResNet lack '{}'.", name));
    }
    if (it->second.shape != shape || it->second.IsIntegral()) {
      throw DataError(
          fmt::format("Weight '{}' of the dlib ResNet has shape [{}], expected floats "
                      "of shape [{}].",
                      name, fmt::join(it->second.shape, ", "), fmt::join(shape, ", ")));
    }
    return it->second.floats;
  }

  int Relu(int x) {
    return Append(graph_.layers[static_cast<size_t>(x)].name + "/relu", ClampLayer{0.0f}, {x},
                  Shape(x));
  }

  int Convolution(int x, const std::string& name, int64_t out, int64_t kernel, int64_t stride,
                  int64_t pad) {
    const std::vector<int64_t> image = Shape(x);
    const int64_t in = image[2];
    const std::vector<float>& filters = Weight(name + "/conv/filters", {kernel, kernel, in, out});
    ConvolutionLayer convolution;
    convolution.stride_y = convolution.stride_x = stride;
    convolution.padding = {pad, pad, pad, pad};
    convolution.bias = Weight(name + "/conv/bias", {out});
    convolution.weight.shape = {out, in, kernel, kernel};
    for (int64_t o = 0; o < out; ++o) {
      for (int64_t i = 0; i < in; ++i) {
        for (int64_t position = 0; position < kernel * kernel; ++position) {
          convolution.weight.values.push_back(
              filters[static_cast<size_t>((position * in + i) * out + o)]);
        }
      }
    }
    const auto output_size = [&](int64_t size) { return (size + 2 * pad - kernel) / stride + 1; };
    const std::vector<int64_t> shape = {output_size(image[0]), output_size(image[1]), out};
    x = Append(name, std::move(convolution), {x}, shape);
    return Append(
        name + "/scale",
        AffineLayer{Weight(name + "/scale/weights", {out}), Weight(name + "/scale/biases", {out})},
        {x}, shape);
  }

  int Pool(int x, PoolOp op, int64_t kernel, int64_t stride) {
    const std::vector<int64_t> image = Shape(x);
    PoolLayer pool{op, kernel, kernel, stride, stride, {}};
    return Append("pool", pool, {x},
                  {(image[0] - kernel) / stride + 1, (image[1] - kernel) / stride + 1, image[2]});
  }

  // Zeros after the rows, the columns and the channels, up to `shape`.
  int PadTo(int x, const std::vector<int64_t>& shape) {
    const std::vector<int64_t>& from = Shape(x);
    if (from == shape) return x;
    PadLayer pad;
    pad.padding.bottom = shape[0] - from[0];
    pad.padding.right = shape[1] - from[1];
    pad.extra_channels = shape[2] - from[2];
    return Append("pad", pad, {x}, shape);
  }

  int Residual(int x, const Block& block) {
    const std::string name = block.name;
    int branch = Relu(Convolution(x, name + "/conv1", block.channels, 3, block.halves ? 2 : 1,
                                  block.halves ? 0 : 1));
    branch = Convolution(branch, name + "/conv2", block.channels, 3, 1, 1);
    // A halving block averages its shortcut 2×2. The unpadded convolution may come out one row and
    // column smaller and has more channels; both sides grow zeros to the common shape.
    int shortcut = block.halves ? Pool(x, PoolOp::kAverage, 2, 2) : x;
    std::vector<int64_t> common = Shape(shortcut);
    for (size_t axis = 0; axis < common.size(); ++axis) {
      common[axis] = std::max(common[axis], Shape(branch)[axis]);
    }
    shortcut = PadTo(shortcut, common);
    branch = PadTo(branch, common);
    return Relu(Append(name, BinaryLayer{BinaryOp::kAdd}, {shortcut, branch}, common));
  }

  DenseLayer Projection(int64_t in) const {
    const std::vector<float>& matrix = Weight("fc", {in, kDescriptorSize});
    DenseLayer dense;
    dense.weight.shape = {kDescriptorSize, in};
    for (int64_t o = 0; o < kDescriptorSize; ++o) {
      for (int64_t i = 0; i < in; ++i) {
        dense.weight.values.push_back(matrix[static_cast<size_t>(i * kDescriptorSize + o)]);
      }
    }
    return dense;
  }

  const TfjsWeights& weights_;
  LayerGraph graph_;
};

}  // namespace

LayerGraph BuildDlibResnet(const TfjsWeights& weights) { return Builder(weights).Run(); }

}  // namespace maskbench
