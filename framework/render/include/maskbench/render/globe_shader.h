#pragma once

#include <array>
#include <memory>
#include <vector>

#include "maskbench/head/eye_measures.h"
#include "maskbench/render/camera.h"
#include "maskbench/render/eye_shader.h"

namespace maskbench {

/// Colours of an eye; linear reflectances.
struct EyeRecipe {
  /// Iris pigment: 0 none (blue-grey) … 1 dense (dark brown).
  double melanin = 0.5;
  /// 0 … 1: green–hazel tint of lightly pigmented irises.
  double lipochrome = 0.3;
  double limbal_ring = 0.6;    ///< Darkness of the ring round the iris, 0 … 1; fades with age.
  double sclera_yellow = 0.2;  ///< 0 … 1, rises with age.
  double redness = 0.15;       ///< Vessels and flush of the conjunctiva, 0 … 1.
  uint64_t seed = 1;           ///< Fibres, crypts, vessels.
};

/// Textures made from an EyeRecipe; once per subject.
class EyeTextures {
 public:
  static constexpr int kAngles = 512, kRadii = 64, kVessels = 256;
  explicit EyeTextures(const EyeRecipe& recipe);
  const EyeRecipe& recipe() const { return recipe_; }
  /// Iris reflectance at an angle and at `radius` 0 (pupil) … 1 (limbus).
  Eigen::Vector3f Iris(float angle_rad, float radius) const;
  /// Density of vessels 0 … 1 at eye-frame (x, y) in globe radii.
  float Vessel(float x, float y) const;

 private:
  EyeRecipe recipe_;
  Eigen::Vector3f inner_, outer_;
  std::vector<float> fibres_;   // kRadii × kAngles.
  std::vector<float> vessels_;  // kVessels × kVessels.
};

/// Ray-traced globe: sclera sphere, corneal cap, iris at its apparent depth, caruncle and
/// conjunctiva in the corners; shadow and tear line from the lid margins.
class GlobeShader : public EyeShader {
 public:
  /// @param positions  posed drawn vertices in the head frame, from which the margins are read.
  GlobeShader(Side side, const EyeShape& shape, const EyeState& state,
              const HeadSurface::Margin& margin, const Eigen::Matrix3Xd& positions,
              const Pose& head, const Eigen::Vector3d& light_camera_mm,
              std::shared_ptr<const EyeTextures> textures);

  Bounds PixelBounds(const Camera& camera) const override;
  std::optional<EyeHit> Intersect(const Eigen::Vector3f& ray) const override;
  Eigen::Vector3f Shade(const Eigen::Vector3f& ray, const EyeHit& hit, float pixel_mm,
                        float key_visibility, const Lighting& lighting) const override;

 private:
  static constexpr int kColumns = 48;
  struct Margins {
    float up_mm, down_mm;  // Distance to the upper and lower margin along the globe.
    float medial_mm, lateral_mm;
  };
  Margins ToMargins(const Eigen::Vector3f& head_offset) const;

  Side side_;
  EyeShape shape_;
  std::shared_ptr<const EyeTextures> textures_;
  // Camera → eye and camera → head axes, both about the globe's centre.
  Eigen::Matrix3f to_eye_, to_head_;
  Eigen::Vector3f centre_camera_;
  Eigen::Vector3f reflex_eye_;
  float cornea_centre_, iris_plane_;
  float nasal_slope_, temporal_slope_;  // Of the conjunctiva towards the canthi.
  float first_x_, last_x_;              // Temporal positive.
  std::array<float, kColumns> upper_angle_{}, lower_angle_{};
  std::vector<Eigen::Vector3f> corners_camera_;
};

}  // namespace maskbench
