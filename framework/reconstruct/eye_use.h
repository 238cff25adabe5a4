#pragma once

#include "maskbench/perception/eye_network.h"

namespace maskbench {

// What both fits, of a whole recording and of a stream, take an eye's evidence for.

/// In sight from here on.
inline constexpr double kEyeInSight = 0.5;

/// An eye that has been free while the other was covered has arrived on its target after this time
/// (latency of 0.2 s, a saccade, and a corrective one).
inline constexpr double kArrivalSeconds = 0.32;
/// Gaps in gaze, as in a blink, through which the eye is taken to turn evenly.
inline constexpr double kLongestGapSeconds = 0.4;

/// Over what time the place of an orbit is averaged (standard deviation of a Gaussian), out to how
/// many of these, and how far it may lie from that mean, mm.
inline constexpr double kSteadySeconds = 0.15, kSteadyReach = 2.5, kSteadyOrbitMm = 0.05;

/// Seen well enough to say what holds for the recording.
inline bool UsableForCalibration(const EyeEvidence& eye) {
  return eye.in_sight > kEyeInSight && eye.shut < 0.3 && eye.iris_share > 0.25;
}

/// Seen well enough for its direction in this frame.
inline bool Readable(const EyeEvidence& eye) {
  return eye.in_sight > kEyeInSight && eye.shut < 0.5 && eye.iris_share > 0.12;
}

}  // namespace maskbench
