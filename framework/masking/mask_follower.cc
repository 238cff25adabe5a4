#include "maskbench/masking/mask_follower.h"

#include <algorithm>
#include <cmath>

#include "maskbench/masking/mask_measures.h"

namespace maskbench {
namespace {

// Lids that are nearer count as touching; those that the network calls shut, up to the second.
constexpr double kTouchingMm = 0.3, kShutMm = 1.0;
// Lids so near leave too little of the iris to read a direction, but are a sign themselves.
constexpr double kNarrowMm = 3.0;
// Of a lower lid that was never measured with its eye.
constexpr double kUsualMrd2Mm = 5.2;
constexpr double kEyeInSight = 0.5;

double Limited(double mm) { return std::clamp(mm, -40.0, 40.0); }

}  // namespace

MaskFollower::MaskFollower(size_t expressions, double hold_frames) : hold_frames_(hold_frames) {
  last_.expression.resize(expressions);
}

MaskFrame MaskFollower::Next(const MaskSight& sight, const std::vector<double>& expression) {
  ++frame_;
  if (!sight.seen) {
    ++since_;
    last_.status = since_ <= hold_frames_ ? MaskStatus::kHeld : MaskStatus::kLost;
    last_.opacity =
        std::isfinite(since_) ? std::clamp(2 - since_ / std::max(1e-9, hold_frames_), 0.0, 1.0) : 0;
    return last_;
  }
  MaskFrame frame;
  frame.status = MaskStatus::kSeen;
  frame.opacity = 1;
  const Eigen::Vector3d angles = PoseAnglesDeg(sight.rotation);
  frame.yaw_deg = angles.x();
  frame.pitch_deg = angles.y();
  frame.roll_deg = angles.z();
  frame.px_per_mm = sight.px_per_mm;
  frame.place_px = {sight.between_px.x(), -sight.between_px.y()};
  for (size_t s = 0; s < 2; ++s) frame.eyes[s] = Eye(s, sight.eyes[s]);
  frame.expression = expression;
  last_ = frame;
  since_ = 0;
  return frame;
}

MaskEye MaskFollower::Eye(size_t s, const MaskEyeSight& seen) {
  MaskEye eye = open_[s];
  eye.status = MaskEyeStatus::kNotSeen;
  if (!(seen.in_sight >= kEyeInSight)) return eye;
  const bool lids = std::isfinite(seen.mrd1_mm) && std::isfinite(seen.mrd2_mm);
  const bool opening = std::isfinite(seen.aperture_mm);
  if (opening) eye.aperture_mm = std::clamp(seen.aperture_mm, 0.0, 40.0);
  if ((opening && seen.aperture_mm < kTouchingMm) ||
      (seen.shut > 0.5 && !(seen.aperture_mm > kShutMm))) {
    eye.status = MaskEyeStatus::kShut;
    if (!opening) eye.aperture_mm = 0;
    return eye;
  }
  if (lids) {
    eye.mrd1_mm = Limited(seen.mrd1_mm);
    eye.mrd2_mm = Limited(seen.mrd2_mm);
  }
  if (lids && std::isfinite(seen.azimuth_deg) && std::isfinite(seen.elevation_deg)) {
    eye.status = MaskEyeStatus::kOpen;
    eye.azimuth_deg = std::clamp(seen.azimuth_deg, -90.0, 90.0);
    eye.elevation_deg = std::clamp(seen.elevation_deg, -90.0, 90.0);
    open_[s] = eye;
    open_at_[s] = frame_;
    return eye;
  }
  // The lower lid hardly moves while the upper one hides the iris.
  if (!lids && opening) {
    if (open_at_[s] < 0) eye.mrd2_mm = std::min(kUsualMrd2Mm, seen.aperture_mm);
    eye.mrd1_mm = seen.aperture_mm - eye.mrd2_mm;
  }
  const bool fresh = open_at_[s] >= 0 && frame_ - open_at_[s] <= hold_frames_;
  if (fresh || (opening && seen.aperture_mm < kNarrowMm)) eye.status = MaskEyeStatus::kLidsOnly;
  return eye;
}

}  // namespace maskbench
