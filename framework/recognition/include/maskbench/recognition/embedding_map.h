#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <Eigen/Core>

namespace maskbench {

/// A descriptor of a masked recording and one of the same person's original recordings.
struct EmbeddingPair {
  int subject = 0;
  std::vector<float> masked, original;
};

/// What an attacker learns who masks recordings of other people himself: the linear map from
/// descriptors of masked faces to those of the same people's original faces (ridge regression on
/// centred descriptors, solved in the dual form).
class EmbeddingMap {
 public:
  /// People from whom a map can be learned at all.
  static constexpr int kLeastSubjects = 8;

  /// @param pairs  of the attacker's own people; nobody who is attacked may be among them. The
  /// ridge is chosen on a quarter of them, who are left out meanwhile: the one with the largest
  /// area under the ROC curve. @param seed  deals people into those quarters. Throws DataError
  /// below 8 people, or where descriptors have different lengths.
  static EmbeddingMap Learn(const std::vector<EmbeddingPair>& pairs, std::uint64_t seed);

  /// Where a masked face and an original one meet: cosines between these are scores. Unit length
  /// (or zero).
  std::vector<float> OfMasked(const std::vector<float>& descriptor) const;
  std::vector<float> OfOriginal(const std::vector<float>& descriptor) const;

  /// The chosen ridge as a share of the mean eigenvalue, and the validation people's area under the
  /// ROC curve with it.
  double ridge() const { return ridge_; }
  double validation_auc() const { return validation_auc_; }

 private:
  Eigen::VectorXd masked_mean_, original_mean_;
  Eigen::MatrixXd map_;  ///< original dimensions × masked dimensions.
  double ridge_ = 0, validation_auc_ = 0;
};

}  // namespace maskbench
