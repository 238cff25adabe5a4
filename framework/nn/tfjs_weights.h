#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "maskbench/core/json.h"

namespace maskbench {

/// One stored tensor, dequantised, in the axis order of the source (filters are HWIO).
struct TfjsWeight {
  std::vector<int64_t> shape;
  std::vector<float> floats;      ///< Filled for float tensors.
  std::vector<int64_t> integers;  ///< Filled for int32 tensors (shapes, axes, paddings).

  bool IsIntegral() const { return floats.empty(); }
};

using TfjsWeights = std::map<std::string, TfjsWeight>;

/// Reads the weights that a TensorFlow.js weights manifest (a list of groups) describes. The shards
/// of a group lie in `folder` and are concatenated in order. float16 values are widened, uint8 and
/// uint16 values become q·scale + min. Throws DataError on an unknown type, on a shard that is
/// missing, too short or too long, and on a malformed entry.
TfjsWeights ReadTfjsWeights(const Json& manifest, const std::filesystem::path& folder);

}  // namespace maskbench
