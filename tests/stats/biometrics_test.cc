#include "maskbench/stats/biometrics.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "maskbench/core/rng.h"
#include "maskbench/stats/bootstrap.h"

namespace maskbench {
namespace {

constexpr double kFailed = -std::numeric_limits<double>::infinity();

/// Genuine comparisons of subject 0; impostors are subject 1 against subject 0.
Verification FromScores(const std::vector<double>& genuine, const std::vector<double>& impostor) {
  std::vector<Comparison> comparisons;
  comparisons.reserve(genuine.size() + impostor.size());
  for (const double score : impostor) comparisons.push_back({1, 0, score});
  for (const double score : genuine) comparisons.push_back({0, 0, score});
  return Verification(comparisons);
}

/// Every probe against every template of `subjects` people.
std::vector<Comparison> Everybody(int subjects, const std::string& name) {
  NamedRandom random(1, name, "scores");
  std::vector<Comparison> comparisons;
  for (int i = 0; i < subjects; ++i) {
    for (int j = 0; j < subjects; ++j) {
      // Rounded, so that there are ties.
      const double score = std::round(4 * (random.Normal() + (i == j ? 1 : 0))) / 4;
      comparisons.push_back({i, j, score});
    }
  }
  return comparisons;
}

TEST(Verification, AucByHandCountsTiesHalf) {
  // 3 beats 2 and 1; 1 loses to 2 and ties with 1.
  EXPECT_DOUBLE_EQ(FromScores({3, 1}, {2, 1}).Auc(), 2.5 / 4);
  EXPECT_DOUBLE_EQ(FromScores({5, 4}, {3, 2}).Auc(), 1);
  EXPECT_DOUBLE_EQ(FromScores({1, 2}, {3, 4}).Auc(), 0);
  EXPECT_DOUBLE_EQ(FromScores({7, 7}, {7, 7, 7}).Auc(), 0.5);
}

TEST(Verification, AucIsTheMannWhitneyStatistic) {
  const std::vector<Comparison> comparisons = Everybody(12, "mann-whitney");
  double wins = 0, pairs = 0;
  for (const Comparison& genuine : comparisons) {
    if (genuine.probe_subject != genuine.gallery_subject) continue;
    for (const Comparison& impostor : comparisons) {
      if (impostor.probe_subject == impostor.gallery_subject) continue;
      pairs += 1;
      wins += genuine.score > impostor.score ? 1 : genuine.score == impostor.score ? 0.5 : 0;
    }
  }
  EXPECT_NEAR(Verification(comparisons).Auc(), wins / pairs, 1e-12);
}

TEST(Verification, EqualErrorRateByHand) {
  EXPECT_DOUBLE_EQ(FromScores({4, 2}, {3, 1}).EqualErrorRate(), 0.5);
  EXPECT_DOUBLE_EQ(FromScores({5, 4}, {3, 2}).EqualErrorRate(), 0);
  EXPECT_DOUBLE_EQ(FromScores({1, 2}, {3, 4}).EqualErrorRate(), 1);
  // Four each: at the threshold 4, one impostor of four is accepted and one genuine is not.
  EXPECT_DOUBLE_EQ(FromScores({6, 5, 4, 2}, {4.5, 3, 1, 0}).EqualErrorRate(), 0.25);
}

TEST(Verification, EqualErrorRateIsInterpolatedWithinATie) {
  // (FAR, FRR) goes from (0, ½) to (½, 0) at the tied score 1.
  EXPECT_DOUBLE_EQ(FromScores({2, 1}, {1, 0}).EqualErrorRate(), 0.25);
}

TEST(Verification, EqualErrorThresholdByHand) {
  // Everything between 3 and 4 parts them.
  EXPECT_DOUBLE_EQ(FromScores({5, 4}, {3, 2}).EqualErrorThreshold(), 3.5);
  // Accepting down to 4 makes one error of four on either side; so does anything above 3.
  EXPECT_DOUBLE_EQ(FromScores({6, 5, 4, 2}, {4.5, 3, 1, 0}).EqualErrorThreshold(), 3.5);
  // The same in thirds, whose sum is not 1 in doubles: 3 … 2.
  EXPECT_DOUBLE_EQ(FromScores({6, 5, 1}, {5.5, 2, 0}).EqualErrorThreshold(), 3.5);
  // A tied score jumps over the equality.
  EXPECT_DOUBLE_EQ(FromScores({2, 1}, {1, 0}).EqualErrorThreshold(), 1);
  // Half of the genuine comparisons failed: no score makes as many errors on both sides.
  EXPECT_TRUE(std::isnan(FromScores({2, kFailed}, {kFailed, kFailed}).EqualErrorThreshold()));
  EXPECT_TRUE(std::isnan(FromScores({2, 3}, {}).EqualErrorThreshold()));
  EXPECT_DOUBLE_EQ(FromScores({2, kFailed}, {1, kFailed}).EqualErrorThreshold(), 1);
}

TEST(Verification, TarAtFarByHandWithoutInterpolation) {
  const Verification scores = FromScores({4, 3, 1}, {3.5, 2, 0.5, 0.2});
  EXPECT_DOUBLE_EQ(scores.TarAtFar(0), 1.0 / 3);
  EXPECT_DOUBLE_EQ(scores.TarAtFar(0.2499), 1.0 / 3);
  EXPECT_DOUBLE_EQ(scores.TarAtFar(0.25), 2.0 / 3);
  EXPECT_DOUBLE_EQ(scores.TarAtFar(0.5), 1);
}

TEST(Verification, TarAtFarAcceptsATiedImpostorTogetherWithTheGenuine) {
  EXPECT_DOUBLE_EQ(FromScores({3, 2}, {2, 1}).TarAtFar(0.4), 0.5);
}

TEST(Verification, DPrimeByHand) {
  // Means 4 and 1, variances 2 and 2.
  EXPECT_DOUBLE_EQ(FromScores({3, 5}, {0, 2}).DPrime(), 3 / std::sqrt(2.0));
  EXPECT_DOUBLE_EQ(FromScores({3, 5, kFailed}, {0, 2}).DPrime(), 3 / std::sqrt(2.0));
  EXPECT_TRUE(std::isnan(FromScores({3}, {0, 2}).DPrime()));
  EXPECT_TRUE(std::isnan(FromScores({3, 3}, {2, 2}).DPrime()));
}

TEST(Verification, FailureToEnrolIsAMiss) {
  const Verification scores = FromScores({5, kFailed}, {1, 0});
  EXPECT_EQ(scores.failed_count(), 1);
  EXPECT_DOUBLE_EQ(scores.Auc(), 0.5);
  EXPECT_DOUBLE_EQ(scores.TarAtFar(1), 0.5) << "no threshold accepts a failure";
  EXPECT_GT(scores.EqualErrorRate(), 0.3);
}

TEST(Verification, NothingButFailuresIsChance) {
  const Verification scores = FromScores({kFailed, kFailed}, {kFailed, kFailed, kFailed});
  EXPECT_DOUBLE_EQ(scores.Auc(), 0.5);
  EXPECT_DOUBLE_EQ(scores.EqualErrorRate(), 0.5);
  EXPECT_DOUBLE_EQ(scores.TarAtFar(0.01), 0);
  EXPECT_DOUBLE_EQ(scores.TarAtFar(1), 0);
  EXPECT_EQ(scores.failed_count(), 5);
}

TEST(Verification, WithoutOneKindNothingCanBeSaid) {
  EXPECT_TRUE(std::isnan(FromScores({1, 2}, {}).Auc()));
  EXPECT_TRUE(std::isnan(FromScores({}, {1, 2}).EqualErrorRate()));
  EXPECT_TRUE(std::isnan(FromScores({}, {}).TarAtFar(0.1)));
  const std::vector<double> nobody_twice = {0, 0};
  EXPECT_TRUE(std::isnan(FromScores({1}, {0}).Auc(nobody_twice)));
}

TEST(Verification, WeightsOfOneChangeNothing) {
  const Verification scores(Everybody(10, "ones"));
  const std::vector<double> ones(10, 1);
  EXPECT_DOUBLE_EQ(scores.Auc(ones), scores.Auc());
  EXPECT_DOUBLE_EQ(scores.EqualErrorRate(ones), scores.EqualErrorRate());
  EXPECT_DOUBLE_EQ(scores.TarAtFar(0.1, ones), scores.TarAtFar(0.1));
}

// Person k drawn w[k] times: copies are compared with everybody but not with each other.
TEST(Verification, WeightsEqualPeopleDuplicatedWithoutSelfPairs) {
  const std::vector<Comparison> once = Everybody(5, "weights");
  const std::vector<double> weights = {2, 0, 1, 3, 1};
  std::vector<int> copy_of;
  for (int person = 0; person < 5; ++person) {
    copy_of.insert(copy_of.end(), static_cast<size_t>(weights[person]), person);
  }
  std::vector<Comparison> duplicated;
  for (int i = 0; i < static_cast<int>(copy_of.size()); ++i) {
    for (int j = 0; j < static_cast<int>(copy_of.size()); ++j) {
      if (i != j && copy_of[i] == copy_of[j]) continue;
      duplicated.push_back({i, j, once[5 * copy_of[i] + copy_of[j]].score});
    }
  }
  const Verification weighted(once), explicit_copies(duplicated);
  EXPECT_NEAR(weighted.Auc(weights), explicit_copies.Auc(), 1e-12);
  EXPECT_NEAR(weighted.EqualErrorRate(weights), explicit_copies.EqualErrorRate(), 1e-12);
  for (const double far : {0.0, 0.05, 0.2, 0.5}) {
    EXPECT_NEAR(weighted.TarAtFar(far, weights), explicit_copies.TarAtFar(far), 1e-12) << far;
  }
  EXPECT_GT(std::abs(weighted.Auc(weights) - weighted.Auc()), 1e-3) << "the test proves nothing";
}

TEST(Verification, MonotoneTransformationChangesNothing) {
  std::vector<Comparison> comparisons = Everybody(12, "monotone");
  const Verification before(comparisons);
  for (Comparison& comparison : comparisons) comparison.score = std::exp(comparison.score) - 7;
  const Verification after(comparisons);
  EXPECT_DOUBLE_EQ(before.Auc(), after.Auc());
  EXPECT_DOUBLE_EQ(before.EqualErrorRate(), after.EqualErrorRate());
  EXPECT_DOUBLE_EQ(before.TarAtFar(0.1), after.TarAtFar(0.1));
}

TEST(Verification, MirroredScoresMirrorTheAuc) {
  std::vector<Comparison> comparisons = Everybody(12, "mirror");
  const double auc = Verification(comparisons).Auc();
  for (Comparison& comparison : comparisons) comparison.score = -comparison.score;
  EXPECT_NEAR(Verification(comparisons).Auc(), 1 - auc, 1e-12);
}

TEST(Verification, SupportsRatesThatStandForTenImpostors) {
  const Verification scores = FromScores({1}, std::vector<double>(100, 0));
  EXPECT_EQ(scores.impostor_count(), 100);
  EXPECT_EQ(scores.genuine_count(), 1);
  EXPECT_TRUE(scores.Supports(0.1));
  EXPECT_FALSE(scores.Supports(0.099));
  EXPECT_FALSE(scores.Supports(0.001));
}

TEST(Verification, ScoresAscendAndKeepFailures) {
  const Verification scores = FromScores({2, kFailed, 5}, {1, 3});
  EXPECT_EQ(scores.Scores(true), (std::vector<double>{kFailed, 2, 5}));
  EXPECT_EQ(scores.Scores(false), (std::vector<double>{1, 3}));
}

TEST(Verification, RocByHand) {
  const std::vector<Verification::OperatingPoint> roc =
      FromScores({4, 3, kFailed}, {3, 2, 1, kFailed}).Roc();
  ASSERT_EQ(roc.size(), 6U);
  const std::vector<std::vector<double>> expected = {{0, 0, -kFailed},   {0, 1.0 / 3, 4},
                                                     {0.25, 2.0 / 3, 3}, {0.5, 2.0 / 3, 2},
                                                     {0.75, 2.0 / 3, 1}, {1, 1, kFailed}};
  for (size_t i = 0; i < roc.size(); ++i) {
    EXPECT_DOUBLE_EQ(roc[i].far, expected[i][0]) << i;
    EXPECT_DOUBLE_EQ(roc[i].tar, expected[i][1]) << i;
    EXPECT_EQ(roc[i].threshold, expected[i][2]) << i;
  }
  EXPECT_TRUE(FromScores({1}, {}).Roc().empty());
}

// Scores of one person hang together, by probe and by template. The interval from resampled people
// holds the expected AUC about as often as it says; one from resampled comparisons would not.
TEST(Verification, BootstrapOverPeopleCoversTheAuc) {
  const int subjects = 40, rounds = 200;
  const double leak = 1.5, between = 0.7;  // Standard deviation of probe and template effects.
  const auto phi = [](double z) { return std::erfc(-z / std::sqrt(2.0)) / 2; };
  // A genuine and an impostor comparison share no person, the probe, or the template.
  const double b2 = between * between;
  const double expected = ((subjects - 2) * phi(leak / std::sqrt(2 * (1 + 2 * b2))) +
                           2 * phi(leak / std::sqrt(2 * (1 + b2)))) /
                          subjects;
  int covered = 0;
  for (int round = 0; round < rounds; ++round) {
    NamedRandom random(round, "coverage", "scores");
    std::vector<double> probe(subjects), gallery(subjects);
    for (double& effect : probe) effect = between * random.Normal();
    for (double& effect : gallery) effect = between * random.Normal();
    std::vector<Comparison> comparisons;
    for (int i = 0; i < subjects; ++i) {
      for (int j = 0; j < subjects; ++j) {
        const double score = probe[i] + gallery[j] + random.Normal() + (i == j ? leak : 0);
        comparisons.push_back({i, j, score});
      }
    }
    const Verification verification(comparisons);
    const Interval interval = SubjectBootstrap(
        subjects, 200, NamedRandom(round, "coverage", "bootstrap"),
        [&](const std::vector<double>& weights) { return verification.Auc(weights); });
    covered += interval.low <= expected && interval.high >= expected ? 1 : 0;
  }
  // The percentile bootstrap of 40 people is a little short of 95 %.
  EXPECT_GE(covered, 0.89 * rounds);
  EXPECT_LE(covered, 0.99 * rounds);
}

TEST(RankRate, CountsProbesWhoseSubjectIsAmongTheBest) {
  const std::vector<RankedProbe> probes = {{0, 0, 0, false}, {1, 1, 0, false}, {2, 4, 0, false}};
  EXPECT_DOUBLE_EQ(RankRate(probes, 1), 1.0 / 3);
  EXPECT_DOUBLE_EQ(RankRate(probes, 2), 2.0 / 3);
  EXPECT_DOUBLE_EQ(RankRate(probes, 5), 1);
}

TEST(RankRate, ConstantScoresGiveChance) {
  const int gallery = 10;
  const std::vector<RankedProbe> probes(7, {0, 0, gallery - 1, false});
  for (int k = 1; k <= gallery; ++k) {
    EXPECT_DOUBLE_EQ(RankRate(probes, k), static_cast<double>(k) / gallery);
  }
}

TEST(RankRate, TiesShareThePlacesThatAreLeft) {
  // Two are better; three others are tied for places 3 to 6.
  EXPECT_DOUBLE_EQ(RankRate({{0, 2, 3, false}}, 2), 0);
  EXPECT_DOUBLE_EQ(RankRate({{0, 2, 3, false}}, 3), 0.25);
  EXPECT_DOUBLE_EQ(RankRate({{0, 2, 3, false}}, 5), 0.75);
  EXPECT_DOUBLE_EQ(RankRate({{0, 2, 3, false}}, 9), 1);
}

TEST(RankRate, FailuresNeverHitButCount) {
  EXPECT_DOUBLE_EQ(RankRate({{0, 0, 0, true}}, 100), 0);
  EXPECT_DOUBLE_EQ(RankRate({{0, 0, 0, true}, {1, 0, 0, false}}, 1), 0.5);
}

TEST(RankRate, WeightsEqualRepeatedProbes) {
  const std::vector<RankedProbe> probes = {{0, 0, 0, false}, {1, 3, 0, false}, {2, 0, 1, false}};
  const std::vector<RankedProbe> repeated = {probes[0], probes[0], probes[0], probes[2]};
  EXPECT_DOUBLE_EQ(RankRate(probes, 1, {3, 0, 1}), RankRate(repeated, 1));
  EXPECT_TRUE(std::isnan(RankRate(probes, 1, {0, 0, 0})));
  EXPECT_TRUE(std::isnan(RankRate({}, 1)));
}

}  // namespace
}  // namespace maskbench
