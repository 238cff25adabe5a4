#include "maskbench/head/eye_model.h"

#include <cmath>

#include <Eigen/Geometry>
#include <gtest/gtest.h>

namespace maskbench {
namespace {

constexpr double kRadians = 3.14159265358979323846 / 180.0;

TEST(EyeShape, SizesAreAnatomical) {
  const EyeShape eye;
  // Corneal apex 13.1 mm before the rotation centre; limbus plane 10.48 mm (12² − 5.85² = 10.478²).
  EXPECT_NEAR(eye.ApexMm(), 10.478 - std::sqrt(7.8 * 7.8 - 5.85 * 5.85) + 7.8, 1e-3);
  EXPECT_NEAR(eye.LimbusPointMm(0).z(), 10.478, 1e-3);
  EXPECT_NEAR(eye.LimbusPointMm(0).x(), 5.85, 1e-12);
  EXPECT_NEAR(eye.LimbusPointMm(90 * kRadians).y(), 5.3, 1e-12);
}

TEST(EyeShape, SurfaceIsTheUnionOfGlobeAndCornea) {
  const EyeShape eye;
  EXPECT_NEAR(eye.SurfaceRadiusMm({0, 0, 1}), eye.ApexMm(), 1e-12);
  EXPECT_DOUBLE_EQ(eye.SurfaceRadiusMm({1, 0, 0}), 12.0);
  EXPECT_DOUBLE_EQ(eye.SurfaceRadiusMm({0, 0, -1}), 12.0);
  for (double angle = 0; angle < 80; angle += 0.5) {
    const Eigen::Vector3d direction(std::sin(angle * kRadians), 0, std::cos(angle * kRadians));
    const Eigen::Vector3d point = eye.SurfaceRadiusMm(direction) * direction;
    const double to_cornea = (point - Eigen::Vector3d(0, 0, eye.CorneaCentreMm())).norm();
    const bool on_cap = std::abs(to_cornea - 7.8) < 1e-9;
    const bool on_globe = std::abs(point.norm() - 12.0) < 1e-9;
    EXPECT_TRUE(on_cap || on_globe) << angle;
    EXPECT_EQ(on_cap && point.x() < 5.84, point.x() < 5.84) << angle;
  }
}

TEST(EyeRotation, TurnsByListingsLaw) {
  for (double azimuth : {-35.0, 0.0, 20.0})
    for (double elevation : {-30.0, 0.0, 25.0}) {
      const Eigen::Matrix3d rotation = EyeRotation(azimuth, elevation);
      EXPECT_NEAR((rotation.col(2) - GazeDirection(azimuth, elevation)).norm(), 0, 1e-12);
      EXPECT_NEAR(rotation.determinant(), 1, 1e-12);
      // Listing: the axis of the turn from straight ahead has no component along it.
      const Eigen::AngleAxisd turn(rotation);
      if (turn.angle() > 1e-9) {
        EXPECT_NEAR(turn.axis().z(), 0, 1e-9);
      }
      const Eigen::Vector2d angles = GazeAngles(rotation.col(2));
      EXPECT_NEAR(angles.x(), azimuth, 1e-9);
      EXPECT_NEAR(angles.y(), elevation, 1e-9);
    }
  // The upper pole leans to the patient's left (+x) in positive torsion.
  EXPECT_GT(EyeRotation(0, 0, 10).col(1).x(), 0.17);
}

TEST(EyeShape, KappaPointsTheVisualAxisNasally) {
  EyeShape eye;
  eye.kappa_nasal_deg = 5.5;
  EXPECT_LT(eye.VisualAxis(Side::kLeft).x(), 0);
  EXPECT_GT(eye.VisualAxis(Side::kRight).x(), 0);
  EXPECT_NEAR(std::acos(eye.VisualAxis(Side::kLeft).z()) / kRadians, 5.5, 1e-9);
  // Straight eyes that fixate far away: pupillary axes diverge by 11 degrees.
  const Eigen::Vector2d left = PupillaryAnglesFor(eye, Side::kLeft, {0, 0, 1});
  const Eigen::Vector2d right = PupillaryAnglesFor(eye, Side::kRight, {0, 0, 1});
  EXPECT_NEAR(left.x() - right.x(), 11.0, 1e-6);
}

TEST(EyeShape, PupillaryAnglesBringTheVisualAxisOntoTheTarget) {
  EyeShape eye;
  eye.kappa_up_deg = 1.2;
  for (Side side : kSides)
    for (double azimuth : {-40.0, -5.0, 30.0})
      for (double elevation : {-35.0, 0.0, 30.0}) {
        const Eigen::Vector3d target = GazeDirection(azimuth, elevation);
        const Eigen::Vector2d angles = PupillaryAnglesFor(eye, side, target);
        const Eigen::Vector3d seen = EyeRotation(angles.x(), angles.y()) * eye.VisualAxis(side);
        EXPECT_NEAR((seen - target).norm(), 0, 1e-8);
      }
}

TEST(CornealReflex, ObeysTheLawOfReflection) {
  const EyeShape eye;
  const Eigen::Vector3d camera(60, -40, 500), light(-100, 80, 450);
  const Eigen::Vector3d point = CornealReflexMm(eye, camera, light);
  const Eigen::Vector3d normal = (point - Eigen::Vector3d(0, 0, eye.CorneaCentreMm())) / 7.8;
  EXPECT_NEAR(normal.norm(), 1, 1e-9);
  const Eigen::Vector3d in = (light - point).normalized(), out = (camera - point).normalized();
  EXPECT_NEAR(in.dot(normal), out.dot(normal), 1e-9);
  EXPECT_NEAR(normal.dot(in.cross(out)), 0, 1e-9);
}

TEST(CornealReflex, CoaxialLightLiesOnTheLineToTheCornealCentre) {
  const EyeShape eye;
  const Eigen::Vector3d camera(0, 0, 600);
  EXPECT_NEAR((CornealReflexMm(eye, camera, camera) - Eigen::Vector3d(0, 0, eye.ApexMm())).norm(),
              0, 1e-9);
}

// Hirschberg: the reflex moves against the pupil by 1 mm per 19.9 ± 1.9 prism dioptres.
TEST(CornealReflex, HirschbergRatioIsThePublishedOne) {
  const EyeShape eye;
  const Eigen::Vector3d camera(0, 0, 600);
  double least = 1e9, most = 0;
  for (double degrees : {-20.0, -10.0, -5.0, 5.0, 10.0, 20.0}) {
    const Eigen::Matrix3d rotation = EyeRotation(degrees, 0);
    const Eigen::Vector3d reflex = rotation * CornealReflexMm(eye, rotation.transpose() * camera,
                                                              rotation.transpose() * camera);
    const Eigen::Vector3d pupil = rotation * Eigen::Vector3d(0, 0, eye.IrisPlaneMm());
    const double dioptres = 100 * std::tan(std::abs(degrees) * kRadians);
    const double ratio = dioptres / std::abs(pupil.x() - reflex.x());
    least = std::min(least, ratio);
    most = std::max(most, ratio);
  }
  EXPECT_GT(least, 19.9 - 1.9);
  EXPECT_LT(most, 19.9 + 3.2);  // 100·tan grows faster than the sine at 20 degrees.
  RecordProperty("dioptres_per_mm_5deg", std::to_string(least));
}

}  // namespace
}  // namespace maskbench
