#pragma once

#include <cstdint>
#include <vector>

#include "maskbench/stats/biometrics.h"

namespace maskbench {

/// The cumulative match characteristic: RankRate for k = 1 … `gallery_size`. Its last value is
/// below 1 by the share of failures. NaN without probes.
std::vector<double> CumulativeMatches(const std::vector<RankedProbe>& probes, int gallery_size,
                                      const std::vector<double>& weights = {});

/// Mean place of the right person among `gallery_size` templates: 1 is perfect, (gallery_size + 1)
/// / 2 is chance; tied places are averaged. A failure has the place after the last one, since it is
/// a miss at every rank, so that the mean is 1 + Σ (1 − CMC(k)). NaN without probes.
double MeanRank(const std::vector<RankedProbe>& probes, int gallery_size,
                const std::vector<double>& weights = {});

/// A search by somebody who is enrolled (ISO/IEC 19795-1: mated search).
struct MatedSearch {
  int subject = 0;
  /// Of the own template; −infinity when either side failed to enrol.
  double own_score = 0;
  /// Templates of others with a higher score, and with an equal one.
  int better = 0;
  int tied = 0;
};

/// A search by somebody who is not enrolled (non-mated search).
struct NonMatedSearch {
  int subject = 0;
  /// The highest of all templates; −infinity when the probe failed to enrol: such a search returns
  /// nobody.
  double best_score = 0;
};

/// Open-set identification (ISO/IEC 19795-1; Grother et al., NISTIR 8271). A search returns those
/// of the `rank` best templates whose score reaches a threshold.
class OpenSet {
 public:
  OpenSet(std::vector<MatedSearch> mated, std::vector<NonMatedSearch> non_mated);

  /// False-positive identification rate: share of non-mated searches that return somebody.
  double Fpir(double threshold, const std::vector<double>& weights = {}) const;
  /// False-negative identification rate: share of mated searches that do not return the right
  /// person. With ties at the last rank that counts the right person is returned in the share of
  /// the places that are left. NaN without mated searches.
  double Fnir(double threshold, int rank, const std::vector<double>& weights = {}) const;
  /// The lowest threshold at which the FPIR does not exceed `fpir`, taken from the non-mated
  /// searches alone: the next number above one of their scores. NaN without such searches.
  double Threshold(double fpir, const std::vector<double>& weights = {}) const;
  /// Fnir at that threshold. 1 for a system that tells nothing apart, up to the share `fpir`.
  double FnirAtFpir(double fpir, int rank, const std::vector<double>& weights = {}) const;

  /// True when `fpir` stands for at least ten non-mated searches.
  bool Supports(double fpir) const {
    return fpir * static_cast<double>(non_mated_.size()) >= 10 - 1e-9;
  }

 private:
  std::vector<MatedSearch> mated_;
  std::vector<NonMatedSearch> non_mated_;  // By descending score.
};

}  // namespace maskbench
