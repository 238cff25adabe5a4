#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <vector>

#include "maskbench/core/rng.h"
#include "maskbench/stats/interval_estimate.h"

namespace maskbench {

/// Additive counts of patients: a row of `width` numbers for each patient who was counted, such as
/// the cells of a table over his eyes. Any statistic of the sums can then be resampled over
/// patients without a copy of the readings.
class ClusterCounts {
 public:
  /// @param width  numbers per row, at least 1.
  explicit ClusterCounts(int width);

  /// Adds to one number of a patient's row; the first time, the row is made. Ids need not be
  /// dense. Throws UsageError for a column outside 0 … width − 1.
  void Add(int patient, int column, double count = 1);

  int width() const { return width_; }
  /// Patients who were counted.
  int size() const { return static_cast<int>(row_of_.size()); }
  /// Row of the i-th patient in order of first appearance.
  const double* Row(int i) const { return rows_.data() + static_cast<size_t>(i) * width_; }
  /// Sums over all patients.
  std::vector<double> Totals() const;

 private:
  int width_;
  std::map<int, int> row_of_;
  std::vector<double> rows_;
};

/// A statistic of sums of counts; NaN where it is undefined.
using CountStatistic = std::function<double(const std::vector<double>& totals)>;

/// Bootstrap over patients of a statistic of summed counts: as many patients as there are, drawn
/// with replacement, each with all his eyes. Patients with equal rows are counted together, so a
/// resample costs one draw per patient and one pass over the distinct rows.
class ClusterBootstrap {
 public:
  /// @param resamples  at least 1. Resamples in which the statistic is NaN are left out.
  ClusterBootstrap(const ClusterCounts& counts, int resamples, NamedRandom random,
                   const CountStatistic& statistic);

  /// Of all patients, each once.
  double value() const { return value_; }
  /// Standard deviation over resamples; NaN below two.
  double StandardError() const;
  /// Resamples that gave a value, in ascending order.
  const std::vector<double>& sorted() const { return sorted_; }

  /// Bias-corrected and accelerated interval (Efron, J Am Stat Assoc 82:171, 1987;
  /// acceleration from the jackknife over patients; half of the ties count as below). NaN
  /// when fewer than half of the resamples gave a value, or when all of them lie on one side.
  Interval Bca(double confidence = 0.95) const;
  /// Percentile interval under the same conditions.
  Interval Percentile(double confidence = 0.95) const;

  /// How confident the data make one that the true value lies below `x`: the level at which the
  /// one-sided BCa bound is `x`. So 1 − ConfidenceBelow(m) is the p-value of "at least m". Never
  /// below 1 / (resamples + 1) nor above one minus that; NaN when no interval can be given.
  double ConfidenceBelow(double x) const;

  /// Value, standard error and BCa interval. `kOneCategory` when the statistic of all is NaN.
  IntervalEstimate ToEstimate(double confidence = 0.95) const;

 private:
  bool Usable() const;
  double ShareBelow(double x) const;

  int patients_, resamples_;
  double value_, bias_ = 0, acceleration_ = 0;
  std::vector<double> sorted_;
};

}  // namespace maskbench
