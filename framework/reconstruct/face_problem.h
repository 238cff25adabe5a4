#pragma once

#include <vector>

#include <Eigen/Core>

#include "face_basis.h"

namespace maskbench {

/// exp of a rotation vector.
Eigen::Matrix3d TurnBy(const Eigen::Vector3d& radians);
Eigen::Matrix3d CrossMatrix(const Eigen::Vector3d& v);

/// One frame and where its head's frame is taken to be: a point q of it (real mm) lies at
/// rotation · q + centre_mm in the camera frame.
struct FaceShot {
  Eigen::Matrix3d rotation = Eigen::Matrix3d::Identity();
  Eigen::Vector3d centre_mm = Eigen::Vector3d::Zero();
  double px_per_mm = 1;      ///< At the centre.
  Eigen::Matrix3Xd seen_px;  ///< Mesh as MeshFrame::mesh_px, by point of the basis.
};

/// What all frames share.
struct FaceShared {
  Eigen::VectorXd identity;
  double log_scale = 0;  ///< Of real mm per mm of the model.
  /// The model in the head's frame: q = exp(turn) · rotation · (scale · X) + shift_mm.
  Eigen::Matrix3d rotation = Eigen::Matrix3d::Identity();
  Eigen::Vector3d turn = Eigen::Vector3d::Zero(), shift_mm = Eigen::Vector3d::Zero();
};

struct FaceProblem {
  const FaceBasis* basis;
  double focal_px;
  Eigen::Vector2d principal_px;
  double mesh_error_mm, depth_weight;
  bool given_pose;  ///< Poses are close, and the model's place in the head's frame is fitted.
};

struct FaceSolution {
  int iterations = 0;
  bool converged = false;
};

/// Identity, scale, places and expressions of all shots together (Ceres; Levenberg–Marquardt with
/// the shots eliminated first).
FaceSolution SolveFace(const FaceProblem& problem, const std::vector<FaceShot>& shots,
                       FaceShared* shared);

/// Huber's threshold, in standard errors of a point.
inline constexpr double kFaceHuber = 2;
/// Unknowns of a frame, behind its activations: what the mesh's depth is off by (mm), and how the
/// mesh is off the pose of the shot, turn (radians, in the camera frame, about the centre) and
/// shift (mm). Their prior standard deviations: the mesh strays from a given pose by some degrees
/// and mm, with the gaze above all.
Eigen::Matrix<double, 7, 1> FaceOwnSpread(bool given_pose, double distance_mm);

}  // namespace maskbench
