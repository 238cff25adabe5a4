#pragma once

#include <vector>

namespace maskbench {

/// P-values of a family of tests, adjusted so that comparing each with alpha keeps the chance of
/// any false finding below alpha (Holm, Scand J Stat 6:65, 1979). Same order. NaN, a test that
/// could not be made, stays NaN and does not count. Throws UsageError for values outside 0 … 1.
std::vector<double> HolmAdjust(const std::vector<double>& p_values);

}  // namespace maskbench
