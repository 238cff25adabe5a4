#pragma once

#include <cstdint>
#include <vector>

namespace maskbench {

/// How many values fell into each bin, and how many beyond the last edge.
struct BinCounts {
  std::vector<int64_t> counts;
  int64_t above = 0;
};

/// Edges of `count` bins of equal width that start at 0, `per_unit` of them in 1. Each edge is the
/// number closest to i / per_unit, so edges of different runs are equal to the last bit.
std::vector<double> BinEdges(int count, int per_unit);

/// Bin i holds edges[i] ≤ value < edges[i + 1]. What rounding put below the first edge counts in
/// the first bin. @param values  no NaN. @param edges  ascending, at least two.
BinCounts CountInBins(const std::vector<double>& values, const std::vector<double>& edges);

}  // namespace maskbench
