#pragma once

#include <limits>

#include "maskbench/stats/interval.h"

namespace maskbench {

/// How much of an estimate could be given.
enum class EstimateStatus {
  kGiven,           ///< Value, standard error and interval.
  kNoData,          ///< Nothing: there was nothing to estimate from.
  kOneCategory,     ///< Nothing: all is in one category, so that agreement by chance is complete.
  kTooFewClusters,  ///< A value; fewer than two patients say nothing of how it would vary.
  kNoVariation,     ///< A value at which the estimated variance vanishes, such as full agreement:
                    ///< the standard error is 0, and there is an interval only where the function
                    ///< names another ground for it.
};

/// The status in a few words for a report, e.g. "one category only". Empty for kGiven.
const char* Explain(EstimateStatus status);

/// A figure with what is known of its precision. What cannot be given is NaN.
struct IntervalEstimate {
  double value = std::numeric_limits<double>::quiet_NaN();
  double standard_error = std::numeric_limits<double>::quiet_NaN();
  Interval interval;
  EstimateStatus status = EstimateStatus::kNoData;
};

}  // namespace maskbench
