#pragma once

#include <cstdint>

namespace maskbench {

/// P(X ≥ hits) of a binomial with n trials of probability p; exact. 0 ≤ hits, 0 ≤ p ≤ 1.
double BinomialTail(int64_t hits, int64_t n, double p);

/// The smallest true rate that a one-sided exact binomial test of `n` independent probes tells from
/// `chance` at level `alpha` with probability `power`. A result "at chance" says nothing of leaks
/// below it. NaN when not even a rate of 1 is told apart. n > 0, 0 ≤ chance < 1.
double SmallestDetectableRate(int64_t n, double chance, double power = 0.8, double alpha = 0.05);

/// The smallest true area under the ROC that a one-sided test against 0.5 tells apart with
/// probability `power`, with `genuine` and `impostor` independent scores. Variances after Hanley &
/// McNeil, Radiology 143:29 (1982): (m + n + 1) / 12mn at 0.5, and theirs for exponential scores at
/// the alternative. For people the number of subjects stands for `genuine`. NaN when there is none.
double SmallestDetectableAuc(double genuine, double impostor, double power = 0.8,
                             double alpha = 0.05);

}  // namespace maskbench
