#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <vector>

#include <Eigen/Core>

#include "maskbench/media/recording.h"
#include "maskbench/nn/network_library.h"
#include "maskbench/perception/eye_network.h"
#include "maskbench/perception/face_observation.h"

namespace maskbench {

/// What was seen of the face and both eyes in every frame of a recording.
struct EyeReading {
  double rate_hz = 0;
  cv::Size picture_px;
  /// By frame, then by Side; empty without a face.
  std::vector<std::optional<std::array<EyeEvidence, 2>>> eyes;
  /// HeadMotion::PointsOf; no columns without a face.
  std::vector<Eigen::Matrix3Xf> skull_points;
  std::int64_t frames_with_face = 0;
};

/// Looks at both eyes in every frame with the eye network: first at the places that the face mesh
/// gives, then at those of the corners that the network found. One per worker.
class EyeReader {
 public:
  explicit EyeReader(const NetworkLibrary& networks);

  std::array<EyeEvidence, 2> Look(const cv::Mat& bgr, const FaceObservation& face);
  /// Like Look, for frames in order, with half of the work: most frames are looked at once, where
  /// the corners lay against the mesh when they were last found from there. Where they have moved
  /// away by more than 2 % of a crop's width, and every tenth frame, they are found anew.
  std::array<EyeEvidence, 2> Follow(const cv::Mat& bgr, const FaceObservation& face);
  /// Forgets what Follow knows; call between recordings.
  void Reset();
  /// `in_sight` is the median over a tenth of a second. @param track  face track of
  /// `recording.file`. Throws DataError.
  EyeReading Read(const Recording& recording, const std::filesystem::path& track,
                  const Eigen::Matrix3Xd& canonical_mm);

 private:
  /// Where a crop lies against the one that the mesh gives, in widths of that one along its axes.
  struct Offset {
    cv::Point2d shift;
    double width = 1;
  };

  EyeNetwork network_;
  std::array<Offset, 2> offsets_;
  int followed_ = 0;  ///< Frames since the offsets were found; 0: they are not known.
};

/// Where the line through a point across the eye line meets a lid margin, frame px; nothing beyond
/// the margin's ends. @param angle_rad  of the eye line, EyePlacement::angle_rad.
std::optional<cv::Point2d> MarginAcross(const std::array<cv::Point2d, kEyeMapWidth>& margin,
                                        cv::Point2d through, double angle_rad);

/// The mean face of the 468-point mesh, mm, 3 × 468, origin between the eyes. Throws DataError.
Eigen::Matrix3Xd CanonicalFace(const std::filesystem::path& models_dir);

}  // namespace maskbench
