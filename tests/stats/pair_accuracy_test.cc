#include "maskbench/stats/pair_accuracy.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "maskbench/core/rng.h"

namespace maskbench {
namespace {

using testing::ElementsAre;

constexpr double kFailed = -std::numeric_limits<double>::infinity();

TEST(BestThreshold, ByHand) {
  const std::vector<ScoredPair> pairs = {{1, true, 5},  {1, false, 1}, {1, true, 3},
                                         {1, false, 4}, {2, true, -9}, {1, true, 2}};
  // Down to 2 all but the 4 are right; down to 5 the 3 and the 2 are wrong.
  EXPECT_DOUBLE_EQ(BestThreshold(pairs, 2), 1.5);
  // Without the pairs of fold 1 one pair is left, which every threshold down to its score accepts.
  EXPECT_DOUBLE_EQ(BestThreshold(pairs, 1), -9);
  EXPECT_EQ(BestThreshold({{1, false, 3}}, 0), std::numeric_limits<double>::infinity());
  EXPECT_EQ(BestThreshold({{1, true, kFailed}}, 0), std::numeric_limits<double>::infinity());
  // Equal scores cannot be told apart.
  EXPECT_EQ(BestThreshold({{1, true, 3}, {1, false, 3}}, 0),
            std::numeric_limits<double>::infinity());
}

TEST(AccuracyByFolds, ByHand) {
  const std::vector<ScoredPair> pairs = {
      {1, true, 10}, {1, true, 8}, {1, false, 2}, {1, false, 4},   // Threshold 6.
      {2, true, 7},  {2, true, 5}, {2, false, 3}, {2, false, 6.5}  // Threshold 6.75 or 4.
  };
  const PairAccuracy accuracy = AccuracyByFolds(pairs);
  // Fold 1 has the threshold of fold 2, the highest of the best: 7, 6.5 | one wrong either way.
  EXPECT_THAT(accuracy.thresholds, ElementsAre(6.75, 6));
  EXPECT_THAT(accuracy.by_fold, ElementsAre(1, 0.5));
  EXPECT_DOUBLE_EQ(accuracy.mean, 0.75);
  EXPECT_DOUBLE_EQ(accuracy.standard_error, 0.25);  // SD 0.3536 / √2.
  EXPECT_DOUBLE_EQ(accuracy.interval.low, 0);       // ± 12.7 · 0.25, cut.
}

TEST(AccuracyByFolds, AFailureIsNeverTheSame) {
  const std::vector<ScoredPair> pairs = {{1, true, kFailed}, {1, false, kFailed}, {2, true, 5},
                                         {2, false, 1},      {3, true, 5},        {3, false, 1}};
  EXPECT_THAT(AccuracyByFolds(pairs).by_fold, ElementsAre(0.5, 1, 1));
}

TEST(AccuracyByFolds, OneFoldIsNone) {
  EXPECT_TRUE(std::isnan(AccuracyByFolds({{1, true, 1}, {1, false, 0}}).mean));
  EXPECT_TRUE(std::isnan(AccuracyByFolds({}).mean));
}

// The threshold comes from other folds, so noise is not flattered: half of all are right.
TEST(AccuracyByFolds, NoiseIsRightHalfOfTheTime) {
  NamedRandom random(6, "pairs", "noise");
  double sum = 0;
  const int rounds = 200;
  for (int round = 0; round < rounds; ++round) {
    std::vector<ScoredPair> pairs;
    for (int fold = 1; fold <= 10; ++fold) {
      for (int i = 0; i < 20; ++i) pairs.push_back({fold, i < 10, random.Normal()});
    }
    sum += AccuracyByFolds(pairs).mean;
  }
  EXPECT_NEAR(sum / rounds, 0.5, 0.01);
}

// Folds with known accuracy: the interval holds it about as often as it says.
TEST(AccuracyByFolds, TheIntervalCoversWhatItShould) {
  NamedRandom random(6, "pairs", "coverage");
  int covered = 0;
  const int rounds = 300;
  for (int round = 0; round < rounds; ++round) {
    std::vector<ScoredPair> pairs;
    for (int fold = 1; fold <= 10; ++fold) {
      for (int i = 0; i < 60; ++i) {
        const bool same = i % 2 == 0;
        // Right with probability 0.9, and far apart, so that the threshold is no matter of luck.
        const bool right = random.Uniform() < 0.9;
        pairs.push_back({fold, same, (same == right ? 10 : 0) + random.Uniform()});
      }
    }
    const PairAccuracy accuracy = AccuracyByFolds(pairs);
    covered += accuracy.interval.low <= 0.9 && accuracy.interval.high >= 0.9 ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(covered) / rounds, 0.95, 0.04);
}

}  // namespace
}  // namespace maskbench
