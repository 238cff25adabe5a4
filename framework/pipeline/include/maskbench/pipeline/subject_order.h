#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "maskbench/pipeline/manifest.h"

namespace maskbench {

/// An order of a data set's subjects of which every beginning holds all conditions in the data
/// set's proportions, as nearly as whole subjects allow. A pure function of the recordings and the
/// seed; a smaller share is part of every larger one.
class SubjectOrder {
 public:
  /// @param recordings  whose subjects are ordered.
  SubjectOrder(const std::vector<const LabelledRecording*>& recordings, uint64_t seed);

  /// share · subjects of them, rounded, at least one. 0 < share ≤ 1.
  std::set<std::string> First(double share) const;

 private:
  std::vector<std::string> subjects_;
};

}  // namespace maskbench
