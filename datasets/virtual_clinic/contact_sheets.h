#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "datasets/virtual_clinic/studio.h"

namespace maskbench::virtual_clinic {

/// Draws the pictures that show what the renderer can do, as JPEG files: `heads` (40 people),
/// `states` (one person through closure, gaze, protrusion, expression, pose and light) and `eyes`
/// (close-ups, 400 %), and the sheets of DrawSignSheets. Returns the files. `progress` is called
/// with done and total.
std::vector<std::filesystem::path> DrawContactSheets(const Studio& studio, std::uint64_t seed,
                                                     const std::filesystem::path& folder,
                                                     const std::function<void(int, int)>& progress);

/// Light of a sheet or room: 0 window and room, 1 lamp from the right, 2 flat.
Lighting RoomLight(int kind);

}  // namespace maskbench::virtual_clinic
