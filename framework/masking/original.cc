// The recording as it is, through the same encoder as every other variant.
#include "maskbench/masking/frame_masker.h"

namespace maskbench {
namespace {

class Original : public FrameMasker {
 public:
  cv::Size Begin(cv::Size frame_size, const FaceRegions&) override { return frame_size; }
  void Apply(const cv::Mat& bgr, const FaceRegion&, cv::Mat* masked) override {
    bgr.copyTo(*masked);
  }
  bool NeedsFace() const override { return false; }
};

}  // namespace

void RegisterOriginal(Registry<Masker>* registry) {
  registry->Add<NoOptions>(
      FrameMaskerInfo(
          {"original", 1, "No mask, re-encoded like every other variant: the upper bound.", {}}),
      [](const NoOptions&, const Masker::Context& context) {
        return WrapFrameMasker(std::make_unique<Original>(), context);
      });
}

}  // namespace maskbench
