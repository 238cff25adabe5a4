#pragma once

#include <array>
#include <cstddef>
#include <limits>
#include <vector>

#include <Eigen/Core>

#include "maskbench/masking/mask_parameters.h"

namespace maskbench {

/// What a frame says of one eye; NaN where it says nothing. As in EyeTraces.
struct MaskEyeSight {
  double in_sight = 0, shut = 0;
  double azimuth_deg = std::numeric_limits<double>::quiet_NaN();  ///< Against the camera.
  double elevation_deg = std::numeric_limits<double>::quiet_NaN();
  double mrd1_mm = std::numeric_limits<double>::quiet_NaN();
  double mrd2_mm = std::numeric_limits<double>::quiet_NaN();
  double aperture_mm = std::numeric_limits<double>::quiet_NaN();
};

/// What a frame says of a face.
struct MaskSight {
  bool seen = false;
  Eigen::Matrix3d rotation;    ///< HeadView::rotation.
  double px_per_mm = 1;        ///< Real mm.
  Eigen::Vector2d between_px;  ///< Point midway between the globes, in the view's axes.
  std::array<MaskEyeSight, 2> eyes;
};

/// Turns what the frames of a recording say into what its mask shows, one frame after the other: an
/// eye or a face that is not seen keeps what was seen last for a while, and the face fades then.
/// Looks at no later frame.
class MaskFollower {
 public:
  /// @param expressions  how many activations a frame has. @param hold_frames  what is not seen is
  /// held for so long; a face fades for as long again.
  MaskFollower(size_t expressions, double hold_frames);

  /// @param expression  activations of this frame; none or one for each.
  MaskFrame Next(const MaskSight& sight, const std::vector<double>& expression);

 private:
  MaskEye Eye(size_t s, const MaskEyeSight& seen);

  double hold_frames_;
  MaskFrame last_;
  double since_ = std::numeric_limits<double>::infinity();  ///< Frames since the face was seen.
  double frame_ = -1;
  std::array<MaskEye, 2> open_;            ///< As it was when lids and axis were known last.
  std::array<double, 2> open_at_{-1, -1};  ///< That frame.
};

}  // namespace maskbench
