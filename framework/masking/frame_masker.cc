#include "maskbench/masking/frame_masker.h"

#include <utility>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/media/frame_source.h"

namespace maskbench {
namespace {

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
    const std::unique_ptr<FrameSource> source = OpenFrames(job.recording.file);
    const MediaInfo& info = source->info();
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
    size_t chosen = 0;
    for (std::int64_t at = 0; at < info.frame_count; ++at) {
      if (!job.frames.empty()) {
        if (chosen == job.frames.size()) break;
        if (at < job.frames[chosen]) {
          source->Skip();
          continue;
        }
        ++chosen;
      }
      if (!source->Next(&frame)) break;
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
