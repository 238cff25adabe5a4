#pragma once

#include <array>
#include <string>
#include <vector>

#include "eye_truth.h"
#include "options.h"

namespace maskbench {

/// Frames of eyes, sorted by something that is true of them.
struct FrameGrouping {
  std::string key;
  std::vector<std::string> values;  ///< Those that occur, in the order in which they are shown.
  /// Index into `values` by recording, Side and frame; −1 where it is not known.
  std::vector<std::array<std::vector<int>, 2>> of;

  int At(size_t recording, Side side, size_t frame) const {
    return of[recording][static_cast<size_t>(side)][frame];
  }
};

struct FrameGroupings {
  /// primary, side, down or up, by the pupillary axis in the head; down and up come before side.
  /// All four are in `values`.
  FrameGrouping gaze;
  /// By diameter of the iris in the picture, ancestry, and turn and nod of the head.
  std::vector<FrameGrouping> others;
};
FrameGroupings GroupFrames(const EyeTruths& truths, const EyeMeasurementOptions& options);

}  // namespace maskbench
