#pragma once

#include <cstdint>
#include <functional>
#include <numeric>
#include <vector>

namespace maskbench {

/// A dense row-major array of floats: the last axis varies fastest.
struct Tensor {
  std::vector<int64_t> shape;
  std::vector<float> values;

  /// Product of the axis lengths; 1 for a scalar (empty shape).
  int64_t NumElements() const {
    return std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<int64_t>());
  }
};

}  // namespace maskbench
