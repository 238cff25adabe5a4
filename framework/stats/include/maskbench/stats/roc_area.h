#pragma once

#include <vector>

#include "maskbench/stats/interval_estimate.h"

namespace maskbench {

/// A score of an eye whose truth is known; higher speaks for disease. −infinity and +infinity are
/// scores like others; NaN throws UsageError.
struct ScoredEye {
  int patient = 0;
  bool diseased = false;
  double score = 0;
};

/// Area under the ROC curve: P(score of a diseased eye > of another one) + ½ P(equal).
struct RocArea : IntervalEstimate {
  int diseased = 0, healthy = 0;  ///< Eyes.
  int patients = 0;
};

/// Area with a variance for eyes in patients, who may have one eye of each kind (Obuchowski,
/// Biometrics 53:567, 1997). With one eye per patient it is that of DeLong et al.
/// (Biometrics 44:837, 1988). The interval is symmetric in log(area / (1 − area)), so it stays
/// within 0 … 1. `kNoData` without eyes of both kinds, `kTooFewClusters` with fewer than two
/// patients with either kind, `kNoVariation` (no interval) where all eyes of a kind are placed
/// alike, as when the area is 1.
RocArea ClusteredRocArea(const std::vector<ScoredEye>& eyes, double confidence = 0.95);

/// Two scores of the same eye, e.g. from the original and the masked recording.
struct PairedScores {
  int patient = 0;
  bool diseased = false;
  double first = 0, second = 0;
};

/// Two areas of the same eyes.
struct RocAreaDifference {
  RocArea first, second;
  /// Second − first; interval value ± z · standard error. `kNoVariation` (no interval, p-value 1)
  /// when both order the eyes alike.
  IntervalEstimate difference;
  double p_value = std::numeric_limits<double>::quiet_NaN();  ///< Two-sided: of equal areas.
};

/// Difference with the covariance of both areas (Obuchowski 1997; with one eye per patient
/// DeLong et al. 1988).
RocAreaDifference CompareRocAreas(const std::vector<PairedScores>& eyes, double confidence = 0.95);

}  // namespace maskbench
