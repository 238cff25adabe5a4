#include "experiments/training/learned_reader/frame_trainer.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <utility>

#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <opencv2/core.hpp>

#include "maskbench/core/error.h"
#include "maskbench/core/rng.h"
#include "maskbench/perception/reader_crop.h"

#include "experiments/training/learned_reader/parameter_step.h"
#include "experiments/training/learned_reader/picture_changes.h"

namespace maskbench::training {
namespace {

using torch::Tensor;

constexpr int kPlane = kReaderCropWidth * kReaderCropHeight;
constexpr int kMeasured = 4;  // Outputs with an expected error of their own.
constexpr double kDegreesPerUnit = 10, kMmPerUnit = 2;
constexpr float kMeasuredMost = 4;  // Units; beyond it a target says no more.

struct Pool {
  std::vector<ReadingShard> shards;
  struct Eye {
    int shard, frame, side;
  };
  std::vector<Eye> eyes;

  Pool(const std::vector<std::filesystem::path>& files, int stride) {
    for (const auto& file : files) {
      shards.push_back(ReadReadingShard(file));
      const ReadingShard& shard = shards.back();
      if (!shard.has_crops) throw DataError(fmt::format("{} holds no pictures.", file.string()));
      for (size_t f = 0; f < shard.frames.size(); f += static_cast<size_t>(stride)) {
        if (shard.frames[f].seen == 0) continue;
        for (const int side : {0, 1})
          eyes.push_back({static_cast<int>(shards.size()) - 1, static_cast<int>(f), side});
      }
    }
    if (eyes.empty()) throw DataError("There is no picture with a face to train on.");
  }
};

struct Batch {
  Tensor input, targets, weights;
};

/// @param random  null: pictures as they are.
Batch MakeBatch(const Pool& pool, const std::vector<Pool::Eye>& eyes, NamedRandom* random) {
  const auto count = static_cast<int64_t>(eyes.size());
  Batch batch;
  batch.input = torch::empty({count, 2, kReaderCropHeight, kReaderCropWidth});
  batch.targets = torch::zeros({count, kReaderCovered + 1});
  batch.weights = torch::zeros({count, kReaderCovered + 1});
  for (int64_t k = 0; k < count; ++k) {
    const Pool::Eye& eye = eyes[static_cast<size_t>(k)];
    const ReadingShard& shard = pool.shards[static_cast<size_t>(eye.shard)];
    const auto frame = static_cast<size_t>(eye.frame);
    float* planes = batch.input.data_ptr<float>() + k * 2 * kPlane;
    for (const bool face : {false, true}) {
      const PictureChange change =
          random != nullptr ? DrawPictureChange(random, face) : PictureChange();
      const cv::Mat patch = face ? shard.FacePatch(frame) : shard.EyePatch(frame, eye.side);
      NormaliseGrey(ChangePicture(patch, face && eye.side == 0, change, random),
                    planes + (face ? kPlane : 0));
    }
    const EyeNow& now = shard.frames[frame].eyes[static_cast<size_t>(eye.side)];
    const float numbers[] = {now.mrd1_mm,        now.mrd2_mm,     now.nasal_deg, now.up_deg,
                             now.head_nasal_deg, now.head_up_deg, now.shut,      now.covered};
    float* target = batch.targets.data_ptr<float>() + k * (kReaderCovered + 1);
    float* weight = batch.weights.data_ptr<float>() + k * (kReaderCovered + 1);
    for (int t = 0; t <= kReaderCovered; ++t) {
      float value = numbers[t];
      bool counts = std::isfinite(value);
      if (t < kReaderShut) {
        const ReaderUnit& unit = kReaderFrameUnits[static_cast<size_t>(t)];
        value = (value - unit.offset) / unit.unit;
        if (t < kMeasured) value = std::clamp(value, -kMeasuredMost, kMeasuredMost);
      }
      // What is out of sight is not to be guessed.
      if (t < kMeasured && now.covered > 0.3F) counts = false;
      if ((t == kReaderNasal || t == kReaderUp) && now.shut > 0) counts = false;
      target[t] = counts ? value : 0.0F;
      weight[t] = counts ? 1.0F : 0.0F;
    }
  }
  return batch;
}

Tensor Loss(const Tensor& values, const Batch& batch) {
  const auto mean = [](const Tensor& losses, const Tensor& weights) {
    return (losses * weights).sum() / (weights.sum() + 1e-6);
  };
  const auto part = [](const Tensor& tensor, int from, int count) {
    return tensor.narrow(1, from, count);
  };
  // Laplace distributions around what is said, as wide as is said. A little plain error keeps the
  // places learning where the widths run away.
  const Tensor error = (part(values, 0, kMeasured) - part(batch.targets, 0, kMeasured)).abs();
  const Tensor log_width = part(values, kReaderMrd1LogError, kMeasured).clamp(-5, 2);
  const Tensor measured = error * torch::exp(-log_width) + log_width + 2 * error;
  const Tensor head =
      torch::smooth_l1_loss(part(values, kReaderHeadNasal, 2),
                            part(batch.targets, kReaderHeadNasal, 2), at::Reduction::None, 0.1);
  const Tensor states = torch::binary_cross_entropy_with_logits(part(values, kReaderShut, 2),
                                                                part(batch.targets, kReaderShut, 2),
                                                                {}, {}, at::Reduction::None);
  return mean(measured, part(batch.weights, 0, kMeasured)) +
         0.5 * mean(head, part(batch.weights, kReaderHeadNasal, 2)) +
         0.5 * mean(states, part(batch.weights, kReaderShut, 2));
}

FrameErrors Validate(const TrainableGraph& graph, const Pool& pool) {
  constexpr size_t kBatch = 64;
  const torch::NoGradGuard no_gradients;
  double sums[kMeasured] = {0}, counts[kMeasured] = {0}, right = 0;
  for (size_t from = 0; from < pool.eyes.size(); from += kBatch) {
    const size_t to = std::min(pool.eyes.size(), from + kBatch);
    const Batch batch = MakeBatch(pool,
                                  {pool.eyes.begin() + static_cast<std::ptrdiff_t>(from),
                                   pool.eyes.begin() + static_cast<std::ptrdiff_t>(to)},
                                  nullptr);
    const Tensor values = graph.Forward(batch.input, nullptr)[0];
    const auto seen = values.accessor<float, 2>(), target = batch.targets.accessor<float, 2>(),
               weight = batch.weights.accessor<float, 2>();
    for (int64_t k = 0; k < values.size(0); ++k) {
      right += (seen[k][kReaderCovered] > 0) == (target[k][kReaderCovered] > 0.5F) ? 1 : 0;
      if (target[k][kReaderShut] > 0.5F) continue;
      for (int t = 0; t < kMeasured; ++t) {
        sums[t] += weight[k][t] * std::abs(seen[k][t] - target[k][t]);
        counts[t] += weight[k][t];
      }
    }
  }
  const auto mean = [&](int t) { return sums[t] / std::max(1.0, counts[t]); };
  FrameErrors errors;
  errors.eyes = static_cast<int>(pool.eyes.size());
  errors.mrd1_mm = kMmPerUnit * mean(kReaderMrd1);
  errors.mrd2_mm = kMmPerUnit * mean(kReaderMrd2);
  errors.nasal_deg = kDegreesPerUnit * mean(kReaderNasal);
  errors.up_deg = kDegreesPerUnit * mean(kReaderUp);
  errors.covered_right = right / static_cast<double>(pool.eyes.size());
  return errors;
}

}  // namespace

Json ToJson(const FrameErrors& errors) {
  return {{"eyes", errors.eyes},           {"mrd1_mae_mm", errors.mrd1_mm},
          {"mrd2_mae_mm", errors.mrd2_mm}, {"nasal_mae_deg", errors.nasal_deg},
          {"up_mae_deg", errors.up_deg},   {"covered_right_share", errors.covered_right}};
}

TrainedFrameNetwork TrainFrameNetwork(
    const std::vector<std::filesystem::path>& training,
    const std::vector<std::filesystem::path>& validation, const FrameTrainingOptions& options,
    const std::filesystem::path& checkpoint,
    const std::function<void(int, int, const std::string&)>& progress) {
  at::set_num_threads(1);
  constexpr int kValidationStride = 10;
  const Pool pool(training, 1), watched(validation, kValidationStride);
  GraphTraining::Options learning;
  learning.steps = options.steps;
  learning.warm_up = std::min(300, options.steps / 4 + 1);
  GraphTraining now(BuildReaderFrame(options.seed), learning);
  TrainedFrameNetwork result;
  now.Load(checkpoint, &result.history);
  const int batch = std::min<int>(options.batch, static_cast<int>(pool.eyes.size()));
  const int per_epoch = std::max(1, static_cast<int>(pool.eyes.size()) / batch);
  std::vector<size_t> order(pool.eyes.size());
  int epoch = -1, counted = 0;
  double loss_sum = 0;
  while (!now.done()) {
    const int step = now.step();
    if (step / per_epoch != epoch) {
      epoch = step / per_epoch;
      std::iota(order.begin(), order.end(), size_t{0});
      NamedRandom random(options.seed, fmt::format("epoch {}", epoch), "reader frames order");
      for (size_t k = order.size() - 1; k > 0; --k)
        std::swap(order[k], order[random.Below(static_cast<std::uint32_t>(k + 1))]);
    }
    std::vector<Pool::Eye> eyes;
    for (int k = 0; k < batch; ++k)
      eyes.push_back(
          pool.eyes[order[static_cast<size_t>(step % per_epoch) * static_cast<size_t>(batch) +
                          static_cast<size_t>(k)]]);
    NamedRandom random(options.seed, fmt::format("step {}", step), "reader picture changes");
    const Batch made = MakeBatch(pool, eyes, &random);
    const Tensor loss = Loss(now.graph().Forward(made.input, now.statistics())[0], made);
    loss_sum += loss.item<double>();
    ++counted;
    now.Step(loss);
    const bool validating = now.done() || now.step() % options.validate_every == 0;
    if (!validating && now.step() % options.log_every != 0) continue;
    Json entry = {{"step", now.step()}, {"loss", loss_sum / counted}};
    std::string what = fmt::format("loss {:.3f}", loss_sum / counted);
    loss_sum = counted = 0;
    if (validating) {
      now.WithAverage([&] { result.validation = Validate(now.graph(), watched); });
      entry["validation"] = ToJson(result.validation);
      what += fmt::format(", MRD1 off by {:.2f} mm, MRD2 {:.2f} mm, gaze {:.2f} and {:.2f} deg",
                          result.validation.mrd1_mm, result.validation.mrd2_mm,
                          result.validation.nasal_deg, result.validation.up_deg);
    }
    result.history.push_back(entry);
    progress(now.step(), options.steps, what);
    if (validating) now.Save(checkpoint, result.history);
  }
  if (result.validation.eyes == 0)
    now.WithAverage([&] { result.validation = Validate(now.graph(), watched); });
  result.graph = now.Delivered();
  return result;
}

}  // namespace maskbench::training
