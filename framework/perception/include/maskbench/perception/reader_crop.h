#pragma once

#include <array>

#include <opencv2/core.hpp>

#include "maskbench/core/side.h"
#include "maskbench/perception/face_observation.h"

namespace maskbench {

/// Pixels of either picture that the learned reader sees of an eye: the eye, and the face around
/// it.
inline constexpr int kReaderCropWidth = 72, kReaderCropHeight = 48;

/// Where the learned reader's pictures of one eye lie in the frame. Both x-axes run along the line
/// between the eyes; those of the right eye are mirrored, so that the nose is always on the left.
struct ReaderPlacement {
  /// Widths of the crops, as multiples of the distance between the eyes.
  static constexpr double kEyeWidth = 0.85, kFaceWidth = 2.6;

  cv::Point2d eye_px, face_px;  ///< Centres.
  double angle_rad = 0;         ///< Of the line between the eyes in the picture.
  double between_eyes_px = 0;   ///< Between the midpoints of the eyes' corners.
  Side side = Side::kRight;

  /// From crop pixels to frame pixels, for a crop of `size` that lies evenly around the standard
  /// one, which would be `across` of its pixels wide.
  cv::Matx23d FrameFromEye(cv::Size size = {kReaderCropWidth, kReaderCropHeight},
                           int across = kReaderCropWidth) const;
  cv::Matx23d FrameFromFace(cv::Size size = {kReaderCropWidth, kReaderCropHeight},
                            int across = kReaderCropWidth) const;
};

/// By Side, from the corners that the face mesh gives.
std::array<ReaderPlacement, 2> PlaceForReader(const FaceObservation& face);

/// One channel's input: grey values minus their mean, divided by their standard deviation.
/// @param grey  CV_8UC1. @param plane  rows × cols.
void NormaliseGrey(const cv::Mat& grey, float* plane);

/// The learned reader's input of one eye: two planes of kReaderCropHeight × kReaderCropWidth, first
/// the eye, then the face. @param grey  the frame, CV_8UC1.
void CutForReader(const cv::Mat& grey, const ReaderPlacement& placement, float* planes);

}  // namespace maskbench
