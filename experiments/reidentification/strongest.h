#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "maskbench/pipeline/figure.h"
#include "maskbench/stats/biometrics.h"

#include "experiments/reidentification/options.h"
#include "experiments/reidentification/searches.h"
#include "experiments/reidentification/sign_matching.h"

namespace maskbench {

/// Looks for the strongest attack on each variant, and keeps what chooses it apart from what says
/// how strong it is: a drawn part of the subjects validates, the others test. An attack's score on
/// validation subjects is of their probes and templates alone.
class StrongestAttacks {
 public:
  /// @param protocols  by pairing, and @param matches  the same; both outlive this.
  StrongestAttacks(const ReidentificationOptions& options, std::uint64_t seed,
                   const std::vector<Protocol>& protocols, const std::vector<SignMatches>& matches);

  /// An attack on originals (the upper bound) is not looked at; `oracle_signs` is the floor that
  /// others are compared with. @param pairing  index of the protocol. @param head  says of which
  /// attack the comparisons are.
  void Offer(size_t pairing, const Figure& head, const std::vector<Comparison>& comparisons);

  /// For each pairing and variant, on test subjects: strongest_auc, strongest_excess over
  /// `oracle_signs`, strongest_auc_sign_matched, each with its one-sided 95 % limit (…_upper). None
  /// with fewer than ten subjects on either side.
  void AddFigures(std::vector<Figure>* figures) const;

  /// 1 for subjects who validate.
  static std::vector<char> Validating(int subject_count, double share, std::uint64_t seed);

 private:
  struct Kept {
    Figure head;
    double validation = 0;
    std::vector<Comparison> tested;
  };
  /// What the strongest is chosen by.
  enum class Criterion { kAuc, kSignMatched };
  struct Contest {
    std::map<Criterion, Kept> best;
    int candidates = 0;
  };

  std::vector<Comparison> Among(size_t pairing, const std::vector<Comparison>& comparisons,
                                bool validating) const;

  const ReidentificationOptions& options_;
  std::uint64_t seed_;
  const std::vector<Protocol>& protocols_;
  const std::vector<SignMatches>& matches_;
  std::vector<std::vector<char>> validating_;                   ///< By pairing, then by subject.
  std::map<std::pair<size_t, std::string>, Contest> contests_;  ///< By pairing and variant.
  std::vector<std::pair<size_t, std::string>> order_;
  std::map<size_t, std::vector<Comparison>> signs_;  ///< By pairing, of test subjects.
};

}  // namespace maskbench
