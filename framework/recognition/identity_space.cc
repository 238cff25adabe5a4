#include "maskbench/recognition/identity_space.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <utility>

#include <Eigen/Dense>

#include "maskbench/core/error.h"

namespace maskbench {
namespace {

constexpr std::array kComponents = {4, 8, 16, 32, 64, 128};
constexpr std::array kShrinkages = {0.05, 0.3, 0.8};
/// Between-person variance below which an axis tells nobody apart.
constexpr double kLeastBetween = 1e-3;

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

}  // namespace

/// The principal components of one training set, from which spaces of any size are made.
class IdentitySpaceFit {
 public:
  explicit IdentitySpaceFit(const std::vector<const PersonDescriptor*>& samples)
      : samples_(samples) {
    std::vector<const std::vector<float>*> rows;
    for (const PersonDescriptor* sample : samples) rows.push_back(&sample->values);
    standardiser_ = Standardiser(rows);
    const auto count = static_cast<Eigen::Index>(samples.size());
    Matrix numbers(count, static_cast<Eigen::Index>(rows[0]->size()));
    for (Eigen::Index i = 0; i < count; ++i)
      numbers.row(i) = standardiser_.Apply(*rows[static_cast<size_t>(i)]);
    const Eigen::SelfAdjointEigenSolver<Matrix> gram(numbers * numbers.transpose());
    const Vector& values = gram.eigenvalues();  // Ascending.
    const double floor = 1e-9 * std::max(1e-12, values[count - 1]);
    Eigen::Index kept = 0;
    while (kept < std::min<Eigen::Index>(count, kComponents.back()) &&
           values[count - 1 - kept] > floor)
      ++kept;
    components_.resize(kept, numbers.cols());
    for (Eigen::Index k = 0; k < kept; ++k) {
      const Eigen::Index from = count - 1 - k;
      components_.row(k) = (numbers.transpose() * gram.eigenvectors().col(from)).transpose() /
                           std::sqrt(values[from]);
    }
    reduced_ = numbers * components_.transpose();
  }

  int components() const { return static_cast<int>(components_.rows()); }

  IdentitySpace Make(int components, double shrinkage) const {
    const Eigen::Index size = std::min<Eigen::Index>(components, components_.rows());
    const Matrix points = reduced_.leftCols(size);
    std::map<int, std::vector<Eigen::Index>> people;
    for (size_t i = 0; i < samples_.size(); ++i)
      people[samples_[i]->subject].push_back(static_cast<Eigen::Index>(i));
    Matrix within = Matrix::Zero(size, size);
    Matrix means(static_cast<Eigen::Index>(people.size()), size);
    double freedom = 0, share_of_within = 0;
    Eigen::Index person = 0;
    for (const auto& [subject, own] : people) {
      Vector mean = Vector::Zero(size);
      for (const Eigen::Index i : own) mean += points.row(i).transpose();
      mean /= static_cast<double>(own.size());
      for (const Eigen::Index i : own) {
        const Vector deviation = points.row(i).transpose() - mean;
        within += deviation * deviation.transpose();
      }
      freedom += static_cast<double>(own.size()) - 1;
      share_of_within += 1.0 / static_cast<double>(own.size());
      means.row(person++) = mean;
    }
    within /= std::max(1.0, freedom);
    share_of_within /= static_cast<double>(people.size());
    const Matrix diagonal = within.diagonal().asDiagonal();
    within = (1 - shrinkage) * within + shrinkage * diagonal;
    // A floor for what never varied within anybody.
    const double floor =
        1e-6 *
        std::max(1e-12, points.squaredNorm() /
                            static_cast<double>(points.rows() * std::max<Eigen::Index>(1, size)));
    within.diagonal().array() += floor;
    const Vector centre = means.colwise().mean();
    means.rowwise() -= centre.transpose();
    const Eigen::LLT<Matrix> cholesky(within);
    const Matrix whitener = cholesky.matrixL().solve(Matrix::Identity(size, size));
    const Matrix spread =
        whitener *
        (means.transpose() * means / std::max(1.0, static_cast<double>(people.size()) - 1)) *
        whitener.transpose();
    // The means of few recordings vary by what varies within people as well.
    const Eigen::SelfAdjointEigenSolver<Matrix> turned(spread);
    IdentitySpace space;
    space.standardiser_ = standardiser_;
    std::vector<Eigen::Index> axes;
    for (Eigen::Index k = size - 1; k >= 0; --k) {
      const bool tells = turned.eigenvalues()[k] - share_of_within > kLeastBetween;
      if (tells || axes.empty()) axes.push_back(k);
    }
    const auto dimensions = static_cast<Eigen::Index>(axes.size());
    space.between_.resize(dimensions);
    Matrix rotation(dimensions, size);
    for (Eigen::Index k = 0; k < dimensions; ++k) {
      const Eigen::Index from = axes[static_cast<size_t>(k)];
      space.between_[k] = std::max(kLeastBetween, turned.eigenvalues()[from] - share_of_within);
      rotation.row(k) = turned.eigenvectors().col(from).transpose();
    }
    const Matrix to_space = rotation * whitener;
    space.axes_ = to_space * components_.topRows(size);
    space.offset_ = to_space * centre;
    return space;
  }

 private:
  std::vector<const PersonDescriptor*> samples_;
  Standardiser standardiser_;
  Matrix components_, reduced_;
};

namespace {

double Auc(const IdentitySpace& space, const std::vector<const PersonDescriptor*>& people) {
  std::vector<std::vector<float>> places;
  for (const PersonDescriptor* person : people) places.push_back(space.Place(person->values));
  std::vector<double> genuine, impostor;
  for (size_t i = 0; i < people.size(); ++i)
    for (size_t j = i + 1; j < people.size(); ++j)
      (people[i]->subject == people[j]->subject ? genuine : impostor)
          .push_back(space.Score(places[i], places[j]));
  return AreaUnderRoc(genuine, std::move(impostor));
}

}  // namespace

int IdentitySpace::PeopleToLearnFrom(const std::vector<PersonDescriptor>& samples) {
  std::map<int, int> recordings;
  for (const PersonDescriptor& sample : samples) ++recordings[sample.subject];
  return static_cast<int>(std::count_if(recordings.begin(), recordings.end(),
                                        [](const auto& person) { return person.second > 1; }));
}

IdentitySpace IdentitySpace::Learn(const std::vector<PersonDescriptor>& samples,
                                   std::uint64_t seed) {
  if (PeopleToLearnFrom(samples) < kLeastSubjects)
    throw DataError("what tells people apart cannot be learned from " +
                    std::to_string(PeopleToLearnFrom(samples)) +
                    " people with two recordings; it takes " + std::to_string(kLeastSubjects));
  std::map<int, int> recordings;
  for (const PersonDescriptor& sample : samples) ++recordings[sample.subject];
  // Only who has two recordings can validate.
  std::set<int> subjects;
  for (const auto& [subject, count] : recordings)
    if (count > 1) subjects.insert(subject);
  const std::set<int> validation = ValidationPeople(subjects, seed);
  std::vector<const PersonDescriptor*> all, fitted, held_out;
  for (const PersonDescriptor& sample : samples) {
    all.push_back(&sample);
    (validation.count(sample.subject) > 0 ? held_out : fitted).push_back(&sample);
  }
  const IdentitySpaceFit trial(fitted);
  int components = 0;
  double shrinkage = 0, best = -1;
  for (const int count : kComponents) {
    for (const double shrunk : kShrinkages) {
      const double auc = Auc(trial.Make(count, shrunk), held_out);
      if (auc <= best) continue;
      best = auc;
      components = count;
      shrinkage = shrunk;
    }
    if (count >= trial.components()) break;
  }
  IdentitySpace space = IdentitySpaceFit(all).Make(components, shrinkage);
  space.validation_auc_ = best;
  return space;
}

std::vector<float> IdentitySpace::Place(const std::vector<float>& descriptor) const {
  return FloatsOf(axes_ * standardiser_.Apply(descriptor) - offset_);
}

double IdentitySpace::Score(const std::vector<float>& a, const std::vector<float>& b) const {
  double score = 0;
  for (Eigen::Index k = 0; k < between_.size(); ++k) {
    const double x = a[static_cast<size_t>(k)], y = b[static_cast<size_t>(k)];
    // Each is normal with variance 1 + β; of one person they have the covariance β.
    const double beta = between_[k], variance = 1 + beta, squares = x * x + y * y;
    score += std::log(variance) - 0.5 * std::log(1 + 2 * beta) + 0.5 * squares / variance -
             0.5 * (variance * squares - 2 * beta * x * y) / (1 + 2 * beta);
  }
  return score;
}

}  // namespace maskbench
