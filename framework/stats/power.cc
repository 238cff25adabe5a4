#include "maskbench/stats/power.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "maskbench/stats/distributions.h"
#include "maskbench/stats/interval.h"

namespace maskbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

}  // namespace

double BinomialTail(int64_t hits, int64_t n, double p) {
  if (hits <= 0) return 1;
  if (hits > n) return 0;
  // Abramowitz & Stegun 26.5.24.
  return RegularizedBeta(p, static_cast<double>(hits), static_cast<double>(n - hits + 1));
}

double SmallestDetectableRate(int64_t n, double chance, double power, double alpha) {
  int64_t critical = 0;  // The smallest number of hits that the test calls above chance.
  while (critical <= n && BinomialTail(critical, n, chance) > alpha) ++critical;
  if (critical > n) return kNan;
  double low = chance, high = 1;
  for (int i = 0; i < 100; ++i) {
    const double middle = (low + high) / 2;
    (BinomialTail(critical, n, middle) < power ? low : high) = middle;
  }
  return (low + high) / 2;
}

double SmallestDetectableAuc(double genuine, double impostor, double power, double alpha) {
  if (genuine <= 0 || impostor <= 0) return kNan;
  const double m = genuine, n = impostor;
  const double critical = 0.5 + InverseNormalCdf(1 - alpha) * std::sqrt((m + n + 1) / (12 * m * n));
  const double z = InverseNormalCdf(1 - power);  // So low is the test's value that often.
  const auto reaches = [&](double auc) {
    const double q1 = auc / (2 - auc), q2 = 2 * auc * auc / (1 + auc);
    const double variance =
        (auc * (1 - auc) + (m - 1) * (q1 - auc * auc) + (n - 1) * (q2 - auc * auc)) / (m * n);
    return auc + z * std::sqrt(std::max(variance, 0.0)) >= critical;
  };
  if (!reaches(1)) return kNan;
  double low = 0.5, high = 1;
  for (int i = 0; i < 100; ++i) {
    const double middle = (low + high) / 2;
    (reaches(middle) ? high : low) = middle;
  }
  return (low + high) / 2;
}

}  // namespace maskbench
