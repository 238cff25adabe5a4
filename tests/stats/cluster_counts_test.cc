#include "maskbench/stats/cluster_counts.h"

#include <cmath>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "maskbench/core/error.h"
#include "maskbench/stats/distributions.h"

namespace maskbench {
namespace {

double Share(const std::vector<double>& totals) { return totals[0] / totals[1]; }

ClusterCounts CountHits(const std::vector<double>& hits, const std::vector<double>& trials) {
  ClusterCounts counts(2);
  for (size_t i = 0; i < hits.size(); ++i) {
    counts.Add(static_cast<int>(i), 0, hits[i]);
    counts.Add(static_cast<int>(i), 1, trials[i]);
  }
  return counts;
}

/// Hits of one of two trials in a fifth of the people, of both in a tenth, for `people`.
ClusterCounts ManyPeople(int people) {
  std::vector<double> hits, trials(people, 2.0);
  for (int i = 0; i < people; ++i) hits.push_back(i % 10 == 0 ? 2 : i % 5 == 1 ? 1 : 0);
  return CountHits(hits, trials);
}

TEST(ClusterCounts, AddsUpPerPatientAndOverAll) {
  ClusterCounts counts(3);
  counts.Add(70, 0);
  counts.Add(-4, 2, 0.5);
  counts.Add(70, 2, 2);
  EXPECT_EQ(counts.size(), 2);
  EXPECT_THAT(counts.Totals(), testing::ElementsAre(1, 0, 2.5));
  EXPECT_EQ(counts.Row(0)[2], 2);
  EXPECT_EQ(counts.Row(1)[2], 0.5);
  EXPECT_THROW(counts.Add(1, 3), UsageError);
  EXPECT_THROW(counts.Add(1, -1), UsageError);
  EXPECT_THROW(ClusterCounts(0), UsageError);
}

TEST(ClusterBootstrap, HasTheStandardErrorOfTheory) {
  // Hits per person 0.4 of 2, squared deviations 1.6² / 10 + 0.6² / 5 + 0.4² · 7 / 10.
  const double variance = (1.6 * 1.6 * 0.1 + 0.6 * 0.6 * 0.2 + 0.4 * 0.4 * 0.7) / 200 / 4;
  const ClusterBootstrap bootstrap(ManyPeople(200), 20000, NamedRandom(1, "share", "bootstrap"),
                                   Share);
  EXPECT_DOUBLE_EQ(bootstrap.value(), 0.2);
  EXPECT_NEAR(bootstrap.StandardError(), std::sqrt(variance), 0.02 * std::sqrt(variance));
  const Interval percentile = bootstrap.Percentile(), bca = bootstrap.Bca();
  EXPECT_NEAR(percentile.high - percentile.low, 2 * 1.96 * std::sqrt(variance), 0.006);
  // Hits are rare, so the estimate is skewed to the right, and BCa moves up.
  EXPECT_GE(bca.low, percentile.low);
  EXPECT_GT(bca.low + bca.high, percentile.low + percentile.high);
}

/// Variance, from sums of values, of squares and of people: it is skewed, and too low on average.
double Variance(const std::vector<double>& totals) {
  const double mean = totals[0] / totals[2];
  return totals[1] / totals[2] - mean * mean;
}

class SkewedBootstrapTest : public testing::Test {
 protected:
  SkewedBootstrapTest() : counts_(3) {
    NamedRandom random(3, "people", "values");
    for (int i = 0; i < 60; ++i) {
      values_.push_back(std::exp(0.8 * random.Normal()));
      counts_.Add(i, 0, values_.back());
      counts_.Add(i, 1, values_.back() * values_.back());
      counts_.Add(i, 2, 1);
    }
  }

  static constexpr int kResamples = 20000;
  std::vector<double> values_;
  ClusterCounts counts_;
};

TEST_F(SkewedBootstrapTest, BcaIsWhatEfronsFormulaSays) {
  const ClusterBootstrap bootstrap(counts_, kResamples, NamedRandom(3, "variance", "bootstrap"),
                                   Variance);
  // Leave each person out in turn.
  std::vector<double> left_out;
  const std::vector<double> all = counts_.Totals();
  for (const double x : values_)
    left_out.push_back(Variance({all[0] - x, all[1] - x * x, all[2] - 1}));
  double mean = 0, squares = 0, cubes = 0;
  for (const double value : left_out) mean += value / 60;
  for (const double value : left_out) {
    squares += std::pow(mean - value, 2);
    cubes += std::pow(mean - value, 3);
  }
  const double acceleration = cubes / (6 * std::pow(squares, 1.5));
  int below = 0;
  for (const double value : bootstrap.sorted()) below += value < bootstrap.value() ? 1 : 0;
  const double bias = InverseNormalCdf(static_cast<double>(below) / kResamples);
  EXPECT_GT(acceleration, 0.05);
  EXPECT_GT(bias, 0.1);
  const Interval interval = bootstrap.Bca();
  for (const auto& [bound, tail] :
       {std::pair<double, double>{interval.low, 0.025}, {interval.high, 0.975}}) {
    const double z = bias + InverseNormalCdf(tail);
    const double level = NormalCdf(bias + z / (1 - acceleration * z));
    const auto at = static_cast<size_t>(level * (kResamples - 1));
    EXPECT_GE(bound, bootstrap.sorted()[at]) << tail;
    EXPECT_LE(bound, bootstrap.sorted()[at + 1]) << tail;
  }
}

TEST_F(SkewedBootstrapTest, ConfidenceIsTheInverseOfTheInterval) {
  const ClusterBootstrap bootstrap(counts_, kResamples, NamedRandom(3, "variance", "bootstrap"),
                                   Variance);
  for (const double confidence : {0.5, 0.9, 0.95}) {
    const Interval interval = bootstrap.Bca(confidence);
    EXPECT_NEAR(bootstrap.ConfidenceBelow(interval.low), (1 - confidence) / 2, 2e-3);
    EXPECT_NEAR(bootstrap.ConfidenceBelow(interval.high), (1 + confidence) / 2, 2e-3);
  }
  // Beyond all resamples it is as sure as so many of them allow, and no surer.
  EXPECT_LT(bootstrap.ConfidenceBelow(-1), 0.01);
  EXPECT_GE(bootstrap.ConfidenceBelow(-1), 1.0 / (kResamples + 1));
  EXPECT_GT(bootstrap.ConfidenceBelow(1e6), 0.95);
  EXPECT_LE(bootstrap.ConfidenceBelow(1e6), 1 - 1.0 / (kResamples + 1));
}

TEST(ClusterBootstrap, EyesOfAPatientStayTogether) {
  // Both eyes always alike: twice the patients with half the eyes have the same information.
  ClusterCounts twins(2), singles(2);
  for (int i = 0; i < 60; ++i) {
    twins.Add(i, 0, i % 3 == 0 ? 2 : 0);
    twins.Add(i, 1, 2);
    singles.Add(i, 0, i % 3 == 0 ? 1 : 0);
    singles.Add(i, 1, 1);
  }
  const NamedRandom random(4, "eyes", "bootstrap");
  EXPECT_DOUBLE_EQ(ClusterBootstrap(twins, 500, random, Share).StandardError(),
                   ClusterBootstrap(singles, 500, random, Share).StandardError());
}

TEST(ClusterBootstrap, SaysWhyThereIsNoInterval) {
  const NamedRandom random(5, "none", "bootstrap");
  const auto status = [&](const ClusterCounts& counts) {
    return ClusterBootstrap(counts, 200, random, Share).ToEstimate().status;
  };
  EXPECT_EQ(status(ClusterCounts(2)), EstimateStatus::kNoData);
  EXPECT_EQ(status(CountHits({0, 0}, {0, 0})), EstimateStatus::kOneCategory);
  EXPECT_EQ(status(CountHits({1}, {2})), EstimateStatus::kTooFewClusters);
  EXPECT_EQ(status(CountHits({1, 1, 1}, {2, 2, 2})), EstimateStatus::kNoVariation);
  EXPECT_EQ(status(ManyPeople(30)), EstimateStatus::kGiven);
  EXPECT_TRUE(
      std::isnan(ClusterBootstrap(CountHits({1}, {2}), 200, random, Share).ConfidenceBelow(0.5)));
}

TEST(ClusterBootstrap, SameSeedSameBytes) {
  const ClusterCounts counts = ManyPeople(50);
  const ClusterBootstrap one(counts, 300, NamedRandom(6, "a", "b"), Share);
  const ClusterBootstrap again(counts, 300, NamedRandom(6, "a", "b"), Share);
  EXPECT_EQ(one.sorted(), again.sorted());
  EXPECT_NE(one.sorted(), ClusterBootstrap(counts, 300, NamedRandom(7, "a", "b"), Share).sorted());
}

}  // namespace
}  // namespace maskbench
