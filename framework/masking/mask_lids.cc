#include "mask_lids.h"

#include <algorithm>
#include <cmath>

namespace maskbench {

PictureAxes::PictureAxes(const Camera& camera_of, const Pose& head_of, const Eigen::Matrix3d& turn,
                         double px_per_mm)
    : camera(camera_of), head(head_of) {
  const Eigen::Vector2d vertical = turn.col(1).head<2>();
  const double length = std::max(0.1, vertical.norm());
  const Eigen::Vector2d unit = vertical / length;
  right = Eigen::Vector2d(-unit.y(), unit.x()) / px_per_mm;
  up = unit / length / px_per_mm;
}

std::optional<LidPose> SolveLidsInPicture(
    const LidRig& rig, Side side, const EyeShape& shape, const EyePose& eye, double mrd1_mm,
    double mrd2_mm, const LidPose& start, const Eigen::Vector3d& rest_centre_mm,
    const Eigen::Matrix3Xd& rest, const Eigen::Vector3d& camera_mm, const PictureAxes& axes) {
  const HeadSurface::Margin& margin = rig.surface().margins()[static_cast<size_t>(side)];
  LidPose pose = start;
  Eigen::Matrix3Xd moved = rest, seen(3, rest.cols());
  for (int step = 0; step < 60; ++step) {
    const EyeState state = rig.PoseMargins(side, shape, eye, pose, rest_centre_mm, rest, &moved);
    for (const std::vector<int>* chain :
         {&margin.upper_inner, &margin.upper_outer, &margin.lower_inner, &margin.lower_outer}) {
      for (const int v : *chain) seen.col(v).head<2>() = axes.Of(moved.col(v));
    }
    const VisibleMargins margins(margin, seen);
    const Eigen::Vector3d at_camera =
        state.rotation.transpose() * (camera_mm - state.globe_centre_mm);
    const Eigen::Vector2d reflex = axes.Of(
        state.rotation * CornealReflexMm(shape, at_camera, at_camera) + state.globe_centre_mm);
    const double upper = mrd1_mm - (margins.UpperMm(reflex.x()) - reflex.y());
    const double lower = mrd2_mm - (reflex.y() - margins.LowerMm(reflex.x()));
    if (std::isnan(upper) || std::isnan(lower)) return std::nullopt;
    if (std::abs(upper) < 0.005 && std::abs(lower) < 0.005) return pose;
    // Smaller steps later, for heads that are bent far.
    const double share = step < 20 ? 1.0 : 0.5;
    pose.upper_mm += share * upper;
    pose.lower_mm += share * lower;
  }
  return std::nullopt;
}

}  // namespace maskbench
