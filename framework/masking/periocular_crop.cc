// Only the eyes: what the digital-mask paper compares itself with as "cropping".
#include <cmath>

#include <opencv2/imgproc.hpp>

#include "maskbench/masking/frame_masker.h"

namespace maskbench {
namespace {

struct PeriocularCropOptions {
  double width = 1.35;
  double height = 0.6;

  static const OptionTable<PeriocularCropOptions>& Options() {
    static const auto table =
        OptionTable<PeriocularCropOptions>()
            .Add("width", &PeriocularCropOptions::width,
                 "Width of the picture as a multiple of the recording's median distance of the "
                 "outer eye corners.",
                 {Range(0.5, 4)})
            .Add("height", &PeriocularCropOptions::height,
                 "Height of the picture in the same measure.", {Range(0.1, 4)});
    return table;
  }
};

class PeriocularCrop : public FrameMasker {
 public:
  explicit PeriocularCrop(const PeriocularCropOptions& options) : options_(options) {}

  cv::Size Begin(cv::Size, const FaceRegions& regions) override {
    const double distance = regions.MedianEyesDistancePx();
    const auto even = [](double length) {
      return 2 * std::max(8, static_cast<int>(std::lround(length / 2)));
    };
    size_ = {even(options_.width * distance), even(options_.height * distance)};
    return size_;
  }

  /// Follows the eyes by shifting alone: head turns and tilts stay visible, as in a hand-made crop.
  void Apply(const cv::Mat& bgr, const FaceRegion& region, cv::Mat* masked) override {
    const cv::Point2f corner = Origin(region);
    const cv::Matx23d map(1, 0, corner.x, 0, 1, corner.y);
    cv::warpAffine(bgr, *masked, map, size_, cv::INTER_CUBIC | cv::WARP_INVERSE_MAP,
                   cv::BORDER_CONSTANT);
  }

  cv::Point2f Origin(const FaceRegion& region) const override {
    return region.EyesCentre() - cv::Point2f(static_cast<float>(size_.width - 1) / 2,
                                             static_cast<float>(size_.height - 1) / 2);
  }

 private:
  PeriocularCropOptions options_;
  cv::Size size_;
};

}  // namespace

void RegisterPeriocularCrop(Registry<Masker>* registry) {
  registry->Add<PeriocularCropOptions>(
      FrameMaskerInfo({"periocular_crop", 1, "Only the region of both eyes, following them.", {}}),
      [](const PeriocularCropOptions& options, const Masker::Context& context) {
        return WrapFrameMasker(std::make_unique<PeriocularCrop>(options), context);
      });
}

}  // namespace maskbench
