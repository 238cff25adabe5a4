#pragma once

#include <cstdint>
#include <vector>

#include "maskbench/clinical/trace_statistics.h"

namespace maskbench {

/// Gaze of one eye in stretches of steady fixation, degrees; NaN is unknown.
struct FixationStretch {
  std::vector<double> azimuth_deg, elevation_deg;
  /// Standard errors per frame, as the traces have them; NaN where not known.
  std::vector<double> azimuth_error_deg, elevation_error_deg;
};

struct FixationMeasures {
  /// Bivariate contour ellipse area that holds 68.2 % of the gaze, deg², of scatter within
  /// stretches and without the frames' own noise. NaN where noise hides it.
  Estimate bcea_deg2;
  double noise_bcea_deg2;  ///< Area that the noise alone would have.
  Estimate saccades_per_s;
  double smallest_saccade_deg;  ///< About the least that stands out from the noise.
  double seconds = 0;
};

struct Saccade {
  size_t first = 0, last = 0;  ///< Samples of the stretch.
  double amplitude_deg = 0;
};

struct SaccadeOptions {
  /// Velocity threshold in multiples of the median-based scatter (Engbert & Kliegl, Vision Res
  /// 43:1035, 2003).
  double lambda = 6;
  /// The threshold is at least so many standard deviations of what the noise per frame makes of the
  /// velocity …
  double noise_lambda = 4.5;
  /// … and the way at least so many of the noise per frame.
  double least_way = 3;
};

/// Saccades by the elliptic velocity threshold of Engbert & Kliegl, with velocities over ± 2 frames
/// from 50 Hz on and ± 1 frame below.
std::vector<Saccade> FindSaccades(const FixationStretch& stretch, double rate_hz,
                                  const SaccadeOptions& options);

/// BCEA (Steinman, J Opt Soc Am 55:1158, 1965; Timberlake et al., IOVS 46:2984, 2005):
/// 2 k π σx σy √(1 − ρ²), with k = 1.146 for 68.2 %.
double Bcea(double variance_x, double variance_y, double covariance);

FixationMeasures MeasureFixation(const std::vector<FixationStretch>& stretches, double rate_hz,
                                 const SaccadeOptions& options);

}  // namespace maskbench
