#pragma once

#include <array>
#include <string>

#include "maskbench/clinical/frame_states.h"
#include "maskbench/clinical/trace_statistics.h"

namespace maskbench {

/// Lids of one eye in primary gaze, mm at the assumed iris diameter; see EyeTraces.
struct LidMeasures {
  Estimate mrd1_mm, mrd2_mm, pfh_mm, superior_show_mm, inferior_show_mm;
  double seconds = 0;  ///< Of the frames behind them.
  /// While which eye fixates, and from what the distances count; or why there is no value.
  std::string note{};
  /// How far the upper lid stays behind a globe that turns 30° down: 30 times the slope of scleral
  /// show above the limbus over the downward angle (von Graefe's sign as a number). A lid that goes
  /// all the way with the globe has 0.
  Estimate lid_lag_mm;
  std::string lag_note{};
};

/// Medians over frames without a blink. Frames in which the other eye is covered and this one looks
/// at the camera come first, since an eye that does not fixate stands elsewhere than its lids tell;
/// where there are too few of them, all frames of primary gaze.
std::array<LidMeasures, 2> MeasureLidPositions(const EyeRecord& record, const FrameStates& states,
                                               const FrameStateOptions& options);

}  // namespace maskbench
