#pragma once

#include <cmath>
#include <cstdint>

namespace maskbench {

/// Scrambles a 32-bit number (Wellons' "lowbias32").
inline std::uint32_t ScrambledBits(std::uint32_t x) {
  x ^= x >> 16;
  x *= 0x7feb352du;
  x ^= x >> 15;
  x *= 0x846ca68bu;
  return x ^ (x >> 16);
}

/// Gradient noise in space (Perlin, "Improving noise", SIGGRAPH 2002, with hashed lattice points):
/// mean 0, standard deviation near 1, features one unit wide.
inline float SolidNoise(float x, float y, float z, std::uint32_t seed) {
  const float fx = std::floor(x), fy = std::floor(y), fz = std::floor(z);
  const auto ix = static_cast<std::uint32_t>(static_cast<std::int32_t>(fx)) * 0x8da6b343u;
  const auto iy = static_cast<std::uint32_t>(static_cast<std::int32_t>(fy)) * 0xd8163841u;
  const auto iz = static_cast<std::uint32_t>(static_cast<std::int32_t>(fz)) * 0xcb1ab31fu;
  x -= fx;
  y -= fy;
  z -= fz;
  const auto fade = [](float t) { return t * t * t * (t * (t * 6.0f - 15.0f) + 10.0f); };
  const float u = fade(x), v = fade(y), w = fade(z);
  const auto corner = [&](std::uint32_t cx, std::uint32_t cy, std::uint32_t cz, float dx, float dy,
                          float dz) {
    static constexpr float kGradients[16][3] = {{1, 1, 0}, {-1, 1, 0}, {1, -1, 0}, {-1, -1, 0},
                                                {1, 0, 1}, {-1, 0, 1}, {1, 0, -1}, {-1, 0, -1},
                                                {0, 1, 1}, {0, -1, 1}, {0, 1, -1}, {0, -1, -1},
                                                {1, 1, 0}, {-1, 1, 0}, {0, -1, 1}, {0, -1, -1}};
    std::uint32_t h = cx ^ cy ^ cz ^ seed;
    h *= 0x9e3779b1u;
    h ^= h >> 15;
    h *= 0x85ebca77u;
    const float* g = kGradients[h >> 28];
    return g[0] * dx + g[1] * dy + g[2] * dz;
  };
  const std::uint32_t jx = ix + 0x8da6b343u, jy = iy + 0xd8163841u, jz = iz + 0xcb1ab31fu;
  const auto mix = [](float a, float b, float t) { return a + t * (b - a); };
  const float near =
      mix(mix(corner(ix, iy, iz, x, y, z), corner(jx, iy, iz, x - 1, y, z), u),
          mix(corner(ix, jy, iz, x, y - 1, z), corner(jx, jy, iz, x - 1, y - 1, z), u), v);
  const float far =
      mix(mix(corner(ix, iy, jz, x, y, z - 1), corner(jx, iy, jz, x - 1, y, z - 1), u),
          mix(corner(ix, jy, jz, x, y - 1, z - 1), corner(jx, jy, jz, x - 1, y - 1, z - 1), u), v);
  return 3.6f * mix(near, far, w);
}

}  // namespace maskbench
