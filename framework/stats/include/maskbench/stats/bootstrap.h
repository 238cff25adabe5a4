#pragma once

#include <functional>
#include <vector>

#include "maskbench/core/rng.h"
#include "maskbench/stats/interval.h"

namespace maskbench {

/// Percentile of sorted values with linear interpolation (Hyndman & Fan type 7). 0 ≤ p ≤ 1.
double SortedPercentile(const std::vector<double>& sorted, double p);

/// The statistic's values when people are resampled with replacement, in ascending order.
/// @param statistic  gets how often each of the people was drawn; NaN results are left out.
/// @return           empty when fewer than half of the resamples gave a value.
std::vector<double> SubjectBootstrapValues(
    int subject_count, int resamples, NamedRandom random,
    const std::function<double(const std::vector<double>&)>& statistic);

/// 95 % percentile interval from resampling people with replacement.
/// @param statistic  gets how often each of the people was drawn; NaN results are left out.
/// @return           NaN bounds when fewer than half of the resamples gave a value.
Interval SubjectBootstrap(int subject_count, int resamples, NamedRandom random,
                          const std::function<double(const std::vector<double>&)>& statistic);

}  // namespace maskbench
