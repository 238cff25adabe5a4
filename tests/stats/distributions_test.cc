#include "maskbench/stats/distributions.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace maskbench {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(Distributions, NormalQuantilesAreTheTabulatedOnes) {
  EXPECT_NEAR(InverseNormalCdf(0.975), 1.959963984540054, 1e-14);
  EXPECT_NEAR(InverseNormalCdf(0.95), 1.6448536269514722, 1e-14);
  EXPECT_NEAR(InverseNormalCdf(0.01), -2.3263478740408408, 1e-14);
  EXPECT_EQ(InverseNormalCdf(0), -kInfinity);
  EXPECT_EQ(InverseNormalCdf(1), kInfinity);
  for (const double p : {1e-200, 1e-12, 1e-5, 0.3, 0.5, 0.7})
    EXPECT_NEAR(NormalCdf(InverseNormalCdf(p)), p, 1e-12 * p) << p;
}

TEST(Distributions, StudentQuantilesAreTheTabulatedOnes) {
  EXPECT_NEAR(InverseStudentCdf(0.975, 10), 2.228138852, 1e-9);
  EXPECT_NEAR(InverseStudentCdf(0.95, 5), 2.015048373, 1e-9);
  EXPECT_NEAR(InverseStudentCdf(0.025, 30), -2.042272456, 1e-9);
  EXPECT_NEAR(InverseStudentCdf(0.975, kInfinity), 1.959963984540054, 1e-14);
  // One degree of freedom is Cauchy's distribution, two have a closed form.
  EXPECT_NEAR(InverseStudentCdf(0.975, 1), std::tan(M_PI * 0.475), 1e-9);
  EXPECT_NEAR(StudentCdf(1.5, 2), 0.5 + 1.5 / (2 * std::sqrt(2 + 1.5 * 1.5)), 1e-13);
  EXPECT_NEAR(StudentCdf(-0.7, 7.3) + StudentCdf(0.7, 7.3), 1, 1e-14);
  EXPECT_NEAR(InverseStudentCdf(0.5, 4), 0, 1e-12);
}

TEST(Distributions, FisherAndChiSquareAreTheTabulatedOnes) {
  EXPECT_NEAR(ChiSquareTail(3.841458820694124), 0.05, 1e-12);
  EXPECT_EQ(ChiSquareTail(0), 1);
  EXPECT_NEAR(InverseFisherCdf(0.95, 3, 10), 3.708, 5e-4);
  EXPECT_NEAR(InverseFisherCdf(0.975, 5, 2), 39.30, 5e-3);
  // The reciprocal of F has the degrees of freedom swapped; with one in front it is t².
  EXPECT_NEAR(InverseFisherCdf(0.3, 4.5, 9), 1 / InverseFisherCdf(0.7, 9, 4.5), 1e-9);
  EXPECT_NEAR(InverseFisherCdf(0.95, 1, 12), std::pow(InverseStudentCdf(0.975, 12), 2), 1e-9);
}

TEST(Distributions, BinomialByCounting) {
  EXPECT_NEAR(BinomialCdf(3, 10, 0.5), (1 + 10 + 45 + 120) / 1024.0, 1e-14);
  EXPECT_NEAR(BinomialProbability(3, 10, 0.5), 120 / 1024.0, 1e-14);
  EXPECT_EQ(BinomialCdf(-1, 10, 0.5), 0);
  EXPECT_EQ(BinomialCdf(10, 10, 0.5), 1);
  EXPECT_EQ(BinomialProbability(0, 4, 0), 1);
  EXPECT_EQ(BinomialProbability(3, 4, 1), 0);
  double sum = 0;
  for (int i = 0; i <= 7; ++i) sum += BinomialProbability(i, 25, 0.23);
  EXPECT_NEAR(sum, BinomialCdf(7, 25, 0.23), 1e-13);
}

}  // namespace
}  // namespace maskbench
