#pragma once

#include "maskbench/head/head_model.h"

#include "head_file.h"

namespace maskbench {

void PutTopology(const HeadTopology& topology, HeadFile* file);
/// Throws DataError when something is absent or out of range.
HeadTopology GetTopology(const HeadFile& file);

/// Arrays of structs as flat arrays and back.
std::vector<std::int32_t> Flatten(const std::vector<std::array<int, 4>>& rows);
std::vector<std::array<int, 4>> Unflatten(const std::vector<std::int32_t>& flat);

}  // namespace maskbench
