#pragma once

#include <Eigen/Core>

#include "maskbench/head/head_model.h"

namespace maskbench {

/// Globe, cornea, limbus and pupil of one eye: a sphere with a spherical corneal cap, after the
/// "simplified geometry and appearance eyeball model" of the digital mask (Nature Medicine 2022),
/// with anatomical sizes.
///
/// Eye frame: origin at the rotation centre (the globe's centre), +z along the pupillary axis,
/// +x to the patient's left, +y up, millimetres.
///
/// The iris is drawn where it *appears* through the cornea (entrance pupil, about 3.05 mm behind
/// the apex; Atchison & Smith, Optics of the Human Eye, 2000), so rays pass the cornea unbent.
struct EyeShape {
  double globe_radius_mm = 12.0;
  double cornea_radius_mm = 7.8;
  /// Half of the horizontal visible iris diameter 11.7 mm (SD 0.42 mm; Rüfer, Cornea 2005).
  double limbus_horizontal_mm = 5.85;
  double limbus_vertical_mm = 5.3;  ///< Half of the vertical visible iris diameter, 10.6 mm.
  double iris_depth_mm = 3.05;      ///< Apparent iris plane behind the corneal apex.
  double pupil_radius_mm = 1.7;
  /// Pupil centre relative to the pupillary axis' foot on the iris plane, eye frame.
  Eigen::Vector2d pupil_offset_mm{0, 0};
  /// Visual axis against pupillary axis, nasal positive: 5.5 ± 1.3° (Hashemi 2010).
  double kappa_nasal_deg = 5.5;
  double kappa_up_deg = 0.0;

  /// Centre of the cornea's sphere on the z axis.
  double CorneaCentreMm() const;
  double ApexMm() const { return CorneaCentreMm() + cornea_radius_mm; }
  double IrisPlaneMm() const { return ApexMm() - iris_depth_mm; }
  /// Distance from the origin to the eye's outer surface along a unit direction (eye frame).
  double SurfaceRadiusMm(const Eigen::Vector3d& direction) const;
  /// Point of the limbus curve at an angle (0 = patient's left, 90° = up), on the outer surface.
  Eigen::Vector3d LimbusPointMm(double angle_rad) const;
  /// Whether a point of the outer surface lies inside the limbus.
  bool InsideLimbus(const Eigen::Vector3d& surface_point) const;
  /// Unit visual axis in the eye frame.
  Eigen::Vector3d VisualAxis(Side side) const;
};

/// Direction by angles in the head frame: azimuth to the patient's left, elevation up.
Eigen::Vector3d GazeDirection(double azimuth_deg, double elevation_deg);
/// Inverse of GazeDirection: (azimuth, elevation) in degrees.
Eigen::Vector2d GazeAngles(const Eigen::Vector3d& direction);

/// Eye frame → head frame for a pupillary axis at (azimuth, elevation): the shortest turn from
/// straight ahead (Listing's law) after a torsion about the axis (patient's upper pole towards the
/// patient's left shoulder positive).
Eigen::Matrix3d EyeRotation(double azimuth_deg, double elevation_deg, double torsion_deg = 0);

/// Angles (azimuth, elevation; degrees) of the pupillary axis with which the *visual* axis points
/// along `direction` (head frame).
Eigen::Vector2d PupillaryAnglesFor(const EyeShape& shape, Side side,
                                   const Eigen::Vector3d& direction);

/// Point of the corneal sphere (eye frame) where a viewer at `camera` sees the mirror image of a
/// light at `light` (both eye frame, mm). For a coaxial light it is the point whose normal meets
/// the camera.
Eigen::Vector3d CornealReflexMm(const EyeShape& shape, const Eigen::Vector3d& camera,
                                const Eigen::Vector3d& light);

}  // namespace maskbench
