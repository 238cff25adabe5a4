#pragma once

#include "maskbench/head/eye_model.h"
#include "maskbench/reconstruct/eye_reader.h"
#include "maskbench/reconstruct/eye_record.h"
#include "maskbench/reconstruct/head_anchor.h"
#include "maskbench/reconstruct/head_motion.h"

namespace maskbench {

struct EyeFitOptions {
  double iris_diameter_mm = 11.7;
  /// Between the eyes and the camera, mm: tells where the camera is from each eye. 10 cm off turns
  /// each eye's line by less than half a degree.
  double camera_distance_mm = 650;
  /// Without: eyeballs of average size and place, and every frame on its own.
  bool calibrate = true;
};

/// What is found of one eyeball over a recording.
struct EyeballFit {
  /// Rotation centre in the head's frame, real mm at the assumed iris size.
  Eigen::Vector3d centre_mm = Eigen::Vector3d::Zero();
  double kappa_nasal_deg = 5.5, kappa_up_deg = 0, kappa_error_deg = 1.3;
  bool kappa_measured = false;
  /// Of the reflex against where a light at the camera would show.
  Eigen::Vector2d reflex_offset_mm = Eigen::Vector2d::Zero();
  /// Pupillary axis in the head's frame (azimuth to the patient's left, elevation up), degrees, by
  /// frame; NaN where the eye is shut or covered.
  std::vector<Eigen::Vector2d> axis_deg, axis_error_deg;
  /// Of the orbit against where its corners put it, to the right and up in the picture, by frame.
  std::vector<Eigen::Vector2d> orbit_shift_mm;
};

struct EyeFit {
  OrbitViews head;  ///< The head as either orbit has it.
  /// Real mm per mm of the head's template: what the iris says of this person's size.
  double size = 1;
  /// From the rotation centre to the middle of the limbus, and the limbus' height over its width.
  double limbus_depth_mm = 0, limbus_aspect = 0;
  /// From the rotation centre to the cornea's centre of curvature.
  double cornea_centre_mm = 0;
  std::array<EyeballFit, 2> eyes;
  EyeRecord record;
};

/// Fits eyeballs and lids to what was seen of them.
///
/// For the recording as a whole (Ceres, robust, on up to 240 frames that spread over directions of
/// gaze): place of both rotation centres in the head, size of the head against the iris, depth and
/// aspect of the limbus, kappa, and where the small light stands. Then the direction of each eye in
/// every frame by itself, without any smoothing over time, from outline of the iris, pupil and
/// reflex. Sizes have anatomical priors (sources in the code). Kappa counts as measured where one
/// eye is covered for a while and the other, uncovered one can be held to look at the camera.
///
/// Lids are read along the face's vertical. MRD1 and MRD2 count from the reflex where it is seen,
/// else from where the fitted cornea would show it (`from_reflex` 0); through gaps of up to 0.4 s,
/// as in a blink, the eye is taken to turn evenly.
EyeFit FitEyes(const EyeReading& reading, const Eigen::Matrix3Xd& canonical_mm,
               const std::array<Eigen::Vector3d, 2>& canonical_globes_mm,
               const EyeFitOptions& options);

/// Rest places of the rotation centres on the mean face of the mesh, mm. Throws DataError.
std::array<Eigen::Vector3d, 2> CanonicalGlobes(const std::filesystem::path& models_dir);

}  // namespace maskbench
