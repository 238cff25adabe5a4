#include "maskbench/stats/fusion.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "maskbench/core/error.h"
#include "maskbench/core/rng.h"

namespace maskbench {
namespace {

constexpr double kFailed = -std::numeric_limits<double>::infinity();

std::vector<Comparison> Scores(int subjects, double factor, const char* name) {
  NamedRandom random(5, name, "scores");
  std::vector<Comparison> comparisons;
  for (int i = 0; i < subjects; ++i) {
    for (int j = 0; j < subjects; ++j) {
      comparisons.push_back({i, j, factor * (random.Normal() + (i == j ? 1.5 : 0)) + 7});
    }
  }
  return comparisons;
}

TEST(LearnScale, ByHand) {
  const std::vector<Comparison> comparisons = {{0, 0, 10}, {0, 1, 2}, {1, 0, 4},
                                               {1, 1, 8},  {2, 0, 6}, {2, 1, kFailed}};
  const LearnedScale min_max = LearnScale(comparisons, ScoreScale::kMinMax);
  EXPECT_DOUBLE_EQ(min_max.Apply(2), 0);
  EXPECT_DOUBLE_EQ(min_max.Apply(10), 1);
  EXPECT_DOUBLE_EQ(min_max.Apply(4), 0.25);
  // Impostors 2, 4, 6: mean 4, standard deviation 2.
  const LearnedScale z = LearnScale(comparisons, ScoreScale::kZNorm);
  EXPECT_DOUBLE_EQ(z.Apply(4), 0);
  EXPECT_DOUBLE_EQ(z.Apply(10), 3);
  const LearnedScale part = LearnScale(comparisons, ScoreScale::kMinMax, {1, 0, 0, 1, 0, 0});
  EXPECT_DOUBLE_EQ(part.Apply(9), 0.5);
  EXPECT_EQ(LearnScale({{0, 1, 3}, {1, 0, 3}}, ScoreScale::kZNorm).Apply(3), 0);
  EXPECT_EQ(LearnScale({{0, 1, kFailed}}, ScoreScale::kMinMax).Apply(3), 0);
}

TEST(FuseScores, OfOneRecogniserKeepEveryRank) {
  const std::vector<Comparison> one = Scores(20, 3, "a");
  const std::vector<Comparison> fused = FuseScores({one, one}, ScoreScale::kZNorm, 5);
  for (size_t probe = 0; probe < 20; ++probe) {
    for (size_t a = 20 * probe; a < 20 * probe + 20; ++a) {
      for (size_t b = 20 * probe; b < 20 * probe + 20; ++b) {
        EXPECT_EQ(one[a].score < one[b].score, fused[a].score < fused[b].score);
      }
    }
  }
}

TEST(FuseScores, TwoRecognisersKnowMoreThanEither) {
  const std::vector<Comparison> a = Scores(60, 1, "a"), b = Scores(60, 1000, "b");
  for (const ScoreScale scale : {ScoreScale::kMinMax, ScoreScale::kZNorm}) {
    const double fused = Verification(FuseScores({a, b}, scale, 5)).Auc();
    // Φ(1.5/√2) = 0.856 alone, Φ(1.5) = 0.933 together.
    EXPECT_GT(fused, std::max(Verification(a).Auc(), Verification(b).Auc()) + 0.02);
    EXPECT_NEAR(fused, 0.933, 0.03);
  }
}

TEST(FuseScores, TheScaleIsLearnedOnOtherPeople) {
  const std::vector<Comparison> before = Scores(12, 1, "a");
  std::vector<Comparison> after = before;
  // Subjects 0, 4 and 8 are one of four folds: their scores, on either side, teach it nothing.
  for (Comparison& comparison : after) {
    const bool own = comparison.probe_subject % 4 == 0 || comparison.gallery_subject % 4 == 0;
    if (own && !(comparison.probe_subject == 0 && comparison.gallery_subject == 0)) {
      comparison.score = 100 + 1000 * comparison.score;
    }
  }
  const auto fuse = [](const std::vector<Comparison>& scores) {
    return FuseScores({scores}, ScoreScale::kZNorm, 4);
  };
  EXPECT_EQ(fuse(before)[0].score, fuse(after)[0].score);
  EXPECT_NE(fuse(before)[12 + 1].score, fuse(after)[12 + 1].score);  // Subject 1 learns from them.
}

TEST(FuseScores, AFailureOfOneIsLeftToTheOthers) {
  std::vector<Comparison> a = Scores(10, 1, "a"), b = a;
  a[3].score = kFailed;
  a[4].score = b[4].score = kFailed;
  const std::vector<Comparison> fused = FuseScores({a, b}, ScoreScale::kMinMax, 2);
  EXPECT_EQ(fused[3].score, FuseScores({b}, ScoreScale::kMinMax, 2)[3].score);
  EXPECT_EQ(fused[4].score, kFailed);
}

TEST(FuseScores, OtherComparisonsAreRefused) {
  const std::vector<Comparison> a = Scores(4, 1, "a"), b = Scores(5, 1, "b");
  EXPECT_THROW(FuseScores({a, b}, ScoreScale::kZNorm, 2), Error);
  EXPECT_THROW(FuseScores({a}, ScoreScale::kZNorm, 1), Error);
  EXPECT_THROW(FuseScores({}, ScoreScale::kZNorm, 2), Error);
}

}  // namespace
}  // namespace maskbench
