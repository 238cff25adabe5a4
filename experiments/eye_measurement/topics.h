#pragma once

#include "experiments/figures/figure_sheet.h"
#include "frame_groups.h"
#include "options.h"
#include "seen_eyes.h"

namespace maskbench {

/// What one observer read under one variant, and what is asked of it.
struct EyeScores {
  const EyeMeasurementOptions* options = nullptr;
  const EyeTruths* truths = nullptr;
  const FrameGroupings* groupings = nullptr;
  const SeenEyes* seen = nullptr;
  Repertoire repertoire;
  double assumed_iris_mm = 0;  ///< NaN when the observer assumes none.
};

/// Each topic adds its figures; those of an observer that does not measure it are left out.
void AddLidFigures(const EyeScores& scores, FigureSheet* sheet);
void AddGazeFigures(const EyeScores& scores, FigureSheet* sheet);
void AddBlinkFigures(const EyeScores& scores, FigureSheet* sheet);
/// Values of whole recordings: lids, deviation, nystagmus, and how well stated intervals hold.
void AddRecordingLidFigures(const EyeScores& scores, FigureSheet* sheet);
/// MRD1 of the right eye less that of the left one.
void AddAsymmetryFigures(const EyeScores& scores, FigureSheet* sheet);
void AddDeviationFigures(const EyeScores& scores, FigureSheet* sheet);
void AddNystagmusFigures(const EyeScores& scores, FigureSheet* sheet);
void AddCoverageFigures(const EyeScores& scores, FigureSheet* sheet);

/// A number of the manifest's truth of an eye; NaN when it is not there.
double LabelledNumber(const LabelledRecording& recording, Side side, const std::string& key);

}  // namespace maskbench
