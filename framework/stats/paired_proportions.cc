#include "maskbench/stats/paired_proportions.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/stats/distributions.h"

namespace maskbench {
namespace {

constexpr double kNothing = 1e-12;

/// A test of Σ d from its square and Σ d².
PairedTest ChiSquare(double sum, double squares, double factor, int patients) {
  PairedTest test;
  test.patients = patients;
  if (patients == 0) return test;
  if (squares <= 0) {
    test.statistic = 0;
    test.p_value = 1;
    test.status = EstimateStatus::kNoVariation;
    return test;
  }
  if (patients < 2) {
    test.status = EstimateStatus::kTooFewClusters;
    return test;
  }
  test.statistic = factor * sum * sum / squares;
  test.p_value = ChiSquareTail(test.statistic);
  test.status = EstimateStatus::kGiven;
  return test;
}

}  // namespace

std::vector<MatchedCluster> GroupByPatient(const std::vector<MatchedPair>& pairs) {
  std::map<int, size_t> index;
  std::vector<MatchedCluster> patients;
  for (const MatchedPair& pair : pairs) {
    const auto [found, is_new] = index.try_emplace(pair.patient, patients.size());
    if (is_new) patients.emplace_back();
    MatchedCluster& patient = patients[found->second];
    (pair.first ? (pair.second ? patient.both : patient.first_only)
                : (pair.second ? patient.second_only : patient.neither)) += 1;
  }
  return patients;
}

double McNemarExact(int first_only, int second_only, bool mid_p) {
  if (first_only < 0 || second_only < 0)
    throw UsageError(fmt::format("Numbers of discordant pairs must not be negative: {} and {}.",
                                 first_only, second_only));
  const int n = first_only + second_only, fewer = std::min(first_only, second_only);
  if (n == 0) return 1;
  if (!mid_p) return std::min(1.0, 2 * BinomialCdf(fewer, n, 0.5));
  const double seen = BinomialProbability(fewer, n, 0.5);
  return 2 * fewer == n ? 1 - 0.5 * seen : 2 * BinomialCdf(fewer, n, 0.5) - seen;
}

PairedTest ObuchowskiTest(const std::vector<MatchedCluster>& patients) {
  double sum = 0, squares = 0;
  int count = 0;
  for (const MatchedCluster& patient : patients) {
    if (patient.Pairs() <= 0) continue;
    const double lean = patient.second_only - patient.first_only;
    ++count;
    sum += lean;
    squares += lean * lean;
  }
  return ChiSquare(sum, squares, (count - 1.0) / count, count);
}

PairedTest DurkalskiTest(const std::vector<MatchedCluster>& patients) {
  double sum = 0, squares = 0;
  int count = 0;
  for (const MatchedCluster& patient : patients) {
    if (patient.Pairs() <= 0) continue;
    const double lean = (patient.second_only - patient.first_only) / patient.Pairs();
    ++count;
    sum += lean;
    squares += lean * lean;
  }
  return ChiSquare(sum, squares, 1, count);
}

double TangoScore(double first_only, double second_only, double pairs, double delta) {
  // The share that only the first answer has, most likely under this difference.
  const double a = 2 * pairs;
  const double b = -second_only - first_only + (2 * pairs - second_only + first_only) * delta;
  const double c = -first_only * delta * (1 - delta);
  const double share = (std::sqrt(std::max(0.0, b * b - 4 * a * c)) - b) / (2 * a);
  const double variance = pairs * (2 * share + delta * (1 - delta));
  const double lead = second_only - first_only - pairs * delta;
  if (variance <= 0) return lead == 0 ? 0 : std::copysign(HUGE_VAL, lead);
  return lead / std::sqrt(variance);
}

namespace {

Interval ScoreInterval(double first_only, double second_only, double pairs, double quantile) {
  const double difference = (second_only - first_only) / pairs;
  // The score falls from +infinity at −1 to −infinity at 1.
  const auto bound = [&](double end, double score) {
    double inside = difference, outside = end;
    for (int i = 0; i < 100 && std::abs(outside - inside) > 1e-15; ++i) {
      const double middle = 0.5 * (inside + outside);
      const bool within =
          std::abs(TangoScore(first_only, second_only, pairs, middle)) <= std::abs(score);
      (within ? inside : outside) = middle;
    }
    return 0.5 * (inside + outside);
  };
  return {difference <= -1 ? -1 : bound(-1, quantile), difference >= 1 ? 1 : bound(1, -quantile)};
}

}  // namespace

Interval TangoInterval(double first_only, double second_only, double pairs, double confidence) {
  return ScoreInterval(first_only, second_only, pairs, InverseNormalCdf(0.5 * (1 + confidence)));
}

PairedDifference ComparePairs(const std::vector<MatchedCluster>& patients, double confidence) {
  PairedDifference result;
  double both = 0, first_only = 0, second_only = 0;
  for (const MatchedCluster& patient : patients) {
    if (patient.Pairs() <= 0) continue;
    ++result.patients;
    result.pairs += patient.Pairs();
    both += patient.both;
    first_only += patient.first_only;
    second_only += patient.second_only;
  }
  if (result.patients == 0) return result;
  result.first = (both + first_only) / result.pairs;
  result.second = (both + second_only) / result.pairs;
  result.value = (second_only - first_only) / result.pairs;
  if (result.patients < 2) {
    result.status = EstimateStatus::kTooFewClusters;
    return result;
  }
  const double count = result.patients;
  double squares = 0;
  for (const MatchedCluster& patient : patients) {
    const double rest = patient.second_only - patient.first_only - patient.Pairs() * result.value;
    squares += rest * rest;
  }
  const double variance = count / (count - 1) * squares / (result.pairs * result.pairs);
  const double independent =
      ((first_only + second_only) / result.pairs - result.value * result.value) / result.pairs;
  double scale = count / result.pairs;
  if (variance > kNothing * kNothing && independent > kNothing * kNothing) {
    result.design_effect = variance / independent;
    scale = 1 / std::max(1.0, result.design_effect);
    result.status = EstimateStatus::kGiven;
    result.standard_error = std::sqrt(variance);
  } else {
    result.status = EstimateStatus::kNoVariation;
    result.standard_error = 0;
  }
  result.effective_first_only = scale * first_only;
  result.effective_second_only = scale * second_only;
  result.effective_pairs = scale * result.pairs;
  result.interval =
      ScoreInterval(result.effective_first_only, result.effective_second_only,
                    result.effective_pairs, InverseStudentCdf(0.5 * (1 + confidence), count - 1));
  return result;
}

}  // namespace maskbench
