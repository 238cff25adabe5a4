#include "maskbench/render/camera.h"

#include <Eigen/Geometry>

namespace maskbench {

Pose Pose::OfHead(double yaw_deg, double pitch_deg, double roll_deg,
                  const Eigen::Vector3d& translation_mm) {
  constexpr double kRadians = 3.14159265358979323846 / 180.0;
  using Axis = Eigen::AngleAxisd;
  // In the head's frame: +y up, +x the patient's left, +z forward. Turning left moves the nose (+z)
  // towards +x: a positive turn about +y. Pitching up moves it towards +y: negative about +x.
  // Leaning to the left shoulder moves the crown (+y) towards +x: negative about +z.
  const Eigen::Matrix3d turn = (Axis(yaw_deg * kRadians, Eigen::Vector3d::UnitY()) *
                                Axis(-pitch_deg * kRadians, Eigen::Vector3d::UnitX()) *
                                Axis(-roll_deg * kRadians, Eigen::Vector3d::UnitZ()))
                                   .toRotationMatrix();
  Pose pose;
  pose.rotation = Eigen::Matrix3d(Eigen::Vector3d(1, -1, -1).asDiagonal()) * turn;
  pose.translation_mm = translation_mm;
  return pose;
}

}  // namespace maskbench
