#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include <opencv2/core.hpp>

#include "painter_surface.h"
#include "raster.h"
#include "simd.h"

/// Where the pixels of a triangle are, and values over them.
namespace maskbench::painter {

using simd::F4;

struct Box {
  int left, top, right, bottom;  ///< In 1/256 pixel; inclusive.
};

inline Box BoxOf(const Vertex& a, const Vertex& b, const Vertex& c) {
  return {std::min(std::min(a.x, b.x), c.x), std::min(std::min(a.y, b.y), c.y),
          std::max(std::max(a.x, b.x), c.x), std::max(std::max(a.y, b.y), c.y)};
}

inline Box Subpixels(const cv::Rect& rect, int grow_px) {
  return {(rect.x - grow_px) * raster::kSubpixels, (rect.y - grow_px) * raster::kSubpixels,
          (rect.x + rect.width - 1 + grow_px) * raster::kSubpixels,
          (rect.y + rect.height - 1 + grow_px) * raster::kSubpixels};
}

inline bool Touch(const Box& a, const Box& b) {
  return a.left <= b.right && a.right >= b.left && a.top <= b.bottom && a.bottom >= b.top;
}
inline bool Within(const Box& a, const Box& b) {
  return a.left >= b.left && a.right <= b.right && a.top >= b.top && a.bottom <= b.bottom;
}

/// An edge that runs down: where rows of pixels meet it, in 1/65536 pixel. The same for both
/// triangles that share it.
class Descent {
 public:
  Descent(const Vertex& from, const Vertex& to, int row) {
    step_ = to.y > from.y ? (std::int64_t{to.x} - from.x) * 65536 / (to.y - from.y) : 0;
    x_ = std::int64_t{from.x} * 256 +
         (step_ * (std::int64_t{row} * raster::kSubpixels - from.y) >> 8);
  }
  /// First pixel on or right of the edge.
  int pixel() const { return static_cast<int>((x_ + 65535) >> 16); }
  void Down() { x_ += step_; }

 private:
  std::int64_t step_, x_;
};

/// First row (column) on or after a place in 1/256 pixel.
inline int RowAfter(std::int32_t y) { return (y + raster::kSubpixels - 1) >> 8; }

/// Calls span(y, begin, end) for the rows of a triangle within `clip`; pixels at an edge belong to
/// exactly one of the two triangles there.
template <typename Span>
void Spans(const Vertex* v0, const Vertex* v1, const Vertex* v2, const cv::Rect& clip,
           const Span& span) {
  if (v1->y < v0->y || (v1->y == v0->y && v1->x < v0->x)) std::swap(v0, v1);
  if (v2->y < v0->y || (v2->y == v0->y && v2->x < v0->x)) std::swap(v0, v2);
  if (v2->y < v1->y || (v2->y == v1->y && v2->x < v1->x)) std::swap(v1, v2);
  const int first = std::max(RowAfter(v0->y), clip.y);
  const int last = std::min(RowAfter(v2->y), clip.y + clip.height);
  const int middle = std::clamp(RowAfter(v1->y), first, std::max(first, last));
  if (first >= last) return;
  const bool long_left =
      std::int64_t{v1->x - v0->x} * (v2->y - v0->y) > std::int64_t{v2->x - v0->x} * (v1->y - v0->y);
  const int left = clip.x, right = clip.x + clip.width;
  Descent along(*v0, *v2, std::max(RowAfter(v0->y), clip.y));
  const auto rows = [&](const Vertex& from, const Vertex& to, int begin, int end) {
    if (begin >= end) return;
    Descent other(from, to, std::max(RowAfter(from.y), clip.y));
    for (int y = begin; y < end; ++y) {
      const int a = std::max(long_left ? along.pixel() : other.pixel(), left);
      const int b = std::min(long_left ? other.pixel() : along.pixel(), right);
      if (a < b) span(y, a, b);
      along.Down();
      other.Down();
    }
  };
  rows(*v0, *v1, first, middle);
  rows(*v1, *v2, middle, last);
}

/// A quadratic function over the picture, from a reference point.
struct Quadric {
  F4 constant, x, y, xx, xy, yy;
};

/// The planes of a triangle's weights: of vertices 1 and 2, per pixel, and of 1/z, from vertex 0.
struct Planes {
  float x, y;  ///< Vertex 0 in pixels.
  float b1_x, b1_y, b2_x, b2_y;
  float z, z_x, z_y;
  float area;  ///< Pixels, times two.
  bool thin;   ///< Too thin for planes in single precision: one colour.

  Planes(const Vertex& v0, const Vertex& v1, const Vertex& v2) {
    const std::int64_t turn =
        std::int64_t{v1.x - v0.x} * (v2.y - v0.y) - std::int64_t{v1.y - v0.y} * (v2.x - v0.x);
    const float per_area = raster::kSubpixels / static_cast<float>(turn);
    x = static_cast<float>(v0.x) * (1.0f / raster::kSubpixels);
    y = static_cast<float>(v0.y) * (1.0f / raster::kSubpixels);
    b1_x = static_cast<float>(v2.y - v0.y) * per_area;
    b1_y = static_cast<float>(v0.x - v2.x) * per_area;
    b2_x = static_cast<float>(v0.y - v1.y) * per_area;
    b2_y = static_cast<float>(v1.x - v0.x) * per_area;
    const float rise1 = v1.inverse_z - v0.inverse_z, rise2 = v2.inverse_z - v0.inverse_z;
    z = v0.inverse_z;
    z_x = b1_x * rise1 + b2_x * rise2;
    z_y = b1_y * rise1 + b2_y * rise2;
    area = std::abs(static_cast<float>(turn)) * (1.0f / (raster::kSubpixels * raster::kSubpixels));
    const Box box = BoxOf(v0, v1, v2);
    const float extent = static_cast<float>(std::max(box.right - box.left, box.bottom - box.top)) *
                         (1.0f / raster::kSubpixels);
    const float steepest =
        std::max({std::abs(b1_x), std::abs(b1_y), std::abs(b2_x), std::abs(b2_y)});
    thin = steepest * extent > 500.0f;
    if (thin) z_x = z_y = 0;
  }

  /// Through three corners.
  Quadric Linear(F4 f0, F4 f1, F4 f2) const {
    if (thin) return {(f0 + f1 + f2) * (1.0f / 3.0f), F4{}, F4{}, F4{}, F4{}, F4{}};
    f1 -= f0;
    f2 -= f0;
    return {f0, f1 * b1_x + f2 * b2_x, f1 * b1_y + f2 * b2_y, F4{}, F4{}, F4{}};
  }
  /// And through the middles of the edges.
  Quadric Quadratic(F4 f0, F4 f1, F4 f2, F4 f01, F4 f12, F4 f20) const {
    if (thin) return Linear(f0, f1, f2);
    const F4 c11 = 2.0f * (f0 + f1 - 2.0f * f01);
    const F4 c22 = 2.0f * (f0 + f2 - 2.0f * f20);
    const F4 c12 = 4.0f * (f12 + f0 - f01 - f20);
    const F4 c1 = f1 - f0 - c11, c2 = f2 - f0 - c22;
    Quadric quadric;
    quadric.constant = f0;
    quadric.x = c1 * b1_x + c2 * b2_x;
    quadric.y = c1 * b1_y + c2 * b2_y;
    quadric.xx = c11 * (b1_x * b1_x) + c22 * (b2_x * b2_x) + c12 * (b1_x * b2_x);
    quadric.yy = c11 * (b1_y * b1_y) + c22 * (b2_y * b2_y) + c12 * (b1_y * b2_y);
    quadric.xy =
        c11 * (2 * b1_x * b1_y) + c22 * (2 * b2_x * b2_y) + c12 * (b1_x * b2_y + b1_y * b2_x);
    return quadric;
  }
};

/// Steps along a row: a quadratic from its value and its first two differences.
struct Walk {
  F4 value, first, second;
  Walk(const Quadric& quadric, float x, float y) {
    const F4 slope = quadric.x + quadric.xy * y;
    value = quadric.constant + (quadric.y + quadric.yy * y) * y + (slope + quadric.xx * x) * x;
    first = slope + quadric.xx * (2 * x + 1);
    second = quadric.xx + quadric.xx;
  }
  void Next() {
    value += first;
    first += second;
  }
};

inline Quadric QuadricOf(const Planes& planes, const Surface& surface,
                         const std::vector<simd::Row>& values, size_t triangle, int bent) {
  const auto& corner = surface.triangles[triangle];
  const auto& edge = surface.edges_of[triangle];
  const F4 f0 = simd::Load(values[static_cast<size_t>(corner[0])]);
  const F4 f1 = simd::Load(values[static_cast<size_t>(corner[1])]);
  const F4 f2 = simd::Load(values[static_cast<size_t>(corner[2])]);
  if (bent == 0) return planes.Linear(f0, f1, f2);
  const size_t vertices = surface.positions->size();
  const auto middle = [&](size_t k, F4 a, F4 b) {
    return (bent >> k & 1) != 0 ? simd::Load(values[vertices + static_cast<size_t>(edge[k])])
                                : 0.5f * (a + b);
  };
  return planes.Quadratic(f0, f1, f2, middle(0, f0, f1), middle(1, f1, f2), middle(2, f2, f0));
}

/// Four pixels' B, G, R, 0 as bytes, saturated.
inline simd::I4 Bytes(F4 a, F4 b, F4 c, F4 d) {
#if defined(__SSE2__)
  const auto words = [](F4 x, F4 y) {
    return _mm_packs_epi32(reinterpret_cast<__m128i>(simd::Truncate(x)),
                           reinterpret_cast<__m128i>(simd::Truncate(y)));
  };
  return reinterpret_cast<simd::I4>(_mm_packus_epi16(words(a, b), words(c, d)));
#else
  const F4 pixels[4] = {a, b, c, d};
  simd::I4 packed{};
  for (int i = 0; i < 4; ++i) {
    const simd::I4 whole = simd::Truncate(pixels[i]);
    for (int channel = 0; channel < 3; ++channel)
      packed[i] |= std::clamp(whole[channel], 0, 255) << (8 * channel);
  }
  return packed;
#endif
}

}  // namespace maskbench::painter
