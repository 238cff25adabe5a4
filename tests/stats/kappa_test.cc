#include "maskbench/stats/kappa.h"

#include <cmath>

#include <gmock/gmock.h>

#include "maskbench/core/error.h"

namespace maskbench {
namespace {

/// 100 abstracts, rated by two abstractors (Gwet's data set cont3x3abstractors).
const std::vector<double> kAbstracts = {13, 0, 0, 0, 20, 7, 0, 4, 56};

/// One pair of readings for each patient.
ClusterCounts OneEyeEach(const std::vector<double>& counts, int categories) {
  std::vector<PairedReading> readings;
  for (int i = 0; i < categories; ++i)
    for (int j = 0; j < categories; ++j)
      for (int n = 0; n < counts[i * categories + j]; ++n)
        readings.push_back({static_cast<int>(readings.size()), i, j});
  return CountPairs(readings, categories);
}

TEST(ConfusionTable, ChecksWhatItIsGiven) {
  ConfusionTable table(2);
  table.Add(1, 0, 2);
  EXPECT_EQ(table.At(1, 0), 2);
  EXPECT_EQ(table.Total(), 2);
  EXPECT_THROW(table.Add(2, 0), UsageError);
  EXPECT_THROW(table.Add(0, -1), UsageError);
  EXPECT_THROW(ConfusionTable(2, {1, 2, 3}), UsageError);
  EXPECT_THROW(ConfusionTable(2, {1, 2, 3, -1}), UsageError);
  EXPECT_THROW(ConfusionTable(0), UsageError);
  EXPECT_THROW(CountPairs({{0, 2, 0}}, 2), UsageError);
}

TEST(CohenKappa, GivesThePublishedFigures) {
  const KappaEstimate kappa = CohenKappa(ConfusionTable(2, {31, 12, 4, 58}));
  EXPECT_EQ(kappa.status, EstimateStatus::kGiven);
  EXPECT_NEAR(kappa.value, 0.6756757, 5e-8);
  EXPECT_NEAR(kappa.standard_error, 0.07344761, 5e-9);
  EXPECT_NEAR(kappa.interval.low, 0.5317, 5e-5);
  EXPECT_NEAR(kappa.interval.high, 0.8196, 5e-5);
}

TEST(CohenKappa, AgreesWithIrrCac) {
  // irrCAC 1.0 (kgwet/irrCAC, README): 0.7964094, standard error 0.05891072.
  const KappaEstimate kappa = CohenKappa(ConfusionTable(3, kAbstracts));
  EXPECT_NEAR(kappa.value, 0.7964094, 5e-8);
  EXPECT_NEAR(kappa.standard_error, 0.05891072, 5e-9);
  // Its tests of weighted kappa give the value and the interval with t of 99 degrees, 1.98422.
  const auto check = [](KappaWeighting weighting, double value, double low, double high) {
    const KappaEstimate weighted = CohenKappa(ConfusionTable(3, kAbstracts), weighting);
    EXPECT_NEAR(weighted.value, value, 5e-4);
    const double half = 1.98422 * weighted.standard_error;
    EXPECT_NEAR(weighted.value - half, low, 5e-4);
    EXPECT_NEAR(weighted.value + half, high, 5e-4);
  };
  check(KappaWeighting::kLinear, 0.843, 0.748, 0.938);
  check(KappaWeighting::kQuadratic, 0.892, 0.822, 0.962);
}

TEST(CohenKappa, OfTwoCategoriesHasOneWeighting) {
  const ConfusionTable table(2, {31, 12, 4, 58});
  const KappaEstimate plain = CohenKappa(table);
  for (const KappaWeighting weighting : {KappaWeighting::kLinear, KappaWeighting::kQuadratic}) {
    EXPECT_DOUBLE_EQ(CohenKappa(table, weighting).value, plain.value);
    EXPECT_DOUBLE_EQ(CohenKappa(table, weighting).standard_error, plain.standard_error);
  }
}

TEST(CohenKappa, WithWeightsByHand) {
  // Cohen (1968): disagreement weights 0 1 3 / 1 0 6 / 3 6 0. As shares, marginals .6 .3
  // .1 and .5 .3 .2. Disagreement observed .07 + 3·.09 + .05 + 6·.05 + 3·.01 + 6·.03 = .90, by
  // chance .18 + 3·.12 + .15 + 6·.06 + 3·.05 + 6·.03 = 1.38; 1 − .90 / 1.38 = .348, his figure.
  const ConfusionTable table(3, {88, 14, 18, 10, 40, 10, 2, 6, 12});
  std::vector<double> weights = {0, 1, 3, 1, 0, 6, 3, 6, 0};
  for (double& weight : weights) weight = 1 - weight / 6;
  EXPECT_NEAR(CohenKappa(table, weights).value, 1 - 0.90 / 1.38, 1e-12);
  EXPECT_NEAR(CohenKappa(table).value, 0.492, 5e-4);
  EXPECT_THROW(CohenKappa(table, std::vector<double>{1, 0, 0, 1}), UsageError);
}

TEST(CohenKappa, HasNoValueInOneCategory) {
  const KappaEstimate kappa = CohenKappa(ConfusionTable(2, {40, 0, 0, 0}));
  EXPECT_EQ(kappa.status, EstimateStatus::kOneCategory);
  EXPECT_TRUE(std::isnan(kappa.value));
  EXPECT_TRUE(std::isnan(kappa.interval.low));
  EXPECT_EQ(kappa.observed, 1);
  EXPECT_STREQ(Explain(kappa.status), "one category only");
  EXPECT_EQ(CohenKappa(ConfusionTable(2)).status, EstimateStatus::kNoData);
}

TEST(CohenKappa, OfFullAgreementHasALowerBound) {
  const KappaEstimate kappa = CohenKappa(ConfusionTable(2, {60, 0, 0, 40}));
  EXPECT_EQ(kappa.value, 1);
  EXPECT_EQ(kappa.status, EstimateStatus::kNoVariation);
  EXPECT_EQ(kappa.standard_error, 0);
  // At most 1 − 0.025^(1/100) disagree; by chance 0.48 would.
  EXPECT_NEAR(kappa.interval.low, 1 - (1 - std::pow(0.025, 0.01)) / 0.48, 1e-12);
  EXPECT_EQ(kappa.interval.high, 1);
}

TEST(CohenKappa, OfOneConstantReaderIsZeroWithoutVariation) {
  // The second reading never says disease: no agreement beyond chance, and a variance of 0.
  const KappaEstimate kappa = CohenKappa(ConfusionTable(2, {6, 0, 3, 0}));
  EXPECT_NEAR(kappa.value, 0, 1e-15);
  EXPECT_EQ(kappa.status, EstimateStatus::kNoVariation);
  EXPECT_TRUE(std::isnan(kappa.interval.low));
}

TEST(ClusteredKappa, ByHand) {
  // Twice four patients; both marginals one half, 6 of 8 eyes agree: kappa 0.5. An agreeing eye
  // weighs +0.5, another one −1.5: patients 1, 1, −1, −1. Variance 8 / 7 · 8 / 256.
  std::vector<PairedReading> readings;
  for (const int first : {0, 4})
    for (const PairedReading& reading : std::vector<PairedReading>{{0, 1, 1},
                                                                   {0, 1, 1},
                                                                   {1, 0, 0},
                                                                   {1, 0, 0},
                                                                   {2, 1, 0},
                                                                   {2, 1, 1},
                                                                   {3, 0, 0},
                                                                   {3, 0, 1}})
      readings.push_back({first + reading.patient, reading.first, reading.second});
  const KappaEstimate kappa = ClusteredKappa(CountPairs(readings, 2));
  EXPECT_DOUBLE_EQ(kappa.value, 0.5);
  EXPECT_NEAR(kappa.standard_error, std::sqrt(1.0 / 28), 1e-14);
  // 1 − 0.5 · exp(± t · √(1 / 28) / 0.5), t of 7 degrees of freedom.
  const double factor = std::exp(2.364624252 * std::sqrt(1.0 / 28) / 0.5);
  EXPECT_NEAR(kappa.interval.high, 1 - 0.5 / factor, 1e-8);
  EXPECT_NEAR(kappa.interval.low, 1 - 0.5 * factor, 1e-8);
}

TEST(ClusteredKappa, WithOneEyeEachIsThatOf1969TimesItsFactor) {
  const KappaEstimate kappa = ClusteredKappa(OneEyeEach(kAbstracts, 3));
  EXPECT_NEAR(kappa.standard_error, 0.05891072 / std::sqrt(0.99), 5e-9);  // irrCAC, as above.
  const KappaEstimate linear = ClusteredKappa(OneEyeEach(kAbstracts, 3), KappaWeighting::kLinear);
  EXPECT_NEAR(linear.standard_error,
              CohenKappa(ConfusionTable(3, kAbstracts), KappaWeighting::kLinear).standard_error /
                  std::sqrt(0.99),
              1e-12);
}

TEST(ClusteredKappa, OfEyesThatAreAlikeKnowsHowManyPatientsThereAre) {
  std::vector<PairedReading> one, two;
  for (int i = 0; i < 30; ++i) {
    const PairedReading reading{i, i % 2, i % 5 == 0 ? 1 - i % 2 : i % 2};
    one.push_back(reading);
    two.insert(two.end(), 2, reading);
  }
  EXPECT_DOUBLE_EQ(ClusteredKappa(CountPairs(one, 2)).standard_error,
                   ClusteredKappa(CountPairs(two, 2)).standard_error);
}

TEST(ClusteredKappa, OfFullAgreementRestsOnPatients) {
  std::vector<PairedReading> readings;
  for (int i = 0; i < 80; ++i) readings.push_back({i / 2, i / 2 % 2, i / 2 % 2});
  const KappaEstimate kappa = ClusteredKappa(CountPairs(readings, 2));
  EXPECT_NEAR(kappa.interval.low, 1 - (1 - std::pow(0.025, 1.0 / 40)) / 0.5, 1e-12);
  const KappaEstimate bootstrap = BootstrapKappa(CountPairs(readings, 2), KappaWeighting::kNone,
                                                 100, NamedRandom(1, "kappa", "bootstrap"));
  EXPECT_EQ(bootstrap.interval.low, kappa.interval.low);
  EXPECT_EQ(bootstrap.status, EstimateStatus::kNoVariation);
}

TEST(ClusteredKappa, NeedsMoreThanAFewWhoAreIll) {
  // Of 40 patients four have something in either reading, of whom one is read differently: the rest
  // says nothing of how kappa varies. With a fifth there is an interval.
  std::vector<PairedReading> readings;
  for (int i = 0; i < 40; ++i) readings.push_back({i, i < 4 ? 1 : 0, i < 3 ? 1 : 0});
  const auto estimates = [&] {
    const ClusterCounts counts = CountPairs(readings, 2);
    return std::vector<KappaEstimate>{
        ClusteredKappa(counts),
        BootstrapKappa(counts, KappaWeighting::kNone, 300, NamedRandom(1, "few", "bootstrap"))};
  };
  for (const KappaEstimate& kappa : estimates()) {
    EXPECT_EQ(kappa.status, EstimateStatus::kTooFewClusters);
    EXPECT_FALSE(std::isnan(kappa.value));
    EXPECT_TRUE(std::isnan(kappa.interval.low));
  }
  readings.back() = {39, 1, 1};
  for (const KappaEstimate& kappa : estimates()) {
    EXPECT_EQ(kappa.status, EstimateStatus::kGiven);
    EXPECT_FALSE(std::isnan(kappa.interval.low));
  }
}

TEST(ClusteredKappa, SaysWhyThereIsNoInterval) {
  EXPECT_EQ(ClusteredKappa(CountPairs({{0, 1, 1}, {0, 0, 1}}, 2)).status,
            EstimateStatus::kTooFewClusters);
  EXPECT_EQ(ClusteredKappa(CountPairs({{0, 1, 1}, {1, 1, 1}}, 2)).status,
            EstimateStatus::kOneCategory);
  EXPECT_EQ(ClusteredKappa(CountPairs({{0, 1, 1}, {1, 0, 0}}, 2)).status,
            EstimateStatus::kNoVariation);
  EXPECT_EQ(ClusteredKappa(CountPairs({}, 2)).status, EstimateStatus::kNoData);
  EXPECT_THROW(ClusteredKappa(ClusterCounts(3)), UsageError);
}

TEST(BootstrapKappa, HasTheStandardErrorOfTheory) {
  const ClusterCounts counts = OneEyeEach({310, 120, 40, 580}, 2);
  const KappaEstimate kappa =
      BootstrapKappa(counts, KappaWeighting::kNone, 3000, NamedRandom(1, "kappa", "bootstrap"));
  EXPECT_NEAR(kappa.value, 0.6756757, 5e-8);
  const double expected = 0.07344761 / std::sqrt(10.0);
  EXPECT_NEAR(kappa.standard_error, expected, 0.05 * expected);
  EXPECT_NEAR(kappa.interval.low, kappa.value - 1.96 * expected, 0.2 * expected);
  EXPECT_NEAR(kappa.interval.high, kappa.value + 1.96 * expected, 0.2 * expected);
  EXPECT_EQ(kappa.status, EstimateStatus::kGiven);
  EXPECT_NEAR(kappa.observed, 89.0 / 105, 1e-12);
}

TEST(BootstrapKappa, SaysWhyThereIsNoInterval) {
  const auto status = [](const std::vector<PairedReading>& readings) {
    return BootstrapKappa(CountPairs(readings, 2), KappaWeighting::kNone, 200,
                          NamedRandom(1, "kappa", "bootstrap"))
        .status;
  };
  EXPECT_EQ(status({}), EstimateStatus::kNoData);
  EXPECT_EQ(status({{0, 1, 1}, {1, 1, 1}}), EstimateStatus::kOneCategory);
  EXPECT_EQ(status({{0, 1, 1}, {0, 0, 1}}), EstimateStatus::kTooFewClusters);
  EXPECT_EQ(status({{0, 1, 1}, {1, 0, 0}, {2, 0, 0}}), EstimateStatus::kNoVariation);
}

}  // namespace
}  // namespace maskbench
