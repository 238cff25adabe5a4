#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "maskbench/core/json.h"
#include "maskbench/nn/layer_graph.h"

#include "experiments/training/learned_reader/reading_cases.h"

namespace maskbench::training {

struct TimeTrainingOptions {
  std::uint64_t seed = 1;
  int steps = 2500;
  int batch = 24;  ///< Eyes.
  int log_every = 100, validate_every = 500;
  /// Of the examples, how many are read from pictures; the rest are examinations with borrowed
  /// errors.
  double read_share = 0.5;
};

struct TrainedTimeNetwork {
  LayerGraph graph;  ///< Before folding.
  Json history = Json::array();
};

/// Trains the time network on readings of `recordings` (with at least one reading each) and on
/// `examinations` with errors borrowed from readings of recordings of the same condition. One
/// thread; goes on from `checkpoint` when that file is there. Throws DataError.
/// @param validation  read once each; watched alone.
TrainedTimeNetwork TrainTimeNetwork(
    const std::vector<ReaderCase>& recordings, const std::vector<ReaderCase>& examinations,
    const std::vector<ReaderCase>& validation, const TimeTrainingOptions& options,
    const std::filesystem::path& checkpoint,
    const std::function<void(int step, int steps, const std::string& what)>& progress);

}  // namespace maskbench::training
