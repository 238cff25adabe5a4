#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <opencv2/core.hpp>

#include "maskbench/perception/observer.h"

namespace maskbench {

/// Names of the measures that a plot shows, from top to bottom: per-eye series in mm and degrees,
/// lids first, then gaze, then others as long as there is room; without any of these all per-eye
/// series. Neither `in_sight`, `blinking` nor standard errors (NAME_error) are measures of their
/// own.
std::vector<std::string> PlottedMeasures(const Observations& observations);

/// Draws measures over time, 8-bit BGR: one panel per measure, the patient's right eye blue, the
/// left one vermilion. Blinks (series `blinking`) and stretches in which an eye is covered (series
/// `in_sight` of the eye below 0.5) are shaded. Where the eye has a series NAME_error, a band of
/// ±1.96 standard errors lies around its line.
/// @param rate_hz  frames per second.
cv::Mat DrawMeasures(const Observations& observations, double rate_hz);

/// Writes DrawMeasures to a file. Throws DataError.
void WriteMeasurePlot(const Observations& observations, double rate_hz,
                      const std::filesystem::path& picture);

}  // namespace maskbench
