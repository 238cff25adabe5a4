#include "maskbench/nn/layer_graph.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

namespace maskbench {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

template <typename Operation>
const Operation* As(const Layer& layer) {
  return std::get_if<Operation>(&layer.operation);
}

template <typename Operation>
Operation* As(Layer* layer) {
  return std::get_if<Operation>(&layer->operation);
}

float ChannelValue(const std::vector<float>& values, size_t channel) {
  return values.size() == 1 ? values.front() : values[channel];
}

bool IsClampTo(const Layer& layer, float low, float high) {
  const auto* clamp = As<ClampLayer>(layer);
  return clamp != nullptr && clamp->low == low && clamp->high == high;
}

/// The scale of an affine layer that only scales.
std::optional<std::vector<float>> PureScale(const Layer& layer) {
  const auto* affine = As<AffineLayer>(layer);
  if (affine == nullptr) return std::nullopt;
  const bool shifts = std::any_of(affine->shift.begin(), affine->shift.end(),
                                  [](float shift) { return shift != 0.0f; });
  if (shifts) return std::nullopt;
  return affine->scale;
}

/// Scales the output axis (the first) of `weight` and transforms the bias accordingly.
void ApplyAffine(const AffineLayer& affine, Tensor* weight, std::vector<float>* bias) {
  const size_t out_channels = static_cast<size_t>(weight->shape.front());
  const size_t per_channel = weight->values.size() / out_channels;
  bias->resize(out_channels, 0.0f);
  for (size_t channel = 0; channel < out_channels; ++channel) {
    const float scale = ChannelValue(affine.scale, channel);
    for (size_t i = 0; i < per_channel; ++i) weight->values[channel * per_channel + i] *= scale;
    (*bias)[channel] = (*bias)[channel] * scale + ChannelValue(affine.shift, channel);
  }
}

/// First `inner`, then `outer`.
AffineLayer Compose(const AffineLayer& inner, const AffineLayer& outer) {
  const size_t channels =
      std::max({inner.scale.size(), inner.shift.size(), outer.scale.size(), outer.shift.size()});
  AffineLayer result;
  result.scale.resize(channels);
  result.shift.resize(channels);
  for (size_t c = 0; c < channels; ++c) {
    const float scale = ChannelValue(outer.scale, c);
    result.scale[c] = ChannelValue(inner.scale, c) * scale;
    result.shift[c] = ChannelValue(inner.shift, c) * scale + ChannelValue(outer.shift, c);
  }
  return result;
}

class Folder {
 public:
  explicit Folder(LayerGraph* graph) : layers_(graph->layers), graph_(graph) {}

  void Run() {
    bool changed = true;
    while (changed) {
      CountUses();
      changed = false;
      for (size_t i = 0; i < layers_.size(); ++i) changed |= FoldOnce(static_cast<int>(i));
    }
    DropUnused();
  }

 private:
  Layer& InputOf(const Layer& layer, size_t which = 0) {
    return layers_[static_cast<size_t>(layer.inputs[which])];
  }

  bool UsedOnce(const Layer& layer) const {
    return uses_[static_cast<size_t>(&layer - layers_.data())] == 1;
  }

  void CountUses() {
    uses_.assign(layers_.size(), 0);
    for (const LayerGraph::Output& output : graph_->outputs) {
      ++uses_[static_cast<size_t>(output.layer)];
    }
    for (size_t i = layers_.size(); i-- > 0;) {
      if (uses_[i] == 0) continue;  // Nothing needs it, so neither does it need its inputs.
      for (const int input : layers_[i].inputs) ++uses_[static_cast<size_t>(input)];
    }
  }

  bool FoldOnce(int index) {
    Layer& layer = layers_[static_cast<size_t>(index)];
    if (uses_[static_cast<size_t>(index)] == 0) return false;
    const bool changed =
        FoldAffine(&layer) || FoldClamp(&layer) || FoldPRelu(&layer) || FoldPadding(&layer);
    if (changed) CountUses();
    return changed;
  }

  // Affine after convolution, dense or affine: the earlier layer's operation moves here, changed.
  bool FoldAffine(Layer* layer) {
    const auto* affine = As<AffineLayer>(*layer);
    if (affine == nullptr) return false;
    Layer& source = InputOf(*layer);
    if (!UsedOnce(source)) return false;
    LayerOperation merged = source.operation;
    if (auto* convolution = std::get_if<ConvolutionLayer>(&merged)) {
      ApplyAffine(*affine, &convolution->weight, &convolution->bias);
    } else if (auto* dense = std::get_if<DenseLayer>(&merged)) {
      ApplyAffine(*affine, &dense->weight, &dense->bias);
    } else if (const auto* inner = std::get_if<AffineLayer>(&merged)) {
      merged = Compose(*inner, *affine);
    } else {
      return false;
    }
    layer->operation = std::move(merged);
    layer->inputs = source.inputs;
    return true;
  }

  bool FoldClamp(Layer* layer) {
    auto* outer = As<ClampLayer>(layer);
    if (outer == nullptr) return false;
    const Layer& source = InputOf(*layer);
    const auto* inner = As<ClampLayer>(source);
    if (inner == nullptr) return false;
    // The image of [inner.low, inner.high] under the outer clamp.
    *outer = {std::clamp(inner->low, outer->low, outer->high),
              std::clamp(inner->high, outer->low, outer->high)};
    layer->inputs = source.inputs;
    return true;
  }

  bool FoldPRelu(Layer* layer) {
    const auto* binary = As<BinaryLayer>(*layer);
    if (binary == nullptr || binary->op != BinaryOp::kAdd) return false;
    for (const size_t positive_side : {size_t{0}, size_t{1}}) {
      const Layer& positive = InputOf(*layer, positive_side);
      const Layer& negative = InputOf(*layer, 1 - positive_side);
      const std::optional<std::vector<float>> scale = PureScale(negative);
      if (!IsClampTo(positive, 0.0f, kInfinity) || !scale) continue;
      const int x = positive.inputs[0];
      const Layer& scaled = InputOf(negative);
      float factor = 0.0f;
      if (IsClampTo(scaled, -kInfinity, 0.0f) && scaled.inputs[0] == x) {
        factor = 1.0f;
      } else if (IsMinusItsMagnitude(scaled, x)) {
        factor = 2.0f;  // x − |x| = 2·min(0, x).
      } else {
        continue;
      }
      PReluLayer prelu;
      for (const float value : *scale) prelu.slope.push_back(factor * value);
      layer->operation = std::move(prelu);
      layer->inputs = {x};
      return true;
    }
    return false;
  }

  bool IsMinusItsMagnitude(const Layer& layer, int x) {
    const auto* binary = As<BinaryLayer>(layer);
    if (binary == nullptr || binary->op != BinaryOp::kSubtract || layer.inputs[0] != x) {
      return false;
    }
    const Layer& subtrahend = InputOf(layer, 1);
    const auto* unary = As<UnaryLayer>(subtrahend);
    return unary != nullptr && unary->op == UnaryOp::kAbs && subtrahend.inputs[0] == x;
  }

  bool FoldPadding(Layer* layer) {
    auto* convolution = As<ConvolutionLayer>(layer);
    if (convolution == nullptr) return false;
    const Layer& source = InputOf(*layer);
    const auto* pad = As<PadLayer>(source);
    if (pad == nullptr || pad->extra_channels != 0) return false;
    convolution->padding.top += pad->padding.top;
    convolution->padding.bottom += pad->padding.bottom;
    convolution->padding.left += pad->padding.left;
    convolution->padding.right += pad->padding.right;
    layer->inputs = source.inputs;
    return true;
  }

  void DropUnused() {
    CountUses();
    std::vector<int> new_index(layers_.size(), -1);
    std::vector<Layer> kept;
    for (size_t i = 0; i < layers_.size(); ++i) {
      // The input stays even where a network ignores it: it is the argument of `forward`.
      if (uses_[i] == 0 && As<InputLayer>(layers_[i]) == nullptr) continue;
      new_index[i] = static_cast<int>(kept.size());
      for (int& input : layers_[i].inputs) input = new_index[static_cast<size_t>(input)];
      kept.push_back(std::move(layers_[i]));
    }
    layers_ = std::move(kept);
    for (LayerGraph::Output& output : graph_->outputs) {
      output.layer = new_index[static_cast<size_t>(output.layer)];
    }
  }

  std::vector<Layer>& layers_;
  LayerGraph* graph_;
  std::vector<int> uses_;
};

}  // namespace

void FoldLayers(LayerGraph* graph) { Folder(graph).Run(); }

}  // namespace maskbench
