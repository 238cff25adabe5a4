#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "maskbench/core/rng.h"
#include "maskbench/stats/biometrics.h"
#include "maskbench/stats/interval.h"

namespace maskbench {

/// How far scores tell that two templates are of one person (Gomez-Barrero, Galbally, Rathgeb &
/// Busch, "General framework to evaluate unlinkability in biometric template protection systems",
/// IEEE TIFS 13:1406, 2018).
struct Linkability {
  /// D↔(s) of one bin of scores.
  struct Bin {
    double low = 0, high = 0;  ///< Scores, low ≤ s < high; the last bin holds its upper edge.
    double mated = 0, non_mated = 0;  ///< Shares of the mated and of the non-mated scores.
    double local =
        0;  ///< D↔(s): 0 where a score says nothing or speaks against, 1 where it proves.
  };
  std::vector<Bin> bins;
  /// D↔sys: the mean of D↔(s) over mated scores. 0 unlinkable, 1 fully linkable. NaN below
  /// kMinimumMated mated scores, or without non-mated ones.
  double global = std::numeric_limits<double>::quiet_NaN();

  /// With fewer, two bins would hold fewer than ten mated scores each.
  static constexpr int kMinimumMated = 20;
};

struct LinkabilityOptions {
  /// Prior odds that two templates are of one person, p(mated) / p(non-mated). 1 is the paper's
  /// worst case.
  double omega = 1;
  /// Bins of equal width from the lowest to the highest score; 0: a tenth of the number of mated
  /// scores, at most 100, as the authors' program does.
  int bins = 0;
};

/// D↔(s) and D↔sys from a list of comparisons; mated are those of a subject with himself.
///
/// D↔(s) = 2·ω·LR/(1 + ω·LR) − 1 where ω·LR > 1, else 0, with LR = p(s | mated) / p(s | non-mated);
/// 1 where only mated scores are. Failures (score −infinity) make a bin of their own, which is not
/// in `bins`: scored, never dropped.
///
/// The authors' program integrates by trapezes between bin centres, which loses half of the first
/// and of the last bin; here each bin counts with the share of mated scores in it.
Linkability MeasureLinkability(const std::vector<Comparison>& comparisons,
                               const LinkabilityOptions& options = {});

/// What D↔sys is when nothing links: it is above 0 then, since bins with few scores differ by
/// chance.
struct LinkabilityNull {
  double mean = std::numeric_limits<double>::quiet_NaN();
  Interval central;  ///< 2.5 and 97.5 percentile.
  /// Share of permutations that reach the measured value, itself counted: (1 + r) / (1 + n).
  double p_value = std::numeric_limits<double>::quiet_NaN();
};

/// Permutes which gallery subject is called whose own: probes and gallery stay as they are, so that
/// people who look like everybody, or failures, do not count as a leak. Needs every probe compared
/// with every gallery subject. @param subject_count  subjects are 0 … subject_count − 1.
LinkabilityNull PermuteLinkability(const std::vector<Comparison>& comparisons, int subject_count,
                                   const LinkabilityOptions& options, int permutations,
                                   NamedRandom random);

}  // namespace maskbench
