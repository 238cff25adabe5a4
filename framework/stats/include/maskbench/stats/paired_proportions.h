#pragma once

#include <vector>

#include "maskbench/stats/interval_estimate.h"

namespace maskbench {

/// Pairs of answers of one patient's eyes, e.g. right or wrong on the original (first) and on the
/// masked recording (second).
struct MatchedCluster {
  double both = 0, first_only = 0, second_only = 0, neither = 0;

  double Pairs() const { return both + first_only + second_only + neither; }
};

/// One pair of answers.
struct MatchedPair {
  int patient = 0;
  bool first = false, second = false;
};

/// One cluster per patient, in order of first appearance.
std::vector<MatchedCluster> GroupByPatient(const std::vector<MatchedPair>& pairs);

/// Exact two-sided p-value of equal shares from discordant pairs (McNemar, Psychometrika 12:153,
/// 1947, with binomial tails), **for one eye per patient only**. 1 without discordant pairs.
/// @param mid_p  counts half of the probability of what was seen in either tail (Fagerland,
/// Lydersen
///               & Laake, BMC Med Res Methodol 13:91, 2013): less conservative, not guaranteed.
double McNemarExact(int first_only, int second_only, bool mid_p = false);

/// A chi-square test with one degree of freedom.
struct PairedTest {
  double statistic = std::numeric_limits<double>::quiet_NaN();
  double p_value = std::numeric_limits<double>::quiet_NaN();
  int patients = 0;
  /// `kNoData` without pairs; `kTooFewClusters` (no p-value) below two patients; `kNoVariation`
  /// (statistic 0, p-value 1) when no patient's discordant pairs lean to a side.
  EstimateStatus status = EstimateStatus::kNoData;
};

/// Equal shares of pairs in patients, pairs weighted alike (Obuchowski, Stat Med 17:1495, 1998, the
/// variance under equality; in the form of Yang, Sun & Hardin, Biom J 52, 2010): (K − 1) / K ·
/// (Σ (b − c))² / Σ (b − c)² over K patients with b and c discordant pairs. With one pair per
/// patient (K − 1) / K times McNemar's.
PairedTest ObuchowskiTest(const std::vector<MatchedCluster>& patients);

/// Equal shares, patients weighted alike (Durkalski, Palesch, Lipsitz & Rust, Stat Med 22:2417,
/// 2003): (Σ (b − c) / n)² / Σ ((b − c) / n)² with n pairs of a patient. With one pair per patient
/// McNemar's (b − c)² / (b + c).
PairedTest DurkalskiTest(const std::vector<MatchedCluster>& patients);

/// Difference of two shares of the same pairs.
struct PairedDifference : IntervalEstimate {
  double first = std::numeric_limits<double>::quiet_NaN();   ///< Share of the first answers.
  double second = std::numeric_limits<double>::quiet_NaN();  ///< Of the second ones.
  double pairs = 0;
  int patients = 0;
  /// Variance over that of as many independent pairs; NaN without variation.
  double design_effect = std::numeric_limits<double>::quiet_NaN();
  /// Discordant pairs and all pairs that independent pairs with the same variance would have, which
  /// the score interval and the score test are made of.
  double effective_first_only = 0, effective_second_only = 0, effective_pairs = 0;
};

/// Second − first, with the standard error of a ratio over patients: K / (K − 1) · Σ (d − n ·
/// difference)² / (Σ n)² for d = second_only − first_only. The interval is Tango's score interval
/// for the effective counts, which are counts / design effect (at least 1), with Student's t of K −
/// 1 degrees of freedom. Where no patient's sum departs from the mean (`kNoVariation`), such as
/// without any discordant pair, the effective counts are those of one pair per patient.
PairedDifference ComparePairs(const std::vector<MatchedCluster>& patients,
                              double confidence = 0.95);

/// Score of a difference `delta` of second − first from independent pairs (Tango, Stat Med 17:891,
/// 1998): standard normal when that is the true one, positive when the data lie above.
/// Counts may be fractional. −1 < delta < 1.
double TangoScore(double first_only, double second_only, double pairs, double delta);

/// All differences whose score stays within ±z (Tango 1998).
Interval TangoInterval(double first_only, double second_only, double pairs,
                       double confidence = 0.95);

}  // namespace maskbench
