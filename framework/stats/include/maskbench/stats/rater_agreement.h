#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "maskbench/core/rng.h"
#include "maskbench/stats/interval_estimate.h"

namespace maskbench {

/// How many of several readers put a unit (an eye) into which category. Readers need not be the
/// same for all units, and a missing reading is simply not counted.
class RatingCounts {
 public:
  /// @param categories  at least 2; those that could be given, whether or not they were.
  explicit RatingCounts(int categories);

  /// Adds a unit. @param counts  readers per category; as many numbers as there are categories,
  /// none negative. Throws UsageError otherwise.
  /// @param patient  whose eye it is, for the bootstrap over patients.
  void AddUnit(const std::vector<double>& counts, int patient);
  /// Adds a unit of a patient of its own from what each reader said; −1 is a missing reading.
  void AddReadings(const std::vector<int>& readings);
  void AddReadings(const std::vector<int>& readings, int patient);

  int categories() const { return categories_; }
  int size() const { return static_cast<int>(patients_.size()); }
  const double* Unit(int i) const { return counts_.data() + static_cast<size_t>(i) * categories_; }
  int Patient(int i) const { return patients_[i]; }

 private:
  int categories_;
  std::vector<double> counts_;
  std::vector<int> patients_;
};

/// Fleiss' kappa (Psychol Bull 76:378, 1971). Units with fewer readings than others: their share of
/// agreeing pairs counts as every unit's, their readings as one unit in the categories' shares
/// (Gwet, Handbook of Inter-Rater Reliability, 4th ed. 2014, ch. 2); with equal numbers of readers
/// that is Fleiss' own. Standard error: linearised over units that are taken as independent (Gwet,
/// Br J Math Stat Psychol 61:29, 2008), interval with Student's t, units − 1 degrees of freedom,
/// cut off at 1. `kOneCategory` when all readings are the same.
IntervalEstimate FleissKappa(const RatingCounts& ratings, double confidence = 0.95);

/// Gwet's AC1 (2008, as above, for any number of readers): chance agreement is Σ π(1 − π) /
/// (categories − 1), which does not grow with an uneven prevalence as kappa's does. It is given
/// for full agreement in one category too (1, `kNoVariation`). Standard error and interval as for
/// Fleiss' kappa.
IntervalEstimate GwetAc1(const RatingCounts& ratings, double confidence = 0.95);

/// What a difference of two categories means to Krippendorff's alpha.
enum class AlphaLevel { kNominal, kOrdinal, kInterval };

/// Krippendorff's alpha (Content Analysis, 2nd ed. 2004, ch. 11; "Computing Krippendorff's
/// alpha-reliability", 2011) of readings with gaps: 1 − observed / expected disagreement over the
/// coincidences of values in units with two or more readings. Category k stands for the number k at
/// the interval level. NaN without such units or when all their readings are the same.
/// @param weights  how often each unit counts, for a bootstrap; once when empty.
double KrippendorffAlpha(const RatingCounts& ratings, AlphaLevel level,
                         const std::vector<double>& weights = {});

/// Coefficients without standard errors, for a bootstrap: as FleissKappa and GwetAc1.
double FleissKappaOf(const RatingCounts& ratings, const std::vector<double>& weights = {});
double GwetAc1Of(const RatingCounts& ratings, const std::vector<double>& weights = {});

/// A coefficient of weighted units, e.g. FleissKappaOf.
using RatingStatistic =
    std::function<double(const RatingCounts& ratings, const std::vector<double>& weights)>;

/// A coefficient with its standard error and percentile interval from a bootstrap over patients,
/// each with all his units. Readers are not resampled: one who were drawn twice would agree with
/// himself. `kOneCategory` when the coefficient is NaN.
IntervalEstimate BootstrapAgreement(const RatingCounts& ratings, const RatingStatistic& coefficient,
                                    int resamples, NamedRandom random, double confidence = 0.95);

}  // namespace maskbench
