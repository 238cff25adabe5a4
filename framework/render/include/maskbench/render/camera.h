#pragma once

#include <Eigen/Core>

namespace maskbench {

/// Pinhole camera. Camera frame: millimetres, origin at the centre of projection, +x right and
/// +y down in the picture, +z into the scene. Pixel (0, 0) is the *centre* of the top left pixel.
struct Camera {
  int width_px = 640;
  int height_px = 480;
  double focal_px = 1200.0;
  Eigen::Vector2d principal_px{319.5, 239.5};

  Eigen::Vector2d Project(const Eigen::Vector3d& point_mm) const {
    return {focal_px * point_mm.x() / point_mm.z() + principal_px.x(),
            focal_px * point_mm.y() / point_mm.z() + principal_px.y()};
  }
  /// Direction (not normalised, z = 1) of the ray through a pixel.
  Eigen::Vector3d Ray(const Eigen::Vector2d& pixel) const {
    return {(pixel.x() - principal_px.x()) / focal_px, (pixel.y() - principal_px.y()) / focal_px,
            1.0};
  }
};

/// Rigid placement of a frame in the camera frame: camera = rotation · local + translation_mm.
struct Pose {
  Eigen::Matrix3d rotation =
      Eigen::Vector3d(1, -1, -1).asDiagonal();  ///< A head facing the camera.
  Eigen::Vector3d translation_mm{0, 0, 600};

  Eigen::Vector3d operator*(const Eigen::Vector3d& local_mm) const {
    return rotation * local_mm + translation_mm;
  }
  /// Head turned by yaw (to the patient's left), pitch (up) and roll (towards the patient's left
  /// shoulder), in degrees, applied in the order roll, pitch, yaw.
  static Pose OfHead(double yaw_deg, double pitch_deg, double roll_deg,
                     const Eigen::Vector3d& translation_mm);
};

}  // namespace maskbench
