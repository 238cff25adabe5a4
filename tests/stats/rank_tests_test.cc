#include "maskbench/stats/rank_tests.h"

#include <cmath>
#include <limits>
#include <numeric>

#include <gtest/gtest.h>

namespace maskbench {
namespace {

const double kNan = std::numeric_limits<double>::quiet_NaN();

/// Differences of sizes 1 … n of which those named are positive.
std::vector<double> Differences(int n, const std::vector<int>& positive) {
  std::vector<double> differences;
  for (int size = 1; size <= n; ++size) differences.push_back(-size);
  for (const int size : positive) differences[static_cast<size_t>(size - 1)] = size;
  return differences;
}

// Hamilton's depression scale of nine patients (Hollander & Wolfe 1999, example 3.1): T+ = 5 of the
// differences second − first, one-sided P = 0.0195.
TEST(WilcoxonSignedRank, HollanderAndWolfesExample) {
  const std::vector<double> first = {1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30},
                            second = {0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29};
  std::vector<double> differences;
  for (size_t i = 0; i < first.size(); ++i) differences.push_back(second[i] - first[i]);
  const SignedRankTest test = WilcoxonSignedRank(differences);
  EXPECT_TRUE(test.exact);
  EXPECT_EQ(test.positive_ranks, 5);
  EXPECT_NEAR(test.p_value, 2 * 10.0 / 512, 1e-12);
}

// Critical values of the published table (two-sided 5 %): 0 for n = 6, 3 for 8, 8 for 10, 25
// for 15. Counted by hand: subsets of 1 … n with a sum up to the value.
TEST(WilcoxonSignedRank, CriticalValuesOfTheTable) {
  EXPECT_NEAR(WilcoxonSignedRank(Differences(6, {})).p_value, 2.0 / 64, 1e-12);
  EXPECT_NEAR(WilcoxonSignedRank(Differences(8, {3})).p_value, 2 * 5.0 / 256, 1e-12);
  EXPECT_NEAR(WilcoxonSignedRank(Differences(10, {8})).p_value, 2 * 25.0 / 1024, 1e-12);
  const double at = WilcoxonSignedRank(Differences(15, {10, 15})).p_value,
               beyond = WilcoxonSignedRank(Differences(15, {11, 15})).p_value;
  EXPECT_LE(at, 0.05);
  EXPECT_GT(beyond, 0.05);
}

TEST(WilcoxonSignedRank, ZerosAreLeftOutAndTiesShareTheirRanks) {
  const SignedRankTest test = WilcoxonSignedRank({0, 2, 2, -2, 5, 0, kNan});
  EXPECT_EQ(test.zeros, 2);
  EXPECT_EQ(test.differences, 4);
  EXPECT_EQ(test.positive_ranks, 2 + 2 + 4);  // Three times rank 2, and 4.
  // Sums of {2, 2, 2, 4} from 8 on: 8 (three times: 2 + 2 + 4) and 10: 4 of 16.
  EXPECT_NEAR(test.p_value, 0.5, 1e-12);
}

TEST(WilcoxonSignedRank, SaysWhenThereIsNothingToTest) {
  EXPECT_EQ(WilcoxonSignedRank({0, 0, 0}).p_value, 1);
  EXPECT_EQ(WilcoxonSignedRank({0, 0, 0}).zeros, 3);
  EXPECT_TRUE(std::isnan(WilcoxonSignedRank({}).p_value));
  EXPECT_TRUE(std::isnan(WilcoxonSignedRank({kNan}).p_value));
}

TEST(WilcoxonSignedRank, SwappingSidesChangesNothing) {
  const std::vector<double> one = {1.5, -0.2, 3, 0.7, -0.9, 2, 2};
  std::vector<double> other;
  for (const double value : one) other.push_back(-value);
  EXPECT_NEAR(WilcoxonSignedRank(one).p_value, WilcoxonSignedRank(other).p_value, 1e-12);
}

// At the border of the exact distribution the normal approximation says nearly the same.
TEST(WilcoxonSignedRank, TheApproximationMeetsTheExactValue) {
  std::vector<int> positive(20);
  std::iota(positive.begin(), positive.end(), 21);
  const SignedRankTest exact = WilcoxonSignedRank(Differences(50, positive)),
                       normal = WilcoxonSignedRank(Differences(51, positive));
  EXPECT_TRUE(exact.exact);
  EXPECT_FALSE(normal.exact);
  // n = 51: (610 − 663) / sqrt(51·52·103/24) with the half: −52.5 / 106.68 → 2 · Φ(−0.4921).
  EXPECT_NEAR(normal.p_value, 0.6226, 0.0005);
  EXPECT_NEAR(exact.p_value, 0.796, 0.005);
}

// Permeability of membranes at term and at 12 to 26 weeks (Hollander & Wolfe 1999, example 4.1):
// one-sided P = 0.127.
TEST(MannWhitney, HollanderAndWolfesExample) {
  const std::vector<double> term = {0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46},
                            early = {1.15, 0.88, 0.90, 0.74, 1.21};
  const RankSumTest test = MannWhitney(early, term);
  EXPECT_TRUE(test.exact);
  EXPECT_EQ(test.u, 35);
  EXPECT_NEAR(test.p_value, 0.2544, 0.0001);
  EXPECT_EQ(MannWhitney(term, early).u, 15);
  EXPECT_NEAR(MannWhitney(term, early).p_value, test.p_value, 1e-12);
}

// Published two-sided 5 % limits: U = 2 for 5 and 5, U = 23 for 10 and 10.
TEST(MannWhitney, CriticalValuesOfTheTable) {
  EXPECT_NEAR(MannWhitney({1, 2, 3, 4}, {5, 6, 7, 8}).p_value, 2.0 / 70, 1e-12);
  // U of the first sample is 2; 4 of 252 arrangements have so little.
  EXPECT_NEAR(MannWhitney({1, 2, 3, 4, 7}, {5, 6, 8, 9, 10}).p_value, 2 * 4.0 / 252, 1e-12);
  std::vector<double> low, high;
  for (int i = 1; i <= 10; ++i) {
    low.push_back(i);
    high.push_back(i + 10.5);
  }
  low[9] = 100;   // Above all ten.
  low[8] = 20.0;  // Above nine.
  low[7] = 14.0;  // Above three.
  low[6] = 11.7;  // Above one.
  EXPECT_EQ(MannWhitney(low, high).u, 100 - 23);
  EXPECT_LE(MannWhitney(low, high).p_value, 0.05);
  low[5] = 11.8;  // One more.
  EXPECT_GT(MannWhitney(low, high).p_value, 0.05);
}

TEST(MannWhitney, TiesByTheirOwnDistribution) {
  // Ranks 1.5 1.5 3 4 5.5 5.5; the second sample has 3 + 5.5 + 5.5 = 14. Of the 20 choices of three
  // one has 15 (4 + 5.5 + 5.5) and this one 14: one-sided 2 / 20.
  const RankSumTest test = MannWhitney({1, 1, 3}, {2, 5, 5});
  EXPECT_EQ(test.u, 8);
  EXPECT_NEAR(test.p_value, 2 * 2.0 / 20, 1e-12);
  EXPECT_EQ(MannWhitney({1, 1}, {1, 1}).p_value, 1);
  EXPECT_TRUE(std::isnan(MannWhitney({}, {1}).p_value));
}

TEST(MannWhitney, LargeSamplesByTheNormalDistribution) {
  std::vector<double> first, second;
  for (int i = 0; i < 40; ++i) {
    first.push_back(i);
    second.push_back(i + 8.5);
  }
  const RankSumTest test = MannWhitney(first, second);
  EXPECT_FALSE(test.exact);
  // 40·40 pairs less those with j + 8.5 < i: 31 · 32 / 2 = 496.
  EXPECT_EQ(test.u, 1600 - 496);
  // (1104 − 800 − 0.5) / sqrt(1600 · 81 / 12) = 2.9205.
  EXPECT_NEAR(test.p_value, 0.003495, 0.00002);
}

// Hollander & Wolfe's example 4.4, of the samples above: 0.305 with 95.5 % or so from −0.15 to
// 0.76.
TEST(HodgesLehmann, HollanderAndWolfesExample) {
  const std::vector<double> term = {0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46},
                            early = {1.15, 0.88, 0.90, 0.74, 1.21};
  const ShiftEstimate shift = HodgesLehmannShift(early, term);
  EXPECT_NEAR(shift.value, 0.305, 1e-9);
  EXPECT_NEAR(shift.interval.low, -0.15, 1e-9);
  EXPECT_NEAR(shift.interval.high, 0.76, 1e-9);
}

TEST(HodgesLehmann, SmallSamplesHaveNoInterval) {
  EXPECT_EQ(HodgesLehmannShift({1, 2, 3}, {11, 12, 13}).value, 10);
  EXPECT_TRUE(std::isnan(HodgesLehmannShift({1, 2, 3}, {11, 12, 13}).interval.low));
  // Four each: P(U = 0) = 1 / 70, so the interval holds all differences.
  const ShiftEstimate four = HodgesLehmannShift({1, 2, 3, 4}, {11, 12, 13, 14});
  EXPECT_EQ(four.interval.low, 7);
  EXPECT_EQ(four.interval.high, 13);
}

}  // namespace
}  // namespace maskbench
