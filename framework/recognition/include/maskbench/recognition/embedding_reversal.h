#pragma once

#include <cstdint>
#include <vector>

#include <Eigen/Core>

#include "maskbench/recognition/embedding_map.h"

namespace maskbench {

/// An attacker who makes the original's descriptor out of the masked one: kernel ridge regression
/// with a Gaussian kernel (Saunders, Gammerman & Vovk, ICML 1998), so that what is learned need not
/// be linear. EmbeddingMap is the linear one.
class EmbeddingReversal {
 public:
  static constexpr int kLeastSubjects = EmbeddingMap::kLeastSubjects;

  /// @param pairs  of the attacker's own people; nobody who is attacked may be among them. Ridge
  /// and width of the kernel are chosen on a quarter of them, who are left out meanwhile: those
  /// with the largest area under the ROC curve. @param seed  deals people into those quarters.
  /// Throws DataError below 8 people, or where descriptors have different lengths.
  static EmbeddingReversal Learn(const std::vector<EmbeddingPair>& pairs, std::uint64_t seed);

  /// What the original's descriptor would be, less the mean original one; unit length (or zero).
  std::vector<float> Reconstruct(const std::vector<float>& masked) const;
  /// An original descriptor, less the mean one; unit length (or zero). Its cosine with a
  /// reconstruction is the score.
  std::vector<float> OfOriginal(const std::vector<float>& original) const;

  double validation_auc() const { return validation_auc_; }

 private:
  friend class ReversalFit;
  Eigen::VectorXd masked_mean_, original_mean_;
  Eigen::MatrixXd support_;  ///< A row per pair: centred masked descriptors.
  Eigen::MatrixXd weights_;  ///< Pairs × original numbers.
  double width_ = 1;         ///< The kernel is exp(−|a − b|² / width).
  double validation_auc_ = 0;
};

}  // namespace maskbench
