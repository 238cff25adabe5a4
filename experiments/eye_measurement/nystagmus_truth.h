#pragma once

#include <limits>
#include <vector>

namespace maskbench {

/// A nystagmus as it was played, from its share of the gaze. NaN where it cannot be said.
struct ShownNystagmus {
  /// Peak to peak, mean of the beats.
  double amplitude_deg = std::numeric_limits<double>::quiet_NaN();
  double frequency_hz = std::numeric_limits<double>::quiet_NaN();
  /// Of the slower of the two phases: mean size over mean duration.
  double slow_phase_velocity_deg_per_s = std::numeric_limits<double>::quiet_NaN();
};

/// @param signal   nystagmus in its plane without noise, degrees, one per frame; NaN where it is
///                 not to be looked at.
/// Turning points are those after which the signal goes back by a seventh of its range. Between
/// frames they are found by a parabola; where one phase lasts twice as long as the other (jerks),
/// by going on along the slow one for a part of a frame. Only swings from turning point to turning
/// point within one stretch of frames count; without one of either direction there is nothing.
ShownNystagmus MeasureShownNystagmus(const std::vector<double>& signal, double rate_hz);

}  // namespace maskbench
