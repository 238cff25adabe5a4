#pragma once

#include <string>
#include <utility>
#include <vector>

#include "maskbench/core/json.h"
#include "maskbench/pipeline/experiment.h"

namespace maskbench {

/// Pictures of histograms with the name of their experiment, as report.json keeps them.
using NamedHistograms = std::vector<std::pair<std::string, ReportHistograms>>;

Json HistogramsJson(const NamedHistograms& histograms);
/// Reads HistogramsJson back. Throws DataError.
NamedHistograms HistogramsFromJson(const Json& json);

/// One bin per row, empty ones included, so that the tables of two runs can be laid side by side.
/// An empty `high` is the bin beyond the last edge; a row without bounds counts what has no score,
/// because a side failed.
std::string HistogramsCsv(const std::string& dataset, const NamedHistograms& histograms);

}  // namespace maskbench
