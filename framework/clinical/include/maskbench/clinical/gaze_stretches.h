#pragma once

#include <vector>

#include "maskbench/clinical/frame_states.h"
#include "maskbench/clinical/nystagmus.h"

namespace maskbench {

/// Runs of frames in which the same eyes are readable, no eye has just been covered or uncovered,
/// and the gaze neither jumps to a new target nor follows one. Oscillations are no such movement.
struct SteadyRun {
  FrameRun frames;
  /// Eyes that are readable throughout, by Side; single frames may be missing.
  std::array<bool, 2> eyes{};
  bool primary = false;  ///< The eye nearer to it looks at the camera.
};

std::vector<SteadyRun> SteadyRuns(const EyeRecord& record, const FrameStates& states,
                                  const FrameStateOptions& options);

/// Gaze against the camera in steady runs: the mean of both eyes where both are readable, so that
/// what they do in opposite directions does not count.
std::vector<GazeStretch> GazeStretches(const EyeRecord& record, const FrameStates& states,
                                       const std::vector<SteadyRun>& runs);

}  // namespace maskbench
