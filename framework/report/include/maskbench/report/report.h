#pragma once

#include <filesystem>

#include "maskbench/pipeline/run_folder.h"
#include "maskbench/pipeline/scoring.h"

namespace maskbench {

/// Writes report.json, figures.csv, timings.csv and score_histograms.csv. Throws DataError.
void WriteResults(const RunDescription& run, const ScoredRun& scored,
                  const std::filesystem::path& out);

/// Writes what people read: report.html, report.md, tables.tex, variants.png when there are masked
/// videos, and the pictures of histograms, from what the folder holds: it computes no figure. What
/// must not enter them is in docs/report.md.
/// @param assets_dir  the fetched assets, for the charts of report.html.
/// @return a sentence to be shown when something is left out; empty otherwise.
std::string WriteReport(const std::filesystem::path& out, const Components& components,
                        const std::filesystem::path& assets_dir);

}  // namespace maskbench
