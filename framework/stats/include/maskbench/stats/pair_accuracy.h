#pragma once

#include <limits>
#include <vector>

#include "maskbench/stats/interval.h"

namespace maskbench {

/// Two recordings that a published protocol compares.
struct ScoredPair {
  int fold = 0;
  bool same = false;  ///< Of one person.
  double score = 0;   ///< −infinity when a side failed to enrol: never accepted as the same.
};

/// Verification by folds as in LFW (Huang, Ramesh, Berg & Learned-Miller, "Labeled Faces in the
/// Wild", UMass Amherst TR 07-49, 2007).
struct PairAccuracy {
  /// Of each fold, in ascending order of fold, with the threshold of all others.
  std::vector<double> by_fold, thresholds;
  double mean = std::numeric_limits<double>::quiet_NaN();
  /// Standard deviation over folds / √folds.
  double standard_error = std::numeric_limits<double>::quiet_NaN();
  /// 95 %, by Student's t with folds − 1 degrees of freedom; folds have other people each.
  Interval interval;
};

/// The score down to which pairs are called the same so that most are right: the middle between two
/// scores. Among equally good thresholds the highest; +infinity when it is best to accept none.
/// @param but_fold  pairs of this fold do not count.
double BestThreshold(const std::vector<ScoredPair>& pairs, int but_fold);

/// Fewer than two folds give no result.
PairAccuracy AccuracyByFolds(const std::vector<ScoredPair>& pairs);

}  // namespace maskbench
