#include "experiments/training/eye_network/crop_shard.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <string>
#include <type_traits>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/core/hash.h"

namespace maskbench::training {
namespace {

struct Header {
  char magic[8];
  std::uint32_t version;
  std::uint32_t patch_width, patch_height, label_bytes;
  std::int32_t subject, frames;
  std::uint64_t seed;
  std::uint64_t count;
  char sha256[64];
  std::uint8_t plain;
  char rest[15];
};
static_assert(sizeof(Header) == 128 && std::is_trivially_copyable_v<Header>);
static_assert(std::is_trivially_copyable_v<EyeLabel>);
constexpr char kMagic[] = "MBCROPS1";
constexpr const char* kEnding = ".crops";

/// Copies a point member by member, so that padding stays as it was in `to`.
void CopyMembers(const LabelPoint& from, LabelPoint* to) {
  to->x = from.x;
  to->y = from.y;
  to->seen = from.seen;
}

/// The label as bytes that depend on its values alone: padding is zero.
void PutLabel(const EyeLabel& from, char* bytes) {
  alignas(EyeLabel) char zeroed[sizeof(EyeLabel)];
  std::memset(zeroed, 0, sizeof(zeroed));
  auto* to = reinterpret_cast<EyeLabel*>(zeroed);
  CopyMembers(from.medial, &to->medial);
  CopyMembers(from.lateral, &to->lateral);
  for (size_t k = 0; k < from.upper.size(); ++k) {
    CopyMembers(from.upper[k], &to->upper[k]);
    CopyMembers(from.lower[k], &to->lower[k]);
  }
  CopyMembers(from.iris, &to->iris);
  CopyMembers(from.pupil, &to->pupil);
  CopyMembers(from.reflex, &to->reflex);
  to->iris_major_px = from.iris_major_px;
  to->iris_minor_px = from.iris_minor_px;
  to->iris_angle_rad = from.iris_angle_rad;
  to->iris_visible = from.iris_visible;
  to->px_per_mm = from.px_per_mm;
  to->source_iris_px = from.source_iris_px;
  to->closure = from.closure;
  to->mrd1_mm = from.mrd1_mm;
  to->mrd2_mm = from.mrd2_mm;
  to->azimuth_deg = from.azimuth_deg;
  to->elevation_deg = from.elevation_deg;
  to->yaw_deg = from.yaw_deg;
  to->pitch_deg = from.pitch_deg;
  to->subject = from.subject;
  to->ancestry = from.ancestry;
  to->glasses = from.glasses;
  to->make_up = from.make_up;
  to->occluded = from.occluded;
  std::memcpy(bytes, zeroed, sizeof(zeroed));
}

/// Why a header is not one of ours; empty when it is.
std::string Fault(const Header& header, std::uint64_t file_bytes) {
  if (std::memcmp(header.magic, kMagic, sizeof(header.magic)) != 0) return "is no shard of crops";
  if (header.version != kCropGeneratorVersion)
    return fmt::format("is of crop generator version {}, not {}", header.version,
                       kCropGeneratorVersion);
  if (header.patch_width != kPatchWidth || header.patch_height != kPatchHeight ||
      header.label_bytes != sizeof(EyeLabel))
    return fmt::format("holds patches of {} × {} px and labels of {} bytes, not {} × {} and {}",
                       header.patch_width, header.patch_height, header.label_bytes, kPatchWidth,
                       kPatchHeight, sizeof(EyeLabel));
  constexpr std::uint64_t kEach = Shard::kPatchBytes + sizeof(EyeLabel);
  if (file_bytes < sizeof(Header) || (file_bytes - sizeof(Header)) % kEach != 0 ||
      (file_bytes - sizeof(Header)) / kEach != header.count)
    return fmt::format("is not as long as its {} samples", header.count);
  return "";
}

}  // namespace

cv::Mat Shard::Patch(int index) {
  return {kPatchHeight, kPatchWidth, CV_8UC3,
          patches.data() + static_cast<size_t>(index) * kPatchBytes};
}

std::filesystem::path ShardFile(const std::filesystem::path& folder, int subject) {
  return folder / fmt::format("subject_{:05d}{}", subject, kEnding);
}

std::vector<std::filesystem::path> ShardFiles(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  if (std::filesystem::is_directory(folder)) {
    for (const auto& entry : std::filesystem::directory_iterator(folder))
      if (entry.path().extension() == kEnding) files.push_back(entry.path());
  }
  if (files.empty()) throw DataError("There are no shards of crops in " + folder.string() + ".");
  std::sort(files.begin(), files.end());
  return files;
}

void WriteShard(const Shard& shard, const std::filesystem::path& file) {
  if (shard.patches.size() != shard.labels.size() * Shard::kPatchBytes)
    throw DataError(fmt::format("The crops for {} have {} bytes of patches for {} labels.",
                                file.string(), shard.patches.size(), shard.labels.size()));
  std::string content(
      sizeof(Header) + shard.patches.size() + shard.labels.size() * sizeof(EyeLabel), '\0');
  char* at = content.data() + sizeof(Header);
  if (!shard.patches.empty()) std::memcpy(at, shard.patches.data(), shard.patches.size());
  at += shard.patches.size();
  for (const EyeLabel& label : shard.labels) {
    PutLabel(label, at);
    at += sizeof(EyeLabel);
  }
  Header header;
  std::memset(&header, 0, sizeof(header));
  std::memcpy(header.magic, kMagic, sizeof(header.magic));
  header.version = kCropGeneratorVersion;
  header.patch_width = kPatchWidth;
  header.patch_height = kPatchHeight;
  header.label_bytes = sizeof(EyeLabel);
  header.subject = shard.subject;
  header.frames = shard.frames;
  header.seed = shard.seed;
  header.count = shard.labels.size();
  header.plain = shard.randomised ? 0 : 1;
  const std::string hash = Sha256OfBytes(std::string_view(content).substr(sizeof(Header)));
  std::memcpy(header.sha256, hash.data(), sizeof(header.sha256));
  std::memcpy(content.data(), &header, sizeof(header));
  WriteFileAtomically(file, content);
}

Shard ReadShard(const std::filesystem::path& file) {
  const std::string content = ReadFile(file);
  Header header;
  std::memset(&header, 0, sizeof(header));
  std::memcpy(&header, content.data(), std::min(content.size(), sizeof(header)));
  const std::string fault = Fault(header, content.size());
  if (!fault.empty()) throw DataError("The file " + file.string() + " " + fault + ".");
  const std::string hash = Sha256OfBytes(std::string_view(content).substr(sizeof(Header)));
  if (hash.compare(0, std::string::npos, header.sha256, sizeof(header.sha256)) != 0)
    throw DataError("The file " + file.string() + " is damaged: its SHA-256 differs.");
  Shard shard;
  shard.seed = header.seed;
  shard.subject = header.subject;
  shard.frames = header.frames;
  shard.randomised = header.plain == 0;
  const char* at = content.data() + sizeof(Header);
  shard.patches.assign(at, at + header.count * Shard::kPatchBytes);
  shard.labels.resize(header.count);
  if (header.count > 0)
    std::memcpy(static_cast<void*>(shard.labels.data()), at + shard.patches.size(),
                header.count * sizeof(EyeLabel));
  return shard;
}

bool IsShardOf(const std::filesystem::path& file, std::uint64_t seed, int subject, int frames,
               bool randomised) {
  std::error_code error;
  const std::uintmax_t bytes = std::filesystem::file_size(file, error);
  if (error) return false;
  Header header;
  std::ifstream in(file, std::ios::binary);
  if (!in.read(reinterpret_cast<char*>(&header), sizeof(header))) return false;
  return Fault(header, bytes).empty() && header.seed == seed && header.subject == subject &&
         header.frames == frames && (header.plain == 0) == randomised;
}

}  // namespace maskbench::training
