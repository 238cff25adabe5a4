#pragma once

#include <cstdint>
#include <filesystem>

#include "maskbench/nn/contract.h"

namespace maskbench {

/// Floating-point operations of one run of a network: two for each multiplication with a weight in
/// convolutions and matrix products; all else (activations, pooling, resizing) is not counted.
/// Throws DataError when the file cannot be read.
double NetworkOperations(const std::filesystem::path& file, const NetworkContract& contract,
                         int batch);

/// Operations per second that a product of two single-precision 1024 × 1024 matrices reaches on one
/// thread: what the processor can do at best for a network.
double ProductSpeed();

}  // namespace maskbench
