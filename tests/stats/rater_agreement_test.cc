#include "maskbench/stats/rater_agreement.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include <gtest/gtest.h>

#include "maskbench/core/error.h"

namespace maskbench {
namespace {

/// Krippendorff (2011), four observers, twelve units, values 1 to 5: here 0 to 4, −1 is missing.
RatingCounts FourObservers() {
  RatingCounts ratings(5);
  for (const std::vector<int>& unit : std::vector<std::vector<int>>{{0, 0, -1, 0},
                                                                    {1, 1, 2, 1},
                                                                    {2, 2, 2, 2},
                                                                    {2, 2, 2, 2},
                                                                    {1, 1, 1, 1},
                                                                    {0, 1, 2, 3},
                                                                    {3, 3, 3, 3},
                                                                    {0, 0, 1, 0},
                                                                    {1, 1, 1, 1},
                                                                    {-1, 4, 4, 4},
                                                                    {-1, -1, 0, 0},
                                                                    {-1, -1, 2, -1}})
    ratings.AddReadings(unit);
  return ratings;
}

RatingCounts FromCounts(const std::vector<std::vector<double>>& units) {
  RatingCounts ratings(static_cast<int>(units.front().size()));
  for (const std::vector<double>& unit : units) ratings.AddUnit(unit, ratings.size());
  return ratings;
}

/// 15 of the patients of Fleiss (1971), six psychiatrists, five diagnoses.
RatingCounts Psychiatrists() {
  return FromCounts({{0, 0, 0, 6, 0},
                     {0, 3, 0, 0, 3},
                     {0, 1, 4, 0, 1},
                     {0, 0, 0, 0, 6},
                     {0, 3, 0, 3, 0},
                     {2, 0, 4, 0, 0},
                     {0, 0, 4, 0, 2},
                     {2, 0, 3, 1, 0},
                     {2, 0, 0, 4, 0},
                     {0, 0, 0, 0, 6},
                     {1, 0, 0, 5, 0},
                     {1, 1, 0, 4, 0},
                     {0, 3, 3, 0, 0},
                     {1, 0, 0, 5, 0},
                     {0, 2, 0, 3, 1}});
}

TEST(KrippendorffAlpha, GivesHisFigures) {
  const RatingCounts ratings = FourObservers();
  EXPECT_NEAR(KrippendorffAlpha(ratings, AlphaLevel::kNominal), 0.743, 5e-4);
  EXPECT_NEAR(KrippendorffAlpha(ratings, AlphaLevel::kOrdinal), 0.815, 5e-4);
  EXPECT_NEAR(KrippendorffAlpha(ratings, AlphaLevel::kInterval), 0.849, 5e-4);
}

TEST(KrippendorffAlpha, OfTwoReadersByHand) {
  // Units 00, 00, 11, 01: coincidences o₀₁ = 1, values five 0 and three 1 of 8; 1 − 7 · 1 / 15.
  RatingCounts ratings(2);
  for (const std::vector<int>& unit : std::vector<std::vector<int>>{{0, 0}, {0, 0}, {1, 1}, {0, 1}})
    ratings.AddReadings(unit);
  for (const AlphaLevel level : {AlphaLevel::kNominal, AlphaLevel::kOrdinal, AlphaLevel::kInterval})
    EXPECT_NEAR(KrippendorffAlpha(ratings, level), 1 - 7.0 / 15, 1e-12);
}

TEST(KrippendorffAlpha, WeightsRepeatUnitsAndSingleReadingsDoNotCount) {
  RatingCounts ratings(3), repeated(3);
  for (const std::vector<int>& unit :
       std::vector<std::vector<int>>{{0, 0, 1}, {2, 1, -1}, {1, 1, 1}, {0, -1, -1}})
    ratings.AddReadings(unit);
  for (const std::vector<int>& unit :
       std::vector<std::vector<int>>{{0, 0, 1}, {0, 0, 1}, {1, 1, 1}})
    repeated.AddReadings(unit);
  for (const AlphaLevel level : {AlphaLevel::kNominal, AlphaLevel::kOrdinal, AlphaLevel::kInterval})
    EXPECT_NEAR(KrippendorffAlpha(ratings, level, {2, 0, 1, 5}), KrippendorffAlpha(repeated, level),
                1e-12);
  EXPECT_TRUE(std::isnan(KrippendorffAlpha(ratings, AlphaLevel::kNominal, {0, 0, 3, 1})));
}

TEST(FleissKappa, GivesThePublishedFigures) {
  // The example of Wikipedia's article "Fleiss' kappa": 0.210.
  const IntervalEstimate kappa = FleissKappa(FromCounts({{0, 0, 0, 0, 14},
                                                         {0, 2, 6, 4, 2},
                                                         {0, 0, 3, 5, 6},
                                                         {0, 3, 9, 2, 0},
                                                         {2, 2, 8, 1, 1},
                                                         {7, 7, 0, 0, 0},
                                                         {3, 2, 6, 3, 0},
                                                         {2, 5, 3, 2, 2},
                                                         {6, 5, 2, 1, 0},
                                                         {0, 2, 2, 3, 7}}));
  EXPECT_NEAR(kappa.value, 0.210, 5e-4);
  EXPECT_EQ(kappa.status, EstimateStatus::kGiven);
}

TEST(FleissKappa, AgreesWithIrrCac) {
  // irrCAC 1.0 (kgwet/irrCAC, README): distrib.6raters and cac.raw4raters.
  const IntervalEstimate kappa = FleissKappa(Psychiatrists());
  EXPECT_NEAR(kappa.value, 0.4139265, 5e-8);
  EXPECT_NEAR(kappa.standard_error, 0.08119291, 5e-9);
  EXPECT_NEAR(kappa.interval.low, 0.240, 5e-4);
  EXPECT_NEAR(kappa.interval.high, 0.588, 5e-4);
  const IntervalEstimate with_gaps = FleissKappa(FourObservers());
  EXPECT_NEAR(with_gaps.value, 0.76117, 5e-6);
  EXPECT_NEAR(with_gaps.standard_error, 0.15302, 5e-6);
  EXPECT_NEAR(with_gaps.interval.low, 0.424, 5e-4);
  EXPECT_EQ(with_gaps.interval.high, 1);
}

TEST(GwetAc1, AgreesWithIrrCac) {
  const IntervalEstimate psychiatrists = GwetAc1(Psychiatrists());
  EXPECT_NEAR(psychiatrists.value, 0.4448007, 5e-8);
  EXPECT_NEAR(psychiatrists.standard_error, 0.08418757, 5e-9);
  const IntervalEstimate with_gaps = GwetAc1(FourObservers());
  EXPECT_NEAR(with_gaps.value, 0.77544, 5e-6);
  EXPECT_NEAR(with_gaps.standard_error, 0.14295, 5e-6);
  EXPECT_NEAR(with_gaps.interval.low, 0.461, 5e-4);
  // Two readers of cont3x3abstractors: 0.8493305, and 0.04321747 with n instead of n − 1.
  RatingCounts abstracts(3);
  const auto add = [&](int first, int second, int count) {
    for (int i = 0; i < count; ++i) abstracts.AddReadings({first, second});
  };
  add(0, 0, 13);
  add(1, 1, 20);
  add(1, 2, 7);
  add(2, 1, 4);
  add(2, 2, 56);
  EXPECT_NEAR(GwetAc1(abstracts).value, 0.8493305, 5e-8);
  EXPECT_NEAR(GwetAc1(abstracts).standard_error, 0.04321747 / std::sqrt(0.99), 5e-9);
}

TEST(GwetAc1, DoesNotFallWithAnUnevenPrevalence) {
  // 118 of 125 units agree on "no", 5 + 2 do not (Feinstein & Cicchetti's paradox): kappa is about
  // zero, AC1 is not. By hand π = 7 / 250, chance 2 · π (1 − π) = .054432, (.944 − .054432) /
  // .945568.
  RatingCounts ratings(2);
  for (int i = 0; i < 118; ++i) ratings.AddReadings({0, 0});
  for (int i = 0; i < 5; ++i) ratings.AddReadings({1, 0});
  for (int i = 0; i < 2; ++i) ratings.AddReadings({0, 1});
  EXPECT_NEAR(GwetAc1(ratings).value, (0.944 - 0.054432) / 0.945568, 1e-12);
  EXPECT_LT(FleissKappa(ratings).value, 0);
}

TEST(RaterAgreement, SaysWhatCannotBeGiven) {
  RatingCounts one_category(2);
  EXPECT_EQ(FleissKappa(one_category).status, EstimateStatus::kNoData);
  one_category.AddReadings({0, 0, 0});
  one_category.AddReadings({0, 0, -1});
  EXPECT_EQ(FleissKappa(one_category).status, EstimateStatus::kOneCategory);
  EXPECT_TRUE(std::isnan(FleissKappa(one_category).value));
  const IntervalEstimate ac1 = GwetAc1(one_category);
  EXPECT_EQ(ac1.value, 1);
  EXPECT_EQ(ac1.status, EstimateStatus::kNoVariation);
  EXPECT_TRUE(std::isnan(ac1.interval.low));
  RatingCounts single(2);
  single.AddReadings({0, -1});
  EXPECT_EQ(GwetAc1(single).status, EstimateStatus::kNoData);
  EXPECT_THROW(single.AddReadings({2}), UsageError);
  EXPECT_THROW(single.AddUnit({1, 1, 1}, 0), UsageError);
  EXPECT_THROW(single.AddUnit({1, -1}, 0), UsageError);
  EXPECT_THROW(RatingCounts(1), UsageError);
}

TEST(BootstrapAgreement, HasTheStandardErrorOfTheory) {
  RatingCounts ratings(3);
  NamedRandom random(1, "readers", "simulation");
  for (int unit = 0; unit < 400; ++unit) {
    std::vector<int> readings;
    const auto truth = static_cast<int>(random.Below(3));
    for (int reader = 0; reader < 4; ++reader)
      readings.push_back(random.Uniform() < 0.7 ? truth : static_cast<int>(random.Below(3)));
    ratings.AddReadings(readings);
  }
  const auto check = [&](const IntervalEstimate& theory, const RatingStatistic& statistic) {
    const IntervalEstimate bootstrap =
        BootstrapAgreement(ratings, statistic, 1500, NamedRandom(1, "ac1", "bootstrap"));
    EXPECT_DOUBLE_EQ(bootstrap.value, theory.value);
    EXPECT_NEAR(bootstrap.standard_error, theory.standard_error, 0.07 * theory.standard_error);
    EXPECT_NEAR(bootstrap.interval.low, theory.interval.low, 0.2 * theory.standard_error);
    EXPECT_NEAR(bootstrap.interval.high, theory.interval.high, 0.2 * theory.standard_error);
  };
  check(FleissKappa(ratings), FleissKappaOf);
  check(GwetAc1(ratings), GwetAc1Of);
}

TEST(BootstrapAgreement, EyesOfAPatientStayTogether) {
  RatingCounts one(2), two(2);
  for (int i = 0; i < 40; ++i) {
    const std::vector<int> readings = {i % 2, i % 3 == 0 ? 0 : i % 2, i % 7 == 0 ? 1 : i % 2};
    one.AddReadings(readings, i);
    two.AddReadings(readings, i);
    two.AddReadings(readings, i);
  }
  const auto alpha = [](const RatingCounts& ratings, const std::vector<double>& weights) {
    return KrippendorffAlpha(ratings, AlphaLevel::kNominal, weights);
  };
  const NamedRandom random(2, "alpha", "bootstrap");
  const IntervalEstimate of_one = BootstrapAgreement(one, alpha, 400, random);
  const IntervalEstimate of_two = BootstrapAgreement(two, alpha, 400, random);
  // All but the factor (n − 1) / n of alpha's small-sample correction.
  EXPECT_NEAR(of_one.standard_error, of_two.standard_error, 0.02 * of_one.standard_error);
}

}  // namespace
}  // namespace maskbench
