#pragma once

#include <Eigen/Core>

namespace maskbench {

/// Texture chart of the skin: where a point of the *mean* head lies in the picture that BakeSkin
/// makes. A cylinder about the vertical axis through (0, ·, −85 mm), unrolled; the face takes most
/// of it. One texture fits every head model whose vertices are placed by it.
///
/// u is 0.5 in front and grows to the patient's left: 0.08 at −100° and 0.92 at +100°, the rest of
/// the turn in the strips outside. v grows downwards: 0 at y = +130 mm, 1 at y = −190 mm, clamped.
/// @param mean_mm  in the frame of HeadModel.
Eigen::Vector2f SkinChart(const Eigen::Vector3d& mean_mm);

/// Azimuth in degrees at a u, −180 … 180 inside 0 … 1.
double SkinChartAzimuthDeg(double u);
/// Height y in millimetres at a v.
double SkinChartHeightMm(double v);

/// Depth of the cylinder's axis.
inline constexpr double kSkinChartAxisZMm = -85.0;

}  // namespace maskbench
