#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <opencv2/core.hpp>

#include "maskbench/core/json.h"
#include "maskbench/nn/learned_reader.h"

namespace maskbench::training {

/// Raised whenever shards of the same recipe come out differently.
inline constexpr int kReadingShardVersion = 1;
/// Crops as they are kept: finer than the reader's (this many pixels across what it sees), and with
/// a border to shift, turn and scale them in.
inline constexpr int kPatchAcross = 96;
inline constexpr int kEyePatchWidth = 124, kEyePatchHeight = 88;
inline constexpr int kFacePatchWidth = 112, kFacePatchHeight = 78;

/// What one recording gives to training: crops of its frames where a face was found, truth of all.
struct ReadingShard {
  Json about = Json::object();  ///< Who, what of, labels; one line of text in the file.
  bool has_crops = true;        ///< Without: truth alone.
  struct Frame {
    std::int32_t number = 0, step = 0, seen = 0;
    std::array<EyeNow, 2> eyes;  ///< What is true, by Side; NaN where it cannot be told.
  };
  std::vector<Frame> frames;
  /// Per frame: right eye, left eye (nose on the left in both), face as the picture has it; grey.
  static constexpr size_t kEyeBytes = size_t{kEyePatchWidth} * kEyePatchHeight;
  static constexpr size_t kFaceBytes = size_t{kFacePatchWidth} * kFacePatchHeight;
  static constexpr size_t kFrameBytes = 2 * kEyeBytes + kFaceBytes;
  std::vector<std::uint8_t> crops;

  /// Of an eye, CV_8UC1; shares the shard's memory.
  cv::Mat EyePatch(size_t frame, int side) const;
  /// Unmirrored.
  cv::Mat FacePatch(size_t frame) const;
};

/// The file appears complete or not at all. Throws DataError.
void WriteReadingShard(const ReadingShard& shard, const std::filesystem::path& file);

/// Throws DataError that names the file when it is none, of another version, cut short or damaged.
ReadingShard ReadReadingShard(const std::filesystem::path& file);

}  // namespace maskbench::training
