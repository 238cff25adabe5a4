#pragma once

#include <array>
#include <cstdint>

#include <opencv2/core.hpp>

#include "maskbench/core/side.h"

namespace maskbench {

inline constexpr int kMeshPoints = 468;
inline constexpr int kEyeContourPoints = 71;
inline constexpr int kIrisPoints = 5;
inline constexpr int kEyePoints = kEyeContourPoints + kIrisPoints;

/// Vertices of the 468-point face mesh that the project refers to by name.
namespace mesh {
inline constexpr int kRightEyeOuter = 33, kRightEyeInner = 133;
inline constexpr int kLeftEyeInner = 362, kLeftEyeOuter = 263;
inline constexpr int kRightTemple = 234, kLeftTemple = 454;
inline constexpr int kForehead = 10, kChin = 152;
inline constexpr int kSubnasale = 2, kNoseTip = 1;
inline constexpr int kRightMouthCorner = 61, kLeftMouthCorner = 291;
/// The outline of the face, clockwise in the image from the forehead.
inline constexpr std::array<int, 36> kOval = {
    10,  338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58,  132, 93,  234, 127, 162, 21,  54,  103, 67,  109};
}  // namespace mesh

enum class FaceStatus {
  kNone = 0,
  kTracked = 1,
  kDetected = 2,
  /// Not found in this frame: where it is in the original, carried over for an oracle
  /// (ComponentInfo::takes_landmarks).
  kCarried = 3,
};

/// Lids and iris of one eye, full-frame pixels (x right, y down, centre of the first pixel at 0).
struct EyeObservation {
  /// 0 outer corner, 8 inner corner, 0…8 lower lid, 9…15 upper lid, then lid folds and brow.
  std::array<cv::Point3f, kEyeContourPoints> contour{};
  /// Centre, then the iris's extreme points: towards the nose or temple, up, the other side, down.
  std::array<cv::Point3f, kIrisPoints> iris{};

  cv::Point2f outer_corner() const { return {contour[0].x, contour[0].y}; }
  cv::Point2f inner_corner() const { return {contour[8].x, contour[8].y}; }
  cv::Point2f iris_centre() const { return {iris[0].x, iris[0].y}; }
  /// Horizontal diameter, px: the one that the millimetre scale is defined by.
  float iris_diameter_px() const;
};

/// What perception says of one frame. Only `frame`, `status` and `faces_found` mean anything when
/// status is kNone.
struct FaceObservation {
  int64_t frame = 0;
  FaceStatus status = FaceStatus::kNone;
  /// Faces seen by the detector in this frame; −1 when it did not look. The largest is followed.
  int faces_found = -1;
  /// Probability that the crop shows a face.
  float presence = 0;
  /// Full-frame pixels; z in the same scale, towards the camera is negative.
  std::array<cv::Point3f, kMeshPoints> mesh{};
  /// Indexed by Side.
  std::array<EyeObservation, 2> eyes{};

  bool has_face() const { return status != FaceStatus::kNone; }
  cv::Point2f point(int index) const { return {mesh[index].x, mesh[index].y}; }
  const EyeObservation& eye(Side side) const { return eyes[static_cast<int>(side)]; }
  /// Distance of the temples in the image plane and depth, px: nearly constant under head turns.
  float face_width_px() const;
  /// Rotation of the eye line in the image, radians, positive when the patient's left eye is lower.
  float roll_rad() const;
};

/// The same face with every point shifted by so many px.
FaceObservation Moved(FaceObservation face, cv::Point2f by);

}  // namespace maskbench
