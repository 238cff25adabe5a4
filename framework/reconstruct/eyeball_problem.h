#pragma once

#include <array>
#include <memory>

#include <Eigen/Core>
#include <opencv2/core.hpp>

#include "maskbench/core/side.h"
#include "maskbench/perception/eye_network.h"
#include "maskbench/reconstruct/head_motion.h"

namespace maskbench {

/// What one frame says of one eye, in the axes of the view (see HeadView).
struct EyeSighting {
  double template_px = 1;  ///< HeadView::scale_px.
  double px_per_mm = 1;    ///< Real mm, at the size that held when this was made.
  Eigen::Matrix3d rotation;
  Eigen::Vector3d origin_px;
  /// The head's rotation as seen along the line from this eye to the camera, which is +z there:
  /// under perspective an eye is seen along its own line, not along the head's.
  Eigen::Matrix3d eye_rotation;
  Eigen::Vector2d along,
      across;  ///< Axes of the crop: away from the nose or to it, and down or up.
  Eigen::Vector2d iris_px, pupil_px, reflex_px;
  double half_along_px = 0, half_across_px = 0;  ///< Of the iris' outline.
  /// Standard errors; infinite for what is not seen.
  double along_error_px = 0, across_error_px = 0;
  double width_error = 0, height_error = 0;  ///< As shares.
  double pupil_error_px = 0, reflex_error_px = 0;
};

EyeSighting SightingOf(const EyeEvidence& eye, const HeadView& head, double size,
                       double camera_distance_mm);

/// What holds for a recording. Lengths are real mm at the assumed iris diameter.
struct EyeballModel {
  struct Eye {
    Eigen::Vector3d centre_mm, centre_prior_mm;  ///< In the head's frame.
    Eigen::Vector2d kappa_deg{5.5, 0};           ///< Towards the nose, up.
    double kappa_error_deg = 1.3;
    /// Of the reflex against where a light at the camera would show: a light beside it, and what
    /// is read wrong throughout. Nearly the same for both eyes, which see the same light.
    Eigen::Vector2d reflex_offset_mm{0, 0};
    /// Of the pupil's centre against the iris' one, in the axes of the eye: to the patient's left,
    /// up.
    Eigen::Vector2d pupil_offset_mm{0, 0};
    bool kappa_measured = false;
  };
  explicit EyeballModel(const std::array<Eigen::Vector3d, 2>& globes_mm);

  double LimbusDepthMm() const;
  double LimbusAspect() const;
  /// From the rotation centre to the cornea's centre of curvature.
  double CorneaCentreMm() const;

  double iris_diameter_mm = 11.7;
  double size = 1;                       ///< Real mm per mm of the head's template.
  /// Against the average eye: depth of the limbus, its height over its width, and its distance from
  /// the cornea's centre of curvature.
  double log_depth = 0, log_aspect = 0, log_cornea = 0;
  std::array<Eye, 2> eyes;
};

/// Least squares over frames of both eyes for what holds for the recording.
class EyeballProblem {
 public:
  explicit EyeballProblem(EyeballModel* model);
  ~EyeballProblem();
  /// @param looks_at_camera  the eye is held to fixate the camera in this frame.
  void Add(Side side, const EyeSighting& seen, bool looks_at_camera);
  /// Changes the model.
  void Solve();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

struct AxisEstimate {
  bool converged = false;
  Eigen::Vector2d angles_deg{0, 0}, error_deg{0, 0};  ///< Pupillary axis in the head's frame.
  /// How far the orbit lies from where it was read, to the right and up in the picture.
  Eigen::Vector2d orbit_shift_mm{0, 0};
};

/// Where an orbit is thought to lie in a frame against where its corners put it.
struct OrbitPrior {
  OrbitPrior();
  Eigen::Vector2d shift_mm{0, 0}, spread_mm;  ///< To the right and up in the picture.
};

/// Direction of one eye in one frame, everything else being known.
AxisEstimate EstimateAxis(const EyeballModel& model, Side side, const EyeSighting& seen,
                          const OrbitPrior& orbit = {});

}  // namespace maskbench
