#pragma once

#include <string>
#include <vector>

#include <Eigen/Core>

namespace maskbench::virtual_clinic {

/// Names of the parametric head's expression units, in the order of ParametricHead::Expressions,
/// which is that of ActorPose::expression.
const std::vector<std::string>& ExpressionNames();

/// Index of a unit. Throws UsageError for an unknown name.
int ExpressionUnit(const std::string& name);

/// A face at rest: every unit 0.
Eigen::VectorXd RestingFace();

}  // namespace maskbench::virtual_clinic
