#include "resample_summary.h"

#include <algorithm>
#include <cmath>

#include "maskbench/stats/bootstrap.h"

namespace maskbench {

void SummariseResamples(std::vector<double> values, int resamples, double confidence,
                        IntervalEstimate* estimate) {
  std::sort(values.begin(), values.end());
  if (values.size() < 2 || values.size() * 2 < static_cast<size_t>(resamples) ||
      values.back() - values.front() < 1e-12) {
    estimate->standard_error = 0;
    estimate->status = EstimateStatus::kNoVariation;
    return;
  }
  const auto n = static_cast<double>(values.size());
  double mean = 0, squares = 0;
  for (const double value : values) mean += value / n;
  for (const double value : values) squares += (value - mean) * (value - mean);
  estimate->standard_error = std::sqrt(squares / (n - 1));
  estimate->interval = {SortedPercentile(values, 0.5 * (1 - confidence)),
                        SortedPercentile(values, 0.5 * (1 + confidence))};
  estimate->status = EstimateStatus::kGiven;
}

}  // namespace maskbench
