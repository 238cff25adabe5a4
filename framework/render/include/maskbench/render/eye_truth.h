#pragma once

#include <array>
#include <vector>

#include <Eigen/Core>

#include "maskbench/head/eye_measures.h"
#include "maskbench/render/camera.h"
#include "maskbench/render/renderer.h"

namespace maskbench {

/// Ellipse in the picture, pixels; angle of the first axis from +x towards +y, radians.
struct PixelEllipse {
  Eigen::Vector2d centre_px{0, 0};
  Eigen::Vector2d radii_px{0, 0};
  double angle_rad = 0;
};

/// A point of a lid margin in the picture.
struct MarginPoint {
  Eigen::Vector2d pixel{0, 0};
  bool visible = true;  ///< False where hair, an occluder, the nose or a skin fold hides it.
};

/// What is true of one eye in one frame.
struct EyeFrameTruth {
  static constexpr int kMarginPoints = 33;
  /// Medial to lateral corner, evenly spaced along the line between the corners.
  std::array<MarginPoint, kMarginPoints> upper, lower;
  Eigen::Vector2d medial_corner_px{0, 0}, lateral_corner_px{0, 0};
  PixelEllipse iris, pupil;  ///< Complete outlines, also where lids cover them.
  double iris_visible = 0;   ///< Share of the iris outline's area that is seen, 0 … 1.
  Eigen::Vector2d reflex_px{0, 0};
  Eigen::Vector3d pupillary_axis_camera{0, 0, -1};  ///< Unit.
  Eigen::Vector3d visual_axis_camera{0, 0, -1};     ///< Unit.
  Eigen::Vector2d pupillary_axis_head_deg{0, 0};  ///< Azimuth to the patient's left, elevation up.
  Eigen::Vector2d visual_axis_head_deg{0, 0};
  EyeMeasures measures;
};

/// @param positions  posed drawn vertices in the head frame.
/// @param frame      with labels and depth, for visibility; null: everything counts as visible.
EyeFrameTruth TrueEye(Side side, const HeadSurface::Margin& margin,
                      const Eigen::Matrix3Xd& positions, const EyeShape& shape,
                      const EyeState& state, const Pose& head, const Camera& camera,
                      const Eigen::Vector3d& light_camera_mm, const RenderedFrame* frame);

/// Ellipse of the projected closed curve `points` (least squares; at least 6 points).
PixelEllipse FitEllipse(const std::vector<Eigen::Vector2d>& points);

}  // namespace maskbench
