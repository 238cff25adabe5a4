#include "maskbench/perception/face_observation.h"

#include <cmath>

namespace maskbench {

float EyeObservation::iris_diameter_px() const {
  return std::hypot(iris[1].x - iris[3].x, iris[1].y - iris[3].y);
}

float FaceObservation::face_width_px() const {
  const cv::Point3f across = mesh[mesh::kLeftTemple] - mesh[mesh::kRightTemple];
  return std::sqrt(across.dot(across));
}

float FaceObservation::roll_rad() const {
  const cv::Point3f across = mesh[mesh::kLeftEyeOuter] - mesh[mesh::kRightEyeOuter];
  return std::atan2(across.y, across.x);
}

FaceObservation Moved(FaceObservation face, cv::Point2f by) {
  const cv::Point3f shift(by.x, by.y, 0);
  for (cv::Point3f& point : face.mesh) point += shift;
  for (EyeObservation& eye : face.eyes) {
    for (cv::Point3f& point : eye.contour) point += shift;
    for (cv::Point3f& point : eye.iris) point += shift;
  }
  return face;
}

}  // namespace maskbench
