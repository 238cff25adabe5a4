#include "maskbench/stats/probewise_auc.h"

#include <cmath>
#include <limits>
#include <set>

namespace maskbench {

ProbewiseAuc::ProbewiseAuc(const std::vector<Comparison>& comparisons,
                           const std::function<bool(int, int)>& counts) {
  std::set<int> subjects;
  for (size_t begin = 0; begin < comparisons.size();) {
    // The next probe begins where the gallery begins again.
    const Comparison& first = comparisons[begin];
    size_t end = begin + 1;
    while (end < comparisons.size() && comparisons[end].probe_subject == first.probe_subject &&
           comparisons[end].gallery_subject != first.gallery_subject) {
      ++end;
    }
    Probe probe;
    probe.subject = first.probe_subject;
    double own = std::numeric_limits<double>::quiet_NaN();
    for (size_t i = begin; i < end; ++i) {
      if (comparisons[i].gallery_subject == probe.subject) own = comparisons[i].score;
    }
    for (size_t i = begin; i < end && !std::isnan(own); ++i) {
      const int other = comparisons[i].gallery_subject;
      if (other == probe.subject || !counts(probe.subject, other)) continue;
      const double score = comparisons[i].score;
      probe.others.emplace_back(other, score < own ? 1.0 : score == own ? 0.5 : 0.0);
    }
    begin = end;
    if (probe.others.empty()) continue;
    impostors_ += static_cast<std::int64_t>(probe.others.size());
    subjects.insert(probe.subject);
    probes_.push_back(std::move(probe));
  }
  subjects_ = static_cast<int>(subjects.size());
}

double ProbewiseAuc::Auc(const std::vector<double>& weights) const {
  double sum = 0, total = 0;
  for (const Probe& probe : probes_) {
    const double weight = weights.empty() ? 1 : weights[probe.subject];
    if (weight == 0) continue;
    double won = 0, met = 0;
    for (const auto& [other, outcome] : probe.others) {
      const double share = weights.empty() ? 1 : weights[other];
      won += share * outcome;
      met += share;
    }
    if (met == 0) continue;
    sum += weight * won / met;
    total += weight;
  }
  return total == 0 ? std::numeric_limits<double>::quiet_NaN() : sum / total;
}

}  // namespace maskbench
