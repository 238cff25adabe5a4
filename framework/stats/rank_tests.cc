#include "maskbench/stats/rank_tests.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>

#include "maskbench/stats/bootstrap.h"
#include "maskbench/stats/distributions.h"

namespace maskbench {
namespace {

constexpr int kMostSignedExact = 50, kMostTogetherExact = 60;

/// Twice the mean rank of each value, which is whole, and Σ (t³ − t) over groups of t equal values.
struct DoubledRanks {
  std::vector<int> ranks;
  double ties = 0;
};

DoubledRanks RanksOf(const std::vector<double>& values) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return values[a] < values[b]; });
  DoubledRanks result;
  result.ranks.resize(values.size());
  for (size_t first = 0; first < order.size();) {
    size_t last = first;
    while (last < order.size() && values[order[last]] == values[order[first]]) ++last;
    const auto equal = static_cast<double>(last - first);
    result.ties += equal * equal * equal - equal;
    for (size_t i = first; i < last; ++i)
      result.ranks[order[i]] = static_cast<int>(first + last + 1);
    first = last;
  }
  return result;
}

std::vector<double> WithoutNan(std::vector<double> values) {
  values.erase(std::remove_if(values.begin(), values.end(), [](double v) { return std::isnan(v); }),
               values.end());
  return values;
}

/// Two-sided p-value of a sum, from how many arrangements (`counts`) give each.
double ExactTwoSided(const std::vector<double>& counts, int sum) {
  double below = 0, above = 0, all = 0;
  for (size_t s = 0; s < counts.size(); ++s) {
    all += counts[s];
    if (static_cast<int>(s) <= sum) below += counts[s];
    if (static_cast<int>(s) >= sum) above += counts[s];
  }
  return std::min(1.0, 2 * std::min(below, above) / all);
}

/// Two-sided, with a correction for continuity; `spread` is the standard deviation.
double NormalTwoSided(double distance, double spread) {
  if (spread <= 0) return 1;
  return std::min(1.0, 2 * NormalCdf(-std::max(0.0, std::abs(distance) - 0.5) / spread));
}

/// How many choices of `size` of the ranks have each sum.
std::vector<double> ChoicesBySum(const std::vector<int>& ranks, int size) {
  const size_t sums = 1 + static_cast<size_t>(std::accumulate(ranks.begin(), ranks.end(), 0));
  std::vector<std::vector<double>> counts(static_cast<size_t>(size) + 1,
                                          std::vector<double>(sums, 0.0));
  counts[0][0] = 1;
  for (const int rank : ranks)
    for (size_t k = static_cast<size_t>(size); k > 0; --k)
      for (size_t s = sums; s-- > static_cast<size_t>(rank);)
        counts[k][s] += counts[k - 1][s - static_cast<size_t>(rank)];
  return counts.back();
}

}  // namespace

SignedRankTest WilcoxonSignedRank(const std::vector<double>& differences) {
  SignedRankTest test;
  std::vector<double> sizes, kept;
  for (const double difference : WithoutNan(differences)) {
    if (difference == 0) {
      ++test.zeros;
      continue;
    }
    kept.push_back(difference);
    sizes.push_back(std::abs(difference));
  }
  test.differences = static_cast<int>(kept.size());
  if (kept.empty()) {
    if (test.zeros > 0) {
      test.positive_ranks = 0;
      test.p_value = 1;
      test.exact = true;
    }
    return test;
  }
  const DoubledRanks doubled = RanksOf(sizes);
  int positive = 0;
  for (size_t i = 0; i < kept.size(); ++i)
    if (kept[i] > 0) positive += doubled.ranks[i];
  test.positive_ranks = 0.5 * positive;
  const double n = test.differences;
  if (test.differences <= kMostSignedExact) {
    test.exact = true;
    // Each difference is as likely to be positive as negative.
    std::vector<double> counts(
        1 + static_cast<size_t>(std::accumulate(doubled.ranks.begin(), doubled.ranks.end(), 0)),
        0.0);
    counts[0] = 1;
    for (const int rank : doubled.ranks)
      for (size_t s = counts.size(); s-- > static_cast<size_t>(rank);)
        counts[s] += counts[s - static_cast<size_t>(rank)];
    test.p_value = ExactTwoSided(counts, positive);
    return test;
  }
  const double variance = n * (n + 1) * (2 * n + 1) / 24 - doubled.ties / 48;
  test.p_value = NormalTwoSided(test.positive_ranks - n * (n + 1) / 4, std::sqrt(variance));
  return test;
}

RankSumTest MannWhitney(const std::vector<double>& first, const std::vector<double>& second) {
  const std::vector<double> before = WithoutNan(first), after = WithoutNan(second);
  RankSumTest test;
  test.first = static_cast<int>(before.size());
  test.second = static_cast<int>(after.size());
  if (before.empty() || after.empty()) return test;
  std::vector<double> all = after;
  all.insert(all.end(), before.begin(), before.end());
  const DoubledRanks doubled = RanksOf(all);
  const int sum = std::accumulate(doubled.ranks.begin(), doubled.ranks.begin() + test.second, 0);
  const double m = test.first, n = test.second, together = m + n;
  test.u = 0.5 * sum - n * (n + 1) / 2;
  if (test.first + test.second <= kMostTogetherExact) {
    test.exact = true;
    test.p_value = ExactTwoSided(ChoicesBySum(doubled.ranks, test.second), sum);
    return test;
  }
  const double variance = m * n / 12 * (together + 1 - doubled.ties / (together * (together - 1)));
  test.p_value = NormalTwoSided(test.u - m * n / 2, std::sqrt(variance));
  return test;
}

ShiftEstimate HodgesLehmannShift(const std::vector<double>& first,
                                 const std::vector<double>& second, double confidence) {
  const std::vector<double> before = WithoutNan(first), after = WithoutNan(second);
  ShiftEstimate estimate;
  if (before.empty() || after.empty()) return estimate;
  std::vector<double> differences;
  differences.reserve(before.size() * after.size());
  for (const double b : after)
    for (const double a : before) differences.push_back(b - a);
  std::sort(differences.begin(), differences.end());
  estimate.value = SortedPercentile(differences, 0.5);
  const double tail = (1 - confidence) / 2;
  const auto m = static_cast<double>(before.size()), n = static_cast<double>(after.size());
  // How many values of U, from 0 on, have P(U ≤ value) ≤ tail when there are no ties.
  int outside = 0;
  if (before.size() + after.size() <= kMostTogetherExact) {
    std::vector<int> ranks(before.size() + after.size());
    std::iota(ranks.begin(), ranks.end(), 1);
    const std::vector<double> counts = ChoicesBySum(ranks, static_cast<int>(after.size()));
    const double all = std::accumulate(counts.begin(), counts.end(), 0.0);
    const size_t least = after.size() * (after.size() + 1) / 2;
    double below = 0;
    for (size_t s = least; s < counts.size(); ++s) {
      below += counts[s];
      if (below / all > tail) break;
      ++outside;
    }
  } else {
    const double lowest =
        m * n / 2 + InverseNormalCdf(tail) * std::sqrt(m * n * (m + n + 1) / 12) - 0.5;
    outside = std::max(0, 1 + static_cast<int>(std::floor(lowest)));
  }
  if (outside == 0) return estimate;
  const auto skip = static_cast<size_t>(outside - 1);
  estimate.interval = {differences[skip], differences[differences.size() - 1 - skip]};
  return estimate;
}

}  // namespace maskbench
