#pragma once

#include <vector>

#include <Eigen/Core>

#include "maskbench/head/head_model.h"

namespace maskbench {

/// x ↦ scale · rotation · x + translation.
struct Similarity {
  double scale = 1;
  Eigen::Matrix3d rotation = Eigen::Matrix3d::Identity();
  Eigen::Vector3d translation_mm = Eigen::Vector3d::Zero();

  Eigen::Vector3d operator*(const Eigen::Vector3d& point) const {
    return scale * rotation * point + translation_mm;
  }
  Eigen::Matrix3Xd operator*(const Eigen::Matrix3Xd& points) const {
    return (scale * rotation * points).colwise() + translation_mm;
  }
};

/// The similarity that brings `from` closest to `to` in the weighted least-squares sense (Umeyama,
/// PAMI 1991), a rigid motion unless `with_scale`. Weights may be empty.
Similarity Align(const Eigen::Matrix3Xd& from, const Eigen::Matrix3Xd& to, bool with_scale = false,
                 const Eigen::VectorXd& weights = {});

struct ShapeFitOptions {
  /// Prior of a coefficient against the points: the variance in mm² that a point is thought to
  /// have, i.e. minimised is Σ weight · residual² + prior · Σ coefficient². 0: no prior.
  double identity_prior_mm2 = 1.0;
  double expression_prior_mm2 = 1.0;
  bool fit_identity = true;
  bool fit_expression = true;
  bool keep_expression_range = true;  ///< Hold activations within HeadModel::ExpressionRange().
  bool fit_scale = false;
  int iterations = 10;
  Eigen::VectorXd point_weights;  ///< Empty: all 1.
};

struct ShapeFit {
  Eigen::VectorXd identity, expression;
  Similarity pose;               ///< From the head frame to that of the targets.
  double rms_mm = 0;             ///< Root of the mean squared distance, weighted as the points are.
  Eigen::VectorXd distances_mm;  ///< By point.
};

/// Coefficients and pose that bring points of a head closest to targets (mm, any frame):
/// Gauss–Newton on coefficients and pose together, from the pose of the mean shape. Throws
/// UsageError when there are fewer than three points or the lengths differ.
ShapeFit FitShape(const HeadModel& model, const std::vector<SurfacePoint>& points,
                  const Eigen::Matrix3Xd& targets_mm, const ShapeFitOptions& options = {});

}  // namespace maskbench
