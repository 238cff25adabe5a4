#include "maskbench/render/texture.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "maskbench/core/error.h"

#include "simd.h"

namespace maskbench {
namespace {

using simd::F4;

/// Texels are stored as signed numbers: the lowest value is −kZero.
constexpr int kZero = 32768;

/// RGBA floats of one level while the pyramid is made.
struct Plane {
  int width = 0;
  int height = 0;
  std::vector<float> rgba;
};

Plane ToPlane(const cv::Mat& image) {
  if (image.empty() || image.depth() != CV_32F ||
      (image.channels() != 1 && image.channels() != 3 && image.channels() != 4)) {
    throw DataError(
        fmt::format("A texture needs a float image with 1, 3 or 4 channels, but got {} × {} with "
                    "{} channels of "
                    "depth code {}.",
                    image.cols, image.rows, image.channels(), image.depth()));
  }
  constexpr int kLongest = 8192;
  if (image.cols > kLongest || image.rows > kLongest) {
    throw DataError(fmt::format("A texture of {} × {} texels is larger than {} × {}.", image.cols,
                                image.rows, kLongest, kLongest));
  }
  Plane plane{image.cols, image.rows, {}};
  plane.rgba.resize(static_cast<size_t>(image.cols) * image.rows * 4);
  float* out = plane.rgba.data();
  const int channels = image.channels();
  for (int y = 0; y < image.rows; ++y) {
    const float* in = image.ptr<float>(y);
    for (int x = 0; x < image.cols; ++x, in += channels, out += 4) {
      for (int c = 0; c < 3; ++c) out[c] = in[channels == 1 ? 0 : c];
      out[3] = channels == 4 ? in[3] : 1.0f;
      for (int c = 0; c < 4; ++c) {
        if (!std::isfinite(out[c])) {
          throw DataError(fmt::format("A texture has no number at column {}, row {}.", x, y));
        }
      }
    }
  }
  return plane;
}

/// Share of `count` equal cells of a finer row that falls into each of `halved` equal cells: a box
/// filter that keeps the mean for odd sizes, too.
struct Tap {
  int first = 0;
  int count = 0;
  float weights[3] = {};
};

std::vector<Tap> BoxTaps(int count, int halved) {
  std::vector<Tap> taps(halved);
  const double width = static_cast<double>(count) / halved;  // 1, 2 or between 2 and 3.
  for (int i = 0; i < halved; ++i) {
    const double from = i * width;
    const double to = (i + 1) * width;
    Tap& tap = taps[i];
    tap.first = static_cast<int>(from);
    for (int j = tap.first; j < count && j < to - 1e-9; ++j) {
      const double share = std::min<double>(to, j + 1) - std::max<double>(from, j);
      tap.weights[tap.count++] = static_cast<float>(share / width);
      if (tap.count == 3) break;
    }
  }
  return taps;
}

Plane Halve(const Plane& fine) {
  Plane coarse{std::max(1, fine.width / 2), std::max(1, fine.height / 2), {}};
  coarse.rgba.assign(static_cast<size_t>(coarse.width) * coarse.height * 4, 0.0f);
  const std::vector<Tap> columns = BoxTaps(fine.width, coarse.width);
  const std::vector<Tap> rows = BoxTaps(fine.height, coarse.height);
  for (int y = 0; y < coarse.height; ++y) {
    for (int x = 0; x < coarse.width; ++x) {
      F4 sum = {};
      for (int j = 0; j < rows[y].count; ++j) {
        const float* row =
            &fine.rgba[(static_cast<size_t>(rows[y].first + j) * fine.width + columns[x].first) *
                       4];
        for (int i = 0; i < columns[x].count; ++i) {
          sum += simd::Load(row + 4 * i) * (rows[y].weights[j] * columns[x].weights[i]);
        }
      }
      simd::Store(&coarse.rgba[(static_cast<size_t>(y) * coarse.width + x) * 4], sum);
    }
  }
  return coarse;
}

/// Weights of texels are multiples of 2^-14.
constexpr float kWeightOne = 16384.0f;

}  // namespace

Texture::Texture(const cv::Mat& image) {
  Plane plane = ToPlane(image);
  float low[4];
  float high[4];
  std::copy_n(plane.rgba.data(), 4, low);
  std::copy_n(plane.rgba.data(), 4, high);
  for (size_t i = 0; i < plane.rgba.size(); ++i) {
    low[i % 4] = std::min(low[i % 4], plane.rgba[i]);
    high[i % 4] = std::max(high[i % 4], plane.rgba[i]);
  }
  for (int c = 0; c < 4; ++c) {
    offset_[c] = low[c];
    scale_[c] = (high[c] - low[c]) / 65535.0f;
  }
  while (true) {
    Append(plane.width, plane.height, plane.rgba);
    if (plane.width == 1 && plane.height == 1) break;
    plane = Halve(plane);
  }
}

void Texture::Append(int width, int height, const std::vector<float>& rgba) {
  // One more column and row repeat the last ones: a bilinear sample reads two neighbours without
  // asking whether they exist.
  const Level level{{static_cast<float>(width), static_cast<float>(height),
                     static_cast<float>(width - 1), static_cast<float>(height - 1)},
                    (width + 1) * 4,
                    static_cast<std::int32_t>(texels_.size())};
  levels_.push_back(level);
  texels_.resize(texels_.size() + static_cast<size_t>(level.stride) * (height + 1));
  std::int16_t* out = texels_.data() + level.start;
  for (int y = 0; y <= height; ++y) {
    for (int x = 0; x <= width; ++x, out += 4) {
      const float* in =
          &rgba[(static_cast<size_t>(std::min(y, height - 1)) * width + std::min(x, width - 1)) *
                4];
      for (int c = 0; c < 4; ++c) {
        const float q = scale_[c] > 0 ? (in[c] - offset_[c]) / scale_[c] : 0.0f;
        out[c] = static_cast<std::int16_t>(static_cast<int>(std::clamp(q + 0.5f, 0.0f, 65535.0f)) -
                                           kZero);
      }
    }
  }
}

void Texture::Locate(const float* u, const float* v, const float* texels, int count,
                     Footprint* footprints) const {
  const simd::I4 last = simd::SplatInt(static_cast<int>(levels_.size()) - 1);
  for (int i = 0; i < count; i += 4) {
    // The lanes beyond the end repeat the last sample.
    F4 at_u;
    F4 at_v;
    F4 span;
    if (i + 4 <= count) {
      at_u = simd::Load(u + i);
      at_v = simd::Load(v + i);
      span = simd::Load(texels + i);
    } else {
      for (int lane = 0; lane < 4; ++lane) {
        const int from = std::min(i + lane, count - 1);
        at_u[lane] = u[from];
        at_v[lane] = v[from];
        span[lane] = texels[from];
      }
    }
    // The logarithm of the footprint, exact at powers of two and linear between. Max and Min return
    // their second argument for what is no number.
    const simd::I4 bits = reinterpret_cast<simd::I4>(simd::Max(span, simd::Splat(1.0f)));
    simd::I4 level = (bits >> 23) - 127;
    const simd::I4 below = level < last;
    level = simd::Select(below, level, last);
    const F4 blend =
        simd::And(below, reinterpret_cast<F4>((bits & 0x007FFFFF) | 0x3F800000) - 1.0f);
    const F4 share[2] = {1.0f - blend, blend};
    for (int k = 0; k < 2; ++k) {
      const simd::I4 index = k == 0 ? level : level - below;  // The mask is −1.
      const Level* levels[4];
      for (int lane = 0; lane < 4; ++lane) levels[lane] = &levels_[index[lane]];
      F4 size[4];
      if (levels[0] == levels[1] && levels[0] == levels[2] && levels[0] == levels[3]) {
        for (int j = 0; j < 4; ++j) size[j] = simd::Splat(levels[0]->size[j]);
      } else {
        for (int lane = 0; lane < 4; ++lane) size[lane] = simd::Load(levels[lane]->size);
        simd::Transpose(&size[0], &size[1], &size[2], &size[3]);
      }
      const F4 x = simd::Min(simd::Max(at_u * size[0] - 0.5f, F4{}), size[2]);
      const F4 y = simd::Min(simd::Max(at_v * size[1] - 0.5f, F4{}), size[3]);
      const simd::I4 column = simd::Truncate(x);
      const simd::I4 row = simd::Truncate(y);
      const F4 right = (x - simd::ToFloat(column)) * share[k];
      const F4 low = y - simd::ToFloat(row);
      // Rounded so that the weights of a level add up to its share exactly.
      const simd::I4 total = simd::Truncate(share[k] * kWeightOne + 0.5f);
      const simd::I4 all_right = simd::Truncate(right * kWeightOne + 0.5f);
      const simd::I4 all_low = simd::Truncate(low * share[k] * kWeightOne + 0.5f);
      const simd::I4 low_right = simd::Truncate(low * right * kWeightOne + 0.5f);
      const simd::I4 top_right = all_right - low_right;
      const simd::I4 low_left = all_low - low_right;
      const simd::I4 top_left = total - all_low - top_right;
      const simd::I4 top_pair = (top_left & 0xFFFF) | (top_right << 16);
      const simd::I4 low_pair = (low_left & 0xFFFF) | (low_right << 16);
      for (int lane = 0; lane < 4; ++lane) {
        Footprint& to = footprints[i + lane];
        to.start[k] = levels[lane]->start + row[lane] * levels[lane]->stride + column[lane] * 4;
        to.stride[k] = levels[lane]->stride;
        to.weights[2 * k] = top_pair[lane];
        to.weights[2 * k + 1] = low_pair[lane];
      }
    }
  }
}

void Texture::Fetch(const Footprint* footprints, int count, float* rgba) const {
  // A picture takes texels from all over the texture: ask for all before the first is needed.
  for (int i = 0; i < count; ++i) {
    for (int k = 0; k < 2; ++k) {
      const std::int16_t* texel = texels_.data() + footprints[i].start[k];
      __builtin_prefetch(texel);
      __builtin_prefetch(texel + footprints[i].stride[k]);
    }
  }
  const F4 scale = simd::Load(scale_.data()) / kWeightOne;
  const F4 offset = simd::Load(offset_.data()) + simd::Load(scale_.data()) * kZero;
  for (int i = 0; i < count; ++i) {
    const Footprint& from = footprints[i];
    const std::int16_t* fine = texels_.data() + from.start[0];
    const std::int16_t* coarse = texels_.data() + from.start[1];
    const simd::I4 sum = simd::WeighPair(fine, from.weights[0]) +
                         simd::WeighPair(fine + from.stride[0], from.weights[1]) +
                         simd::WeighPair(coarse, from.weights[2]) +
                         simd::WeighPair(coarse + from.stride[1], from.weights[3]);
    simd::Store(rgba + 4 * i, simd::ToFloat(sum) * scale + offset);
  }
}

void Texture::FetchLine(float u, float v, float du, float dv, float texels, int count,
                        float* rgba) const {
  // Levels and shares as in Locate.
  const float span = texels > 1.0f ? texels : 1.0f;
  std::int32_t bits;
  std::memcpy(&bits, &span, sizeof(bits));
  const int last = static_cast<int>(levels_.size()) - 1;
  const int level = std::min((bits >> 23) - 127, last);
  float blend = 0;
  if (level < last) {
    bits = (bits & 0x007FFFFF) | 0x3F800000;
    std::memcpy(&blend, &bits, sizeof(blend));
    blend -= 1.0f;
  }
  const F4 scale = simd::Load(scale_.data()) / kWeightOne;
  const F4 offset = simd::Load(offset_.data()) + simd::Load(scale_.data()) * kZero;
  const F4 lanes = {0, 1, 2, 3};
  for (int i = 0; i < count; i += 4) {
    const F4 at_u = u + du * (lanes + static_cast<float>(i));
    const F4 at_v = v + dv * (lanes + static_cast<float>(i));
    simd::I4 sums[4] = {};
    for (int k = 0; k < (blend > 0 ? 2 : 1); ++k) {
      const Level& from = levels_[static_cast<size_t>(level + k)];
      const float share = k == 0 ? 1.0f - blend : blend;
      const F4 x =
          simd::Min(simd::Max(at_u * from.size[0] - 0.5f, F4{}), simd::Splat(from.size[2]));
      const F4 y =
          simd::Min(simd::Max(at_v * from.size[1] - 0.5f, F4{}), simd::Splat(from.size[3]));
      const simd::I4 column = simd::Truncate(x);
      const simd::I4 row = simd::Truncate(y);
      const F4 right = (x - simd::ToFloat(column)) * share;
      const F4 low = y - simd::ToFloat(row);
      const simd::I4 total = simd::Truncate(simd::Splat(share * kWeightOne + 0.5f));
      const simd::I4 all_right = simd::Truncate(right * kWeightOne + 0.5f);
      const simd::I4 all_low = simd::Truncate(low * share * kWeightOne + 0.5f);
      const simd::I4 low_right = simd::Truncate(low * right * kWeightOne + 0.5f);
      const simd::I4 top_right = all_right - low_right;
      const simd::I4 low_left = all_low - low_right;
      const simd::I4 top_left = total - all_low - top_right;
      const simd::I4 top_pair = (top_left & 0xFFFF) | (top_right << 16);
      const simd::I4 low_pair = (low_left & 0xFFFF) | (low_right << 16);
      for (int lane = 0; lane < 4; ++lane) {
        const std::int16_t* texel =
            texels_.data() + from.start + row[lane] * from.stride + column[lane] * 4;
        sums[lane] += simd::WeighPair(texel, top_pair[lane]) +
                      simd::WeighPair(texel + from.stride, low_pair[lane]);
      }
    }
    for (int lane = 0; lane < 4; ++lane)
      simd::Store(rgba + 4 * (i + lane), simd::ToFloat(sums[lane]) * scale + offset);
  }
}

Eigen::Vector4f Texture::Sample(float u, float v, float texels) const {
  Footprint footprints[4];
  Eigen::Vector4f rgba;
  Locate(&u, &v, &texels, 1, footprints);
  Fetch(footprints, 1, rgba.data());
  return rgba;
}

Eigen::Vector4f Texture::SampleBicubic(float u, float v) const {
  const Level& level = levels_.front();
  const auto clamped = [](float x, int size) {
    x = x * static_cast<float>(size) - 0.5f;
    x = x > -0.5f ? x : -0.5f;
    return x < static_cast<float>(size) - 0.5f ? x : static_cast<float>(size) - 0.5f;
  };
  // Catmull and Rom, "A class of local interpolating splines", 1974 (tension 1/2).
  const auto weights = [](float t, float* w) {
    w[0] = ((-0.5f * t + 1.0f) * t - 0.5f) * t;
    w[1] = (1.5f * t - 2.5f) * t * t + 1.0f;
    w[2] = ((-1.5f * t + 2.0f) * t + 0.5f) * t;
    w[3] = (0.5f * t - 0.5f) * t * t;
  };
  const float x = clamped(u, width());
  const float y = clamped(v, height());
  const int column = static_cast<int>(std::floor(x));
  const int row = static_cast<int>(std::floor(y));
  float wx[4];
  float wy[4];
  weights(x - static_cast<float>(column), wx);
  weights(y - static_cast<float>(row), wy);
  F4 sum = {};
  for (int j = 0; j < 4; ++j) {
    const int r = std::clamp(row - 1 + j, 0, height() - 1);
    for (int i = 0; i < 4; ++i) {
      const int c = std::clamp(column - 1 + i, 0, width() - 1);
      const std::int16_t* p = texels_.data() + level.start + static_cast<size_t>(r) * level.stride +
                              static_cast<size_t>(c) * 4;
      const F4 texel = {static_cast<float>(p[0]), static_cast<float>(p[1]),
                        static_cast<float>(p[2]), static_cast<float>(p[3])};
      sum += texel * (wx[i] * wy[j]);
    }
  }
  Eigen::Vector4f result;
  simd::Store(result.data(), sum * simd::Load(scale_.data()) +
                                 (simd::Load(offset_.data()) + simd::Load(scale_.data()) * kZero));
  return result;
}

}  // namespace maskbench
