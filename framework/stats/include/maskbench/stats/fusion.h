#pragma once

#include <vector>

#include "maskbench/stats/biometrics.h"

namespace maskbench {

/// How scores of different recognisers are brought to one scale (Jain, Nandakumar & Ross, "Score
/// normalization in multimodal biometric systems", Pattern Recognition 38:2270, 2005).
enum class ScoreScale {
  kMinMax,  ///< (s − min) / (max − min) over all scores.
  kZNorm,   ///< (s − mean) / standard deviation over impostor scores.
};

/// A linear scale that was learned from scores.
struct LearnedScale {
  double offset = 0, factor = 1;
  double Apply(double score) const { return (score - offset) * factor; }
};

/// Failures (−infinity) teach nothing. Where scores do not differ everything becomes 0.
/// @param include  which comparisons it may learn from; all when empty.
LearnedScale LearnScale(const std::vector<Comparison>& comparisons, ScoreScale scale,
                        const std::vector<char>& include = {});

/// The mean over recognisers of their normalised scores.
///
/// The scale for a probe's comparisons is learned on other people: subjects are dealt into `folds`
/// parts by number, and comparisons in which the probe's part takes part on either side are left
/// out. All comparisons of one search have the same scale, so that fusion of a recogniser with
/// itself changes no rank.
/// @param by_recogniser  the same comparisons in the same order, with other scores.
/// @param folds  at least 2.
/// @return  the comparisons with fused scores. A recogniser that failed in a comparison is left out
///          of its mean; −infinity where all failed. Throws Error when the lists do not fit.
std::vector<Comparison> FuseScores(const std::vector<std::vector<Comparison>>& by_recogniser,
                                   ScoreScale scale, int folds);

}  // namespace maskbench
