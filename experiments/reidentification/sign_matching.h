#pragma once

#include <vector>

#include "maskbench/pipeline/run_data.h"

#include "experiments/reidentification/searches.h"

namespace maskbench {

/// Whose signs cannot be told from whose.
///
/// The rule: both recordings have the same diagnosis, and the root of the mean squared difference
/// of all signs that the data set states (those of `oracle_signs`), each in units of the error that
/// it is read with, is at most `tolerance`. Two readings of the same signs differ by √2 on average.
class SignMatches {
 public:
  SignMatches(const RunData& data, const Protocol& protocol, double tolerance);

  /// Whether two different people match: the first by its first probe, the second by the gallery.
  bool operator()(int probe_subject, int gallery_subject) const;
  /// Whether anybody matches anybody else.
  bool any() const { return any_; }

 private:
  size_t people_;
  std::vector<char> matches_;
  bool any_ = false;
};

}  // namespace maskbench
