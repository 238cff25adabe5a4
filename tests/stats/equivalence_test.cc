#include "maskbench/stats/equivalence.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "maskbench/core/error.h"

namespace maskbench {
namespace {

TEST(TestEquivalence, OfAnEstimateByHand) {
  // 0.02 ± 1.6449 · 0.03; z = (0.02 + 0.1) / 0.03 = 4 and (0.02 − 0.1) / 0.03 = −8/3.
  const EquivalenceTest test =
      TestEquivalence(0.02, 0.03, std::numeric_limits<double>::infinity(), 0.1);
  EXPECT_NEAR(test.p_not_below, 0.5 * std::erfc(4 / std::sqrt(2.0)), 1e-15);
  EXPECT_NEAR(test.p_not_above, 0.5 * std::erfc(8 / 3.0 / std::sqrt(2.0)), 1e-14);
  EXPECT_EQ(test.p_value, test.p_not_above);
  EXPECT_TRUE(test.equivalent);
  EXPECT_NEAR(test.difference.interval.high, 0.02 + 1.6448536269514722 * 0.03, 1e-12);
  // Below the lower margin only: not inferior, yet not shown to be equal.
  const EquivalenceTest better =
      TestEquivalence(0.12, 0.03, std::numeric_limits<double>::infinity(), 0.1);
  EXPECT_TRUE(better.not_inferior);
  EXPECT_FALSE(better.equivalent);
}

TEST(TestEquivalence, NoDifferenceIsNoEquivalence) {
  // Far from significant either way: z = 0.1 / 0.09.
  const EquivalenceTest test = TestEquivalence(0, 0.09, 50, 0.1);
  EXPECT_FALSE(test.equivalent);
  EXPECT_FALSE(TestEquivalence(0, 0, 50, 0.1).equivalent);
  EXPECT_TRUE(std::isnan(TestEquivalence(0, 0, 50, 0.1).p_value));
}

TEST(TestEquivalence, AgreesWithItsInterval) {
  for (const double difference : {-0.09, -0.05, 0.0, 0.03, 0.08})
    for (const double error : {0.01, 0.03, 0.06}) {
      const EquivalenceTest test = TestEquivalence(difference, error, 20, 0.1);
      EXPECT_EQ(test.equivalent,
                test.difference.interval.low >= -0.1 && test.difference.interval.high <= 0.1);
    }
}

TEST(TestEquivalence, RefusesAMarginThatMeansNothing) {
  EXPECT_THROW(TestEquivalence(0, 0.1, 10, 0), UsageError);
  EXPECT_THROW(TestEquivalence(0, 0.1, 10, std::nan("")), UsageError);
  EXPECT_THROW(TestEquivalence(0, 0.1, 10, 0.1, 0.5), UsageError);
  EXPECT_THROW(TestEquivalence(std::vector<MatchedCluster>{{1, 0, 0, 0}}, 1.0), UsageError);
}

TEST(TestEquivalence, OfPairsAgreesWithTheirInterval) {
  for (int second_only = 0; second_only <= 20; ++second_only) {
    std::vector<MatchedCluster> patients(60, MatchedCluster{1, 0, 0, 1});
    patients.insert(patients.end(), second_only, {0, 0, 2, 0});
    patients.insert(patients.end(), 3, {0, 1, 0, 1});
    const EquivalenceTest test = TestEquivalence(patients, 0.1);
    const PairedDifference difference = ComparePairs(patients, 0.9);
    EXPECT_EQ(test.difference.interval.high, difference.interval.high);
    EXPECT_EQ(test.equivalent, difference.interval.low >= -0.1 && difference.interval.high <= 0.1)
        << second_only;
  }
}

TEST(TestEquivalence, OfFullAgreementNeedsPatients) {
  // Interval ± t² / (K + t²): ± 0.0655 at 40 patients, ± 0.22 at 12.
  EXPECT_TRUE(
      TestEquivalence(std::vector<MatchedCluster>(40, MatchedCluster{1, 0, 0, 1}), 0.1).equivalent);
  EXPECT_FALSE(
      TestEquivalence(std::vector<MatchedCluster>(12, MatchedCluster{1, 0, 0, 1}), 0.1).equivalent);
}

std::vector<PairedReading> Readings(int patients, int wrong_every) {
  std::vector<PairedReading> readings;
  for (int i = 0; i < patients; ++i)
    for (int eye = 0; eye < 2; ++eye) {
      const int first = (i + eye) % 2;
      readings.push_back({i, first, i % wrong_every == eye ? 1 - first : first});
    }
  return readings;
}

TEST(CompareKappas, OfTheSameReadingsHaveNoDifference) {
  const std::vector<PairedReading> readings = Readings(50, 5);
  const KappaComparison kappas = CompareKappas(readings, readings, 2, KappaWeighting::kNone, 300,
                                               NamedRandom(1, "kappas", "bootstrap"));
  EXPECT_NEAR(kappas.first, 0.6, 1e-12);
  EXPECT_EQ(kappas.first, kappas.second);
  EXPECT_EQ(kappas.difference.value(), 0);
  EXPECT_EQ(kappas.difference.StandardError(), 0);
}

TEST(CompareKappas, PatientsAreResampledTogether) {
  // The second arm errs where the first does, and in a few patients more: the difference varies
  // less than either kappa.
  const std::vector<PairedReading> first = Readings(200, 5);
  std::vector<PairedReading> second = first;
  for (size_t i = 0; i < second.size(); i += 37) second[i].second = 1 - second[i].first;
  const NamedRandom random(2, "kappas", "bootstrap");
  const KappaComparison kappas =
      CompareKappas(first, second, 2, KappaWeighting::kNone, 1000, random);
  const KappaEstimate alone =
      BootstrapKappa(CountPairs(first, 2), KappaWeighting::kNone, 1000, random);
  EXPECT_NEAR(kappas.first, alone.value, 1e-12);
  EXPECT_LT(kappas.second, kappas.first);
  EXPECT_LT(kappas.difference.StandardError(), 0.8 * alone.standard_error);
  const EquivalenceTest wide = TestEquivalence(kappas.difference, 0.15);
  EXPECT_TRUE(wide.equivalent);
  EXPECT_LT(wide.p_value, 0.05);
  const EquivalenceTest narrow = TestEquivalence(kappas.difference, 0.01);
  EXPECT_FALSE(narrow.equivalent);
  EXPECT_GT(narrow.p_not_below, 0.5);
  EXPECT_THROW(CompareKappas({{0, 3, 0}}, {}, 2, KappaWeighting::kNone, 10, random), UsageError);
}

TEST(CompareKappas, OfOneCategoryConcludesNothing) {
  const std::vector<PairedReading> readings = {{0, 1, 1}, {1, 1, 1}};
  const KappaComparison kappas = CompareKappas(readings, readings, 2, KappaWeighting::kNone, 100,
                                               NamedRandom(3, "kappas", "bootstrap"));
  const EquivalenceTest test = TestEquivalence(kappas.difference, 0.1);
  EXPECT_EQ(test.difference.status, EstimateStatus::kOneCategory);
  EXPECT_FALSE(test.equivalent);
  EXPECT_TRUE(std::isnan(test.p_value));
}

}  // namespace
}  // namespace maskbench
