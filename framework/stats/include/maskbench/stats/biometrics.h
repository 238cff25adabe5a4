#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace maskbench {

/// One comparison of a probe with a gallery template.
struct Comparison {
  int probe_subject = 0;
  int gallery_subject = 0;
  /// Higher is more alike; −infinity when either side failed to enrol (scored, never dropped).
  double score = 0;
};

/// One-to-one comparison: who is accepted as the same person at which threshold.
///
/// Every measure takes an optional weight per subject, for the bootstrap over people: a genuine
/// comparison counts w(i) times, an impostor comparison w(i)·w(j) times. Since i ≠ j for
/// impostors, a person drawn twice is never compared with his copy.
class Verification {
 public:
  /// One threshold. The ROC is tar over far, the DET 1 − tar over far.
  struct OperatingPoint {
    double far = 0, tar = 0;
    /// Lowest score that is accepted; −infinity at the end, which accepts failures as well, as no
    /// threshold can.
    double threshold = 0;
  };

  explicit Verification(std::vector<Comparison> comparisons);

  /// P(genuine score > impostor score) + ½ P(equal): the Mann–Whitney form. NaN without either.
  double Auc(const std::vector<double>& weights = {}) const;
  /// Where false accepts equal false rejects, linear between operating points.
  double EqualErrorRate(const std::vector<double>& weights = {}) const;
  /// The score down to which is accepted at the equal error rate: where false accepts reach false
  /// rejects, and the middle of the gap where every threshold of a gap makes them equal. NaN when
  /// that takes the acceptance of failures.
  double EqualErrorThreshold() const;
  /// Largest share of genuine comparisons accepted at a threshold whose false accept rate does not
  /// exceed `far`. No interpolation.
  double TarAtFar(double far, const std::vector<double>& weights = {}) const;
  /// (mean genuine − mean impostor) / root mean square of the standard deviations; over finite
  /// scores.
  double DPrime() const;

  /// True when `far` stands for at least ten impostor comparisons, so that it is not extrapolated.
  bool Supports(double far) const { return far * static_cast<double>(impostor_count_) >= 10; }

  int64_t genuine_count() const { return genuine_count_; }
  int64_t impostor_count() const { return impostor_count_; }
  int64_t failed_count() const { return failed_count_; }
  /// Scores of one kind in ascending order, −infinity included.
  std::vector<double> Scores(bool genuine) const;

  /// All operating points from the strictest threshold to the loosest; starts at (0, 0), ends at
  /// (1, 1). A far below 10 / impostor_count() stands for too few comparisons to be quoted. Empty
  /// without comparisons of either kind.
  std::vector<OperatingPoint> Roc(const std::vector<double>& weights = {}) const;

 private:
  /// Calls `visit` with one operating point after the other, but the first at (0, 0), until it
  /// returns false. @return false without comparisons of either kind.
  template <class Visit>
  bool Walk(const std::vector<double>& weights, const Visit& visit) const;
  /// First point of a curve at which false accepts reach false rejects; its size for an empty one.
  static size_t EqualErrorPoint(const std::vector<OperatingPoint>& curve);

  std::vector<Comparison> sorted_;  // By descending score.
  int64_t genuine_count_ = 0, impostor_count_ = 0, failed_count_ = 0;
};

/// Where the right person stands among the gallery for one probe.
struct RankedProbe {
  int subject = 0;
  /// Gallery templates of other people with a higher score, and with an equal one.
  int better = 0;
  int tied = 0;
  /// Not enrolled, or the subject's own template failed: never a hit.
  bool failed = false;
};

/// Closed-set identification against a fixed gallery.
/// @param k        1 for rank-1.
/// @param weights  per subject, optional; resamples probes, the gallery stays as it is.
/// @return  share of probes whose subject is among the k best, ties broken at random in
///          expectation: constant scores give chance, not 0 or 1. NaN without probes.
double RankRate(const std::vector<RankedProbe>& probes, int k,
                const std::vector<double>& weights = {});

}  // namespace maskbench
