#include "video_reader.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <opencv2/core.hpp>

#include "maskbench/core/error.h"

#include "av_support.h"

namespace maskbench {
namespace {

/// Presentation times of a stream, from its packets alone.
struct Timing {
  std::vector<int64_t> times;  // Sorted, in the stream's time base.
  bool constant = true;
  bool checked = true;  // Every packet has a check sum.
  FrameRate rate;
};

AvInputPtr OpenInput(const std::filesystem::path& file) {
  SilenceFfmpeg();
  AVFormatContext* context = nullptr;
  // Only local files: a playlist inside a video must not reach for anything else.
  AVDictionary* options = nullptr;
  av_dict_set(&options, "protocol_whitelist", "file", 0);
  const int opened = avformat_open_input(&context, file.c_str(), nullptr, &options);
  av_dict_free(&options);
  if (opened < 0) {
    throw DataError(
        fmt::format("{} is not a video that can be read: {}.", file.string(), AvErrorText(opened)));
  }
  AvInputPtr input(context);
  const int found = avformat_find_stream_info(context, nullptr);
  if (found < 0) {
    throw DataError(
        fmt::format("{} has no readable stream: {}.", file.string(), AvErrorText(found)));
  }
  return input;
}

int VideoStream(const AVFormatContext* input, const std::filesystem::path& file) {
  const int index = av_find_best_stream(const_cast<AVFormatContext*>(input), AVMEDIA_TYPE_VIDEO, -1,
                                        -1, nullptr, 0);
  if (index < 0) throw DataError(fmt::format("{} has no video stream.", file.string()));
  return index;
}

/// The closest of the rates that cameras use, when within the relative tolerance; otherwise a
/// fraction near `hz`.
FrameRate NearestRate(double hz, double tolerance) {
  static constexpr FrameRate kCommon[] = {
      {24000, 1001}, {24, 1},       {25, 1}, {30000, 1001}, {30, 1},        {48, 1},
      {50, 1},       {60000, 1001}, {60, 1}, {100, 1},      {120000, 1001}, {120, 1},
      {200, 1},      {240, 1},      {10, 1}, {12, 1},       {15, 1}};
  const FrameRate* best = nullptr;
  for (const FrameRate& rate : kCommon) {
    if (std::abs(rate.hz() / hz - 1) > tolerance) continue;
    if (best == nullptr || std::abs(rate.hz() - hz) < std::abs(best->hz() - hz)) best = &rate;
  }
  if (best != nullptr) return *best;
  const AVRational fraction = av_d2q(hz, 100000);
  return {fraction.num, fraction.den};
}

Timing ReadTiming(const std::filesystem::path& file) {
  const AvInputPtr input = OpenInput(file);
  const int index = VideoStream(input.get(), file);
  const AVStream* stream = input->streams[index];
  for (unsigned i = 0; i < input->nb_streams; ++i) {
    if (static_cast<int>(i) != index) input->streams[i]->discard = AVDISCARD_ALL;
  }
  Timing timing;
  int64_t packets = 0;
  const AvPacketPtr packet(av_packet_alloc());
  TakeFfmpegError();  // What was said before is not about this.
  int status = 0;
  while ((status = av_read_frame(input.get(), packet.get())) >= 0) {
    if (packet->stream_index == index) {
      ++packets;
      timing.checked = timing.checked && StoredCheckSum(*packet);
      const int64_t time = packet->pts != AV_NOPTS_VALUE ? packet->pts : packet->dts;
      if ((packet->flags & AV_PKT_FLAG_DISCARD) == 0 && time != AV_NOPTS_VALUE) {
        timing.times.push_back(time);
      }
    }
    av_packet_unref(packet.get());
  }
  if (status != AVERROR_EOF) {
    throw DataError(fmt::format("{} breaks off after {} frames: {}.", file.string(), packets,
                                AvErrorText(status)));
  }
  if (packets == 0) throw DataError(fmt::format("{} holds no frame.", file.string()));
  if (const std::string error = TakeFfmpegError(); !error.empty()) {
    throw DataError(fmt::format("{} is damaged or breaks off after {} frames: {}.", file.string(),
                                packets, error));
  }
  if (stream->nb_frames > packets) {
    throw DataError(fmt::format("{} breaks off after {} of the {} frames that it declares.",
                                file.string(), packets, stream->nb_frames));
  }
  std::vector<int64_t>& times = timing.times;
  std::sort(times.begin(), times.end());
  const double tick_s = av_q2d(stream->time_base);
  if (times.size() < 2 || times.back() == times.front()) {
    const AVRational declared = stream->avg_frame_rate;
    timing.rate = declared.num > 0 ? FrameRate{declared.num, declared.den} : FrameRate{25, 1};
    return timing;
  }
  const double step = static_cast<double>(times.back() - times.front()) / (times.size() - 1);
  // Containers round times to their tick (1 ms in Matroska and WebM): allow that and no more.
  const double allowed = std::max(1.01, 0.02 * step);
  double worst = 0;
  for (size_t i = 0; i < times.size(); ++i) {
    worst = std::max(worst, std::abs(static_cast<double>(times[i] - times.front()) - i * step));
  }
  timing.constant = worst <= allowed;
  double hz = 1 / (step * tick_s);
  // A rounded tick at either end shifts the rate of a short file noticeably.
  const double tolerance = 5e-4 + 1.01 / static_cast<double>(times.back() - times.front());
  if (!timing.constant) {
    std::vector<int64_t> steps;
    for (size_t i = 1; i < times.size(); ++i) steps.push_back(times[i] - times[i - 1]);
    std::nth_element(steps.begin(), steps.begin() + steps.size() / 2, steps.end());
    hz = 1 / (std::max<int64_t>(1, steps[steps.size() / 2]) * tick_s);
  } else if (const AVRational declared = stream->avg_frame_rate;
             declared.num > 0 && std::abs(av_q2d(declared) / hz - 1) < tolerance) {
    timing.rate = NearestRate(av_q2d(declared), 1e-6);  // 60000/1001 may be declared as 19001/317.
    return timing;
  }
  timing.rate = NearestRate(hz, timing.constant ? tolerance : 5e-4);
  return timing;
}

/// Clockwise rotation, in degrees, that shows the frames upright.
int UprightRotation(const AVStream* stream) {
  const uint8_t* data = av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, nullptr);
  if (data == nullptr) return 0;
  const double counterclockwise = av_display_rotation_get(reinterpret_cast<const int32_t*>(data));
  if (!std::isfinite(counterclockwise)) return 0;
  const int quarter_turns = static_cast<int>(std::lround(-counterclockwise / 90));
  return ((quarter_turns % 4) + 4) % 4 * 90;
}

class VideoReader : public FrameSource {
 public:
  explicit VideoReader(const std::filesystem::path& file) : file_(file) {
    Timing timing = ReadTiming(file);
    input_ = OpenInput(file);
    stream_index_ = VideoStream(input_.get(), file);
    const AVStream* stream = input_->streams[stream_index_];
    const AVCodec* codec = avcodec_find_decoder(stream->codecpar->codec_id);
    if (codec == nullptr) {
      throw DataError(fmt::format("{} uses the codec {}, which cannot be decoded here.",
                                  file.string(), avcodec_get_name(stream->codecpar->codec_id)));
    }
    decoder_.reset(avcodec_alloc_context3(codec));
    avcodec_parameters_to_context(decoder_.get(), stream->codecpar);
    decoder_->thread_count = 1;
    decoder_->err_recognition = AV_EF_EXPLODE | AV_EF_CAREFUL | AV_EF_CRCCHECK;
    decoder_->pkt_timebase = stream->time_base;
    const int opened = avcodec_open2(decoder_.get(), codec, nullptr);
    if (opened < 0) {
      throw DataError(fmt::format("{} cannot be decoded: {}.", file.string(), AvErrorText(opened)));
    }
    packet_.reset(av_packet_alloc());
    current_.reset(av_frame_alloc());
    next_.reset(av_frame_alloc());

    alone_ = timing.checked && codec->id == AV_CODEC_ID_HUFFYUV;
    info_.codec = codec->name;
    info_.rate = timing.rate;
    info_.resampled = !timing.constant;
    info_.rotation_deg = UprightRotation(stream);
    info_.width_px = stream->codecpar->width;
    info_.height_px = stream->codecpar->height;
    if (info_.rotation_deg % 180 != 0) std::swap(info_.width_px, info_.height_px);
    if (timing.times.empty()) {
      throw DataError(fmt::format("{} gives no time for its frames.", file.string()));
    }
    first_time_ = timing.times.front();
    ticks_per_frame_ = 1 / (info_.rate.hz() * av_q2d(stream->time_base));
    info_.frame_count = static_cast<int64_t>(timing.times.size());
    if (info_.resampled) {
      const double span = static_cast<double>(timing.times.back() - first_time_);
      info_.frame_count = static_cast<int64_t>(std::floor(span / ticks_per_frame_ + 0.5)) + 1;
    }
  }

  const MediaInfo& info() const override { return info_; }

  bool Next(Frame* frame) override {
    if (!Advance(true)) return false;
    Convert(current_.get(), &frame->bgr);
    frame->index = index_ - 1;
    frame->time_s = static_cast<double>(frame->index) / info_.rate.hz();
    return true;
  }

  bool Skip() override { return Advance(false); }

 private:
  /// @param shown  whether the frame is looked at.
  bool Advance(bool shown) {
    if (index_ == info_.frame_count) return false;
    if (info_.resampled) {
      SelectForGrid();
    } else if (!(shown || !alone_ ? Decode(current_.get()) : Pass())) {
      throw DataError(fmt::format("{} gives only {} of its {} frames.", file_.string(), index_,
                                  info_.frame_count));
    }
    ++index_;
    return true;
  }

  /// Makes current_ the last frame shown at or before the middle of grid position index_.
  void SelectForGrid() {
    if (index_ == 0) {
      if (!Decode(current_.get())) {
        throw DataError(fmt::format("{} gives no frame.", file_.string()));
      }
      next_valid_ = Decode(next_.get());
    }
    const double until = first_time_ + (static_cast<double>(index_) + 0.5) * ticks_per_frame_;
    while (next_valid_ && static_cast<double>(next_->best_effort_timestamp) < until) {
      std::swap(current_, next_);
      next_valid_ = Decode(next_.get());
    }
  }

  bool Decode(AVFrame* frame) {
    TakeFfmpegError();
    for (;;) {
      av_frame_unref(frame);
      const int received = avcodec_receive_frame(decoder_.get(), frame);
      if (received == AVERROR_EOF) return false;
      if (received >= 0) {
        if (frame->decode_error_flags != 0 || (frame->flags & AV_FRAME_FLAG_CORRUPT) != 0) {
          Fail("is damaged");
        }
        if (const std::string error = TakeFfmpegError(); !error.empty()) {
          Fail("is damaged: " + error);
        }
        ++decoded_;
        return true;
      }
      if (received != AVERROR(EAGAIN)) Fail("cannot be decoded: " + AvErrorText(received));
      Feed();
    }
  }

  /// Leaves out a frame that no other needs. False at the end of the file.
  bool Pass() {
    if (!Read()) return false;
    av_packet_unref(packet_.get());
    ++decoded_;
    return true;
  }

  void Feed() {
    if (!Read()) {
      avcodec_send_packet(decoder_.get(), nullptr);
      return;
    }
    const int sent = avcodec_send_packet(decoder_.get(), packet_.get());
    av_packet_unref(packet_.get());
    if (sent < 0) Fail("cannot be decoded: " + AvErrorText(sent));
  }

  /// Makes packet_ the stream's next one. False at the end of the file.
  bool Read() {
    int status = 0;
    while ((status = av_read_frame(input_.get(), packet_.get())) >= 0) {
      if (packet_->stream_index == stream_index_) {
        const auto stored = StoredCheckSum(*packet_);
        if (stored && *stored != PacketCheckSum(*packet_))
          Fail("is damaged: its check sum differs");
        return true;
      }
      av_packet_unref(packet_.get());
    }
    if (status != AVERROR_EOF) Fail("cannot be read: " + AvErrorText(status));
    return false;
  }

  [[noreturn]] void Fail(const std::string& what) const {
    throw DataError(fmt::format("{}: frame {} {}.", file_.string(), decoded_, what));
  }

  void Convert(const AVFrame* frame, cv::Mat* bgr) {
    const auto format = static_cast<AVPixelFormat>(frame->format);
    scaler_.reset(sws_getCachedContext(scaler_.release(), frame->width, frame->height, format,
                                       frame->width, frame->height, AV_PIX_FMT_BGR24,
                                       SWS_BILINEAR | SWS_ACCURATE_RND | SWS_BITEXACT, nullptr,
                                       nullptr, nullptr));
    if (scaler_ == nullptr) {
      throw DataError(fmt::format("{} has the pixel format {}, which cannot be converted.",
                                  file_.string(), av_get_pix_fmt_name(format)));
    }
    // Files that do not say: BT.601 for standard definition, BT.709 above, as players assume.
    int matrix = frame->colorspace == AVCOL_SPC_BT709        ? SWS_CS_ITU709
                 : frame->colorspace == AVCOL_SPC_BT470BG    ? SWS_CS_ITU601
                 : frame->colorspace == AVCOL_SPC_SMPTE170M  ? SWS_CS_ITU601
                 : frame->colorspace == AVCOL_SPC_BT2020_NCL ? SWS_CS_BT2020
                 : frame->height >= 720                      ? SWS_CS_ITU709
                                                             : SWS_CS_ITU601;
    const int full_range = frame->color_range == AVCOL_RANGE_JPEG ? 1 : 0;
    sws_setColorspaceDetails(scaler_.get(), sws_getCoefficients(matrix), full_range,
                             sws_getCoefficients(SWS_CS_DEFAULT), 1, 0, 1 << 16, 1 << 16);
    upright_.create(frame->height, frame->width, CV_8UC3);
    cv::Mat& direct = info_.rotation_deg == 0 ? *bgr : upright_;
    direct.create(frame->height, frame->width, CV_8UC3);
    uint8_t* planes[4] = {direct.data, nullptr, nullptr, nullptr};
    const int strides[4] = {static_cast<int>(direct.step), 0, 0, 0};
    sws_scale(scaler_.get(), frame->data, frame->linesize, 0, frame->height, planes, strides);
    if (info_.rotation_deg != 0) {
      cv::rotate(upright_, *bgr,
                 info_.rotation_deg == 90    ? cv::ROTATE_90_CLOCKWISE
                 : info_.rotation_deg == 180 ? cv::ROTATE_180
                                             : cv::ROTATE_90_COUNTERCLOCKWISE);
    }
    if (bgr->cols != info_.width_px || bgr->rows != info_.height_px) {
      throw DataError(fmt::format("{}: frame {} is {}×{} px, the first was {}×{} px.",
                                  file_.string(), index_ - 1, bgr->cols, bgr->rows, info_.width_px,
                                  info_.height_px));
    }
  }

  std::filesystem::path file_;
  MediaInfo info_;
  AvInputPtr input_;
  AvCodecContextPtr decoder_;
  AvPacketPtr packet_;
  AvFramePtr current_, next_;
  SwsPtr scaler_;
  cv::Mat upright_;
  int stream_index_ = 0;
  bool next_valid_ = false;
  /// Each frame is coded by itself and has a check sum, so that one can be left out unseen.
  bool alone_ = false;
  int64_t first_time_ = 0;
  double ticks_per_frame_ = 1;
  int64_t index_ = 0;
  int64_t decoded_ = 0;
};

}  // namespace

std::unique_ptr<FrameSource> OpenVideo(const std::filesystem::path& file) {
  return std::make_unique<VideoReader>(file);
}

}  // namespace maskbench
