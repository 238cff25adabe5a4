#pragma once

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/crc.h>
#include <libavutil/display.h>
#include <libavutil/imgutils.h>
#include <libavutil/intreadwrite.h>
#include <libavutil/opt.h>
#include <libswscale/swscale.h>
}

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace maskbench {

/// What FFmpeg says of an error code.
std::string AvErrorText(int code);

/// FFmpeg's own messages are silenced once: ours name the file and the frame.
void SilenceFfmpeg();

/// The first error that FFmpeg reported on this thread since the last call, or "". Some damage
/// shows nowhere else: FFV1 conceals slices with a wrong check sum, and Matroska's reader takes a
/// file that breaks off for one that ends.
std::string TakeFfmpegError();

/// Check sum of a packet's bytes.
std::uint32_t PacketCheckSum(const AVPacket& packet);

/// Stores the packet's check sum beside it in Matroska, where players ignore it. False when out of
/// memory.
bool AddCheckSum(AVPacket* packet);

/// The check sum that was stored with the packet, if one was.
std::optional<std::uint32_t> StoredCheckSum(const AVPacket& packet);

struct AvFrameDeleter {
  void operator()(AVFrame* frame) const { av_frame_free(&frame); }
};
struct AvPacketDeleter {
  void operator()(AVPacket* packet) const { av_packet_free(&packet); }
};
struct AvCodecContextDeleter {
  void operator()(AVCodecContext* context) const { avcodec_free_context(&context); }
};
struct AvInputDeleter {
  void operator()(AVFormatContext* context) const { avformat_close_input(&context); }
};
struct AvOutputDeleter {
  void operator()(AVFormatContext* context) const {
    if (context->pb != nullptr) avio_closep(&context->pb);
    avformat_free_context(context);
  }
};
struct SwsDeleter {
  void operator()(SwsContext* context) const { sws_freeContext(context); }
};
using AvFramePtr = std::unique_ptr<AVFrame, AvFrameDeleter>;
using AvPacketPtr = std::unique_ptr<AVPacket, AvPacketDeleter>;
using AvCodecContextPtr = std::unique_ptr<AVCodecContext, AvCodecContextDeleter>;
using AvInputPtr = std::unique_ptr<AVFormatContext, AvInputDeleter>;
using AvOutputPtr = std::unique_ptr<AVFormatContext, AvOutputDeleter>;
using SwsPtr = std::unique_ptr<SwsContext, SwsDeleter>;

}  // namespace maskbench
