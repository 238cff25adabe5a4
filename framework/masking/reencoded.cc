// The recording as it is, through the encoder at another setting: a second look at the same
// patient.
#include <memory>

#include "maskbench/masking/frame_masker.h"

namespace maskbench {
namespace {

struct ReencodedOptions {
  int crf = 24;

  static const OptionTable<ReencodedOptions>& Options() {
    static const auto table = OptionTable<ReencodedOptions>().Add(
        "crf", &ReencodedOptions::crf,
        "x264 constant rate factor, whatever the run delivers with; always H.264.", {Range(0, 51)});
    return table;
  }
};

class Unchanged : public FrameMasker {
 public:
  cv::Size Begin(cv::Size frame_size, const FaceRegions&) override { return frame_size; }
  void Apply(const cv::Mat& bgr, const FaceRegion&, cv::Mat* masked) override {
    bgr.copyTo(*masked);
  }
  bool NeedsFace() const override { return false; }
};

}  // namespace

void RegisterReencoded(Registry<Masker>* registry) {
  registry->Add<ReencodedOptions>(
      {"reencoded",
       1,
       "No mask, encoded at another setting than the other variants: the original seen again.",
       {}},
      [](const ReencodedOptions& options, const Masker::Context& context) {
        Masker::Context own = context;
        own.delivery.codec = "h264";
        own.delivery.crf = options.crf;
        return WrapFrameMasker(std::make_unique<Unchanged>(), own);
      });
}

}  // namespace maskbench
