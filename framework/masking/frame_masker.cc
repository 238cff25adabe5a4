#include "maskbench/masking/frame_masker.h"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/media/frame_source.h"

namespace maskbench {
namespace {

/// The frames that a job delivers, in order.
class PictureSource {
 public:
  explicit PictureSource(const MaskJob& job) : job_(job) {
    if (job.pictures && !job.frames.empty()) {
      pictures_ = &job.pictures();
    } else {
      source_ = OpenFrames(job.recording.file);
    }
  }

  bool Next(Frame* frame) {
    if (job_.frames.empty()) return source_->Next(frame);
    if (next_ == job_.frames.size()) return false;
    const std::int64_t wanted = job_.frames[next_++];
    if (pictures_ != nullptr) {
      frame->bgr = pictures_->at(next_ - 1);
      frame->index = wanted;
      return true;
    }
    for (; read_ < wanted; ++read_) source_->Skip();
    ++read_;
    return source_->Next(frame);
  }

 private:
  const MaskJob& job_;
  const std::vector<cv::Mat>* pictures_ = nullptr;
  std::unique_ptr<FrameSource> source_;
  size_t next_ = 0;
  std::int64_t read_ = 0;
};

class FrameMaskerAdaptor : public Masker {
 public:
  FrameMaskerAdaptor(std::unique_ptr<FrameMasker> masker, const Context& context)
      : masker_(std::move(masker)), delivery_(context.delivery) {}

  std::string Extension(const Recording&) const override { return delivery_.Extension(); }

  MaskReport Mask(const MaskJob& job) override {
    const FaceRegions regions(job.track, {});
    if (masker_->NeedsFace() && !regions.any_known()) {
      // Delivering the picture unmasked would be worse than delivering nothing.
      throw DataError("no face was found in any frame, so the mask cannot be placed.");
    }
    const MediaInfo& info = job.recording.info;
    if (regions.frame_count() != info.frame_count) {
      throw DataError(fmt::format("the face track has {} frames; the recording has {}.",
                                  regions.frame_count(), info.frame_count));
    }
    const cv::Size size = masker_->Begin({info.width_px, info.height_px}, regions);
    const std::unique_ptr<VideoWriter> writer =
        VideoWriter::Delivery(job.output, size, info.rate, delivery_);
    MaskReport report;
    Frame frame;
    cv::Mat masked;
    const cv::Mat blank(size, CV_8UC3, cv::Scalar::all(0));
    PictureSource source(job);
    while (source.Next(&frame)) {
      const FaceRegion region = regions.At(frame.index);
      if (masker_->NeedsFace() && !region.known) {
        writer->Write(blank);
        report.origins_px.emplace_back(0.0f, 0.0f);
        ++report.frames_blanked;
        continue;
      }
      report.origins_px.push_back(region.known ? masker_->Origin(region) : cv::Point2f(0, 0));
      masker_->Apply(frame.bgr, region, &masked);
      writer->Write(masked);
    }
    report.frames = writer->Finish();
    if (size == cv::Size(info.width_px, info.height_px)) report.origins_px.clear();
    return report;
  }

 private:
  std::unique_ptr<FrameMasker> masker_;
  DeliveryOptions delivery_;
};

}  // namespace

ComponentInfo FrameMaskerInfo(ComponentInfo info) {
  info.single_frames = true;
  return info;
}

std::unique_ptr<Masker> WrapFrameMasker(std::unique_ptr<FrameMasker> masker,
                                        const Masker::Context& context) {
  return std::make_unique<FrameMaskerAdaptor>(std::move(masker), context);
}

}  // namespace maskbench
