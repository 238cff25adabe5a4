#pragma once

#include <vector>

#include <Eigen/Core>

#include "maskbench/render/scene.h"

namespace maskbench {

struct UsedVertices;

/// Orthographic depth of everything that casts a shadow, seen from a light far away.
class ShadowMap {
 public:
  /// `direction` points towards the light. Meshes must be valid.
  /// `used` has the vertices of the meshes, then those of the strands.
  void Build(const Scene& scene, const std::vector<UsedVertices>& used,
             const Eigen::Vector3f& direction);

  /// Share 0…1 of the light that reaches a surface point: percentage-closer filtering (Reeves,
  /// Salesin and Cook 1987) with a smooth kernel along the tangent plane. `offset_mm` lifts the
  /// point off its own surface. A normal of zero means that the plane is not known.
  float Visibility(const Eigen::Vector3f& point, const Eigen::Vector3f& normal,
                   float offset_mm) const;

  float texel_mm() const { return texel_mm_; }
  static constexpr float kRadius = 3.5f;  ///< Of the kernel, in texels.
  /// Distance over which a shadow's edge fades, half of it.
  float RadiusMm() const { return kRadius * texel_mm_; }
  /// Coordinates in texels; the third is the distance towards the light in mm.
  Eigen::Vector3f ToMap(const Eigen::Vector3f& point) const;

 private:
  static constexpr int kLongestSide = 352;  ///< Texels, without the margin.
  static constexpr int kMargin = 8;
  static constexpr float kFinestTexelMm = 0.8f;

  void Draw(const Eigen::Vector3f& a, const Eigen::Vector3f& b, const Eigen::Vector3f& c,
            unsigned pattern, float alpha);

  Eigen::Matrix3f to_light_ = Eigen::Matrix3f::Identity();  ///< Rows: right, down, to the light.
  Eigen::Vector2f origin_mm_ = Eigen::Vector2f::Zero();     ///< Of texel (0, 0).
  float texel_mm_ = 1;
  int width_ = 0;  ///< A multiple of 4; 0 without casters.
  int height_ = 0;
  std::vector<float> nearest_;            ///< Distance towards the light; −infinity where empty.
  std::vector<Eigen::Vector3f> casters_;  ///< Vertices in map coordinates, all meshes.
};

}  // namespace maskbench
