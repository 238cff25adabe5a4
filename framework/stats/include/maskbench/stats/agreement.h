#pragma once

#include <vector>

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

/// ICC(2,1): how much of the variance of single values is that between the measured things, when
/// both ways of measuring are a sample of many (Shrout & Fleiss, Psychol. Bull. 86:420, 1979). 1
/// for equal values; a constant difference lowers it.
/// @param first, second  the same things measured in two ways. NaN below two things, or when
/// nothing varies.
double IntraclassCorrelation(const std::vector<double>& first, const std::vector<double>& second,
                             const std::vector<double>& weights = {});

/// Slope of the least-squares line of `measured` on `truth`: 1 when differences are kept whole. NaN
/// when the true values do not differ.
double RegressionSlope(const std::vector<double>& truth, const std::vector<double>& measured,
                       const std::vector<double>& weights = {});

/// Percentile of weighted values: the smallest value at which the cumulated weight reaches p of
/// all. 0 ≤ p ≤ 1; NaN without values.
double WeightedPercentile(std::vector<double> values, double p, std::vector<double> weights = {});

}  // namespace maskbench
