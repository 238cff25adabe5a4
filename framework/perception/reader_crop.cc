#include "maskbench/perception/reader_crop.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "maskbench/perception/crop.h"

namespace maskbench {
namespace {

// The face's crop lies lower than the eyes, so that brows and cheeks are in it.
constexpr double kFaceBelowEyes = 0.25;

/// @param step  frame px of one crop px.
cv::Matx23d MapOf(cv::Point2d centre, double step, double angle_rad, Side side, cv::Size size) {
  const double flip = side == Side::kRight ? -1 : 1;
  const double c = std::cos(angle_rad) * step, s = std::sin(angle_rad) * step;
  const double x = (size.width - 1) / 2.0, y = (size.height - 1) / 2.0;
  return {flip * c, -s, centre.x - flip * c * x + s * y,
          flip * s, c,  centre.y - flip * s * x - c * y};
}

}  // namespace

cv::Matx23d ReaderPlacement::FrameFromEye(cv::Size size, int across) const {
  return MapOf(eye_px, kEyeWidth * between_eyes_px / across, angle_rad, side, size);
}

cv::Matx23d ReaderPlacement::FrameFromFace(cv::Size size, int across) const {
  return MapOf(face_px, kFaceWidth * between_eyes_px / across, angle_rad, side, size);
}

std::array<ReaderPlacement, 2> PlaceForReader(const FaceObservation& face) {
  const cv::Point2d right = (cv::Point2d(face.point(mesh::kRightEyeOuter)) +
                             cv::Point2d(face.point(mesh::kRightEyeInner))) *
                            0.5,
                    left = (cv::Point2d(face.point(mesh::kLeftEyeInner)) +
                            cv::Point2d(face.point(mesh::kLeftEyeOuter))) *
                           0.5;
  const cv::Point2d across = left - right;
  std::array<ReaderPlacement, 2> placements;
  for (const Side side : kSides) {
    ReaderPlacement& placement = placements[static_cast<size_t>(side)];
    placement.side = side;
    placement.between_eyes_px = std::max(1.0, std::hypot(across.x, across.y));
    placement.angle_rad = std::atan2(across.y, across.x);
    placement.eye_px = side == Side::kRight ? right : left;
    const cv::Point2d down(-across.y, across.x);
    placement.face_px = (right + left) * 0.5 + kFaceBelowEyes * down;
  }
  return placements;
}

void NormaliseGrey(const cv::Mat& grey, float* plane) {
  const int count = grey.rows * grey.cols;
  double sum = 0, squares = 0;
  for (int y = 0; y < grey.rows; ++y) {
    const auto* row = grey.ptr<std::uint8_t>(y);
    for (int x = 0; x < grey.cols; ++x) {
      const double value = row[x];
      sum += value;
      squares += value * value;
    }
  }
  const double mean = sum / count;
  const double deviation = std::sqrt(std::max(squares / count - mean * mean, 1.0));
  for (int y = 0; y < grey.rows; ++y) {
    const auto* row = grey.ptr<std::uint8_t>(y);
    for (int x = 0; x < grey.cols; ++x)
      plane[y * grey.cols + x] = static_cast<float>((row[x] - mean) / deviation);
  }
}

void CutForReader(const cv::Mat& grey, const ReaderPlacement& placement, float* planes) {
  const cv::Size size(kReaderCropWidth, kReaderCropHeight);
  cv::Mat crop;
  WarpAntialiased(grey, placement.FrameFromEye(size), size, &crop);
  NormaliseGrey(crop, planes);
  WarpAntialiased(grey, placement.FrameFromFace(size), size, &crop);
  NormaliseGrey(crop, planes + size.area());
}

}  // namespace maskbench
