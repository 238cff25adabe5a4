#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include <opencv2/core.hpp>

namespace maskbench {

/// Where videos stand in one that shows all of them.
struct TileLayout {
  /// Sides are multiples of 16, the blocks of the encoder.
  cv::Size size;
  /// In the order of the videos. Each begins a block and leaves 8 px and more to the next one, so
  /// that the encoder mixes none with its neighbour.
  std::vector<cv::Rect> tiles;
};

/// @param sizes  of the videos' frames. Frames whose longer side exceeds `long_side_px` are scaled
/// down to it, others are left as they are; sides become even.
TileLayout LayTiles(const std::vector<cv::Size>& sizes, int long_side_px);

struct TiledVideo {
  TileLayout layout;
  int64_t frames = 0;
  double rate_hz = 0;
};

/// Writes an H.264 video with others side by side, frame by frame, with a key frame in every half
/// second so that single frames are found quickly. It is as long as the longest one; a video that
/// ends earlier leaves its tile grey. Throws DataError when there is none, a rate differs, or a
/// file cannot be read or written.
TiledVideo WriteTiledVideo(const std::vector<std::filesystem::path>& videos, int long_side_px,
                           const std::filesystem::path& file);

}  // namespace maskbench
