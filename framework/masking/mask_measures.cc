#include "maskbench/masking/mask_measures.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include <Eigen/Dense>
#include <Eigen/Geometry>

namespace maskbench {
namespace {

constexpr double kDegrees = 180 / 3.14159265358979323846;
// Lids that are nearer count as touching; those that the network calls shut, up to the second.
constexpr double kTouchingMm = 0.3, kShutMm = 1.0;
// Lids so near leave too little of the iris to read a direction, but are a sign themselves.
constexpr double kNarrowMm = 3.0;
// Of a lower lid that was never measured with its eye.
constexpr double kUsualMrd2Mm = 5.2;
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

/// Follows one eye through the recording.
class EyeFollower {
 public:
  EyeFollower(const EyeTraces& traces, double hold_frames)
      : traces_(traces), hold_frames_(hold_frames) {}

  MaskEye At(size_t frame) {
    const double azimuth = traces_.camera_azimuth_deg.values[frame],
                 elevation = traces_.camera_elevation_deg.values[frame],
                 mrd1 = traces_.mrd1_mm.values[frame], mrd2 = traces_.mrd2_mm.values[frame],
                 aperture = traces_.aperture_mm.values[frame];
    MaskEye eye = last_;
    eye.status = MaskEyeStatus::kNotSeen;
    if (!(traces_.in_sight[frame] >= kInSight)) return eye;
    const bool lids = std::isfinite(mrd1) && std::isfinite(mrd2);
    const bool opening = std::isfinite(aperture);
    if (opening) eye.aperture_mm = std::clamp(aperture, 0.0, 40.0);
    if ((opening && aperture < kTouchingMm) ||
        (traces_.shut[frame] > 0.5 && !(aperture > kShutMm))) {
      eye.status = MaskEyeStatus::kShut;
      if (!opening) eye.aperture_mm = 0;
      return eye;
    }
    if (lids) {
      eye.mrd1_mm = Limited(mrd1);
      eye.mrd2_mm = Limited(mrd2);
    }
    if (lids && std::isfinite(azimuth) && std::isfinite(elevation)) {
      eye.status = MaskEyeStatus::kOpen;
      eye.azimuth_deg = std::clamp(azimuth, -90.0, 90.0);
      eye.elevation_deg = std::clamp(elevation, -90.0, 90.0);
      last_ = eye;
      open_at_ = static_cast<double>(frame);
      return eye;
    }
    // The lower lid hardly moves while the upper one hides the iris.
    if (!lids && opening) {
      if (open_at_ < 0) eye.mrd2_mm = std::min(kUsualMrd2Mm, aperture);
      eye.mrd1_mm = aperture - eye.mrd2_mm;
    }
    const bool fresh = open_at_ >= 0 && static_cast<double>(frame) - open_at_ <= hold_frames_;
    if (fresh || (opening && aperture < kNarrowMm)) eye.status = MaskEyeStatus::kLidsOnly;
    return eye;
  }

 private:
  static double Limited(double mm) { return std::clamp(mm, -40.0, 40.0); }

  const EyeTraces& traces_;
  double hold_frames_;
  MaskEye last_;
  double open_at_ = -1;  ///< Last frame with both lids and axis.
};

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

  const size_t count = fit.head[0].size();
  const double hold_frames = options.hold_s * rate.hz();
  const GlobePlaces places(fit);
  std::array<EyeFollower, 2> eyes = {EyeFollower(fit.record.eyes[0], hold_frames),
                                     EyeFollower(fit.record.eyes[1], hold_frames)};
  std::vector<double> scales;
  MaskFrame last;
  last.expression.resize(header.expressions.size());
  double since = std::numeric_limits<double>::infinity();  // Frames since the face was seen.
  for (size_t i = 0; i < count; ++i) {
    const HeadView& view = fit.head[0][i];
    if (view.seen) {
      MaskFrame frame;
      frame.status = MaskStatus::kSeen;
      frame.opacity = 1;
      const Eigen::Vector3d angles = PoseAnglesDeg(view.rotation);
      frame.yaw_deg = angles.x();
      frame.pitch_deg = angles.y();
      frame.roll_deg = angles.z();
      frame.px_per_mm = view.scale_px / fit.size;
      const Eigen::Vector2d between = places.Between(i);
      frame.place_px = {between.x(), -between.y()};
      for (size_t s = 0; s < 2; ++s) frame.eyes[s] = eyes[s].At(i);
      if (options.expressions != nullptr) frame.expression = options.expressions->activations[i];
      scales.push_back(frame.px_per_mm);
      last = frame;
      since = 0;
    } else {
      ++since;
      last.status = since <= hold_frames ? MaskStatus::kHeld : MaskStatus::kLost;
      last.opacity =
          std::isfinite(since) ? std::clamp(2 - since / std::max(1e-9, hold_frames), 0.0, 1.0) : 0;
    }
    parameters.frames.push_back(last);
  }
  header.focal_px = options.camera_distance_mm * (scales.empty() ? 1 : Median(scales));
  return parameters;
}

}  // namespace maskbench
