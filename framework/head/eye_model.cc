#include "maskbench/head/eye_model.h"

#include <algorithm>
#include <cmath>

#include <Eigen/Geometry>

namespace maskbench {
namespace {

constexpr double kRadians = 3.14159265358979323846 / 180.0;

}  // namespace

double EyeShape::CorneaCentreMm() const {
  const double a2 = limbus_horizontal_mm * limbus_horizontal_mm;
  return std::sqrt(globe_radius_mm * globe_radius_mm - a2) -
         std::sqrt(cornea_radius_mm * cornea_radius_mm - a2);
}

double EyeShape::SurfaceRadiusMm(const Eigen::Vector3d& direction) const {
  if (direction.z() <= 0) return globe_radius_mm;
  const double centre = CorneaCentreMm();
  const double along = centre * direction.z();
  const double inside = along * along - centre * centre + cornea_radius_mm * cornea_radius_mm;
  if (inside <= 0) return globe_radius_mm;
  return std::max(globe_radius_mm, along + std::sqrt(inside));
}

Eigen::Vector3d EyeShape::LimbusPointMm(double angle_rad) const {
  const double x = limbus_horizontal_mm * std::cos(angle_rad);
  const double y = limbus_vertical_mm * std::sin(angle_rad);
  const double z =
      CorneaCentreMm() + std::sqrt(cornea_radius_mm * cornea_radius_mm - x * x - y * y);
  return {x, y, z};
}

bool EyeShape::InsideLimbus(const Eigen::Vector3d& surface_point) const {
  if (surface_point.z() <= 0) return false;
  const double u = surface_point.x() / limbus_horizontal_mm;
  const double v = surface_point.y() / limbus_vertical_mm;
  return u * u + v * v <= 1.0;
}

Eigen::Vector3d EyeShape::VisualAxis(Side side) const {
  const double nasal = side == Side::kLeft ? -1.0 : 1.0;
  return GazeDirection(nasal * kappa_nasal_deg, kappa_up_deg);
}

Eigen::Vector3d GazeDirection(double azimuth_deg, double elevation_deg) {
  const double azimuth = azimuth_deg * kRadians, elevation = elevation_deg * kRadians;
  return {std::sin(azimuth) * std::cos(elevation), std::sin(elevation),
          std::cos(azimuth) * std::cos(elevation)};
}

Eigen::Vector2d GazeAngles(const Eigen::Vector3d& direction) {
  return {std::atan2(direction.x(), direction.z()) / kRadians,
          std::asin(std::clamp(direction.y() / direction.norm(), -1.0, 1.0)) / kRadians};
}

Eigen::Matrix3d EyeRotation(double azimuth_deg, double elevation_deg, double torsion_deg) {
  const Eigen::Matrix3d turn =
      Eigen::Quaterniond::FromTwoVectors(Eigen::Vector3d::UnitZ(),
                                         GazeDirection(azimuth_deg, elevation_deg))
          .toRotationMatrix();
  // The upper pole (+y) moves towards +x: negative about +z.
  return turn * Eigen::AngleAxisd(-torsion_deg * kRadians, Eigen::Vector3d::UnitZ());
}

Eigen::Vector2d PupillaryAnglesFor(const EyeShape& shape, Side side,
                                   const Eigen::Vector3d& direction) {
  const Eigen::Vector3d axis = shape.VisualAxis(side);
  const Eigen::Vector2d wanted = GazeAngles(direction);
  Eigen::Vector2d angles = wanted;
  for (int step = 0; step < 20; ++step) {
    const Eigen::Vector2d got = GazeAngles(EyeRotation(angles.x(), angles.y()) * axis);
    const Eigen::Vector2d error = wanted - got;
    angles += error;
    if (error.norm() < 1e-10) break;
  }
  return angles;
}

Eigen::Vector3d CornealReflexMm(const EyeShape& shape, const Eigen::Vector3d& camera,
                                const Eigen::Vector3d& light) {
  const Eigen::Vector3d centre(0, 0, shape.CorneaCentreMm());
  Eigen::Vector3d normal =
      ((camera - centre).normalized() + (light - centre).normalized()).normalized();
  for (int step = 0; step < 50; ++step) {
    const Eigen::Vector3d point = centre + shape.cornea_radius_mm * normal;
    const Eigen::Vector3d next =
        ((camera - point).normalized() + (light - point).normalized()).normalized();
    const double change = (next - normal).norm();
    normal = next;
    if (change < 1e-13) break;
  }
  return centre + shape.cornea_radius_mm * normal;
}

}  // namespace maskbench
