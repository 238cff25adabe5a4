#pragma once

#include <array>
#include <cstdint>

#include <opencv2/core.hpp>

#include "maskbench/perception/eye_crop.h"

namespace maskbench::training {

/// Samples are cut larger than the network's crop, so that placement can be varied while training:
/// 24 pixels more on the left and right, 16 above and below, in the scale of the crop.
inline constexpr int kPatchWidth = kEyeCropWidth + 48, kPatchHeight = kEyeCropHeight + 32;
inline constexpr int kMarginPoints = 33;

/// A point in the patch, pixels (pixel centres at whole numbers), and whether it can be seen.
struct LabelPoint {
  float x = 0, y = 0;
  std::uint8_t seen = 0;
};

/// What is true of the eye in a patch. Plain data: written to disk as it is.
struct EyeLabel {
  LabelPoint medial, lateral;  ///< Corners towards nose and temple.
  /// Lid margins from the medial to the lateral corner; a point is not seen behind an occluder, a
  /// fold of skin or the nose.
  std::array<LabelPoint, kMarginPoints> upper, lower;
  /// Complete ellipse of the visible iris, also where lids cover it; seen when at least a tenth of
  /// it is.
  LabelPoint iris;
  float iris_major_px = 0, iris_minor_px = 0;  ///< Half axes.
  float iris_angle_rad = 0;                    ///< Of the major axis against the patch's x-axis.
  float iris_visible = 0;                      ///< Share of the ellipse's area that is in sight.
  LabelPoint pupil;                            ///< Centre; seen when it is not covered.
  LabelPoint reflex;    ///< Of the main light on the cornea; seen when it is drawn and not covered.
  float px_per_mm = 0;  ///< Patch px per mm at the eye, across the line of sight.
  float source_iris_px = 0;  ///< Horizontal iris diameter in the picture it was cut from.
  float closure = 0;         ///< Of a blink, 0 … 1.
  float mrd1_mm = 0, mrd2_mm = 0;
  float azimuth_deg = 0, elevation_deg = 0;  ///< Pupillary axis in the head; nasal is positive.
  float yaw_deg = 0, pitch_deg = 0;          ///< Of the head.
  std::int32_t subject = 0;
  std::uint8_t ancestry = 0, glasses = 0, make_up = 0, occluded = 0;
};

}  // namespace maskbench::training
