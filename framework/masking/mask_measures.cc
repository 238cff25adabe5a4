#include "maskbench/masking/mask_measures.h"

#include <algorithm>
#include <cmath>

#include <Eigen/Dense>
#include <Eigen/Geometry>

#include "maskbench/masking/mask_follower.h"

namespace maskbench {
namespace {

constexpr double kDegrees = 180 / 3.14159265358979323846;

double Median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

Eigen::Vector3d PoseAnglesDeg(const Eigen::Matrix3d& view_from_head) {
  const Eigen::Vector3d forward = view_from_head.col(2);
  const double yaw = std::atan2(forward.x(), forward.z());
  const double pitch = std::asin(std::clamp(forward.y(), -1.0, 1.0));
  const Eigen::Matrix3d tilt = (Eigen::AngleAxisd(pitch, Eigen::Vector3d::UnitX()) *
                                Eigen::AngleAxisd(-yaw, Eigen::Vector3d::UnitY()))
                                   .toRotationMatrix() *
                               view_from_head;
  return kDegrees * Eigen::Vector3d(yaw, pitch, std::atan2(tilt(0, 1), tilt(0, 0)));
}

MaskParameters MeasureMask(const MaskReconstruction& seen, const MaskMeasureOptions& options) {
  MaskParameters parameters;
  MaskHeader& header = parameters.header;
  header.picture_px = seen.picture_px;
  header.rate = seen.rate;
  header.model = options.model;
  header.policy = options.policy;
  header.identity = options.face.identity;
  header.scale = options.face.scale;
  if (options.expressions != nullptr) header.expressions = options.expressions->expressions;
  header.iris_diameter_mm = seen.iris_diameter_mm;
  header.camera_distance_mm = options.camera_distance_mm;
  header.stages = options.stages;

  MaskFollower follower(header.expressions.size(), options.hold_s * seen.rate.hz());
  std::vector<double> scales;
  for (size_t i = 0; i < seen.sights.size(); ++i) {
    const MaskSight& sight = seen.sights[i];
    if (sight.seen) scales.push_back(sight.px_per_mm);
    parameters.frames.push_back(follower.Next(sight, options.expressions != nullptr
                                                         ? options.expressions->activations[i]
                                                         : std::vector<double>()));
  }
  header.focal_px = options.camera_distance_mm * (scales.empty() ? 1 : Median(scales));
  return parameters;
}

MaskParameters MeasureMask(const EyeReading& reading, const EyeFit& fit, FrameRate rate,
                           const MaskMeasureOptions& options) {
  MaskReconstruction seen;
  seen.picture_px = reading.picture_px;
  seen.rate = rate;
  seen.iris_diameter_mm = fit.record.iris_diameter_mm;
  seen.sights = SightsOf(fit);
  return MeasureMask(seen, options);
}

}  // namespace maskbench
