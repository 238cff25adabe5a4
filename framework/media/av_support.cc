#include "av_support.h"

#include <array>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <utility>

namespace maskbench {
namespace {

thread_local std::string first_error;

void KeepError(void*, int level, const char* format, va_list arguments) {
  if (level > AV_LOG_ERROR || !first_error.empty()) return;
  char text[256] = {};
  std::vsnprintf(text, sizeof(text), format, arguments);
  first_error = text;
  first_error.erase(first_error.find_last_not_of(" .!\r\n") + 1);
}

/// The addition's number in Matroska, 64 bits, and what tells ours from those of codecs.
constexpr std::array<uint8_t, 12> kAdditionHead = {0, 0, 0, 0, 0, 0, 0, 1, 'c', 'r', 'c', '1'};

}  // namespace

std::string AvErrorText(int code) {
  char text[AV_ERROR_MAX_STRING_SIZE] = {};
  av_strerror(code, text, sizeof(text));
  return text;
}

void SilenceFfmpeg() {
  static const bool done = [] {
    av_log_set_callback(KeepError);
    return true;
  }();
  (void)done;
}

std::uint32_t PacketCheckSum(const AVPacket& packet) {
  return av_crc(av_crc_get_table(AV_CRC_32_IEEE_LE), 0, packet.data,
                static_cast<size_t>(packet.size));
}

bool AddCheckSum(AVPacket* packet) {
  uint8_t* data = av_packet_new_side_data(packet, AV_PKT_DATA_MATROSKA_BLOCKADDITIONAL,
                                          kAdditionHead.size() + sizeof(std::uint32_t));
  if (data == nullptr) return false;
  std::memcpy(data, kAdditionHead.data(), kAdditionHead.size());
  AV_WL32(data + kAdditionHead.size(), PacketCheckSum(*packet));
  return true;
}

std::optional<std::uint32_t> StoredCheckSum(const AVPacket& packet) {
  size_t size = 0;
  const uint8_t* data =
      av_packet_get_side_data(&packet, AV_PKT_DATA_MATROSKA_BLOCKADDITIONAL, &size);
  if (data == nullptr || size != kAdditionHead.size() + sizeof(std::uint32_t) ||
      std::memcmp(data, kAdditionHead.data(), kAdditionHead.size()) != 0)
    return std::nullopt;
  return AV_RL32(data + kAdditionHead.size());
}

std::string TakeFfmpegError() { return std::exchange(first_error, ""); }

}  // namespace maskbench
