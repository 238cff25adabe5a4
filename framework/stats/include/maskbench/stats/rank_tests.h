#pragma once

#include <limits>
#include <vector>

#include "maskbench/stats/interval.h"

namespace maskbench {

/// Are paired differences symmetric about 0?
struct SignedRankTest {
  int differences = 0;  ///< Those other than 0, which are ranked.
  int zeros = 0;        ///< Left out (Wilcoxon 1945).
  /// Sum of the ranks of positive differences.
  double positive_ranks = std::numeric_limits<double>::quiet_NaN();
  /// Two-sided; 1 where all differences are 0, NaN without any.
  double p_value = std::numeric_limits<double>::quiet_NaN();
  /// From the distribution itself, not from the normal approximation.
  bool exact = false;
};

/// Wilcoxon's signed-rank test (Wilcoxon, Biometrics Bulletin 1:80, 1945). Zeros are left out,
/// equal sizes share the mean of their ranks. Exact up to 50 differences, with ties by the
/// distribution given those ranks; above that normal with the variance for ties and a correction
/// for continuity (Hollander & Wolfe, *Nonparametric Statistical Methods*, 1999, section 3.1). NaN
/// is left out.
SignedRankTest WilcoxonSignedRank(const std::vector<double>& differences);

/// Are two independent samples from one distribution?
struct RankSumTest {
  int first = 0, second = 0;  ///< Sizes of the samples.
  /// Pairs in which the second value is the larger one; equal values count half.
  double u = std::numeric_limits<double>::quiet_NaN();
  /// Two-sided; NaN when a sample is empty.
  double p_value = std::numeric_limits<double>::quiet_NaN();
  bool exact = false;
};

/// Mann & Whitney's U test (Ann Math Stat 18:50, 1947). Exact up to 60 values together, with ties
/// by the distribution given the mean ranks; above that normal with the variance for ties and a
/// correction for continuity. NaN is left out.
RankSumTest MannWhitney(const std::vector<double>& first, const std::vector<double>& second);

/// By how much the second of two samples is shifted.
struct ShiftEstimate {
  double value = std::numeric_limits<double>::quiet_NaN();
  Interval interval;
};

/// Hodges & Lehmann's estimate, the median of all differences second − first, with the interval of
/// the shifts that the U test would not reject (Hollander & Wolfe, section 4.3). No interval where
/// the samples are too small for that confidence, such as three values each for 95 %.
ShiftEstimate HodgesLehmannShift(const std::vector<double>& first,
                                 const std::vector<double>& second, double confidence = 0.95);

}  // namespace maskbench
