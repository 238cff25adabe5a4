#include "maskbench/recognition/attribute_reader.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <utility>

#include <Eigen/Dense>

#include "maskbench/core/error.h"

namespace maskbench {
namespace {

constexpr std::array kRidges = {0.01, 0.1, 1.0, 10.0, 100.0};

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

}  // namespace

/// One training set, from which readers with any ridge are made; solved in the dual form.
class AttributeFit {
 public:
  AttributeFit(const std::vector<const ClassifiedDescriptor*>& samples, int classes) {
    std::vector<const std::vector<float>*> rows;
    for (const ClassifiedDescriptor* sample : samples) rows.push_back(&sample->values);
    standardiser_ = Standardiser(rows);
    const auto count = static_cast<Eigen::Index>(samples.size());
    numbers_.resize(count, static_cast<Eigen::Index>(rows[0]->size()));
    targets_ = Matrix::Zero(count, classes);
    for (Eigen::Index i = 0; i < count; ++i) {
      const ClassifiedDescriptor& sample = *samples[static_cast<size_t>(i)];
      numbers_.row(i) = standardiser_.Apply(sample.values);
      targets_(i, sample.label) = 1;
    }
    mean_ = numbers_.colwise().mean();
    target_mean_ = targets_.colwise().mean();
    numbers_.rowwise() -= mean_.transpose();
    targets_.rowwise() -= target_mean_.transpose();
    gram_.compute(numbers_ * numbers_.transpose());
  }

  AttributeReader Make(double ridge) const {
    const Vector values = gram_.eigenvalues().cwiseMax(0);
    const double floor = std::max(1e-12, ridge * values.mean());
    const Matrix inverse = gram_.eigenvectors() *
                           (values.array() + floor).inverse().matrix().asDiagonal() *
                           gram_.eigenvectors().transpose();
    AttributeReader reader;
    reader.standardiser_ = standardiser_;
    reader.weights_ = (numbers_.transpose() * (inverse * targets_)).transpose();
    reader.offset_ = target_mean_ - reader.weights_ * mean_;
    return reader;
  }

 private:
  Standardiser standardiser_;
  Matrix numbers_, targets_;
  Vector mean_, target_mean_;
  Eigen::SelfAdjointEigenSolver<Matrix> gram_;
};

namespace {

/// Mean over classes of the area under the ROC curve of a class against the others.
double Auc(const AttributeReader& reader, const std::vector<const ClassifiedDescriptor*>& people,
           int classes) {
  double sum = 0;
  for (int label = 0; label < classes; ++label) {
    std::vector<double> of_it, others;
    for (const ClassifiedDescriptor* person : people)
      (person->label == label ? of_it : others)
          .push_back(reader.Read(person->values)[static_cast<size_t>(label)]);
    sum += AreaUnderRoc(of_it, std::move(others));
  }
  return sum / classes;
}

}  // namespace

AttributeReader AttributeReader::Learn(const std::vector<ClassifiedDescriptor>& samples,
                                       int classes, std::uint64_t seed) {
  std::set<int> subjects;
  for (const ClassifiedDescriptor& sample : samples) subjects.insert(sample.subject);
  if (subjects.size() < static_cast<size_t>(kLeastSubjects))
    throw DataError("an attribute cannot be learned from " + std::to_string(subjects.size()) +
                    " people; it takes " + std::to_string(kLeastSubjects));
  const std::set<int> validation = ValidationPeople(subjects, seed);
  std::vector<const ClassifiedDescriptor*> all, fitted, held_out;
  for (const ClassifiedDescriptor& sample : samples) {
    all.push_back(&sample);
    (validation.count(sample.subject) > 0 ? held_out : fitted).push_back(&sample);
  }
  const AttributeFit trial(fitted, classes);
  double best = -1, chosen = kRidges[0];
  for (const double ridge : kRidges) {
    const double auc = Auc(trial.Make(ridge), held_out, classes);
    if (auc <= best) continue;
    best = auc;
    chosen = ridge;
  }
  return AttributeFit(all, classes).Make(chosen);
}

std::vector<double> AttributeReader::Read(const std::vector<float>& descriptor) const {
  const Vector scores = weights_ * standardiser_.Apply(descriptor) + offset_;
  return {scores.data(), scores.data() + scores.size()};
}

}  // namespace maskbench
