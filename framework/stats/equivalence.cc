#include "maskbench/stats/equivalence.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/stats/distributions.h"

namespace maskbench {
namespace {

EquivalenceTest Begin(double margin, double alpha) {
  if (!(margin > 0))
    throw UsageError(fmt::format("The margin of equivalence is {}; it must be above 0.", margin));
  if (!(alpha > 0 && alpha < 0.5))
    throw UsageError(fmt::format("Alpha is {}; it must lie between 0 and 0.5.", alpha));
  EquivalenceTest test;
  test.margin = margin;
  test.alpha = alpha;
  return test;
}

void Conclude(double p_not_below, double p_not_above, EquivalenceTest* test) {
  test->p_not_below = p_not_below;
  test->p_not_above = p_not_above;
  test->p_value = std::max(p_not_below, p_not_above);
  test->equivalent = test->p_value <= test->alpha;
  test->not_inferior = p_not_below <= test->alpha;
}

/// Totals of two tables side by side: kappa of either.
struct TwoTables {
  int categories;
  std::vector<double> weights;

  int Cells() const { return categories * categories; }
  double First(const std::vector<double>& totals) const {
    return KappaOf(totals.data(), categories, weights);
  }
  double Second(const std::vector<double>& totals) const {
    return KappaOf(totals.data() + Cells(), categories, weights);
  }
};

}  // namespace

EquivalenceTest TestEquivalence(double difference, double standard_error, double degrees,
                                double margin, double alpha) {
  EquivalenceTest test = Begin(margin, alpha);
  test.difference.value = difference;
  test.difference.standard_error = standard_error;
  if (!(standard_error > 0)) {
    if (standard_error == 0) test.difference.status = EstimateStatus::kNoVariation;
    return test;
  }
  const double half = InverseStudentCdf(1 - alpha, degrees) * standard_error;
  test.difference.interval = {difference - half, difference + half};
  test.difference.status = EstimateStatus::kGiven;
  Conclude(StudentCdf(-(difference + margin) / standard_error, degrees),
           StudentCdf((difference - margin) / standard_error, degrees), &test);
  return test;
}

EquivalenceTest TestEquivalence(const std::vector<MatchedCluster>& patients, double margin,
                                double alpha) {
  EquivalenceTest test = Begin(margin, alpha);
  if (margin >= 1)
    throw UsageError(
        fmt::format("The margin of a difference of shares is {}; it must be below 1.", margin));
  const PairedDifference difference = ComparePairs(patients, 1 - 2 * alpha);
  test.difference = difference;
  if (std::isnan(difference.interval.low)) return test;
  const auto score = [&](double delta) {
    return TangoScore(difference.effective_first_only, difference.effective_second_only,
                      difference.effective_pairs, delta);
  };
  const double degrees = difference.patients - 1;
  Conclude(StudentCdf(-score(-margin), degrees), StudentCdf(score(margin), degrees), &test);
  return test;
}

EquivalenceTest TestEquivalence(const ClusterBootstrap& difference, double margin, double alpha) {
  EquivalenceTest test = Begin(margin, alpha);
  test.difference = difference.ToEstimate(1 - 2 * alpha);
  if (test.difference.status != EstimateStatus::kGiven) return test;
  Conclude(difference.ConfidenceBelow(-margin), 1 - difference.ConfidenceBelow(margin), &test);
  return test;
}

KappaComparison CompareKappas(const std::vector<PairedReading>& first,
                              const std::vector<PairedReading>& second, int categories,
                              KappaWeighting weighting, int resamples, NamedRandom random) {
  const TwoTables tables{categories, AgreementWeights(weighting, categories)};
  ClusterCounts counts(2 * tables.Cells());
  const auto add = [&](const std::vector<PairedReading>& readings, int offset) {
    for (const PairedReading& reading : readings) {
      ConfusionTable cell(categories);
      cell.Add(reading.first, reading.second);  // Checks the categories.
      counts.Add(reading.patient, offset + reading.first * categories + reading.second);
    }
  };
  add(first, 0);
  add(second, tables.Cells());
  const std::vector<double> totals = counts.Totals();
  return {tables.First(totals), tables.Second(totals),
          ClusterBootstrap(counts, resamples, random, [&](const std::vector<double>& sums) {
            return tables.Second(sums) - tables.First(sums);
          })};
}

}  // namespace maskbench
