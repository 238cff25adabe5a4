#pragma once

#include "maskbench/masking/face_policy.h"
#include "maskbench/masking/mask_face_fit.h"
#include "maskbench/masking/mask_parameters.h"
#include "maskbench/masking/mask_reconstruction.h"
#include "maskbench/reconstruct/eye_fit.h"
#include "maskbench/reconstruct/eye_reader.h"

namespace maskbench {

struct MaskMeasureOptions {
  std::string model = "parametric";
  std::string policy = "mean";
  FaceShape face;  ///< That the policy chose.
  /// Whose expressions are shown; null: none are. One entry of its activations per frame.
  const MaskFaceFit* expressions = nullptr;
  MaskStages stages;
  double camera_distance_mm = 650;
  /// A face or an eye that is not seen keeps what was seen last for so long; the face fades after
  /// that for as long again.
  double hold_s = 0.25;
};

/// What the mask of a recording shows, from what was measured in it. Needs the frames before a
/// frame for what is held, and the whole recording for the fit and the camera. Values are not
/// rounded yet.
/// @param seen  of the same head model where expressions or a fitted face are shown.
MaskParameters MeasureMask(const MaskReconstruction& seen, const MaskMeasureOptions& options);
/// The same from a reading and the fit to it. @param fit  with its default iris diameter, since the
/// mask's own is 11.7 mm.
MaskParameters MeasureMask(const EyeReading& reading, const EyeFit& fit, FrameRate rate,
                           const MaskMeasureOptions& options);

/// Yaw, pitch and roll (degrees) with which Pose::OfHead turns a head as a HeadView says.
Eigen::Vector3d PoseAnglesDeg(const Eigen::Matrix3d& view_from_head);

}  // namespace maskbench
