#include "maskbench/stats/agreement.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/stats/distributions.h"

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

AgreementIntervals AgreementIntervalsOf(const std::vector<double>& differences, double confidence) {
  const auto n = static_cast<double>(differences.size());
  if (n < 2) return {};
  const Agreement agreement = LimitsOfAgreement(differences);
  const double deviation = agreement.half_width / 1.96;
  const double t = InverseStudentCdf(0.5 * (1 + confidence), n - 1);
  const auto around = [](double centre, double half) {
    return Interval{centre - half, centre + half};
  };
  const double of_limit = t * deviation * std::sqrt(1 / n + 1.96 * 1.96 / (2 * (n - 1)));
  return {around(agreement.bias, t * deviation / std::sqrt(n)),
          around(agreement.bias - agreement.half_width, of_limit),
          around(agreement.bias + agreement.half_width, of_limit)};
}

IntraclassEstimate IntraclassInterval(const std::vector<std::vector<double>>& ratings,
                                      double confidence) {
  IntraclassEstimate result;
  result.targets = static_cast<int>(ratings.size());
  if (result.targets == 0) return result;
  result.raters = static_cast<int>(ratings.front().size());
  for (const std::vector<double>& row : ratings)
    if (row.size() != ratings.front().size())
      throw UsageError(fmt::format("A target has {} ratings, the first one {}.", row.size(),
                                   ratings.front().size()));
  if (result.targets < 2 || result.raters < 2) return result;
  const double n = result.targets, k = result.raters;
  double mean = 0;
  std::vector<double> columns(ratings.front().size(), 0.0);
  for (const std::vector<double>& row : ratings)
    for (size_t j = 0; j < row.size(); ++j) {
      columns[j] += row[j] / n;
      mean += row[j] / (n * k);
    }
  double rows = 0, between_columns = 0, errors = 0;
  for (const double column : columns) between_columns += n * (column - mean) * (column - mean);
  for (const std::vector<double>& row : ratings) {
    const double row_mean = std::accumulate(row.begin(), row.end(), 0.0) / k;
    rows += k * (row_mean - mean) * (row_mean - mean);
    for (size_t j = 0; j < row.size(); ++j) {
      const double error = row[j] - row_mean - columns[j] + mean;
      errors += error * error;
    }
  }
  const double msr = result.between_targets = rows / (n - 1);
  const double msc = result.between_raters = between_columns / (k - 1);
  const double mse = result.residual = errors / ((n - 1) * (k - 1));
  const double all = msr + (k - 1) * mse + k * (msc - mse) / n;
  if (all <= 1e-12) return result;
  const double icc = result.value = (msr - mse) / all;
  if (mse <= 1e-12 * msr && msc <= 1e-12 * msr) {
    result.status = EstimateStatus::kNoVariation;
    return result;
  }
  // Satterthwaite's degrees of freedom of the error that raters and residuals make together.
  const double a = k * icc / (n * (1 - icc)), b = 1 + k * icc * (n - 1) / (n * (1 - icc));
  const double sum = a * msc + b * mse;
  const double degrees =
      sum * sum / (a * a * msc * msc / (k - 1) + b * b * mse * mse / ((n - 1) * (k - 1)));
  const double tail = 0.5 * (1 + confidence);
  const double f_low = InverseFisherCdf(tail, n - 1, degrees);
  const double f_high = InverseFisherCdf(tail, degrees, n - 1);
  const double errors_part = k * msc + (k * n - k - n) * mse;
  result.interval = {n * (msr - f_low * mse) / (f_low * errors_part + n * msr),
                     n * (f_high * msr - mse) / (errors_part + n * f_high * msr)};
  result.status = EstimateStatus::kGiven;
  return result;
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
