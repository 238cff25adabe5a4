#include "maskbench/media/video_writer.h"

#include <fmt/format.h>
#include <opencv2/imgproc.hpp>

#include "maskbench/core/error.h"

#include "av_support.h"

namespace maskbench {
namespace {

class LibavWriter : public VideoWriter {
 public:
  LibavWriter(const std::filesystem::path& file, cv::Size size, FrameRate rate,
              const char* container, const char* codec_name, AVPixelFormat format,
              cv::Size coded_size, AVDictionary* codec_options, bool check_sums = false)
      : file_(file), size_(size), coded_size_(coded_size), check_sums_(check_sums) {
    SilenceFfmpeg();
    AVFormatContext* output = nullptr;
    Check(avformat_alloc_output_context2(&output, nullptr, container, file.c_str()), "opened");
    output_.reset(output);
    // No version strings, dates or random ids: equal frames give equal files.
    output->flags |= AVFMT_FLAG_BITEXACT;
    const AVCodec* codec = avcodec_find_encoder_by_name(codec_name);
    if (codec == nullptr) {
      av_dict_free(&codec_options);
      throw DataError(
          fmt::format("this FFmpeg has no encoder {}; install libavcodec with it.", codec_name));
    }
    encoder_.reset(avcodec_alloc_context3(codec));
    encoder_->width = coded_size.width;
    encoder_->height = coded_size.height;
    encoder_->pix_fmt = format;
    encoder_->time_base = {rate.denominator, rate.numerator};
    encoder_->framerate = {rate.numerator, rate.denominator};
    encoder_->thread_count = 1;
    encoder_->flags |= AV_CODEC_FLAG_BITEXACT;
    if (format == AV_PIX_FMT_YUV420P) {
      encoder_->colorspace = AVCOL_SPC_BT709;
      encoder_->color_primaries = AVCOL_PRI_BT709;
      encoder_->color_trc = AVCOL_TRC_BT709;
      encoder_->color_range = AVCOL_RANGE_MPEG;
    }
    if ((output->oformat->flags & AVFMT_GLOBALHEADER) != 0) {
      encoder_->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    }
    const int opened = avcodec_open2(encoder_.get(), codec, &codec_options);
    av_dict_free(&codec_options);
    Check(opened, "encoded");
    stream_ = avformat_new_stream(output, nullptr);
    stream_->time_base = encoder_->time_base;
    stream_->avg_frame_rate = encoder_->framerate;
    avcodec_parameters_from_context(stream_->codecpar, encoder_.get());
    Check(avio_open(&output->pb, file.c_str(), AVIO_FLAG_WRITE), "opened");
    Check(avformat_write_header(output, nullptr), "written");
    packet_.reset(av_packet_alloc());
    frame_.reset(av_frame_alloc());
    frame_->format = format;
    frame_->width = coded_size.width;
    frame_->height = coded_size.height;
    Check(av_frame_get_buffer(frame_.get(), 0), "encoded");
    scaler_.reset(sws_getContext(coded_size.width, coded_size.height, AV_PIX_FMT_BGR24,
                                 coded_size.width, coded_size.height, format,
                                 SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INP | SWS_BITEXACT,
                                 nullptr, nullptr, nullptr));
    if (format == AV_PIX_FMT_YUV420P) {  // RGB must not be squeezed into the range of video.
      sws_setColorspaceDetails(scaler_.get(), sws_getCoefficients(SWS_CS_DEFAULT), 1,
                               sws_getCoefficients(SWS_CS_ITU709), 0, 0, 1 << 16, 1 << 16);
    }
  }

  void Write(const cv::Mat& bgr) override {
    if (bgr.size() != size_ || bgr.type() != CV_8UC3) {
      throw DataError(fmt::format("{}: frame {} is {}×{} px; the video is {}×{} px.",
                                  file_.string(), count_, bgr.cols, bgr.rows, size_.width,
                                  size_.height));
    }
    const cv::Mat* input = &bgr;
    if (coded_size_ != size_) {
      cv::copyMakeBorder(bgr, extended_, 0, coded_size_.height - size_.height, 0,
                         coded_size_.width - size_.width, cv::BORDER_REPLICATE);
      input = &extended_;
    }
    Check(av_frame_make_writable(frame_.get()), "encoded");
    const uint8_t* planes[4] = {input->data, nullptr, nullptr, nullptr};
    const int strides[4] = {static_cast<int>(input->step), 0, 0, 0};
    sws_scale(scaler_.get(), planes, strides, 0, coded_size_.height, frame_->data,
              frame_->linesize);
    frame_->pts = count_++;
    Encode(frame_.get());
  }

  int64_t Finish() override {
    Encode(nullptr);
    Check(av_write_trailer(output_.get()), "ended");
    Check(avio_closep(&output_->pb), "closed");
    return count_;
  }

 private:
  void Encode(const AVFrame* frame) {
    Check(avcodec_send_frame(encoder_.get(), frame), "encoded");
    for (;;) {
      const int received = avcodec_receive_packet(encoder_.get(), packet_.get());
      if (received == AVERROR(EAGAIN) || received == AVERROR_EOF) return;
      Check(received, "encoded");
      if (check_sums_ && !AddCheckSum(packet_.get())) Check(AVERROR(ENOMEM), "encoded");
      packet_->stream_index = stream_->index;
      packet_->duration = 1;
      av_packet_rescale_ts(packet_.get(), encoder_->time_base, stream_->time_base);
      Check(av_interleaved_write_frame(output_.get(), packet_.get()), "written");
    }
  }

  void Check(int code, const char* action) const {
    if (code >= 0) return;
    throw DataError(fmt::format("{} cannot be {}: {}.", file_.string(), action, AvErrorText(code)));
  }

  std::filesystem::path file_;
  cv::Size size_, coded_size_;
  bool check_sums_;
  AvOutputPtr output_;
  AvCodecContextPtr encoder_;
  AVStream* stream_ = nullptr;
  AvPacketPtr packet_;
  AvFramePtr frame_;
  SwsPtr scaler_;
  cv::Mat extended_;
  int64_t count_ = 0;
};

}  // namespace

const OptionTable<DeliveryOptions>& DeliveryOptions::Options() {
  static const auto table =
      OptionTable<DeliveryOptions>()
          .Add(
              "codec", &DeliveryOptions::codec,
              "h264 in MP4 for viewing, or ffv1 in Matroska, which keeps every pixel: the same for "
              "all variants.",
              {OneOf({"h264", "ffv1"})})
          .Add("crf", &DeliveryOptions::crf,
               "Constant rate factor of x264: lower is better and larger; 18 is near lossless to "
               "the eye.",
               {Range(0, 51)})
          .Add("preset", &DeliveryOptions::preset,
               "x264 preset: slower ones give smaller files at the same quality.",
               {OneOf({"ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow"})});
  return table;
}

std::unique_ptr<VideoWriter> VideoWriter::Delivery(const std::filesystem::path& file, cv::Size size,
                                                   FrameRate rate, const DeliveryOptions& options) {
  AVDictionary* codec_options = nullptr;
  if (options.codec == "ffv1") {
    av_dict_set_int(&codec_options, "level", 3, 0);
    av_dict_set_int(&codec_options, "slicecrc", 1, 0);
    return std::make_unique<LibavWriter>(file, size, rate, "matroska", "ffv1", AV_PIX_FMT_BGR0,
                                         size, codec_options);
  }
  av_dict_set_int(&codec_options, "crf", options.crf, 0);
  av_dict_set(&codec_options, "preset", options.preset.c_str(), 0);
  // x264's macroblock tree reads memory that it never wrote when a side is no multiple of 16
  // (valgrind shows it), so that now and then equal frames would give other bytes.
  av_dict_set_int(&codec_options, "mbtree", 0, 0);
  if (options.key_frame_every > 0) av_dict_set_int(&codec_options, "g", options.key_frame_every, 0);
  const cv::Size even((size.width + 1) / 2 * 2, (size.height + 1) / 2 * 2);
  return std::make_unique<LibavWriter>(file, size, rate, "mp4", "libx264", AV_PIX_FMT_YUV420P, even,
                                       codec_options);
}

std::unique_ptr<VideoWriter> VideoWriter::Intermediate(const std::filesystem::path& file,
                                                       cv::Size size, FrameRate rate) {
  return std::make_unique<LibavWriter>(file, size, rate, "matroska", "huffyuv", AV_PIX_FMT_RGB24,
                                       size, nullptr, /*check_sums=*/true);
}

}  // namespace maskbench
