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
  /// "h264" in MP4 for viewing, or "ffv1" in Matroska, which keeps every pixel.
  std::string codec = "h264";
  /// x264 constant rate factor; 18 is visually near lossless.
  int crf = 18;
  /// x264 preset: slower ones give smaller files at the same quality.
  std::string preset = "veryfast";
  /// Frames from one key frame to the next; 0: the encoder's own choice. No option of runs.
  int key_frame_every = 0;

  /// With the dot.
  std::string Extension() const { return codec == "ffv1" ? ".mkv" : ".mp4"; }

  static const OptionTable<DeliveryOptions>& Options();
};

/// Writes a video with one thread, fixed settings and no metadata: equal frames give equal bytes.
class VideoWriter {
 public:
  /// What a variant delivers. H.264 is 4:2:0, BT.709; odd sizes are extended by one replicated
  /// pixel. FFV1 is RGB.
  static std::unique_ptr<VideoWriter> Delivery(const std::filesystem::path& file, cv::Size size,
                                               FrameRate rate, const DeliveryOptions& options);
  /// For steps that follow in the same run: lossless RGB HuffYUV in Matroska with a check sum for
  /// each frame. Every pixel comes back as it was, and frames can be skipped without decoding.
  static std::unique_ptr<VideoWriter> Intermediate(const std::filesystem::path& file, cv::Size size,
                                                   FrameRate rate);
  virtual ~VideoWriter() = default;

  /// @param bgr  8-bit BGR of the size given at construction. Throws DataError.
  virtual void Write(const cv::Mat& bgr) = 0;
  /// Ends the file and returns the number of frames written. Without it the file is unreadable.
  virtual int64_t Finish() = 0;
};

}  // namespace maskbench
