#include "maskbench/stats/study_size.h"

#include <cmath>

#include <gtest/gtest.h>

#include "maskbench/core/error.h"

namespace maskbench {
namespace {

TEST(McNemarPower, ByHand) {
  // ψ 0.2, δ 0.1: (1.959964 √0.2 + 0.841621 √0.19)² / 0.01 = 154.6.
  EXPECT_EQ(McNemarPairs({0.15, 0.05}, 0.8), 155);
  EXPECT_EQ(McNemarPairs({0.05, 0.15}, 0.8), 155);
  EXPECT_GE(McNemarPower(155, {0.15, 0.05}), 0.8);
  EXPECT_LT(McNemarPower(154, {0.15, 0.05}), 0.8);
  EXPECT_EQ(McNemarPairs({0.1, 0.1}, 0.8), -1);
}

TEST(McNemarPower, ExactOverAllTables) {
  // Summed in Python with whole-number binomials over all numbers of discordant pairs and all
  // results that reject: 0.8393569848602918 on the one side, 1.2400188e-6 on the other.
  EXPECT_NEAR(McNemarExactPower(50, {0.08, 0.32}, 0.1), 0.8393582248791, 1e-11);
}

TEST(McNemarPower, ExactByCounting) {
  // Six pairs, all discordant: only 0 and 6 reject at 0.05 (p 2 / 64).
  EXPECT_NEAR(McNemarExactPower(6, {0.25, 0.75}, 0.05), std::pow(0.25, 6) + std::pow(0.75, 6),
              1e-12);
  EXPECT_NEAR(McNemarExactPower(6, {0.5, 0.5}, 0.05), 2.0 / 64, 1e-12);
  EXPECT_EQ(McNemarExactPower(20, {0, 0}, 0.05), 0);
  // Never above alpha without a difference; mid-p comes closer.
  const double exact = McNemarExactPower(80, {0.1, 0.1}, 0.05);
  const double mid = McNemarExactPower(80, {0.1, 0.1}, 0.05, true);
  EXPECT_LT(exact, 0.05);
  EXPECT_GT(mid, exact);
}

TEST(McNemarPower, ApproximationIsCloseToMidP) {
  for (const int pairs : {100, 200, 400})
    EXPECT_NEAR(McNemarPower(pairs, {0.06, 0.14}),
                McNemarExactPower(pairs, {0.06, 0.14}, 0.05, true), 0.03);
}

TEST(EquivalencePower, ByHand) {
  // ψ 0.1, no difference, margin 0.1: 2 Φ(0.1 / s − 1.644854) − 1 = 0.8 at 0.1 / s = 2.926405, so
  // n = 0.1 · 8.563848 / 0.01 = 85.6.
  EXPECT_EQ(EquivalencePairs({0.05, 0.05}, 0.1, 0.8), 86);
  EXPECT_GE(EquivalencePower(86, {0.05, 0.05}, 0.1), 0.8);
  EXPECT_LT(EquivalencePower(85, {0.05, 0.05}, 0.1), 0.8);
  EXPECT_EQ(EquivalencePairs({0.15, 0.05}, 0.1, 0.8), -1);
  EXPECT_EQ(EquivalencePower(3, {0.05, 0.05}, 0.1), 0);
  EXPECT_GT(EquivalencePairs({0.07, 0.03}, 0.1, 0.8), 86);
}

TEST(PatientsForPairs, ByHand) {
  EXPECT_EQ(PatientsForPairs(100, 1, 0.7), 100);
  EXPECT_EQ(PatientsForPairs(100, 2, 0), 50);
  EXPECT_EQ(PatientsForPairs(100, 2, 1), 100);
  EXPECT_EQ(PatientsForPairs(101, 2, 0.5), 76);
  EXPECT_THROW(PatientsForPairs(10, 0, 0), UsageError);
  EXPECT_THROW(PatientsForPairs(10, 2, 1.2), UsageError);
}

TEST(StudySize, RefusesSharesThatAreNone) {
  EXPECT_THROW(McNemarPower(10, {0.6, 0.6}), UsageError);
  EXPECT_THROW(McNemarPower(10, {-0.1, 0.6}), UsageError);
  EXPECT_THROW(EquivalencePower(10, {0.1, 0.1}, 1.5), UsageError);
  EXPECT_THROW(McNemarPairs({0.1, 0.2}, 1.5), UsageError);
}

}  // namespace
}  // namespace maskbench
