#pragma once

#include <array>

#include <opencv2/core.hpp>

namespace maskbench {

/// A square of the frame, turned in the image plane. Coordinates as in FaceObservation.
struct CropRegion {
  cv::Point2f centre;
  /// Side of the square, px of the frame.
  float size = 0;
  /// Direction of the crop's x-axis in the frame, radians.
  float angle_rad = 0;
  /// Mirror the crop left to right.
  bool mirrored = false;

  /// From crop coordinates (0 … side_px along each axis) to frame coordinates.
  cv::Point2f ToFrame(float x, float y, int side_px) const;
  /// Length in frame px of one crop px.
  float Scale(int side_px) const { return size / static_cast<float>(side_px); }
};

/// Samples the region into `side_px` × `side_px`, antialiased; black outside the frame.
void ExtractCrop(const cv::Mat& bgr, const CropRegion& region, int side_px, cv::Mat* crop);

/// Samples along an affine map into `size`, antialiased. @param frame_from_crop 2×3, pixel centres
/// at whole numbers on both sides.
void WarpAntialiased(const cv::Mat& bgr, const cv::Matx23d& frame_from_crop, cv::Size size,
                     cv::Mat* warped);

/// How pixels become network input.
struct InputNormalization {
  bool rgb = true;
  /// Per output channel: value = (pixel − offset) · scale.
  std::array<float, 3> offset = {0, 0, 0};
  std::array<float, 3> scale = {1, 1, 1};
};

/// 8-bit BGR → float planes (channel × row × column) at `planes`.
void ToPlanes(const cv::Mat& bgr, const InputNormalization& normalization, float* planes);

}  // namespace maskbench
