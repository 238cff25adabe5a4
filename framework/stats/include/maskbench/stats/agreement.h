#pragma once

#include <vector>

#include "maskbench/stats/interval_estimate.h"

namespace maskbench {

/// How far measured values lie from true ones (Bland & Altman, Lancet 327:307, 1986).
struct Agreement {
  double bias;        ///< Mean of measured − true. NaN without values.
  double half_width;  ///< 1.96 standard deviations: bias ± half_width are the limits of agreement.
                      ///< NaN below two values.
};

/// @param differences  measured − true.
/// @param weights  how often each counts, for the bootstrap; once when empty.
Agreement LimitsOfAgreement(const std::vector<double>& differences,
                            const std::vector<double>& weights = {});

/// 95 % (or other) intervals of a bias and of the limits of agreement.
struct AgreementIntervals {
  Interval bias, lower_limit, upper_limit;
};

/// Intervals for independent, normal differences: Student's t of n − 1 degrees of freedom, with the
/// standard errors s / √n of the bias and s √(1 / n + 1.96² / (2 (n − 1))) of a limit (Bland &
/// Altman, Stat Methods Med Res 8:135, 1999). NaN below two values. For eyes in patients, resample
/// patients instead.
AgreementIntervals AgreementIntervalsOf(const std::vector<double>& differences,
                                        double confidence = 0.95);

/// ICC(2,1): how much of the variance of single values is that between the measured things, when
/// both ways of measuring are a sample of many (Shrout & Fleiss, Psychol. Bull. 86:420, 1979). 1
/// for equal values; a constant difference lowers it.
/// @param first, second  the same things measured in two ways. NaN below two things, or when
/// nothing varies.
double IntraclassCorrelation(const std::vector<double>& first, const std::vector<double>& second,
                             const std::vector<double>& weights = {});

/// ICC(2,1) of any number of raters who all rated the same targets.
struct IntraclassEstimate : IntervalEstimate {
  int targets = 0, raters = 0;
  double between_targets = 0, between_raters = 0, residual = 0;  ///< Mean squares.
};

/// The same as IntraclassCorrelation for two or more raters, with the F interval of Shrout & Fleiss
/// (1979; as corrected in McGraw & Wong, Psychol Methods 1:30, 1996, table 7, case 2, for
/// ICC(A,1)). There is no standard error. It takes targets as independent; for eyes in patients,
/// resample patients instead. `kNoData` below two targets or two raters or when nothing varies;
/// `kNoVariation` (no interval) when all raters agree to the last digit.
/// @param ratings  one row per target, one number per rater. Throws UsageError for rows of unequal
/// length.
IntraclassEstimate IntraclassInterval(const std::vector<std::vector<double>>& ratings,
                                      double confidence = 0.95);

/// Slope of the least-squares line of `measured` on `truth`: 1 when differences are kept whole. NaN
/// when the true values do not differ.
double RegressionSlope(const std::vector<double>& truth, const std::vector<double>& measured,
                       const std::vector<double>& weights = {});

/// Percentile of weighted values: the smallest value at which the cumulated weight reaches p of
/// all. 0 ≤ p ≤ 1; NaN without values.
double WeightedPercentile(std::vector<double> values, double p, std::vector<double> weights = {});

}  // namespace maskbench
