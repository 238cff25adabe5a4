#pragma once

#include <cstdint>
#include <vector>

#include <Eigen/Core>

#include "maskbench/recognition/learning.h"

namespace maskbench {

/// A descriptor of a recording, whose it is, and to which of several classes the person belongs.
struct ClassifiedDescriptor {
  int subject = 0;
  int label = 0;  ///< 0 … classes − 1.
  std::vector<float> values;
};

/// Reads off a descriptor what somebody is (sex, ancestry …): ridge regression of one number per
/// class on the standardised descriptor.
class AttributeReader {
 public:
  static constexpr int kLeastSubjects = 8;

  /// @param samples  of people who are not read later. The ridge is chosen on a quarter of the
  /// people, by the mean area under the ROC curve of each class. Throws DataError below 8 people or
  /// where descriptors have different lengths.
  static AttributeReader Learn(const std::vector<ClassifiedDescriptor>& samples, int classes,
                               std::uint64_t seed);

  /// A score of each class; higher speaks for it. Of a descriptor that is like all others they are
  /// the classes' shares.
  std::vector<double> Read(const std::vector<float>& descriptor) const;

 private:
  friend class AttributeFit;
  Standardiser standardiser_;
  Eigen::MatrixXd weights_;  ///< Classes × numbers.
  Eigen::VectorXd offset_;   ///< Of each class.
};

}  // namespace maskbench
