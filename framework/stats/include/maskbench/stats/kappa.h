#pragma once

#include <vector>

#include "maskbench/core/rng.h"
#include "maskbench/stats/confusion_table.h"
#include "maskbench/stats/interval_estimate.h"

namespace maskbench {

/// How much two different categories agree.
enum class KappaWeighting {
  kNone,       ///< Not at all: Cohen's kappa of 1960.
  kLinear,     ///< 1 − |i − j| / (categories − 1).
  kQuadratic,  ///< 1 − (i − j)² / (categories − 1)².
};

/// Agreement weights, categories² numbers row by row, 1 on the diagonal.
std::vector<double> AgreementWeights(KappaWeighting weighting, int categories);

/// Agreement beyond chance of two readings.
struct KappaEstimate : IntervalEstimate {
  double observed = std::numeric_limits<double>::quiet_NaN();  ///< (Weighted) share that agrees.
  double expected = std::numeric_limits<double>::quiet_NaN();  ///< The same by chance.
};

/// Kappa of a table; NaN when it is empty or when agreement by chance is complete.
/// @param counts  categories² numbers, row by row.
double KappaOf(const double* counts, int categories, const std::vector<double>& weights);

/// Kappa of independent pairs of readings (Cohen, Educ Psychol Meas 20:37, 1960; weighted: Psychol
/// Bull 70:213, 1968) with its asymptotic standard error (Fleiss, Cohen & Everitt, Psychol Bull
/// 72:323, 1969) and the interval value ± z · standard error, not cut off at ±1. `kOneCategory`
/// when both readings have one and the same category only. Full agreement is `kNoVariation`, with
/// the interval from 1 − u / (1 − expected) to 1: u is Clopper & Pearson's upper bound of the share
/// that disagrees, when none of the pairs (below, of the patients) was seen to. **Two eyes of a
/// patient are not independent**: see below.
KappaEstimate CohenKappa(const ConfusionTable& table,
                         KappaWeighting weighting = KappaWeighting::kNone,
                         double confidence = 0.95);
/// The same with weights of one's own: categories² numbers, 1 on the diagonal.
KappaEstimate CohenKappa(const ConfusionTable& table, const std::vector<double>& weights,
                         double confidence = 0.95);

/// With fewer patients whose readings are not all in the commonest cell of the table (usually: both
/// times healthy), kappa of eyes in patients has no interval: a convention of this project, below
/// which simulated intervals fail.
inline constexpr int kLeastInformativePatients = 5;

/// Kappa of eyes in patients. Value as CohenKappa of all eyes; the standard error is that of the
/// linearised kappa summed over each patient (delta method, as Yang & Zhou, Stat Med 33, 2014),
/// with the factor patients / (patients − 1). With one eye per patient it is the standard error of
/// 1969 times √(n / (n − 1)). The interval is symmetric in log(1 − kappa), since kappa is skewed
/// towards 1, with Student's t of patients − 1 degrees of freedom.
/// `kTooFewClusters`, without an interval, below two patients or kLeastInformativePatients.
/// @param counts  from CountPairs.
KappaEstimate ClusteredKappa(const ClusterCounts& counts,
                             KappaWeighting weighting = KappaWeighting::kNone,
                             double confidence = 0.95);

/// The same value with standard error and BCa interval from a bootstrap over patients. How often
/// either interval holds the truth is in docs/metrics.md.
KappaEstimate BootstrapKappa(const ClusterCounts& counts, KappaWeighting weighting, int resamples,
                             NamedRandom random, double confidence = 0.95);

}  // namespace maskbench
