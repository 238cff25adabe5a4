#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "maskbench/core/json.h"
#include "maskbench/nn/eye_network.h"
#include "maskbench/nn/layer_graph.h"

#include "experiments/training/eye_network/crop_shard.h"

namespace maskbench::training {

struct TrainingOptions {
  std::uint64_t seed = 1;
  int steps = 20000;
  int batch = 64;
  /// Work in parallel; results depend on it, since each thread normalises its own share of a batch.
  int threads = 2;
  double learning_rate = 2e-3;  ///< Highest; warms up and falls along a cosine.
  double weight_decay = 0.02;
  /// Every so many subjects one is kept for validation.
  int validation_every = 10;
  int log_every = 250;
  int validate_every = 2000;
  EyeNetworkHead head = EyeNetworkHead::kMaps;
  /// Without, crops are shifted, turned and scaled as the face mesh does, but no colour is changed,
  /// no noise and no blur is added.
  bool randomised = true;
};

/// Errors on the validation subjects.
struct EyeErrors {
  int samples = 0;
  double upper_mm = 0, lower_mm = 0;  ///< Mean absolute, at the iris.
  double iris_x_mm = 0, iris_y_mm = 0;
  double size_share = 0;  ///< Mean absolute error of the iris' width.
  double mrd1_mm = 0, mrd1_slope = 0;
  /// By true MRD1, −2…−1 to 7…8 mm.
  std::vector<double> bin_bias_mm, bin_sd_mm;
  double shut_right = 0;  ///< Share of eyes whose lids are rightly called touching or apart.
};
Json ToJson(const EyeErrors& errors);

struct TrainingProgress {
  int step = 0, steps = 0;
  double loss = 0;
  double seconds_per_step = 0;
  const EyeErrors* validation = nullptr;
};

struct TrainedEyeNetwork {
  LayerGraph graph;  ///< Before folding.
  EyeErrors validation;
  Json history = Json::array();
};

/// Trains the eye network on a folder of shards. Subjects for validation are never trained on. Goes
/// on from `checkpoint` when that file is there, and writes it at every validation; pass the same
/// options again. Throws DataError.
TrainedEyeNetwork TrainEyeNetwork(const std::filesystem::path& crops,
                                  const TrainingOptions& options,
                                  const std::filesystem::path& checkpoint,
                                  const std::function<void(const TrainingProgress&)>& progress);

}  // namespace maskbench::training
