#include "maskbench/stats/histogram.h"

#include <algorithm>

namespace maskbench {

std::vector<double> BinEdges(int count, int per_unit) {
  std::vector<double> edges(static_cast<size_t>(count) + 1);
  for (size_t i = 0; i < edges.size(); ++i) edges[i] = static_cast<double>(i) / per_unit;
  return edges;
}

BinCounts CountInBins(const std::vector<double>& values, const std::vector<double>& edges) {
  BinCounts bins;
  bins.counts.assign(edges.size() - 1, 0);
  for (const double value : values) {
    const auto after = std::upper_bound(edges.begin(), edges.end(), value) - edges.begin();
    if (static_cast<size_t>(after) == edges.size()) {
      ++bins.above;
    } else {
      ++bins.counts[static_cast<size_t>(std::max<std::ptrdiff_t>(after - 1, 0))];
    }
  }
  return bins;
}

}  // namespace maskbench
