#include "maskbench/stats/distributions.h"

#include <cmath>
#include <limits>

#include "maskbench/stats/interval.h"

namespace maskbench {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

}  // namespace

double NormalCdf(double z) { return 0.5 * std::erfc(-z * M_SQRT1_2); }

double InverseNormalCdf(double probability) {
  if (probability <= 0) return -kInfinity;
  if (probability >= 1) return kInfinity;
  if (probability > 0.5) return -InverseNormalCdf(1 - probability);
  // Abramowitz & Stegun 26.2.23, good to 4.5e-4, then Newton's method on the lower tail.
  const double t = std::sqrt(-2 * std::log(probability));
  double z = -(t - (2.515517 + t * (0.802853 + t * 0.010328)) /
                       (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))));
  for (int i = 0; i < 4; ++i) {
    const double density = std::exp(-0.5 * z * z) / std::sqrt(2 * M_PI);
    const double step = (NormalCdf(z) - probability) / density;
    z -= step / (1 + 0.5 * z * step);  // Halley: the density's slope is −z times itself.
  }
  return z;
}

double StudentCdf(double t, double degrees) {
  if (std::isinf(degrees)) return NormalCdf(t);
  const double tail = 0.5 * RegularizedBeta(degrees / (degrees + t * t), 0.5 * degrees, 0.5);
  return t > 0 ? 1 - tail : tail;
}

double InverseStudentCdf(double probability, double degrees) {
  if (std::isinf(degrees)) return InverseNormalCdf(probability);
  if (probability == 0.5) return 0;
  if (probability > 0.5) return -InverseStudentCdf(1 - probability, degrees);
  double low = -1;
  while (StudentCdf(low, degrees) > probability) low *= 2;
  double high = 0;
  for (int i = 0; i < 100 && high - low > 1e-15 * -low; ++i) {
    const double middle = 0.5 * (low + high);
    (StudentCdf(middle, degrees) < probability ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

double ChiSquareTail(double x) { return x <= 0 ? 1 : std::erfc(std::sqrt(0.5 * x)); }

double InverseFisherCdf(double probability, double numerator, double denominator) {
  const double share = InverseBetaCdf(probability, 0.5 * numerator, 0.5 * denominator);
  return denominator * share / (numerator * (1 - share));
}

double InverseBetaCdf(double probability, double a, double b) {
  double low = 0, high = 1;
  for (int i = 0; i < 200 && high - low > 1e-16; ++i) {
    const double middle = (low + high) / 2;
    (RegularizedBeta(middle, a, b) < probability ? low : high) = middle;
  }
  return (low + high) / 2;
}

double BinomialCdf(int hits, int n, double p) {
  if (hits < 0) return 0;
  if (hits >= n) return 1;
  return RegularizedBeta(1 - p, n - hits, hits + 1);
}

double BinomialProbability(int hits, int n, double p) {
  if (p <= 0) return hits == 0 ? 1 : 0;
  if (p >= 1) return hits == n ? 1 : 0;
  return std::exp(std::lgamma(n + 1.0) - std::lgamma(hits + 1.0) - std::lgamma(n - hits + 1.0) +
                  hits * std::log(p) + (n - hits) * std::log1p(-p));
}

}  // namespace maskbench
