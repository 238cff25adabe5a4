#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include <opencv2/core.hpp>

#include "experiments/training/eye_network/eye_sample.h"

namespace maskbench::training {

/// Raised whenever crops of the same recipe come out differently, be it by the generator or by the
/// head, subjects or renderer that it draws with; shards of another version are made again.
inline constexpr std::uint32_t kCropGeneratorVersion = 6;

/// All samples of one training subject, as they lie in a file.
///
/// File, little-endian: a header of 128 bytes (magic "MBCROPS1", generator version, patch width and
/// height, bytes of a label, subject, frames, count, seed, SHA-256 of what follows, 1 for plain
/// crops), then `count` patches of kPatchHeight × kPatchWidth × 3 bytes (B, G, R), then `count`
/// EyeLabel, padding zeroed.
struct Shard {
  static constexpr std::size_t kPatchBytes = std::size_t{3} * kPatchWidth * kPatchHeight;

  std::uint64_t seed = 0;
  int subject = 0;
  int frames = 0;          ///< That the shard was made for; a frame gives up to two samples.
  bool randomised = true;  ///< See CropRecipe.
  std::vector<std::uint8_t> patches;  ///< count() × kPatchBytes.
  std::vector<EyeLabel> labels;

  int count() const { return static_cast<int>(labels.size()); }
  /// CV_8UC3 (B, G, R), kPatchHeight × kPatchWidth; shares the shard's memory.
  cv::Mat Patch(int index);
};

/// Name of a subject's shard in a folder.
std::filesystem::path ShardFile(const std::filesystem::path& folder, int subject);

/// The shards of a folder, sorted by subject; files that are still being written are left out.
/// Throws DataError when there are none.
std::vector<std::filesystem::path> ShardFiles(const std::filesystem::path& folder);

/// The file appears complete or not at all. Throws DataError that names the file.
void WriteShard(const Shard& shard, const std::filesystem::path& file);

/// Throws DataError that names the file when it is no shard, of another version or patch size, cut
/// short or damaged.
Shard ReadShard(const std::filesystem::path& file);

/// Whether a file is a complete shard of this seed, subject, number of frames and kind; looks at
/// the header and the file's length alone.
bool IsShardOf(const std::filesystem::path& file, std::uint64_t seed, int subject, int frames,
               bool randomised = true);

}  // namespace maskbench::training
