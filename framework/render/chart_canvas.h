#pragma once

#include <cstdint>
#include <vector>

#include <Eigen/Core>
#include <opencv2/core.hpp>

#include "maskbench/render/skin_geometry.h"

namespace maskbench {

inline float SmoothStep(float low, float high, float x) {
  float t = (x - low) / (high - low);
  t = t < 0.0f ? 0.0f : t > 1.0f ? 1.0f : t;
  return t * t * (3.0f - 2.0f * t);
}

/// The pictures that a skin is painted on, `size`² texels over the chart, with tools that measure
/// in millimetres on the skin whatever the size.
class ChartCanvas {
 public:
  ChartCanvas(const SkinGeometry& geometry, int size);

  int size() const { return size_; }
  const SkinGeometry& geometry() const { return *geometry_; }

  cv::Mat melanin, haemoglobin;  ///< CV_32F, added to the tone's pigments.
  cv::Mat height;                ///< CV_32F, relief in mm, outwards.
  cv::Mat albedo;                ///< CV_32FC3.
  cv::Mat gloss;                 ///< CV_32F.

  /// Texel coordinates (0 is the centre of the first texel) of a point in chart millimetres.
  Eigen::Vector2f Texel(const Eigen::Vector2f& chart_mm) const;
  /// Millimetres on the skin per texel along u and v.
  Eigen::Vector2f MmPerTexel(const Eigen::Vector2f& texel) const;
  /// A map of the geometry (kSize²) at a texel of the canvas, nearest.
  float Zone(const cv::Mat& map, const Eigen::Vector2f& texel) const;

  /// Adds amplitude · exp(−d²/2σ²) to a map. Spots smaller than a texel are widened and weakened.
  void Spot(cv::Mat* map, const Eigen::Vector2f& texel, float sigma_mm, float amplitude) const;

  /// A line with a profile over the distance d from it.
  struct Groove {
    std::vector<Eigen::Vector2f> texels;  ///< At least two.
    float sigma_mm = 0.5f;
    float depth = 0.1f;  ///< In the middle of its length; it runs out at the ends.
    float rim = 0.3f;    ///< Part of the depth that is raised beside it.
  };
  /// Subtracts the groove from a map.
  void Carve(cv::Mat* map, const Groove& groove) const;

  /// A tapered hair: a quadratic Bézier curve from root to tip.
  struct Hair {
    Eigen::Vector2f root, control, tip;  ///< Texels.
    float width_mm = 0.1f;               ///< At the root; the tip is a fifth of it.
    float opacity = 0.9f;
    Eigen::Vector3f colour;
  };
  void Draw(const Hair& hair);

 private:
  const SkinGeometry* geometry_;
  int size_;
  float per_texel_;  ///< Texels of the geometry per texel of the canvas.
};

/// A random point of the skin.
struct SkinPoint {
  Eigen::Vector2f uv;
  std::uint32_t bits;  ///< For further choices.
};

/// Points scattered with `per_mm2` (CV_32F, kSize², points per square millimetre); independent of
/// the canvas. With `mirrored` the right side is the mirror image of the left one.
std::vector<SkinPoint> Scatter(const SkinGeometry& geometry, const cv::Mat& per_mm2,
                               std::uint32_t seed, bool mirrored);

/// Exactly `count` points drawn with probability proportional to `weight` (CV_32F, kSize²) and
/// area.
std::vector<SkinPoint> Draw(const SkinGeometry& geometry, const cv::Mat& weight, int count,
                            std::uint32_t seed, bool mirrored);

/// Uniform numbers in [0, 1) from a point's bits.
class PointRandom {
 public:
  explicit PointRandom(std::uint32_t bits) : state_(bits) {}
  float Uniform();
  /// Triangular in −1…1.
  float Triangular() { return Uniform() - Uniform(); }

 private:
  std::uint32_t state_;
};

}  // namespace maskbench
