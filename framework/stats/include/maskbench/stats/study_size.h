#pragma once

namespace maskbench {

/// How two answers to the same pairs are expected to differ.
struct PairedExpectation {
  double first_only = 0;   ///< Share of pairs with only the first answer positive.
  double second_only = 0;  ///< Only the second.

  double Discordant() const { return first_only + second_only; }
  double Difference() const { return second_only - first_only; }
};

/// Functions below throw UsageError for shares outside 0 … 1 or alpha or power outside 0 … 1.

/// Power of the two-sided McNemar test with `pairs` independent pairs (Connor, Biometrics 43:207,
/// 1987): Φ((|δ| √n − z √ψ) / √(ψ − δ²)), ψ the discordant share, δ the difference.
double McNemarPower(double pairs, const PairedExpectation& expected, double alpha = 0.05);

/// The same of the exact test, without approximation: over all numbers of discordant pairs.
double McNemarExactPower(int pairs, const PairedExpectation& expected, double alpha = 0.05,
                         bool mid_p = false);

/// Fewest pairs with at least that (approximate) power; −1 when nothing differs.
int McNemarPairs(const PairedExpectation& expected, double power, double alpha = 0.05);

/// Power of two one-sided tests of paired shares to show that the difference lies within ±margin
/// (Liu, Hsueh, Hsieh & Chen, Stat Med 21:231, 2002, Wald form): Φ((margin − δ) / s − z) +
/// Φ((margin + δ) / s − z) − 1 with s² = (ψ − δ²) / n; 0 where negative.
double EquivalencePower(double pairs, const PairedExpectation& expected, double margin,
                        double alpha = 0.05);

/// Fewest pairs with at least that power; −1 when the expected difference is not within the margin.
int EquivalencePairs(const PairedExpectation& expected, double margin, double power,
                     double alpha = 0.05);

/// Patients who have `eyes` eyes each, when `pairs` independent pairs were enough (Kish's design
/// effect 1 + (eyes − 1) · correlation). @param correlation  of the paired differences of a
/// patient's eyes, −1 … 1: 1 when they are always alike.
int PatientsForPairs(double pairs, int eyes, double correlation);

}  // namespace maskbench
