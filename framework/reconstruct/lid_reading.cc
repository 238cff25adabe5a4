#include "lid_reading.h"

#include <array>
#include <cmath>
#include <limits>

namespace maskbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kSpread = 1.4142135623730951;  // Expected absolute errors to standard errors.
// A reflex farther from where the fitted cornea shows one is something else, mm.
constexpr double kReflexReachMm = 1.6;
// Standard error of where the cornea would show it, mm [default].
constexpr double kPredictedErrorMm = 0.25;

/// The face's axes in the picture: height of a point above `from` along the face's vertical and its
/// place across, both in real mm.
class FaceAxes {
 public:
  explicit FaceAxes(const EyeSighting& seen) {
    const Eigen::Vector2d up = seen.rotation.col(1).head<2>();
    // A head bent to or fro shows its heights shortened.
    up_ = up / up.squaredNorm() / seen.px_per_mm;
    const Eigen::Vector2d unit = up.normalized();
    right_ = Eigen::Vector2d(unit.y(), -unit.x()) / seen.px_per_mm;
  }
  Eigen::Vector2d Of(const Eigen::Vector2d& view_px) const {
    return {right_.dot(view_px), up_.dot(view_px)};
  }

 private:
  Eigen::Vector2d up_, right_;
};

/// Height of a margin at place x; NaN outside of it.
double HeightAt(const std::array<Eigen::Vector2d, kEyeMapWidth>& margin, double x) {
  for (size_t k = 0; k + 1 < margin.size(); ++k) {
    const double a = margin[k].x() - x, b = margin[k + 1].x() - x;
    if ((a <= 0) == (b <= 0)) continue;
    return margin[k].y() + a / (a - b) * (margin[k + 1].y() - margin[k].y());
  }
  return kNan;
}

void Set(Trace* trace, size_t frame, double value, double error) {
  if (!std::isfinite(value)) return;
  trace->values[frame] = value;
  trace->errors[frame] = error;
}

}  // namespace

void ReadLids(const EyeEvidence& eye, const EyeSighting& seen, const EyeFit& fit, Side side,
              const Eigen::Vector2d& axis_deg, size_t frame, EyeTraces* traces) {
  const FaceAxes axes(seen);
  std::array<Eigen::Vector2d, kEyeMapWidth> upper, lower;
  for (size_t k = 0; k < upper.size(); ++k) {
    upper[k] = axes.Of({eye.upper[k].x, -eye.upper[k].y});
    lower[k] = axes.Of({eye.lower[k].x, -eye.lower[k].y});
  }
  const double mm = 1 / seen.px_per_mm;
  const double upper_error = kSpread * eye.upper_error_px * mm,
               lower_error = kSpread * eye.lower_error_px * mm;

  const bool known = std::isfinite(axis_deg.x());
  const EyeballFit& ball = fit.eyes[static_cast<size_t>(side)];
  const Eigen::Matrix3d turn =
      known ? EyeRotation(axis_deg.x(), axis_deg.y()) : Eigen::Matrix3d::Identity();
  const auto project = [&](double depth_mm) -> Eigen::Vector2d {
    const Eigen::Vector3d point =
        seen.rotation * ball.centre_mm + depth_mm * (seen.eye_rotation * turn.col(2));
    return (seen.px_per_mm * point + seen.origin_px).head<2>();
  };
  Eigen::Vector2d limbus = known ? axes.Of(project(fit.limbus_depth_mm)) : axes.Of(seen.iris_px);
  const double up = HeightAt(upper, limbus.x()), down = HeightAt(lower, limbus.x());
  Set(&traces->aperture_mm, frame, std::max(0.0, up - down), std::hypot(upper_error, lower_error));
  if (!known) return;

  // Outline of the iris above and below its middle in the column of the middle.
  const double radius = fit.record.iris_diameter_mm / 2;
  const Eigen::Matrix3d view = seen.eye_rotation * turn;
  const Eigen::Vector2d a = axes.Of(seen.px_per_mm * radius * view.col(0).head<2>()),
                        b = axes.Of(seen.px_per_mm * radius * fit.limbus_aspect *
                                    view.col(1).head<2>());
  const double half_height = std::hypot(a.y(), b.y());
  const double limbus_error =
      std::hypot(kSpread * eye.iris_y_error_px * mm, half_height * seen.width_error);
  Set(&traces->superior_show_mm, frame, up - (limbus.y() + half_height),
      std::hypot(upper_error, limbus_error));
  Set(&traces->inferior_show_mm, frame, (limbus.y() - half_height) - down,
      std::hypot(lower_error, limbus_error));

  const Eigen::Vector2d expected =
      axes.Of(project(fit.cornea_centre_mm) + seen.px_per_mm * ball.reflex_offset_mm);
  const Eigen::Vector2d found = axes.Of(seen.reflex_px);
  const bool from_reflex = seen.reflex_error_px < std::numeric_limits<double>::infinity() &&
                           (found - expected).norm() < kReflexReachMm;
  const Eigen::Vector2d reflex = from_reflex ? found : expected;
  const double reflex_error = from_reflex ? seen.reflex_error_px * mm : kPredictedErrorMm;
  traces->from_reflex[frame] = from_reflex ? 1 : 0;
  Set(&traces->mrd1_mm, frame, HeightAt(upper, reflex.x()) - reflex.y(),
      std::hypot(upper_error, reflex_error));
  Set(&traces->mrd2_mm, frame, reflex.y() - HeightAt(lower, reflex.x()),
      std::hypot(lower_error, reflex_error));
  if (from_reflex) {
    const bool has_pupil = seen.pupil_error_px < std::numeric_limits<double>::infinity();
    const Eigen::Vector2d offset =
        ((has_pupil ? seen.pupil_px : seen.iris_px) - seen.reflex_px) / seen.px_per_mm;
    const double error =
        std::hypot(has_pupil ? seen.pupil_error_px : seen.along_error_px, seen.reflex_error_px) *
        mm;
    Set(&traces->reflex_to_pupil_x_mm, frame, offset.x(), error);
    Set(&traces->reflex_to_pupil_y_mm, frame, offset.y(), error);
  }
}

}  // namespace maskbench
