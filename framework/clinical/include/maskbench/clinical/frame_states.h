#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "maskbench/reconstruct/eye_record.h"

namespace maskbench {

struct FrameStateOptions {
  /// The least in_sight (0 … 1) of an eye that is looked at.
  double in_sight_least = 0.5;
  /// Primary gaze: the visual axis within this angle of the line to the camera, degrees.
  double primary_gaze_deg = 10;
  /// Frames that a blink spoils before its first and after its last one, s.
  double before_blink_s = 0.05, after_blink_s = 0.1;
  /// The shortest time out of sight, while the other eye is seen, that counts as a cover, s.
  double shortest_cover_s = 0.15;
};

/// One flag per frame.
using FrameFlags = std::vector<std::uint8_t>;

/// What every frame of a recording can be used for. Flags by Side where there are two.
struct FrameStates {
  FrameFlags blink;  ///< A blink, or close to one.
  /// Gaze and lids of the eye can be read: in sight, lids apart, no blink, direction known.
  std::array<FrameFlags, 2> readable;
  /// Hidden by an object while the other eye was in sight: cover test, hand, hair.
  std::array<FrameFlags, 2> covered;
  /// Readable and the visual axis, without its quick movements, near the camera.
  std::array<FrameFlags, 2> at_camera;
};

/// @param blinking  1 in a blink; one per frame.
FrameStates DescribeFrames(const EyeRecord& record, const std::vector<double>& blinking,
                           const FrameStateOptions& options);

/// Frames first … last (both included).
struct FrameRun {
  std::int64_t first = 0, last = 0;
  std::int64_t size() const { return last - first + 1; }
};

/// Runs of set flags of at least `least` frames; gaps up to `bridge` frames do not end a run.
std::vector<FrameRun> RunsOf(const FrameFlags& flags, std::int64_t least, std::int64_t bridge = 0);

/// Running median over `half` frames on both sides, of known values only; NaN without any.
std::vector<double> RunningMedian(const std::vector<double>& values, std::int64_t half);

/// Values where the flag is set, NaN elsewhere.
std::vector<double> Where(const FrameFlags& flags, const std::vector<double>& values);

}  // namespace maskbench
