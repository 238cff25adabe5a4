#include "experiments/training/learned_reader/reading_shard.h"

#include <cstring>
#include <type_traits>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/core/hash.h"

namespace maskbench::training {
namespace {

constexpr const char* kFormat = "maskbench-reading-shard";

static_assert(sizeof(EyeNow) == EyeNow::kNumbers * sizeof(float));
static_assert(sizeof(ReadingShard::Frame) == 3 * 4 + 2 * sizeof(EyeNow));
static_assert(std::is_trivially_copyable_v<ReadingShard::Frame>);

}  // namespace

cv::Mat ReadingShard::EyePatch(size_t frame, int side) const {
  const std::uint8_t* at =
      crops.data() + frame * kFrameBytes + static_cast<size_t>(side) * kEyeBytes;
  return {kEyePatchHeight, kEyePatchWidth, CV_8UC1, const_cast<std::uint8_t*>(at)};
}

cv::Mat ReadingShard::FacePatch(size_t frame) const {
  const std::uint8_t* at = crops.data() + frame * kFrameBytes + 2 * kEyeBytes;
  return {kFacePatchHeight, kFacePatchWidth, CV_8UC1, const_cast<std::uint8_t*>(at)};
}

void WriteReadingShard(const ReadingShard& shard, const std::filesystem::path& file) {
  const size_t crops = shard.has_crops ? shard.frames.size() * ReadingShard::kFrameBytes : 0;
  if (shard.crops.size() != crops) {
    throw DataError(fmt::format("The readings for {} have {} bytes of crops for {} frames.",
                                file.string(), shard.crops.size(), shard.frames.size()));
  }
  std::string body(shard.frames.size() * sizeof(ReadingShard::Frame) + crops, '\0');
  if (!shard.frames.empty()) std::memcpy(body.data(), shard.frames.data(), body.size() - crops);
  if (crops > 0) std::memcpy(body.data() + (body.size() - crops), shard.crops.data(), crops);
  const Json header = {{"format", kFormat},
                       {"format_version", kReadingShardVersion},
                       {"about", shard.about},
                       {"has_crops", shard.has_crops},
                       {"frames", shard.frames.size()},
                       {"sha256", Sha256OfBytes(body)}};
  WriteFileAtomically(file, header.dump() + "\n" + body);
}

ReadingShard ReadReadingShard(const std::filesystem::path& file) {
  const std::string content = ReadFile(file);
  const size_t line = content.find('\n');
  const Json header =
      line == std::string::npos ? Json() : Json::parse(content.substr(0, line), nullptr, false);
  if (!header.is_object() || header.value("format", "") != kFormat)
    throw DataError(fmt::format("{} is no shard of readings.", file.string()));
  if (header.value("format_version", 0) != kReadingShardVersion)
    throw DataError(fmt::format("{} is a shard of readings of version {}, not {}.", file.string(),
                                header.value("format_version", 0), kReadingShardVersion));
  ReadingShard shard;
  shard.about = header.at("about");
  shard.has_crops = header.at("has_crops").get<bool>();
  shard.frames.resize(header.at("frames").get<size_t>());
  const size_t truth = shard.frames.size() * sizeof(ReadingShard::Frame);
  const size_t crops = shard.has_crops ? shard.frames.size() * ReadingShard::kFrameBytes : 0;
  const std::string_view body = std::string_view(content).substr(line + 1);
  if (body.size() != truth + crops)
    throw DataError(
        fmt::format("{} is not as long as its {} frames.", file.string(), shard.frames.size()));
  if (Sha256OfBytes(body) != header.value("sha256", ""))
    throw DataError(fmt::format("{} is damaged: its SHA-256 differs.", file.string()));
  if (truth > 0) std::memcpy(static_cast<void*>(shard.frames.data()), body.data(), truth);
  shard.crops.assign(body.begin() + static_cast<std::ptrdiff_t>(truth), body.end());
  return shard;
}

}  // namespace maskbench::training
