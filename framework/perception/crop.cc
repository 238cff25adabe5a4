#include "maskbench/perception/crop.h"

#include <algorithm>
#include <cmath>

#include <opencv2/imgproc.hpp>

namespace maskbench {

cv::Point2f CropRegion::ToFrame(float x, float y, int side_px) const {
  const float side = static_cast<float>(side_px);
  const float u = ((mirrored ? side - x : x) / side - 0.5F) * size;
  const float v = (y / side - 0.5F) * size;
  const float c = std::cos(angle_rad), s = std::sin(angle_rad);
  return {centre.x + c * u - s * v, centre.y + s * u + c * v};
}

void WarpAntialiased(const cv::Mat& bgr, const cv::Matx23d& frame_from_crop, cv::Size size,
                     cv::Mat* warped) {
  // Bilinear sampling reads 2×2 pixels: when one crop pixel covers more, sample finer and average.
  const double scale = std::sqrt(std::abs(frame_from_crop(0, 0) * frame_from_crop(1, 1) -
                                          frame_from_crop(0, 1) * frame_from_crop(1, 0)));
  const int finer = std::clamp(static_cast<int>(std::ceil(scale / 1.5)), 1, 8);
  cv::Matx23d map = frame_from_crop;
  for (int row = 0; row < 2; ++row) {
    // Sub-pixel i of n lies at (i + 0.5)/n − 0.5 of the crop's pixel grid.
    const double shift = 0.5 / finer - 0.5;
    map(row, 2) += shift * (map(row, 0) + map(row, 1));
    map(row, 0) /= finer;
    map(row, 1) /= finer;
  }
  if (finer == 1) {
    cv::warpAffine(bgr, *warped, map, size, cv::INTER_LINEAR | cv::WARP_INVERSE_MAP,
                   cv::BORDER_CONSTANT);
    return;
  }
  cv::Mat fine;
  cv::warpAffine(bgr, fine, map, size * finer, cv::INTER_LINEAR | cv::WARP_INVERSE_MAP,
                 cv::BORDER_CONSTANT);
  cv::resize(fine, *warped, size, 0, 0, cv::INTER_AREA);
}

void ExtractCrop(const cv::Mat& bgr, const CropRegion& region, int side_px, cv::Mat* crop) {
  const double step = region.Scale(side_px);
  const double c = std::cos(region.angle_rad) * step, s = std::sin(region.angle_rad) * step;
  const double flip = region.mirrored ? -1 : 1;
  const cv::Point2f origin = region.ToFrame(0.5F, 0.5F, side_px);  // Centre of the first pixel.
  WarpAntialiased(bgr, cv::Matx23d(flip * c, -s, origin.x, flip * s, c, origin.y),
                  {side_px, side_px}, crop);
}

__attribute__((target_clones("avx512f", "avx2", "default"))) void ToPlanes(
    const cv::Mat& bgr, const InputNormalization& normalization, float* planes) {
  const int rows = bgr.rows, cols = bgr.cols;
  for (int channel = 0; channel < 3; ++channel) {
    const int source = normalization.rgb ? 2 - channel : channel;
    const float scale = normalization.scale[channel];
    const float shift = -normalization.offset[channel] * scale;
    for (int row = 0; row < rows; ++row) {
      const uint8_t* from = bgr.ptr<uint8_t>(row) + source;
      float* to = planes + (static_cast<size_t>(channel) * rows + row) * cols;
      for (int col = 0; col < cols; ++col) {
        to[col] = static_cast<float>(from[3 * col]) * scale + shift;
      }
    }
  }
}

}  // namespace maskbench
