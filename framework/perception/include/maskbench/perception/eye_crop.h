#pragma once

#include <opencv2/core.hpp>

#include "maskbench/core/side.h"

namespace maskbench {

/// Pixels of the picture that the eye network sees.
inline constexpr int kEyeCropWidth = 96, kEyeCropHeight = 64;
/// Width of the crop as a multiple of the distance between the corners of the eye.
inline constexpr double kEyeCropPerCorners = 1.7;

/// Where an eye's crop lies in the frame. The crop's x-axis runs along the eye line of the head and
/// the right eye is mirrored, so that in every crop the nose is on the left.
struct EyePlacement {
  cv::Point2d centre_px;  ///< Midpoint of the corners, frame px.
  double angle_rad = 0;   ///< Of the head's eye line in the picture; see FaceObservation::roll_rad.
  double width_px = 0;    ///< Of the crop in the frame.
  Side side = Side::kRight;

  /// From crop pixels to frame pixels, pixel centres at whole numbers on both sides, for a crop of
  /// `size` that extends the standard one evenly on all sides.
  cv::Matx23d FrameFromCrop(cv::Size size = {kEyeCropWidth, kEyeCropHeight}) const;
  /// Frame px of one crop px.
  double Scale() const { return width_px / kEyeCropWidth; }
};

/// @param medial, lateral  corners of the eye towards nose and temple, frame px.
EyePlacement PlaceEye(cv::Point2d medial, cv::Point2d lateral, double angle_rad, Side side);

/// The crop, antialiased; black outside the frame.
void CutEye(const cv::Mat& bgr, const EyePlacement& placement, cv::Mat* crop,
            cv::Size size = {kEyeCropWidth, kEyeCropHeight});

/// The eye network's input: RGB planes of 8-bit BGR, minus the mean and divided by the standard
/// deviation of all pixels and channels.
void NormaliseCrop(const cv::Mat& crop, float* planes);

cv::Point2d Transform(const cv::Matx23d& map, cv::Point2d point);
/// The inverse of an affine map.
cv::Matx23d Inverted(const cv::Matx23d& map);

}  // namespace maskbench
