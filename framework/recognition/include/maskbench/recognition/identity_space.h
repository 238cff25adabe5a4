#pragma once

#include <cstdint>
#include <vector>

#include <Eigen/Core>

#include "maskbench/recognition/learning.h"

namespace maskbench {

/// A descriptor of a recording, and whose it is.
struct PersonDescriptor {
  int subject = 0;
  std::vector<float> values;
};

/// What an attacker learns from recordings of other people: which differences of descriptors are
/// differences between people. Every number is standardised (one that is not finite counts as the
/// mean), the numbers are reduced to principal components, whitened by how they vary within people
/// and turned so that people differ along the axes; two descriptors are then compared by the
/// log-likelihood ratio of the two-covariance model (Sizov, Lee & Kinnunen, "Unifying probabilistic
/// linear discriminant analysis variants in biometric authentication", S+SSPR 2014).
class IdentitySpace {
 public:
  /// People with two or more recordings from whom it can be learned at all.
  static constexpr int kLeastSubjects = 8;

  /// @param samples  of the attacker's own people; nobody who is attacked may be among them. The
  /// number of components and how far the covariance within people is drawn towards its diagonal
  /// are chosen on a quarter of the people, who are left out meanwhile: those with the largest area
  /// under the ROC curve. @param seed  deals people into those quarters. Throws DataError below 8
  /// people, or where descriptors have different lengths.
  static IdentitySpace Learn(const std::vector<PersonDescriptor>& samples, std::uint64_t seed);
  /// Of `samples`, how many people have two or more.
  static int PeopleToLearnFrom(const std::vector<PersonDescriptor>& samples);

  /// The descriptor's place in the space.
  std::vector<float> Place(const std::vector<float>& descriptor) const;
  /// Log-likelihood ratio of one person against two; places. Higher is more alike.
  double Score(const std::vector<float>& a, const std::vector<float>& b) const;

  int dimensions() const { return static_cast<int>(between_.size()); }
  /// The validation people's area under the ROC curve with the chosen settings.
  double validation_auc() const { return validation_auc_; }

 private:
  friend class IdentitySpaceFit;
  Standardiser standardiser_;
  Eigen::MatrixXd axes_;     ///< Dimensions × numbers.
  Eigen::VectorXd offset_;   ///< Of the people's mean.
  Eigen::VectorXd between_;  ///< Variance between people where that within them is 1.
  double validation_auc_ = 0;
};

}  // namespace maskbench
