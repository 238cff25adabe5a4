#include "maskbench/stats/study_size.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/stats/distributions.h"
#include "maskbench/stats/paired_proportions.h"

namespace maskbench {
namespace {

/// No study is planned beyond so many pairs.
constexpr int kMostPairs = 1000000000;

void CheckShare(const char* name, double value) {
  if (!(value >= 0 && value <= 1))
    throw UsageError(fmt::format("{} is {}; it must lie within 0 to 1.", name, value));
}

void Check(const PairedExpectation& expected, double alpha) {
  CheckShare("The share of pairs with only the first answer", expected.first_only);
  CheckShare("The share of pairs with only the second answer", expected.second_only);
  CheckShare("The share of discordant pairs", expected.Discordant());
  CheckShare("Alpha", alpha);
}

/// Of the difference of one pair.
double VarianceOf(const PairedExpectation& expected) {
  return std::max(0.0, expected.Discordant() - expected.Difference() * expected.Difference());
}

/// Fewest whole number, from 2 on, at which a growing power is reached; −1 when never.
template <typename Power>
int Fewest(double wanted, const Power& power) {
  int high = 2;
  while (power(high) < wanted) {
    if (high > kMostPairs / 2) return -1;
    high *= 2;
  }
  int low = std::max(2, high / 2);
  if (power(low) >= wanted) return low;
  while (high - low > 1) {
    const int middle = low + (high - low) / 2;
    (power(middle) >= wanted ? high : low) = middle;
  }
  return high;
}

}  // namespace

double McNemarPower(double pairs, const PairedExpectation& expected, double alpha) {
  Check(expected, alpha);
  const double difference = std::abs(expected.Difference());
  if (difference <= 0) return alpha;
  const double spread = std::sqrt(VarianceOf(expected));
  const double lead = difference * std::sqrt(pairs) -
                      InverseNormalCdf(1 - 0.5 * alpha) * std::sqrt(expected.Discordant());
  if (spread <= 0) return lead > 0 ? 1 : 0;
  return NormalCdf(lead / spread);
}

double McNemarExactPower(int pairs, const PairedExpectation& expected, double alpha, bool mid_p) {
  Check(expected, alpha);
  const double discordant = expected.Discordant();
  if (discordant <= 0) return 0;
  const double second = expected.second_only / discordant;
  double power = 0;
  for (int n = 1; n <= pairs; ++n) {
    const double chance = BinomialProbability(n, pairs, discordant);
    if (chance < 1e-15) continue;
    // The most extreme number of either side that still rejects.
    int last = -1;
    while (2 * (last + 1) < n && McNemarExact(last + 1, n - last - 1, mid_p) <= alpha) ++last;
    if (last < 0) continue;
    power += chance * (BinomialCdf(last, n, second) + BinomialCdf(last, n, 1 - second));
  }
  return power;
}

int McNemarPairs(const PairedExpectation& expected, double power, double alpha) {
  Check(expected, alpha);
  CheckShare("Power", power);
  if (expected.Difference() == 0) return -1;
  return Fewest(power, [&](int pairs) { return McNemarPower(pairs, expected, alpha); });
}

double EquivalencePower(double pairs, const PairedExpectation& expected, double margin,
                        double alpha) {
  Check(expected, alpha);
  CheckShare("The margin of equivalence", margin);
  const double difference = expected.Difference();
  const double error = std::sqrt(VarianceOf(expected) / pairs);
  if (error <= 0) return std::abs(difference) < margin ? 1 : 0;
  const double z = InverseNormalCdf(1 - alpha);
  return std::max(0.0, NormalCdf((margin - difference) / error - z) +
                           NormalCdf((margin + difference) / error - z) - 1);
}

int EquivalencePairs(const PairedExpectation& expected, double margin, double power, double alpha) {
  Check(expected, alpha);
  CheckShare("Power", power);
  if (std::abs(expected.Difference()) >= margin) return -1;
  return Fewest(power, [&](int pairs) { return EquivalencePower(pairs, expected, margin, alpha); });
}

int PatientsForPairs(double pairs, int eyes, double correlation) {
  if (eyes < 1) throw UsageError(fmt::format("A patient has {} eyes; at least 1 is needed.", eyes));
  if (!(correlation >= -1 && correlation <= 1))
    throw UsageError(
        fmt::format("The correlation of eyes is {}; it must lie within -1 to 1.", correlation));
  const double effect = std::max(0.0, 1 + (eyes - 1) * correlation);
  return static_cast<int>(std::ceil(pairs * effect / eyes - 1e-9));
}

}  // namespace maskbench
