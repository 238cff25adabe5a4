#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "maskbench/pipeline/run_data.h"

namespace maskbench {

/// A measure over a recording's frames, as the truth has it and as an observer gave it; NaN where
/// there is none.
struct PairedSeries {
  std::vector<double> truth, measured;
};

/// One eye of one recording. All vectors have one entry per frame.
struct PairedEye {
  int subject = 0;     ///< Index among the subjects, 0 … PairedEyes::subjects − 1.
  double hvid_mm = 0;  ///< True horizontal visible iris diameter.
  /// More than half of the upper lid's margin is in sight: not behind an occluder or the nose.
  std::vector<bool> visible;
  std::vector<double> closure;                               ///< Of a blink, 0 … 1.
  std::vector<double> true_azimuth_deg, true_elevation_deg;  ///< Pupillary axis in the head.
  /// By the observer's name for the measure: mrd1, mrd2, pfh (mm), gaze_azimuth, gaze_elevation
  /// (degrees, visual axis); only what the observer gives.
  std::map<std::string, PairedSeries> measures;
};

/// Blinks of one recording.
struct BlinkCount {
  int subject = 0;
  int truth = 0, found = 0;     ///< True blinks, and those that overlap a blink that was read.
  int read = 0, read_true = 0;  ///< Blinks that were read, and those that overlap a true one.
};

struct PairedEyes {
  int subjects = 0;
  std::vector<PairedEye> eyes;
  std::vector<BlinkCount> blinks;  ///< Of recordings for which the observer reads blinks.
  int failed = 0;                  ///< Recordings with truth that the observer could not read.
};

/// Joins what an observer saw under a variant with the truth of the frames. Recordings without
/// truth are left out; nothing is there when the observer measures no eyes.
PairedEyes PairEyes(const RunData& data, const std::string& variant, const std::string& observer);

/// First and last frame of every stretch in which `flags` is above 0.5.
std::vector<std::pair<size_t, size_t>> Stretches(const std::vector<double>& flags);

}  // namespace maskbench
