#pragma once

#include <vector>

#include <Eigen/Core>

#include "maskbench/render/scene.h"

#include "simd.h"

namespace maskbench {

struct UsedVertices;

/// Orthographic depth of everything that casts a shadow, seen from a light far away.
class ShadowMap {
 public:
  /// `direction` points towards the light. Meshes must be valid.
  /// `used` has the vertices of the meshes, then those of the strands.
  void Build(const Scene& scene, const std::vector<UsedVertices>& used,
             const Eigen::Vector3f& direction);

  /// Share 0…1 of the light that reaches four surface points: percentage-closer filtering (Reeves,
  /// Salesin and Cook 1987) with a smooth kernel along the tangent plane. `offset_mm` lifts the
  /// points off their own surface. A normal of zero means that the plane is not known. Only lanes
  /// whose bit is set are asked; the others keep their value.
  void Visibility(const simd::F4* point, const simd::F4* normal, float offset_mm, int lanes,
                  simd::F4* visibility) const;
  /// The same for one point.
  float Visibility(const Eigen::Vector3f& point, const Eigen::Vector3f& normal,
                   float offset_mm) const;

  float texel_mm() const { return texel_mm_; }
  static constexpr float kRadius = 3.5f;  ///< Of the kernel, in texels.
  /// Distance over which a shadow's edge fades, half of it.
  float RadiusMm() const { return kRadius * texel_mm_; }

 private:
  static constexpr int kLongestSide = 352;  ///< Texels, without the margin.
  static constexpr int kMargin = 8;
  static constexpr float kFinestTexelMm = 0.8f;

  /// Place in texels; depth towards the light in mm and its rise per texel.
  float Filter(float x, float y, float depth, float slope_x, float slope_y) const;
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
