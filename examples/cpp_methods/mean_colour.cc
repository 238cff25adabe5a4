// The face filled with its own mean colour.
#include <opencv2/imgproc.hpp>

#include "maskbench/masking/frame_masker.h"

namespace maskbench {
namespace {

struct MeanColourOptions {
  double margin = 1.25;

  static const OptionTable<MeanColourOptions>& Options() {
    static const auto table = OptionTable<MeanColourOptions>().Add(
        "margin", &MeanColourOptions::margin,
        "The face's outline is enlarged by this factor before it is filled.", {Range(0.5, 4)});
    return table;
  }
};

class MeanColour : public FrameMasker {
 public:
  explicit MeanColour(const MeanColourOptions& options) : options_(options) {}

  cv::Size Begin(cv::Size frame_size, const FaceRegions&) override { return frame_size; }

  void Apply(const cv::Mat& bgr, const FaceRegion& region, cv::Mat* masked) override {
    cv::Mat inside(bgr.size(), CV_8U, cv::Scalar(0));
    cv::fillConvexPoly(inside, region.ScaledOval(static_cast<float>(options_.margin)),
                       cv::Scalar(255));
    bgr.copyTo(*masked);
    masked->setTo(cv::mean(bgr, inside), inside);
  }

 private:
  MeanColourOptions options_;
};

}  // namespace

void RegisterMeanColour(Registry<Masker>* registry) {
  registry->Add<MeanColourOptions>(
      {"mean_colour", 1, "The face filled with its own mean colour.", {}},
      [](const MeanColourOptions& options, const Masker::Context& context) {
        return WrapFrameMasker(std::make_unique<MeanColour>(options), context);
      });
}

}  // namespace maskbench
