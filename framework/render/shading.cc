#include "shading.h"

#include <algorithm>
#include <cmath>

namespace maskbench::shading {
namespace {

using simd::Clamp;
using simd::F4;
using simd::InverseSqrt;
using simd::Max;
using simd::Min;
using simd::Mix;
using simd::Saturate;
using simd::Splat;
using simd::Sqrt;

constexpr float kSkinF0 = 0.028f;  // Index of refraction 1.4.
constexpr float kPlainF0 = 0.04f;

/// Half width of the softened terminator in radians per unit of curvature (1/mm), R, G, B. √3
/// standard deviations of skin's diffusion profile (d'Eon and Luebke, GPU Gems 3, ch. 14) are 2.0,
/// 0.45 and 0.27 mm; these are chosen by eye and stand for relief below the mesh's resolution, too.
constexpr float kScatterMm[3] = {4.2f, 1.9f, 1.1f};
/// How much of the fine relief each colour still sees: red light comes out blurred.
constexpr float kReliefSeen[3] = {0.35f, 0.65f, 0.85f};
constexpr float kLowestCurvature = 1.0f / 70.0f;
constexpr float kHighestCurvature = 1.0f / 6.0f;

inline F4 Dot(const F4* a, const F4* b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }
inline F4 Clamp(F4 x, float low, F4 high) { return Min(Max(x, Splat(low)), high); }
inline F4 Dot(const F4* a, const float* b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

inline void Normalise(F4* x) {
  const F4 scale = InverseSqrt(Max(Dot(x, x), Splat(1e-20f)));
  for (int i = 0; i < 3; ++i) x[i] *= scale;
}

/// max(0, cosine) convolved with a box of half width √width2, scaled so that a whole sphere
/// scatters as much as without: smooth at the terminator and unchanged towards the light.
inline F4 SoftCosine(F4 cosine, F4 width2) {
  const F4 inverse = InverseSqrt(width2);
  const F4 width = width2 * inverse;
  const F4 rising = Clamp(cosine + width, 0.0f, width + width);
  const F4 third = width2 * (1.0f / 3.0f);
  return (rising * rising * (0.25f * inverse) + Max(cosine - width, F4{})) *
         (1.0f - third + third * third);  // 1 / (1 + width² / 3).
}

inline F4 Power5(F4 x) {
  const F4 square = x * x;
  return square * square * x;
}

/// Ambient light that reaches a point after bounces between surfaces of its own colour (Jiménez,
/// Wu, Pesce and Jarabo 2016).
inline F4 MultiBounce(F4 occlusion, F4 albedo) {
  const F4 a = 2.0404f * albedo - 0.3324f;
  const F4 b = -4.7951f * albedo + 0.6417f;
  const F4 c = 2.7552f * albedo + 0.6903f;
  return Min(Max(occlusion, ((occlusion * a + b) * occlusion + c) * occlusion), Splat(1.0f));
}

}  // namespace

void LightSet::Set(const Lighting& lighting, int shadowed_light) {
  lights.clear();
  for (size_t i = 0; i < lighting.lights.size(); ++i) {
    const DirectionalLight& from = lighting.lights[i];
    const Eigen::Vector3f direction = from.direction.normalized();
    Light light;
    for (int c = 0; c < 3; ++c) {
      light.direction[c] = direction[c];
      light.radiance[c] = from.radiance[c];
    }
    light.wrap = std::clamp(from.wrap, 0.0f, 1.0f);
    light.shadowed = static_cast<int>(i) == shadowed_light;
    lights.push_back(light);
  }
  for (int c = 0; c < 3; ++c) {
    ambient_down[c] = lighting.ambient_down[c];
    ambient_rise[c] = lighting.ambient_up[c] - lighting.ambient_down[c];
  }
}

void ShadeSurface(const Material& material, const LightSet& lights, const SurfacePoints& points,
                  F4* rgb) {
  const bool skin = material.kind == Material::Kind::kSkin;
  const float f0 = skin ? kSkinF0 : kPlainF0;
  const float scatter = std::clamp(material.scatter, 0.0f, 1.0f);

  F4 view[3] = {-points.ray_x, -points.ray_y, Splat(-1.0f)};
  Normalise(view);
  const F4* smooth = points.normal;

  F4 albedo[3];
  for (int c = 0; c < 3; ++c) albedo[c] = material.albedo[c] * points.albedo[c];
  F4 normal[3] = {smooth[0], smooth[1], smooth[2]};
  F4 specular = Splat(material.specular);
  if (material.relief_texture) {
    specular *= points.relief[2];
    for (int i = 0; i < 3; ++i) {
      normal[i] -= points.relief[0] * points.along_u[i] + points.relief[1] * points.along_v[i];
    }
    Normalise(normal);
  }

  // A film of liquid is smooth and reflects in full.
  const F4 wet = Saturate(points.wetness);
  specular = Mix(specular, Max(specular, Splat(1.0f)), wet);
  F4 roughness = Mix(Splat(std::clamp(material.roughness, 0.05f, 1.0f)),
                     Splat(std::min(material.roughness, 0.2f)), wet);
  // Normals that turn within a pixel widen the lobe (Tokuyoshi and Kaplanyan 2019).
  const F4 turn = points.curvature * points.pixel_mm;
  const F4 alpha = Sqrt(
      Min(roughness * roughness * roughness * roughness + Min(0.5f * turn * turn, Splat(0.18f)),
          Splat(1.0f)));

  const F4 cos_view = Clamp(Dot(normal, view), 0.05f, 1.0f);
  const F4 occlusion = Saturate(points.occlusion);

  // Ambient light: a hemisphere, reflected once diffusely and once by the surface.
  const F4 grazing = Power5(1.0f - cos_view);
  const F4 reflected =
      Min(specular * (f0 + (1.0f - f0) * 0.5f * (1.0f - roughness) * grazing), Splat(1.0f));
  const F4 transmitted = 1.0f - reflected;
  const F4 diffuse_height = 0.5f - 0.5f * normal[1];
  const F4 mirror_height = Saturate(0.5f - 0.5f * (2.0f * cos_view * normal[1] - view[1]));
  const F4 open = cos_view + occlusion;
  const F4 mirror_occlusion = Saturate(open * open - 1.0f + occlusion);
  for (int c = 0; c < 3; ++c) {
    const F4 bounce = skin ? MultiBounce(occlusion, albedo[c]) : occlusion;
    rgb[c] = (lights.ambient_down[c] + lights.ambient_rise[c] * diffuse_height) * bounce *
                 albedo[c] * transmitted +
             (lights.ambient_down[c] + lights.ambient_rise[c] * mirror_height) * mirror_occlusion *
                 reflected;
  }

  const F4 curvature = Clamp(points.curvature, kLowestCurvature, kHighestCurvature);
  F4 bleed[3];
  float seen[3];
  for (int c = 0; c < 3; ++c) {
    const F4 width = Min(curvature * (kScatterMm[c] * scatter), Splat(0.5f));
    bleed[c] = width * width;
    seen[c] = 1.0f - scatter * (1.0f - kReliefSeen[c]);
  }
  for (const LightSet::Light& light : lights.lights) {
    const F4 smooth_cosine = Dot(smooth, light.direction);
    const F4 cosine = Dot(normal, light.direction);
    const F4 visible = light.shadowed ? points.visibility : Splat(1.0f);
    // What shuts out the sky shuts out part of a slanting light as well.
    const F4 reach = 1.0f - (1.0f - occlusion) * (1.0f - 0.6f * Saturate(cosine));

    // GGX (Walter, Marschner, Li and Torrance 2007) with Schlick's Fresnel term and visibility.
    // A light of some size widens the lobe.
    F4 half[3];
    for (int i = 0; i < 3; ++i) half[i] = view[i] + light.direction[i];
    Normalise(half);
    const F4 cos_light = Saturate(cosine);
    const F4 cos_half = Saturate(Dot(normal, half));
    const F4 cos_between = Saturate(Dot(view, half));
    const F4 wide = Min(alpha + 0.5f * light.wrap, Splat(1.0f));
    const F4 wide2 = wide * wide;
    const F4 denominator = cos_half * cos_half * (wide2 - 1.0f) + 1.0f;
    const F4 k = 0.5f * wide;
    const F4 masking = (cos_light * (1.0f - k) + k) * (cos_view * (1.0f - k) + k);
    const F4 fresnel = f0 + (1.0f - f0) * Power5(1.0f - cos_between);
    const F4 lobe =
        specular * fresnel * wide2 * cos_light / (4.0f * denominator * denominator * masking);

    const float wrap2 = std::max(light.wrap * light.wrap, 1e-6f);
    for (int c = 0; c < 3; ++c) {
      const F4 mixed = smooth_cosine + (cosine - smooth_cosine) * seen[c];
      const F4 diffuse = SoftCosine(mixed, bleed[c] + wrap2);
      // Light that enters beside a shadow comes out in it, red most.
      const float leak = scatter * (c == 0 ? 0.5f : c == 1 ? 0.1f : 0.0f);
      const F4 arriving = visible * (1.0f + leak * (1.0f - visible));
      rgb[c] += light.radiance[c] * reach *
                (arriving * diffuse * albedo[c] * transmitted + visible * lobe);
    }
  }
}

void ShadeStrand(const StrandMesh& mesh, const LightSet& lights, const StrandPoints& points,
                 F4* rgb) {
  F4 view[3] = {-points.ray_x, -points.ray_y, Splat(-1.0f)};
  Normalise(view);
  F4 normal[3] = {points.normal[0], points.normal[1], points.normal[2]};
  Normalise(normal);
  F4 tangent[3] = {points.tangent[0], points.tangent[1], points.tangent[2]};
  const F4 length2 = Dot(tangent, tangent);
  const F4 known = simd::And(length2 > 1e-6f, Splat(1.0f));
  Normalise(tangent);

  const F4 occlusion = Saturate(points.occlusion);
  const F4 height = 0.5f - 0.5f * normal[1];
  F4 albedo[3];
  for (int c = 0; c < 3; ++c) {
    albedo[c] = mesh.albedo[c] * points.modulation[c];
    rgb[c] = (lights.ambient_down[c] + lights.ambient_rise[c] * height) * occlusion * albedo[c];
  }
  // Single hairs differ: dark ones, which lie deeper, shine less, and the angle of their scales
  // scatters the highlight along the strand (Scheuermann 2004 shifts it by a texture, too).
  const F4 tone = (points.modulation[0] + points.modulation[1] + points.modulation[2]) *
                  (1.0f / (3.0f * std::max(points.mean_modulation, 1e-4f)));
  const F4 shine = mesh.specular * known * Clamp(tone * tone, 0.0f, 2.0f);
  const F4 shift = Clamp(0.25f * (tone - 1.0f), -0.12f, 0.12f);
  for (const LightSet::Light& light : lights.lights) {
    const F4 visible =
        (light.shadowed ? points.visibility : Splat(1.0f)) * (0.3f + 0.7f * occlusion);
    F4 half[3];
    for (int i = 0; i < 3; ++i) half[i] = view[i] + light.direction[i];
    Normalise(half);
    const F4 along_light = Dot(tangent, light.direction);
    // Kajiya and Kay 1989: a fibre scatters with the sine of its angle to the light; the side of
    // the head it grows on shades it.
    const F4 sine = Sqrt(Saturate(1.0f - along_light * along_light * known));
    const F4 side = SoftCosine(Dot(normal, light.direction), Splat(0.25f));
    // Two highlights as in Marschner et al. 2003, one from the cuticle, shifted to the root, and a
    // coloured, wider one shifted to the tip; exponents after Scheuermann 2004.
    const F4 along_half = Dot(tangent, half);
    const F4 out = Dot(normal, half);
    const F4 first = along_half + (0.10f + shift) * out;
    const F4 second = along_half + (shift - 0.14f) * out;
    F4 sharp = Saturate(1.0f - first * first);
    for (int i = 0; i < 5; ++i) sharp *= sharp;  // ^32 of the sine's square.
    F4 broad = Saturate(1.0f - second * second);
    for (int i = 0; i < 3; ++i) broad *= broad;
    const F4 gate = Saturate(side * 1.5f);
    for (int c = 0; c < 3; ++c) {
      rgb[c] += light.radiance[c] * visible *
                (albedo[c] * sine * side + shine * gate * (0.05f * sharp + albedo[c] * broad));
    }
  }
}

}  // namespace maskbench::shading
