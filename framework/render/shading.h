#pragma once

#include <vector>

#include "maskbench/render/scene.h"

#include "simd.h"

// How surfaces and strands scatter light: four points at once. docs/rendering.md gives the sources.
namespace maskbench::shading {

/// The lighting of a frame, ready for use.
class LightSet {
 public:
  void Set(const Lighting& lighting, int shadowed_light);

  struct Light {
    float direction[3];
    float radiance[3];
    float wrap;
    bool shadowed;  ///< The one light whose visibility the points carry.
  };
  std::vector<Light> lights;
  float ambient_down[3];
  float ambient_rise[3];  ///< Up minus down.
};

/// Four points of an opaque mesh.
struct SurfacePoints {
  simd::F4 ray_x, ray_y;  ///< Ray through the point; z = 1.
  simd::F4 pixel_mm;      ///< Width of a pixel at the point.
  simd::F4 normal[3];     ///< Unit; of the side that is seen.
  simd::F4 occlusion;
  simd::F4 wetness;
  simd::F4 visibility;  ///< Of the shadowed light.
  simd::F4 curvature;   ///< 1/mm, positive where convex.
  simd::F4 albedo[3];   ///< From the texture; 1 without.
  simd::F4 relief[3];   ///< From the texture, if the material has one.
  simd::F4 along_u[3];  ///< Dual basis of the surface's u and v directions: the gradient is
  simd::F4 along_v[3];  ///< relief.r · along_u + relief.g · along_v.
};

/// Radiance towards the camera, R, G, B.
void ShadeSurface(const Material& material, const LightSet& lights, const SurfacePoints& points,
                  simd::F4* rgb);

/// Four points of a strand mesh.
struct StrandPoints {
  simd::F4 ray_x, ray_y;
  simd::F4 normal[3];
  simd::F4 tangent[3];  ///< Zero: unknown, no highlight.
  simd::F4 occlusion;
  simd::F4 visibility;
  simd::F4 modulation[3];  ///< Of the colour, by the texture.
  float mean_modulation;   ///< Mean of the texture's colour.
};

void ShadeStrand(const StrandMesh& mesh, const LightSet& lights, const StrandPoints& points,
                 simd::F4* rgb);

}  // namespace maskbench::shading
