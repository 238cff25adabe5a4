#include "painter_surface.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>
#include <utility>

#include <Eigen/Geometry>

#include <Eigen/Geometry>

namespace maskbench::painter {
namespace {

// Edges whose normals turn by less than this are lit at their ends alone: cosine of 8°.
constexpr float kStraight = 0.9903f;
// Textures that differ by less than this from what their vertices give are not looked at.
constexpr float kEven = 0.03f;
constexpr float kDarkest = 0.02f;

}  // namespace

void Connect(const std::vector<int>& same, Surface* surface) {
  std::map<std::pair<int, int>, int> found;
  surface->edges_of.resize(surface->triangles.size());
  for (size_t t = 0; t < surface->triangles.size(); ++t) {
    for (size_t k = 0; k < 3; ++k) {
      const int a = surface->triangles[t][k], b = surface->triangles[t][(k + 1) % 3];
      const int p = same.empty() ? a : same[static_cast<size_t>(a)];
      const int q = same.empty() ? b : same[static_cast<size_t>(b)];
      const auto [entry, is_new] = found.try_emplace({std::min(p, q), std::max(p, q)},
                                                     static_cast<int>(surface->edges.size()));
      int index = entry->second;
      if (is_new) {
        surface->edges.push_back({a, b});
        surface->beside.push_back({static_cast<int>(t), -1});
      } else {
        const Edge edge = surface->edges[static_cast<size_t>(index)];
        std::array<int, 2>& beside = surface->beside[static_cast<size_t>(index)];
        if (beside[1] < 0) beside[1] = static_cast<int>(t);
        if (!(edge.a == a && edge.b == b) && !(edge.a == b && edge.b == a)) {
          // Beyond a texture's seam: an edge of its own for its colours, none for outlines.
          index = static_cast<int>(surface->edges.size());
          surface->edges.push_back({a, b});
          surface->beside.push_back({static_cast<int>(t), static_cast<int>(t)});
        }
      }
      surface->edges_of[t][k] = index;
    }
  }
  std::vector<bool> in_use;
  for (const auto& triangle : surface->triangles) {
    for (const int v : triangle) {
      if (static_cast<size_t>(v) >= in_use.size()) in_use.resize(static_cast<size_t>(v) + 1);
      in_use[static_cast<size_t>(v)] = true;
    }
  }
  for (size_t v = 0; v < in_use.size(); ++v) {
    if (in_use[v]) surface->used.push_back(static_cast<int>(v));
  }
}

void Study(const std::vector<Eigen::Vector3f>& positions,
           const std::vector<Eigen::Vector3f>& normals, Surface* surface) {
  const Material& material = *surface->material;
  const Texture* texture = material.albedo_texture.get();
  const size_t vertices = positions.size();
  const auto sample = [&](const Eigen::Vector2f& uv) {
    Eigen::Array3f albedo = material.albedo.array();
    if (texture != nullptr) albedo *= texture->Sample(uv.x(), uv.y(), 1).head<3>().array();
    return albedo;
  };
  std::vector<Eigen::Array3f> albedo(vertices + surface->edges.size(), material.albedo.array());
  std::vector<Eigen::Vector2f> turn(vertices, Eigen::Vector2f::Zero());
  for (const auto& triangle : surface->triangles) {
    Eigen::Vector2f sum(0, 0);
    for (size_t k = 0; k < 3; ++k) {
      const size_t a = static_cast<size_t>(triangle[k]);
      const size_t b = static_cast<size_t>(triangle[(k + 1) % 3]);
      const Eigen::Vector3f along = positions[b] - positions[a];
      sum += Eigen::Vector2f((normals[b] - normals[a]).dot(along), along.squaredNorm());
    }
    for (const int v : triangle) turn[static_cast<size_t>(v)] += sum;
  }
  surface->curvature.assign(vertices, 0.0f);
  for (const int v : surface->used) {
    const size_t i = static_cast<size_t>(v);
    if (turn[i].y() > 0) surface->curvature[i] = turn[i].x() / turn[i].y();
    if (texture != nullptr) albedo[i] = sample(surface->uv[i]);
  }
  const auto differ = [](const Eigen::Array3f& a, const Eigen::Array3f& b) {
    return ((a - b).abs() / b.max(kDarkest)).maxCoeff();
  };
  std::vector<bool> bent(surface->edges.size());
  for (size_t e = 0; e < surface->edges.size(); ++e) {
    const Edge& edge = surface->edges[e];
    const size_t a = static_cast<size_t>(edge.a), b = static_cast<size_t>(edge.b);
    Eigen::Array3f& middle = albedo[vertices + e];
    if (texture != nullptr) middle = sample(0.5f * (surface->uv[a] + surface->uv[b]));
    bent[e] = normals[a].dot(normals[b]) < kStraight ||
              differ(middle, 0.5f * (albedo[a] + albedo[b])) > 0.2f * kEven;
  }
  surface->bent.assign(surface->triangles.size(), 0);
  for (size_t t = 0; t < surface->triangles.size(); ++t) {
    for (size_t k = 0; k < 3; ++k)
      if (bent[static_cast<size_t>(surface->edges_of[t][k])])
        surface->bent[t] = static_cast<std::uint8_t>(surface->bent[t] | 1 << k);
  }
  surface->albedo.resize(albedo.size());
  for (size_t p = 0; p < albedo.size(); ++p) {
    surface->albedo[p] = {{albedo[p][0], albedo[p][1], albedo[p][2], 0}};
  }
  surface->textured.assign(surface->triangles.size(), 0);
  for (size_t t = 0; t < surface->triangles.size() && texture != nullptr; ++t) {
    const auto& triangle = surface->triangles[t];
    const auto uv = [&](size_t k) { return surface->uv[static_cast<size_t>(triangle[k])]; };
    const auto at = [&](size_t k) { return albedo[static_cast<size_t>(triangle[k])]; };
    const auto between = [&](size_t k) {
      return albedo[vertices + static_cast<size_t>(surface->edges_of[t][k])];
    };
    // As many places as there are texels, at least.
    const float longest =
        std::max({(uv(0) - uv(1)).norm(), (uv(1) - uv(2)).norm(), (uv(2) - uv(0)).norm()});
    const int steps = std::clamp(
        static_cast<int>(std::ceil(longest * static_cast<float>(texture->width()))), 4, 64);
    for (int i = 0; i <= steps && surface->textured[t] == 0; ++i) {
      for (int j = 0; i + j <= steps; ++j) {
        const float b1 = static_cast<float>(i) / static_cast<float>(steps);
        const float b2 = static_cast<float>(j) / static_cast<float>(steps);
        const float b0 = 1 - b1 - b2;
        const Eigen::Array3f smooth = at(0) * (b0 * (2 * b0 - 1)) + at(1) * (b1 * (2 * b1 - 1)) +
                                      at(2) * (b2 * (2 * b2 - 1)) + between(0) * (4 * b0 * b1) +
                                      between(1) * (4 * b1 * b2) + between(2) * (4 * b2 * b0);
        const Eigen::Vector2f place = b0 * uv(0) + b1 * uv(1) + b2 * uv(2);
        if (differ(smooth, sample(place)) > kEven) {
          surface->textured[t] = 1;
          break;
        }
      }
    }
  }
}

std::vector<std::array<int, 3>> InOrder(std::vector<std::array<int, 3>> triangles,
                                        const std::vector<Eigen::Vector3f>& rest_mm) {
  constexpr float kBandMm = 12;
  const auto key = [&](const std::array<int, 3>& triangle) {
    const Eigen::Vector3f& a = rest_mm[static_cast<size_t>(triangle[0])];
    const Eigen::Vector3f& b = rest_mm[static_cast<size_t>(triangle[1])];
    const Eigen::Vector3f& c = rest_mm[static_cast<size_t>(triangle[2])];
    const Eigen::Vector3f sum = a + b + c;
    return std::tuple((b - a).cross(c - a).z() <= 0, -std::floor(sum.y() / (3 * kBandMm)), sum.x());
  };
  std::stable_sort(triangles.begin(), triangles.end(),
                   [&](const auto& a, const auto& b) { return key(a) < key(b); });
  return triangles;
}

}  // namespace maskbench::painter
