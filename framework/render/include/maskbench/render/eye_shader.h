#pragma once

#include <optional>

#include <Eigen/Core>

#include "maskbench/render/scene.h"

namespace maskbench {

/// What a ray meets on an eye.
struct EyeHit {
  float depth_mm = 0;  ///< z in the camera frame.
  Part part = Part::kSclera;
};

/// Draws one eye analytically. Thread-safe once built.
class EyeShader {
 public:
  virtual ~EyeShader() = default;
  /// Pixel rectangle (inclusive) outside which the globe cannot be seen.
  struct Bounds {
    int left, top, right, bottom;
  };
  virtual Bounds PixelBounds(const Camera& camera) const = 0;
  /// First hit of the ray from the origin along `ray` (z = 1), or nothing.
  virtual std::optional<EyeHit> Intersect(const Eigen::Vector3f& ray) const = 0;
  /// Linear colour that leaves the eye towards the camera. `pixel_mm` is the width of a pixel at
  /// that depth; edges inside the eye are smoothed over it. `key_visibility` 0…1 is the shadow
  /// map's answer for the first light.
  virtual Eigen::Vector3f Shade(const Eigen::Vector3f& ray, const EyeHit& hit, float pixel_mm,
                                float key_visibility, const Lighting& lighting) const = 0;
};

}  // namespace maskbench
