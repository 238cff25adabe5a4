#pragma once

#include <vector>

#include <opencv2/core.hpp>

#include "maskbench/perception/face_observation.h"

namespace maskbench {

/// Horizontal visible iris diameter that turns pixels into millimetres: 11.7 mm, population SD
/// 0.42 mm (Rüfer et al., Cornea 2005). A person's own may differ by several per cent.
inline constexpr double kIrisDiameterMm = 11.7;

/// Lid distances of one eye along the face's vertical, pixels.
struct LidDistances {
  /// From the iris centre up to the upper margin; negative when the margin is below it. Stands in
  /// for MRD1, which is defined from the corneal reflex.
  double upper_px = 0;
  /// From the iris centre down to the lower margin.
  double lower_px = 0;
  double fissure_px() const { return upper_px + lower_px; }
};

/// @param roll_rad  FaceObservation::roll_rad: the vertical is perpendicular to the eye line.
LidDistances MeasureLids(const EyeObservation& eye, double roll_rad);

struct BlinkInterval {
  int64_t first_frame = 0, last_frame = 0;
  /// Smallest aperture inside, as a share of the open eye's.
  double least_aperture = 1;
};

struct BlinkRule {
  /// A blink starts when the aperture falls below this share of the open aperture …
  double closed_share = 0.7;
  /// … and lasts no longer than this.
  double longest_s = 0.8;
  /// The open aperture is the median over so many seconds on both sides.
  double window_s = 2.0;
};

/// Blinks in an aperture signal of one frame per sample (NaN where unknown).
std::vector<BlinkInterval> FindBlinks(const std::vector<double>& aperture, double rate_hz,
                                      const BlinkRule& rule);

}  // namespace maskbench
