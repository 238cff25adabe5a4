#pragma once

#include <filesystem>
#include <memory>

#include "maskbench/media/frame_source.h"

namespace maskbench {

/// A video through libav*, at a constant rate, upright. See OpenFrames.
std::unique_ptr<FrameSource> OpenVideo(const std::filesystem::path& file);

/// An image, or a folder of equally large images in name order.
std::unique_ptr<FrameSource> OpenImages(const std::filesystem::path& path, double rate_hz);

}  // namespace maskbench
