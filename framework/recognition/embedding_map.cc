#include "maskbench/recognition/embedding_map.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include <Eigen/Dense>

#include "maskbench/core/error.h"
#include "maskbench/recognition/learning.h"

namespace maskbench {
namespace {

constexpr std::array kRidges = {0.01, 0.1, 1.0, 10.0, 100.0};

using Matrix = Eigen::MatrixXd;

/// Centred training data, and the inverse that every ridge needs.
struct Regression {
  Eigen::VectorXd masked_mean, original_mean;
  Matrix masked, original;  // A row per pair, centred.
  Eigen::SelfAdjointEigenSolver<Matrix> gram;

  explicit Regression(const std::vector<const EmbeddingPair*>& pairs) {
    const auto rows = static_cast<Eigen::Index>(pairs.size());
    masked.resize(rows, static_cast<Eigen::Index>(pairs[0]->masked.size()));
    original.resize(rows, static_cast<Eigen::Index>(pairs[0]->original.size()));
    for (Eigen::Index i = 0; i < rows; ++i) {
      masked.row(i) = VectorOf(pairs[static_cast<size_t>(i)]->masked);
      original.row(i) = VectorOf(pairs[static_cast<size_t>(i)]->original);
    }
    masked_mean = masked.colwise().mean();
    original_mean = original.colwise().mean();
    masked.rowwise() -= masked_mean.transpose();
    original.rowwise() -= original_mean.transpose();
    gram.compute(masked * masked.transpose());
  }

  Matrix MapWith(double ridge) const {
    const Eigen::VectorXd values = gram.eigenvalues().cwiseMax(0);
    const double floor = std::max(1e-12, ridge * values.mean());
    const Matrix inverse = gram.eigenvectors() *
                           (values.array() + floor).inverse().matrix().asDiagonal() *
                           gram.eigenvectors().transpose();
    return (masked.transpose() * (inverse * original)).transpose();
  }
};

/// Area under the ROC curve of cosines between mapped masked and original descriptors.
double Auc(const Regression& fit, const Matrix& map,
           const std::vector<const EmbeddingPair*>& people) {
  std::vector<Eigen::VectorXd> probes, templates;
  std::vector<int> subjects;
  for (const EmbeddingPair* pair : people) {
    subjects.push_back(pair->subject);
    probes.push_back((map * (VectorOf(pair->masked) - fit.masked_mean)).normalized());
    templates.push_back((VectorOf(pair->original) - fit.original_mean).normalized());
  }
  return AreaUnderRoc(probes, templates, subjects);
}

}  // namespace

EmbeddingMap EmbeddingMap::Learn(const std::vector<EmbeddingPair>& pairs, std::uint64_t seed) {
  std::set<int> subjects;
  for (const EmbeddingPair& pair : pairs) {
    subjects.insert(pair.subject);
    if (pair.masked.size() != pairs[0].masked.size() ||
        pair.original.size() != pairs[0].original.size())
      throw DataError("descriptors to learn a map from have different lengths");
  }
  if (subjects.size() < static_cast<size_t>(kLeastSubjects))
    throw DataError("a map between descriptors cannot be learned from " +
                    std::to_string(subjects.size()) + " people; it takes " +
                    std::to_string(kLeastSubjects));
  const std::set<int> validation = ValidationPeople(subjects, seed);
  std::vector<const EmbeddingPair*> all, fitted, held_out;
  for (const EmbeddingPair& pair : pairs) {
    all.push_back(&pair);
    (validation.count(pair.subject) > 0 ? held_out : fitted).push_back(&pair);
  }
  EmbeddingMap learned;
  const Regression trial(fitted);
  for (const double ridge : kRidges) {
    const double auc = Auc(trial, trial.MapWith(ridge), held_out);
    if (learned.ridge_ > 0 && auc <= learned.validation_auc_) continue;
    learned.validation_auc_ = auc;
    learned.ridge_ = ridge;
  }
  const Regression whole(all);
  learned.map_ = whole.MapWith(learned.ridge_);
  learned.masked_mean_ = whole.masked_mean;
  learned.original_mean_ = whole.original_mean;
  return learned;
}

std::vector<float> EmbeddingMap::OfMasked(const std::vector<float>& descriptor) const {
  return UnitOf(map_ * (VectorOf(descriptor) - masked_mean_));
}

std::vector<float> EmbeddingMap::OfOriginal(const std::vector<float>& descriptor) const {
  return UnitOf(VectorOf(descriptor) - original_mean_);
}

}  // namespace maskbench
