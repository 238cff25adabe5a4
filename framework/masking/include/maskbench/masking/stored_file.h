#pragma once

#include <filesystem>

namespace maskbench {

/// Where a method leaves, beside a masked video, what a clinic could store in its place (the digital
/// mask's parameters): next to MaskJob::output, and so next to the video that is delivered in a run.
/// There is no such file where the method stores nothing.
inline std::filesystem::path StoredBeside(const std::filesystem::path& video) {
  return std::filesystem::path(video).replace_extension(".mask");
}

}  // namespace maskbench
