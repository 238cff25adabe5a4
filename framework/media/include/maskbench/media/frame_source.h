#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>

#include <opencv2/core.hpp>

#include "maskbench/media/recording.h"

namespace maskbench {

struct Frame {
  /// 8-bit BGR, upright, height × width. Owned by the caller of FrameSource::Next.
  cv::Mat bgr;
  int64_t index = 0;
  double time_s = 0;
};

/// Frames in order, one at a time: memory does not grow with the length of a recording.
class FrameSource {
 public:
  virtual ~FrameSource() = default;
  virtual const MediaInfo& info() const = 0;
  /// Reads the next frame into `frame`; false at the end. Throws DataError that names the file and
  /// the frame when it cannot be decoded, or when there are fewer frames than the file declares.
  virtual bool Next(Frame* frame) = 0;
  /// Passes over the next frame without converting it; false at the end. Throws like Next.
  virtual bool Skip() = 0;
};

struct ReadOptions {
  /// Rate of an image or a folder of images, which have none of their own.
  double image_rate_hz = 25;
  /// The part of the recording to read, counted after resampling to a constant rate.
  int64_t first_frame = 0;
  std::optional<int64_t> frame_count;
};

/// Opens a video (whatever the packaged FFmpeg reads), an image, or a folder of images in name
/// order. Rotation is applied; a variable rate is resampled to a constant one, which is recorded.
/// Decoding uses one thread. Throws DataError that names the file.
std::unique_ptr<FrameSource> OpenFrames(const std::filesystem::path& path,
                                        const ReadOptions& options = {});

/// Facts without decoding: walks the packets, so the frame count is exact for sound files.
MediaInfo ProbeMedia(const std::filesystem::path& path, const ReadOptions& options = {});

}  // namespace maskbench
