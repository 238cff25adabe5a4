#include "maskbench/recognition/embedding_reversal.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <utility>

#include <Eigen/Dense>

#include "maskbench/core/error.h"
#include "maskbench/recognition/learning.h"

namespace maskbench {
namespace {

constexpr std::array kRidges = {0.003, 0.03, 0.3, 3.0};
/// Widths as multiples of the median squared distance of two masked descriptors; a wide kernel is
/// all but linear.
constexpr std::array kWidths = {0.5, 2.0, 10.0};

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

Matrix SquaredDistances(const Matrix& a, const Matrix& b) {
  Matrix distances = -2 * a * b.transpose();
  distances.colwise() += a.rowwise().squaredNorm();
  distances.rowwise() += b.rowwise().squaredNorm().transpose();
  return distances.cwiseMax(0);
}

}  // namespace

/// One training set, from which regressions of any width and ridge are made.
class ReversalFit {
 public:
  explicit ReversalFit(const std::vector<const EmbeddingPair*>& pairs) {
    const auto rows = static_cast<Eigen::Index>(pairs.size());
    masked_.resize(rows, static_cast<Eigen::Index>(pairs[0]->masked.size()));
    original_.resize(rows, static_cast<Eigen::Index>(pairs[0]->original.size()));
    for (Eigen::Index i = 0; i < rows; ++i) {
      masked_.row(i) = VectorOf(pairs[static_cast<size_t>(i)]->masked);
      original_.row(i) = VectorOf(UnitOf(VectorOf(pairs[static_cast<size_t>(i)]->original)));
    }
    masked_mean_ = masked_.colwise().mean();
    original_mean_ = original_.colwise().mean();
    masked_.rowwise() -= masked_mean_.transpose();
    original_.rowwise() -= original_mean_.transpose();
    distances_ = SquaredDistances(masked_, masked_);
    std::vector<double> sorted;
    for (Eigen::Index i = 0; i < rows; ++i)
      for (Eigen::Index j = 0; j < i; ++j) sorted.push_back(distances_(i, j));
    std::nth_element(sorted.begin(),
                     sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2), sorted.end());
    median_ = std::max(1e-12, sorted[sorted.size() / 2]);
  }

  /// @param ridges  one regression for each.
  template <class Use>
  void Make(double width, const std::vector<double>& ridges, const Use& use) const {
    const Matrix kernel = (-distances_.array() / (width * median_)).exp().matrix();
    const Eigen::SelfAdjointEigenSolver<Matrix> solver(kernel);
    const Matrix turned = solver.eigenvectors().transpose() * original_;
    for (const double ridge : ridges) {
      EmbeddingReversal made;
      made.masked_mean_ = masked_mean_;
      made.original_mean_ = original_mean_;
      made.support_ = masked_;
      made.width_ = width * median_;
      made.weights_ =
          solver.eigenvectors() *
          (solver.eigenvalues().cwiseMax(0).array() + ridge).inverse().matrix().asDiagonal() *
          turned;
      use(ridge, std::move(made));
    }
  }

  static void SetValidation(double auc, EmbeddingReversal* made) { made->validation_auc_ = auc; }

 private:
  Matrix masked_, original_, distances_;
  Vector masked_mean_, original_mean_;
  double median_ = 1;
};

namespace {

double Auc(const EmbeddingReversal& reversal, const std::vector<const EmbeddingPair*>& people) {
  std::vector<Vector> probes, templates;
  std::vector<int> subjects;
  for (const EmbeddingPair* pair : people) {
    subjects.push_back(pair->subject);
    probes.push_back(VectorOf(reversal.Reconstruct(pair->masked)));
    templates.push_back(VectorOf(reversal.OfOriginal(pair->original)));
  }
  return AreaUnderRoc(probes, templates, subjects);
}

}  // namespace

EmbeddingReversal EmbeddingReversal::Learn(const std::vector<EmbeddingPair>& pairs,
                                           std::uint64_t seed) {
  std::set<int> subjects;
  for (const EmbeddingPair& pair : pairs) {
    subjects.insert(pair.subject);
    if (pair.masked.size() != pairs[0].masked.size() ||
        pair.original.size() != pairs[0].original.size())
      throw DataError("descriptors to learn a reversal from have different lengths");
  }
  if (subjects.size() < static_cast<size_t>(kLeastSubjects))
    throw DataError("a reversal cannot be learned from " + std::to_string(subjects.size()) +
                    " people; it takes " + std::to_string(kLeastSubjects));
  const std::set<int> validation = ValidationPeople(subjects, seed);
  std::vector<const EmbeddingPair*> all, fitted, held_out;
  for (const EmbeddingPair& pair : pairs) {
    all.push_back(&pair);
    (validation.count(pair.subject) > 0 ? held_out : fitted).push_back(&pair);
  }
  const ReversalFit trial(fitted);
  double best = -1, width = kWidths[0], ridge = kRidges[0];
  for (const double tried : kWidths) {
    trial.Make(tried, {kRidges.begin(), kRidges.end()},
               [&](double with, const EmbeddingReversal& made) {
                 const double auc = Auc(made, held_out);
                 if (auc <= best) return;
                 best = auc;
                 width = tried;
                 ridge = with;
               });
  }
  EmbeddingReversal learned;
  ReversalFit(all).Make(width, {ridge},
                        [&](double, EmbeddingReversal made) { learned = std::move(made); });
  ReversalFit::SetValidation(best, &learned);
  return learned;
}

std::vector<float> EmbeddingReversal::Reconstruct(const std::vector<float>& masked) const {
  const Vector centred = VectorOf(masked) - masked_mean_;
  const Vector kernel =
      (-(support_.rowwise() - centred.transpose()).rowwise().squaredNorm().array() / width_).exp();
  return UnitOf(weights_.transpose() * kernel);
}

std::vector<float> EmbeddingReversal::OfOriginal(const std::vector<float>& original) const {
  return UnitOf(VectorOf(UnitOf(VectorOf(original))) - original_mean_);
}

}  // namespace maskbench
