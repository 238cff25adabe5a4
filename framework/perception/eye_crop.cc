#include "maskbench/perception/eye_crop.h"

#include <algorithm>
#include <cmath>

#include "maskbench/perception/crop.h"

namespace maskbench {

cv::Matx23d EyePlacement::FrameFromCrop(cv::Size size) const {
  const double step = Scale(), flip = side == Side::kRight ? -1 : 1;
  const double c = std::cos(angle_rad) * step, s = std::sin(angle_rad) * step;
  const double x = (size.width - 1) / 2.0, y = (size.height - 1) / 2.0;
  return {flip * c, -s, centre_px.x - flip * c * x + s * y,
          flip * s, c,  centre_px.y - flip * s * x - c * y};
}

EyePlacement PlaceEye(cv::Point2d medial, cv::Point2d lateral, double angle_rad, Side side) {
  const cv::Point2d across = medial - lateral;
  return {(medial + lateral) * 0.5, angle_rad, kEyeCropPerCorners * std::hypot(across.x, across.y),
          side};
}

void CutEye(const cv::Mat& bgr, const EyePlacement& placement, cv::Mat* crop, cv::Size size) {
  WarpAntialiased(bgr, placement.FrameFromCrop(size), size, crop);
}

void NormaliseCrop(const cv::Mat& crop, float* planes) {
  const int count = crop.rows * crop.cols;
  double sum = 0, squares = 0;
  for (int y = 0; y < crop.rows; ++y) {
    const auto* row = crop.ptr<cv::Vec3b>(y);
    for (int x = 0; x < crop.cols; ++x) {
      for (int channel = 0; channel < 3; ++channel) {
        const double value = row[x][2 - channel];
        planes[channel * count + y * crop.cols + x] = static_cast<float>(value);
        sum += value;
        squares += value * value;
      }
    }
  }
  const double mean = sum / (3 * count);
  const double deviation = std::sqrt(std::max(squares / (3 * count) - mean * mean, 1.0));
  for (int i = 0; i < 3 * count; ++i)
    planes[i] = static_cast<float>((planes[i] - mean) / deviation);
}

cv::Point2d Transform(const cv::Matx23d& map, cv::Point2d point) {
  return {map(0, 0) * point.x + map(0, 1) * point.y + map(0, 2),
          map(1, 0) * point.x + map(1, 1) * point.y + map(1, 2)};
}

cv::Matx23d Inverted(const cv::Matx23d& map) {
  const double determinant = map(0, 0) * map(1, 1) - map(0, 1) * map(1, 0);
  const double a = map(1, 1) / determinant, b = -map(0, 1) / determinant,
               c = -map(1, 0) / determinant, d = map(0, 0) / determinant;
  return {a, b, -a * map(0, 2) - b * map(1, 2), c, d, -c * map(0, 2) - d * map(1, 2)};
}

}  // namespace maskbench
