#include "experiments/figures/figure_sheet.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include <fmt/format.h>

#include "maskbench/core/rng.h"
#include "maskbench/stats/agreement.h"
#include "maskbench/stats/bootstrap.h"
#include "maskbench/stats/interval.h"

namespace maskbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kFewHits = 5;

template <class Item>
int CountSubjects(const std::vector<Item>& items) {
  std::set<int> subjects;
  for (const Item& item : items) subjects.insert(item.subject);
  return static_cast<int>(subjects.size());
}

template <class Item>
std::vector<double> WeightsOf(const std::vector<Item>& items,
                              const std::vector<double>& subject_weights) {
  std::vector<double> weights;
  weights.reserve(items.size());
  for (const Item& item : items)
    weights.push_back(subject_weights[static_cast<size_t>(item.subject)]);
  return weights;
}

double MeanOf(const std::vector<Entry>& entries, const std::vector<double>& subject_weights) {
  double total = 0, sum = 0;
  for (const Entry& entry : entries) {
    const double weight = subject_weights[static_cast<size_t>(entry.subject)];
    total += weight;
    sum += weight * entry.value;
  }
  return total > 0 ? sum / total : kNan;
}

}  // namespace

FigureSheet::FigureSheet(Figure head, int subjects, int resamples, std::uint64_t seed,
                         Figures* figures)
    : head_(std::move(head)),
      subjects_(subjects),
      resamples_(resamples),
      seed_(seed),
      figures_(figures) {}

Figure* FigureSheet::Push(const Row& row, const std::string& metric, const std::string& unit,
                          size_t n) {
  Figure figure = head_;
  figure.group = GroupText(row.group);
  figure.condition = row.condition;
  figure.metric = metric;
  figure.unit = unit;
  figure.n = static_cast<long long>(n);
  figure.n_unit = row.n_unit;
  figure.n_failed = row.failed;
  figures_->emplace_back(part_, std::move(figure));
  return &figures_->back().second;
}

void FigureSheet::Add(const Row& row, const std::string& metric, const std::string& unit, size_t n,
                      int subjects, const Statistic& statistic) {
  Figure* figure = Push(row, metric, unit, n);
  figure->value = statistic(std::vector<double>(static_cast<size_t>(subjects_), 1.0));
  if (subjects < kMinimumUnits) return;
  std::string identity =
      fmt::format("{} {} {} {}", figure->variant, figure->reader, metric, figure->group);
  if (!row.condition.empty()) identity += " " + row.condition;
  figure->interval = SubjectBootstrap(subjects_, resamples_,
                                      NamedRandom(seed_, identity, "figure bootstrap"), statistic);
}

void FigureSheet::AddAgreement(const Row& row, const std::string& name, const std::string& unit,
                               const std::vector<Sample>& samples) {
  std::vector<double> differences;
  for (const Sample& sample : samples) differences.push_back(sample.measured - sample.truth);
  const int subjects = CountSubjects(samples);
  Add(row, name + "_bias", unit, samples.size(), subjects, [&](const std::vector<double>& weights) {
    return LimitsOfAgreement(differences, WeightsOf(samples, weights)).bias;
  });
  Add(row, name + "_limits_of_agreement", unit, samples.size(), subjects,
      [&](const std::vector<double>& weights) {
        return LimitsOfAgreement(differences, WeightsOf(samples, weights)).half_width;
      });
}

void FigureSheet::AddSlope(const Row& row, const std::string& metric, const std::string& unit,
                           const std::vector<Sample>& samples) {
  std::vector<double> truth, measured;
  for (const Sample& sample : samples) {
    truth.push_back(sample.truth);
    measured.push_back(sample.measured);
  }
  Add(row, metric, unit, samples.size(), CountSubjects(samples),
      [&](const std::vector<double>& weights) {
        return RegressionSlope(truth, measured, WeightsOf(samples, weights));
      });
}

void FigureSheet::AddMean(const Row& row, const std::string& metric, const std::string& unit,
                          const std::vector<Entry>& entries) {
  Add(row, metric, unit, entries.size(), CountSubjects(entries),
      [&](const std::vector<double>& weights) { return MeanOf(entries, weights); });
}

void FigureSheet::AddPercentile(const Row& row, const std::string& metric, const std::string& unit,
                                std::vector<Entry> entries, double p) {
  // Sorted once: as WeightedPercentile, but for many resamples of many frames.
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return a.value != b.value ? a.value < b.value : a.subject < b.subject;
  });
  std::vector<double> counts(static_cast<size_t>(subjects_), 0.0);
  for (const Entry& entry : entries) counts[static_cast<size_t>(entry.subject)] += 1;
  Add(row, metric, unit, entries.size(), CountSubjects(entries),
      [&](const std::vector<double>& weights) {
        double total = 0, sum = 0;
        for (size_t s = 0; s < counts.size(); ++s) total += weights[s] * counts[s];
        for (const Entry& entry : entries) {
          const double weight = weights[static_cast<size_t>(entry.subject)];
          sum += weight;
          if (weight > 0 && sum >= p * total - 1e-12) return entry.value;
        }
        return kNan;
      });
}

void FigureSheet::AddShare(const Row& row, const std::string& metric,
                           const std::vector<Entry>& entries) {
  const int subjects = CountSubjects(entries);
  const double share = MeanOf(entries, std::vector<double>(static_cast<size_t>(subjects_), 1.0));
  const double hits = share * subjects;
  if (entries.empty() || (hits > kFewHits && subjects - hits > kFewHits)) {
    AddMean(row, metric, "share", entries);
    return;
  }
  Figure* figure = Push(row, metric, "share", entries.size());
  figure->value = share;
  if (subjects >= kMinimumUnits)
    figure->interval =
        ClopperPearsonInterval(std::min(hits, static_cast<double>(subjects)), subjects);
}

std::vector<Figure> InOrder(FigureSheet::Figures figures) {
  std::stable_sort(figures.begin(), figures.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Figure> ordered;
  for (auto& [part, figure] : figures) ordered.push_back(std::move(figure));
  return ordered;
}

}  // namespace maskbench
