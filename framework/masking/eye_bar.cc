// The black bar over the eyes of printed case reports.
#include <opencv2/imgproc.hpp>

#include "maskbench/masking/frame_masker.h"

namespace maskbench {
namespace {

struct EyeBarOptions {
  double width = 1.5;
  double height = 0.45;

  static const OptionTable<EyeBarOptions>& Options() {
    static const auto table =
        OptionTable<EyeBarOptions>()
            .Add("width", &EyeBarOptions::width,
                 "Width of the bar as a multiple of the distance of the outer eye corners.",
                 {Range(0.1, 5)})
            .Add("height", &EyeBarOptions::height,
                 "Height of the bar as a multiple of the distance of the outer eye corners.",
                 {Range(0.05, 5)});
    return table;
  }
};

class EyeBar : public FrameMasker {
 public:
  explicit EyeBar(const EyeBarOptions& options) : options_(options) {}

  cv::Size Begin(cv::Size frame_size, const FaceRegions&) override { return frame_size; }

  void Apply(const cv::Mat& bgr, const FaceRegion& region, cv::Mat* masked) override {
    bgr.copyTo(*masked);
    const cv::Point2f along = region.EyesDirection(), down(-along.y, along.x);
    const float half_width = static_cast<float>(options_.width) * region.EyesDistance() / 2;
    const float half_height = static_cast<float>(options_.height) * region.EyesDistance() / 2;
    std::vector<cv::Point> corners;
    for (const auto& [u, v] : {std::pair(-1, -1), {1, -1}, {1, 1}, {-1, 1}}) {
      const cv::Point2f corner = region.EyesCentre() +
                                 along * (half_width * static_cast<float>(u)) +
                                 down * (half_height * static_cast<float>(v));
      corners.emplace_back(cvRound(corner.x), cvRound(corner.y));
    }
    cv::fillConvexPoly(*masked, corners, cv::Scalar::all(0));
  }

 private:
  EyeBarOptions options_;
};

}  // namespace

void RegisterEyeBar(Registry<Masker>* registry) {
  registry->Add<EyeBarOptions>(FrameMaskerInfo({"eye_bar", 1, "A black bar over both eyes.", {}}),
                               [](const EyeBarOptions& options, const Masker::Context& context) {
                                 return WrapFrameMasker(std::make_unique<EyeBar>(options), context);
                               });
}

}  // namespace maskbench
