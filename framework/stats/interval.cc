#include "maskbench/stats/interval.h"

#include <cmath>
#include <initializer_list>

#include "maskbench/stats/distributions.h"

namespace maskbench {
namespace {

double BetaContinuedFraction(double x, double a, double b) {
  constexpr double kTiny = 1e-300;
  double c = 1;
  double d = 1 - (a + b) * x / (a + 1);
  if (std::abs(d) < kTiny) d = kTiny;
  d = 1 / d;
  double value = d;
  for (int m = 1; m < 1000; ++m) {
    for (const bool even : {true, false}) {
      const double numerator = even ? m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
                                    : -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
      d = 1 + numerator * d;
      if (std::abs(d) < kTiny) d = kTiny;
      c = 1 + numerator / c;
      if (std::abs(c) < kTiny) c = kTiny;
      d = 1 / d;
      value *= d * c;
    }
    if (std::abs(d * c - 1) < 1e-15) break;
  }
  return value;
}

}  // namespace

double RegularizedBeta(double x, double a, double b) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const double front = std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) +
                                a * std::log(x) + b * std::log1p(-x));
  // The fraction converges fast on one side of the mean; symmetry gives the other.
  if (x < (a + 1) / (a + b + 2)) return front * BetaContinuedFraction(x, a, b) / a;
  return 1 - front * BetaContinuedFraction(1 - x, b, a) / b;
}

Interval WilsonInterval(double hits, double n, double z) {
  const double p = hits / n, z2 = z * z;
  const double centre = (p + z2 / (2 * n)) / (1 + z2 / n);
  const double half = z / (1 + z2 / n) * std::sqrt(p * (1 - p) / n + z2 / (4 * n * n));
  return {hits <= 0 ? 0 : centre - half, hits >= n ? 1 : centre + half};
}

Interval ClopperPearsonInterval(double hits, double n, double confidence) {
  const double tail = (1 - confidence) / 2;
  return {hits <= 0 ? 0 : InverseBetaCdf(tail, hits, n - hits + 1),
          hits >= n ? 1 : InverseBetaCdf(1 - tail, hits + 1, n - hits)};
}

}  // namespace maskbench
