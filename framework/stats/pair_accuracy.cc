#include "maskbench/stats/pair_accuracy.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "maskbench/stats/distributions.h"

namespace maskbench {

double BestThreshold(const std::vector<ScoredPair>& pairs, int but_fold) {
  std::vector<ScoredPair> sorted;
  int64_t right = 0;
  for (const ScoredPair& pair : pairs) {
    if (pair.fold == but_fold) continue;
    right += pair.same ? 0 : 1;  // With nobody accepted.
    if (!std::isinf(pair.score)) sorted.push_back(pair);
  }
  std::sort(sorted.begin(), sorted.end(),
            [](const ScoredPair& a, const ScoredPair& b) { return a.score > b.score; });
  int64_t best = right;
  double threshold = std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < sorted.size(); ++i) {
    right += sorted[i].same ? 1 : -1;
    const bool last = i + 1 == sorted.size();
    if ((!last && sorted[i + 1].score == sorted[i].score) || right <= best) continue;
    best = right;
    threshold = last ? sorted[i].score : (sorted[i].score + sorted[i + 1].score) / 2;
    // Neighbouring doubles have no middle.
    if (!last && threshold <= sorted[i + 1].score) threshold = sorted[i].score;
  }
  return threshold;
}

PairAccuracy AccuracyByFolds(const std::vector<ScoredPair>& pairs) {
  PairAccuracy result;
  std::set<int> folds;
  for (const ScoredPair& pair : pairs) folds.insert(pair.fold);
  if (folds.size() < 2) return result;
  for (const int fold : folds) {
    const double threshold = BestThreshold(pairs, fold);
    double right = 0, count = 0;
    for (const ScoredPair& pair : pairs) {
      if (pair.fold != fold) continue;
      const bool accepted = !std::isinf(pair.score) && pair.score >= threshold;
      right += accepted == pair.same ? 1 : 0;
      count += 1;
    }
    result.by_fold.push_back(right / count);
    result.thresholds.push_back(threshold);
  }
  const auto n = static_cast<double>(folds.size());
  double sum = 0, squares = 0;
  for (const double accuracy : result.by_fold) sum += accuracy;
  result.mean = sum / n;
  for (const double accuracy : result.by_fold) {
    squares += (accuracy - result.mean) * (accuracy - result.mean);
  }
  result.standard_error = std::sqrt(squares / (n - 1) / n);
  const double half =
      InverseStudentCdf(0.975, static_cast<double>(folds.size()) - 1) * result.standard_error;
  result.interval = {std::max(0.0, result.mean - half), std::min(1.0, result.mean + half)};
  return result;
}

}  // namespace maskbench
