#include "torchscript_emitter.h"

#include <cmath>
#include <cstddef>
#include <functional>
#include <numeric>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "maskbench/core/error.h"

namespace maskbench {
namespace {

int64_t Product(const std::vector<int64_t>& shape) {
  return std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<int64_t>());
}

// The shortest decimal that reads back as the same float; always with a point or an exponent, so
// that TorchScript does not take it for an integer.
std::string Literal(float value) {
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

// TorchScript pads the last axis first: left, right, top, bottom, then the channels.
std::string PadCall(const std::string& value, const SpatialPadding& padding, int64_t extra_channels,
                    std::string_view fill) {
  std::string amounts =
      fmt::format("{}, {}, {}, {}", padding.left, padding.right, padding.top, padding.bottom);
  if (extra_channels > 0) amounts += fmt::format(", 0, {}", extra_channels);
  return fmt::format("torch.constant_pad_nd({}, [{}], {})", value, amounts, fill);
}

class Emitter {
 public:
  Emitter(const LayerGraph& graph, const NetworkContract& contract)
      : graph_(graph), contract_(contract) {}

  TorchScriptProgram Run() {
    CheckOutputCount();
    CountUses();
    for (size_t i = 0; i < graph_.layers.size(); ++i) {
      current_ = i;
      const Layer& layer = graph_.layers[i];
      std::visit([&](const auto& operation) { Emit(layer, operation); }, layer.operation);
    }
    std::vector<std::string> results;
    for (size_t i = 0; i < graph_.outputs.size(); ++i) results.push_back(OutputExpression(i));
    program_.source = fmt::format(
        "def pack(self, batch: int) -> List[ConvOpContext]:\n"
        "    packed: List[ConvOpContext] = []\n"
        "{}"
        "    return packed\n"
        "\n"
        "def forward(self, x: Tensor, packed: List[ConvOpContext]) -> List[Tensor]:\n"
        "{}"
        "    return [{}]\n",
        pack_body_, forward_body_, fmt::join(results, ", "));
    return std::move(program_);
  }

 private:
  void CheckOutputCount() const {
    if (graph_.outputs.size() == contract_.outputs.size()) return;
    throw DataError(fmt::format("Network {} has {} outputs, but its contract names {}.",
                                contract_.name, graph_.outputs.size(), contract_.outputs.size()));
  }

  void CountUses() {
    uses_.assign(graph_.layers.size(), 0);
    has_fused_relu_.assign(graph_.layers.size(), false);
    for (const Layer& layer : graph_.layers) {
      for (const int input : layer.inputs) ++uses_[static_cast<size_t>(input)];
    }
    for (const LayerGraph::Output& output : graph_.outputs) {
      ++uses_[static_cast<size_t>(output.layer)];
    }
    for (const Layer& layer : graph_.layers) {
      if (!IsRelu(layer)) continue;
      const size_t input = static_cast<size_t>(layer.inputs[0]);
      has_fused_relu_[input] = uses_[input] == 1 && std::holds_alternative<ConvolutionLayer>(
                                                        graph_.layers[input].operation);
    }
  }

  static bool IsRelu(const Layer& layer) {
    const auto* clamp = std::get_if<ClampLayer>(&layer.operation);
    return clamp != nullptr && clamp->low == 0.0f && std::isinf(clamp->high);
  }

  const Layer& InputLayerOf(const Layer& layer, size_t which = 0) const {
    return graph_.layers[static_cast<size_t>(layer.inputs[which])];
  }

  static std::string ValueName(int layer) { return fmt::format("v{}", layer); }

  static std::string InputName(const Layer& layer, size_t which = 0) {
    return ValueName(layer.inputs[which]);
  }

  // Whether the value may be overwritten: nobody else reads it and it has storage of its own,
  // which the three excluded kinds may share with their input.
  bool MayOverwrite(const Layer& layer, size_t which = 0) const {
    const size_t input = static_cast<size_t>(layer.inputs[which]);
    const LayerOperation& operation = graph_.layers[input].operation;
    return uses_[input] == 1 && !std::holds_alternative<InputLayer>(operation) &&
           !std::holds_alternative<ReshapeLayer>(operation) &&
           !std::holds_alternative<AffineLayer>(operation);
  }

  void Assign(const std::string& expression) {
    forward_body_ +=
        fmt::format("    {} = {}\n", ValueName(static_cast<int>(current_)), expression);
  }

  // Registers a tensor of the current layer and returns how the source refers to it.
  std::string Register(std::string_view role, Tensor tensor) {
    const std::string name = fmt::format("{}_{}", role, current_);
    program_.tensors.push_back({name, std::move(tensor)});
    return "self." + name;
  }

  std::string RegisterBias(const std::vector<float>& bias) {
    if (bias.empty()) return "None";
    return Register("bias", {{static_cast<int64_t>(bias.size())}, bias});
  }

  // A constant operand for arithmetic with the value of `layer`.
  std::string ChannelOperand(const Layer& layer, std::string_view role,
                             const std::vector<float>& values) {
    if (values.size() == 1) return Literal(values.front());
    const int64_t channels = static_cast<int64_t>(values.size());
    std::vector<int64_t> shape = {channels};
    if (layer.IsImage()) shape = {1, channels, 1, 1};
    return Register(role, {std::move(shape), values});
  }

  void Emit(const Layer& layer, const InputLayer&) {
    const std::vector<int64_t> expected = {contract_.height, contract_.width, contract_.channels};
    if (layer.shape != expected) {
      throw DataError(fmt::format(
          "Network {} takes [height, width, channels] [{}], but its contract says [{}].",
          contract_.name, fmt::join(layer.shape, ", "), fmt::join(expected, ", ")));
    }
    Assign("x");
  }

  void Emit(const Layer& layer, const ConvolutionLayer& convolution) {
    std::string input = InputName(layer);
    int64_t pad_y = convolution.padding.top;
    int64_t pad_x = convolution.padding.left;
    if (!convolution.padding.IsSymmetric()) {
      Assign(PadCall(input, convolution.padding, 0, "0.0"));
      input = ValueName(static_cast<int>(current_));
      pad_y = pad_x = 0;
    }
    const std::string weight = Register("weight", convolution.weight);
    const std::string bias = RegisterBias(convolution.bias);
    // oneDNN chooses the layout of the filters by the size of what they run over.
    std::vector<int64_t> image = InputLayerOf(layer).shape;
    if (!convolution.padding.IsSymmetric()) {
      image[0] += convolution.padding.top + convolution.padding.bottom;
      image[1] += convolution.padding.left + convolution.padding.right;
    }
    pack_body_ += fmt::format(
        "    packed.append(mkldnn_prepacked.conv2d_prepack({}, {}, [{}, {}], [{}, {}], [1, 1], {}, "
        "[batch, {}, {}, {}], '{}'))\n",
        weight, bias, convolution.stride_y, convolution.stride_x, pad_y, pad_x, convolution.groups,
        image[2], image[0], image[1], has_fused_relu_[current_] ? "relu" : "none");
    Assign(fmt::format("mkldnn_prepacked.conv2d_run({}, packed[{}])", input, packed_count_++));
  }

  void Emit(const Layer& layer, const DenseLayer& dense) {
    const std::string weight = Register("weight", dense.weight);
    const std::string bias = RegisterBias(dense.bias);
    Assign(fmt::format("torch.linear({}, {}, {})", InputName(layer), weight, bias));
  }

  void Emit(const Layer& layer, const AffineLayer& affine) {
    std::string value = InputName(layer);
    if (affine.scale != std::vector<float>(affine.scale.size(), 1.0f)) {
      value = fmt::format("torch.mul({}, {})", value, ChannelOperand(layer, "scale", affine.scale));
    }
    if (affine.shift != std::vector<float>(affine.shift.size(), 0.0f)) {
      value = fmt::format("torch.add({}, {})", value, ChannelOperand(layer, "shift", affine.shift));
    }
    Assign(value);
  }

  void Emit(const Layer& layer, const ClampLayer& clamp) {
    const std::string input = InputName(layer);
    const char* in_place = MayOverwrite(layer) ? "_" : "";
    if (has_fused_relu_[static_cast<size_t>(layer.inputs[0])]) {
      Assign(input);
      return;
    }
    const bool has_low = std::isfinite(clamp.low);
    const bool has_high = std::isfinite(clamp.high);
    if (has_low && has_high) {
      Assign(fmt::format("torch.hardtanh{}({}, {}, {})", in_place, input, Literal(clamp.low),
                         Literal(clamp.high)));
    } else if (has_low && clamp.low == 0.0f) {
      Assign(fmt::format("torch.relu{}({})", in_place, input));
    } else if (has_low) {
      Assign(fmt::format("torch.clamp_min{}({}, {})", in_place, input, Literal(clamp.low)));
    } else if (has_high) {
      Assign(fmt::format("torch.clamp_max{}({}, {})", in_place, input, Literal(clamp.high)));
    } else {
      Assign(input + ".clone()");
    }
  }

  void Emit(const Layer& layer, const PReluLayer& prelu) {
    const int64_t count = static_cast<int64_t>(prelu.slope.size());
    Assign(fmt::format("torch.prelu({}, {})", InputName(layer),
                       Register("slope", {{count}, prelu.slope})));
  }

  void Emit(const Layer& layer, const UnaryLayer& unary) {
    const char* function = "";
    switch (unary.op) {
      case UnaryOp::kAbs:
        function = "abs";
        break;
      case UnaryOp::kSigmoid:
        function = "sigmoid";
        break;
      case UnaryOp::kSquare:
        function = "square";
        break;
      case UnaryOp::kRsqrt:
        function = "rsqrt";
        break;
    }
    Assign(fmt::format("torch.{}({})", function, InputName(layer)));
  }

  void Emit(const Layer& layer, const BinaryLayer& binary) {
    const char* function = "";
    switch (binary.op) {
      case BinaryOp::kAdd:
        EmitSum(layer);
        return;
      case BinaryOp::kSubtract:
        function = "sub";
        break;
      case BinaryOp::kMultiply:
        function = "mul";
        break;
      case BinaryOp::kMinimum:
        function = "minimum";
        break;
      case BinaryOp::kMaximum:
        function = "maximum";
        break;
    }
    Assign(fmt::format("torch.{}({}, {})", function, InputName(layer), InputName(layer, 1)));
  }

  void EmitSum(const Layer& layer) {
    for (const size_t target : {size_t{0}, size_t{1}}) {
      if (layer.inputs[0] == layer.inputs[1] || !MayOverwrite(layer, target)) continue;
      Assign(fmt::format("{}.add_({})", InputName(layer, target), InputName(layer, 1 - target)));
      return;
    }
    Assign(fmt::format("torch.add({}, {})", InputName(layer), InputName(layer, 1)));
  }

  void Emit(const Layer& layer, const PoolLayer& pool) {
    std::string input = InputName(layer);
    int64_t pad_y = pool.padding.top;
    int64_t pad_x = pool.padding.left;
    if (!pool.padding.IsSymmetric()) {
      Assign(PadCall(input, pool.padding, 0, "float('-inf')"));
      input = ValueName(static_cast<int>(current_));
      pad_y = pad_x = 0;
    }
    const bool is_max = pool.op == PoolOp::kMax;
    Assign(fmt::format("torch.{}({}, [{}, {}], [{}, {}], [{}, {}]{})",
                       is_max ? "max_pool2d" : "avg_pool2d", input, pool.kernel_y, pool.kernel_x,
                       pool.stride_y, pool.stride_x, pad_y, pad_x,
                       is_max ? ", [1, 1], False" : ""));
  }

  void Emit(const Layer& layer, const PadLayer& pad) {
    Assign(PadCall(InputName(layer), pad.padding, pad.extra_channels, "0.0"));
  }

  void Emit(const Layer& layer, const UpsampleLayer&) {
    Assign(fmt::format("torch.upsample_nearest2d({}, [{}, {}])", InputName(layer), layer.shape[0],
                       layer.shape[1]));
  }

  // The value of `from` with its elements in the source's order, as [batch] + `shape`.
  static std::string RowMajor(const Layer& from, std::string value,
                              const std::vector<int64_t>& shape) {
    const bool order_differs =
        from.IsImage() && from.shape[2] > 1 && from.shape[0] * from.shape[1] > 1;
    if (order_differs) value += ".permute([0, 2, 3, 1])";
    std::vector<int64_t> with_batch = {-1};
    with_batch.insert(with_batch.end(), shape.begin(), shape.end());
    return fmt::format("{}.reshape([{}])", value, fmt::join(with_batch, ", "));
  }

  void Emit(const Layer& layer, const ReshapeLayer&) {
    std::string value = RowMajor(InputLayerOf(layer), InputName(layer), layer.shape);
    if (layer.IsImage()) value += ".permute([0, 3, 1, 2])";
    Assign(value);
  }

  void Emit(const Layer& layer, const ReduceLayer& reduce) {
    Assign(fmt::format("torch.{}({}, [{}], {})", reduce.op == ReduceOp::kMean ? "mean" : "sum",
                       InputName(layer), InputLayerOf(layer).IsImage() ? "2, 3" : "1",
                       reduce.keep_axes ? "True" : "False"));
  }

  void Emit(const Layer& layer, const ConcatLayer&) {
    std::vector<std::string> parts;
    for (size_t i = 0; i < layer.inputs.size(); ++i) parts.push_back(InputName(layer, i));
    Assign(fmt::format("torch.cat([{}], {})", fmt::join(parts, ", "), layer.IsImage() ? 1 : -1));
  }

  void Emit(const Layer& layer, const SoftmaxLayer&) {
    Assign(fmt::format("torch.softmax({}, {})", InputName(layer), layer.IsImage() ? 1 : -1));
  }

  void Emit(const Layer& layer, const ScoreMapsLayer& maps) {
    const int64_t rows = layer.shape[0], columns = layer.shape[1];
    const auto squares = [&](const char* axis, int64_t from, int64_t count, int64_t across) {
      return fmt::format(
          "torch.square(torch.sub(torch.arange(0.0, {}.0).reshape([{}]), torch.narrow({}, 1, {}, "
          "{}).reshape([-1, {}, 1, {}])))",
          *axis == 'y' ? rows : columns,
          *axis == 'y' ? fmt::format("1, 1, {}, 1", rows) : fmt::format("1, 1, 1, {}", columns),
          InputName(layer), from, count * across, count, across);
    };
    const int64_t x = maps.lines * columns, y = x + maps.points;
    Assign(fmt::format("torch.mul(torch.cat([{}, torch.add({}, {})], 1), {})",
                       squares("y", 0, maps.lines, columns), squares("x", x, maps.points, 1),
                       squares("y", y, maps.points, 1),
                       Literal(-0.5f / (maps.sigma * maps.sigma))));
  }

  std::string OutputExpression(size_t index) const {
    const LayerGraph::Output& output = graph_.outputs[index];
    const NetworkContract::Output& expected = contract_.outputs[index];
    const Layer& layer = graph_.layers[static_cast<size_t>(output.layer)];
    if (Product(layer.shape) != Product(expected.shape_per_item)) {
      throw DataError(fmt::format(
          "Output '{}' of network {} (node '{}') has shape [{}] per item, but its contract says "
          "[{}].",
          expected.name, contract_.name, output.name, fmt::join(layer.shape, ", "),
          fmt::join(expected.shape_per_item, ", ")));
    }
    return RowMajor(layer, ValueName(output.layer), expected.shape_per_item);
  }

  const LayerGraph& graph_;
  const NetworkContract& contract_;
  TorchScriptProgram program_;
  std::string pack_body_;
  std::string forward_body_;
  std::vector<int> uses_;
  std::vector<bool> has_fused_relu_;  // Per convolution: the ReLU that follows is part of it.
  size_t current_ = 0;
  int packed_count_ = 0;
};

}  // namespace

TorchScriptProgram EmitTorchScript(const LayerGraph& graph, const NetworkContract& contract) {
  return Emitter(graph, contract).Run();
}

}  // namespace maskbench
