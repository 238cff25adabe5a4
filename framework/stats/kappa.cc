#include "maskbench/stats/kappa.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/stats/distributions.h"

namespace maskbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
/// Below this what should vanish is rounding.
constexpr double kNothing = 1e-12;

/// Everything that kappa and its variance are made of.
struct Parts {
  double total = 0, observed = 0, expected = 0;
  /// Linearised kappa of a reading in each cell; its mean over the table is 0.
  std::vector<double> influence;

  bool Defined() const { return total > 0 && 1 - expected > kNothing; }
  double Kappa() const { return Defined() ? (observed - expected) / (1 - expected) : kNan; }
};

Parts Decompose(const double* counts, int k, const std::vector<double>& weights,
                bool with_influence) {
  Parts parts;
  for (int i = 0; i < k * k; ++i) parts.total += counts[i];
  if (parts.total <= 0) return parts;
  std::vector<double> rows(k, 0.0), columns(k, 0.0);
  for (int i = 0; i < k; ++i)
    for (int j = 0; j < k; ++j) {
      const double share = counts[i * k + j] / parts.total;
      rows[i] += share;
      columns[j] += share;
      parts.observed += weights[i * k + j] * share;
    }
  // Mean weight that a first reading i, or a second one j, gets by chance.
  std::vector<double> row_weight(k, 0.0), column_weight(k, 0.0);
  for (int i = 0; i < k; ++i)
    for (int j = 0; j < k; ++j) {
      row_weight[i] += columns[j] * weights[i * k + j];
      column_weight[j] += rows[i] * weights[i * k + j];
    }
  for (int i = 0; i < k; ++i) parts.expected += rows[i] * row_weight[i];
  if (!with_influence || !parts.Defined()) return parts;
  const double free = 1 - parts.expected;
  const double mean =
      (parts.observed * parts.expected - 2 * parts.expected + parts.observed) / (free * free);
  parts.influence.resize(static_cast<size_t>(k) * k);
  for (int i = 0; i < k; ++i)
    for (int j = 0; j < k; ++j)
      parts.influence[i * k + j] =
          (weights[i * k + j] * free - (row_weight[i] + column_weight[j]) * (1 - parts.observed)) /
              (free * free) -
          mean;
  return parts;
}

KappaEstimate WithValue(const Parts& parts) {
  KappaEstimate estimate;
  if (parts.total <= 0) return estimate;
  estimate.observed = parts.observed;
  estimate.expected = parts.expected;
  estimate.value = parts.Kappa();
  if (!parts.Defined()) estimate.status = EstimateStatus::kOneCategory;
  return estimate;
}

/// Patients whose readings are not all in the most frequent cell. When hardly anybody is ill,
/// nearly all agree on that, and how kappa would vary is known from the others alone.
int InformativePatients(const ClusterCounts& counts) {
  const std::vector<double> totals = counts.Totals();
  const auto commonest = std::max_element(totals.begin(), totals.end()) - totals.begin();
  int informative = 0;
  for (int i = 0; i < counts.size(); ++i) {
    double others = 0;
    for (int cell = 0; cell < counts.width(); ++cell)
      if (cell != commonest) others += counts.Row(i)[cell];
    informative += others > 0 ? 1 : 0;
  }
  return informative;
}

/// Whether there are enough patients for an interval; otherwise sets the status.
bool EnoughPatients(const ClusterCounts& counts, KappaEstimate* estimate) {
  const bool full_agreement = 1 - estimate->observed < kNothing;
  if (counts.size() >= 2 &&
      (full_agreement || InformativePatients(counts) >= kLeastInformativePatients))
    return true;
  estimate->status = EstimateStatus::kTooFewClusters;
  return false;
}

/// Sets status, standard error and interval; false when nothing disagrees or nothing varies.
bool SetStandardError(double variance, double units, double confidence, KappaEstimate* estimate) {
  if (1 - estimate->observed < kNothing) {
    const double share = ClopperPearsonInterval(0, units, confidence).high;
    estimate->interval = {std::max(-1.0, 1 - share / (1 - estimate->expected)), 1};
  }
  if (variance < kNothing * kNothing || 1 - estimate->observed < kNothing) {
    estimate->standard_error = 0;
    estimate->status = EstimateStatus::kNoVariation;
    return false;
  }
  estimate->standard_error = std::sqrt(variance);
  estimate->status = EstimateStatus::kGiven;
  return true;
}

int CategoriesOf(const ClusterCounts& counts) {
  const auto k = static_cast<int>(std::lround(std::sqrt(counts.width())));
  if (k * k != counts.width())
    throw UsageError(
        fmt::format("Rows of {} numbers are no square tables of categories.", counts.width()));
  return k;
}

}  // namespace

std::vector<double> AgreementWeights(KappaWeighting weighting, int categories) {
  std::vector<double> weights;
  for (int i = 0; i < categories; ++i)
    for (int j = 0; j < categories; ++j) {
      const double distance = i == j ? 0 : std::abs(i - j) / (categories - 1.0);
      weights.push_back(weighting == KappaWeighting::kNone     ? (i == j ? 1 : 0)
                        : weighting == KappaWeighting::kLinear ? 1 - distance
                                                               : 1 - distance * distance);
    }
  return weights;
}

double KappaOf(const double* counts, int categories, const std::vector<double>& weights) {
  return Decompose(counts, categories, weights, false).Kappa();
}

KappaEstimate CohenKappa(const ConfusionTable& table, KappaWeighting weighting, double confidence) {
  return CohenKappa(table, AgreementWeights(weighting, table.categories()), confidence);
}

KappaEstimate CohenKappa(const ConfusionTable& table, const std::vector<double>& weights,
                         double confidence) {
  if (weights.size() != table.counts().size())
    throw UsageError(fmt::format("Kappa of {} categories needs {} weights, not {}.",
                                 table.categories(), table.counts().size(), weights.size()));
  const Parts parts = Decompose(table.counts().data(), table.categories(), weights, true);
  KappaEstimate estimate = WithValue(parts);
  if (!parts.Defined()) return estimate;
  double variance = 0;
  for (size_t i = 0; i < weights.size(); ++i)
    variance += table.counts()[i] * parts.influence[i] * parts.influence[i];
  variance /= parts.total * parts.total;
  if (!SetStandardError(variance, parts.total, confidence, &estimate)) return estimate;
  const double half = InverseNormalCdf(0.5 * (1 + confidence)) * estimate.standard_error;
  estimate.interval = {estimate.value - half, estimate.value + half};
  return estimate;
}

KappaEstimate ClusteredKappa(const ClusterCounts& counts, KappaWeighting weighting,
                             double confidence) {
  const int k = CategoriesOf(counts);
  const Parts parts = Decompose(counts.Totals().data(), k, AgreementWeights(weighting, k), true);
  KappaEstimate estimate = WithValue(parts);
  if (!parts.Defined()) return estimate;
  if (!EnoughPatients(counts, &estimate)) return estimate;
  const double patients = counts.size();
  double variance = 0;
  for (int i = 0; i < counts.size(); ++i) {
    double sum = 0;
    for (int cell = 0; cell < counts.width(); ++cell)
      sum += counts.Row(i)[cell] * parts.influence[cell];
    variance += sum * sum;
  }
  variance *= patients / (patients - 1) / (parts.total * parts.total);
  if (!SetStandardError(variance, patients, confidence, &estimate)) return estimate;
  const double disagreement = 1 - estimate.value;
  const double factor = std::exp(InverseStudentCdf(0.5 * (1 + confidence), patients - 1) *
                                 estimate.standard_error / disagreement);
  estimate.interval = {1 - disagreement * factor, 1 - disagreement / factor};
  return estimate;
}

KappaEstimate BootstrapKappa(const ClusterCounts& counts, KappaWeighting weighting, int resamples,
                             NamedRandom random, double confidence) {
  const int k = CategoriesOf(counts);
  const std::vector<double> weights = AgreementWeights(weighting, k);
  KappaEstimate estimate = WithValue(Decompose(counts.Totals().data(), k, weights, false));
  if (estimate.status == EstimateStatus::kOneCategory || counts.size() == 0) return estimate;
  if (!EnoughPatients(counts, &estimate)) return estimate;
  const ClusterBootstrap bootstrap(
      counts, resamples, random,
      [&](const std::vector<double>& totals) { return KappaOf(totals.data(), k, weights); });
  static_cast<IntervalEstimate&>(estimate) = bootstrap.ToEstimate(confidence);
  if (estimate.status == EstimateStatus::kNoVariation)
    SetStandardError(0, counts.size(), confidence, &estimate);
  return estimate;
}

}  // namespace maskbench
