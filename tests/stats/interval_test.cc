#include "maskbench/stats/interval.h"

#include <cmath>

#include <gtest/gtest.h>

namespace maskbench {
namespace {

TEST(RegularizedBeta, AgreesWithClosedForms) {
  for (const double x : {0.0, 1e-6, 0.1, 0.25, 0.5, 0.75, 0.9, 0.999999, 1.0}) {
    EXPECT_NEAR(RegularizedBeta(x, 1, 1), x, 1e-13);
    EXPECT_NEAR(RegularizedBeta(x, 2, 2), 3 * x * x - 2 * x * x * x, 1e-13);
    EXPECT_NEAR(RegularizedBeta(x, 5, 1), std::pow(x, 5), 1e-13);
    EXPECT_NEAR(RegularizedBeta(x, 1, 5), 1 - std::pow(1 - x, 5), 1e-13);
    EXPECT_NEAR(RegularizedBeta(x, 0.5, 0.5), 2 / M_PI * std::asin(std::sqrt(x)), 1e-12);
  }
}

TEST(RegularizedBeta, IsSymmetric) {
  for (const double a : {0.3, 2.0, 17.5, 400.0}) {
    for (const double b : {0.7, 3.0, 90.0}) {
      for (const double x : {0.01, 0.3, 0.6, 0.95}) {
        EXPECT_NEAR(RegularizedBeta(x, a, b), 1 - RegularizedBeta(1 - x, b, a), 1e-11)
            << "x " << x << ", a " << a << ", b " << b;
      }
    }
  }
}

TEST(RegularizedBeta, IsABinomialTail) {
  // P(X ≥ 3) for 10 draws at 0.4: 1 − (0.6^10 + 10·0.4·0.6^9 + 45·0.16·0.6^8).
  const double expected =
      1 - (std::pow(0.6, 10) + 10 * 0.4 * std::pow(0.6, 9) + 45 * 0.16 * std::pow(0.6, 8));
  EXPECT_NEAR(RegularizedBeta(0.4, 3, 8), expected, 1e-13);
}

TEST(WilsonInterval, GivesThePublishedFigureFor289Of555) {
  const Interval interval = WilsonInterval(289, 555);
  EXPECT_NEAR(interval.low, 0.479, 5e-4);
  EXPECT_NEAR(interval.high, 0.562, 5e-4);
}

TEST(WilsonInterval, SwapsItsEndsWhenHitsAndMissesAreSwapped) {
  const Interval hits = WilsonInterval(3, 17), misses = WilsonInterval(14, 17);
  EXPECT_NEAR(hits.low, 1 - misses.high, 1e-15);
  EXPECT_NEAR(hits.high, 1 - misses.low, 1e-15);
}

TEST(WilsonInterval, TouchesTheBorderForNoneAndAll) {
  const double z2 = 1.959963984540054 * 1.959963984540054;
  EXPECT_EQ(WilsonInterval(0, 10).low, 0);
  EXPECT_NEAR(WilsonInterval(0, 10).high, z2 / (10 + z2), 1e-14);
  EXPECT_EQ(WilsonInterval(10, 10).high, 1);
  EXPECT_NEAR(WilsonInterval(10, 10).low, 10 / (10 + z2), 1e-14);
}

TEST(ClopperPearsonInterval, GivesTheTabulatedValues) {
  EXPECT_EQ(ClopperPearsonInterval(0, 10).low, 0);
  EXPECT_NEAR(ClopperPearsonInterval(0, 10).high, 0.3085, 5e-5);
  EXPECT_NEAR(ClopperPearsonInterval(10, 10).low, 0.6915, 5e-5);
  EXPECT_EQ(ClopperPearsonInterval(10, 10).high, 1);
  EXPECT_NEAR(ClopperPearsonInterval(5, 10).low, 0.1871, 5e-5);
  EXPECT_NEAR(ClopperPearsonInterval(5, 10).high, 0.8129, 5e-5);
  EXPECT_NEAR(ClopperPearsonInterval(1, 40).high, 0.1316, 5e-5);
}

TEST(ClopperPearsonInterval, HasTheClosedFormForNoneOfN) {
  for (const double n : {1.0, 10.0, 555.0}) {
    EXPECT_NEAR(ClopperPearsonInterval(0, n).high, 1 - std::pow(0.025, 1 / n), 1e-12);
    EXPECT_NEAR(ClopperPearsonInterval(0, n, 0.9).high, 1 - std::pow(0.05, 1 / n), 1e-12);
  }
}

TEST(ClopperPearsonInterval, FractionalHitsLieBetweenTheirNeighbours) {
  const Interval two = ClopperPearsonInterval(2, 10), between = ClopperPearsonInterval(2.5, 10),
                 three = ClopperPearsonInterval(3, 10);
  EXPECT_LT(two.low, between.low);
  EXPECT_LT(between.low, three.low);
  EXPECT_LT(two.high, between.high);
  EXPECT_LT(between.high, three.high);
}

}  // namespace
}  // namespace maskbench
