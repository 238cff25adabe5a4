#include "maskbench/nn/learned_reader.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "maskbench/core/rng.h"

namespace maskbench {
namespace {

constexpr int kHeight = 48, kWidth = 72;
// Half of the stretch whose mean is taken from gaze, so that rhythms are left: ±0.23 s.
constexpr int kRhythmReach = 7;
constexpr float kRhythmUnitDeg = 1.5F, kRhythmMost = 3;

/// Convolutions with normalisation, as training wants them.
class Builder {
 public:
  explicit Builder(std::uint64_t seed, const char* purpose)
      : random_(seed, "learned reader", purpose) {}

  struct Kernel {
    int64_t height = 3, width = 3, stride_y = 1, stride_x = 1, groups = 1;
  };

  int Input(std::vector<int64_t> shape) { return Add("input", InputLayer(), {}, std::move(shape)); }

  int Convolve(int input, int64_t channels, const Kernel& kernel, float gain = 1) {
    const std::vector<int64_t> from = graph.layers[input].shape;
    ConvolutionLayer convolution;
    convolution.groups = kernel.groups;
    convolution.stride_y = kernel.stride_y;
    convolution.stride_x = kernel.stride_x;
    const int64_t y = (kernel.height - 1) / 2, x = (kernel.width - 1) / 2;
    convolution.padding = {y, y, x, x};
    convolution.weight = Weights({channels, from[2] / kernel.groups, kernel.height, kernel.width});
    const int made = Add("conv", std::move(convolution), {input},
                         {(from[0] + kernel.stride_y - 1) / kernel.stride_y,
                          (from[1] + kernel.stride_x - 1) / kernel.stride_x, channels});
    return Add("norm",
               AffineLayer{std::vector<float>(channels, gain), std::vector<float>(channels, 0.0F)},
               {made}, graph.layers[made].shape);
  }

  int Relu(int input) {
    ClampLayer clamp;
    clamp.low = 0;
    return Add("relu", clamp, {input}, graph.layers[input].shape);
  }

  /// Depthwise along both axes, then across channels, added to what came in.
  int Block(int input, int64_t height, int64_t width, int64_t groups) {
    const int64_t channels = graph.layers[input].Channels();
    const int deep = Relu(Convolve(input, channels, {height, width, 1, 1, channels}));
    const int mixed = Convolve(deep, channels, {1, 1, 1, 1, groups}, 0.5F);
    return Relu(Add("sum", BinaryLayer{BinaryOp::kAdd}, {mixed, input}, graph.layers[input].shape));
  }

  int Flat(int input) {
    const std::vector<int64_t> from = graph.layers[input].shape;
    return Add("flat", ReshapeLayer(), {input}, {from[0] * from[1] * from[2]});
  }

  int Mean(int input) {
    return Add("mean", ReduceLayer{ReduceOp::kMean, false}, {input},
               {graph.layers[input].Channels()});
  }

  /// Over the whole picture.
  int Highest(int input) {
    const std::vector<int64_t> from = graph.layers[input].shape;
    PoolLayer pool;
    pool.kernel_y = pool.stride_y = from[0];
    pool.kernel_x = pool.stride_x = from[1];
    return Flat(Add("highest", pool, {input}, {1, 1, from[2]}));
  }

  int Concat(int a, int b) {
    return Add("both", ConcatLayer(), {a, b},
               {graph.layers[a].Channels() + graph.layers[b].Channels()});
  }

  int Dense(int input, int64_t count, float gain = 1) {
    DenseLayer dense;
    dense.weight = Weights({count, graph.layers[input].Channels()});
    for (float& value : dense.weight.values) value *= gain;
    dense.bias.assign(count, 0.0F);
    return Add("dense", std::move(dense), {input}, {count});
  }

  LayerGraph graph;

 private:
  int Add(const char* name, LayerOperation operation, std::vector<int> inputs,
          std::vector<int64_t> shape) {
    Layer layer;
    layer.name = name + std::to_string(graph.layers.size());
    layer.operation = std::move(operation);
    layer.inputs = std::move(inputs);
    layer.shape = std::move(shape);
    return graph.Append(std::move(layer));
  }

  /// After He et al. 2015 (arXiv:1502.01852).
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

float Probability(float log_odds) { return 1 / (1 + std::exp(-log_odds)); }

float Bounded(float value, float most) {
  return std::isnan(value) ? 0.0F : std::clamp(value, -most, most);
}

}  // namespace

EyeNow DecodeReaderFrame(const float* values) {
  const auto number = [values](int which) {
    const ReaderUnit& unit = kReaderFrameUnits[static_cast<size_t>(which)];
    return unit.offset + unit.unit * values[which];
  };
  EyeNow now;
  now.mrd1_mm = number(kReaderMrd1);
  now.mrd2_mm = number(kReaderMrd2);
  now.nasal_deg = number(kReaderNasal);
  now.up_deg = number(kReaderUp);
  now.head_nasal_deg = number(kReaderHeadNasal);
  now.head_up_deg = number(kReaderHeadUp);
  now.shut = Probability(values[kReaderShut]);
  now.covered = Probability(values[kReaderCovered]);
  return now;
}

int ReaderConditionOf(int time_value) {
  if (time_value < kReaderPtosisGrade) return time_value % kReaderConditions;
  if (time_value < kReaderOrbitopathyGrade) return 1;
  if (time_value < kReaderStrabismusKind) return 0;
  return time_value < kReaderNystagmusKind ? 2 : 3;
}

std::vector<int> ReaderWindows(int steps) {
  std::vector<int> firsts = {0};
  while (firsts.back() + kReaderSteps < steps)
    firsts.push_back(std::min(firsts.back() + kReaderHop, steps - kReaderSteps));
  return firsts;
}

void FillReaderWindow(const std::vector<ReaderStep>& steps, int first, int side, float* input) {
  std::fill(input, input + kReaderChannels * kReaderSteps, 0.0F);
  const int count = static_cast<int>(steps.size());
  // Both eyes' common gaze, to this eye's nose and up; unknown while either eye cannot be seen.
  const auto common = [&](int at, int axis) {
    if (at < 0 || at >= count || !steps[static_cast<size_t>(at)].seen) return std::nanf("");
    const EyeNow &own = steps[static_cast<size_t>(at)].eyes[static_cast<size_t>(side)],
                 &other = steps[static_cast<size_t>(at)].eyes[static_cast<size_t>(1 - side)];
    float sum = 0;
    int eyes = 0;
    if (own.covered < 0.5F && own.shut < 0.5F) {
      sum += axis == 0 ? own.nasal_deg : own.up_deg;
      ++eyes;
    }
    if (other.covered < 0.5F && other.shut < 0.5F) {
      sum += axis == 0 ? -other.nasal_deg : other.up_deg;
      ++eyes;
    }
    return eyes == 2 ? sum / 2 : std::nanf("");
  };
  for (int t = 0; t < kReaderSteps && first + t < count; ++t) {
    const ReaderStep& step = steps[static_cast<size_t>(first + t)];
    if (!step.seen) continue;
    int channel = 0;
    const auto put = [&](float value) { input[channel++ * kReaderSteps + t] = value; };
    for (const int eye : {side, 1 - side}) {
      const EyeNow& now = step.eyes[static_cast<size_t>(eye)];
      put(Bounded((now.mrd1_mm - 3) / 2, 4));
      put(Bounded((now.mrd2_mm - 5) / 2, 4));
      put(Bounded((now.nasal_deg + 5) / 10, 4));
      put(Bounded(now.up_deg / 10, 4));
      put(now.shut);
      put(now.covered);
    }
    const EyeNow& own = step.eyes[static_cast<size_t>(side)];
    put(Bounded(own.head_nasal_deg / 10, 4));
    put(Bounded(own.head_up_deg / 10, 4));
    for (const int axis : {0, 1}) {
      float sum = 0;
      int known = 0;
      for (int k = -kRhythmReach; k <= kRhythmReach; ++k) {
        const float value = common(first + t + k, axis);
        if (std::isnan(value)) continue;
        sum += value;
        ++known;
      }
      const float now = common(first + t, axis);
      const bool enough = known > kRhythmReach && !std::isnan(now);
      put(enough ? Bounded((now - sum / static_cast<float>(known)) / kRhythmUnitDeg, kRhythmMost)
                 : 0.0F);
    }
    put(1);
  }
}

std::array<float, kReaderTimeValues> PoolReaderWindows(const float* values, size_t windows) {
  std::array<float, kReaderTimeValues> pooled{};
  for (int k = 0; k < kReaderTimeValues; ++k) {
    if (k >= kReaderWeight && k < kReaderPtosisGrade) continue;
    const int weight = kReaderWeight + ReaderConditionOf(k);
    float highest = values[weight];
    for (size_t w = 1; w < windows; ++w)
      highest = std::max(highest, values[w * kReaderTimeValues + static_cast<size_t>(weight)]);
    double sum = 0, total = 0;
    for (size_t w = 0; w < windows; ++w) {
      const float* at = values + w * kReaderTimeValues;
      const double share = std::exp(static_cast<double>(at[weight] - highest));
      sum += share * at[k];
      total += share;
    }
    pooled[static_cast<size_t>(k)] = static_cast<float>(sum / total);
  }
  return pooled;
}

std::array<std::array<float, kReaderTimeValues>, 2> ReadOverTime(
    const std::vector<ReaderStep>& steps, Network* time_network) {
  const std::vector<int> firsts = ReaderWindows(static_cast<int>(steps.size()));
  std::vector<float> input(static_cast<size_t>(kReaderChannels * kReaderSteps)), values;
  std::vector<Tensor> outputs;
  std::array<std::array<float, kReaderTimeValues>, 2> said{};
  for (int side = 0; side < 2; ++side) {
    values.clear();
    for (const int first : firsts) {
      FillReaderWindow(steps, first, side, input.data());
      time_network->Run(input.data(), &outputs);
      values.insert(values.end(), outputs[0].values.begin(), outputs[0].values.end());
    }
    said[static_cast<size_t>(side)] = PoolReaderWindows(values.data(), firsts.size());
  }
  return said;
}

const NetworkContract& ReaderFrameContract() {
  static const NetworkContract contract = [] {
    NetworkContract made;
    made.name = "reader_frame";
    made.channels = 2;
    made.height = kHeight;
    made.width = kWidth;
    made.outputs = {{"values", {kReaderFrameValues}}};
    return made;
  }();
  return contract;
}

const NetworkContract& ReaderTimeContract() {
  static const NetworkContract contract = [] {
    NetworkContract made;
    made.name = "reader_time";
    made.channels = kReaderChannels;
    made.height = kReaderSteps;
    made.width = 1;
    made.outputs = {{"values", {kReaderTimeValues}}};
    return made;
  }();
  return contract;
}

LayerGraph BuildReaderFrame(std::uint64_t seed) {
  Builder b(seed, "frame network");
  const int half = b.Relu(b.Convolve(b.Input({kHeight, kWidth, 2}), 32, {3, 3, 2, 2, 2}));
  const int quarter = b.Block(b.Relu(b.Convolve(half, 80, {3, 3, 2, 2, 2})), 5, 5, 2);
  // From here on channels of eye and face are mixed.
  const int eighth =
      b.Block(b.Block(b.Relu(b.Convolve(quarter, 128, {3, 3, 2, 2, 2})), 5, 5, 1), 5, 5, 1);
  const int whole = b.Block(b.Relu(b.Convolve(eighth, 128, {3, 3, 2, 2, 2})), 5, 5, 1);  // 3 × 5
  const int places = b.Concat(b.Flat(b.Relu(b.Convolve(eighth, 12, {1, 1, 1, 1, 1}))),
                              b.Flat(b.Relu(b.Convolve(whole, 24, {1, 1, 1, 1, 1}))));
  const int values = b.Dense(b.Relu(b.Dense(places, 48)), kReaderFrameValues, 0.5F);
  b.graph.outputs = {{"values", values}};
  return std::move(b.graph);
}

LayerGraph BuildReaderTime(std::uint64_t seed) {
  Builder b(seed, "time network");
  const int fine = b.Relu(b.Convolve(b.Input({kReaderSteps, 1, kReaderChannels}), 48, {7, 1}));
  const int half = b.Block(b.Relu(b.Convolve(fine, 64, {5, 1, 2, 1})), 9, 1, 1);
  const int quarter =
      b.Block(b.Block(b.Relu(b.Convolve(half, 96, {5, 1, 2, 1})), 9, 1, 1), 9, 1, 1);
  const int found = b.Concat(b.Mean(quarter), b.Highest(quarter));
  const int values = b.Dense(b.Relu(b.Dense(found, 64)), kReaderTimeValues, 0.3F);
  b.graph.outputs = {{"values", values}};
  return std::move(b.graph);
}

}  // namespace maskbench
