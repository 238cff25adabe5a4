#pragma once

#include <vector>

#include "maskbench/stats/interval_estimate.h"

namespace maskbench {

/// Hits among the trials (eyes) of one patient.
struct ClusterShare {
  double hits = 0;
  double n = 0;
};

/// A share of trials that are grouped in patients.
struct Proportion : IntervalEstimate {
  double hits = 0, n = 0;
  int patients = 0;  ///< With at least one trial.
  /// Variance over that of as many independent trials; 2 when the eyes of every patient are
  /// alike. NaN without variation.
  double design_effect = std::numeric_limits<double>::quiet_NaN();
};

/// Share over all trials, with the standard error of a ratio over patients (Rao & Scott, Biometrics
/// 48:577, 1992: patients / (patients − 1) · Σ (hits − n · share)² / (Σ n)²). The interval is
/// Wilson's for the effective number of trials, trials / design effect, at most the trials
/// themselves, and with Student's t of patients − 1 degrees of freedom (effective sample size as
/// Korn & Graubard, Surv Methodol 24:193, 1998). For none or all hits (`kNoVariation`) it is
/// Clopper & Pearson's with one trial per patient, as if eyes of a patient were always alike.
/// Patients without trials are left out.
Proportion ClusteredProportion(const std::vector<ClusterShare>& clusters, double confidence = 0.95);

}  // namespace maskbench
