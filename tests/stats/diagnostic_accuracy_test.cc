#include "maskbench/stats/diagnostic_accuracy.h"

#include <cmath>

#include <gtest/gtest.h>

namespace maskbench {
namespace {

TEST(ClusteredProportion, ByHand) {
  // 4 of 7. Departures 6, −8, −1 and 3 sevenths; variance 4 / 3 · (110 / 49) / 49; of independent
  // trials 12 / 49 / 7.
  const Proportion share = ClusteredProportion({{2, 2}, {0, 2}, {1, 2}, {1, 1}});
  EXPECT_DOUBLE_EQ(share.value, 4.0 / 7);
  EXPECT_NEAR(share.standard_error, std::sqrt(440.0 / 7203), 1e-14);
  EXPECT_NEAR(share.design_effect, 440.0 / 7203 / (12.0 / 343), 1e-12);
  EXPECT_EQ(share.patients, 4);
  EXPECT_EQ(share.status, EstimateStatus::kGiven);
  // Wilson's for 7 / 1.746 trials with t of 3 degrees.
  const Interval wilson =
      WilsonInterval(4.0 / share.design_effect, 7.0 / share.design_effect, 3.182446305284263);
  EXPECT_NEAR(share.interval.low, wilson.low, 1e-9);
  EXPECT_NEAR(share.interval.high, wilson.high, 1e-9);
}

TEST(ClusteredProportion, EyesThatAreAlwaysAlikeCountOnce) {
  std::vector<ClusterShare> one, two;
  for (int i = 0; i < 50; ++i) {
    const double hit = i % 4 == 0 ? 1 : 0;
    one.push_back({hit, 1});
    two.push_back({2 * hit, 2});
  }
  const Proportion of_one = ClusteredProportion(one), of_two = ClusteredProportion(two);
  EXPECT_NEAR(of_two.design_effect, 2 * of_one.design_effect, 1e-12);
  EXPECT_NEAR(of_two.interval.low, of_one.interval.low, 1e-12);
  EXPECT_NEAR(of_one.design_effect, 50.0 / 49, 1e-12);
}

TEST(ClusteredProportion, NeverCountsMoreTrialsThanThereAre) {
  // One hit per patient: no variance between patients at all.
  const Proportion share = ClusteredProportion({{1, 2}, {1, 2}, {1, 2}, {0, 1}, {1, 1}});
  EXPECT_LT(share.design_effect, 1);
  const Interval wilson = WilsonInterval(4, 8, 2.7764451051977987);
  EXPECT_NEAR(share.interval.low, wilson.low, 1e-9);
}

TEST(ClusteredProportion, OfNoneOrAllRestsOnPatients) {
  const Proportion none = ClusteredProportion({{0, 2}, {0, 2}, {0, 2}, {0, 0}});
  EXPECT_EQ(none.status, EstimateStatus::kNoVariation);
  EXPECT_EQ(none.patients, 3);
  EXPECT_EQ(none.interval.low, 0);
  EXPECT_NEAR(none.interval.high, 1 - std::pow(0.025, 1.0 / 3), 1e-12);
  EXPECT_EQ(ClusteredProportion({{2, 2}, {1, 1}}).interval.high, 1);
  EXPECT_EQ(ClusteredProportion({{1, 2}}).status, EstimateStatus::kTooFewClusters);
  EXPECT_DOUBLE_EQ(ClusteredProportion({{1, 2}}).value, 0.5);
  EXPECT_EQ(ClusteredProportion({}).status, EstimateStatus::kNoData);
  EXPECT_EQ(ClusteredProportion({{0, 0}}).status, EstimateStatus::kNoData);
}

TEST(DiagnosticAccuracy, ByHand) {
  const DiagnosticAccuracy accuracy = AccuracyOf({{0, true, true},
                                                  {0, false, false},
                                                  {1, true, false},
                                                  {1, true, true},
                                                  {2, false, true},
                                                  {2, false, false},
                                                  {3, false, false}});
  EXPECT_DOUBLE_EQ(accuracy.sensitivity.value, 2.0 / 3);
  EXPECT_EQ(accuracy.sensitivity.patients, 2);
  EXPECT_DOUBLE_EQ(accuracy.specificity.value, 3.0 / 4);
  EXPECT_EQ(accuracy.specificity.patients, 3);
  EXPECT_DOUBLE_EQ(accuracy.accuracy.value, 5.0 / 7);
  EXPECT_EQ(accuracy.accuracy.n, 7);
  EXPECT_EQ(AccuracyOf({{0, true, true}}).specificity.status, EstimateStatus::kNoData);
}

}  // namespace
}  // namespace maskbench
