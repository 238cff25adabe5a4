#pragma once

#include <optional>

#include "maskbench/head/eye_measures.h"
#include "maskbench/head/lid_rig.h"
#include "maskbench/render/camera.h"

namespace maskbench {

/// Axes in which lids are measured in a picture: place across and height along the face's vertical,
/// mm at the given scale; heights are divided by how much a bent head shortens them.
struct PictureAxes {
  Camera camera;
  Pose head;
  Eigen::Vector2d right, up;  ///< Per px of the picture.

  /// @param turn  of the measured head against the line to it: its second column is the face's
  /// vertical in the axes of the camera.
  PictureAxes(const Camera& camera, const Pose& head, const Eigen::Matrix3d& turn,
              double px_per_mm);
  /// Of a point of the head model's frame.
  Eigen::Vector2d Of(const Eigen::Vector3d& point_mm) const {
    const Eigen::Vector2d pixel = camera.Project(head * point_mm);
    return {right.dot(pixel), up.dot(pixel)};
  }
};

/// As SolveLids, but for MRD1 and MRD2 as a picture shows them (see ReadLids in reconstruct).
/// Nothing where the lids cannot reach them to 0.01 mm.
std::optional<LidPose> SolveLidsInPicture(
    const LidRig& rig, Side side, const EyeShape& shape, const EyePose& eye, double mrd1_mm,
    double mrd2_mm, const LidPose& start, const Eigen::Vector3d& rest_centre_mm,
    const Eigen::Matrix3Xd& rest, const Eigen::Vector3d& camera_mm, const PictureAxes& axes);

}  // namespace maskbench
