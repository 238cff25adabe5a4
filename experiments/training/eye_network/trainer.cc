#include "experiments/training/eye_network/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <exception>
#include <mutex>
#include <numeric>
#include <thread>

#include <fmt/format.h>
#include <torch/torch.h>

#include "maskbench/core/error.h"
#include "maskbench/core/rng.h"
#include "maskbench/nn/eye_network.h"

#include "experiments/training/eye_network/eye_targets.h"
#include "experiments/training/eye_network/trainable_graph.h"

namespace maskbench::training {
namespace {

namespace fs = std::filesystem;
using torch::Tensor;

/// A batch as tensors; B samples.
struct Batch {
  Tensor crops;                    // B × 3 × H × W
  Tensor heights, height_weights;  // B × 2 × columns
  Tensor points, point_weights;    // B × 5 × 2, B × 5
  Tensor sizes, size_weights;      // B × 3, B
  Tensor flags;                    // B × 5: share, reflex, pupil, in sight, shut
};

Batch Pack(const std::vector<cv::Mat>& crops, const std::vector<EyeTarget>& targets) {
  const auto count = static_cast<int64_t>(crops.size());
  Batch batch;
  batch.crops = torch::empty({count, 3, kEyeCropHeight, kEyeCropWidth});
  batch.heights = torch::empty({count, 2, kEyeMapWidth});
  batch.height_weights = torch::empty({count, 2, kEyeMapWidth});
  batch.points = torch::empty({count, 5, 2});
  batch.point_weights = torch::empty({count, 5});
  batch.sizes = torch::empty({count, 3});
  batch.size_weights = torch::empty({count});
  batch.flags = torch::empty({count, 5});
  for (int64_t i = 0; i < count; ++i) {
    const EyeTarget& target = targets[static_cast<size_t>(i)];
    NormaliseCrop(crops[static_cast<size_t>(i)], batch.crops[i].data_ptr<float>());
    float* heights = batch.heights[i].data_ptr<float>();
    float* weights = batch.height_weights[i].data_ptr<float>();
    for (int column = 0; column < kEyeMapWidth; ++column) {
      heights[column] = target.upper[column];
      heights[kEyeMapWidth + column] = target.lower[column];
      weights[column] = target.upper_weight[column];
      weights[kEyeMapWidth + column] = target.lower_weight[column];
    }
    float* points = batch.points[i].data_ptr<float>();
    float* point_weights = batch.point_weights[i].data_ptr<float>();
    for (int k = 0; k < 5; ++k) {
      points[2 * k] = target.points[k][0];
      points[2 * k + 1] = target.points[k][1];
      point_weights[k] = target.points[k][2];
    }
    float* sizes = batch.sizes[i].data_ptr<float>();
    sizes[0] = target.log_half_width;
    sizes[1] = target.log_half_height;
    sizes[2] = target.slant;
    *batch.size_weights[i].data_ptr<float>() = target.size_weight;
    float* flags = batch.flags[i].data_ptr<float>();
    flags[0] = target.iris_share;
    flags[1] = target.reflex_seen;
    flags[2] = target.pupil_seen;
    flags[3] = target.in_sight;
    flags[4] = target.shut;
  }
  return batch;
}

/// What the outputs mean, in crop px.
struct Decoded {
  Tensor heights;  // B × 2 × columns
  Tensor points;   // B × 5 × 2
  Tensor sizes;    // B × 3
  Tensor flags;    // B × 5, log odds
  Tensor log_errors;
};

/// Where a regressing network says its places in a third output, they are taken from there: means
/// of maps, which everybody else reads, teach nothing from beyond the maps' edges.
bool Regresses(const std::vector<Tensor>& outputs) { return outputs.size() > 2; }

Decoded Decode(const std::vector<Tensor>& outputs) {
  const Tensor& maps = outputs[0];
  const Tensor& values = outputs[1];
  Decoded decoded;
  decoded.sizes = values.narrow(1, kIrisLogHalfWidth, 3);
  decoded.flags = values.narrow(1, kIrisShare, 5);
  decoded.log_errors = values.narrow(1, kUpperLogError, kEyeValues - kUpperLogError);
  if (Regresses(outputs)) {
    const Tensor crop_px = 2 * outputs[2] + 0.5;
    decoded.heights = crop_px.narrow(1, 0, 2 * kEyeMapWidth).view({-1, 2, kEyeMapWidth});
    decoded.points =
        crop_px.narrow(1, 2 * kEyeMapWidth, 10).view({-1, 2, 5}).transpose(1, 2).contiguous();
    return decoded;
  }
  const Tensor rows = 2 * torch::arange(kEyeMapHeight, torch::kFloat32) + 0.5;
  const Tensor columns = 2 * torch::arange(kEyeMapWidth, torch::kFloat32) + 0.5;
  decoded.heights = (torch::softmax(maps.narrow(1, 0, 2), 2) * rows.view({1, 1, -1, 1})).sum(2);
  const Tensor heat = torch::softmax(maps.narrow(1, 2, 5).flatten(2), 2)
                          .view({maps.size(0), 5, kEyeMapHeight, kEyeMapWidth});
  const Tensor x = (heat.sum(2) * columns).sum(2), y = (heat.sum(3) * rows).sum(2);
  decoded.points = torch::stack({x, y}, 2);
  return decoded;
}

Tensor SmoothL1(const Tensor& difference, double beta) {
  const Tensor size = difference.abs();
  return torch::where(size < beta, 0.5 / beta * size * size, size - 0.5 * beta);
}

/// Cross-entropy of softmax maps against a point between four (or two) cells: draws the maps
/// together, which the expectation alone does not.
Tensor HeightEntropy(const Tensor& maps, const Tensor& heights) {
  const Tensor logs = torch::log_softmax(maps, 2);  // B × 2 × rows × columns
  const Tensor at = ((heights - 0.5) / 2).clamp(0, kEyeMapHeight - 1.001);
  const Tensor below = at.floor();
  const Tensor share = at - below;
  const Tensor index = below.to(torch::kInt64).unsqueeze(2);
  return -((1 - share) * logs.gather(2, index).squeeze(2) +
           share * logs.gather(2, index + 1).squeeze(2));
}

Tensor PointEntropy(const Tensor& maps, const Tensor& points) {
  const Tensor logs = torch::log_softmax(maps.flatten(2), 2);  // B × 5 × cells
  const Tensor x = ((points.select(2, 0) - 0.5) / 2).clamp(0, kEyeMapWidth - 1.001);
  const Tensor y = ((points.select(2, 1) - 0.5) / 2).clamp(0, kEyeMapHeight - 1.001);
  const Tensor left = x.floor(), top = y.floor(), u = x - left, v = y - top;
  const Tensor cell = (top * kEyeMapWidth + left).to(torch::kInt64).unsqueeze(2);
  const auto at = [&](int64_t offset) { return logs.gather(2, cell + offset).squeeze(2); };
  return -((1 - u) * (1 - v) * at(0) + u * (1 - v) * at(1) + (1 - u) * v * at(kEyeMapWidth) +
           u * v * at(kEyeMapWidth + 1));
}

Tensor WeightedMean(const Tensor& values, const Tensor& weights) {
  return (values * weights).sum() / weights.sum().clamp_min(1.0);
}

Tensor Loss(const std::vector<Tensor>& outputs, const Batch& batch) {
  const Decoded decoded = Decode(outputs);
  const Tensor height_errors = decoded.heights - batch.heights;
  const Tensor point_errors = decoded.points - batch.points;
  const bool maps = !Regresses(outputs);
  Tensor loss = WeightedMean(SmoothL1(height_errors, 0.5), batch.height_weights);
  if (maps) {
    loss = loss + 0.1 * WeightedMean(HeightEntropy(outputs[0].narrow(1, 0, 2), batch.heights),
                                     batch.height_weights);
  }
  const Tensor importance = torch::tensor({0.7F, 0.7F, 1.0F, 0.5F, 0.7F});
  const Tensor point_weights = batch.point_weights * importance;
  loss = loss + WeightedMean(SmoothL1(point_errors, 0.5).sum(2), point_weights);
  if (maps) {
    loss = loss + 0.05 * WeightedMean(PointEntropy(outputs[0].narrow(1, 2, 5), batch.points),
                                      point_weights);
  }
  const Tensor size_scale = torch::tensor({10.0F, 10.0F, 4.0F});
  const Tensor size_errors = (decoded.sizes - batch.sizes) * size_scale;
  loss = loss + WeightedMean(SmoothL1(size_errors, 0.5).sum(1), batch.size_weights);
  loss = loss + 0.5 * torch::binary_cross_entropy_with_logits(decoded.flags, batch.flags).mean();

  // Expected errors: maximum likelihood of Laplace distributions around what the network says.
  const Tensor heights = height_errors.detach().abs() * batch.height_weights;
  const Tensor height_sums = batch.height_weights.sum(2);
  const Tensor mean_heights = heights.sum(2) / height_sums.clamp_min(1e-3);  // B × 2
  const Tensor points = point_errors.detach().abs();
  const Tensor distance = points.mean(2);
  const Tensor errors = torch::cat(
      {mean_heights, distance.narrow(1, 0, 2), points.select(1, 2),
       size_errors.detach().abs().narrow(1, 0, 2).mean(1, true), distance.narrow(1, 3, 2)},
      1);
  const Tensor known =
      torch::cat({(height_sums > 0.5).to(torch::kFloat32), batch.point_weights.narrow(1, 0, 2),
                  batch.point_weights.narrow(1, 2, 1).expand({-1, 2}),
                  batch.size_weights.unsqueeze(1), batch.point_weights.narrow(1, 3, 2)},
                 1);
  const Tensor logs = decoded.log_errors.clamp(-4.0, 4.0);
  return loss + 0.1 * WeightedMean(errors * torch::exp(-logs) + logs, known);
}

/// All crops in memory, split by subject.
class Corpus {
 public:
  Corpus(const fs::path& folder, int validation_every) {
    for (const fs::path& file : ShardFiles(folder)) {
      shards_.push_back(ReadShard(file));
      const bool kept = shards_.back().subject % validation_every == validation_every - 1;
      for (int i = 0; i < shards_.back().count(); ++i) {
        (kept ? validation_ : training_).emplace_back(static_cast<int>(shards_.size()) - 1, i);
      }
    }
    if (training_.empty() || validation_.empty()) {
      throw DataError(
          fmt::format("{} holds too few subjects to train and validate.", folder.string()));
    }
  }
  using Index = std::pair<int, int>;
  const std::vector<Index>& training() const { return training_; }
  const std::vector<Index>& validation() const { return validation_; }
  cv::Mat Patch(const Index& at) { return shards_[static_cast<size_t>(at.first)].Patch(at.second); }
  const EyeLabel& Label(const Index& at) const {
    return shards_[static_cast<size_t>(at.first)].labels[static_cast<size_t>(at.second)];
  }
  size_t subjects() const { return shards_.size(); }

 private:
  std::vector<Shard> shards_;
  std::vector<Index> training_, validation_;
};

/// AdamW (Loshchilov & Hutter 2019, arXiv:1711.05101) and a running average of the parameters.
struct Optimizer {
  std::vector<Tensor> first, second, average;

  explicit Optimizer(const std::vector<Tensor>& parameters) {
    for (const Tensor& parameter : parameters) {
      first.push_back(torch::zeros_like(parameter));
      second.push_back(torch::zeros_like(parameter));
      average.push_back(parameter.detach().clone());
    }
  }

  void Step(const std::vector<Tensor>& parameters, const std::vector<bool>& decays,
            const std::vector<Tensor>& gradients, int step, double rate, double decay) {
    const torch::NoGradGuard no_gradients;
    constexpr double kFirst = 0.9, kSecond = 0.99, kEpsilon = 1e-8;
    double squares = 0;
    for (const Tensor& gradient : gradients) squares += gradient.square().sum().item<double>();
    const double clip = std::min(1.0, 5.0 / std::sqrt(squares + 1e-12));
    const double keep = std::min(0.999, (1.0 + step) / (10.0 + step));
    for (size_t k = 0; k < parameters.size(); ++k) {
      const Tensor gradient = gradients[k] * clip;
      first[k].mul_(kFirst).add_(gradient, 1 - kFirst);
      second[k].mul_(kSecond).addcmul_(gradient, gradient, 1 - kSecond);
      const double c1 = 1 - std::pow(kFirst, step + 1), c2 = 1 - std::pow(kSecond, step + 1);
      Tensor parameter = parameters[k];
      if (decays[k]) parameter.mul_(1 - rate * decay);
      parameter.addcdiv_(first[k], (second[k] / c2).sqrt_().add_(kEpsilon), -rate / c1);
      average[k].mul_(keep).add_(parameter, 1 - keep);
    }
  }
};

/// Height of a decoded margin at crop column x.
double HeightAt(const float* heights, double x) {
  const double at = std::clamp((x - 0.5) / 2, 0.0, kEyeMapWidth - 1.001);
  const int left = static_cast<int>(at);
  return heights[left] + (at - left) * (heights[left + 1] - heights[left]);
}

double MarginAt(const std::array<LabelPoint, kMarginPoints>& margin, double x) {
  for (int k = 0; k + 1 < kMarginPoints; ++k) {
    const double from = margin[k].x, to = margin[k + 1].x;
    if (from <= x && x < to && margin[k].seen && margin[k + 1].seen)
      return margin[k].y + (x - from) / (to - from) * (margin[k + 1].y - margin[k].y);
  }
  return std::nan("");
}

/// With the places that a regressing network draws its maps from as another output.
LayerGraph ForTraining(LayerGraph graph) {
  for (const Layer& layer : graph.layers) {
    if (std::holds_alternative<ScoreMapsLayer>(layer.operation))
      graph.outputs.push_back({"places", layer.inputs[0]});
  }
  return graph;
}

EyeErrors Validate(const TrainableGraph& graph, Corpus* corpus, int threads) {
  constexpr int kBatch = 64;
  const auto& all = corpus->validation();
  struct Row {
    double upper = NAN, lower = NAN, x = NAN, y = NAN, size = NAN, mrd1 = NAN, truth = NAN,
           shut = NAN;
  };
  std::vector<Row> rows(all.size());
  const auto work = [&](int thread) {
    const torch::NoGradGuard no_gradients;
    for (size_t start = static_cast<size_t>(thread) * kBatch; start < all.size();
         start += static_cast<size_t>(threads) * kBatch) {
      const size_t end = std::min(all.size(), start + kBatch);
      std::vector<cv::Mat> crops;
      std::vector<EyeTarget> targets;
      for (size_t i = start; i < end; ++i) {
        NamedRandom random(0, "validation", "unchanged");
        cv::Mat crop;
        targets.push_back(
            MakeTarget(corpus->Patch(all[i]), corpus->Label(all[i]), CropChange(), &random, &crop));
        crops.push_back(crop);
      }
      const Batch batch = Pack(crops, targets);
      const Decoded decoded = Decode(graph.Forward(batch.crops, nullptr));
      const Tensor heights = decoded.heights.contiguous(), points = decoded.points.contiguous();
      for (size_t i = start; i < end; ++i) {
        const auto b = static_cast<int64_t>(i - start);
        const EyeLabel& label = corpus->Label(all[i]);
        if (label.occluded != 0) continue;
        Row& row = rows[i];
        const float* upper = heights[b][0].data_ptr<float>();
        const float* lower = heights[b][1].data_ptr<float>();
        const float* point = points[b].data_ptr<float>();
        const double off_x = (kPatchWidth - kEyeCropWidth) / 2.0,
                     off_y = (kPatchHeight - kEyeCropHeight) / 2.0;
        const double px_per_mm = label.px_per_mm;
        const double iris_x = label.iris.x - off_x, iris_y = label.iris.y - off_y;
        const double true_upper = MarginAt(label.upper, label.iris.x) - off_y,
                     true_lower = MarginAt(label.lower, label.iris.x) - off_y;
        row.upper = (HeightAt(upper, iris_x) - true_upper) / px_per_mm;
        row.lower = (HeightAt(lower, iris_x) - true_lower) / px_per_mm;
        row.shut = (decoded.flags[b][4].item<float>() > 0) == (targets[i - start].shut > 0.5F);
        if (label.iris_visible < 0.1F) continue;
        row.x = (point[4] - iris_x) / px_per_mm;
        row.y = (point[5] - iris_y) / px_per_mm;
        row.size =
            std::exp(decoded.sizes[b][0].item<float>() - targets[i - start].log_half_width) - 1;
        // From the iris centre: the reflex is not always there.
        row.truth = (iris_y - true_upper) / px_per_mm;
        row.mrd1 = (point[5] - HeightAt(upper, point[4])) / px_per_mm;
      }
    }
  };
  std::vector<std::thread> workers;
  for (int t = 1; t < threads; ++t) workers.emplace_back(work, t);
  work(0);
  for (std::thread& worker : workers) worker.join();

  EyeErrors errors;
  const auto mean_size = [&rows](double Row::*member) {
    double sum = 0;
    int count = 0;
    for (const Row& row : rows) {
      if (!std::isfinite(row.*member)) continue;
      sum += std::abs(row.*member);
      ++count;
    }
    return sum / std::max(1, count);
  };
  errors.samples = static_cast<int>(rows.size());
  errors.upper_mm = mean_size(&Row::upper);
  errors.lower_mm = mean_size(&Row::lower);
  errors.iris_x_mm = mean_size(&Row::x);
  errors.iris_y_mm = mean_size(&Row::y);
  errors.size_share = mean_size(&Row::size);
  errors.shut_right = mean_size(&Row::shut);
  errors.bin_bias_mm.assign(10, 0);
  errors.bin_sd_mm.assign(10, 0);
  std::vector<int> counts(10, 0);
  double n = 0, x = 0, y = 0, xx = 0, xy = 0, sum = 0;
  for (const Row& row : rows) {
    if (!std::isfinite(row.truth) || !std::isfinite(row.mrd1)) continue;
    n += 1;
    x += row.truth;
    y += row.mrd1;
    xx += row.truth * row.truth;
    xy += row.truth * row.mrd1;
    sum += std::abs(row.mrd1 - row.truth);
    const int bin = static_cast<int>(std::floor(row.truth)) + 2;
    if (bin < 0 || bin >= 10) continue;
    ++counts[bin];
    errors.bin_bias_mm[bin] += row.mrd1 - row.truth;
    errors.bin_sd_mm[bin] += (row.mrd1 - row.truth) * (row.mrd1 - row.truth);
  }
  for (int bin = 0; bin < 10; ++bin) {
    const double count = std::max(1, counts[bin]);
    errors.bin_bias_mm[bin] /= count;
    errors.bin_sd_mm[bin] = std::sqrt(std::max(
        0.0, errors.bin_sd_mm[bin] / count - errors.bin_bias_mm[bin] * errors.bin_bias_mm[bin]));
  }
  errors.mrd1_mm = sum / std::max(1.0, n);
  errors.mrd1_slope = (n * xy - x * y) / (n * xx - x * x);
  return errors;
}

}  // namespace

Json ToJson(const EyeErrors& errors) {
  return {{"samples", errors.samples},
          {"upper_mae_mm", errors.upper_mm},
          {"lower_mae_mm", errors.lower_mm},
          {"iris_x_mae_mm", errors.iris_x_mm},
          {"iris_y_mae_mm", errors.iris_y_mm},
          {"iris_width_mae_share", errors.size_share},
          {"mrd1_mae_mm", errors.mrd1_mm},
          {"mrd1_slope", errors.mrd1_slope},
          {"mrd1_bin_bias_mm", errors.bin_bias_mm},
          {"mrd1_bin_sd_mm", errors.bin_sd_mm},
          {"shut_right_share", errors.shut_right}};
}

TrainedEyeNetwork TrainEyeNetwork(const fs::path& crops, const TrainingOptions& options,
                                  const fs::path& checkpoint,
                                  const std::function<void(const TrainingProgress&)>& progress) {
  at::set_num_threads(1);
  Corpus corpus(crops, options.validation_every);
  TrainableGraph graph(ForTraining(BuildEyeNetwork(options.seed, options.head)));
  Optimizer optimizer(graph.parameters());
  TrainedEyeNetwork result;
  int step = 0;
  const auto all_tensors = [&] {
    std::vector<Tensor> all;
    const std::vector<const std::vector<Tensor>*> lists = {&graph.parameters(), &graph.statistics(),
                                                           &optimizer.first, &optimizer.second,
                                                           &optimizer.average};
    for (const std::vector<Tensor>* list : lists) {
      for (const Tensor& tensor : *list) all.push_back(tensor.detach());
    }
    return all;
  };
  if (fs::exists(checkpoint)) {
    const torch::NoGradGuard no_gradients;
    std::vector<Tensor> saved;
    torch::load(saved, checkpoint.string());
    std::vector<Tensor> own = all_tensors();
    bool same = saved.size() == own.size() + 1;
    for (size_t k = 0; same && k < own.size(); ++k) same = saved[k].sizes() == own[k].sizes();
    if (!same) {
      throw DataError(fmt::format("{} is a checkpoint of another network.", checkpoint.string()));
    }
    for (size_t k = 0; k < own.size(); ++k) own[k].copy_(saved[k]);
    step = static_cast<int>(saved.back().item<int64_t>());
    const fs::path log = fs::path(checkpoint).replace_extension(".json");
    if (fs::exists(log)) result.history = ReadJsonFile(log);
  }

  const auto save = [&] {
    std::vector<Tensor> all = all_tensors();
    all.push_back(torch::tensor(static_cast<int64_t>(step)));
    fs::path part = checkpoint;
    part += ".part";
    torch::save(all, part.string());
    fs::rename(part, checkpoint);
    WriteJsonFile(fs::path(checkpoint).replace_extension(".json"), result.history);
  };
  const auto validate = [&] {
    // With the averaged parameters, as they will be delivered.
    const torch::NoGradGuard no_gradients;
    std::vector<Tensor> kept;
    for (size_t k = 0; k < optimizer.average.size(); ++k) {
      Tensor parameter = graph.parameters()[k];
      kept.push_back(parameter.detach().clone());
      parameter.copy_(optimizer.average[k]);
    }
    result.validation = Validate(graph, &corpus, options.threads);
    for (size_t k = 0; k < kept.size(); ++k) {
      Tensor parameter = graph.parameters()[k];
      parameter.copy_(kept[k]);
    }
  };

  const auto& pool = corpus.training();
  std::vector<size_t> order(pool.size());
  int epoch = -1;
  const int per_epoch = std::max(1, static_cast<int>(pool.size()) / options.batch);
  auto clock = std::chrono::steady_clock::now();
  double loss_sum = 0;
  int loss_count = 0;
  std::vector<TrainableGraph::Statistics> statistics(static_cast<size_t>(options.threads));
  for (; step < options.steps; ++step) {
    if (step / per_epoch != epoch) {
      epoch = step / per_epoch;
      std::iota(order.begin(), order.end(), size_t{0});
      NamedRandom random(options.seed, fmt::format("epoch {}", epoch), "order of training");
      for (size_t k = order.size() - 1; k > 0; --k)
        std::swap(order[k], order[random.Below(static_cast<uint32_t>(k + 1))]);
    }
    const size_t first = static_cast<size_t>(step % per_epoch) * static_cast<size_t>(options.batch);
    std::vector<std::vector<Tensor>> gradients(static_cast<size_t>(options.threads));
    std::vector<double> losses(static_cast<size_t>(options.threads));
    std::exception_ptr failure;
    std::mutex mutex;
    const auto work = [&](int thread) {
      try {
        std::vector<cv::Mat> pictures;
        std::vector<EyeTarget> targets;
        for (int k = thread; k < options.batch; k += options.threads) {
          const Corpus::Index& at = pool[order[(first + static_cast<size_t>(k)) % order.size()]];
          NamedRandom random(options.seed, fmt::format("step {} sample {}", step, k), "changes");
          CropChange change = DrawChange(&random);
          if (!options.randomised) change = PlacementOf(change);
          cv::Mat crop;
          targets.push_back(MakeTarget(corpus.Patch(at), corpus.Label(at), change, &random, &crop));
          pictures.push_back(crop);
        }
        TrainableGraph::Statistics& own = statistics[static_cast<size_t>(thread)];
        own.clear();
        for (const Tensor& tensor : graph.statistics()) own.push_back(tensor.clone());
        const Batch batch = Pack(pictures, targets);
        const Tensor loss = Loss(graph.Forward(batch.crops, &own), batch);
        losses[static_cast<size_t>(thread)] = loss.item<double>();
        gradients[static_cast<size_t>(thread)] = torch::autograd::grad({loss}, graph.parameters());
      } catch (...) {
        const std::lock_guard<std::mutex> lock(mutex);
        failure = std::current_exception();
      }
    };
    std::vector<std::thread> workers;
    for (int t = 1; t < options.threads; ++t) workers.emplace_back(work, t);
    work(0);
    for (std::thread& worker : workers) worker.join();
    if (failure) std::rethrow_exception(failure);

    const torch::NoGradGuard no_gradients;
    std::vector<Tensor> mean = gradients[0];
    TrainableGraph::Statistics running = statistics[0];
    for (int t = 1; t < options.threads; ++t) {
      for (size_t k = 0; k < mean.size(); ++k) mean[k] = mean[k] + gradients[t][k];
      for (size_t k = 0; k < running.size(); ++k) running[k] = running[k] + statistics[t][k];
    }
    for (Tensor& gradient : mean) gradient = gradient / options.threads;
    for (Tensor& tensor : running) tensor = tensor / options.threads;
    graph.SetStatistics(running);
    const double warm = std::min(1.0, (step + 1) / 400.0);
    const double rate = options.learning_rate * warm *
                        (0.01 + 0.99 * 0.5 * (1 + std::cos(M_PI * step / options.steps)));
    optimizer.Step(graph.parameters(), graph.decays(), mean, step, rate, options.weight_decay);
    for (const double loss : losses) loss_sum += loss / options.threads;
    ++loss_count;

    const bool last = step + 1 == options.steps;
    const bool validating = last || (step + 1) % options.validate_every == 0;
    if (!validating && (step + 1) % options.log_every != 0) continue;
    TrainingProgress report;
    report.step = step + 1;
    report.steps = options.steps;
    report.loss = loss_sum / loss_count;
    const auto now = std::chrono::steady_clock::now();
    report.seconds_per_step = std::chrono::duration<double>(now - clock).count() / loss_count;
    Json entry = {{"step", step + 1}, {"loss", report.loss}, {"learning_rate", rate}};
    if (validating) {
      validate();
      report.validation = &result.validation;
      entry["validation"] = ToJson(result.validation);
    }
    result.history.push_back(entry);
    progress(report);
    loss_sum = 0;
    loss_count = 0;
    clock = std::chrono::steady_clock::now();
    if (validating) {
      ++step;
      save();
      --step;
    }
  }
  if (result.validation.samples == 0) validate();
  result.graph = graph.Graph(optimizer.average);
  result.graph.outputs.resize(EyeNetworkContract().outputs.size());
  return result;
}

}  // namespace maskbench::training
