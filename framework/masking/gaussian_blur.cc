// Gaussian blur of the face, or of the whole frame.
#include <algorithm>

#include <opencv2/imgproc.hpp>

#include "maskbench/masking/frame_masker.h"

namespace maskbench {
namespace {

struct GaussianBlurOptions {
  double sigma_face = 0.1;
  double margin = 1.25;
  std::string region = "face";

  static const OptionTable<GaussianBlurOptions>& Options() {
    static const auto table =
        OptionTable<GaussianBlurOptions>()
            .Add("sigma_face", &GaussianBlurOptions::sigma_face,
                 "Standard deviation of the blur as a share of the recording's median face width.",
                 {Range(0.001, 1)})
            .Add("margin", &GaussianBlurOptions::margin,
                 "The face's outline is enlarged by this factor before it is blurred.",
                 {Range(0.5, 4)})
            .Add("region", &GaussianBlurOptions::region, "What is blurred.",
                 {OneOf({"face", "frame"})});
    return table;
  }
};

class GaussianBlur : public FrameMasker {
 public:
  explicit GaussianBlur(const GaussianBlurOptions& options) : options_(options) {}

  cv::Size Begin(cv::Size frame_size, const FaceRegions& regions) override {
    sigma_px_ = options_.sigma_face * regions.MedianWidthPx();
    return frame_size;
  }

  void Apply(const cv::Mat& bgr, const FaceRegion& region, cv::Mat* masked) override {
    if (options_.region == "frame") {
      cv::GaussianBlur(bgr, *masked, {}, sigma_px_, sigma_px_, cv::BORDER_REPLICATE);
      return;
    }
    bgr.copyTo(*masked);
    const std::vector<cv::Point> outline = region.ScaledOval(static_cast<float>(options_.margin));
    const cv::Rect frame_area(0, 0, bgr.cols, bgr.rows);
    const cv::Rect area = cv::boundingRect(outline) & frame_area;
    if (area.empty()) return;
    // The blur reads pixels beyond the outline, as a blur of the whole frame would.
    cv::Mat blurred;
    cv::GaussianBlur(bgr(area), blurred, {}, sigma_px_, sigma_px_, cv::BORDER_REPLICATE);
    cv::Mat inside(area.size(), CV_8U, cv::Scalar(0));
    std::vector<cv::Point> local = outline;
    for (cv::Point& point : local) point -= area.tl();
    cv::fillConvexPoly(inside, local, cv::Scalar(255));
    blurred.copyTo((*masked)(area), inside);
  }

 private:
  GaussianBlurOptions options_;
  double sigma_px_ = 1;
};

}  // namespace

void RegisterGaussianBlur(Registry<Masker>* registry) {
  registry->Add<GaussianBlurOptions>(
      FrameMaskerInfo(
          {"gaussian_blur", 1, "Gaussian blur of the face, its width relative to the face.", {}}),
      [](const GaussianBlurOptions& options, const Masker::Context& context) {
        return WrapFrameMasker(std::make_unique<GaussianBlur>(options), context);
      });
}

}  // namespace maskbench
