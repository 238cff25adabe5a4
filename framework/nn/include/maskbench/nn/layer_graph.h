#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <variant>
#include <vector>

#include "maskbench/nn/tensor.h"

namespace maskbench {

// The importer's intermediate form: a straight list of layers, each with one value. It is what a
// source format is lowered to, what the folds work on and what TorchScript is emitted from.

struct SpatialPadding {
  int64_t top = 0;
  int64_t bottom = 0;
  int64_t left = 0;
  int64_t right = 0;

  bool IsSymmetric() const { return top == bottom && left == right; }
  bool IsZero() const { return top == 0 && bottom == 0 && left == 0 && right == 0; }
};

struct InputLayer {};

/// Cross-correlation with zero padding, then bias.
struct ConvolutionLayer {
  Tensor weight;            ///< [out, in / groups, kernel height, kernel width].
  std::vector<float> bias;  ///< [out], or empty.
  int64_t groups = 1;
  int64_t stride_y = 1;
  int64_t stride_x = 1;
  SpatialPadding padding;
};

struct DenseLayer {
  Tensor weight;            ///< [out, in].
  std::vector<float> bias;  ///< [out], or empty.
};

/// y = scale·x + shift with constants of one element, or of one per channel.
struct AffineLayer {
  std::vector<float> scale = {1.0f};
  std::vector<float> shift = {0.0f};
};

/// y = min(max(x, low), high): ReLU, ReLU6 and constant minimum or maximum.
struct ClampLayer {
  float low = -std::numeric_limits<float>::infinity();
  float high = std::numeric_limits<float>::infinity();
};

struct PReluLayer {
  std::vector<float> slope;  ///< One element, or one per channel.
};

enum class UnaryOp { kAbs, kSigmoid, kSquare, kRsqrt };
struct UnaryLayer {
  UnaryOp op;
};

/// Of two values of the same shape.
enum class BinaryOp { kAdd, kSubtract, kMultiply, kMinimum, kMaximum };
struct BinaryLayer {
  BinaryOp op;
};

enum class PoolOp { kMax, kAverage };
struct PoolLayer {
  PoolOp op = PoolOp::kMax;
  int64_t kernel_y = 1;
  int64_t kernel_x = 1;
  int64_t stride_y = 1;
  int64_t stride_x = 1;
  /// Max pooling only; the padding never wins.
  SpatialPadding padding;
};

/// Appends zeros around the image and after the channels.
struct PadLayer {
  SpatialPadding padding;
  int64_t extra_channels = 0;
};

/// Each pixel becomes a square of `factor` × `factor` equal ones.
struct UpsampleLayer {
  int64_t factor = 2;
};

/// To the shape of the layer; elements in the order of the source format (channels last).
struct ReshapeLayer {};

enum class ReduceOp { kMean, kSum };
/// Over height and width, which disappear unless `keep_axes`; on flat values, over the elements.
struct ReduceLayer {
  ReduceOp op;
  bool keep_axes = false;
};

/// Along the channels.
struct ConcatLayer {};

/// Along the channels.
struct SoftmaxLayer {};

/// Turns places into maps whose softmax lies there: scores −d² / (2·sigma²) at distance d, pixels.
/// Takes the height of each line at each column, line by line, then x of all points, then y. Gives
/// an image with a map for each line, whose distance counts within the column, and for each point.
struct ScoreMapsLayer {
  int64_t lines = 0;
  int64_t points = 0;
  float sigma = 0.6f;  ///< Below 0.5 pixels means of the softmax lean towards whole pixels.
};

using LayerOperation =
    std::variant<InputLayer, ConvolutionLayer, DenseLayer, AffineLayer, ClampLayer, PReluLayer,
                 UnaryLayer, BinaryLayer, PoolLayer, PadLayer, UpsampleLayer, ReshapeLayer,
                 ReduceLayer, ConcatLayer, SoftmaxLayer, ScoreMapsLayer>;

struct Layer {
  std::string name;  ///< In the source, for messages.
  LayerOperation operation;
  std::vector<int> inputs;  ///< Indices of earlier layers.
  /// Of the value, without the batch axis, in the source's order: [height, width, channels] for an
  /// image, anything else is row-major. The importer keeps images as NCHW.
  std::vector<int64_t> shape;

  bool IsImage() const { return shape.size() == 3; }
  int64_t Channels() const { return shape.empty() ? 1 : shape.back(); }
};

struct LayerGraph {
  struct Output {
    std::string name;
    int layer = 0;
  };

  std::vector<Layer> layers;  ///< In order of evaluation.
  std::vector<Output> outputs;

  int Append(Layer layer) {
    layers.push_back(std::move(layer));
    return static_cast<int>(layers.size()) - 1;
  }
};

/// Merges what can be done in one layer, without changing what the graph computes beyond rounding:
///  - constant arithmetic after a convolution or dense layer goes into its weights;
///  - chains of constant minimum, maximum and ReLU become one clamp;
///  - max(0, x) + g·min(0, x) and relu(x) + m·(x − |x|) become a PReLU (slopes g and 2m);
///  - zero padding before a convolution becomes its padding;
/// then drops layers that no output needs.
void FoldLayers(LayerGraph* graph);

}  // namespace maskbench
