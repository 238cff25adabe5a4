#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "maskbench/core/json.h"
#include "maskbench/nn/layer_graph.h"

#include "experiments/training/learned_reader/reading_shard.h"

namespace maskbench::training {

struct FrameTrainingOptions {
  std::uint64_t seed = 1;
  int steps = 5000, batch = 64;
  int log_every = 100, validate_every = 1000;
};

/// Mean absolute errors of the frame network; eyes that are covered or shut do not count.
struct FrameErrors {
  int eyes = 0;
  double mrd1_mm = 0, mrd2_mm = 0, nasal_deg = 0, up_deg = 0;
  double covered_right = 0;  ///< Share of eyes rightly called covered or free.
};
Json ToJson(const FrameErrors& errors);

struct TrainedFrameNetwork {
  LayerGraph graph;  ///< Before folding.
  Json history = Json::array();
  FrameErrors validation;
};

/// Trains the frame network on the pictures of `training`, watching every tenth of those of
/// `validation`. One thread; goes on from `checkpoint` when that file is there. Throws DataError.
TrainedFrameNetwork TrainFrameNetwork(
    const std::vector<std::filesystem::path>& training,
    const std::vector<std::filesystem::path>& validation, const FrameTrainingOptions& options,
    const std::filesystem::path& checkpoint,
    const std::function<void(int step, int steps, const std::string& what)>& progress);

}  // namespace maskbench::training
