#include "maskbench/masking/mask_measures.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include <Eigen/Dense>
#include <Eigen/Geometry>

#include "maskbench/masking/mask_follower.h"

namespace maskbench {
namespace {

constexpr double kDegrees = 180 / 3.14159265358979323846;
constexpr double kInSight = 0.5;

double Median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Places of both globes' centres from the two orbits of a head. Where something hides one eye, its
/// orbit is put where it usually is against the other one.
class GlobePlaces {
 public:
  explicit GlobePlaces(const EyeFit& fit) : fit_(fit) {
    std::array<std::vector<double>, 2> across;
    for (size_t i = 0; i < fit.head[0].size(); ++i) {
      if (!fit.head[0][i].seen || !InSight(0, i) || !InSight(1, i)) continue;
      const Eigen::Vector2d apart = InHead(i).inverse() * (At(1, i) - At(0, i));
      across[0].push_back(apart.x());
      across[1].push_back(apart.y());
    }
    if (!across[0].empty()) apart_ = Eigen::Vector2d(Median(across[0]), Median(across[1]));
  }

  /// View px of the point between the globes.
  Eigen::Vector2d Between(size_t frame) const {
    const bool right = InSight(0, frame), left = InSight(1, frame);
    if (apart_ && right != left) {
      const Eigen::Vector2d half = InHead(frame) * *apart_ / 2;
      return right ? Eigen::Vector2d(At(0, frame) + half) : Eigen::Vector2d(At(1, frame) - half);
    }
    return (At(0, frame) + At(1, frame)) / 2;
  }

 private:
  bool InSight(size_t s, size_t frame) const {
    return fit_.record.eyes[s].in_sight[frame] >= kInSight;
  }
  /// View px per mm of the frontal plane.
  Eigen::Matrix2d InHead(size_t frame) const {
    const HeadView& view = fit_.head[0][frame];
    return view.scale_px / fit_.size * view.rotation.topLeftCorner<2, 2>();
  }
  Eigen::Vector2d At(size_t s, size_t frame) const {
    const HeadView& view = fit_.head[s][frame];
    return (view.scale_px / fit_.size * (view.rotation * fit_.eyes[s].centre_mm) + view.origin_px)
        .head<2>();
  }

  const EyeFit& fit_;
  std::optional<Eigen::Vector2d> apart_;  ///< Left against right, mm of the frontal plane.
};

MaskEyeSight SightOf(const EyeTraces& traces, size_t frame) {
  return {traces.in_sight[frame],
          traces.shut[frame],
          traces.camera_azimuth_deg.values[frame],
          traces.camera_elevation_deg.values[frame],
          traces.mrd1_mm.values[frame],
          traces.mrd2_mm.values[frame],
          traces.aperture_mm.values[frame]};
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

MaskParameters MeasureMask(const EyeReading& reading, const EyeFit& fit, FrameRate rate,
                           const MaskMeasureOptions& options) {
  MaskParameters parameters;
  MaskHeader& header = parameters.header;
  header.picture_px = reading.picture_px;
  header.rate = rate;
  header.model = options.model;
  header.policy = options.policy;
  header.identity = options.face.identity;
  header.scale = options.face.scale;
  if (options.expressions != nullptr) header.expressions = options.expressions->expressions;
  header.iris_diameter_mm = fit.record.iris_diameter_mm;
  header.camera_distance_mm = options.camera_distance_mm;
  header.stages = options.stages;

  const GlobePlaces places(fit);
  MaskFollower follower(header.expressions.size(), options.hold_s * rate.hz());
  std::vector<double> scales;
  for (size_t i = 0; i < fit.head[0].size(); ++i) {
    const HeadView& view = fit.head[0][i];
    MaskSight sight;
    sight.seen = view.seen;
    if (view.seen) {
      sight.rotation = view.rotation;
      sight.px_per_mm = view.scale_px / fit.size;
      sight.between_px = places.Between(i);
      for (size_t s = 0; s < 2; ++s) sight.eyes[s] = SightOf(fit.record.eyes[s], i);
      scales.push_back(sight.px_per_mm);
    }
    parameters.frames.push_back(follower.Next(sight, options.expressions != nullptr
                                                         ? options.expressions->activations[i]
                                                         : std::vector<double>()));
  }
  header.focal_px = options.camera_distance_mm * (scales.empty() ? 1 : Median(scales));
  return parameters;
}

}  // namespace maskbench
