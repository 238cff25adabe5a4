#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <Eigen/Core>

#include "maskbench/render/camera.h"
#include "maskbench/render/texture.h"

namespace maskbench {

/// What a pixel shows; the values of label images.
enum class Part : std::uint8_t {
  kBackground = 0,
  kSkin,
  kLidMargin,  ///< The wet strip between lashes and globe.
  kSclera,
  kIris,
  kPupil,
  kCaruncle,
  kMouth,  ///< Inside of the mouth.
  kTeeth,
  kLash,
  kHair,
  kClothes,
  kGlasses,
  kOccluder,
};

/// How an opaque mesh is lit. Colours are linear reflectances in 0…1.
struct Material {
  enum class Kind { kSkin, kPlain } kind = Kind::kPlain;
  Eigen::Vector3f albedo{0.5f, 0.5f, 0.5f};       ///< Multiplies the texture, if there is one.
  std::shared_ptr<const Texture> albedo_texture;  ///< RGB, linear.
  /// Gradient of the surface relief in mm per mm along the texture's u (R) and v (G), and the
  /// factor on the specular lobe (B). Optional.
  std::shared_ptr<const Texture> relief_texture;
  float specular = 0.35f;  ///< Scale of the specular lobe (F0 = 0.028 for skin).
  float roughness = 0.5f;
  float scatter = 0.0f;  ///< 0…1: how far light bleeds past the terminator, red furthest.
};

/// Connectivity and texture coordinates; shared by all frames of a recording.
struct MeshTopology {
  std::vector<std::array<int, 3>> triangles;  ///< Counter-clockwise seen from outside.
  std::vector<Part> parts;                    ///< One per triangle.
  std::vector<Eigen::Vector2f> uv;            ///< One per vertex; empty without texture.
};

/// An opaque mesh in the camera frame (mm). Vertex arrays have one entry per vertex; vertices that
/// no triangle names cost nothing, so several meshes may use the same arrays.
struct Mesh {
  std::shared_ptr<const MeshTopology> topology;
  std::shared_ptr<const Material> material;
  std::vector<Eigen::Vector3f> positions;
  std::vector<Eigen::Vector3f> normals;  ///< Unit, outwards. Empty: computed; coincident vertices
                                         ///< are not merged, so a texture's seam would show.
  std::vector<float> occlusion;          ///< Ambient visibility 0…1; empty: 1.
  std::vector<float> wetness;            ///< 0…1, raises the specular lobe; empty: 0.
  bool two_sided = false;                ///< Back faces are drawn too (inside of the mouth: yes).
  bool casts_shadow = true;
};

/// Hair, lashes: translucent triangles blended in depth order. Two-sided.
struct StrandMesh {
  std::shared_ptr<const MeshTopology> topology;
  std::vector<Eigen::Vector3f> positions;
  std::vector<Eigen::Vector3f> normals;   ///< Empty: computed.
  std::vector<Eigen::Vector3f> tangents;  ///< Unit, along the strand. Empty: the texture's v;
                                          ///< without texture coordinates there is no highlight.
  std::vector<float> alpha;               ///< Factor per vertex; empty: 1.
  std::vector<float> occlusion;
  std::shared_ptr<const Texture>
      texture;  ///< RGBA: colour modulation (linear) and alpha; optional.
  Eigen::Vector3f albedo{0.05f, 0.03f, 0.02f};
  float specular = 0.3f;
  bool casts_shadow = true;
};

/// Light from far away. Direction points from the subject towards the light, unit, camera frame.
struct DirectionalLight {
  Eigen::Vector3f direction{0, 0, -1};
  Eigen::Vector3f radiance{1, 1, 1};
  float wrap = 0.1f;  ///< 0 a point, towards 0.5 a large soft box.
  bool casts_shadow = false;
};

struct Lighting {
  std::vector<DirectionalLight> lights;               ///< Key first, then fill, …
  Eigen::Vector3f ambient_up{0.35f, 0.36f, 0.38f};    ///< Radiance from above (camera −y).
  Eigen::Vector3f ambient_down{0.18f, 0.17f, 0.16f};  ///< Radiance from below.
  /// Small light that makes the corneal reflex, camera frame (mm); its radiance on the cornea.
  Eigen::Vector3f reflex_position_mm{0, 0, 0};
  float reflex_strength = 6.0f;
};

struct Background {
  Eigen::Vector3f top{0.30f, 0.34f, 0.38f};  ///< Linear colours of a vertical gradient.
  Eigen::Vector3f bottom{0.40f, 0.44f, 0.48f};
};

class EyeShader;  // eye_shader.h: ray-traced globe with cornea, iris, tear film.

/// Everything one frame shows.
struct Scene {
  Camera camera;
  std::vector<Mesh> meshes;
  std::vector<StrandMesh> strands;
  std::array<std::shared_ptr<const EyeShader>, 2> eyes;  ///< By Side; may be null.
  Lighting lighting;
  Background background;
};

}  // namespace maskbench
