#include "maskbench/stats/cluster_counts.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/stats/bootstrap.h"
#include "maskbench/stats/distributions.h"

namespace maskbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// Patients with equal rows, counted together.
struct Patterns {
  std::vector<std::vector<double>> rows;
  std::vector<int> patients;    // Per row.
  std::vector<int> of_patient;  // Row of each patient.
};

Patterns FindPatterns(const ClusterCounts& counts) {
  Patterns patterns;
  std::map<std::vector<double>, int> index;
  for (int i = 0; i < counts.size(); ++i) {
    std::vector<double> row(counts.Row(i), counts.Row(i) + counts.width());
    const auto [found, is_new] = index.try_emplace(row, static_cast<int>(index.size()));
    if (is_new) {
      patterns.rows.push_back(std::move(row));
      patterns.patients.push_back(0);
    }
    ++patterns.patients[found->second];
    patterns.of_patient.push_back(found->second);
  }
  return patterns;
}

}  // namespace

ClusterCounts::ClusterCounts(int width) : width_(width) {
  if (width < 1) throw UsageError(fmt::format("Counts need at least 1 column, not {}.", width));
}

void ClusterCounts::Add(int patient, int column, double count) {
  if (column < 0 || column >= width_)
    throw UsageError(fmt::format("Column {} does not exist; there are {}.", column, width_));
  const auto [found, is_new] = row_of_.try_emplace(patient, size());
  if (is_new) rows_.resize(rows_.size() + width_, 0.0);
  rows_[static_cast<size_t>(found->second) * width_ + column] += count;
}

std::vector<double> ClusterCounts::Totals() const {
  std::vector<double> totals(width_, 0.0);
  for (size_t i = 0; i < rows_.size(); ++i) totals[i % width_] += rows_[i];
  return totals;
}

ClusterBootstrap::ClusterBootstrap(const ClusterCounts& counts, int resamples, NamedRandom random,
                                   const CountStatistic& statistic)
    : patients_(counts.size()), resamples_(resamples) {
  const std::vector<double> all = counts.Totals();
  value_ = statistic(all);
  if (patients_ < 2 || std::isnan(value_)) return;

  const Patterns patterns = FindPatterns(counts);
  const size_t kinds = patterns.rows.size();
  std::vector<int> drawn(kinds);
  std::vector<double> totals(counts.width());
  sorted_.reserve(resamples);
  for (int resample = 0; resample < resamples; ++resample) {
    std::fill(drawn.begin(), drawn.end(), 0);
    for (int i = 0; i < patients_; ++i) ++drawn[patterns.of_patient[random.Below(patients_)]];
    std::fill(totals.begin(), totals.end(), 0.0);
    for (size_t kind = 0; kind < kinds; ++kind) {
      if (drawn[kind] == 0) continue;
      const std::vector<double>& row = patterns.rows[kind];
      for (size_t column = 0; column < totals.size(); ++column)
        totals[column] += drawn[kind] * row[column];
    }
    const double value = statistic(totals);
    if (!std::isnan(value)) sorted_.push_back(value);
  }
  std::sort(sorted_.begin(), sorted_.end());

  // Jackknife over patients, once for each kind of row.
  double mean = 0, kept = 0;
  std::vector<double> left_out(kinds, kNan);
  for (size_t kind = 0; kind < kinds; ++kind) {
    for (size_t column = 0; column < totals.size(); ++column)
      totals[column] = all[column] - patterns.rows[kind][column];
    left_out[kind] = statistic(totals);
    if (std::isnan(left_out[kind])) continue;
    mean += patterns.patients[kind] * left_out[kind];
    kept += patterns.patients[kind];
  }
  mean /= std::max(1.0, kept);
  double squares = 0, cubes = 0;
  for (size_t kind = 0; kind < kinds; ++kind) {
    if (std::isnan(left_out[kind])) continue;
    const double lead = mean - left_out[kind];
    squares += patterns.patients[kind] * lead * lead;
    cubes += patterns.patients[kind] * lead * lead * lead;
  }
  acceleration_ = squares > 0 ? cubes / (6 * std::pow(squares, 1.5)) : 0;
  if (!sorted_.empty()) bias_ = InverseNormalCdf(ShareBelow(value_));
}

double ClusterBootstrap::ShareBelow(double x) const {
  const auto [first, last] = std::equal_range(sorted_.begin(), sorted_.end(), x);
  const auto below = static_cast<double>(first - sorted_.begin());
  return (below + 0.5 * static_cast<double>(last - first)) / static_cast<double>(sorted_.size());
}

bool ClusterBootstrap::Usable() const {
  return patients_ >= 2 && sorted_.size() * 2 >= static_cast<size_t>(resamples_) &&
         sorted_.size() >= 2 && sorted_.front() < sorted_.back() && std::isfinite(bias_);
}

double ClusterBootstrap::StandardError() const {
  if (sorted_.size() < 2) return kNan;
  const auto n = static_cast<double>(sorted_.size());
  double mean = 0, squares = 0;
  for (const double value : sorted_) mean += value / n;
  for (const double value : sorted_) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / (n - 1));
}

Interval ClusterBootstrap::Bca(double confidence) const {
  if (!Usable()) return {};
  const auto bound = [&](double tail) {
    const double shifted = bias_ + InverseNormalCdf(tail);
    return SortedPercentile(sorted_, NormalCdf(bias_ + shifted / (1 - acceleration_ * shifted)));
  };
  return {bound(0.5 * (1 - confidence)), bound(0.5 * (1 + confidence))};
}

Interval ClusterBootstrap::Percentile(double confidence) const {
  if (!Usable()) return {};
  return {SortedPercentile(sorted_, 0.5 * (1 - confidence)),
          SortedPercentile(sorted_, 0.5 * (1 + confidence))};
}

double ClusterBootstrap::ConfidenceBelow(double x) const {
  if (!Usable()) return kNan;
  const double least = 1 / (static_cast<double>(sorted_.size()) + 1);
  const double share = std::min(1 - least, std::max(least, ShareBelow(x)));
  const double step = InverseNormalCdf(share) - bias_;
  const double confidence = NormalCdf(step / (1 + acceleration_ * step) - bias_);
  return std::min(1 - least, std::max(least, confidence));
}

IntervalEstimate ClusterBootstrap::ToEstimate(double confidence) const {
  IntervalEstimate estimate;
  estimate.value = value_;
  if (patients_ == 0) return estimate;
  if (std::isnan(value_)) {
    estimate.status = EstimateStatus::kOneCategory;
  } else if (patients_ < 2) {
    estimate.status = EstimateStatus::kTooFewClusters;
  } else {
    estimate.standard_error = StandardError();
    estimate.interval = Bca(confidence);
    estimate.status =
        std::isnan(estimate.interval.low) ? EstimateStatus::kNoVariation : EstimateStatus::kGiven;
  }
  return estimate;
}

}  // namespace maskbench
