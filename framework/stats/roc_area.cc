#include "maskbench/stats/roc_area.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/stats/distributions.h"

namespace maskbench {
namespace {

constexpr double kNothing = 1e-12;

/// Share of `sorted` below a score, ties half.
double ShareBelow(const std::vector<double>& sorted, double score) {
  const auto [first, last] = std::equal_range(sorted.begin(), sorted.end(), score);
  return (static_cast<double>(first - sorted.begin()) + 0.5 * static_cast<double>(last - first)) /
         static_cast<double>(sorted.size());
}

/// Placement of every eye among those of the other kind; the mean over either kind is the area.
struct Placements {
  std::vector<double> values;  ///< Per eye.
  double area = 0;
};

/// Eyes and the sum of their placements in one patient.
struct PatientSums {
  double diseased = 0, healthy = 0;
  double diseased_sum = 0, healthy_sum = 0;
};

/// What is the same for any score of these eyes.
struct Design {
  std::vector<int> patient;  ///< Per eye.
  std::vector<char> diseased;
  int diseased_eyes = 0, healthy_eyes = 0, patients = 0;
  int diseased_patients = 0, healthy_patients = 0;

  void Add(int of_patient, bool is_diseased) {
    patient.push_back(of_patient);
    diseased.push_back(is_diseased ? 1 : 0);
    ++(is_diseased ? diseased_eyes : healthy_eyes);
  }
  void CountPatients() {
    std::map<int, std::pair<bool, bool>> kinds;
    for (size_t i = 0; i < patient.size(); ++i)
      (diseased[i] ? kinds[patient[i]].first : kinds[patient[i]].second) = true;
    patients = static_cast<int>(kinds.size());
    for (const auto& [id, has] : kinds) {
      diseased_patients += has.first ? 1 : 0;
      healthy_patients += has.second ? 1 : 0;
    }
  }
  bool HasBoth() const { return diseased_eyes > 0 && healthy_eyes > 0; }
  bool HasVariance() const { return diseased_patients >= 2 && healthy_patients >= 2; }
};

Placements Place(const Design& design, const std::vector<double>& scores) {
  std::vector<double> diseased, healthy;
  for (size_t i = 0; i < scores.size(); ++i) {
    if (std::isnan(scores[i]))
      throw UsageError(fmt::format("A score of patient {} is not a number.", design.patient[i]));
    (design.diseased[i] ? diseased : healthy).push_back(scores[i]);
  }
  std::sort(diseased.begin(), diseased.end());
  std::sort(healthy.begin(), healthy.end());
  Placements placements;
  for (size_t i = 0; i < scores.size(); ++i) {
    const double value =
        design.diseased[i] ? ShareBelow(healthy, scores[i]) : 1 - ShareBelow(diseased, scores[i]);
    placements.values.push_back(value);
    if (design.diseased[i]) placements.area += value / design.diseased_eyes;
  }
  return placements;
}

/// Obuchowski's variance of the mean placement; of a difference of areas, when the placements are
/// differences.
double Variance(const Design& design, const Placements& placements) {
  std::map<int, PatientSums> patients;
  for (size_t i = 0; i < placements.values.size(); ++i) {
    PatientSums& sums = patients[design.patient[i]];
    const double rest = placements.values[i] - placements.area;
    (design.diseased[i] ? sums.diseased_sum : sums.healthy_sum) += rest;
  }
  double diseased = 0, healthy = 0, both = 0;
  for (const auto& [id, sums] : patients) {
    diseased += sums.diseased_sum * sums.diseased_sum;
    healthy += sums.healthy_sum * sums.healthy_sum;
    both += sums.diseased_sum * sums.healthy_sum;
  }
  const double m = design.diseased_eyes, n = design.healthy_eyes;
  const auto factor = [](double count) { return count / (count - 1); };
  return factor(design.diseased_patients) * diseased / (m * m) +
         factor(design.healthy_patients) * healthy / (n * n) +
         2 * factor(design.patients) * both / (m * n);
}

RocArea Describe(const Design& design, const Placements& placements, double confidence) {
  RocArea area;
  area.diseased = design.diseased_eyes;
  area.healthy = design.healthy_eyes;
  area.patients = design.patients;
  if (!design.HasBoth()) return area;
  area.value = placements.area;
  if (!design.HasVariance()) {
    area.status = EstimateStatus::kTooFewClusters;
    return area;
  }
  const double variance = Variance(design, placements);
  if (variance < kNothing * kNothing || area.value < kNothing || area.value > 1 - kNothing) {
    area.standard_error = 0;
    area.status = EstimateStatus::kNoVariation;
    return area;
  }
  area.standard_error = std::sqrt(variance);
  const double centre = std::log(area.value / (1 - area.value));
  const double half = InverseNormalCdf(0.5 * (1 + confidence)) * area.standard_error /
                      (area.value * (1 - area.value));
  area.interval = {1 / (1 + std::exp(half - centre)), 1 / (1 + std::exp(-half - centre))};
  area.status = EstimateStatus::kGiven;
  return area;
}

}  // namespace

RocArea ClusteredRocArea(const std::vector<ScoredEye>& eyes, double confidence) {
  Design design;
  std::vector<double> scores;
  for (const ScoredEye& eye : eyes) {
    design.Add(eye.patient, eye.diseased);
    scores.push_back(eye.score);
  }
  design.CountPatients();
  return Describe(design, design.HasBoth() ? Place(design, scores) : Placements(), confidence);
}

RocAreaDifference CompareRocAreas(const std::vector<PairedScores>& eyes, double confidence) {
  Design design;
  std::vector<double> first_scores, second_scores;
  for (const PairedScores& eye : eyes) {
    design.Add(eye.patient, eye.diseased);
    first_scores.push_back(eye.first);
    second_scores.push_back(eye.second);
  }
  design.CountPatients();
  RocAreaDifference result;
  if (!design.HasBoth()) {
    result.first = result.second = Describe(design, {}, confidence);
    return result;
  }
  const Placements first = Place(design, first_scores), second = Place(design, second_scores);
  result.first = Describe(design, first, confidence);
  result.second = Describe(design, second, confidence);
  Placements difference;
  difference.area = second.area - first.area;
  for (size_t i = 0; i < eyes.size(); ++i)
    difference.values.push_back(second.values[i] - first.values[i]);
  result.difference.value = difference.area;
  if (!design.HasVariance()) {
    result.difference.status = EstimateStatus::kTooFewClusters;
    return result;
  }
  const double variance = Variance(design, difference);
  if (variance < kNothing * kNothing) {
    result.difference.standard_error = 0;
    result.difference.status = EstimateStatus::kNoVariation;
    if (std::abs(difference.area) < kNothing) result.p_value = 1;
    return result;
  }
  const double error = std::sqrt(variance), z = InverseNormalCdf(0.5 * (1 + confidence));
  result.difference.standard_error = error;
  result.difference.interval = {difference.area - z * error, difference.area + z * error};
  result.difference.status = EstimateStatus::kGiven;
  result.p_value = 2 * NormalCdf(-std::abs(difference.area) / error);
  return result;
}

}  // namespace maskbench
