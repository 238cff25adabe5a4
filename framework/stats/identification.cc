#include "maskbench/stats/identification.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace maskbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

double WeightOf(const std::vector<double>& weights, int subject) {
  return weights.empty() ? 1 : weights[subject];
}

}  // namespace

std::vector<double> CumulativeMatches(const std::vector<RankedProbe>& probes, int gallery_size,
                                      const std::vector<double>& weights) {
  // hits[k] is what rank k + 1 adds: tied places share one hit.
  std::vector<double> hits(gallery_size, 0);
  double total = 0;
  for (const RankedProbe& probe : probes) {
    const double weight = WeightOf(weights, probe.subject);
    total += weight;
    if (probe.failed) continue;
    for (int place = probe.better; place <= probe.better + probe.tied; ++place) {
      if (place < gallery_size) hits[place] += weight / (probe.tied + 1);
    }
  }
  double sum = 0;
  for (double& hit : hits) hit = total == 0 ? kNan : (sum += hit) / total;
  return hits;
}

double MeanRank(const std::vector<RankedProbe>& probes, int gallery_size,
                const std::vector<double>& weights) {
  double sum = 0, total = 0;
  for (const RankedProbe& probe : probes) {
    const double weight = WeightOf(weights, probe.subject);
    total += weight;
    sum += weight * (probe.failed ? gallery_size + 1 : 1 + probe.better + probe.tied / 2.0);
  }
  return total == 0 ? kNan : sum / total;
}

OpenSet::OpenSet(std::vector<MatedSearch> mated, std::vector<NonMatedSearch> non_mated)
    : mated_(std::move(mated)), non_mated_(std::move(non_mated)) {
  std::stable_sort(
      non_mated_.begin(), non_mated_.end(),
      [](const NonMatedSearch& a, const NonMatedSearch& b) { return a.best_score > b.best_score; });
}

double OpenSet::Fpir(double threshold, const std::vector<double>& weights) const {
  double positive = 0, total = 0;
  for (const NonMatedSearch& search : non_mated_) {
    const double weight = WeightOf(weights, search.subject);
    total += weight;
    if (!std::isinf(search.best_score) && search.best_score >= threshold) positive += weight;
  }
  return total == 0 ? kNan : positive / total;
}

double OpenSet::Fnir(double threshold, int rank, const std::vector<double>& weights) const {
  double found = 0, total = 0;
  for (const MatedSearch& search : mated_) {
    const double weight = WeightOf(weights, search.subject);
    total += weight;
    if (std::isinf(search.own_score) || search.own_score < threshold) continue;
    const double places = static_cast<double>(rank - search.better) / (search.tied + 1);
    found += weight * std::clamp(places, 0.0, 1.0);
  }
  return total == 0 ? kNan : 1 - found / total;
}

double OpenSet::Threshold(double fpir, const std::vector<double>& weights) const {
  double total = 0;
  for (const NonMatedSearch& search : non_mated_) total += WeightOf(weights, search.subject);
  if (total == 0) return kNan;
  double positive = 0;
  for (size_t i = 0; i < non_mated_.size();) {
    // Everybody with this score is returned together.
    const double score = non_mated_[i].best_score;
    double tied = 0;
    for (; i < non_mated_.size() && non_mated_[i].best_score == score; ++i) {
      tied += WeightOf(weights, non_mated_[i].subject);
    }
    // Searches that failed return nobody, however low the threshold is.
    if (std::isinf(score)) return std::numeric_limits<double>::lowest();
    // A score that was not drawn in a resample cannot raise the rate.
    if (tied > 0 && positive + tied > fpir * total * (1 + 1e-12)) {
      return std::nextafter(score, kInfinity);
    }
    positive += tied;
  }
  return std::numeric_limits<double>::lowest();
}

double OpenSet::FnirAtFpir(double fpir, int rank, const std::vector<double>& weights) const {
  const double threshold = Threshold(fpir, weights);
  return std::isnan(threshold) ? kNan : Fnir(threshold, rank, weights);
}

}  // namespace maskbench
