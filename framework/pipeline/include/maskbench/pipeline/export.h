#pragma once

#include <filesystem>
#include <string>

#include "maskbench/pipeline/run_data.h"
#include "maskbench/pipeline/store.h"

namespace maskbench {

/// Writes observations so that other software can compute every figure again. Rows are sorted by
/// recording, variant and observer; subjects are named, since a figure cannot be had without.
/// @param what      "measures", "embeddings", "templates", "readings" or "timings". Templates are
///                  float32, one row per recording and variant, NaN where enrolment failed: what
///                  the observer npy_descriptors reads.
/// @param observer  only this observer's rows; all when empty.
/// @param file      ".csv", or ".npy" with FILE.json beside it that describes the rows.
/// Throws UsageError for what cannot be written so, e.g. embeddings of several sizes in one array.
void ExportRun(const RunData& data, const std::string& what, const std::string& observer,
               const std::filesystem::path& file);

}  // namespace maskbench
