// Pixelation of the face on a grid that stands still in the frame.
#include <algorithm>
#include <cmath>

#include <opencv2/imgproc.hpp>

#include "maskbench/masking/frame_masker.h"

namespace maskbench {
namespace {

struct PixelateOptions {
  double blocks_across_face = 12;
  double margin = 1.25;

  static const OptionTable<PixelateOptions>& Options() {
    static const auto table =
        OptionTable<PixelateOptions>()
            .Add("blocks_across_face", &PixelateOptions::blocks_across_face,
                 "Blocks across the recording's median face width; fewer hide more.",
                 {Range(1, 256)})
            .Add("margin", &PixelateOptions::margin,
                 "The face's outline is enlarged by this factor; every block it touches is "
                 "pixelated.",
                 {Range(0.5, 4)});
    return table;
  }
};

class Pixelate : public FrameMasker {
 public:
  explicit Pixelate(const PixelateOptions& options) : options_(options) {}

  cv::Size Begin(cv::Size frame_size, const FaceRegions& regions) override {
    block_px_ = std::max(
        2, static_cast<int>(std::lround(regions.MedianWidthPx() / options_.blocks_across_face)));
    return frame_size;
  }

  void Apply(const cv::Mat& bgr, const FaceRegion& region, cv::Mat* masked) override {
    bgr.copyTo(*masked);
    cv::Mat inside(bgr.size(), CV_8U, cv::Scalar(0));
    cv::fillConvexPoly(inside, region.ScaledOval(static_cast<float>(options_.margin)),
                       cv::Scalar(255));
    for (int y = 0; y < bgr.rows; y += block_px_) {
      for (int x = 0; x < bgr.cols; x += block_px_) {
        const cv::Rect block(x, y, std::min(block_px_, bgr.cols - x),
                             std::min(block_px_, bgr.rows - y));
        if (cv::countNonZero(inside(block)) == 0) continue;
        (*masked)(block).setTo(cv::mean(bgr(block)));
      }
    }
  }

 private:
  PixelateOptions options_;
  int block_px_ = 2;
};

}  // namespace

void RegisterPixelate(Registry<Masker>* registry) {
  registry->Add<PixelateOptions>(
      FrameMaskerInfo({"pixelate",
                       1,
                       "Averages the face in square blocks, their size relative to the face.",
                       {}}),
      [](const PixelateOptions& options, const Masker::Context& context) {
        return WrapFrameMasker(std::make_unique<Pixelate>(options), context);
      });
}

}  // namespace maskbench
