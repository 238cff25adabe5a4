#pragma once

#include <memory>

#include "maskbench/head/parametric_head.h"
#include "maskbench/render/actor.h"

namespace maskbench {

/// The parametric head with mouth, tongue and teeth, ready for actors.
std::shared_ptr<const HeadRig> MakeHeadRig(const ParametricHead& head);

/// Any head model as it is: its own faces, at its mean shape.
std::shared_ptr<const HeadRig> MakeHeadRig(const HeadModel& model);

/// Expression units of the parametric head for an ancestry as columns for Actor:
/// 3·vertex_count × units.
Eigen::MatrixXf DenseExpressions(const ParametricHead& head, const HeadRecipe& recipe);

/// Expression basis of any head model as columns for Actor (its Jacobian at rest).
Eigen::MatrixXf DenseExpressions(const HeadModel& model);

}  // namespace maskbench
