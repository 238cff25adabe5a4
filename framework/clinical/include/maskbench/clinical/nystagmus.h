#pragma once

#include <string>
#include <vector>

#include "maskbench/clinical/trace_statistics.h"

namespace maskbench {

/// Evenly sampled gaze without blinks, gaze shifts or changes of which eyes are seen. Degrees,
/// azimuth to the patient's left; NaN for single unknown frames.
struct GazeStretch {
  std::vector<double> azimuth_deg, elevation_deg;
  /// Held in primary gaze, where amplitude is defined.
  bool primary = true;
};

struct NystagmusOptions {
  /// Searched frequencies, Hz. The upper bound is also kept below 0.4 of the frame rate.
  double lowest_hz = 0.6, highest_hz = 11.5;
  /// Oscillations below both limits are drift and small saccades of healthy people: 30.7 % of them
  /// show slow phases of about 1.1 deg/s (Nystagmus characteristics of healthy controls, J Vestib
  /// Res 2020). Peak to peak, degrees; amplitude times frequency, deg/s.
  double least_amplitude_deg = 1.5, least_intensity_deg_per_s = 4.0;
  /// Nothing smaller is called a nystagmus, however fast. Jerks of less than `least_amplitude_deg`
  /// need twice the intensity.
  double smallest_deg = 0.3;
};

enum class NystagmusWaveform { kPendular, kJerk };

/// Of both eyes together. Without a nystagmus all but `present`, `noise_floor_deg` and `note` are
/// unset or NaN.
struct NystagmusMeasures {
  bool judged = false;  ///< There was enough gaze to look at.
  bool present = false;
  bool in_primary = true;  ///< The amplitude is that of primary gaze.
  NystagmusWaveform waveform = NystagmusWaveform::kPendular;
  Estimate frequency_hz;
  Estimate amplitude_deg;  ///< Peak to peak, mean of the beats.
  double plane_deg;        ///< 0 horizontal, 90 vertical, 0 … 180.
  double fast_phase_deg;   ///< Jerks: direction of the quick phase; 0 left, 90 up, 180 right.
  Estimate slow_phase_velocity_deg_per_s;
  double noise_floor_deg;  ///< Smallest peak-to-peak amplitude that would stand out.
  double noise_deg;        ///< Random part per frame.
  std::string note{};
};

/// Looks for a rhythm in the gaze and measures it beat by beat.
NystagmusMeasures MeasureNystagmus(const std::vector<GazeStretch>& stretches, double rate_hz,
                                   const NystagmusOptions& options);

}  // namespace maskbench
