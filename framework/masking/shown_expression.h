#pragma once

#include <utility>
#include <vector>

#include <Eigen/Core>

#include "maskbench/head/head_model.h"

namespace maskbench {

/// FaceFitOptions::mesh_error_mm of masks. The mesh of one person is off by some millimetres in the
/// same way in all frames and over whole regions. Counted like independent errors of 2 mm, that
/// became shape: in 8 rendered people the fitted parametric head lay farther from the true one than
/// its mean does.
inline constexpr double kMaskMeshErrorMm = 6;

/// Differences of activations may be none that a face can show: a mouth that is shut more than
/// usual has negative ones. This finds those within the range whose motion comes nearest.
class ShownExpression {
 public:
  /// @param units  expressions of the model.
  ShownExpression(const HeadModel& model, const std::vector<int>& units);

  /// Coordinate descent from the clamped differences, one for each unit.
  std::vector<double> Of(const Eigen::VectorXd& wanted) const;

 private:
  Eigen::MatrixXd products_;  ///< Of the units' motions, mean over the mesh, mm².
  std::vector<std::pair<double, double>> range_;
  std::vector<double> rest_;  ///< Activations that are not shown.
};

}  // namespace maskbench
