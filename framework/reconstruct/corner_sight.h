#pragma once

#include <algorithm>
#include <array>

#include <Eigen/Core>

#include "maskbench/perception/eye_network.h"

namespace maskbench {

/// How the head is smoothed over time (AnchorToCorners), s: its place, and its size and directions.
inline constexpr double kPlaceSeconds = 0.05, kShapeSeconds = 0.25;
/// Something before an eye disturbs the whole mesh: weight of such frames for directions and sizes.
inline constexpr double kDisturbedWeight = 0.01;

inline constexpr int kCorners = 4;  ///< Right inner, right outer, left inner, left outer.
using Corners = std::array<Eigen::Vector2d, kCorners>;

/// What the corners of one frame say.
struct Sight {
  Corners view_px;
  std::array<double, kCorners> weights{};  ///< 1 / px²; 0 for what is not seen.
  bool both_eyes() const { return *std::min_element(weights.begin(), weights.end()) > 0; }
  double of_eye(size_t s) const { return weights[2 * s] + weights[2 * s + 1]; }
  double total() const { return of_eye(0) + of_eye(1); }
  /// Trust in the mesh of this frame.
  double trust() const { return both_eyes() ? 1.0 : kDisturbedWeight; }
};

Sight SightOf(const std::array<EyeEvidence, 2>& eyes);

/// A frame's own size and tilt against the mesh's: (cos, sin) times the ratio of sizes, by least
/// squares over its corners. @param model_px  where the mesh's pose has them, from the origin.
Eigen::Vector2d ShapeOf(const Sight& sight, const Corners& model_px);
/// A point turned and enlarged by a shape, and back but for the square of its size.
Eigen::Vector2d Turned(const Eigen::Vector2d& shape, const Eigen::Vector2d& point);
Eigen::Vector2d TurnedBack(const Eigen::Vector2d& shape, const Eigen::Vector2d& point);

}  // namespace maskbench
