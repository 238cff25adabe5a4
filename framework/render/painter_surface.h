#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include <Eigen/Core>

#include "maskbench/render/scene.h"

#include "simd.h"

/// Triangles as HeadPainter fills them.
namespace maskbench::painter {

struct Edge {
  int a = 0, b = 0;  ///< Vertices.
};

struct Vertex {
  std::int32_t x, y;  ///< In 1/256 pixel of the picture.
  float inverse_z;    ///< 0: too near.
};

/// Triangles that share a material and are drawn together. Points are its vertices, then the
/// middles of its edges.
struct Surface {
  std::shared_ptr<const Material> material;
  std::vector<std::array<int, 3>> triangles;
  std::vector<std::array<int, 3>> edges_of;  ///< Edge k joins vertices k and k + 1.
  std::vector<std::uint8_t> two_sided, textured;
  std::vector<std::uint8_t> bent;  ///< Bit k: edge k is lit at its middle as well.
  std::vector<Edge> edges;
  std::vector<std::array<int, 2>> beside;  ///< Triangles of each edge; −1: none.
  std::vector<Eigen::Vector2f> uv;
  std::vector<float> curvature;
  std::vector<simd::Row> albedo;  ///< Of points, with the material's own.
  std::vector<int> used;          ///< Vertices.

  // Of the frame.
  const std::vector<Eigen::Vector3f>* positions = nullptr;
  const std::vector<Eigen::Vector3f>* normals = nullptr;
  const std::vector<float>* occlusion = nullptr;  ///< Null: 1.
  std::vector<Vertex> screen;
  std::vector<std::uint8_t> drawn;  ///< By triangle: faces the camera, or both sides count.
  std::vector<simd::Row> lit;       ///< Of points: B, G, R as bytes before rounding, and a half.
  std::vector<simd::Row> light;     ///< What multiplies the albedo, and the reflection.
  std::vector<std::uint8_t> known;  ///< 1: lit, 2: light.
};

/// Finds the edges and what lies beside them. @param same  stands for each vertex where neighbours
/// are looked for; empty: itself.
void Connect(const std::vector<int>& same, Surface* surface);

/// What of a surface does not change with its pose. @param positions, normals  at rest.
void Study(const std::vector<Eigen::Vector3f>& positions,
           const std::vector<Eigen::Vector3f>& normals, Surface* surface);

/// Triangles from the top down, in bands, those in front before those behind.
std::vector<std::array<int, 3>> InOrder(std::vector<std::array<int, 3>> triangles,
                                        const std::vector<Eigen::Vector3f>& rest_mm);

}  // namespace maskbench::painter
