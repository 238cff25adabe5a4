// The whole face black: nothing to see, and nothing to recognise inside its outline.
#include <opencv2/imgproc.hpp>

#include "maskbench/masking/frame_masker.h"

namespace maskbench {
namespace {

struct BlackFaceOptions {
  double margin = 1.25;

  static const OptionTable<BlackFaceOptions>& Options() {
    static const auto table = OptionTable<BlackFaceOptions>().Add(
        "margin", &BlackFaceOptions::margin,
        "The face's outline is enlarged by this factor before it is filled.", {Range(0.5, 4)});
    return table;
  }
};

class BlackFace : public FrameMasker {
 public:
  explicit BlackFace(const BlackFaceOptions& options) : options_(options) {}

  cv::Size Begin(cv::Size frame_size, const FaceRegions&) override { return frame_size; }

  void Apply(const cv::Mat& bgr, const FaceRegion& region, cv::Mat* masked) override {
    bgr.copyTo(*masked);
    cv::fillConvexPoly(*masked, region.ScaledOval(static_cast<float>(options_.margin)),
                       cv::Scalar::all(0));
  }

 private:
  BlackFaceOptions options_;
};

}  // namespace

void RegisterBlackFace(Registry<Masker>* registry) {
  registry->Add<BlackFaceOptions>(
      FrameMaskerInfo({"black_face", 1, "The face's outline filled with black.", {}}),
      [](const BlackFaceOptions& options, const Masker::Context& context) {
        return WrapFrameMasker(std::make_unique<BlackFace>(options), context);
      });
}

}  // namespace maskbench
