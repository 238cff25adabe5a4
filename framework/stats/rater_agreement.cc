#include "maskbench/stats/rater_agreement.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/stats/distributions.h"

#include "resample_summary.h"

namespace maskbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kNothing = 1e-12;

enum class Chance { kFleiss, kGwet };

double WeightOf(const std::vector<double>& weights, int i) {
  return weights.empty() ? 1.0 : weights[i];
}

double Readings(const double* unit, int categories) {
  double sum = 0;
  for (int k = 0; k < categories; ++k) sum += unit[k];
  return sum;
}

/// Share of the pairs of a unit's readings that agree; needs two readings.
double AgreeingPairs(const double* unit, int categories, double readings) {
  double sum = 0;
  for (int k = 0; k < categories; ++k) sum += unit[k] * (unit[k] - 1);
  return sum / (readings * (readings - 1));
}

/// Agreement of weighted units, observed and by chance (Gwet 2014, ch. 2).
struct Parts {
  double units = 0;   ///< With a reading.
  double paired = 0;  ///< With two or more.
  double observed = 0, expected = 0;
  std::vector<double> shares;  ///< Of categories.

  bool Defined() const { return paired > 0 && 1 - expected > kNothing; }
  double Value() const { return Defined() ? (observed - expected) / (1 - expected) : kNan; }
};

/// Chance that a reading of this unit and one of any unit agree.
double ChanceOf(const double* unit, int categories, double readings, const Parts& parts,
                Chance chance) {
  double sum = 0;
  for (int k = 0; k < categories; ++k)
    sum += unit[k] *
           (chance == Chance::kFleiss ? parts.shares[k] : (1 - parts.shares[k]) / (categories - 1));
  return sum / readings;
}

Parts Decompose(const RatingCounts& ratings, Chance chance, const std::vector<double>& weights) {
  const int k = ratings.categories();
  Parts parts;
  parts.shares.assign(k, 0.0);
  for (int i = 0; i < ratings.size(); ++i) {
    const double* unit = ratings.Unit(i);
    const double readings = Readings(unit, k), weight = WeightOf(weights, i);
    if (readings <= 0) continue;
    parts.units += weight;
    for (int c = 0; c < k; ++c) parts.shares[c] += weight * unit[c] / readings;
    if (readings < 2) continue;
    parts.paired += weight;
    parts.observed += weight * AgreeingPairs(unit, k, readings);
  }
  if (parts.paired <= 0) return parts;
  parts.observed /= parts.paired;
  for (double& share : parts.shares) share /= parts.units;
  for (const double share : parts.shares)
    parts.expected += chance == Chance::kFleiss ? share * share : share * (1 - share) / (k - 1);
  return parts;
}

IntervalEstimate WithPrecision(const RatingCounts& ratings, Chance chance, double confidence) {
  IntervalEstimate estimate;
  const Parts parts = Decompose(ratings, chance, {});
  if (parts.paired <= 0) return estimate;
  estimate.value = parts.Value();
  if (!parts.Defined()) {
    estimate.status = EstimateStatus::kOneCategory;
    return estimate;
  }
  if (parts.units < 2) {
    estimate.status = EstimateStatus::kTooFewClusters;
    return estimate;
  }
  const int k = ratings.categories();
  const double free = 1 - parts.expected;
  double squares = 0;
  for (int i = 0; i < ratings.size(); ++i) {
    const double* unit = ratings.Unit(i);
    const double readings = Readings(unit, k);
    if (readings <= 0) continue;
    const double own = readings < 2
                           ? 0
                           : parts.units / parts.paired *
                                 (AgreeingPairs(unit, k, readings) - parts.expected) / free;
    const double by_chance = 2 * (1 - estimate.value) *
                             (ChanceOf(unit, k, readings, parts, chance) - parts.expected) / free;
    const double difference = own - by_chance - estimate.value;
    squares += difference * difference;
  }
  estimate.standard_error = std::sqrt(squares / (parts.units * (parts.units - 1)));
  if (estimate.standard_error < kNothing || 1 - parts.observed < kNothing) {
    estimate.standard_error = 0;
    estimate.status = EstimateStatus::kNoVariation;
    return estimate;
  }
  const double half =
      InverseStudentCdf(0.5 * (1 + confidence), parts.units - 1) * estimate.standard_error;
  estimate.interval = {estimate.value - half, std::min(1.0, estimate.value + half)};
  estimate.status = EstimateStatus::kGiven;
  return estimate;
}

/// Squared difference of two values; ordinal ones by how often values between them occur.
double Distance(int a, int b, AlphaLevel level, const std::vector<double>& totals) {
  if (a == b) return 0;
  if (level == AlphaLevel::kNominal) return 1;
  if (level == AlphaLevel::kInterval) return static_cast<double>(a - b) * (a - b);
  double between = -0.5 * (totals[a] + totals[b]);
  for (int c = std::min(a, b); c <= std::max(a, b); ++c) between += totals[c];
  return between * between;
}

}  // namespace

RatingCounts::RatingCounts(int categories) : categories_(categories) {
  if (categories < 2)
    throw UsageError(fmt::format("Agreement needs at least 2 categories, not {}.", categories));
}

void RatingCounts::AddUnit(const std::vector<double>& counts, int patient) {
  if (static_cast<int>(counts.size()) != categories_)
    throw UsageError(
        fmt::format("A unit has {} counts; there are {} categories.", counts.size(), categories_));
  if (!std::all_of(counts.begin(), counts.end(), [](double count) { return count >= 0; }))
    throw UsageError("Counts of readings must not be negative.");
  counts_.insert(counts_.end(), counts.begin(), counts.end());
  patients_.push_back(patient);
}

void RatingCounts::AddReadings(const std::vector<int>& readings) {
  AddReadings(readings, -1 - size());
}

void RatingCounts::AddReadings(const std::vector<int>& readings, int patient) {
  std::vector<double> counts(categories_, 0.0);
  for (const int reading : readings) {
    if (reading == -1) continue;
    if (reading < 0 || reading >= categories_)
      throw UsageError(
          fmt::format("Category {} does not exist; they are 0 to {}, or -1 without a "
                      "reading.",
                      reading, categories_ - 1));
    counts[reading] += 1;
  }
  AddUnit(counts, patient);
}

IntervalEstimate FleissKappa(const RatingCounts& ratings, double confidence) {
  return WithPrecision(ratings, Chance::kFleiss, confidence);
}

IntervalEstimate GwetAc1(const RatingCounts& ratings, double confidence) {
  return WithPrecision(ratings, Chance::kGwet, confidence);
}

double FleissKappaOf(const RatingCounts& ratings, const std::vector<double>& weights) {
  return Decompose(ratings, Chance::kFleiss, weights).Value();
}

double GwetAc1Of(const RatingCounts& ratings, const std::vector<double>& weights) {
  return Decompose(ratings, Chance::kGwet, weights).Value();
}

double KrippendorffAlpha(const RatingCounts& ratings, AlphaLevel level,
                         const std::vector<double>& weights) {
  const int k = ratings.categories();
  // Coincidences: pairs of values within units, each unit with as much weight as it has readings.
  std::vector<double> coincidences(static_cast<size_t>(k) * k, 0.0), totals(k, 0.0);
  double all = 0;
  for (int i = 0; i < ratings.size(); ++i) {
    const double* unit = ratings.Unit(i);
    const double readings = Readings(unit, k);
    if (readings < 2) continue;
    const double weight = WeightOf(weights, i) / (readings - 1);
    for (int a = 0; a < k; ++a) {
      if (unit[a] <= 0) continue;
      for (int b = 0; b < k; ++b)
        coincidences[a * k + b] += weight * unit[a] * (unit[b] - (a == b ? 1 : 0));
      totals[a] += weight * (readings - 1) * unit[a];
      all += weight * (readings - 1) * unit[a];
    }
  }
  double observed = 0, expected = 0;
  for (int a = 0; a < k; ++a)
    for (int b = 0; b < k; ++b) {
      const double distance = Distance(a, b, level, totals);
      observed += coincidences[a * k + b] * distance;
      expected += totals[a] * totals[b] * distance;
    }
  return expected > 0 ? 1 - (all - 1) * observed / expected : kNan;
}

IntervalEstimate BootstrapAgreement(const RatingCounts& ratings, const RatingStatistic& coefficient,
                                    int resamples, NamedRandom random, double confidence) {
  IntervalEstimate estimate;
  if (ratings.size() == 0) return estimate;
  std::map<int, int> index;
  std::vector<int> patient_of(ratings.size());
  for (int i = 0; i < ratings.size(); ++i)
    patient_of[i] =
        index.try_emplace(ratings.Patient(i), static_cast<int>(index.size())).first->second;
  const auto patients = static_cast<int>(index.size());
  estimate.value = coefficient(ratings, {});
  if (std::isnan(estimate.value)) {
    estimate.status = EstimateStatus::kOneCategory;
    return estimate;
  }
  if (patients < 2) {
    estimate.status = EstimateStatus::kTooFewClusters;
    return estimate;
  }
  std::vector<double> drawn(patients), weights(ratings.size()), values;
  for (int resample = 0; resample < resamples; ++resample) {
    std::fill(drawn.begin(), drawn.end(), 0.0);
    for (int i = 0; i < patients; ++i) drawn[random.Below(patients)] += 1;
    for (int i = 0; i < ratings.size(); ++i) weights[i] = drawn[patient_of[i]];
    const double value = coefficient(ratings, weights);
    if (!std::isnan(value)) values.push_back(value);
  }
  SummariseResamples(std::move(values), resamples, confidence, &estimate);
  return estimate;
}

}  // namespace maskbench
