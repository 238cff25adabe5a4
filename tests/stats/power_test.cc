#include "maskbench/stats/power.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "maskbench/core/rng.h"
#include "maskbench/stats/biometrics.h"
#include "maskbench/stats/distributions.h"

namespace maskbench {
namespace {

TEST(BinomialTail, ByHand) {
  EXPECT_NEAR(BinomialTail(2, 3, 0.5), 0.5, 1e-12);
  EXPECT_NEAR(BinomialTail(3, 3, 0.2), 0.008, 1e-12);
  EXPECT_NEAR(BinomialTail(1, 405, 1.0 / 405), 1 - std::pow(404.0 / 405, 405), 1e-12);
  EXPECT_EQ(BinomialTail(0, 3, 0.2), 1);
  EXPECT_EQ(BinomialTail(4, 3, 0.2), 0);
}

TEST(SmallestDetectableRate, ByHandForThreeProbes) {
  // At chance 0.3 three of three have the probability 0.027, two or more 0.216: only three hits are
  // above chance, and p³ = 0.8.
  EXPECT_NEAR(SmallestDetectableRate(3, 0.3), std::cbrt(0.8), 1e-9);
  // One probe never shows anything at 5 %.
  EXPECT_TRUE(std::isnan(SmallestDetectableRate(1, 0.3)));
}

TEST(SmallestDetectableRate, NeedsSeveralTimesChanceInLargeGalleries) {
  // 4 hits or more happen to 1.9 % at chance, 3 or more to 8 %.
  const double rate = SmallestDetectableRate(405, 1.0 / 405);
  EXPECT_NEAR(BinomialTail(4, 405, rate), 0.8, 1e-9);
  EXPECT_NEAR(rate * 405, 5.5, 0.05);
  EXPECT_NEAR(SmallestDetectableRate(40, 1.0 / 40) * 40, 5.3, 0.1);
}

TEST(SmallestDetectableAuc, ShrinksWithPeopleAndIsNothingWithoutThem) {
  const double at_40 = SmallestDetectableAuc(40, 40 * 39), at_400 = SmallestDetectableAuc(400, 1e5);
  EXPECT_GT(at_40, at_400);
  EXPECT_GT(at_400, 0.5);
  EXPECT_NEAR((at_40 - 0.5) / (at_400 - 0.5), std::sqrt(10.0), 0.4);
  EXPECT_TRUE(std::isnan(SmallestDetectableAuc(0, 10)));
  EXPECT_TRUE(std::isnan(SmallestDetectableAuc(1, 1)));
}

// The promise itself: at that AUC four of five tests find something, at 0.5 one of twenty.
TEST(SmallestDetectableAuc, HasThePowerThatItPromises) {
  const int subjects = 40, rounds = 400;
  const double auc = SmallestDetectableAuc(subjects, subjects * (subjects - 1));
  const double critical =
      0.5 + InverseNormalCdf(0.95) * std::sqrt((subjects * subjects + 1.0) /
                                               (12.0 * subjects * subjects * (subjects - 1)));
  // Normal scores with that AUC are apart by √2 · Φ⁻¹(AUC).
  const double shift = std::sqrt(2.0) * InverseNormalCdf(auc);
  const auto found = [&](double distance, const char* name) {
    NamedRandom random(9, name, "scores");
    int count = 0;
    for (int round = 0; round < rounds; ++round) {
      std::vector<Comparison> comparisons;
      for (int i = 0; i < subjects; ++i) {
        for (int j = 0; j < subjects; ++j) {
          comparisons.push_back({i, j, random.Normal() + (i == j ? distance : 0)});
        }
      }
      count += Verification(comparisons).Auc() > critical ? 1 : 0;
    }
    return static_cast<double>(count) / rounds;
  };
  EXPECT_NEAR(found(shift, "leak"), 0.8, 0.06);
  EXPECT_NEAR(found(0, "chance"), 0.05, 0.03);
}

}  // namespace
}  // namespace maskbench
