#pragma once

#include <vector>

#include <Eigen/Core>

#include "maskbench/perception/face_observation.h"

namespace maskbench {

/// Axes of the picture that three-dimensional work uses, the "view": x to the right, y up, z
/// towards the camera, in px of the frame. A pixel (u, v) is (u, −v).
///
/// A head under weak perspective: a point X of the head's frame (mm of the template, x to the
/// patient's left, y up, z forward) lies at scale_px · rotation · X + origin_px, of which the first
/// two coordinates are seen.
struct HeadView {
  bool seen = false;
  Eigen::Matrix3d rotation = Eigen::Matrix3d::Identity();
  double scale_px = 1;  ///< px per mm of the template.
  Eigen::Vector3d origin_px = Eigen::Vector3d::Zero();

  Eigen::Vector2d Project(const Eigen::Vector3d& point_mm) const {
    return (scale_px * (rotation * point_mm) + origin_px).head<2>();
  }
  /// Turn to the patient's left, chin up, tilt of the head to the patient's left shoulder; degrees.
  Eigen::Vector3d AnglesDeg() const;
};

/// Points of the 468-point mesh that hardly move against the skull, whatever eyes, brows and mouth
/// do: nose bridge, temples, upper forehead and cheekbones. @param canonical_mm  the mean face, 3 ×
/// 468, origin between the eyes.
std::vector<int> SkullPoints(const Eigen::Matrix3Xd& canonical_mm);

/// Follows a head's rigid motion through a recording: a template of this person's skull points,
/// made by generalised Procrustes analysis (Gower, Psychometrika 40:33, 1975) of up to
/// `kTemplateFrames` frames and laid onto the mean face, then the pose of every frame by robust
/// least squares, in which depth counts less, since the mesh network guesses it.
class HeadMotion {
 public:
  static constexpr int kTemplateFrames = 160;
  /// @param canonical_mm  as of SkullPoints.
  explicit HeadMotion(const Eigen::Matrix3Xd& canonical_mm);

  /// The skull points of one frame, view px; to be kept for Fit. 3 × points.
  Eigen::Matrix3Xf PointsOf(const FaceObservation& face) const;
  /// @param frames  one entry per frame; empty (0 columns) where no face was seen.
  std::vector<HeadView> Fit(const std::vector<Eigen::Matrix3Xf>& frames);
  /// This person's skull points, mm of the mean face's size; after Fit.
  const Eigen::Matrix3Xd& person_mm() const { return person_mm_; }

  /// The parts of Fit, for frames that come one by one. Template: this person's skull points from
  /// all of these frames, none of them empty; the mean face's without any.
  Eigen::Matrix3Xd Template(const std::vector<const Eigen::Matrix3Xf*>& frames) const;
  /// Pose of one frame. @param model  skull points, mm. @param start  where the iterations start;
  /// null, or not seen: from the points themselves.
  static HeadView Align(const Eigen::Matrix3Xd& model, const Eigen::Matrix3Xf& seen,
                        const HeadView* start);

 private:
  std::vector<int> points_;
  Eigen::Matrix3Xd canonical_mm_, person_mm_;
};

}  // namespace maskbench
