// Light and pixels of the head's surfaces.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>

#include <Eigen/Geometry>

#include "head_painter_impl.h"

namespace maskbench {

using painter::Box;
using painter::Bytes;
using painter::Edge;
using painter::Planes;
using painter::Quadric;
using painter::RowAfter;
using painter::Subpixels;
using painter::Surface;
using painter::Vertex;
using painter::Walk;
using simd::F4;

namespace {

// Edges that are shorter in the picture, in 1/256 pixel, are lit at their ends alone.
constexpr int kShort = 5 * raster::kSubpixels;
// Of inverse depths at an outline: what is hidden lies behind, what bulges lies before.
constexpr float kBehind = 0.004f, kBefore = 0.025f;

}  // namespace

void HeadPainter::Impl::Sort(const cv::Rect& area, Surface* surface) {
  plain_.clear();
  textured_.clear();
  wanted_.clear();
  separate_.clear();
  const size_t vertices = surface->positions->size();
  surface->known.assign(vertices + surface->edges.size(), 0);
  surface->lit.resize(surface->known.size());
  surface->light.resize(surface->known.size());
  surface->drawn.assign(surface->triangles.size(), 0);
  const Box picture = Subpixels(area, 1);
  for (size_t t = 0; t < surface->triangles.size(); ++t) {
    const auto& triangle = surface->triangles[t];
    const Vertex& a = surface->screen[static_cast<size_t>(triangle[0])];
    const Vertex& b = surface->screen[static_cast<size_t>(triangle[1])];
    const Vertex& c = surface->screen[static_cast<size_t>(triangle[2])];
    if (a.inverse_z == 0 || b.inverse_z == 0 || c.inverse_z == 0) continue;
    const std::int64_t turn =
        std::int64_t{b.x - a.x} * (c.y - a.y) - std::int64_t{b.y - a.y} * (c.x - a.x);
    // y runs down: counter-clockwise, seen by the camera, is negative.
    if (turn >= 0 && surface->two_sided[t] == 0) continue;
    surface->drawn[t] = turn < 0 ? 1 : 2;
    if (turn == 0) continue;
    const Box box = BoxOf(a, b, c);
    if (!Touch(box, picture)) continue;
    bool hidden = false;
    if (surface == &skin_) {
      for (size_t e = 0; e < eye_count_; ++e) {
        if (!Touch(box, eyes_[e].near)) continue;
        if (t >= lid_triangles_) eyes_[e].skin_triangles.push_back(static_cast<int>(t));
        hidden = hidden || Within(box, eyes_[e].inner);
      }
    }
    if (hidden) continue;
    const bool textured = surface->textured[t] != 0;
    std::vector<int>& points = textured ? separate_ : wanted_;
    const int mark = textured ? 2 : 1;
    const auto want = [&](size_t point) {
      std::uint8_t& known = surface->known[point];
      if ((known & mark) != 0) return;
      known = static_cast<std::uint8_t>(known | mark);
      points.push_back(static_cast<int>(point));
    };
    want(static_cast<size_t>(triangle[0]));
    want(static_cast<size_t>(triangle[1]));
    want(static_cast<size_t>(triangle[2]));
    int bent = surface->bent[t];
    if (bent != 0) {
      const auto is_long = [](const Vertex& from, const Vertex& to) {
        return std::abs(to.x - from.x) + std::abs(to.y - from.y) > kShort ? 1 : 0;
      };
      bent &= is_long(a, b) | is_long(b, c) << 1 | is_long(c, a) << 2;
      for (size_t k = 0; k < 3; ++k)
        if ((bent >> k & 1) != 0) want(vertices + static_cast<size_t>(surface->edges_of[t][k]));
    }
    (textured ? textured_ : plain_).push_back({static_cast<int>(t), bent});
  }
  Light(surface, &wanted_, false);
  Light(surface, &separate_, true);
}

void HeadPainter::Impl::Light(Surface* surface, std::vector<int>* list, bool separate) {
  if (list->empty()) return;
  const size_t count = list->size();
  while (list->size() % 4 != 0) list->push_back(list->back());
  const Vectors& positions = *surface->positions;
  const Vectors& normals = *surface->normals;
  const float inverse_focal = static_cast<float>(1 / camera_.focal_px);
  Material material = *surface->material;
  material.albedo.setOnes();  // It is part of the points'.
  shading::SurfacePoints points{};
  points.visibility = simd::Splat(1.0f);
  points.wetness = F4{};
  for (size_t i = 0; i < list->size(); i += 4) {
    float place[3][4], normal[3][4], occlusion[4], curvature[4];
    F4 albedo[4];
    for (size_t lane = 0; lane < 4; ++lane) {
      const size_t point = static_cast<size_t>((*list)[i + lane]);
      Eigen::Vector3f p, n;
      if (point < positions.size()) {
        p = positions[point];
        n = normals[point];
        occlusion[lane] = surface->occlusion != nullptr ? (*surface->occlusion)[point] : 1.0f;
        curvature[lane] = surface->curvature[point];
      } else {
        const Edge& edge = surface->edges[point - positions.size()];
        const size_t a = static_cast<size_t>(edge.a), b = static_cast<size_t>(edge.b);
        p = 0.5f * (positions[a] + positions[b]);
        n = normals[a] + normals[b];
        occlusion[lane] = surface->occlusion != nullptr
                              ? 0.5f * ((*surface->occlusion)[a] + (*surface->occlusion)[b])
                              : 1.0f;
        curvature[lane] = 0.5f * (surface->curvature[a] + surface->curvature[b]);
      }
      for (size_t c = 0; c < 3; ++c) {
        place[c][lane] = p[static_cast<Eigen::Index>(c)];
        normal[c][lane] = n[static_cast<Eigen::Index>(c)];
      }
      albedo[lane] = simd::Load(surface->albedo[point]);
    }
    simd::Transpose(&albedo[0], &albedo[1], &albedo[2], &albedo[3]);
    const F4 z = simd::Load(place[2]);
    points.ray_x = simd::Load(place[0]) / z;
    points.ray_y = simd::Load(place[1]) / z;
    points.pixel_mm = z * inverse_focal;
    F4 n[3] = {simd::Load(normal[0]), simd::Load(normal[1]), simd::Load(normal[2])};
    F4 scale =
        simd::InverseSqrt(simd::Max(n[0] * n[0] + n[1] * n[1] + n[2] * n[2], simd::Splat(1e-20f)));
    if (surface->two_sided.front() != 0 && surface != &skin_) {
      // The side that is seen.
      const F4 away = n[0] * points.ray_x + n[1] * points.ray_y + n[2];
      scale = simd::Select(away > 0.0f, -scale, scale);
    }
    for (int c = 0; c < 3; ++c) points.normal[c] = n[c] * scale;
    points.occlusion = simd::Load(occlusion);
    points.curvature = simd::Load(curvature);
    std::copy_n(albedo, 3, points.albedo);
    F4 rgb[4];
    shading::ShadeSurface(material, lights_, points, rgb);
    if (separate) {
      // Reflection is what is left without albedo; the rest is taken as in proportion to it.
      F4 gloss[3];
      std::fill_n(points.albedo, 3, F4{});
      shading::ShadeSurface(material, lights_, points, gloss);
      for (int c = 0; c < 3; ++c)
        rgb[c] = (rgb[c] - gloss[c]) / simd::Max(albedo[c], simd::Splat(1e-4f));
      rgb[3] = (gloss[0] + gloss[1] + gloss[2]) * (1.0f / 3.0f);
      simd::Transpose(&rgb[0], &rgb[1], &rgb[2], &rgb[3]);
      for (size_t lane = 0; lane < 4; ++lane)
        simd::Store(&surface->light[static_cast<size_t>((*list)[i + lane])], rgb[lane]);
      continue;
    }
    for (size_t lane = 0; lane < 4; ++lane) {
      surface->lit[static_cast<size_t>((*list)[i + lane])] = {
          {tone_.Encode(rgb[2][lane]) + 0.5f, tone_.Encode(rgb[1][lane]) + 0.5f,
           tone_.Encode(rgb[0][lane]) + 0.5f, 0}};
    }
  }
  list->resize(count);
}

template <bool kBent>
void HeadPainter::Impl::FillPlain(const cv::Rect& area, const Surface& surface,
                                  const Listed& listed) {
  const auto& corner = surface.triangles[static_cast<size_t>(listed.triangle)];
  const Vertex& v0 = surface.screen[static_cast<size_t>(corner[0])];
  const Vertex& v1 = surface.screen[static_cast<size_t>(corner[1])];
  const Vertex& v2 = surface.screen[static_cast<size_t>(corner[2])];
  const Planes planes(v0, v1, v2);
  const Quadric quadric =
      QuadricOf(planes, surface, surface.lit, static_cast<size_t>(listed.triangle), listed.bent);
  const simd::I4 lanes = {0, 1, 2, 3};
  const F4 z_lanes = planes.z_x * simd::ToFloat(lanes);
  const float z_step = 4 * planes.z_x;
  Spans(&v0, &v1, &v2, area, [&](int y, int begin, int end) {
    // Four pixels at once, on a grid of four, so that the processor finds what it has just written;
    // those beyond the ends stay as they are.
    const int start = begin & ~3;
    const float dx = static_cast<float>(start) - planes.x, dy = static_cast<float>(y) - planes.y;
    F4 z = planes.z + planes.z_x * dx + planes.z_y * dy + z_lanes;
    float* depth = depth_.ptr<float>(y);
    auto* pixels = canvas_.ptr<std::int32_t>(y);
    F4 value, first, second;
    if (kBent) {
      const Walk walk(quadric, dx, dy);
      value = walk.value;
      first = walk.first;
      second = walk.second;
    } else {
      value = quadric.constant + quadric.y * dy + quadric.x * dx;
      first = quadric.x;
      second = F4{};
    }
    for (int x = start; x < end; x += 4) {
      const F4 twice = first + first;
      F4 c1 = value + first, c2 = value + twice, c3 = value + (twice + first);
      F4 next = value + (twice + twice);
      if (kBent) {
        const F4 thrice = second + second + second;
        c2 += second;
        c3 += thrice;
        next += thrice + thrice;
        first += thrice + second;
      }
      const F4 there = simd::Load(depth + x);
      const simd::I4 mask = (z > there) & (lanes < end - x) & (lanes >= begin - x);
      simd::Store(depth + x, simd::Select(mask, z, there));
      simd::I4 old;
      std::memcpy(&old, pixels + x, sizeof old);
      const simd::I4 drawn = simd::Select(mask, Bytes(value, c1, c2, c3), old);
      std::memcpy(pixels + x, &drawn, sizeof drawn);
      value = next;
      z += z_step;
    }
  });
}

void HeadPainter::Impl::FillTextured(const cv::Rect& area, const Surface& surface,
                                     const Listed& listed) {
  constexpr int kChunk = 64;
  const auto& corner = surface.triangles[static_cast<size_t>(listed.triangle)];
  const Vertex& v0 = surface.screen[static_cast<size_t>(corner[0])];
  const Vertex& v1 = surface.screen[static_cast<size_t>(corner[1])];
  const Vertex& v2 = surface.screen[static_cast<size_t>(corner[2])];
  const Planes planes(v0, v1, v2);
  const Quadric quadric =
      QuadricOf(planes, surface, surface.light, static_cast<size_t>(listed.triangle), listed.bent);
  const Texture& texture = *surface.material->albedo_texture;
  const Eigen::Vector2f uv0 = surface.uv[static_cast<size_t>(corner[0])];
  const Eigen::Vector2f uv1 = surface.uv[static_cast<size_t>(corner[1])] - uv0;
  const Eigen::Vector2f uv2 = surface.uv[static_cast<size_t>(corner[2])] - uv0;
  Eigen::Vector2f uv_x(0, 0), uv_y(0, 0);
  if (!planes.thin) {
    uv_x = uv1 * planes.b1_x + uv2 * planes.b2_x;
    uv_y = uv1 * planes.b1_y + uv2 * planes.b2_y;
  }
  const float share = std::abs(uv1.x() * uv2.y() - uv1.y() * uv2.x()) / planes.area;
  const float texels =
      std::sqrt(share * static_cast<float>(texture.width()) * static_cast<float>(texture.height()));
  const Eigen::Vector3f own = surface.material->albedo;
  const F4 tint = {own[0], own[1], own[2], 0};
  alignas(16) float rgba[4 * kChunk];
  Spans(&v0, &v1, &v2, area, [&](int y, int begin, int end) {
    const float dy = static_cast<float>(y) - planes.y;
    float* depth = depth_.ptr<float>(y);
    auto* pixels = canvas_.ptr<std::int32_t>(y);
    for (int from = begin; from < end; from += kChunk) {
      const int count = std::min(kChunk, end - from);
      const float dx = static_cast<float>(from) - planes.x;
      const Eigen::Vector2f start = uv0 + uv_x * dx + uv_y * dy;
      texture.FetchLine(start.x(), start.y(), uv_x.x(), uv_x.y(), texels, count, rgba);
      Walk light(quadric, dx, dy);
      float z = planes.z + planes.z_x * dx + planes.z_y * dy;
      for (int i = 0; i < count; ++i) {
        const int x = from + i;
        if (z > depth[x]) {
          depth[x] = z;
          const F4 rgb = simd::Load(rgba + 4 * i) * tint * light.value + light.value[3];
          pixels[x] = tone_(rgb[2]) | tone_(rgb[1]) << 8 | tone_(rgb[0]) << 16;
        }
        z += planes.z_x;
        light.Next();
      }
    }
  });
}

void HeadPainter::Impl::Fill(const cv::Rect& area, Surface* surface) {
  if (surface->triangles.empty()) return;
  Sort(area, surface);
  for (const Listed& listed : plain_) {
    if (listed.bent != 0) {
      FillPlain<true>(area, *surface, listed);
    } else {
      FillPlain<false>(area, *surface, listed);
    }
  }
  for (const Listed& listed : textured_) FillTextured(area, *surface, listed);
}

void HeadPainter::Impl::Smooth(const cv::Rect& area, const Surface& surface) {
  const Box picture = Subpixels(area, 0);
  // Both sides of the lids count, so that only their borders can be outlines.
  const int lids = static_cast<int>(lid_triangles_);
  for (size_t e = 0; e < surface.edges.size(); ++e) {
    // One side faces the camera, the other does not or is not there.
    const std::array<int, 2>& beside = surface.beside[e];
    int inside = beside[0];
    if (&surface == &skin_ && inside < lids && beside[1] >= 0) continue;
    const int first = surface.drawn[static_cast<size_t>(inside)];
    const int second = beside[1] < 0 ? 0 : surface.drawn[static_cast<size_t>(beside[1])];
    if (first == second) continue;
    if (first == 0 || (second == 1 && first == 2)) inside = beside[1];
    const Edge& edge = surface.edges[e];
    const Vertex& a = surface.screen[static_cast<size_t>(edge.a)];
    const Vertex& b = surface.screen[static_cast<size_t>(edge.b)];
    const Box box = BoxOf(a, a, b);
    if (!Touch(box, picture)) continue;
    bool hidden = false;
    for (size_t i = 0; i < eye_count_; ++i) hidden = hidden || Within(box, eyes_[i].inner);
    if (hidden) continue;
    for (const int v : surface.triangles[static_cast<size_t>(inside)]) {
      if (v == edge.a || v == edge.b) continue;
      SmoothEdge(area, a, b, surface.screen[static_cast<size_t>(v)]);
      break;
    }
  }
}

void HeadPainter::Impl::SmoothEdge(const cv::Rect& area, const Vertex& a, const Vertex& b,
                                   const Vertex& inside) {
  // Steps along the longer of its extents; "across" is the other.
  const bool flat = std::abs(b.x - a.x) >= std::abs(b.y - a.y);
  const auto along = [flat](const Vertex& v) { return flat ? v.x : v.y; };
  const auto across = [flat](const Vertex& v) { return flat ? v.y : v.x; };
  const Vertex& from = along(a) <= along(b) ? a : b;
  const Vertex& to = along(a) <= along(b) ? b : a;
  const int length = along(to) - along(from);
  if (length == 0) return;
  const int low = flat ? area.x : area.y;
  const int high = low + (flat ? area.width : area.height);
  const int across_low = flat ? area.y : area.x;
  const int across_high = across_low + (flat ? area.height : area.width);
  const float per_length = 1.0f / static_cast<float>(length);
  const float slope = static_cast<float>(across(to) - across(from)) * per_length;
  // Whether the triangle lies towards greater places across.
  const bool after = static_cast<float>(across(inside) - across(from)) >
                     slope * static_cast<float>(along(inside) - along(from));
  const int begin = std::max(RowAfter(along(from)), low);
  const int end = std::min(RowAfter(along(to)), high);
  for (int i = begin; i < end; ++i) {
    const float share = static_cast<float>(i * raster::kSubpixels - along(from));
    const float place =
        (static_cast<float>(across(from)) + slope * share) * (1.0f / raster::kSubpixels);
    const float z = from.inverse_z + (to.inverse_z - from.inverse_z) * share * per_length;
    const int before = static_cast<int>(std::floor(place));
    if (before < across_low || before + 1 >= across_high) continue;
    const float t = place - static_cast<float>(before);
    const int in = after ? before + 1 : before, out = after ? before : before + 1;
    const auto at = [&](int j) { return flat ? cv::Point(i, j) : cv::Point(j, i); };
    const cv::Point p_in = at(in), p_out = at(out);
    const float z_in = depth_.at<float>(p_in), z_out = depth_.at<float>(p_out);
    if (z_in < z * (1 - kBehind) || z_in > z * (1 + kBefore) || z_out > z * (1 + kBehind)) continue;
    // The edge crosses the pixel whose centre is nearer; the other one's colour fills its share.
    const float beyond = after ? t : 1 - t;  // From the centre outside to the edge.
    const float mix = std::abs(0.5f - beyond);
    std::int32_t& target = canvas_.at<std::int32_t>(beyond < 0.5f ? p_out : p_in);
    const auto other =
        static_cast<std::uint32_t>(canvas_.at<std::int32_t>(beyond < 0.5f ? p_in : p_out));
    const auto own = static_cast<std::uint32_t>(target);
    std::uint32_t mixed = 0;
    for (int c = 0; c < 24; c += 8) {
      const float x = tone_.Decode(static_cast<std::uint8_t>(own >> c));
      const float y = tone_.Decode(static_cast<std::uint8_t>(other >> c));
      mixed |= static_cast<std::uint32_t>(tone_(x + (y - x) * mix)) << c;
    }
    target = static_cast<std::int32_t>(mixed);
  }
}

}  // namespace maskbench
