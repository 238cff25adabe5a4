#pragma once

#include <cmath>
#include <memory>
#include <vector>

#include <Eigen/Geometry>

#include "maskbench/core/rng.h"
#include "maskbench/render/renderer.h"

namespace maskbench {

/// A surface that sends its colour times the ambient light in every direction.
inline std::shared_ptr<Material> Matt(const Eigen::Vector3f& albedo) {
  auto material = std::make_shared<Material>();
  material->albedo = albedo;
  material->specular = 0;
  return material;
}

/// Black background and uniform ambient light of radiance 1.
inline Scene EvenlyLit(int width, int height, double focal_px) {
  Scene scene;
  scene.camera = {width, height, focal_px, {(width - 1) / 2.0, (height - 1) / 2.0}};
  scene.lighting.ambient_up = scene.lighting.ambient_down = {1, 1, 1};
  scene.background.top = scene.background.bottom = {0, 0, 0};
  return scene;
}

/// Corners in the order top left, top right, bottom right, bottom left as the camera sees them.
inline Mesh Quad(const std::vector<Eigen::Vector3f>& corners, std::shared_ptr<Material> material,
                 Part part = Part::kSkin) {
  auto topology = std::make_shared<MeshTopology>();
  topology->triangles = {{0, 3, 1}, {1, 3, 2}};
  topology->parts = {part, part};
  topology->uv = {{0, 0}, {1, 0}, {1, 1}, {0, 1}};
  Mesh mesh;
  mesh.topology = topology;
  mesh.material = std::move(material);
  mesh.positions = corners;
  return mesh;
}

/// Upright rectangle that faces the camera.
inline Mesh Quad(float left, float top, float right, float bottom, float z,
                 std::shared_ptr<Material> material, Part part = Part::kSkin) {
  return Quad({{left, top, z}, {right, top, z}, {right, bottom, z}, {left, bottom, z}},
              std::move(material), part);
}

/// Sphere of rings and segments without coincident vertices but the poles.
inline Mesh Sphere(const Eigen::Vector3f& centre, float radius, int rings,
                   std::shared_ptr<Material> material, bool with_normals = true) {
  constexpr float kPi = 3.14159265358979f;
  const int segments = 2 * rings;
  auto topology = std::make_shared<MeshTopology>();
  Mesh mesh;
  for (int i = 0; i <= rings; ++i) {
    for (int j = 0; j < segments; ++j) {
      const float polar = kPi * static_cast<float>(i) / static_cast<float>(rings);
      const float around = 2 * kPi * static_cast<float>(j) / static_cast<float>(segments);
      const Eigen::Vector3f normal(std::sin(polar) * std::cos(around), -std::cos(polar),
                                   std::sin(polar) * std::sin(around));
      mesh.positions.push_back(centre + radius * normal);
      if (with_normals) mesh.normals.push_back(normal);
    }
  }
  for (int i = 0; i < rings; ++i) {
    for (int j = 0; j < segments; ++j) {
      const int next = (j + 1) % segments;
      const int a = i * segments + j;
      const int b = i * segments + next;
      const int c = (i + 1) * segments + j;
      const int d = (i + 1) * segments + next;
      topology->triangles.push_back({a, c, b});
      topology->triangles.push_back({b, c, d});
    }
  }
  topology->parts.assign(topology->triangles.size(), Part::kSkin);
  mesh.topology = topology;
  mesh.material = std::move(material);
  return mesh;
}

/// The same for strands: a card with texture coordinates.
inline StrandMesh Card(float left, float top, float right, float bottom, float z,
                       const Eigen::Vector3f& albedo, float alpha) {
  const Mesh quad = Quad(left, top, right, bottom, z, nullptr, Part::kHair);
  StrandMesh mesh;
  mesh.topology = quad.topology;
  mesh.positions = quad.positions;
  mesh.alpha.assign(4, alpha);
  mesh.albedo = albedo;
  mesh.specular = 0;
  return mesh;
}

}  // namespace maskbench
