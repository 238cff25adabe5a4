#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "maskbench/core/json.h"

namespace maskbench {

inline constexpr char kPremadeType[] = "premade";
inline constexpr char kCommandType[] = "command";

/// The video that stands for a recording, if the folder has one. Only the plan calls this: it knows
/// recording ids, which the masker must not.
std::optional<std::filesystem::path> PremadeFile(const Json& options,
                                                 const std::string& recording_id);

}  // namespace maskbench
