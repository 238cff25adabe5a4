#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "maskbench/core/side.h"
#include "maskbench/pipeline/run_data.h"

#include "nystagmus_truth.h"

namespace maskbench {

/// What is true of one eye of a recording. All vectors have one entry per frame.
struct EyeFrames {
  double hvid_mm = 0;  ///< Horizontal visible iris diameter.
  /// More than half of the upper lid's margin is in sight: not behind an occluder or the nose.
  std::vector<bool> visible;
  std::vector<double> closure;                     ///< Of a blink, 0 … 1.
  std::vector<double> azimuth_deg, elevation_deg;  ///< Pupillary axis in the head.
  std::vector<double> iris_px;                     ///< Largest diameter of the iris' ellipse.
  /// By the observer's name for the measure: mrd1, mrd2, pfh, superior_show, inferior_show (mm),
  /// gaze_azimuth, gaze_elevation (degrees, visual axis in the head's frame), camera_azimuth,
  /// camera_elevation (degrees, visual axis against the line from the eye's rotation centre to the
  /// camera, azimuth towards the right of the image, elevation up). NaN where there is none.
  std::map<std::string, std::vector<double>> measures;
};

/// What is true of a virtual recording.
struct RecordingTruth {
  const LabelledRecording* labels = nullptr;  ///< Of the data set, which must outlive this.
  int subject = 0;                            ///< 0 … EyeTruths::subjects − 1.
  std::string condition;                      ///< ConditionOf.
  std::string ancestry;                       ///< Empty where the truth does not say.
  std::vector<double> yaw_deg, pitch_deg;     ///< Of the head against the camera, per frame.
  std::array<EyeFrames, 2> eyes;              ///< By Side.
  ShownNystagmus nystagmus;                   ///< While the eyes look near the camera.
};

struct EyeTruths {
  int subjects = 0;
  std::vector<RecordingTruth> recordings;
};

/// The truth of all recordings that take part and have one for every frame; the others are left
/// out. Throws DataError when a truth lacks what is scored.
/// @param primary_gaze_deg  the eyes look near the camera within this angle, in each direction.
EyeTruths ReadEyeTruths(const RunData& data, double primary_gaze_deg);

}  // namespace maskbench
