#include "corner_sight.h"

#include <cmath>

#include <Eigen/Dense>

namespace maskbench {
namespace {

// How much the mesh's size and tilt of a frame count beside the corners: standard errors.
constexpr double kMeshScaleShare = 0.03;
// Corners' places are trusted no better than this, px; those of blinking eyes less.
constexpr double kCornerFloorPx = 0.3;
// Beside a covered eye its neighbour's inner corner counts so much: what covers the one reaches
// over the nose, hides and shades it, and the corner is read too far from the nose (by 0.2 to 0.5
// mm on rendered cover tests).
constexpr double kInnerBesideCover = 0.1;

}  // namespace

Sight SightOf(const std::array<EyeEvidence, 2>& eyes) {
  Sight sight;
  for (size_t s = 0; s < 2; ++s) {
    const EyeEvidence& eye = eyes[s];
    for (size_t k = 0; k < 2; ++k) {
      const SeenPoint& corner = k == 0 ? eye.medial : eye.lateral;
      sight.view_px[2 * s + k] = {corner.at.x, -corner.at.y};
      if (eye.in_sight < 0.5) continue;
      const double error = std::hypot(corner.error_px, kCornerFloorPx) * (1 + eye.shut);
      const bool beside = k == 0 && eyes[1 - s].in_sight < 0.5;
      sight.weights[2 * s + k] = (beside ? kInnerBesideCover : 1.0) / (error * error);
    }
  }
  return sight;
}

Eigen::Vector2d ShapeOf(const Sight& sight, const Corners& model_px) {
  Eigen::Matrix4d normal = Eigen::Matrix4d::Zero();
  Eigen::Vector4d right = Eigen::Vector4d::Zero();
  for (size_t k = 0; k < kCorners; ++k) {
    const Eigen::Vector2d& p = model_px[k];
    Eigen::Matrix<double, 2, 4> jacobian;
    jacobian << p.x(), -p.y(), 1, 0, p.y(), p.x(), 0, 1;
    const double weight = sight.weights[k];
    normal += weight * jacobian.transpose() * jacobian;
    right += weight * jacobian.transpose() * sight.view_px[k];
  }
  const double mesh_weight = 1 / (kMeshScaleShare * kMeshScaleShare);
  normal(0, 0) += mesh_weight;
  normal(1, 1) += mesh_weight;
  right[0] += mesh_weight;
  return normal.ldlt().solve(right).head<2>();
}

Eigen::Vector2d Turned(const Eigen::Vector2d& shape, const Eigen::Vector2d& point) {
  return {shape.x() * point.x() - shape.y() * point.y(),
          shape.y() * point.x() + shape.x() * point.y()};
}

Eigen::Vector2d TurnedBack(const Eigen::Vector2d& shape, const Eigen::Vector2d& point) {
  return {shape.x() * point.x() + shape.y() * point.y(),
          -shape.y() * point.x() + shape.x() * point.y()};
}

}  // namespace maskbench
