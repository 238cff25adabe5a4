#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "maskbench/pipeline/run_data.h"

namespace maskbench {

/// Draws what a doctor would look at under a mask: the region of both eyes in the original and,
/// below it, in the masked video; the same frame at the same size. JPEG files of less than 400 kB:
///  - `VARIANT_signs.jpg`: every recording straight ahead, with its patient's signs;
///  - `VARIANT_CONDITION.jpg`: frames by which a condition is known: up, ahead and three of a
///    pursuit down; with and without cover and to both sides for strabismus; one beat of a
///    nystagmus;
///  - `VARIANT_frames.jpg`: six frames of each recording without truth of its frames.
/// Where the eyes are is taken from the original's face track. Originals are left out when the data
/// set forbids showing them.
/// @param out      the run's folder, with everything kept.
/// @param variant  name of the run's variant.
/// @return the files. Throws UsageError for another variant, DataError when a file is missing.
std::vector<std::filesystem::path> WriteSignSheets(
    const RunData& data, const std::filesystem::path& out, const std::string& variant,
    const std::filesystem::path& folder,
    const std::function<void(int done, int total, const std::string& what)>& progress);

}  // namespace maskbench
