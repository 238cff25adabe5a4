#pragma once

#include <filesystem>

#include "maskbench/pipeline/run_data.h"

#include "disclosure.h"

namespace maskbench {

/// A picture of a few people (columns) under every variant (rows). Unmasked variants are left out
/// when the data set forbids showing originals. @return false when there is nothing to show.
bool WriteContactSheet(const RunData& data, const Disclosure& disclosure,
                       const std::filesystem::path& out, const std::filesystem::path& picture);

}  // namespace maskbench
