#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "maskbench/core/json.h"

namespace maskbench {

/// Frames per second as an exact fraction.
struct FrameRate {
  int numerator = 25;
  int denominator = 1;
  double hz() const { return static_cast<double>(numerator) / denominator; }
};

/// What a camera or a file says of a recording. Nothing here depends on who was filmed.
struct MediaInfo {
  /// Upright size: after the rotation that the file asks for.
  int width_px = 0;
  int height_px = 0;
  FrameRate rate;
  int64_t frame_count = 0;
  /// Rotation that was applied to show frames upright, degrees clockwise.
  int rotation_deg = 0;
  /// True when the file's frames were not evenly spaced and were resampled to `rate`.
  bool resampled = false;
  std::string codec;

  double duration_s() const { return static_cast<double>(frame_count) / rate.hz(); }
};

Json ToJson(const MediaInfo& info);

/// All that a masker, an observer or an attacker may know of a recording: pixels, time and camera
/// facts, under an anonymous id. Labels and identities live in the data-set manifest, which the
/// layers of maskers and observers cannot include.
struct Recording {
  std::string anonymous_id;
  std::filesystem::path file;
  MediaInfo info;
};

}  // namespace maskbench
