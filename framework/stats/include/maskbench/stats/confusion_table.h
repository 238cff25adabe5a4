#pragma once

#include <vector>

#include "maskbench/stats/cluster_counts.h"

namespace maskbench {

/// How often two readings of the same eyes gave which categories: rows are the first reading (the
/// original), columns the second one (masked).
class ConfusionTable {
 public:
  /// @param categories  at least 1.
  explicit ConfusionTable(int categories);
  /// @param counts  categories² numbers, row by row, none negative. Throws UsageError otherwise.
  ConfusionTable(int categories, std::vector<double> counts);

  /// Throws UsageError for a category outside 0 … categories − 1.
  void Add(int first, int second, double count = 1);

  int categories() const { return categories_; }
  double At(int first, int second) const { return counts_[first * categories_ + second]; }
  double Total() const;
  /// Row by row.
  const std::vector<double>& counts() const { return counts_; }

 private:
  int categories_;
  std::vector<double> counts_;
};

/// Two readings of one eye. Categories count from 0; of presence, 1 is present.
struct PairedReading {
  int patient = 0;
  int first = 0;
  int second = 0;
};

/// A row of categories² table cells (row by row) for each patient. Throws UsageError for a category
/// outside 0 … categories − 1.
ClusterCounts CountPairs(const std::vector<PairedReading>& readings, int categories);

}  // namespace maskbench
