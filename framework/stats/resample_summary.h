#pragma once

#include <vector>

#include "maskbench/stats/interval_estimate.h"

namespace maskbench {

/// Sets the standard error and the percentile interval of an estimate from its resamples; those
/// without a value are left out before. `kNoVariation` without an interval when fewer than half of
/// them gave a value, or when all values are equal.
void SummariseResamples(std::vector<double> values, int resamples, double confidence,
                        IntervalEstimate* estimate);

}  // namespace maskbench
