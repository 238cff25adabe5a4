#pragma once

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "maskbench/stats/biometrics.h"

namespace maskbench {

/// How often a probe is nearer to its own person than to certain others, probe by probe.
///
/// For each probe the share of those others whose score is lower than its own person's, ties
/// counting half; then the mean over probes. Unlike the area under one ROC curve of all
/// comparisons it compares scores of the same probe alone, so that 0.5 is chance even where the
/// probes have different numbers of others, or scores of different size.
class ProbewiseAuc {
 public:
  /// @param comparisons  probe by probe, each with its own person once and with other people.
  /// @param counts  whether a person of the gallery is one of the others for a probe's subject.
  ProbewiseAuc(const std::vector<Comparison>& comparisons,
               const std::function<bool(int probe_subject, int gallery_subject)>& counts);

  /// NaN where no probe has any of the others. @param weights  per subject, optional, as of
  /// Verification: a probe counts w(i), and another person among its others w(j).
  double Auc(const std::vector<double>& weights = {}) const;

  /// Probes that have others, the people they show, and their comparisons with others.
  int probes() const { return static_cast<int>(probes_.size()); }
  int subjects() const { return subjects_; }
  std::int64_t impostor_count() const { return impostors_; }

 private:
  struct Probe {
    int subject = 0;
    /// Subject and what the comparison gives: 1 lower than the own score, 0.5 equal, 0 higher.
    std::vector<std::pair<int, double>> others;
  };
  std::vector<Probe> probes_;
  int subjects_ = 0;
  std::int64_t impostors_ = 0;
};

}  // namespace maskbench
