#pragma once

#include <utility>
#include <vector>

#include <Eigen/Core>

#include "maskbench/head/head_model.h"
#include "maskbench/reconstruct/face_fit.h"

namespace maskbench {

/// A head model restricted to the points of the face mesh, the coefficients and the frames' weights
/// that a fit uses; linear about the mean head.
struct FaceBasis {
  FaceBasis(const HeadModel& head, const FaceFitOptions& options);

  /// Replaces mean and expressions by those of an identity; for models that are not linear.
  Eigen::Matrix3Xd Place(const Eigen::VectorXd& identity, Eigen::MatrixXd* expression) const;

  Eigen::Index size() const { return mean_mm.cols(); }

  const HeadModel* model;
  std::vector<int> mesh;             ///< Point of the mesh, by point.
  std::vector<SurfacePoint> points;  ///< On the head.
  /// Sum kEffectivePoints: of each point in the picture.
  Eigen::VectorXd weights;
  /// 1 on what hardly moves against the skull, else 0.
  Eigen::VectorXd skull;
  std::vector<int> sparse;  ///< Points spread over the face, for the identity.
  Eigen::Matrix3Xd mean_mm;
  Eigen::MatrixXd identity;    ///< 3 · points × identity_dims.
  Eigen::MatrixXd expression;  ///< 3 · points × expressions.
  std::vector<int> expressions;
  std::vector<std::pair<double, double>> range;  ///< Of the expressions.
  Eigen::VectorXd spread;                        ///< Prior standard deviation of each.
};

/// What a frame counts like, in independent points.
inline constexpr double kEffectivePoints = 100;

}  // namespace maskbench
