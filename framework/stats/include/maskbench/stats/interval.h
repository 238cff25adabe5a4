#pragma once

#include <limits>

namespace maskbench {

/// A confidence interval; NaN on both sides when it cannot be given.
struct Interval {
  double low = std::numeric_limits<double>::quiet_NaN();
  double high = std::numeric_limits<double>::quiet_NaN();
};

/// Below so many units (people) no interval is shown: it would claim more than is known.
inline constexpr int kMinimumUnits = 10;

/// Regularised incomplete beta function I_x(a, b), by its continued fraction (Abramowitz & Stegun
/// 26.5.8; evaluation after Lentz). a, b > 0, 0 ≤ x ≤ 1.
double RegularizedBeta(double x, double a, double b);

/// Score interval for a proportion (Wilson 1927). `n` > 0, 0 ≤ hits ≤ n, `z` e.g. 1.959964.
Interval WilsonInterval(double hits, double n, double z = 1.959963984540054);

/// Exact binomial interval (Clopper & Pearson 1934). `hits` may be fractional, as it is when ties
/// share a hit. `n` > 0, 0 ≤ hits ≤ n, 0 < confidence < 1.
Interval ClopperPearsonInterval(double hits, double n, double confidence = 0.95);

}  // namespace maskbench
