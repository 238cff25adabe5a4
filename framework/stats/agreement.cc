#include "maskbench/stats/agreement.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace maskbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

double WeightOf(const std::vector<double>& weights, size_t i) {
  return weights.empty() ? 1.0 : weights[i];
}

}  // namespace

Agreement LimitsOfAgreement(const std::vector<double>& differences,
                            const std::vector<double>& weights) {
  double total = 0, sum = 0;
  for (size_t i = 0; i < differences.size(); ++i) {
    total += WeightOf(weights, i);
    sum += WeightOf(weights, i) * differences[i];
  }
  if (total <= 0) return {kNan, kNan};
  const double mean = sum / total;
  double squares = 0;
  for (size_t i = 0; i < differences.size(); ++i)
    squares += WeightOf(weights, i) * (differences[i] - mean) * (differences[i] - mean);
  return {mean, total > 1 ? 1.96 * std::sqrt(squares / (total - 1)) : kNan};
}

double RegressionSlope(const std::vector<double>& truth, const std::vector<double>& measured,
                       const std::vector<double>& weights) {
  double total = 0, x = 0, y = 0;
  for (size_t i = 0; i < truth.size(); ++i) {
    const double w = WeightOf(weights, i);
    total += w;
    x += w * truth[i];
    y += w * measured[i];
  }
  if (total <= 0) return kNan;
  x /= total;
  y /= total;
  double xx = 0, xy = 0;
  for (size_t i = 0; i < truth.size(); ++i) {
    const double w = WeightOf(weights, i);
    xx += w * (truth[i] - x) * (truth[i] - x);
    xy += w * (truth[i] - x) * (measured[i] - y);
  }
  return xx > 1e-12 ? xy / xx : kNan;
}

double WeightedPercentile(std::vector<double> values, double p, std::vector<double> weights) {
  if (weights.empty()) weights.assign(values.size(), 1.0);
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return values[a] < values[b]; });
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  double sum = 0;
  for (const size_t i : order) {
    sum += weights[i];
    if (weights[i] > 0 && sum >= p * total - 1e-12) return values[i];
  }
  return kNan;
}

}  // namespace maskbench
