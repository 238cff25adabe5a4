#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "maskbench/reconstruct/eye_record.h"

namespace maskbench {

struct BlinkOptions {
  /// The least in_sight (0 … 1) of an eye that is looked at.
  double in_sight_least = 0.5;
  /// A blink takes away at least this share of the opening before and after it.
  double least_closure = 0.5;
  /// Closures that leave more than this share of the opening are incomplete.
  double complete_closure = 0.85;
  /// How long half of the closure lasts, s. Blinks of people last 0.1–0.4 s (VanderWerf et al., J
  /// Neurophysiol 2003); lids that go down with the eye stay down for longer.
  double shortest_s = 0.05, longest_s = 0.42;
  /// Longest way down and up from a fifth to four fifths of the closure, s. Lids in pursuit are
  /// slower.
  double longest_fall_s = 0.2, longest_rise_s = 0.35;
};

struct Blink {
  std::int64_t first_frame = 0, last_frame = 0;  ///< A fifth of the closure and more.
  double closure = 0;                            ///< Largest, share of the opening, 0 … 1.
  bool complete = false;
};

/// Opening of both eyes together as a share of what it is before and after: 0 open, 1 shut; NaN
/// where neither eye can be judged. An eye counts while it is in sight; the wider the more. Where
/// the opening of an eye is not known, its `shut` decides.
std::vector<double> LidClosure(const EyeRecord& record, const BlinkOptions& options);

/// Quick closures of the lids that open again. Slow closing, lids that follow the gaze down, covers
/// and drooping lids are none.
std::vector<Blink> DetectBlinks(const EyeRecord& record, const BlinkOptions& options);

/// 1 in a blink, 0 otherwise, NaN where neither eye could be judged; one per frame.
std::vector<double> BlinkingSeries(const EyeRecord& record, const BlinkOptions& options);

}  // namespace maskbench
