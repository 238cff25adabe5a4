#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include <opencv2/core.hpp>

#include "maskbench/core/option_table.h"
#include "maskbench/media/recording.h"

namespace maskbench {

/// How masked videos are delivered: the same settings for every variant, so that none gains or
/// loses by its encoder.
struct DeliveryOptions {
  /// x264 constant rate factor; 18 is visually near lossless.
  int crf = 18;
  /// x264 preset: slower ones give smaller files at the same quality.
  std::string preset = "veryfast";

  static const OptionTable<DeliveryOptions>& Options();
};

/// Writes a video with one thread, fixed settings and no metadata: equal frames give equal bytes.
class VideoWriter {
 public:
  /// H.264 (4:2:0, BT.709) in MP4 for viewing. Odd sizes are extended by one replicated pixel.
  static std::unique_ptr<VideoWriter> H264(const std::filesystem::path& file, cv::Size size,
                                           FrameRate rate, const DeliveryOptions& options);
  /// FFV1 in Matroska: every pixel comes back as it was.
  static std::unique_ptr<VideoWriter> Lossless(const std::filesystem::path& file, cv::Size size,
                                               FrameRate rate);
  virtual ~VideoWriter() = default;

  /// @param bgr  8-bit BGR of the size given at construction. Throws DataError.
  virtual void Write(const cv::Mat& bgr) = 0;
  /// Ends the file and returns the number of frames written. Without it the file is unreadable.
  virtual int64_t Finish() = 0;
};

}  // namespace maskbench
