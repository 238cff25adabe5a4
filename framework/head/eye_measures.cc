#include "maskbench/head/eye_measures.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "maskbench/core/error.h"

namespace maskbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::vector<Eigen::Vector2d> Chain(const std::vector<int>& ring,
                                   const Eigen::Matrix3Xd& positions) {
  std::vector<Eigen::Vector2d> chain;
  for (int v : ring) chain.emplace_back(positions(0, v), positions(1, v));
  return chain;
}

// Height of a polyline at x: of several crossings the one that `pick` prefers.
template <typename Pick>
double HeightAt(const std::vector<Eigen::Vector2d>& chain, double x, Pick pick) {
  double height = kNan;
  for (size_t k = 0; k + 1 < chain.size(); ++k) {
    const Eigen::Vector2d &a = chain[k], &b = chain[k + 1];
    if (x < std::min(a.x(), b.x()) || x > std::max(a.x(), b.x())) continue;
    const double span = b.x() - a.x();
    const double t = span == 0 ? 0.5 : (x - a.x()) / span;
    const double y = a.y() + t * (b.y() - a.y());
    height = std::isnan(height) ? y : pick(height, y);
  }
  return height;
}

double Lowest(double a, double b) { return std::min(a, b); }
double Highest(double a, double b) { return std::max(a, b); }

// NaN only where the inner edge, which bounds the globe, is missing.
template <typename Pick>
double Edge(const std::vector<Eigen::Vector2d>& inner, const std::vector<Eigen::Vector2d>& outer,
            double x, Pick pick) {
  const double first = HeightAt(inner, x, pick), second = HeightAt(outer, x, pick);
  if (std::isnan(first) || std::isnan(second)) return first;
  return pick(first, second);
}

}  // namespace

VisibleMargins::VisibleMargins(const HeadSurface::Margin& margin, const Eigen::Matrix3Xd& positions)
    : upper_inner_(Chain(margin.upper_inner, positions)),
      upper_outer_(Chain(margin.upper_outer, positions)),
      lower_inner_(Chain(margin.lower_inner, positions)),
      lower_outer_(Chain(margin.lower_outer, positions)) {}

double VisibleMargins::UpperMm(double x) const {
  return Edge(upper_inner_, upper_outer_, x, Lowest);
}

double VisibleMargins::LowerMm(double x) const {
  return Edge(lower_inner_, lower_outer_, x, Highest);
}

EyeMeasures MeasureEye(const HeadSurface::Margin& margin, const Eigen::Matrix3Xd& positions,
                       const EyeShape& shape, const EyeState& state,
                       const Eigen::Vector3d& camera_mm, const Eigen::Vector3d& light_mm) {
  const VisibleMargins margins(margin, positions);
  const Eigen::Matrix3d to_eye = state.rotation.transpose();
  auto to_head = [&](const Eigen::Vector3d& eye) -> Eigen::Vector3d {
    return state.rotation * eye + state.globe_centre_mm;
  };
  EyeMeasures measures;
  measures.reflex_mm = to_head(CornealReflexMm(shape, to_eye * (camera_mm - state.globe_centre_mm),
                                               to_eye * (light_mm - state.globe_centre_mm)));
  measures.pupil_mm =
      to_head({shape.pupil_offset_mm.x(), shape.pupil_offset_mm.y(), shape.IrisPlaneMm()});
  measures.mrd1_mm = margins.UpperMm(measures.reflex_mm.x()) - measures.reflex_mm.y();
  measures.mrd2_mm = measures.reflex_mm.y() - margins.LowerMm(measures.reflex_mm.x());
  measures.pfh_mm = measures.mrd1_mm + measures.mrd2_mm;
  measures.upper_from_pupil_mm = margins.UpperMm(measures.pupil_mm.x()) - measures.pupil_mm.y();
  measures.lower_from_pupil_mm = measures.pupil_mm.y() - margins.LowerMm(measures.pupil_mm.x());
  // Highest and lowest limbus points of the frontal view.
  Eigen::Vector3d top(0, -1e9, 0), bottom(0, 1e9, 0);
  for (int k = 0; k < 360; ++k) {
    const Eigen::Vector3d point = to_head(shape.LimbusPointMm(k * 3.14159265358979323846 / 180.0));
    if (point.y() > top.y()) top = point;
    if (point.y() < bottom.y()) bottom = point;
  }
  measures.superior_show_mm = margins.UpperMm(top.x()) - top.y();
  measures.inferior_show_mm = bottom.y() - margins.LowerMm(bottom.x());
  measures.protrusion_mm = state.globe_centre_mm.z() - state.rest_centre_mm.z();
  return measures;
}

LidPose SolveLids(const LidRig& rig, Side side, const EyeShape& shape, const EyePose& eye,
                  double mrd1_mm, double mrd2_mm, const LidPose& start,
                  const Eigen::Vector3d& rest_centre_mm, const Eigen::Matrix3Xd& rest,
                  const Eigen::Vector3d& camera_mm, const Eigen::Vector3d& light_mm) {
  LidPose pose = start;
  Eigen::Matrix3Xd moved = rest;
  const HeadSurface::Margin& margin = rig.surface().margins()[static_cast<int>(side)];
  double upper_error = 0, lower_error = 0;
  for (int step = 0; step < 40; ++step) {
    const EyeState state = rig.PoseMargins(side, shape, eye, pose, rest_centre_mm, rest, &moved);
    const EyeMeasures measures = MeasureEye(margin, moved, shape, state, camera_mm, light_mm);
    upper_error = mrd1_mm - measures.mrd1_mm;
    lower_error = mrd2_mm - measures.mrd2_mm;
    if (std::isnan(upper_error) || std::isnan(lower_error)) break;
    if (std::abs(upper_error) < 0.005 && std::abs(lower_error) < 0.005) return pose;
    pose.upper_mm += upper_error;
    pose.lower_mm += lower_error;
  }
  if (std::abs(upper_error) < 0.01 && std::abs(lower_error) < 0.01) return pose;
  throw DataError("lids of the " + std::string(side == Side::kLeft ? "left" : "right") +
                  " eye cannot reach MRD1 " + std::to_string(mrd1_mm) + " mm with MRD2 " +
                  std::to_string(mrd2_mm) + " mm at this gaze");
}

}  // namespace maskbench
