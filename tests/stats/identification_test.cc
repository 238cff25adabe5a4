#include "maskbench/stats/identification.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "maskbench/core/rng.h"
#include "maskbench/stats/bootstrap.h"

namespace maskbench {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;

constexpr double kFailed = -std::numeric_limits<double>::infinity();

// First, third with one tie, failed, last.
const std::vector<RankedProbe> kProbes = {
    {0, 0, 0, false}, {1, 2, 1, false}, {2, 0, 0, true}, {3, 4, 0, false}};

TEST(CumulativeMatches, ByHand) {
  EXPECT_THAT(CumulativeMatches(kProbes, 5), ElementsAre(0.25, 0.25, 0.375, 0.5, 0.75));
}

TEST(CumulativeMatches, EqualRankRatesAtEveryRankAndWeight) {
  NamedRandom random(3, "cmc", "ranks");
  std::vector<RankedProbe> probes;
  std::vector<double> weights;
  const int gallery = 30;
  for (int i = 0; i < 40; ++i) {
    RankedProbe probe;
    probe.subject = i;
    probe.better = static_cast<int>(random.Below(gallery));
    probe.tied = static_cast<int>(random.Below(gallery - probe.better));
    probe.failed = random.Below(5) == 0;
    probes.push_back(probe);
    weights.push_back(random.Below(3));
  }
  const std::vector<double> plain = CumulativeMatches(probes, gallery);
  const std::vector<double> weighted = CumulativeMatches(probes, gallery, weights);
  for (int k = 1; k <= gallery; ++k) {
    EXPECT_NEAR(plain[k - 1], RankRate(probes, k), 1e-12);
    EXPECT_NEAR(weighted[k - 1], RankRate(probes, k, weights), 1e-12);
  }
}

TEST(MeanRank, ByHand) {
  EXPECT_DOUBLE_EQ(MeanRank(kProbes, 5), (1 + 3.5 + 6 + 5) / 4);
  EXPECT_DOUBLE_EQ(MeanRank(kProbes, 5, {2, 0, 0, 1}), (2 * 1 + 5) / 3.0);
  EXPECT_DOUBLE_EQ(MeanRank({{0, 0, 9, false}}, 10), 5.5) << "constant scores are chance";
  EXPECT_TRUE(std::isnan(MeanRank({}, 5)));
}

TEST(MeanRank, IsOnePlusWhatTheCmcMisses) {
  double missed = 0;
  for (const double rate : CumulativeMatches(kProbes, 5)) missed += 1 - rate;
  EXPECT_NEAR(MeanRank(kProbes, 5), 1 + missed, 1e-12);
}

OpenSet Small() {
  // The third mated search stands behind another template; the last one failed.
  const std::vector<MatedSearch> mated = {
      {0, 0.95, 0, 0}, {1, 0.6, 0, 0}, {2, 0.8, 1, 0}, {3, 0.72, 0, 0}, {4, kFailed, 0, 0}};
  const std::vector<NonMatedSearch> non_mated = {
      {0, 0.5}, {1, 0.9}, {2, 0.3}, {3, 0.7}, {4, kFailed}};
  return OpenSet(mated, non_mated);
}

TEST(OpenSet, RatesByHand) {
  const OpenSet set = Small();
  EXPECT_DOUBLE_EQ(set.Fpir(0.95), 0);
  EXPECT_DOUBLE_EQ(set.Fpir(0.9), 0.2);
  EXPECT_DOUBLE_EQ(set.Fpir(0.6), 0.4);
  EXPECT_DOUBLE_EQ(set.Fpir(-10), 0.8) << "a search that failed returns nobody";
  EXPECT_DOUBLE_EQ(set.Fnir(0.95, 1), 0.8);
  EXPECT_DOUBLE_EQ(set.Fnir(0.7, 1), 0.6);
  EXPECT_DOUBLE_EQ(set.Fnir(0.7, 2), 0.4);
  EXPECT_DOUBLE_EQ(set.Fnir(-10, 2), 0.2) << "a failure is never found";
}

TEST(OpenSet, TheThresholdComesFromNonMatedSearchesAlone) {
  const OpenSet set = Small();
  EXPECT_EQ(set.Threshold(0), std::nextafter(0.9, 1.0));
  EXPECT_EQ(set.Threshold(0.19), std::nextafter(0.9, 1.0));
  EXPECT_EQ(set.Threshold(0.2), std::nextafter(0.7, 1.0));
  EXPECT_EQ(set.Threshold(0.6), std::nextafter(0.3, 1.0));
  EXPECT_EQ(set.Threshold(0.8), std::numeric_limits<double>::lowest());
  for (const double fpir : {0.0, 0.2, 0.4, 0.6, 0.8, 1.0}) {
    EXPECT_LE(set.Fpir(set.Threshold(fpir)), fpir);
  }
  EXPECT_DOUBLE_EQ(set.FnirAtFpir(0.2, 1), 0.6);
  EXPECT_DOUBLE_EQ(set.FnirAtFpir(0.2, 2), 0.4);
  // Subjects 0 and 2 alone: whatever lies above 0.5 is allowed.
  EXPECT_DOUBLE_EQ(set.FnirAtFpir(0, 1, {1, 0, 1, 0, 0}), 0.5);
  EXPECT_TRUE(std::isnan(OpenSet({{0, 1, 0, 0}}, {}).FnirAtFpir(0.1, 1)));
}

TEST(OpenSet, TiedNonMatedScoresAreReturnedTogether) {
  const OpenSet set({{0, 0.5, 0, 0}}, {{0, 0.5}, {1, 0.5}, {2, 0.4}, {3, 0.1}});
  EXPECT_EQ(set.Threshold(0.25), std::nextafter(0.5, 1.0));
  EXPECT_DOUBLE_EQ(set.FnirAtFpir(0.25, 1), 1);
  EXPECT_DOUBLE_EQ(set.FnirAtFpir(0.5, 1), 0);
}

TEST(OpenSet, TiesAtTheLastRankShareThePlacesThatAreLeft) {
  const OpenSet set({{0, 0.5, 0, 3}}, {{0, 0.1}});
  EXPECT_DOUBLE_EQ(set.Fnir(0, 1), 0.75);
  EXPECT_DOUBLE_EQ(set.Fnir(0, 4), 0);
}

TEST(OpenSet, SupportsRatesThatStandForTenSearches) {
  const OpenSet set({}, std::vector<NonMatedSearch>(100));
  EXPECT_TRUE(set.Supports(0.1));
  EXPECT_FALSE(set.Supports(0.05));
}

// A system that tells nothing apart finds the right person among G about as often as it returns
// the wrong one: FPIR / G of all.
TEST(OpenSet, ScoresWithoutMeaningFindHardlyAnybody) {
  NamedRandom random(4, "open set", "scores");
  const int gallery = 20;
  std::vector<MatedSearch> mated;
  std::vector<NonMatedSearch> non_mated;
  for (int i = 0; i < 4000; ++i) {
    MatedSearch search{i, random.Uniform(), 0, 0};
    double best = random.Uniform();
    for (int j = 1; j < gallery; ++j) {
      search.better += random.Uniform() > search.own_score ? 1 : 0;
      best = std::max(best, random.Uniform());
    }
    mated.push_back(search);
    non_mated.push_back({i, best});
  }
  EXPECT_NEAR(OpenSet(mated, non_mated).FnirAtFpir(0.1, 1), 1 - 0.1 / gallery, 0.004);
}

}  // namespace
}  // namespace maskbench
