#pragma once

#include <array>
#include <string>

#include <Eigen/Core>

#include "maskbench/clinical/frame_states.h"
#include "maskbench/clinical/trace_statistics.h"

namespace maskbench {

/// Where an eye's visual axis points while that eye fixates the camera and the other is covered, as
/// the record has it: nought but for its errors (kappa, calibration). Azimuth, elevation, degrees.
struct FixationReference {
  bool measured = false;  ///< From cover; otherwise nought with kappa's error.
  Eigen::Vector2d direction_deg{0, 0}, error_deg{0, 0};
};

/// Direction of an eye that has just been uncovered, before it moves, against its own fixation.
struct UncoverEvent {
  Side eye = Side::kRight;
  std::int64_t frame = 0;
  bool moved = false;  ///< It took up fixation afterwards.
  /// Right eye against left: esotropia and a higher right eye are positive.
  Eigen::Vector2d deviation_deg{0, 0}, error_deg{0, 0};
};

/// Horizontal and vertical estimates: esotropia and a higher right eye are positive.
struct Deviation {
  Estimate horizontal, vertical;
};

struct AlignmentMeasures {
  std::array<FixationReference, 2> references;
  std::vector<UncoverEvent> events;
  Deviation total_deg;     ///< The largest that shows: under cover where there was one.
  Deviation manifest_deg;  ///< Both eyes open, primary gaze.
  Deviation hirschberg;    ///< Prism dioptres; both eyes open, primary gaze.
  std::string total_note{}, manifest_note{}, hirschberg_note{};
  /// +1 right, −1 left, NaN when it is not clear, and why.
  double fixing_eye;
  std::string fixing_note{};
};

/// Δ = 100 tan θ, of value and bounds.
Estimate InDioptres(const Estimate& degrees);

/// Deviation between the visual axes, from cover movements, from the eyes' difference and from the
/// corneal reflexes.
/// @param oscillation_deg  peak-to-peak amplitude of a nystagmus, 0 without: an eye seen alone,
/// within
///   a beat, is that uncertain; the difference of both is not.
AlignmentMeasures MeasureAlignment(const EyeRecord& record, const FrameStates& states,
                                   double oscillation_deg);

}  // namespace maskbench
