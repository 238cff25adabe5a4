#pragma once

namespace maskbench {

/// P(Z ≤ z) of the standard normal distribution.
double NormalCdf(double z);

/// z with NormalCdf(z) = probability, to about 1e-14 relative. ∓infinity at 0 and 1.
double InverseNormalCdf(double probability);

/// P(T ≤ t) of Student's distribution; `degrees` > 0 need not be whole; the normal one when
/// infinite.
double StudentCdf(double t, double degrees);

/// t with StudentCdf(t, degrees) = probability. 0 < probability < 1.
double InverseStudentCdf(double probability, double degrees);

/// P(χ² > x) with one degree of freedom; 1 for x ≤ 0.
double ChiSquareTail(double x);

/// x with P(F ≤ x) = probability of Fisher's distribution with `numerator` and `denominator`
/// degrees of freedom, which need not be whole. 0 < probability < 1.
double InverseFisherCdf(double probability, double numerator, double denominator);

/// x with I_x(a, b) = probability, to the last bits of x (bisection). a, b > 0.
double InverseBetaCdf(double probability, double a, double b);

/// P(X ≤ hits) of `n` trials with chance `p`; 0 below no hits, 1 from n hits on.
double BinomialCdf(int hits, int n, double p);

/// P(X = hits) of `n` trials with chance `p`. 0 ≤ hits ≤ n.
double BinomialProbability(int hits, int n, double p);

}  // namespace maskbench
