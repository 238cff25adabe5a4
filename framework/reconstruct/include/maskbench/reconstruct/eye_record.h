#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "maskbench/core/side.h"

namespace maskbench {

/// A quantity over a recording, one entry per frame: NaN where it cannot be given.
struct Trace {
  std::vector<double> values;
  /// Standard error of each value: what the frame's own noise brings. What is common to all frames
  /// of a recording (iris size, kappa) is not in it.
  std::vector<double> errors;

  explicit Trace(size_t frames = 0);
  size_t size() const { return values.size(); }
};

/// One eye over a recording, as the fit of eyeball and lids to what the network saw has it. All
/// traces have one entry per frame; millimetres hold at the assumed iris diameter.
struct EyeTraces {
  /// From the corneal reflex, where it is seen, else from the pupil's centre, to the lid margins,
  /// along the face's vertical. MRD1 is negative when the upper lid hangs below.
  Trace mrd1_mm, mrd2_mm;
  std::vector<std::uint8_t> from_reflex;  ///< 1 where MRD1 and MRD2 count from the reflex.
  /// Opening between the lids in the iris' column; known of a covered iris as well.
  Trace aperture_mm;
  /// Sclera between limbus and margin; negative when the lid covers the limbus.
  Trace superior_show_mm, inferior_show_mm;
  /// Visual axis: azimuth to the patient's left, elevation up. In the head's frame, and against the
  /// line from the eye to the camera.
  Trace azimuth_deg, elevation_deg;
  Trace camera_azimuth_deg, camera_elevation_deg;
  /// From the corneal reflex to the centre of the pupil, in the plane of the picture: towards the
  /// patient's left, up.
  Trace reflex_to_pupil_x_mm, reflex_to_pupil_y_mm;
  /// Probabilities, 0 … 1: of the eye not being covered by an object, of the lids touching.
  std::vector<double> in_sight, shut;
  /// Horizontal visible iris diameter in the picture, px.
  Trace iris_diameter_px;
  /// Visual axis against pupillary axis towards the nose; standard error. From this recording when
  /// `kappa_measured`, else the population's (5.5 ± 1.3°; Hashemi 2010).
  double kappa_nasal_deg = 5.5, kappa_error_deg = 1.3;
  bool kappa_measured = false;

  explicit EyeTraces(size_t frames = 0);
};

/// Both eyes and the head over a recording. By Side.
struct EyeRecord {
  double rate_hz = 0;
  std::int64_t frames = 0, frames_with_face = 0;
  double iris_diameter_mm = 11.7;  ///< Assumed, horizontal; sets the scale.
  std::array<EyeTraces, 2> eyes;
  /// Of the head against the camera: turn to the patient's left, chin up, tilt to the patient's
  /// left shoulder.
  std::vector<double> head_yaw_deg, head_pitch_deg, head_roll_deg;

  explicit EyeRecord(size_t frame_count = 0);
};

}  // namespace maskbench
