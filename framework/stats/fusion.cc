#include "maskbench/stats/fusion.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "maskbench/core/error.h"

namespace maskbench {

LearnedScale LearnScale(const std::vector<Comparison>& comparisons, ScoreScale scale,
                        const std::vector<char>& include) {
  const bool impostors_only = scale == ScoreScale::kZNorm;
  const auto counts = [&](size_t i) {
    const Comparison& comparison = comparisons[i];
    if (!include.empty() && include[i] == 0) return false;
    if (std::isinf(comparison.score)) return false;
    return !impostors_only || comparison.probe_subject != comparison.gallery_subject;
  };
  double low = std::numeric_limits<double>::infinity(), high = -low, sum = 0;
  int64_t count = 0;
  for (size_t i = 0; i < comparisons.size(); ++i) {
    if (!counts(i)) continue;
    low = std::min(low, comparisons[i].score);
    high = std::max(high, comparisons[i].score);
    sum += comparisons[i].score;
    ++count;
  }
  LearnedScale learned;
  if (count == 0 || low == high) {
    learned.offset = count == 0 ? 0 : low;
    learned.factor = 0;
    return learned;
  }
  if (scale == ScoreScale::kMinMax) {
    learned.offset = low;
    learned.factor = 1 / (high - low);
    return learned;
  }
  learned.offset = sum / static_cast<double>(count);
  double squares = 0;
  for (size_t i = 0; i < comparisons.size(); ++i) {
    if (!counts(i)) continue;
    const double deviation = comparisons[i].score - learned.offset;
    squares += deviation * deviation;
  }
  learned.factor = 1 / std::sqrt(squares / static_cast<double>(count - 1));
  return learned;
}

std::vector<Comparison> FuseScores(const std::vector<std::vector<Comparison>>& by_recogniser,
                                   ScoreScale scale, int folds) {
  if (by_recogniser.empty() || folds < 2) {
    throw Error("fusion needs the scores of a recogniser and at least two folds.");
  }
  const std::vector<Comparison>& first = by_recogniser.front();
  for (const std::vector<Comparison>& other : by_recogniser) {
    const bool fits = std::equal(other.begin(), other.end(), first.begin(), first.end(),
                                 [](const Comparison& a, const Comparison& b) {
                                   return a.probe_subject == b.probe_subject &&
                                          a.gallery_subject == b.gallery_subject;
                                 });
    if (!fits) throw Error("fusion needs the same comparisons from every recogniser.");
  }
  std::vector<double> sums(first.size(), 0);
  std::vector<int> counts(first.size(), 0);
  std::vector<char> include(first.size());
  for (const std::vector<Comparison>& comparisons : by_recogniser) {
    for (int fold = 0; fold < folds; ++fold) {
      for (size_t i = 0; i < first.size(); ++i) {
        include[i] =
            first[i].probe_subject % folds != fold && first[i].gallery_subject % folds != fold ? 1
                                                                                               : 0;
      }
      const LearnedScale learned = LearnScale(comparisons, scale, include);
      for (size_t i = 0; i < first.size(); ++i) {
        if (first[i].probe_subject % folds != fold || std::isinf(comparisons[i].score)) continue;
        sums[i] += learned.Apply(comparisons[i].score);
        ++counts[i];
      }
    }
  }
  std::vector<Comparison> fused = first;
  for (size_t i = 0; i < fused.size(); ++i) {
    fused[i].score =
        counts[i] == 0 ? -std::numeric_limits<double>::infinity() : sums[i] / counts[i];
  }
  return fused;
}

}  // namespace maskbench
