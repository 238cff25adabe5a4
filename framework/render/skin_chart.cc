#include "maskbench/render/skin_chart.h"

#include <algorithm>
#include <cmath>

namespace maskbench {
namespace {

constexpr double kDegrees = 57.29577951308232;
constexpr double kFrontDeg = 100.0;   // Azimuth up to which the scale is uniform …
constexpr double kFrontWidth = 0.42;  // … and the u that it takes on either side.
constexpr double kTopMm = 130.0, kBottomMm = -190.0;

}  // namespace

Eigen::Vector2f SkinChart(const Eigen::Vector3d& mean_mm) {
  const double azimuth = std::atan2(mean_mm.x(), mean_mm.z() - kSkinChartAxisZMm) * kDegrees;
  double offset = kFrontWidth * azimuth / kFrontDeg;
  if (std::abs(azimuth) > kFrontDeg) {
    const double outside = (std::abs(azimuth) - kFrontDeg) / (180.0 - kFrontDeg);
    offset = std::copysign(kFrontWidth + (0.5 - kFrontWidth) * outside, azimuth);
  }
  const double v = (kTopMm - mean_mm.y()) / (kTopMm - kBottomMm);
  return {static_cast<float>(0.5 + offset), static_cast<float>(std::clamp(v, 0.0, 1.0))};
}

double SkinChartAzimuthDeg(double u) {
  const double offset = u - 0.5;
  if (std::abs(offset) <= kFrontWidth) return kFrontDeg * offset / kFrontWidth;
  const double outside = (std::abs(offset) - kFrontWidth) / (0.5 - kFrontWidth);
  return std::copysign(kFrontDeg + (180.0 - kFrontDeg) * outside, offset);
}

double SkinChartHeightMm(double v) { return kTopMm + (kBottomMm - kTopMm) * v; }

}  // namespace maskbench
