#pragma once

#include <filesystem>

#include "maskbench/pipeline/run_folder.h"
#include "maskbench/pipeline/scoring.h"

namespace maskbench {

/// Writes report.json, figures.csv, timings.csv and score_histograms.csv. Throws DataError.
void WriteResults(const RunDescription& run, const ScoredRun& scored,
                  const std::filesystem::path& out);

/// Writes report.md, variants.png when there are masked videos, and the pictures of histograms,
/// from what the folder holds: it computes nothing.
void WriteReport(const std::filesystem::path& out, const Components& components);

}  // namespace maskbench
