#include "maskbench/stats/agreement.h"

#include <cmath>

#include <gtest/gtest.h>

#include "maskbench/core/error.h"

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

/// Six targets, four judges (Shrout & Fleiss 1979, table 2).
const std::vector<std::vector<double>> kJudges = {{9, 2, 5, 8}, {6, 1, 3, 2},  {8, 4, 6, 8},
                                                  {7, 1, 2, 6}, {10, 5, 6, 9}, {6, 2, 4, 7}};

TEST(IntraclassInterval, GivesThePublishedFigures) {
  const IntraclassEstimate icc = IntraclassInterval(kJudges);
  // Their table 3: mean squares 11.24, 32.49, 1.02; table 4: 0.29.
  EXPECT_NEAR(icc.between_targets, 11.24, 5e-3);
  EXPECT_NEAR(icc.between_raters, 32.49, 5e-3);
  EXPECT_NEAR(icc.residual, 1.02, 5e-3);
  EXPECT_NEAR(icc.value, 0.29, 5e-3);
  // psych::ICC of R on the same data: 0.019 to 0.76.
  EXPECT_NEAR(icc.interval.low, 0.019, 5e-4);
  EXPECT_NEAR(icc.interval.high, 0.76, 5e-3);
  EXPECT_EQ(icc.status, EstimateStatus::kGiven);
}

TEST(IntraclassInterval, OfTwoRatersIsTheSameAsOfTwoColumns) {
  const IntraclassEstimate icc = IntraclassInterval({{1, 2}, {5, 4}, {2, 2.5}, {8, 6.5}});
  EXPECT_NEAR(icc.value, IntraclassCorrelation({1, 5, 2, 8}, {2, 4, 2.5, 6.5}), 1e-12);
  EXPECT_LT(icc.interval.low, icc.value);
  EXPECT_GT(icc.interval.high, icc.value);
}

TEST(IntraclassInterval, SaysWhatCannotBeGiven) {
  EXPECT_EQ(IntraclassInterval({}).status, EstimateStatus::kNoData);
  EXPECT_EQ(IntraclassInterval({{1, 2}}).status, EstimateStatus::kNoData);
  EXPECT_EQ(IntraclassInterval({{1}, {2}}).status, EstimateStatus::kNoData);
  EXPECT_EQ(IntraclassInterval({{2, 2}, {2, 2}}).status, EstimateStatus::kNoData);
  const IntraclassEstimate same = IntraclassInterval({{1, 1}, {4, 4}, {2, 2}});
  EXPECT_EQ(same.value, 1);
  EXPECT_EQ(same.status, EstimateStatus::kNoVariation);
  EXPECT_THROW(IntraclassInterval({{1, 2}, {1}}), UsageError);
}

TEST(AgreementIntervals, ByHand) {
  // Mean 1, deviation 2 of 3 values, t of 2 degrees 4.302653: ± t · 2 / √3, and of the limits
  // ± t · 2 √(1/3 + 1.96² / 4).
  const AgreementIntervals intervals = AgreementIntervalsOf({-1, 1, 3});
  const double t = 4.302652729911275;
  EXPECT_NEAR(intervals.bias.high, 1 + t * 2 / std::sqrt(3.0), 1e-9);
  EXPECT_NEAR(intervals.lower_limit.low, 1 - 3.92 - t * 2 * std::sqrt(1.0 / 3 + 1.96 * 1.96 / 4),
              1e-9);
  EXPECT_NEAR(intervals.upper_limit.low, 1 + 3.92 - t * 2 * std::sqrt(1.0 / 3 + 1.96 * 1.96 / 4),
              1e-9);
  EXPECT_TRUE(std::isnan(AgreementIntervalsOf({3}).bias.low));
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
