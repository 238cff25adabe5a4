#include "shadow_map.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include <Eigen/Geometry>

#include "raster.h"
#include "vertex_stage.h"

namespace maskbench {
namespace {

using simd::F4;
using simd::I4;

constexpr float kNothing = -1e30f;

/// Thresholds of ordered dithering (Bayer 1973), so that translucent cards stop their share of
/// light and the filter sees no pattern.
/// Each row is there twice, so that four can be read from any phase.
constexpr float kDither[4][8] = {
    {0.5f / 16, 8.5f / 16, 2.5f / 16, 10.5f / 16, 0.5f / 16, 8.5f / 16, 2.5f / 16, 10.5f / 16},
    {12.5f / 16, 4.5f / 16, 14.5f / 16, 6.5f / 16, 12.5f / 16, 4.5f / 16, 14.5f / 16, 6.5f / 16},
    {3.5f / 16, 11.5f / 16, 1.5f / 16, 9.5f / 16, 3.5f / 16, 11.5f / 16, 1.5f / 16, 9.5f / 16},
    {15.5f / 16, 7.5f / 16, 13.5f / 16, 5.5f / 16, 15.5f / 16, 7.5f / 16, 13.5f / 16, 5.5f / 16}};

/// Weights of the eight texels in a row round a point, the first three left of it; their sum is 1.
struct KernelRow {
  float weights[8];
};

constexpr int kKernelSteps = 64;  // Positions between two texels.

const KernelRow& Kernel(float part) {
  static const std::array<KernelRow, kKernelSteps> rows = [] {
    std::array<KernelRow, kKernelSteps> made{};
    for (int step = 0; step < kKernelSteps; ++step) {
      double total = 0;
      double weights[8];
      for (int i = 0; i < 8; ++i) {
        const double distance = i - 3 - (step + 0.5) / kKernelSteps;
        const double t =
            std::max(0.0, 1 - distance * distance / (ShadowMap::kRadius * ShadowMap::kRadius));
        weights[i] = t * t;
        total += weights[i];
      }
      for (int i = 0; i < 8; ++i) made[step].weights[i] = static_cast<float>(weights[i] / total);
    }
    return made;
  }();
  return rows[std::min(static_cast<int>(part * kKernelSteps), kKernelSteps - 1)];
}

}  // namespace

void ShadowMap::Build(const Scene& scene, const std::vector<UsedVertices>& used,
                      const Eigen::Vector3f& direction) {
  const Eigen::Vector3f toward = direction.normalized();
  const Eigen::Vector3f other =
      std::abs(toward.y()) < 0.9f ? Eigen::Vector3f(0, 1, 0) : Eigen::Vector3f(1, 0, 0);
  // The rows of the map run askew to what is upright or level in the picture: an edge along them
  // would enter or leave a whole row of texels at once while it moves.
  const Eigen::Vector3f level = other.cross(toward).normalized();
  const Eigen::Vector3f right = 0.94f * level + 0.34117444f * toward.cross(level);
  to_light_.row(0) = right;
  to_light_.row(1) = toward.cross(right);
  to_light_.row(2) = toward;

  casters_.clear();
  const size_t meshes = scene.meshes.size();
  const auto add = [&](const std::vector<Eigen::Vector3f>& positions, const UsedVertices& of) {
    for (const int vertex : of.vertices) casters_.push_back(to_light_ * positions[vertex]);
  };
  for (size_t m = 0; m < meshes; ++m) {
    if (scene.meshes[m].casts_shadow) add(scene.meshes[m].positions, used[m]);
  }
  for (size_t m = 0; m < scene.strands.size(); ++m) {
    if (scene.strands[m].casts_shadow) add(scene.strands[m].positions, used[meshes + m]);
  }
  width_ = height_ = 0;
  if (casters_.empty()) return;

  Eigen::Vector2f low = casters_.front().head<2>();
  Eigen::Vector2f high = low;
  for (const Eigen::Vector3f& caster : casters_) {
    low = low.cwiseMin(caster.head<2>());
    high = high.cwiseMax(caster.head<2>());
  }
  // The grid takes few sizes and stays in place while the subject moves: shadows do not crawl.
  const float finest = std::max(kFinestTexelMm, (high - low).maxCoeff() / kLongestSide);
  texel_mm_ = kFinestTexelMm;
  while (texel_mm_ < finest) texel_mm_ *= 1.18920712f;  // 2^(1/4)
  for (int i = 0; i < 2; ++i) {
    origin_mm_[i] = (std::floor(low[i] / texel_mm_) - kMargin) * texel_mm_;
  }
  width_ = static_cast<int>((high.x() - origin_mm_.x()) / texel_mm_) + 1 + kMargin;
  width_ = (width_ + 7) / 4 * 4;
  height_ = static_cast<int>((high.y() - origin_mm_.y()) / texel_mm_) + 1 + kMargin;
  nearest_.assign(static_cast<size_t>(width_) * height_, kNothing);
  for (Eigen::Vector3f& caster : casters_) {
    caster.head<2>() = (caster.head<2>() - origin_mm_) / texel_mm_;
  }

  size_t first = 0;
  const std::vector<int>* place = nullptr;
  const auto draw = [&](int a, int b, int c, unsigned pattern, float alpha) {
    Draw(casters_[first + (*place)[a]], casters_[first + (*place)[b]],
         casters_[first + (*place)[c]], pattern, alpha);
  };
  for (size_t m = 0; m < meshes; ++m) {
    const Mesh& mesh = scene.meshes[m];
    if (!mesh.casts_shadow) continue;
    place = &used[m].place;
    for (const auto& [a, b, c] : mesh.topology->triangles) draw(a, b, c, 0, 1.0f);
    first += used[m].vertices.size();
  }
  for (size_t m = 0; m < scene.strands.size(); ++m) {
    const StrandMesh& mesh = scene.strands[m];
    if (!mesh.casts_shadow) continue;
    place = &used[meshes + m].place;
    const bool textured = mesh.texture && !mesh.topology->uv.empty();
    unsigned pattern = 0;
    for (const auto& [a, b, c] : mesh.topology->triangles) {
      float alpha =
          mesh.alpha.empty() ? 1.0f : (mesh.alpha[a] + mesh.alpha[b] + mesh.alpha[c]) / 3.0f;
      if (textured) {
        const std::vector<Eigen::Vector2f>& uv = mesh.topology->uv;
        const Eigen::Vector2f ab = uv[b] - uv[a];
        const Eigen::Vector2f ac = uv[c] - uv[a];
        const Eigen::Vector2f middle = uv[a] + (ab + ac) / 3.0f;
        const float area = std::abs(ab.x() * ac.y() - ab.y() * ac.x()) *
                           static_cast<float>(mesh.texture->width()) *
                           static_cast<float>(mesh.texture->height());
        alpha *= mesh.texture->Sample(middle.x(), middle.y(), 0.5f * std::sqrt(area)).w();
      }
      // Neighbouring cards get other dither phases: layers add up as if they were independent.
      pattern += 7;
      if (alpha > 0.02f) draw(a, b, c, pattern, alpha);
    }
    first += used[meshes + m].vertices.size();
  }
}

void ShadowMap::Draw(const Eigen::Vector3f& a, const Eigen::Vector3f& b, const Eigen::Vector3f& c,
                     unsigned pattern, float alpha) {
  const Eigen::Vector3f* vertex[3] = {&a, &b, &c};
  raster::Corners corners;
  for (int i = 0; i < 3; ++i) {
    corners.x[i] = raster::ToSubpixels(vertex[i]->x());
    corners.y[i] = raster::ToSubpixels(vertex[i]->y());
  }
  std::int64_t area = std::int64_t{corners.x[1] - corners.x[0]} * (corners.y[2] - corners.y[0]) -
                      std::int64_t{corners.y[1] - corners.y[0]} * (corners.x[2] - corners.x[0]);
  if (area == 0) return;
  if (area < 0) {
    std::swap(corners.x[1], corners.x[2]);
    std::swap(corners.y[1], corners.y[2]);
    std::swap(vertex[1], vertex[2]);
    area = -area;
  }
  const raster::Box box = raster::BoundsOf(corners, 0);
  if (box.right < box.left || box.bottom < box.top) return;

  // Plane of the depth, from the corner 0.
  const float per_area = raster::kSubpixels / static_cast<float>(area);
  const float d1 = vertex[1]->z() - vertex[0]->z();
  const float d2 = vertex[2]->z() - vertex[0]->z();
  const float slope_x = (static_cast<float>(corners.y[2] - corners.y[0]) * d1 -
                         static_cast<float>(corners.y[1] - corners.y[0]) * d2) *
                        per_area;
  const float slope_y = (static_cast<float>(corners.x[1] - corners.x[0]) * d2 -
                         static_cast<float>(corners.x[2] - corners.x[0]) * d1) *
                        per_area;
  const F4 lowest = simd::Splat(std::min({vertex[0]->z(), vertex[1]->z(), vertex[2]->z()}));
  const F4 highest = simd::Splat(std::max({vertex[0]->z(), vertex[1]->z(), vertex[2]->z()}));
  const float at_origin = vertex[0]->z() -
                          slope_x * static_cast<float>(corners.x[0]) / raster::kSubpixels -
                          slope_y * static_cast<float>(corners.y[0]) / raster::kSubpixels;
  const F4 lane = {0, 1, 2, 3};
  const auto write = [&](int x, int y, I4 mask) {
    if (alpha < 1.0f) {
      // x is a multiple of four.
      mask &= simd::Load(&kDither[(y + pattern / 4) & 3][pattern & 3]) <= alpha;
    }
    float* stored = &nearest_[static_cast<size_t>(y) * width_ + x];
    const F4 depth = simd::Min(simd::Max(at_origin + slope_y * static_cast<float>(y) +
                                             slope_x * (static_cast<float>(x) + lane),
                                         lowest),
                               highest);
    const F4 old = simd::Load(stored);
    simd::Store(stored, simd::Select(mask & (depth > old), depth, old));
  };

  const int left = box.left & ~3;
  if (raster::IsSmall(corners)) {
    I4 row[3];
    I4 step_x[3];
    I4 step_y[3];
    for (int i = 0; i < 3; ++i) {
      const int j = i == 2 ? 0 : i + 1;
      const int dx = corners.x[j] - corners.x[i];
      const int dy = corners.y[j] - corners.y[i];
      const int start = dx * (box.top * raster::kSubpixels - corners.y[i]) -
                        dy * (left * raster::kSubpixels - corners.x[i]) + raster::EdgeBias(dx, dy);
      const int step = -dy * raster::kSubpixels;
      row[i] = I4{start, start + step, start + 2 * step, start + 3 * step};
      step_x[i] = simd::SplatInt(4 * step);
      step_y[i] = simd::SplatInt(dx * raster::kSubpixels);
    }
    for (int y = box.top; y <= box.bottom; ++y) {
      I4 e0 = row[0];
      I4 e1 = row[1];
      I4 e2 = row[2];
      for (int x = left; x <= box.right; x += 4) {
        const I4 outside = e0 | e1 | e2;
        if (simd::MaskBits(outside) != 15) write(x, y, (outside >> 31) ^ -1);
        e0 += step_x[0];
        e1 += step_x[1];
        e2 += step_x[2];
      }
      row[0] += step_y[0];
      row[1] += step_y[1];
      row[2] += step_y[2];
    }
    return;
  }
  for (int y = box.top; y <= box.bottom; ++y) {
    for (int x = left; x <= box.right; x += 4) {
      I4 mask;
      for (int i = 0; i < 4; ++i) mask[i] = raster::CoversCentre(corners, x + i, y) ? -1 : 0;
      if (simd::MaskBits(mask) != 0) write(x, y, mask);
    }
  }
}

float ShadowMap::Filter(float x, float y, float depth, float slope_x, float slope_y) const {
  // Column and row of the first of 8 × 8 texels.
  if (!(x >= 3 && y >= 3 && x < static_cast<float>(width_ - 5) &&
        y < static_cast<float>(height_ - 5))) {
    return 1.0f;
  }
  const int column = static_cast<int>(x);
  const int row = static_cast<int>(y);
  const float part_x = x - static_cast<float>(column);
  const float part_y = y - static_cast<float>(row);
  const KernelRow& across = Kernel(part_x);
  const KernelRow& down = Kernel(part_y);
  const F4 left = {-3, -2, -1, 0};
  const F4 right = {1, 2, 3, 4};
  depth -= slope_y * (3.0f + part_y);
  F4 depth_left = depth + slope_x * (left - part_x);
  F4 depth_right = depth + slope_x * (right - part_x);
  const F4 weight_left = simd::Load(across.weights);
  const F4 weight_right = simd::Load(across.weights + 4);
  const float* nearest =
      &nearest_[static_cast<size_t>(row - 3) * width_ + static_cast<size_t>(column - 3)];
  F4 lit = {};
  for (int j = 0; j < 8; ++j, nearest += width_) {
    const I4 lit_left = simd::Load(nearest) <= depth_left;
    const I4 lit_right = simd::Load(nearest + 4) <= depth_right;
    lit +=
        (simd::And(lit_left, weight_left) + simd::And(lit_right, weight_right)) * down.weights[j];
    depth_left += slope_y;
    depth_right += slope_y;
  }
  // Rounding must not keep "fully lit" from being recognised.
  const float share = simd::Sum(lit);
  return share > 0.9999f ? 1.0f : share;
}

void ShadowMap::Visibility(const F4* point, const F4* normal, float offset_mm, int lanes,
                           F4* visibility) const {
  if (width_ == 0) {
    *visibility = simd::Splat(1.0f);
    return;
  }
  F4 place[3];
  F4 facing[3];
  for (int i = 0; i < 3; ++i) {
    facing[i] =
        normal[0] * to_light_(i, 0) + normal[1] * to_light_(i, 1) + normal[2] * to_light_(i, 2);
    place[i] = point[0] * to_light_(i, 0) + point[1] * to_light_(i, 1) +
               point[2] * to_light_(i, 2) + offset_mm * facing[i];
  }
  const float per_texel = 1.0f / texel_mm_;
  const F4 x = (place[0] - origin_mm_.x()) * per_texel;
  const F4 y = (place[1] - origin_mm_.y()) * per_texel;
  // Depth of the tangent plane at the texels. Where the surface turns away from the light the plane
  // is too steep to be of use.
  const F4 scale = -texel_mm_ / simd::Max(facing[2], simd::Splat(0.25f));
  const F4 slope_x = facing[0] * scale;
  const F4 slope_y = facing[1] * scale;
  const F4 depth = place[2] + 0.5f * texel_mm_;
  for (int lane = 0; lane < 4; ++lane) {
    if ((lanes >> lane & 1) == 0) continue;
    (*visibility)[lane] = Filter(x[lane], y[lane], depth[lane], slope_x[lane], slope_y[lane]);
  }
}

float ShadowMap::Visibility(const Eigen::Vector3f& point, const Eigen::Vector3f& normal,
                            float offset_mm) const {
  const F4 points[3] = {simd::Splat(point.x()), simd::Splat(point.y()), simd::Splat(point.z())};
  const F4 normals[3] = {simd::Splat(normal.x()), simd::Splat(normal.y()), simd::Splat(normal.z())};
  F4 visibility;
  Visibility(points, normals, offset_mm, 1, &visibility);
  return visibility[0];
}

}  // namespace maskbench
