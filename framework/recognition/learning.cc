#include "maskbench/recognition/learning.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "maskbench/core/error.h"
#include "maskbench/core/rng.h"

namespace maskbench {

Eigen::VectorXd VectorOf(const std::vector<float>& values) {
  return Eigen::Map<const Eigen::VectorXf>(values.data(), static_cast<Eigen::Index>(values.size()))
      .cast<double>();
}

std::vector<float> FloatsOf(const Eigen::VectorXd& vector) {
  const Eigen::VectorXf floats = vector.cast<float>();
  return std::vector<float>(floats.data(), floats.data() + floats.size());
}

std::vector<float> UnitOf(const Eigen::VectorXd& vector) {
  const double length = vector.norm();
  return FloatsOf(length > 0 ? Eigen::VectorXd(vector / length) : vector);
}

std::set<int> ValidationPeople(const std::set<int>& people, std::uint64_t seed) {
  std::vector<std::pair<double, int>> order;
  for (const int person : people)
    order.emplace_back(NamedRandom(seed, std::to_string(person), "embedding map").Uniform(),
                       person);
  std::sort(order.begin(), order.end());
  std::set<int> validation;
  for (size_t k = 0; k < order.size(); k += 4) validation.insert(order[k].second);
  return validation;
}

double AreaUnderRoc(const std::vector<double>& genuine, std::vector<double> impostor) {
  std::sort(impostor.begin(), impostor.end());
  double below = 0;
  for (const double score : genuine) {
    const auto [low, high] = std::equal_range(impostor.begin(), impostor.end(), score);
    below += static_cast<double>(low - impostor.begin()) + 0.5 * static_cast<double>(high - low);
  }
  const double count = static_cast<double>(genuine.size()) * static_cast<double>(impostor.size());
  return count > 0 ? below / count : 0.5;
}

double AreaUnderRoc(const std::vector<Eigen::VectorXd>& probes,
                    const std::vector<Eigen::VectorXd>& templates,
                    const std::vector<int>& subjects) {
  std::vector<double> genuine, impostor;
  for (size_t i = 0; i < subjects.size(); ++i)
    for (size_t j = 0; j < subjects.size(); ++j)
      (subjects[i] == subjects[j] ? genuine : impostor).push_back(probes[i].dot(templates[j]));
  return AreaUnderRoc(genuine, std::move(impostor));
}

Standardiser::Standardiser(const std::vector<const std::vector<float>*>& rows) {
  const size_t size = rows.at(0)->size();
  mean_ = factor_ = Eigen::VectorXd::Zero(static_cast<Eigen::Index>(size));
  for (size_t k = 0; k < size; ++k) {
    double sum = 0, squares = 0, count = 0;
    for (const std::vector<float>* row : rows) {
      if (row->size() != size) throw DataError("descriptors to learn from have different lengths");
      if (!std::isfinite((*row)[k])) continue;
      sum += (*row)[k];
      ++count;
    }
    if (count < 2) continue;
    const double mean = sum / count;
    for (const std::vector<float>* row : rows) {
      if (std::isfinite((*row)[k])) squares += ((*row)[k] - mean) * ((*row)[k] - mean);
    }
    const double spread = std::sqrt(squares / (count - 1));
    mean_[static_cast<Eigen::Index>(k)] = mean;
    // What varies by no more than the rounding of its own size says nothing.
    if (spread > 1e-6 * std::abs(mean) && spread > 1e-12)
      factor_[static_cast<Eigen::Index>(k)] = 1 / spread;
  }
}

Eigen::VectorXd Standardiser::Apply(const std::vector<float>& row) const {
  if (static_cast<Eigen::Index>(row.size()) != mean_.size())
    throw DataError("a descriptor has another length than those that were learned from");
  Eigen::VectorXd values = VectorOf(row);
  for (Eigen::Index k = 0; k < values.size(); ++k)
    values[k] = std::isfinite(values[k]) ? (values[k] - mean_[k]) * factor_[k] : 0;
  return values;
}

}  // namespace maskbench
