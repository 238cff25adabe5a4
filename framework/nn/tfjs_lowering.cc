#include "tfjs_lowering.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <numeric>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "maskbench/core/error.h"

namespace maskbench {
namespace {

int64_t Product(const std::vector<int64_t>& shape) {
  return std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<int64_t>());
}

// Source index for [kernel height][kernel width][in][out] filters.
Tensor FilterToOihw(const TfjsWeight& filter) {
  const int64_t height = filter.shape[0];
  const int64_t width = filter.shape[1];
  const int64_t in = filter.shape[2];
  const int64_t out = filter.shape[3];
  Tensor weight{{out, in, height, width}, {}};
  weight.values.reserve(filter.floats.size());
  for (int64_t o = 0; o < out; ++o) {
    for (int64_t i = 0; i < in; ++i) {
      for (int64_t position = 0; position < height * width; ++position) {
        weight.values.push_back(filter.floats[static_cast<size_t>((position * in + i) * out + o)]);
      }
    }
  }
  return weight;
}

// [kernel height][kernel width][in][multiplier] → [in·multiplier, 1, height, width]: the output
// channels of one input channel are neighbours, as in grouped convolution.
Tensor DepthwiseFilterToOihw(const TfjsWeight& filter) {
  const int64_t height = filter.shape[0];
  const int64_t width = filter.shape[1];
  const int64_t out = filter.shape[2] * filter.shape[3];
  Tensor weight{{out, 1, height, width}, {}};
  weight.values.reserve(filter.floats.size());
  for (int64_t o = 0; o < out; ++o) {
    for (int64_t position = 0; position < height * width; ++position) {
      weight.values.push_back(filter.floats[static_cast<size_t>(position * out + o)]);
    }
  }
  return weight;
}

// One spatial axis of a sliding window.
struct WindowAxis {
  int64_t output = 0;
  int64_t pad_low = 0;
  int64_t pad_high = 0;
};

class Lowering {
 public:
  explicit Lowering(const TfjsGraph& graph) : graph_(graph) {}

  LayerGraph Run(const std::vector<std::string>& outputs) {
    for (const TfjsNode& node : graph_.nodes) Lower(node);
    for (const std::string& output : outputs) {
      const auto it = layer_of_.find(output);
      if (it == layer_of_.end()) {
        throw DataError(fmt::format("The graph computes no node '{}'; its signature has {}.",
                                    output, fmt::join(graph_.outputs, ", ")));
      }
      result_.outputs.push_back({output, it->second});
    }
    return std::move(result_);
  }

 private:
  [[noreturn]] static void Fail(const TfjsNode& node, const std::string& why) {
    throw DataError(fmt::format("Node '{}' ({}): {}.", node.name, node.op, why));
  }

  static const std::string& InputName(const TfjsNode& node, size_t which) {
    if (which >= node.inputs.size()) Fail(node, fmt::format("input {} is missing", which));
    return node.inputs[which];
  }

  // nullptr when the input is computed rather than constant.
  const TfjsWeight* ConstantInput(const TfjsNode& node, size_t which) const {
    const auto it = graph_.weights.find(InputName(node, which));
    return it == graph_.weights.end() ? nullptr : &it->second;
  }

  const TfjsWeight& FloatConstant(const TfjsNode& node, size_t which) const {
    const TfjsWeight* weight = ConstantInput(node, which);
    if (weight == nullptr || weight->IsIntegral()) {
      Fail(node, fmt::format("input {} must be a constant of floats", which));
    }
    return *weight;
  }

  const TfjsWeight& IntegerConstant(const TfjsNode& node, size_t which) const {
    const TfjsWeight* weight = ConstantInput(node, which);
    if (weight == nullptr || !weight->IsIntegral()) {
      Fail(node, fmt::format("input {} must be a constant of integers", which));
    }
    return *weight;
  }

  int Computed(const TfjsNode& node, size_t which) const {
    const auto it = layer_of_.find(InputName(node, which));
    if (it == layer_of_.end()) {
      Fail(node, fmt::format("input {} ('{}') is a constant where a computed value is expected",
                             which, node.inputs[which]));
    }
    return it->second;
  }

  const Layer& LayerAt(int index) const { return result_.layers[static_cast<size_t>(index)]; }

  const std::vector<int64_t>& ImageShape(const TfjsNode& node, int layer) const {
    if (!LayerAt(layer).IsImage()) Fail(node, "the input must have four axes");
    return LayerAt(layer).shape;
  }

  void Define(const TfjsNode& node, LayerOperation operation, std::vector<int> inputs,
              std::vector<int64_t> shape) {
    layer_of_[node.name] =
        result_.Append({node.name, std::move(operation), std::move(inputs), std::move(shape)});
  }

  void DefineElementwise(const TfjsNode& node, LayerOperation operation) {
    const int input = Computed(node, 0);
    Define(node, std::move(operation), {input}, LayerAt(input).shape);
  }

  // Stacks another layer on what `node` gives so far (fused bias, activation).
  void Extend(const TfjsNode& node, LayerOperation operation) {
    const int input = layer_of_.at(node.name);
    Define(node, std::move(operation), {input}, LayerAt(input).shape);
  }

  void Lower(const TfjsNode& node) {
    using Handler = void (Lowering::*)(const TfjsNode&);
    static const std::map<std::string_view, Handler> kHandlers = {
        {"Placeholder", &Lowering::LowerPlaceholder},
        {"Identity", &Lowering::LowerIdentity},
        {"Conv2D", &Lowering::LowerConvolution},
        {"_FusedConv2D", &Lowering::LowerConvolution},
        {"DepthwiseConv2dNative", &Lowering::LowerConvolution},
        {"FusedDepthwiseConv2dNative", &Lowering::LowerConvolution},
        {"MatMul", &Lowering::LowerMatMul},
        {"_FusedMatMul", &Lowering::LowerMatMul},
        {"BiasAdd", &Lowering::LowerArithmetic},
        {"Add", &Lowering::LowerArithmetic},
        {"AddV2", &Lowering::LowerArithmetic},
        {"Sub", &Lowering::LowerArithmetic},
        {"Mul", &Lowering::LowerArithmetic},
        {"Minimum", &Lowering::LowerExtremum},
        {"Maximum", &Lowering::LowerExtremum},
        {"Relu", &Lowering::LowerRelu},
        {"Relu6", &Lowering::LowerRelu},
        {"Prelu", &Lowering::LowerPrelu},
        {"Abs", &Lowering::LowerUnary},
        {"Sigmoid", &Lowering::LowerUnary},
        {"Square", &Lowering::LowerUnary},
        {"Rsqrt", &Lowering::LowerUnary},
        {"MaxPool", &Lowering::LowerMaxPool},
        {"Pad", &Lowering::LowerPad},
        {"Reshape", &Lowering::LowerReshape},
        {"Squeeze", &Lowering::LowerSqueeze},
        {"Mean", &Lowering::LowerReduction},
        {"Sum", &Lowering::LowerReduction},
        {"ConcatV2", &Lowering::LowerConcat},
        {"Softmax", &Lowering::LowerSoftmax},
    };
    if (node.op == "Const") return;
    const auto it = kHandlers.find(node.op);
    if (it == kHandlers.end()) Fail(node, "this operator is not supported");
    (this->*it->second)(node);
  }

  void LowerPlaceholder(const TfjsNode& node) {
    if (has_input_) Fail(node, "a second input is not supported");
    has_input_ = true;
    std::vector<int64_t> shape = node.Shape("shape");
    const bool has_known_items =
        shape.size() == 4 &&
        std::all_of(shape.begin() + 1, shape.end(), [](int64_t axis) { return axis > 0; });
    if (!has_known_items) {
      Fail(node, fmt::format("the input must be images of known size, but has shape [{}]",
                             fmt::join(shape, ", ")));
    }
    shape.erase(shape.begin());
    Define(node, InputLayer{}, {}, std::move(shape));
  }

  void LowerIdentity(const TfjsNode& node) { layer_of_[node.name] = Computed(node, 0); }

  // TensorFlow's SAME: as many windows as strides fit, the surplus of the padding at the end.
  static WindowAxis PlaceWindow(const TfjsNode& node, const std::string& padding, int64_t size,
                                int64_t kernel, int64_t stride) {
    if (kernel < 1 || stride < 1) Fail(node, "kernel and stride must be at least 1");
    WindowAxis axis;
    if (padding == "SAME") {
      axis.output = (size + stride - 1) / stride;
      const int64_t total = std::max<int64_t>(0, (axis.output - 1) * stride + kernel - size);
      axis.pad_low = total / 2;
      axis.pad_high = total - axis.pad_low;
    } else if (padding == "VALID") {
      if (size < kernel) Fail(node, "the kernel is larger than the image");
      axis.output = (size - kernel) / stride + 1;
    } else {
      Fail(node, fmt::format("padding '{}' is not supported", padding));
    }
    return axis;
  }

  // Checks the axes that must be 1 and returns the (vertical, horizontal) pair.
  static std::pair<int64_t, int64_t> SpatialPair(const TfjsNode& node, const std::string& key) {
    const std::vector<int64_t> values = node.Integers(key);
    if (values.size() != 4 || values[0] != 1 || values[3] != 1) {
      Fail(node, fmt::format("attribute '{}' is [{}], expected [1, y, x, 1]", key,
                             fmt::join(values, ", ")));
    }
    return {values[1], values[2]};
  }

  static void ExpectNhwc(const TfjsNode& node) {
    if (node.Has("data_format") && node.Text("data_format") != "NHWC") {
      Fail(node, fmt::format("data format '{}' is not supported", node.Text("data_format")));
    }
  }

  void LowerConvolution(const TfjsNode& node) {
    ExpectNhwc(node);
    if (node.Has("dilations") &&
        SpatialPair(node, "dilations") != std::pair<int64_t, int64_t>{1, 1}) {
      Fail(node, "dilation is not supported");
    }
    const bool is_depthwise = node.op.find("Depthwise") != std::string::npos;
    const int input = Computed(node, 0);
    const std::vector<int64_t> image = ImageShape(node, input);
    const TfjsWeight& filter = FloatConstant(node, 1);
    if (filter.shape.size() != 4 || filter.shape[2] != image[2]) {
      Fail(node, fmt::format("a filter of shape [{}] does not fit {} channels",
                             fmt::join(filter.shape, ", "), image[2]));
    }
    ConvolutionLayer convolution;
    convolution.weight = is_depthwise ? DepthwiseFilterToOihw(filter) : FilterToOihw(filter);
    convolution.groups = is_depthwise ? image[2] : 1;
    std::tie(convolution.stride_y, convolution.stride_x) = SpatialPair(node, "strides");
    const std::string padding = node.Text("padding");
    const WindowAxis y =
        PlaceWindow(node, padding, image[0], filter.shape[0], convolution.stride_y);
    const WindowAxis x =
        PlaceWindow(node, padding, image[1], filter.shape[1], convolution.stride_x);
    convolution.padding = {y.pad_low, y.pad_high, x.pad_low, x.pad_high};
    const int64_t out_channels = convolution.weight.shape[0];
    Define(node, std::move(convolution), {input}, {y.output, x.output, out_channels});
    LowerFusedOps(node);
  }

  void LowerMatMul(const TfjsNode& node) {
    const int input = Computed(node, 0);
    const TfjsWeight& matrix = FloatConstant(node, 1);
    if (node.Flag("transpose_a", false)) Fail(node, "a transposed input is not supported");
    const bool is_transposed = node.Flag("transpose_b", false);
    const std::vector<int64_t>& shape = LayerAt(input).shape;
    if (shape.size() != 1 || matrix.shape.size() != 2 ||
        matrix.shape[is_transposed ? 1 : 0] != shape[0]) {
      Fail(node, fmt::format("a matrix of shape [{}] does not fit a value of shape [{}]",
                             fmt::join(matrix.shape, ", "), fmt::join(shape, ", ")));
    }
    const int64_t in = shape[0];
    const int64_t out = matrix.shape[is_transposed ? 0 : 1];
    DenseLayer dense;
    dense.weight = {{out, in}, matrix.floats};
    if (!is_transposed) {
      for (int64_t o = 0; o < out; ++o) {
        for (int64_t i = 0; i < in; ++i) {
          dense.weight.values[static_cast<size_t>(o * in + i)] =
              matrix.floats[static_cast<size_t>(i * out + o)];
        }
      }
    }
    Define(node, std::move(dense), {input}, {out});
    LowerFusedOps(node);
  }

  void LowerFusedOps(const TfjsNode& node) {
    if (!node.Has("fused_ops")) return;
    size_t next_input = 2;
    for (const std::string& fused : node.Texts("fused_ops")) {
      if (fused == "BiasAdd") {
        Extend(node, AffineLayer{{1.0f}, ChannelConstant(node, next_input++)});
      } else if (fused == "Relu") {
        Extend(node, ClampLayer{0.0f});
      } else if (fused == "Relu6") {
        Extend(node, ClampLayer{0.0f, 6.0f});
      } else if (fused == "Prelu") {
        Extend(node, PReluLayer{ChannelConstant(node, next_input++)});
      } else {
        Fail(node, fmt::format("fused operator '{}' is not supported", fused));
      }
    }
  }

  // A constant that broadcasts along everything but the channels: [C], [1, 1, C], scalar.
  // `node` is already defined or takes its shape from its computed operand.
  std::vector<float> ChannelConstant(const TfjsNode& node, size_t which) const {
    const auto it = layer_of_.find(node.name);
    const Layer& value = LayerAt(it != layer_of_.end() ? it->second : Computed(node, 1 - which));
    const TfjsWeight& constant = FloatConstant(node, which);
    const int64_t count = Product(constant.shape);
    const bool is_per_channel =
        count == value.Channels() && !constant.shape.empty() && constant.shape.back() == count;
    if (constant.shape.size() > value.shape.size() + 1 || (count != 1 && !is_per_channel)) {
      Fail(node, fmt::format("constant '{}' of shape [{}] broadcasts neither as scalar nor per "
                             "channel over [{}]",
                             node.inputs[which], fmt::join(constant.shape, ", "),
                             fmt::join(value.shape, ", ")));
    }
    return constant.floats;
  }

  // Which of the two operands is constant; nullopt when both are computed.
  std::optional<size_t> ConstantOperand(const TfjsNode& node) const {
    if (ConstantInput(node, 1) != nullptr) return 1;
    if (ConstantInput(node, 0) != nullptr) return 0;
    return std::nullopt;
  }

  void DefineBinary(const TfjsNode& node, BinaryOp op) {
    const int left = Computed(node, 0);
    const int right = Computed(node, 1);
    if (LayerAt(left).shape != LayerAt(right).shape) {
      Fail(node, fmt::format("operands of shapes [{}] and [{}] are not supported",
                             fmt::join(LayerAt(left).shape, ", "),
                             fmt::join(LayerAt(right).shape, ", ")));
    }
    Define(node, BinaryLayer{op}, {left, right}, LayerAt(left).shape);
  }

  void LowerArithmetic(const TfjsNode& node) {
    const bool is_product = node.op == "Mul";
    const bool is_difference = node.op == "Sub";
    const std::optional<size_t> which = ConstantOperand(node);
    if (!which) {
      DefineBinary(node, is_product      ? BinaryOp::kMultiply
                         : is_difference ? BinaryOp::kSubtract
                                         : BinaryOp::kAdd);
      return;
    }
    const int input = Computed(node, 1 - *which);
    std::vector<float> constant = ChannelConstant(node, *which);
    AffineLayer affine;
    if (is_product) {
      affine.scale = std::move(constant);
    } else {
      if (is_difference && *which == 0) affine.scale = {-1.0f};  // c − x
      if (is_difference && *which == 1) {
        for (float& value : constant) value = -value;  // x − c
      }
      affine.shift = std::move(constant);
    }
    Define(node, std::move(affine), {input}, LayerAt(input).shape);
  }

  void LowerExtremum(const TfjsNode& node) {
    const bool is_minimum = node.op == "Minimum";
    const std::optional<size_t> which = ConstantOperand(node);
    if (!which) {
      DefineBinary(node, is_minimum ? BinaryOp::kMinimum : BinaryOp::kMaximum);
      return;
    }
    const std::vector<float> constant = ChannelConstant(node, *which);
    if (constant.size() != 1) Fail(node, "only a scalar bound is supported");
    const int input = Computed(node, 1 - *which);
    ClampLayer clamp;
    (is_minimum ? clamp.high : clamp.low) = constant.front();
    Define(node, clamp, {input}, LayerAt(input).shape);
  }

  void LowerRelu(const TfjsNode& node) {
    DefineElementwise(node, node.op == "Relu6" ? ClampLayer{0.0f, 6.0f} : ClampLayer{0.0f});
  }

  void LowerPrelu(const TfjsNode& node) {
    DefineElementwise(node, PReluLayer{ChannelConstant(node, 1)});
  }

  void LowerUnary(const TfjsNode& node) {
    static const std::map<std::string_view, UnaryOp> kOps = {{"Abs", UnaryOp::kAbs},
                                                             {"Sigmoid", UnaryOp::kSigmoid},
                                                             {"Square", UnaryOp::kSquare},
                                                             {"Rsqrt", UnaryOp::kRsqrt}};
    DefineElementwise(node, UnaryLayer{kOps.at(node.op)});
  }

  void LowerMaxPool(const TfjsNode& node) {
    ExpectNhwc(node);
    const int input = Computed(node, 0);
    const std::vector<int64_t> image = ImageShape(node, input);
    PoolLayer pool;
    std::tie(pool.kernel_y, pool.kernel_x) = SpatialPair(node, "ksize");
    std::tie(pool.stride_y, pool.stride_x) = SpatialPair(node, "strides");
    const std::string padding = node.Text("padding");
    const WindowAxis y = PlaceWindow(node, padding, image[0], pool.kernel_y, pool.stride_y);
    const WindowAxis x = PlaceWindow(node, padding, image[1], pool.kernel_x, pool.stride_x);
    pool.padding = {y.pad_low, y.pad_high, x.pad_low, x.pad_high};
    Define(node, pool, {input}, {y.output, x.output, image[2]});
  }

  void LowerPad(const TfjsNode& node) {
    const int input = Computed(node, 0);
    std::vector<int64_t> shape = ImageShape(node, input);
    const std::vector<int64_t>& pads = IntegerConstant(node, 1).integers;
    const bool is_supported =
        pads.size() == 8 && pads[0] == 0 && pads[1] == 0 && pads[6] == 0 &&
        std::all_of(pads.begin(), pads.end(), [](int64_t pad) { return pad >= 0; });
    if (!is_supported) {
      Fail(node, fmt::format("paddings [{}] are not supported: only around the image and after "
                             "the channels",
                             fmt::join(pads, ", ")));
    }
    PadLayer pad;
    pad.padding = {pads[2], pads[3], pads[4], pads[5]};
    pad.extra_channels = pads[7];
    shape[0] += pads[2] + pads[3];
    shape[1] += pads[4] + pads[5];
    shape[2] += pads[7];
    Define(node, pad, {input}, std::move(shape));
  }

  void LowerReshape(const TfjsNode& node) {
    const int input = Computed(node, 0);
    std::vector<int64_t> shape = IntegerConstant(node, 1).integers;
    // A leading 1 is the batch size the model was exported with.
    if (shape.empty() || (shape[0] != -1 && shape[0] != 1)) {
      Fail(node, fmt::format("shape [{}] does not keep the batch axis", fmt::join(shape, ", ")));
    }
    shape.erase(shape.begin());
    const int64_t expected = Product(LayerAt(input).shape);
    const bool has_unknown = std::count(shape.begin(), shape.end(), -1) > 0;
    if (has_unknown || Product(shape) != expected) {
      Fail(node, fmt::format("cannot reshape {} elements per item to [{}]", expected,
                             fmt::join(shape, ", ")));
    }
    Define(node, ReshapeLayer{}, {input}, std::move(shape));
  }

  void LowerSqueeze(const TfjsNode& node) {
    const int input = Computed(node, 0);
    const std::vector<int64_t>& from = LayerAt(input).shape;
    const std::vector<int64_t> axes =
        node.Has("squeeze_dims") ? node.Integers("squeeze_dims") : std::vector<int64_t>{};
    const int64_t rank = static_cast<int64_t>(from.size()) + 1;
    std::vector<int64_t> shape;
    for (int64_t axis = 1; axis < rank; ++axis) {
      const int64_t length = from[static_cast<size_t>(axis - 1)];
      const bool is_named = std::any_of(axes.begin(), axes.end(), [&](int64_t named) {
        return named == axis || named + rank == axis;
      });
      if (is_named && length != 1) Fail(node, "an axis to squeeze is longer than 1");
      if (!is_named && !(axes.empty() && length == 1)) shape.push_back(length);
    }
    Define(node, ReshapeLayer{}, {input}, std::move(shape));
  }

  void LowerReduction(const TfjsNode& node) {
    const int input = Computed(node, 0);
    const std::vector<int64_t>& shape = LayerAt(input).shape;
    std::vector<int64_t> axes = IntegerConstant(node, 1).integers;
    for (int64_t& axis : axes) {
      if (axis < 0) axis += static_cast<int64_t>(shape.size()) + 1;
    }
    std::sort(axes.begin(), axes.end());
    const ReduceLayer reduce{node.op == "Mean" ? ReduceOp::kMean : ReduceOp::kSum,
                             node.Flag("keep_dims", false)};
    std::vector<int64_t> reduced;
    if (shape.size() == 3 && axes == std::vector<int64_t>{1, 2}) {
      if (reduce.keep_axes) reduced = {1, 1};
      reduced.push_back(shape[2]);
    } else if (shape.size() == 1 && axes == std::vector<int64_t>{1}) {
      if (reduce.keep_axes) reduced = {1};
    } else {
      Fail(node, fmt::format("reducing axes [{}] of a value of shape [{}] is not supported",
                             fmt::join(axes, ", "), fmt::join(shape, ", ")));
    }
    Define(node, reduce, {input}, std::move(reduced));
  }

  void LowerConcat(const TfjsNode& node) {
    if (node.inputs.size() < 2) Fail(node, "there is nothing to concatenate");
    const size_t parts = node.inputs.size() - 1;  // The last input is the axis.
    std::vector<int> inputs;
    for (size_t i = 0; i < parts; ++i) inputs.push_back(Computed(node, i));
    std::vector<int64_t> shape = LayerAt(inputs.front()).shape;
    const int64_t rank = static_cast<int64_t>(shape.size()) + 1;
    const std::vector<int64_t>& axis = IntegerConstant(node, parts).integers;
    if (rank < 2 || axis.size() != 1 || (axis[0] != rank - 1 && axis[0] != -1)) {
      Fail(node, "only concatenation along the channels is supported");
    }
    for (size_t i = 1; i < parts; ++i) {
      const std::vector<int64_t>& other = LayerAt(inputs[i]).shape;
      if (other.size() != shape.size() ||
          !std::equal(shape.begin(), shape.end() - 1, other.begin())) {
        Fail(node, "the parts differ in another axis than the channels");
      }
      shape.back() += other.back();
    }
    Define(node, ConcatLayer{}, std::move(inputs), std::move(shape));
  }

  void LowerSoftmax(const TfjsNode& node) {
    if (LayerAt(Computed(node, 0)).shape.empty()) Fail(node, "the input is a scalar");
    DefineElementwise(node, SoftmaxLayer{});
  }

  const TfjsGraph& graph_;
  LayerGraph result_;
  std::map<std::string, int> layer_of_;
  bool has_input_ = false;
};

}  // namespace

LayerGraph LowerTfjsGraph(const TfjsGraph& graph, const std::vector<std::string>& outputs) {
  return Lowering(graph).Run(outputs);
}

}  // namespace maskbench
