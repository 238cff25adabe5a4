#pragma once

#include "maskbench/core/option_table.h"

namespace maskbench {

struct EyeMeasurementOptions {
  int resamples = 1000;
  int min_frames = 3;
  double primary_gaze_deg = 10;
  double max_gaze_deg = 30;
  double turned_from_deg = 5;

  static const OptionTable<EyeMeasurementOptions>& Options();
};

}  // namespace maskbench
