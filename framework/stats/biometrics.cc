#include "maskbench/stats/biometrics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace maskbench {
namespace {
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
}

Verification::Verification(std::vector<Comparison> comparisons) : sorted_(std::move(comparisons)) {
  std::stable_sort(sorted_.begin(), sorted_.end(),
                   [](const Comparison& a, const Comparison& b) { return a.score > b.score; });
  for (const Comparison& comparison : sorted_) {
    (comparison.probe_subject == comparison.gallery_subject ? genuine_count_ : impostor_count_)++;
    failed_count_ += std::isinf(comparison.score) ? 1 : 0;
  }
}

template <class Visit>
bool Verification::Walk(const std::vector<double>& weights, const Visit& visit) const {
  const auto weigh = [&](const Comparison& comparison, double* genuine, double* impostor) {
    const int probe = comparison.probe_subject, gallery = comparison.gallery_subject;
    if (probe == gallery) {
      *genuine += weights.empty() ? 1 : weights[probe];
    } else {
      *impostor += weights.empty() ? 1 : weights[probe] * weights[gallery];
    }
  };
  double all_genuine = 0, all_impostor = 0, genuine = 0, impostor = 0;
  for (const Comparison& comparison : sorted_) weigh(comparison, &all_genuine, &all_impostor);
  if (all_genuine == 0 || all_impostor == 0) return false;
  for (size_t i = 0; i < sorted_.size(); ++i) {
    weigh(sorted_[i], &genuine, &impostor);
    const bool group_ends = i + 1 == sorted_.size() || sorted_[i + 1].score != sorted_[i].score;
    if (group_ends && !visit({impostor / all_impostor, genuine / all_genuine, sorted_[i].score})) {
      break;
    }
  }
  return true;
}

std::vector<Verification::OperatingPoint> Verification::Roc(
    const std::vector<double>& weights) const {
  std::vector<OperatingPoint> points = {{0, 0, std::numeric_limits<double>::infinity()}};
  const bool any = Walk(weights, [&](const OperatingPoint& point) {
    points.push_back(point);
    return true;
  });
  return any ? points : std::vector<OperatingPoint>();
}

double Verification::Auc(const std::vector<double>& weights) const {
  // Sums of whole weights, hence exact; one pass, since bootstraps spend most of their time here.
  double twice_area = 0, genuine = 0, impostor = 0;
  for (size_t i = 0; i < sorted_.size();) {
    const double score = sorted_[i].score;
    double tied_genuine = 0, tied_impostor = 0;
    do {
      const int probe = sorted_[i].probe_subject, gallery = sorted_[i].gallery_subject;
      if (probe == gallery) {
        tied_genuine += weights.empty() ? 1 : weights[probe];
      } else {
        tied_impostor += weights.empty() ? 1 : weights[probe] * weights[gallery];
      }
    } while (++i < sorted_.size() && sorted_[i].score == score);
    twice_area += tied_impostor * (2 * genuine + tied_genuine);
    genuine += tied_genuine;
    impostor += tied_impostor;
  }
  return genuine > 0 && impostor > 0 ? twice_area / (2 * genuine * impostor) : kNan;
}

size_t Verification::EqualErrorPoint(const std::vector<OperatingPoint>& curve) {
  // far − frr rises from −1 to 1 along the curve.
  size_t i = 0;
  while (i < curve.size() && curve[i].far - (1 - curve[i].tar) < 0) ++i;
  return i;
}

double Verification::EqualErrorRate(const std::vector<double>& weights) const {
  OperatingPoint last;
  double rate = kNan;
  Walk(weights, [&](const OperatingPoint& point) {
    const double after = point.far - (1 - point.tar);
    if (after < 0) {
      last = point;
      return true;
    }
    const double before = last.far - (1 - last.tar);
    const double share = after == before ? 0 : -before / (after - before);
    rate = last.far + share * (point.far - last.far);
    return false;
  });
  return rate;
}

double Verification::EqualErrorThreshold() const {
  const std::vector<OperatingPoint> curve = Roc();
  size_t i = EqualErrorPoint(curve);
  if (i == curve.size()) return kNan;
  const auto equal = [&](size_t k) { return std::abs(curve[k].far + curve[k].tar - 1) < 1e-12; };
  if (equal(i - 1)) --i;  // Rounding put it on the wrong side.
  if (std::isinf(curve[i].threshold)) return kNan;
  const bool gap = equal(i) && i + 1 < curve.size() && !std::isinf(curve[i + 1].threshold);
  return gap ? (curve[i].threshold + curve[i + 1].threshold) / 2 : curve[i].threshold;
}

double Verification::TarAtFar(double far, const std::vector<double>& weights) const {
  double best = 0;
  const bool any = Walk(weights, [&](const OperatingPoint& point) {
    // The last point accepts failures as well, which no threshold can do.
    if (point.far > far || point.threshold == -std::numeric_limits<double>::infinity()) {
      return false;
    }
    best = std::max(best, point.tar);
    return true;
  });
  return any ? best : kNan;
}

double Verification::DPrime() const {
  double sum[2] = {}, square_sum[2] = {};
  int64_t count[2] = {};
  for (const Comparison& comparison : sorted_) {
    if (std::isinf(comparison.score)) continue;
    const int kind = comparison.probe_subject == comparison.gallery_subject ? 1 : 0;
    sum[kind] += comparison.score;
    ++count[kind];
  }
  if (count[0] < 2 || count[1] < 2) return kNan;
  for (const Comparison& comparison : sorted_) {
    if (std::isinf(comparison.score)) continue;
    const int kind = comparison.probe_subject == comparison.gallery_subject ? 1 : 0;
    const double deviation = comparison.score - sum[kind] / static_cast<double>(count[kind]);
    square_sum[kind] += deviation * deviation;
  }
  const double variance = (square_sum[0] / static_cast<double>(count[0] - 1) +
                           square_sum[1] / static_cast<double>(count[1] - 1)) /
                          2;
  if (variance <= 0) return kNan;
  return (sum[1] / static_cast<double>(count[1]) - sum[0] / static_cast<double>(count[0])) /
         std::sqrt(variance);
}

std::vector<double> Verification::Scores(bool genuine) const {
  std::vector<double> scores;
  for (const Comparison& comparison : sorted_) {
    if ((comparison.probe_subject == comparison.gallery_subject) == genuine) {
      scores.push_back(comparison.score);
    }
  }
  std::reverse(scores.begin(), scores.end());
  return scores;
}

double RankRate(const std::vector<RankedProbe>& probes, int k, const std::vector<double>& weights) {
  double hits = 0, total = 0;
  for (const RankedProbe& probe : probes) {
    const double weight = weights.empty() ? 1 : weights[probe.subject];
    total += weight;
    if (probe.failed) continue;
    const double places = static_cast<double>(k - probe.better) / (probe.tied + 1);
    hits += weight * std::clamp(places, 0.0, 1.0);
  }
  return total == 0 ? kNan : hits / total;
}

}  // namespace maskbench
