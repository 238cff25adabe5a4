#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "maskbench/core/option_table.h"

namespace maskbench {

/// What data set is to be made. Zeroes and empty values are left to the preset.
struct DatasetRecipe {
  /// Of a DatasetMaker; empty: nothing is made.
  std::string maker;
  std::string preset;
  int patients = 0;
  int recordings = 0;  ///< Per patient.
  double seconds = 0;  ///< Of one recording.
  double rate_hz = 0;  ///< Frames per second.
  int width_px = 0, height_px = 0;
  std::optional<std::uint64_t> seed;
  /// Shares of subjects for training, tuning and testing; they add up to 1.
  std::vector<double> splits;

  static const OptionTable<DatasetRecipe>& Options();
};

/// First seed that the project leaves to evaluators outside: it trains, tunes and tests below.
inline constexpr std::uint64_t kFirstOutsideSeed = 900'000;

/// For each of `count` subjects "train", "tune" or "test", as near to the shares as whole subjects
/// allow. Blocks of `block` successive subjects stay together, so that what alternates inside a
/// block is balanced in every split.
std::vector<std::string> SplitSubjects(int count, const std::vector<double>& shares, int block);

}  // namespace maskbench
