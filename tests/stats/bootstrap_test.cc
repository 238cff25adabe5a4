#include "maskbench/stats/bootstrap.h"

#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include "maskbench/core/parallel.h"

namespace maskbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

class BootstrapTest : public testing::Test {
 protected:
  BootstrapTest() {
    NamedRandom random(1, "people", "values");
    for (int i = 0; i < kPeople; ++i) values_.push_back(random.Normal());
  }

  double Mean(const std::vector<double>& weights) const {
    return std::inner_product(values_.begin(), values_.end(), weights.begin(), 0.0) / kPeople;
  }

  Interval OfMean(uint64_t seed, int resamples) const {
    return SubjectBootstrap(kPeople, resamples, NamedRandom(seed, "mean", "bootstrap"),
                            [this](const std::vector<double>& weights) { return Mean(weights); });
  }

  static constexpr int kPeople = 200;
  std::vector<double> values_;
};

TEST_F(BootstrapTest, SameSeedGivesTheSameInterval) {
  const Interval one = OfMean(1, 200), again = OfMean(1, 200), other = OfMean(2, 200);
  EXPECT_EQ(one.low, again.low);
  EXPECT_EQ(one.high, again.high);
  EXPECT_NE(one.low, other.low);
}

TEST_F(BootstrapTest, ThreadsChangeNoBit) {
  const auto mean = [&](const std::vector<double>& weights) {
    double sum = 0, total = 0;
    for (size_t i = 0; i < weights.size(); ++i) sum += weights[i] * values_[i], total += weights[i];
    // Some resamples have no value.
    return weights[0] > 2 ? kNan : sum / total;
  };
  const auto values = [&] {
    return SubjectBootstrapValues(kPeople, 300, NamedRandom(2, "a", "b"), mean);
  };
  const std::vector<double> alone = values();
  SetParallelThreads(4);
  const std::vector<double> together = values();
  SetParallelThreads(1);
  EXPECT_LT(alone.size(), 300u);
  EXPECT_EQ(alone, together);
}

TEST_F(BootstrapTest, IntervalOfAMeanIsThatOfNormalTheory) {
  const double mean = Mean(std::vector<double>(kPeople, 1));
  double variance = 0;
  for (const double value : values_) variance += (value - mean) * (value - mean) / kPeople;
  const double half = 1.96 * std::sqrt(variance / kPeople);
  const Interval interval = OfMean(3, 8000);
  EXPECT_NEAR(interval.low, mean - half, 0.06 * half);
  EXPECT_NEAR(interval.high, mean + half, 0.06 * half);
}

TEST_F(BootstrapTest, EveryResampleDrawsAsManyPeopleAsThereAre) {
  int calls = 0;
  bool differ = false;
  SubjectBootstrap(20, 50, NamedRandom(1, "a", "b"), [&](const std::vector<double>& weights) {
    ++calls;
    EXPECT_EQ(std::accumulate(weights.begin(), weights.end(), 0.0), 20);
    differ |= weights != std::vector<double>(20, 1);
    return 0.0;
  });
  EXPECT_EQ(calls, 50);
  EXPECT_TRUE(differ);
}

TEST_F(BootstrapTest, ResamplesWithoutAValueAreLeftOut) {
  int call = 0;
  const Interval interval =
      SubjectBootstrap(5, 99, NamedRandom(1, "a", "b"),
                       [&call](const std::vector<double>&) { return call++ % 3 == 0 ? kNan : 4; });
  EXPECT_EQ(interval.low, 4);
  EXPECT_EQ(interval.high, 4);
}

TEST_F(BootstrapTest, WithTooFewValuesThereIsNoInterval) {
  int call = 0;
  const Interval interval =
      SubjectBootstrap(5, 99, NamedRandom(1, "a", "b"),
                       [&call](const std::vector<double>&) { return call++ % 3 == 0 ? 4 : kNan; });
  EXPECT_TRUE(std::isnan(interval.low));
  EXPECT_TRUE(std::isnan(interval.high));
}

TEST(SortedPercentile, InterpolatesAsType7Does) {
  EXPECT_DOUBLE_EQ(SortedPercentile({1, 2, 3, 4}, 0.25), 1.75);
  EXPECT_DOUBLE_EQ(SortedPercentile({1, 2, 3, 4}, 0.5), 2.5);
  EXPECT_DOUBLE_EQ(SortedPercentile({1, 2, 3, 4}, 0), 1);
  EXPECT_DOUBLE_EQ(SortedPercentile({1, 2, 3, 4}, 1), 4);
  EXPECT_DOUBLE_EQ(SortedPercentile({9}, 0.3), 9);
}

}  // namespace
}  // namespace maskbench
