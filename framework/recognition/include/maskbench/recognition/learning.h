// What everything here shares that is learned from descriptors of people.
#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include <Eigen/Core>

namespace maskbench {

Eigen::VectorXd VectorOf(const std::vector<float>& values);
std::vector<float> FloatsOf(const Eigen::VectorXd& vector);
/// Scaled to length 1; zero stays zero.
std::vector<float> UnitOf(const Eigen::VectorXd& vector);

/// The quarter of the people on whom settings are chosen: every fourth in a drawn order.
std::set<int> ValidationPeople(const std::set<int>& people, std::uint64_t seed);

/// P(genuine > impostor) + ½ P(equal); 0.5 without either.
double AreaUnderRoc(const std::vector<double>& genuine, std::vector<double> impostor);

/// AreaUnderRoc of inner products between all probes and all templates. @param subjects  whose
/// both are, one of each.
double AreaUnderRoc(const std::vector<Eigen::VectorXd>& probes,
                    const std::vector<Eigen::VectorXd>& templates,
                    const std::vector<int>& subjects);

/// Mean and reciprocal spread of each number over the rows of a training set; 0 for numbers that do
/// not vary. Numbers that are not finite do not count, and become the mean.
class Standardiser {
 public:
  Standardiser() = default;
  explicit Standardiser(const std::vector<const std::vector<float>*>& rows);
  Eigen::VectorXd Apply(const std::vector<float>& row) const;

 private:
  Eigen::VectorXd mean_, factor_;
};

}  // namespace maskbench
