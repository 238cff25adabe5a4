#pragma once

#include <cstdint>
#include <vector>

#include "maskbench/nn/contract.h"

namespace maskbench {

/// A bijection of 32-bit integers in which every input bit moves every output bit (multipliers from
/// C. Wellons' search for low-bias hashes). scripts/golden has the same in JavaScript.
inline uint32_t Hash32(uint32_t x) {
  x ^= x >> 16;
  x *= 0x7feb352dU;
  x ^= x >> 15;
  x *= 0x846ca68bU;
  x ^= x >> 16;
  return x;
}

/// The fixed input of the golden files, one item of NCHW: element i is low + (high − low)·h/2²⁴
/// with h the upper 24 bits of Hash32(i + 1). The sum is exact in double and rounded once.
inline std::vector<float> HashInput(const NetworkContract& contract, double low, double high) {
  std::vector<float> values(static_cast<size_t>(contract.InputElementsPerItem()));
  for (size_t i = 0; i < values.size(); ++i) {
    const uint32_t h = Hash32(static_cast<uint32_t>(i) + 1) >> 8;
    values[i] = static_cast<float>(low + (high - low) * (h / 16777216.0));
  }
  return values;
}

}  // namespace maskbench
