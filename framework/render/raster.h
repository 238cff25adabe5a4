#pragma once

#include <algorithm>
#include <cstdint>

#include "simd.h"

// Coverage of triangles on a grid of 1/256 pixel. Everything is integer arithmetic, so the sign of
// an edge function is exact and the two triangles at an edge never disagree: of two that share an
// edge exactly one covers each sample (top-left rule).
namespace maskbench::raster {

constexpr int kSubpixels = 256;
/// Four samples of a pixel on a rotated grid, in 1/256 pixel from its centre.
constexpr int kSampleX[4] = {-32, 96, 32, -96};
constexpr int kSampleY[4] = {-96, -32, 96, 32};
constexpr int kSampleReach = 96;
/// Positions beyond are not drawn; keeps all products within 64 bits.
constexpr double kFarthestPixel = 1 << 21;
/// Largest extent of a triangle whose edge functions fit into 32 bits.
constexpr int kSmallExtent = 60 * kSubpixels;

/// Vertices in positive order: (x1 − x0)(y2 − y0) − (y1 − y0)(x2 − x0) > 0.
struct Corners {
  std::int32_t x[3];
  std::int32_t y[3];
};

/// Inclusive rectangle of pixels.
struct Box {
  int left, top, right, bottom;
};

inline Box Intersection(const Box& a, const Box& b) {
  return {std::max(a.left, b.left), std::max(a.top, b.top), std::min(a.right, b.right),
          std::min(a.bottom, b.bottom)};
}

/// Nearest multiple of 1/256; |value| below 2^22.
inline std::int32_t ToSubpixels(double value) {
  // Adding 1.5 · 2^52 leaves the rounded integer in the low bits.
  const double shifted = value * kSubpixels + 6755399441055744.0;
  std::int64_t bits;
  std::memcpy(&bits, &shifted, sizeof(bits));
  return static_cast<std::int32_t>(bits);
}

/// Pixels whose samples the triangle may cover; empty when right < left or bottom < top.
inline Box BoundsOf(const Corners& corners, int reach) {
  const auto [left, right] = std::minmax({corners.x[0], corners.x[1], corners.x[2]});
  const auto [top, bottom] = std::minmax({corners.y[0], corners.y[1], corners.y[2]});
  return {(left - reach + kSubpixels - 1) >> 8, (top - reach + kSubpixels - 1) >> 8,
          (right + reach) >> 8, (bottom + reach) >> 8};
}

inline bool IsSmall(const Corners& corners) {
  const auto [left, right] = std::minmax({corners.x[0], corners.x[1], corners.x[2]});
  const auto [top, bottom] = std::minmax({corners.y[0], corners.y[1], corners.y[2]});
  return right - left <= kSmallExtent && bottom - top <= kSmallExtent;
}

/// 0 for an edge that owns its samples (a left or a top edge), else -1: an edge function of 0 is
/// then negative.
inline int EdgeBias(int dx, int dy) { return dy < 0 || (dy == 0 && dx > 0) ? 0 : -1; }

/// Calls emit(x, y, mask) for each pixel of `box` with covered samples; the lanes of the mask are
/// the samples. `box` must lie within the triangle's bounds.
template <typename Emit>
inline void CoverSmall(const Corners& corners, const Box& box, const Emit& emit) {
  simd::I4 row[3];
  simd::I4 step_x[3];
  simd::I4 step_y[3];
  for (int i = 0; i < 3; ++i) {
    const int j = i == 2 ? 0 : i + 1;
    const int dx = corners.x[j] - corners.x[i];
    const int dy = corners.y[j] - corners.y[i];
    const int start = dx * (box.top * kSubpixels - corners.y[i]) -
                      dy * (box.left * kSubpixels - corners.x[i]) + EdgeBias(dx, dy);
    // dx · sample y − dy · sample x with the offsets above.
    const int a = 32 * (dy - 3 * dx);
    const int b = 32 * (-dx - 3 * dy);
    row[i] = simd::I4{start + a, start + b, start - a, start - b};
    step_x[i] = simd::SplatInt(-dy * kSubpixels);
    step_y[i] = simd::SplatInt(dx * kSubpixels);
  }
  for (int y = box.top; y <= box.bottom; ++y) {
    simd::I4 e0 = row[0];
    simd::I4 e1 = row[1];
    simd::I4 e2 = row[2];
    // No early end of a row: a thin slanting triangle slips between the samples of one pixel and
    // meets those of the next.
    for (int x = box.left; x <= box.right; ++x) {
      const simd::I4 outside = e0 | e1 | e2;  // The sign bit is what counts.
      const int bits = simd::MaskBits(outside);
      if (bits != 15) emit(x, y, (outside >> 31) ^ -1);
      e0 += step_x[0];
      e1 += step_x[1];
      e2 += step_x[2];
    }
    row[0] += step_y[0];
    row[1] += step_y[1];
    row[2] += step_y[2];
  }
}

/// The same for triangles of any size: blocks of 8 × 8 pixels are taken or left as a whole where
/// possible.
template <typename Emit>
inline void CoverLarge(const Corners& corners, const Box& box, const Emit& emit) {
  constexpr int kBlock = 8;
  std::int64_t dx[3];
  std::int64_t dy[3];
  std::int64_t constant[3];
  for (int i = 0; i < 3; ++i) {
    const int j = i == 2 ? 0 : i + 1;
    dx[i] = corners.x[j] - corners.x[i];
    dy[i] = corners.y[j] - corners.y[i];
    constant[i] = dy[i] * corners.x[i] - dx[i] * corners.y[i] +
                  EdgeBias(corners.x[j] - corners.x[i], corners.y[j] - corners.y[i]);
  }
  for (int block_y = box.top; block_y <= box.bottom; block_y += kBlock) {
    const int last_y = std::min(block_y + kBlock - 1, box.bottom);
    for (int block_x = box.left; block_x <= box.right; block_x += kBlock) {
      const int last_x = std::min(block_x + kBlock - 1, box.right);
      const std::int64_t x_low = block_x * kSubpixels - kSampleReach;
      const std::int64_t x_high = last_x * kSubpixels + kSampleReach;
      const std::int64_t y_low = block_y * kSubpixels - kSampleReach;
      const std::int64_t y_high = last_y * kSubpixels + kSampleReach;
      bool nothing = false;
      bool everything = true;
      for (int i = 0; i < 3; ++i) {
        const std::int64_t highest = dx[i] * (dx[i] > 0 ? y_high : y_low) -
                                     dy[i] * (dy[i] > 0 ? x_low : x_high) + constant[i];
        const std::int64_t lowest = dx[i] * (dx[i] > 0 ? y_low : y_high) -
                                    dy[i] * (dy[i] > 0 ? x_high : x_low) + constant[i];
        nothing = nothing || highest < 0;
        everything = everything && lowest >= 0;
      }
      if (nothing) continue;
      for (int y = block_y; y <= last_y; ++y) {
        for (int x = block_x; x <= last_x; ++x) {
          simd::I4 mask = simd::SplatInt(-1);
          if (!everything) {
            for (int s = 0; s < 4; ++s) {
              const std::int64_t px = x * kSubpixels + kSampleX[s];
              const std::int64_t py = y * kSubpixels + kSampleY[s];
              const std::int64_t outside = (dx[0] * py - dy[0] * px + constant[0]) |
                                           (dx[1] * py - dy[1] * px + constant[1]) |
                                           (dx[2] * py - dy[2] * px + constant[2]);
              mask[s] = outside < 0 ? 0 : -1;
            }
            if (simd::MaskBits(mask) == 0) continue;
          }
          emit(x, y, mask);
        }
      }
    }
  }
}

/// Whether a pixel's centre lies inside.
inline bool CoversCentre(const Corners& corners, int x, int y) {
  for (int i = 0; i < 3; ++i) {
    const int j = i == 2 ? 0 : i + 1;
    const std::int64_t dx = corners.x[j] - corners.x[i];
    const std::int64_t dy = corners.y[j] - corners.y[i];
    const std::int64_t edge = dx * (std::int64_t{y} * kSubpixels - corners.y[i]) -
                              dy * (std::int64_t{x} * kSubpixels - corners.x[i]) +
                              EdgeBias(static_cast<int>(dx), static_cast<int>(dy));
    if (edge < 0) return false;
  }
  return true;
}

}  // namespace maskbench::raster
