#pragma once

#include <string>
#include <vector>

#include "maskbench/pipeline/components.h"
#include "maskbench/pipeline/run_data.h"

namespace maskbench {

/// A case (or a step that several share) that could not be done.
struct CaseFailure {
  std::string recording, variant, stage, observer, reason;
};

/// What the cases of a variant have to say for themselves, e.g. that no sandbox was used.
struct VariantNote {
  std::string variant, note;
  int cases = 0;
};

/// Everything a report is made of.
struct ScoredRun {
  std::vector<Figure> figures, timings;
  /// Experiment's name and table.
  std::vector<std::pair<std::string, ReportTable>> tables;
  std::vector<std::pair<std::string, ReportGrid>> grids;
  /// The same for pictures.
  std::vector<std::pair<std::string, ReportHistograms>> histograms;
  /// First causes, in plan order; what they block is not repeated.
  std::vector<CaseFailure> failures;
  std::vector<VariantNote> notes;
  int nodes = 0, done = 0, failed = 0, blocked = 0, missing = 0;
  int cases = 0, cases_failed = 0;
};

/// Runs the configured experiments. An experiment that throws fails the whole scoring: its
/// observations stay and `maskbench score` can be run again.
ScoredRun ScoreRun(const RunData& data, const Components& components);

}  // namespace maskbench
