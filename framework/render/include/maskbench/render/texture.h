#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <Eigen/Core>
#include <opencv2/core.hpp>

namespace maskbench {

/// Texture with mip levels. u runs right, v runs *down*, both 0…1 over the image; coordinates
/// outside are clamped. Channels: 1, 3 or 4, linear values of any range (gradients may be
/// negative). Texels are kept in 16 bits between the lowest and the highest value of each channel.
class Texture {
 public:
  /// @param image  CV_32FC1, CV_32FC3 (R, G, B order) or CV_32FC4. Throws DataError for anything
  /// else and for values that are not finite.
  explicit Texture(const cv::Mat& image);

  int width() const { return static_cast<int>(levels_.front().size[0]); }
  int height() const { return static_cast<int>(levels_.front().size[1]); }

  /// Trilinear sample. `texels` is how many texels of level 0 one pixel spans (≥ 0).
  /// Missing channels: 1-channel textures give (v, v, v, 1), 3-channel ones alpha 1.
  Eigen::Vector4f Sample(float u, float v, float texels) const;
  /// Many trilinear samples in two steps: where the texels are and what they weigh, then the
  /// texels, four floats of `rgba` for each sample. Textures of one size share the first step.
  /// There must be room for `count` footprints rounded up to a multiple of 4.
  struct Footprint {
    std::array<std::int32_t, 2> start;  ///< Upper left texel, in the finer and the coarser level.
    std::array<std::int32_t, 2> stride;
    std::array<std::int32_t, 4> weights;  ///< Pairs of 16 bits, by row.
  };
  void Locate(const float* u, const float* v, const float* texels, int count,
              Footprint* footprints) const;
  void Fetch(const Footprint* footprints, int count, float* rgba) const;
  /// `count` trilinear samples along a line, as the two steps give them, but quicker: from (u, v)
  /// in steps of (du, dv), all with the same `texels`. There must be room for `count` samples
  /// rounded up to a multiple of 4.
  void FetchLine(float u, float v, float du, float dv, float texels, int count, float* rgba) const;
  /// Catmull–Rom sample of level 0, for magnified, offline baking.
  Eigen::Vector4f SampleBicubic(float u, float v) const;

 private:
  struct Level {
    float size[4];        ///< Width, height and both less one.
    std::int32_t stride;  ///< Of a row, in 16-bit numbers.
    std::int32_t start;   ///< In texels_.
  };
  void Append(int width, int height, const std::vector<float>& rgba);

  std::vector<Level> levels_;
  std::vector<std::int16_t> texels_;  ///< R, G, B, A.
  std::array<float, 4> scale_{};      ///< Value = offset + scale · (texel + 32768).
  std::array<float, 4> offset_{};
};

}  // namespace maskbench
