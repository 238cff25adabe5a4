#include "maskbench/stats/paired_proportions.h"

#include <array>
#include <cmath>

#include <gtest/gtest.h>

#include "maskbench/core/error.h"

namespace maskbench {
namespace {

/// Patients with one pair each.
std::vector<MatchedCluster> OnePairEach(int both, int first_only, int second_only, int neither) {
  std::vector<MatchedCluster> patients;
  patients.insert(patients.end(), both, {1, 0, 0, 0});
  patients.insert(patients.end(), first_only, {0, 1, 0, 0});
  patients.insert(patients.end(), second_only, {0, 0, 1, 0});
  patients.insert(patients.end(), neither, {0, 0, 0, 1});
  return patients;
}

TEST(GroupByPatient, CountsPairs) {
  const std::vector<MatchedCluster> patients =
      GroupByPatient({{9, true, true}, {2, true, false}, {9, false, true}, {2, false, false}});
  ASSERT_EQ(patients.size(), 2u);
  EXPECT_EQ(patients[0].both, 1);
  EXPECT_EQ(patients[0].second_only, 1);
  EXPECT_EQ(patients[1].first_only, 1);
  EXPECT_EQ(patients[1].neither, 1);
  EXPECT_EQ(patients[1].Pairs(), 2);
}

TEST(McNemarExact, ByCounting) {
  // 1 against 5: 2 · (1 + 6) / 64; half of the 6 in either tail less for mid-p.
  EXPECT_NEAR(McNemarExact(1, 5), 14.0 / 64, 1e-14);
  EXPECT_NEAR(McNemarExact(5, 1), 14.0 / 64, 1e-14);
  EXPECT_NEAR(McNemarExact(1, 5, true), 8.0 / 64, 1e-14);
  EXPECT_EQ(McNemarExact(2, 2), 1);
  EXPECT_NEAR(McNemarExact(2, 2, true), 1 - 3.0 / 16, 1e-14);
  EXPECT_EQ(McNemarExact(0, 0), 1);
  EXPECT_NEAR(McNemarExact(0, 6), 2.0 / 64, 1e-15);
  EXPECT_THROW(McNemarExact(-1, 3), UsageError);
}

TEST(McNemarExact, GivesThePublishedFigures) {
  // Airway hyper-responsiveness, 1 against 7 (Bentur et al. 2009, in Fagerland et al. 2013):
  // exact 0.070, mid-p 0.039.
  EXPECT_NEAR(McNemarExact(1, 7), 0.0703, 5e-5);
  EXPECT_NEAR(McNemarExact(1, 7, true), 0.0391, 5e-5);
}

TEST(ClusteredPairedTests, ByHand) {
  // Leanings −2, 0, 1, −1: sum −2, squares 6; 3 / 4 · 4 / 6. By pairs −1, 0, 1, −1/2: 1/4 over 9/4.
  const std::vector<MatchedCluster> patients = {
      {0, 2, 0, 0}, {0, 1, 1, 0}, {0, 0, 1, 0}, {1, 1, 0, 0}};
  const PairedTest obuchowski = ObuchowskiTest(patients), durkalski = DurkalskiTest(patients);
  EXPECT_NEAR(obuchowski.statistic, 0.5, 1e-14);
  EXPECT_NEAR(obuchowski.p_value, std::erfc(std::sqrt(0.25)), 1e-12);
  EXPECT_NEAR(durkalski.statistic, 1.0 / 9, 1e-14);
  EXPECT_NEAR(durkalski.p_value, std::erfc(std::sqrt(1.0 / 18)), 1e-12);
  EXPECT_EQ(obuchowski.patients, 4);
}

TEST(ClusteredPairedTests, WithOnePairEachAreMcNemars) {
  const std::vector<MatchedCluster> patients = OnePairEach(40, 5, 14, 41);
  const double mcnemar = 81.0 / 19;
  EXPECT_NEAR(DurkalskiTest(patients).statistic, mcnemar, 1e-12);
  EXPECT_NEAR(ObuchowskiTest(patients).statistic, 0.99 * mcnemar, 1e-12);
}

TEST(ClusteredPairedTests, WithEqualNumbersOfPairsDifferByAFactor) {
  const std::vector<MatchedCluster> patients = {
      {0, 2, 0, 0}, {0, 1, 1, 0}, {1, 0, 1, 0}, {1, 1, 0, 0}, {0, 0, 0, 2}};
  EXPECT_NEAR(ObuchowskiTest(patients).statistic, 0.8 * DurkalskiTest(patients).statistic, 1e-12);
}

TEST(ClusteredPairedTests, SayWhatCannotBeGiven) {
  EXPECT_EQ(ObuchowskiTest({}).status, EstimateStatus::kNoData);
  EXPECT_EQ(ObuchowskiTest({{0, 0, 0, 0}}).status, EstimateStatus::kNoData);
  EXPECT_EQ(DurkalskiTest({{0, 2, 0, 0}}).status, EstimateStatus::kTooFewClusters);
  const PairedTest same = DurkalskiTest({{2, 0, 0, 0}, {0, 1, 1, 0}});
  EXPECT_EQ(same.status, EstimateStatus::kNoVariation);
  EXPECT_EQ(same.p_value, 1);
}

/// The share of first-only pairs that makes the data most likely when the shares differ by delta,
/// by search instead of by formula.
double MostLikelyShare(double b, double c, double n, double delta) {
  const auto log_likelihood = [&](double q) {
    const auto term = [](double count, double share) {
      return count == 0 ? 0 : count * std::log(share);
    };
    return term(b, q) + term(c, q + delta) + term(n - b - c, 1 - 2 * q - delta);
  };
  double low = std::max(0.0, -delta), high = (1 - delta) / 2;
  for (int i = 0; i < 300; ++i) {
    const double left = low + (high - low) / 3, right = high - (high - low) / 3;
    if (log_likelihood(left) < log_likelihood(right)) {
      low = left;
    } else {
      high = right;
    }
  }
  return (low + high) / 2;
}

TEST(TangoScore, UsesTheMostLikelyShares) {
  for (const auto& [b, c, n] : {std::array<double, 3>{3, 9, 40}, {0, 4, 25}, {6, 0, 30}})
    for (const double delta : {-0.3, -0.05, 0.0, 0.1, 0.4}) {
      const double q = MostLikelyShare(b, c, n, delta);
      const double variance = n * (2 * q + delta - delta * delta);
      EXPECT_NEAR(TangoScore(b, c, n, delta), (c - b - n * delta) / std::sqrt(variance), 1e-5)
          << b << " " << c << " " << delta;
    }
}

TEST(TangoScore, AtNoDifferenceIsMcNemars) {
  EXPECT_NEAR(TangoScore(5, 14, 100, 0), 9 / std::sqrt(19.0), 1e-12);
}

TEST(TangoInterval, GivesThePublishedFigures) {
  // Bentur et al. (2009): 1, 1, 7, 12, first − second −0.286, −0.517 to −0.026 (Fagerland, Lydersen
  // & Laake, Statistical Analysis of Contingency Tables, 2017, ch. 8).
  const Interval interval = TangoInterval(1, 7, 21);
  EXPECT_NEAR(interval.low, 0.026, 5e-4);
  EXPECT_NEAR(interval.high, 0.517, 5e-4);
}

TEST(TangoInterval, WithoutDiscordantPairsHasAClosedForm) {
  const double z2 = 1.959963984540054 * 1.959963984540054;
  const Interval interval = TangoInterval(0, 0, 50);
  EXPECT_NEAR(interval.high, z2 / (50 + z2), 1e-12);
  EXPECT_NEAR(interval.low, -z2 / (50 + z2), 1e-12);
  EXPECT_EQ(TangoInterval(0, 12, 12).high, 1);
  EXPECT_GT(TangoInterval(0, 12, 12).low, 0.5);
  EXPECT_EQ(TangoInterval(12, 0, 12).low, -1);
}

TEST(ComparePairs, ByHand) {
  // 7 pairs in patients with 2, 2, 1 and 2 of them; 3 are first only, 2 second only: −1/7.
  const PairedDifference difference =
      ComparePairs({{0, 2, 0, 0}, {0, 1, 1, 0}, {0, 0, 1, 0}, {1, 0, 0, 1}, {0, 0, 0, 0}});
  EXPECT_EQ(difference.patients, 4);
  EXPECT_DOUBLE_EQ(difference.value, -1.0 / 7);
  EXPECT_DOUBLE_EQ(difference.first, 4.0 / 7);
  EXPECT_DOUBLE_EQ(difference.second, 3.0 / 7);
  // −2, 0, 1, 0 against −2/7, −2/7, −1/7, −2/7: sevenths −12, 2, 8, 2.
  const double variance = 4.0 / 3 * (144 + 4 + 64 + 4) / 49 / 49;
  EXPECT_NEAR(difference.standard_error, std::sqrt(variance), 1e-14);
  EXPECT_NEAR(difference.design_effect, variance / ((5.0 / 7 - 1.0 / 49) / 7), 1e-12);
  EXPECT_NEAR(difference.effective_pairs, 7 / difference.design_effect, 1e-12);
  EXPECT_LT(difference.interval.low, -1.0 / 7);
  EXPECT_GT(difference.interval.high, -1.0 / 7);
}

TEST(ComparePairs, WithOnePairEachIsTangosButForTheFactor) {
  const PairedDifference difference = ComparePairs(OnePairEach(400, 50, 140, 410));
  EXPECT_NEAR(difference.design_effect, 1000.0 / 999, 1e-12);
  const Interval tango = TangoInterval(50, 140, 1000);
  EXPECT_NEAR(difference.interval.low, tango.low, 2e-4);
  EXPECT_NEAR(difference.interval.high, tango.high, 2e-4);
}

TEST(ComparePairs, WithoutDiscordantPairsRestsOnPatients) {
  const PairedDifference difference =
      ComparePairs(std::vector<MatchedCluster>(40, MatchedCluster{1, 0, 0, 1}));
  EXPECT_EQ(difference.status, EstimateStatus::kNoVariation);
  EXPECT_EQ(difference.value, 0);
  EXPECT_EQ(difference.effective_pairs, 40);
  const double t2 = 2.022690920036 * 2.022690920036;  // 39 degrees of freedom.
  EXPECT_NEAR(difference.interval.high, t2 / (40 + t2), 1e-9);
  EXPECT_EQ(ComparePairs({{1, 1, 0, 0}}).status, EstimateStatus::kTooFewClusters);
  EXPECT_EQ(ComparePairs({}).status, EstimateStatus::kNoData);
}

}  // namespace
}  // namespace maskbench
