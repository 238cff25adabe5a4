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
    while (source->Next(&frame)) {
      const FaceRegion region = regions.At(frame.index);
      if (masker_->NeedsFace() && !region.known) {
        writer->Write(blank);
        ++report.frames_blanked;
        continue;
      }
      masker_->Apply(frame.bgr, region, &masked);
      writer->Write(masked);
    }
    report.frames = writer->Finish();
    return report;
  }

 private:
  std::unique_ptr<FrameMasker> masker_;
  DeliveryOptions delivery_;
};

}  // namespace

std::unique_ptr<Masker> WrapFrameMasker(std::unique_ptr<FrameMasker> masker,
                                        const Masker::Context& context) {
  return std::make_unique<FrameMaskerAdaptor>(std::move(masker), context);
}

}  // namespace maskbench
