#include "maskbench/stats/linkability.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

namespace maskbench {
namespace {

constexpr double kFailed = -std::numeric_limits<double>::infinity();

/// So many comparisons of each kind with a score.
void Add(int mated, int non_mated, double score, std::vector<Comparison>* comparisons) {
  for (int i = 0; i < mated; ++i) comparisons->push_back({0, 0, score});
  for (int i = 0; i < non_mated; ++i) comparisons->push_back({1, 0, score});
}

std::vector<Comparison> TwoBins() {
  std::vector<Comparison> comparisons;
  Add(5, 30, 0.1, &comparisons);
  Add(15, 10, 0.9, &comparisons);
  return comparisons;
}

TEST(Linkability, ByHand) {
  // Likelihood ratios 1/3 and 3: D is 0 and 2·3/4 − 1 = ½, which 15 of 20 mated scores have.
  const Linkability link = MeasureLinkability(TwoBins());
  ASSERT_EQ(link.bins.size(), 2U);
  EXPECT_DOUBLE_EQ(link.bins[0].local, 0);
  EXPECT_DOUBLE_EQ(link.bins[1].local, 0.5);
  EXPECT_DOUBLE_EQ(link.bins[0].low, 0.1);
  EXPECT_DOUBLE_EQ(link.bins[0].high, 0.5);
  EXPECT_DOUBLE_EQ(link.bins[1].mated, 0.75);
  EXPECT_DOUBLE_EQ(link.bins[1].non_mated, 0.25);
  EXPECT_DOUBLE_EQ(link.global, 0.75 * 0.5);
}

TEST(Linkability, OmegaIsThePriorOdds) {
  LinkabilityOptions options;
  options.omega = 0.5;  // 2·1.5/2.5 − 1 = 0.2.
  EXPECT_NEAR(MeasureLinkability(TwoBins(), options).global, 0.75 * 0.2, 1e-12);
  options.omega = 4;  // 2·(4/3)/(7/3) − 1 = 1/7 and 2·12/13 − 1 = 11/13.
  EXPECT_NEAR(MeasureLinkability(TwoBins(), options).global, 0.25 / 7 + 0.75 * 11 / 13, 1e-12);
}

TEST(Linkability, FromNothingToEverything) {
  std::vector<Comparison> apart, same;
  Add(0, 50, 0.1, &apart);
  Add(25, 0, 0.9, &apart);
  EXPECT_DOUBLE_EQ(MeasureLinkability(apart).global, 1);
  Add(10, 40, 0.1, &same);
  Add(10, 40, 0.9, &same);
  EXPECT_DOUBLE_EQ(MeasureLinkability(same).global, 0);
  std::vector<Comparison> constant;
  Add(20, 40, 0.5, &constant);
  EXPECT_DOUBLE_EQ(MeasureLinkability(constant).global, 0);
}

TEST(Linkability, FailuresAreABinOfTheirOwn) {
  std::vector<Comparison> alike = TwoBins();
  // As many failures, in shares, on both sides: they say nothing and thin out what does.
  Add(20, 40, kFailed, &alike);
  LinkabilityOptions options;
  options.bins = 2;
  EXPECT_DOUBLE_EQ(MeasureLinkability(alike, options).global, 0.75 * 0.5 / 2);
  // Everything failed.
  std::vector<Comparison> nothing;
  Add(20, 40, kFailed, &nothing);
  EXPECT_DOUBLE_EQ(MeasureLinkability(nothing).global, 0);
}

TEST(Linkability, FewMatedScoresGiveNoValue) {
  std::vector<Comparison> few;
  Add(19, 40, 0.1, &few);
  EXPECT_TRUE(std::isnan(MeasureLinkability(few).global));
  std::vector<Comparison> mated_alone;
  Add(40, 0, 0.1, &mated_alone);
  EXPECT_TRUE(std::isnan(MeasureLinkability(mated_alone).global));
}

TEST(Linkability, ATenthOfTheMatedScoresAreBins) {
  std::vector<Comparison> comparisons;
  for (int i = 0; i < 45; ++i) Add(1, 1, i, &comparisons);
  EXPECT_EQ(MeasureLinkability(comparisons).bins.size(), 4U);
}

/// Everybody against everybody; a person's own score is higher by `leak`. Probes and templates have
/// effects of their own, so that scores of one person hang together.
std::vector<Comparison> Crowd(int subjects, double leak, uint64_t seed) {
  NamedRandom random(seed, "crowd", "scores");
  std::vector<double> probe_effect, gallery_effect;
  for (int i = 0; i < subjects; ++i) {
    probe_effect.push_back(random.Normal());
    gallery_effect.push_back(random.Normal());
  }
  std::vector<Comparison> comparisons;
  for (int i = 0; i < subjects; ++i) {
    for (int j = 0; j < subjects; ++j) {
      const double score = probe_effect[i] + gallery_effect[j] + random.Normal();
      comparisons.push_back({i, j, score + (i == j ? leak : 0)});
    }
  }
  return comparisons;
}

TEST(LinkabilityNull, TellsChanceFromALeak) {
  const int subjects = 60;
  int called_leaks = 0;
  double chance = 0;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    const std::vector<Comparison> comparisons = Crowd(subjects, 0, seed);
    const LinkabilityNull null =
        PermuteLinkability(comparisons, subjects, {}, 199, NamedRandom(seed, "null", "p"));
    called_leaks += null.p_value <= 0.05 ? 1 : 0;
    chance += MeasureLinkability(comparisons).global / 100;
    EXPECT_GT(null.mean, 0) << "D is above 0 at chance";
    EXPECT_LE(null.central.low, null.mean);
    EXPECT_GE(null.central.high, null.mean);
  }
  // 5 % of 100; more than 11 has a probability below 1 %.
  EXPECT_LE(called_leaks, 11);
  EXPECT_GT(chance, 0.03) << "a value without its null would look like a leak";
  const std::vector<Comparison> leak = Crowd(subjects, 2, 1);
  const LinkabilityNull null = PermuteLinkability(leak, subjects, {}, 199, {1, "null", "p"});
  EXPECT_DOUBLE_EQ(null.p_value, 1.0 / 200);
  EXPECT_GT(MeasureLinkability(leak).global, null.central.high);
}

TEST(LinkabilityNull, IsTheSameForTheSameSeed) {
  const std::vector<Comparison> comparisons = Crowd(30, 0.5, 2);
  const auto null = [&](uint64_t seed) {
    return PermuteLinkability(comparisons, 30, {}, 99, NamedRandom(seed, "null", "p"));
  };
  EXPECT_EQ(null(1).mean, null(1).mean);
  EXPECT_NE(null(1).mean, null(2).mean);
}

TEST(LinkabilityNull, OfNothingIsNothing) {
  const LinkabilityNull null = PermuteLinkability({}, 0, {}, 10, {1, "null", "p"});
  EXPECT_TRUE(std::isnan(null.p_value));
  EXPECT_TRUE(std::isnan(null.mean));
}

}  // namespace
}  // namespace maskbench
