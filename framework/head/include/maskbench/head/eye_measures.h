#pragma once

#include <vector>

#include <Eigen/Core>

#include "maskbench/head/lid_rig.h"

namespace maskbench {

/// Lid distances of one posed eye in the head's frontal plane (orthographic onto x and y), mm.
/// A value is NaN where its column misses the eye opening.
struct EyeMeasures {
  Eigen::Vector3d reflex_mm{0, 0, 0};  ///< Corneal light reflex, head frame.
  Eigen::Vector3d pupil_mm{0, 0, 0};   ///< Pupil centre, head frame.
  double mrd1_mm = 0;  ///< Reflex to upper margin; negative when the margin is below the reflex.
  double mrd2_mm = 0;  ///< Reflex to lower margin.
  double pfh_mm = 0;   ///< MRD1 + MRD2.
  double upper_from_pupil_mm = 0;  ///< As MRD1, from the pupil centre.
  double lower_from_pupil_mm = 0;
  /// Sclera between limbus and margin above and below the limbus; negative: so much limbus is
  /// covered.
  double superior_show_mm = 0;
  double inferior_show_mm = 0;
  double protrusion_mm = 0;
};

/// The margins as seen from the front: for upper lids the lower of inner and outer edge.
class VisibleMargins {
 public:
  /// @param positions  posed drawn vertices, head frame.
  VisibleMargins(const HeadSurface::Margin& margin, const Eigen::Matrix3Xd& positions);
  double UpperMm(double x) const;  ///< Height at a head-frame x; NaN beyond the corners.
  double LowerMm(double x) const;

 private:
  std::vector<Eigen::Vector2d> upper_inner_, upper_outer_, lower_inner_, lower_outer_;
};

/// @param camera_mm, light_mm  head frame.
EyeMeasures MeasureEye(const HeadSurface::Margin& margin, const Eigen::Matrix3Xd& positions,
                       const EyeShape& shape, const EyeState& state,
                       const Eigen::Vector3d& camera_mm, const Eigen::Vector3d& light_mm);

/// The lid pose with which MRD1 and MRD2 have the wanted values for this gaze and protrusion.
/// Converges to 0.01 mm where the lids can reach the target; throws DataError naming the side where
/// they cannot.
LidPose SolveLids(const LidRig& rig, Side side, const EyeShape& shape, const EyePose& eye,
                  double mrd1_mm, double mrd2_mm, const LidPose& start,
                  const Eigen::Vector3d& rest_centre_mm, const Eigen::Matrix3Xd& rest,
                  const Eigen::Vector3d& camera_mm, const Eigen::Vector3d& light_mm);

}  // namespace maskbench
