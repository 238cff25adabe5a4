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

double IntraclassCorrelation(const std::vector<double>& first, const std::vector<double>& second,
                             const std::vector<double>& weights) {
  double n = 0, mean_first = 0, mean_second = 0;
  for (size_t i = 0; i < first.size(); ++i) {
    const double w = WeightOf(weights, i);
    n += w;
    mean_first += w * first[i];
    mean_second += w * second[i];
  }
  if (n <= 1) return kNan;
  mean_first /= n;
  mean_second /= n;
  const double mean = 0.5 * (mean_first + mean_second);
  double rows = 0, errors = 0;
  for (size_t i = 0; i < first.size(); ++i) {
    const double w = WeightOf(weights, i), row = 0.5 * (first[i] + second[i]);
    rows += 2 * w * (row - mean) * (row - mean);
    const double error = 0.5 * (first[i] - mean_first - (second[i] - mean_second));
    errors += 2 * w * error * error;
  }
  const double between = rows / (n - 1), residual = errors / (n - 1),
               columns = 0.5 * n * (mean_first - mean_second) * (mean_first - mean_second);
  const double all = between + residual + 2 * (columns - residual) / n;
  return all > 1e-12 ? (between - residual) / all : kNan;
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
