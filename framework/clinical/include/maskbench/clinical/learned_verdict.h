#pragma once

#include <array>
#include <vector>

#include "maskbench/clinical/diagnosis.h"
#include "maskbench/nn/learned_reader.h"
#include "maskbench/perception/observer.h"

namespace maskbench {

struct LearnedVerdictOptions {
  double threshold = 0.5;
  double min_seen_seconds = 1;
  double min_rhythm_hz = 24;
};

/// Seconds with a face, of steps that are 1 / `step_hz` apart.
double SeenSeconds(const std::vector<ReaderStep>& steps, double step_hz);

/// A diagnosis from what the time network said of both eyes (by Side). @param rate_hz  of the
/// recording.
Diagnosis LearnedVerdict(const std::array<std::array<float, kReaderTimeValues>, 2>& said,
                         double seen_s, double rate_hz, const LearnedVerdictOptions& options);

/// What the frame network saw, for whoever wants to check: `learned_mrd1` and `learned_mrd2` (mm,
/// medians over frames in which the eye is free, open and within 15° of the camera), and
/// `learned_seen` (s).
std::vector<MeasureValue> LearnedEvidence(const std::vector<ReaderStep>& steps, double step_hz);

}  // namespace maskbench
