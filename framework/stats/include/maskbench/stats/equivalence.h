#pragma once

#include <vector>

#include "maskbench/core/rng.h"
#include "maskbench/stats/cluster_counts.h"
#include "maskbench/stats/kappa.h"
#include "maskbench/stats/paired_proportions.h"

namespace maskbench {

/// Two one-sided tests (Schuirmann, J Pharmacokinet Biopharm 15:657, 1987): are two figures the
/// same to within a margin that was named beforehand? That a difference is not significant says
/// nothing of the kind.
struct EquivalenceTest {
  IntervalEstimate difference;  ///< Its interval is the one with confidence 1 − 2 · alpha.
  double margin = 0, alpha = 0;
  double p_not_below = std::numeric_limits<double>::quiet_NaN();  ///< Of "difference ≤ −margin".
  double p_not_above = std::numeric_limits<double>::quiet_NaN();  ///< Of "difference ≥ +margin".
  double p_value = std::numeric_limits<double>::quiet_NaN();      ///< The larger of both.
  bool equivalent = false;    ///< p_value ≤ alpha: the difference lies within ±margin.
  bool not_inferior = false;  ///< p_not_below ≤ alpha: it lies above −margin.
};

/// Of a difference with a standard error, by Student's t with `degrees` degrees of freedom (normal
/// when infinite). Nothing is concluded without a standard error above 0.
/// Throws UsageError unless margin > 0 and 0 < alpha < 0.5, as the functions below do.
EquivalenceTest TestEquivalence(double difference, double standard_error, double degrees,
                                double margin, double alpha = 0.05);

/// Of paired shares (second − first) in patients: Tango's score at ±margin from effective counts,
/// against Student's t, as ComparePairs. Agrees with its interval of confidence 1 − 2 · alpha.
EquivalenceTest TestEquivalence(const std::vector<MatchedCluster>& patients, double margin,
                                double alpha = 0.05);

/// Of any bootstrapped difference, by its BCa confidence distribution.
EquivalenceTest TestEquivalence(const ClusterBootstrap& difference, double margin,
                                double alpha = 0.05);

/// Two agreements of the same patients, e.g. original against masked (`second`) and original
/// against the same original read again (`first`), the ceiling.
struct KappaComparison {
  double first = 0, second = 0;
  ClusterBootstrap difference;  ///< second − first, both of the same resampled patients.
};

/// Patients of both kinds of readings are resampled together, a patient with only one kind too.
/// @param first, second  readings of the two agreements; patients have the same ids in both.
KappaComparison CompareKappas(const std::vector<PairedReading>& first,
                              const std::vector<PairedReading>& second, int categories,
                              KappaWeighting weighting, int resamples, NamedRandom random);

}  // namespace maskbench
