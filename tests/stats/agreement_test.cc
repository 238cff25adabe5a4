#include "maskbench/stats/agreement.h"

#include <cmath>

#include <gtest/gtest.h>

namespace maskbench {
namespace {

TEST(LimitsOfAgreement, MeanAndSpreadByHand) {
  // Mean 1, squared deviations 4 + 0 + 4, divided by 2: SD 2.
  const Agreement agreement = LimitsOfAgreement({-1, 1, 3});
  EXPECT_DOUBLE_EQ(agreement.bias, 1);
  EXPECT_DOUBLE_EQ(agreement.half_width, 1.96 * 2);
}

TEST(LimitsOfAgreement, AWeightIsARepetition) {
  const Agreement weighted = LimitsOfAgreement({0.5, 2, 7}, {2, 0, 1});
  const Agreement repeated = LimitsOfAgreement({0.5, 0.5, 7});
  EXPECT_DOUBLE_EQ(weighted.bias, repeated.bias);
  EXPECT_DOUBLE_EQ(weighted.half_width, repeated.half_width);
}

TEST(LimitsOfAgreement, SaysNothingOfTooFew) {
  EXPECT_TRUE(std::isnan(LimitsOfAgreement({}).bias));
  EXPECT_DOUBLE_EQ(LimitsOfAgreement({3}).bias, 3);
  EXPECT_TRUE(std::isnan(LimitsOfAgreement({3}).half_width));
}

TEST(IntraclassCorrelation, ByHand) {
  // Rows 1.5, 2.5, 3.5, 4.5 around 3: mean square between 10/3; columns 2.5 and 3.5: 2; no
  // residual. (10/3) / (10/3 + 2 · 2 / 4).
  EXPECT_NEAR(IntraclassCorrelation({1, 2, 3, 4}, {2, 3, 4, 5}), 10.0 / 13, 1e-12);
  EXPECT_NEAR(IntraclassCorrelation({1, 2, 3, 4}, {1, 2, 3, 4}), 1, 1e-12);
  // Rows 2, 2, 2: nothing between them, residuals ±1 in four of six values: 4 / 2; columns equal.
  // (0 − 2) / (0 + 2 − 2 · 2 / 3).
  EXPECT_NEAR(IntraclassCorrelation({1, 2, 3}, {3, 2, 1}), -3, 1e-12);
}

TEST(IntraclassCorrelation, WeightsRepeatAndNothingSaysNothing) {
  EXPECT_DOUBLE_EQ(IntraclassCorrelation({1, 5, 2}, {2, 4, 2.5}, {2, 1, 1}),
                   IntraclassCorrelation({1, 1, 5, 2}, {2, 2, 4, 2.5}));
  EXPECT_TRUE(std::isnan(IntraclassCorrelation({}, {})));
  EXPECT_TRUE(std::isnan(IntraclassCorrelation({1}, {2})));
  EXPECT_TRUE(std::isnan(IntraclassCorrelation({2, 2}, {2, 2})));
}

TEST(RegressionSlope, ByHand) {
  // Deviations of x −1, 0, 1 and of y −1, −1, 2: Σxy 3, Σxx 2.
  EXPECT_DOUBLE_EQ(RegressionSlope({1, 2, 3}, {0, 0, 3}), 1.5);
  // A shift and a scale of what was measured are an intercept and a slope.
  EXPECT_NEAR(RegressionSlope({-2, 0, 5, 8}, {1.4, 2, 3.5, 4.4}), 0.3, 1e-12);
  EXPECT_TRUE(std::isnan(RegressionSlope({2, 2}, {1, 5})));
}

TEST(WeightedPercentile, CountsWeights) {
  EXPECT_DOUBLE_EQ(WeightedPercentile({5, 1, 3}, 0.5), 3);
  EXPECT_DOUBLE_EQ(WeightedPercentile({5, 1, 3}, 0.5, {4, 1, 1}), 5);
  EXPECT_DOUBLE_EQ(WeightedPercentile({5, 1, 3}, 0.0, {1, 0, 1}), 3);
  EXPECT_DOUBLE_EQ(WeightedPercentile({5, 1, 3}, 1.0), 5);
  EXPECT_TRUE(std::isnan(WeightedPercentile({}, 0.5)));
}

}  // namespace
}  // namespace maskbench
