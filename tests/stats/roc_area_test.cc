#include "maskbench/stats/roc_area.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "maskbench/core/error.h"
#include "maskbench/core/rng.h"

namespace maskbench {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(ClusteredRocArea, WithOneEyeEachIsDeLongsByHand) {
  // Diseased 3, 5, 4 against 1, 4, 2. Placements 2/3, 1, 5/6 and 1, 1/2, 1: area 5/6, variances
  // 1/36 and 1/12, (1/36 + 1/12) / 3.
  const RocArea area = ClusteredRocArea(
      {{0, true, 3}, {1, true, 5}, {2, true, 4}, {3, false, 1}, {4, false, 4}, {5, false, 2}});
  EXPECT_DOUBLE_EQ(area.value, 5.0 / 6);
  EXPECT_NEAR(area.standard_error, std::sqrt(1.0 / 27), 1e-14);
  EXPECT_EQ(area.diseased, 3);
  EXPECT_EQ(area.healthy, 3);
  EXPECT_EQ(area.patients, 6);
  // The interval in log-odds: ln 5 ± 1.96 · √(1/27) / (5/36).
  const double half = 1.959963984540054 * std::sqrt(1.0 / 27) * 36 / 5;
  EXPECT_NEAR(area.interval.low, 1 / (1 + std::exp(half) / 5), 1e-12);
  EXPECT_NEAR(area.interval.high, 1 / (1 + std::exp(-half) / 5), 1e-12);
}

TEST(ClusteredRocArea, OfEyesInPatientsIsObuchowskisByHand) {
  // The same eyes. Patient 0 has 3 and the healthy 1, patient 1 has 5 and 4, patient 2 the healthy
  // 4 and 2. Sums of departures −1/6 and 1/6; 1/6; −1/6. Two patients with either kind, three in
  // all: (2 · 2/36 + 2 · 2/36 − 2 · 3/2 · 1/36) / 9.
  const RocArea area = ClusteredRocArea(
      {{0, true, 3}, {1, true, 5}, {1, true, 4}, {0, false, 1}, {2, false, 4}, {2, false, 2}});
  EXPECT_DOUBLE_EQ(area.value, 5.0 / 6);
  EXPECT_NEAR(area.standard_error, std::sqrt(5.0 / 324), 1e-14);
  EXPECT_EQ(area.patients, 3);
}

TEST(ClusteredRocArea, TiesCountHalfAndFailuresAreScores) {
  EXPECT_DOUBLE_EQ(
      ClusteredRocArea({{0, true, 2}, {1, true, 2}, {2, false, 2}, {3, false, 2}}).value, 0.5);
  // A failed diseased eye is below all, and ties with a failed healthy one.
  EXPECT_DOUBLE_EQ(
      ClusteredRocArea({{0, true, -kInfinity}, {1, true, 2}, {2, false, -kInfinity}, {3, false, 1}})
          .value,
      (0.5 + 0 + 1 + 1) / 4);
}

TEST(ClusteredRocArea, SaysWhatCannotBeGiven) {
  EXPECT_EQ(ClusteredRocArea({}).status, EstimateStatus::kNoData);
  EXPECT_EQ(ClusteredRocArea({{0, true, 1}, {1, true, 2}}).status, EstimateStatus::kNoData);
  EXPECT_EQ(ClusteredRocArea({{0, true, 1}, {0, true, 2}, {1, false, 0}, {2, false, 3}}).status,
            EstimateStatus::kTooFewClusters);
  const RocArea full = ClusteredRocArea({{0, true, 5}, {1, true, 6}, {2, false, 1}, {3, false, 2}});
  EXPECT_EQ(full.value, 1);
  EXPECT_EQ(full.status, EstimateStatus::kNoVariation);
  EXPECT_TRUE(std::isnan(full.interval.low));
  EXPECT_THROW(ClusteredRocArea({{0, true, std::nan("")}, {1, false, 0}}), UsageError);
}

TEST(CompareRocAreas, AgainstAPerfectScoreByHand) {
  // The first scores as above, the second without a fault: differences of placements 1/3, 0, 1/6
  // and 0, 1/2, 0; the same variance 1/27, a difference of 1/6, z = √3 / 2.
  const RocAreaDifference areas = CompareRocAreas({{0, true, 3, 4},
                                                   {1, true, 5, 5},
                                                   {2, true, 4, 6},
                                                   {3, false, 1, 1},
                                                   {4, false, 4, 2},
                                                   {5, false, 2, 3}});
  EXPECT_DOUBLE_EQ(areas.first.value, 5.0 / 6);
  EXPECT_DOUBLE_EQ(areas.second.value, 1);
  EXPECT_NEAR(areas.difference.value, 1.0 / 6, 1e-15);
  EXPECT_NEAR(areas.difference.standard_error, std::sqrt(1.0 / 27), 1e-14);
  EXPECT_NEAR(areas.p_value, std::erfc(std::sqrt(0.75) / std::sqrt(2.0)), 1e-12);
}

/// Variance and covariance after DeLong et al. (1988), written out over all pairs of eyes.
double DeLongVarianceOfDifference(const std::vector<PairedScores>& eyes) {
  std::vector<PairedScores> x, y;
  for (const PairedScores& eye : eyes) (eye.diseased ? x : y).push_back(eye);
  const auto psi = [](double a, double b) { return a > b ? 1.0 : a == b ? 0.5 : 0.0; };
  const auto variance_of_means = [](const std::vector<double>& values) {
    double mean = 0, squares = 0;
    const auto n = static_cast<double>(values.size());
    for (const double value : values) mean += value / n;
    for (const double value : values) squares += (value - mean) * (value - mean);
    return squares / (n - 1) / n;
  };
  std::vector<double> v10, v01;
  for (const PairedScores& a : x) {
    double sum = 0;
    for (const PairedScores& b : y) sum += psi(a.second, b.second) - psi(a.first, b.first);
    v10.push_back(sum / static_cast<double>(y.size()));
  }
  for (const PairedScores& b : y) {
    double sum = 0;
    for (const PairedScores& a : x) sum += psi(a.second, b.second) - psi(a.first, b.first);
    v01.push_back(sum / static_cast<double>(x.size()));
  }
  return variance_of_means(v10) + variance_of_means(v01);
}

TEST(CompareRocAreas, WithOneEyeEachIsDeLongsOverAllPairs) {
  NamedRandom random(1, "eyes", "scores");
  std::vector<PairedScores> eyes;
  for (int i = 0; i < 60; ++i) {
    const bool diseased = i % 3 == 0;
    const double shared = random.Normal() + (diseased ? 1 : 0);
    // Rounded, so that there are ties.
    eyes.push_back({i, diseased, std::round(2 * (shared + 0.5 * random.Normal())),
                    std::round(2 * (shared + random.Normal()))});
  }
  const RocAreaDifference areas = CompareRocAreas(eyes);
  EXPECT_NEAR(areas.difference.standard_error, std::sqrt(DeLongVarianceOfDifference(eyes)), 1e-13);
  EXPECT_NEAR(areas.difference.value, areas.second.value - areas.first.value, 1e-14);
}

TEST(CompareRocAreas, OfTheSameOrderHasNoDifference) {
  const RocAreaDifference areas =
      CompareRocAreas({{0, true, 1, 10}, {1, true, 3, 30}, {2, false, 2, 20}, {3, false, 0, 0}});
  EXPECT_EQ(areas.difference.value, 0);
  EXPECT_EQ(areas.difference.status, EstimateStatus::kNoVariation);
  EXPECT_EQ(areas.p_value, 1);
  EXPECT_EQ(CompareRocAreas({{0, true, 1, 1}}).difference.status, EstimateStatus::kNoData);
}

}  // namespace
}  // namespace maskbench
