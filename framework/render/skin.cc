#include "maskbench/render/skin.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "maskbench/core/error.h"
#include "maskbench/core/rng.h"
#include "maskbench/render/texture.h"

#include "chart_canvas.h"
#include "face_hair.h"
#include "solid_noise.h"
#include "wrinkles.h"

namespace maskbench {
namespace {

constexpr int kMap = SkinGeometry::kSize;

/// Tones tabulated over the pigments, for one undertone.
class ToneTable {
 public:
  explicit ToneTable(double undertone) {
    for (int m = 0; m < kCount; ++m) {
      for (int h = 0; h < kCount; ++h) {
        tones_[m * kCount + h] = SkinTone(
            {kMelaninLow + (kMelaninHigh - kMelaninLow) * m / (kCount - 1),
             kHaemoglobinLow + (kHaemoglobinHigh - kHaemoglobinLow) * h / (kCount - 1), undertone});
      }
    }
  }
  Eigen::Vector3f operator()(float melanin, float haemoglobin) const {
    const float x = Place(melanin, kMelaninLow, kMelaninHigh);
    const float y = Place(haemoglobin, kHaemoglobinLow, kHaemoglobinHigh);
    const int i = std::min(static_cast<int>(x), kCount - 2);
    const int j = std::min(static_cast<int>(y), kCount - 2);
    const float a = x - static_cast<float>(i), b = y - static_cast<float>(j);
    const Eigen::Vector3f* row = &tones_[i * kCount + j];
    return (1 - a) * ((1 - b) * row[0] + b * row[1]) +
           a * ((1 - b) * row[kCount] + b * row[kCount + 1]);
  }

 private:
  static constexpr int kCount = 40;
  static constexpr double kMelaninLow = -0.1, kMelaninHigh = 1.1;
  static constexpr double kHaemoglobinLow = -0.1, kHaemoglobinHigh = 1.5;
  static float Place(float value, double low, double high) {
    const auto scaled = (value - static_cast<float>(low)) / static_cast<float>(high - low);
    return std::clamp(scaled, 0.0f, 1.0f) * (kCount - 1);
  }
  std::array<Eigen::Vector3f, kCount * kCount> tones_;
};

/// Noise over the chart, evaluated on the mean head in millimetres on a grid of `size`² and
/// enlarged to the geometry's.
cv::Mat NoiseMap(const SkinGeometry& geometry, float wavelength_mm, int size, std::uint32_t seed,
                 bool mirrored) {
  const int step = kMap / size;
  cv::Mat noise(size, size, CV_32F);
  const float per_mm = 1.0f / wavelength_mm;
  for (int y = 0; y < size; ++y) {
    const cv::Vec3f* from = geometry.position_mm().ptr<cv::Vec3f>(y * step + step / 2);
    const cv::Vec3f* before = geometry.position_mm().ptr<cv::Vec3f>(y * step + (step - 1) / 2);
    float* row = noise.ptr<float>(y);
    for (int x = 0; x < size; ++x) {
      // Mean of the texels round the centre of the coarse texel, so that mirror images agree.
      const int left = x * step + (step - 1) / 2, right = x * step + step / 2;
      cv::Vec3f p = 0.25f * (from[left] + from[right] + before[left] + before[right]);
      if (mirrored) p[0] = std::abs(p[0]);
      row[x] = SolidNoise(p[0] * per_mm, p[1] * per_mm, p[2] * per_mm, seed);
    }
  }
  if (size != kMap) cv::resize(noise, noise, {kMap, kMap}, 0, 0, cv::INTER_LINEAR);
  return noise;
}

/// Unsharp features of a package skin as factors on the albedo: its logarithm less its mean.
/// CV_32FC3 (R, G, B), kMap². `colour` 0…1 is how much of its colour is kept.
cv::Mat PackageFactors(const SkinGeometry& geometry, const cv::Mat& package_skin, float strength,
                       float colour, bool mirrored) {
  cv::Mat linear(package_skin.size(), CV_32FC3);
  std::array<float, 256> decode;
  for (int i = 0; i < 256; ++i) {
    const double v = i / 255.0;
    decode[i] = static_cast<float>(v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4));
  }
  for (int y = 0; y < linear.rows; ++y) {
    for (int x = 0; x < linear.cols; ++x) {
      const cv::Vec3b& bgr = package_skin.at<cv::Vec3b>(y, x);
      linear.at<cv::Vec3f>(y, x) =
          cv::Vec3f(std::log(decode[bgr[2]] + 0.004f), std::log(decode[bgr[1]] + 0.004f),
                    std::log(decode[bgr[0]] + 0.004f));
    }
  }
  cv::Mat map(kMap, kMap, CV_32FC2);
  const auto width = static_cast<float>(linear.cols), height = static_cast<float>(linear.rows);
  for (int y = 0; y < kMap; ++y) {
    for (int x = 0; x < kMap; ++x) {
      const cv::Vec2f& uv = geometry.atlas_uv().at<cv::Vec2f>(y, x);
      map.at<cv::Vec2f>(y, x) = cv::Vec2f(uv[0] * width - 0.5f, uv[1] * height - 0.5f);
    }
  }
  cv::Mat factors;
  cv::remap(linear, factors, map, cv::noArray(), cv::INTER_CUBIC, cv::BORDER_REPLICATE);
  const SkinGeometry::Zones& zones = geometry.zones();
  cv::Mat weight(kMap, kMap, CV_32F);
  cv::Vec3d sum(0, 0, 0);
  double total = 0;
  for (int y = 0; y < kMap; ++y) {
    for (int x = 0; x < kMap; ++x) {
      // Lips, eyes and hair are painted here; the package's would double them.
      const float keep = SmoothStep(4.0f, -8.0f, zones.scalp.at<float>(y, x)) *
                         SmoothStep(1.0f, -2.0f, zones.lip.at<float>(y, x)) *
                         SmoothStep(-1.0f, -4.0f, zones.opening.at<float>(y, x)) *
                         (1.0f - 0.6f * zones.brow.at<float>(y, x));
      weight.at<float>(y, x) = keep;
      if (keep < 0.9f || zones.neck.at<float>(y, x) > 0.1f || x < kMap / 5 || x >= kMap - kMap / 5)
        continue;
      sum += factors.at<cv::Vec3f>(y, x);
      total += 1;
    }
  }
  const cv::Vec3f mean = total > 0 ? cv::Vec3f(sum / total) : cv::Vec3f(0, 0, 0);
  cv::GaussianBlur(factors, factors, {}, 1.2);
  if (mirrored) {
    cv::Mat flipped;
    cv::flip(factors, flipped, 1);
    factors = 0.5 * (factors + flipped);
  }
  for (int y = 0; y < kMap; ++y) {
    for (int x = 0; x < kMap; ++x) {
      cv::Vec3f& factor = factors.at<cv::Vec3f>(y, x);
      // Brightness more than colour: the pictures' reds are those of their own tone.
      const cv::Vec3f deviation = factor - mean;
      const float bright = (deviation[0] + deviation[1] + deviation[2]) / 3.0f;
      for (int c = 0; c < 3; ++c) {
        const float kept = 0.28f * std::tanh(bright / 0.28f) +
                           colour * 0.15f * std::tanh((deviation[c] - bright) / 0.15f);
        factor[c] = std::exp(strength * weight.at<float>(y, x) * kept);
      }
    }
  }
  return factors;
}

/// Lightness falls faster with melanin in dark skin; differences between places are scaled by this
/// so that they look alike in all tones.
float PigmentScale(double melanin) {
  return 1.0f / (1.0f + 3.2f * static_cast<float>(std::max(0.0, melanin - 0.25)));
}

/// Random numbers of one bake by purpose.
class Seeds {
 public:
  explicit Seeds(std::uint64_t seed) : seed_(seed) {}
  std::uint32_t operator()(const char* purpose) const {
    return NamedRandom(seed_, "skin", purpose).NextBits();
  }

 private:
  std::uint64_t seed_;
};

/// Pigments by zone and slow noise, on the geometry's grid.
void PaintTone(const SkinRecipe& recipe, const SkinGeometry& geometry, const Seeds& seeds,
               cv::Mat* melanin, cv::Mat* haemoglobin, cv::Mat* gloss) {
  const SkinGeometry::Zones& z = geometry.zones();
  const bool mirrored = recipe.mirrored;
  const cv::Mat m_wide = NoiseMap(geometry, 34, 128, seeds("melanin wide"), mirrored);
  const cv::Mat m_middle = NoiseMap(geometry, 11, 256, seeds("melanin middle"), mirrored);
  const cv::Mat m_fine = NoiseMap(geometry, 3.8f, kMap, seeds("melanin fine"), mirrored);
  const cv::Mat h_wide = NoiseMap(geometry, 26, 128, seeds("blood wide"), mirrored);
  const cv::Mat h_middle = NoiseMap(geometry, 7.5f, 256, seeds("blood middle"), mirrored);
  const cv::Mat h_fine = NoiseMap(geometry, 2.9f, kMap, seeds("blood fine"), mirrored);
  const cv::Mat patches = NoiseMap(geometry, 17, 256, seeds("redness"), mirrored);
  melanin->create(kMap, kMap, CV_32F);
  haemoglobin->create(kMap, kMap, CV_32F);
  gloss->create(kMap, kMap, CV_32F);
  const auto age = static_cast<float>(recipe.age);
  const auto zones = static_cast<float>(recipe.zones);
  const float even = 1.0f - 0.75f * static_cast<float>(recipe.make_up.foundation);
  const float uneven = static_cast<float>(recipe.variation) * (0.75f + 0.7f * age) * even;
  const auto redness = static_cast<float>(recipe.redness) * even;
  const auto lids = static_cast<float>(recipe.eyelid_tone);
  const float under_eye =
      std::min(1.3f, static_cast<float>(recipe.under_eye) + 0.35f * SmoothStep(0.3f, 1, age)) *
      even;
  const auto blush = static_cast<float>(recipe.make_up.blush);
  const auto shine = static_cast<float>(recipe.gloss);
  const float dark = static_cast<float>(recipe.melanin);
  const float pigment = PigmentScale(recipe.melanin);
  const float blood = 1.0f - 0.55f * dark;  // Flushes hardly show through much melanin.
  for (int y = 0; y < kMap; ++y) {
    for (int x = 0; x < kMap; ++x) {
      const float opening = z.opening.at<float>(y, x);
      const float upper = z.upper_lid.at<float>(y, x);
      const float lid = SmoothStep(-9.0f, -3.0f, opening) * upper +
                        SmoothStep(-5.5f, -1.5f, opening) * (1.0f - upper);
      const float ring = SmoothStep(-14.0f, -6.0f, opening) * (1.0f - upper);
      const float margin = SmoothStep(-1.6f, -0.2f, opening);
      const float nose = z.nose.at<float>(y, x), cheek = z.cheek.at<float>(y, x);
      const float ear = z.ear.at<float>(y, x), chin = z.chin.at<float>(y, x);
      const float forehead = z.forehead.at<float>(y, x), neck = z.neck.at<float>(y, x);
      const float patch = SmoothStep(
          0.2f, 1.6f, patches.at<float>(y, x) + 0.7f * (cheek + nose) + 0.4f * chin - 0.3f);
      float m = uneven * (0.020f * m_wide.at<float>(y, x) + 0.016f * m_middle.at<float>(y, x) +
                          0.014f * m_fine.at<float>(y, x));
      float h = uneven * (0.045f * h_wide.at<float>(y, x) + 0.040f * h_middle.at<float>(y, x) +
                          0.034f * h_fine.at<float>(y, x));
      m += zones * (0.018f * forehead - 0.012f * cheek + 0.02f * neck * (1.0f - dark));
      m += lids * 0.085f * lid + under_eye * (0.10f * ring + 0.03f * lid);
      m *= pigment;
      h += zones * even *
           (0.10f * cheek +
            0.16f * nose *
                SmoothStep(-10.0f, -28.0f,
                           static_cast<float>(geometry.position_mm().at<cv::Vec3f>(y, x)[1])) +
            0.20f * ear + 0.06f * chin - 0.04f * forehead - 0.05f * neck);
      h += lids * 0.16f * lid + under_eye * 0.16f * ring + 0.28f * margin;
      h += redness * 0.42f * patch + blush * 0.35f * cheek;
      melanin->at<float>(y, x) = m;
      haemoglobin->at<float>(y, x) = h * blood;
      gloss->at<float>(y, x) =
          shine * (1.0f + 0.35f * nose + 0.2f * forehead - 0.15f * ring - 0.25f * neck) *
          (1.0f - 0.25f * age);
    }
  }
}

void AddPores(const SkinRecipe& recipe, const Seeds& seeds, ChartCanvas* canvas) {
  if (recipe.pores <= 0) return;
  const SkinGeometry& geometry = canvas->geometry();
  const SkinGeometry::Zones& z = geometry.zones();
  cv::Mat density = 1.1 * z.nose + 0.8 * z.cheek + 0.35 * z.forehead + 0.4 * z.chin + 0.12;
  const cv::Mat eyes = z.opening > -6.0f;
  density.setTo(0, eyes);
  density.setTo(0, z.lip > -1.0f);
  const auto strength = static_cast<float>(recipe.pores);
  const float pigment = PigmentScale(recipe.melanin);
  const float size = static_cast<float>(canvas->size());
  for (const SkinPoint& point : Scatter(geometry, density, seeds("pores"), recipe.mirrored)) {
    PointRandom random(point.bits);
    const Eigen::Vector2f texel = point.uv * size - Eigen::Vector2f::Constant(0.5f);
    const float depth = strength * (0.3f + 0.7f * random.Uniform());
    const float sigma = 0.14f + 0.1f * random.Uniform();
    canvas->Spot(&canvas->height, texel, sigma, -0.055f * depth);
    canvas->Spot(&canvas->melanin, texel, sigma, 0.10f * pigment * depth);
    canvas->Spot(&canvas->haemoglobin, texel, sigma, 0.12f * depth);
  }
}

void AddSpots(const SkinRecipe& recipe, const Seeds& seeds, ChartCanvas* canvas) {
  const SkinGeometry& geometry = canvas->geometry();
  const SkinGeometry::Zones& z = geometry.zones();
  const float size = static_cast<float>(canvas->size());
  const float pigment = 0.3f + 0.7f * PigmentScale(recipe.melanin);
  cv::Mat face;  // Skin of face and neck, without lips and eyes.
  cv::Mat(z.scalp < 2.0f).convertTo(face, CV_32F, 1.0 / 255.0);
  face.setTo(0, z.lip > 0.0f);
  face.setTo(0, z.opening > -1.0f);
  const auto texel_of = [&](const SkinPoint& point) {
    return Eigen::Vector2f(point.uv * size - Eigen::Vector2f::Constant(0.5f));
  };
  // Freckles: most on nose and cheeks, fewer on forehead and neck.
  const cv::Mat freckled =
      face.mul(0.12 + 1.0 * z.nose + 1.3 * z.cheek + 0.3 * z.forehead - 0.08 * z.neck);
  for (const SkinPoint& point :
       Draw(geometry, freckled, recipe.freckles, seeds("freckles"), recipe.mirrored)) {
    PointRandom random(point.bits);
    const float sigma = 0.34f + 0.62f * std::pow(random.Uniform(), 2.5f);
    const float depth = (0.18f + 0.24f * random.Uniform()) * pigment;
    const Eigen::Vector2f texel = texel_of(point);
    canvas->Spot(&canvas->melanin, texel, sigma, depth);
    if (random.Uniform() < 0.4f) {  // Not round.
      const Eigen::Vector2f mm = canvas->MmPerTexel(texel);
      const Eigen::Vector2f shift =
          0.9f * sigma *
          Eigen::Vector2f(random.Triangular(), random.Triangular()).cwiseQuotient(mm);
      canvas->Spot(&canvas->melanin, texel + shift, 0.7f * sigma, 0.7f * depth);
    }
  }
  // Age spots: larger, with irregular borders.
  const auto age = static_cast<float>(recipe.age);
  const int age_spots = static_cast<int>(70.0f * SmoothStep(0.5f, 1.0f, age));
  const cv::Mat weathered = face.mul(0.3 + 1.2 * z.cheek + 1.0 * z.forehead + 0.4 * z.nose);
  for (const SkinPoint& point :
       Draw(geometry, weathered, age_spots, seeds("age spots"), recipe.mirrored)) {
    PointRandom random(point.bits);
    const Eigen::Vector2f texel = texel_of(point);
    const Eigen::Vector2f mm = canvas->MmPerTexel(texel);
    const float radius = 0.7f + 1.6f * random.Uniform() * random.Uniform();
    const float depth = (0.03f + 0.055f * random.Uniform()) * pigment;
    for (int part = 0; part < 6; ++part) {
      const Eigen::Vector2f shift =
          1.3f * radius *
          Eigen::Vector2f(random.Triangular(), random.Triangular()).cwiseQuotient(mm);
      canvas->Spot(&canvas->melanin, texel + shift, radius * (0.4f + 0.4f * random.Uniform()),
                   depth);
    }
  }
  // Moles: dark, sharper, some raised.
  const cv::Mat anywhere = face.mul(0.7 + 0.8 * z.cheek);
  for (const SkinPoint& point :
       Draw(geometry, anywhere, recipe.moles, seeds("moles"), recipe.mirrored)) {
    PointRandom random(point.bits);
    const Eigen::Vector2f texel = texel_of(point);
    const Eigen::Vector2f mm = canvas->MmPerTexel(texel);
    const float radius = 0.35f + 0.75f * random.Uniform() * random.Uniform();
    const float depth = 0.30f + 0.35f * random.Uniform();
    canvas->Spot(&canvas->melanin, texel, radius, 0.8f * depth);
    for (int part = 0; part < 3; ++part) {
      const Eigen::Vector2f shift =
          0.7f * radius *
          Eigen::Vector2f(random.Triangular(), random.Triangular()).cwiseQuotient(mm);
      canvas->Spot(&canvas->melanin, texel + shift, 0.7f * radius, 0.35f * depth);
    }
    if (random.Uniform() < 0.4f) canvas->Spot(&canvas->height, texel, radius, 0.5f * radius);
  }
}

/// Fine relief and tone below the resolution of the zones.
void AddFineGrain(const SkinRecipe& recipe, const Seeds& seeds, ChartCanvas* canvas) {
  const SkinGeometry& geometry = canvas->geometry();
  const SkinGeometry::Zones& z = geometry.zones();
  const int size = canvas->size();
  const std::uint32_t coarse = seeds("grain"), fine = seeds("fine grain");
  const bool closeup = size > 1500;
  const auto age = static_cast<float>(recipe.age);
  const float even = 1.0f - 0.7f * static_cast<float>(recipe.make_up.foundation);
  const float tone = static_cast<float>(recipe.variation) * even;
  const float pigment = PigmentScale(recipe.melanin);
  const float depth = 0.016f * (0.7f + 0.9f * age) *
                      (0.5f + 0.5f * static_cast<float>(std::min(recipe.pores, 1.5)));
  cv::Mat position, lip;
  cv::resize(geometry.position_mm(), position, {size, size}, 0, 0, cv::INTER_LINEAR);
  cv::resize(z.lip, lip, {size, size}, 0, 0, cv::INTER_LINEAR);
  for (int y = 0; y < size; ++y) {
    const cv::Vec3f* p = position.ptr<cv::Vec3f>(y);
    const float* lips = lip.ptr<float>(y);
    const std::uint8_t* covered = geometry.covered().ptr<std::uint8_t>(y * kMap / size);
    const float* scalp = z.scalp.ptr<float>(y * kMap / size);
    float* melanin = canvas->melanin.ptr<float>(y);
    float* haemoglobin = canvas->haemoglobin.ptr<float>(y);
    float* height = canvas->height.ptr<float>(y);
    for (int x = 0; x < size; ++x) {
      const int map_x = x * kMap / size;
      if (covered[map_x] == 0 || scalp[map_x] > 25.0f) continue;
      const float px = recipe.mirrored ? std::abs(p[x][0]) : p[x][0];
      const float n = SolidNoise(px * 0.62f, p[x][1] * 0.62f, p[x][2] * 0.62f, coarse);
      melanin[x] += 0.009f * pigment * tone * n;
      haemoglobin[x] += 0.020f * tone * n;
      // A net of fine furrows where the noise changes sign.
      height[x] += depth * std::min(1.0f, 1.6f * std::abs(n));
      if (closeup) {
        const float f = SolidNoise(px * 1.5f, p[x][1] * 1.5f, p[x][2] * 1.5f, fine);
        melanin[x] += 0.006f * pigment * tone * f;
        height[x] += 0.5f * depth * std::min(1.0f, 1.6f * std::abs(f));
      }
      if (lips[x] > -1.0f) {
        // Furrows of the lips run up and down.
        const float on = SmoothStep(-0.5f, 1.5f, lips[x]);
        const float stripe = SolidNoise(px * 0.95f, p[x][1] * 0.10f, p[x][2] * 0.12f, fine);
        const float fold = SolidNoise(px * 0.4f, p[x][1] * 0.07f, p[x][2] * 0.1f, coarse);
        height[x] += on * (0.07f * std::min(1.0f, 1.4f * std::abs(stripe)) + 0.03f * fold);
        haemoglobin[x] += on * 0.06f * stripe;
      }
    }
  }
}

void Colour(const SkinRecipe& recipe, const cv::Mat& factors, ChartCanvas* canvas) {
  const SkinGeometry::Zones& z = canvas->geometry().zones();
  const int size = canvas->size();
  const ToneTable tones(recipe.undertone);
  const auto base_m = static_cast<float>(recipe.melanin);
  const auto base_h = static_cast<float>(recipe.haemoglobin);
  const auto lip_red = static_cast<float>(recipe.lips.redness);
  const auto lip_dark = static_cast<float>(recipe.lips.darkness);
  const auto lipstick = static_cast<float>(recipe.make_up.lipstick);
  const Eigen::Vector3f lipstick_colour(static_cast<float>(recipe.make_up.lipstick_red),
                                        static_cast<float>(recipe.make_up.lipstick_green),
                                        static_cast<float>(recipe.make_up.lipstick_blue));
  const auto eye_shadow = static_cast<float>(recipe.make_up.eye_shadow);
  cv::Mat lip, upper_lip, opening, factor;
  cv::resize(z.lip, lip, {size, size}, 0, 0, cv::INTER_LINEAR);
  cv::resize(z.upper_lip, upper_lip, {size, size}, 0, 0, cv::INTER_LINEAR);
  cv::resize(z.opening, opening, {size, size}, 0, 0, cv::INTER_LINEAR);
  if (!factors.empty()) cv::resize(factors, factor, {size, size}, 0, 0, cv::INTER_LINEAR);
  canvas->albedo.create(size, size, CV_32FC3);
  for (int y = 0; y < size; ++y) {
    const float* m = canvas->melanin.ptr<float>(y);
    const float* h = canvas->haemoglobin.ptr<float>(y);
    const float* lips = lip.ptr<float>(y);
    const float* upper = upper_lip.ptr<float>(y);
    const float* eye = opening.ptr<float>(y);
    float* gloss = canvas->gloss.ptr<float>(y);
    cv::Vec3f* out = canvas->albedo.ptr<cv::Vec3f>(y);
    for (int x = 0; x < size; ++x) {
      Eigen::Vector3f rgb = tones(base_m + m[x], base_h + h[x]);
      if (!factor.empty()) {
        const cv::Vec3f& f = factor.at<cv::Vec3f>(y, x);
        rgb = rgb.cwiseProduct(Eigen::Vector3f(f[0], f[1], f[2]));
      }
      if (lips[x] > -1.5f) {
        const float on = SmoothStep(-0.9f, 1.1f, lips[x]);
        // Thin, without melanin of its own, full of blood; the upper lip is in its own shade.
        const float light = 1.0f - base_m;
        const float melanin = base_m * (0.86f + 0.12f * upper[x] * base_m) + m[x] +
                              0.22f * lip_dark + 0.05f * upper[x] * light;
        const float blood = base_h + h[x] + (0.30f + 0.55f * lip_red) * (0.45f + 0.55f * light);
        Eigen::Vector3f red = tones(melanin, blood);
        red = red.cwiseProduct(Eigen::Vector3f(1.0f + 0.14f * light, 1.0f, 1.0f + 0.07f * light));
        if (lipstick > 0) {
          const float relief = std::clamp(red.y() / 0.16f, 0.75f, 1.3f);
          red += lipstick * 0.85f * (relief * lipstick_colour - red);
        }
        rgb += on * (red - rgb);
        gloss[x] += on * (1.35f + 0.5f * lipstick - gloss[x]);
      }
      if (eye_shadow > 0 && eye[x] > -10.0f) {
        const float on = eye_shadow * 0.5f * SmoothStep(-10.0f, -3.0f, eye[x]) *
                         z.upper_lid.at<float>(y * kMap / size, x * kMap / size);
        rgb += on * (Eigen::Vector3f(0.30f, 0.22f, 0.21f).cwiseProduct(rgb) - rgb);
      }
      out[x] = cv::Vec3f(rgb.x(), rgb.y(), rgb.z());
    }
  }
}

/// Creases lie in their own shade and hold more blood.
void DarkenCreases(const cv::Mat& deep, float pigment, ChartCanvas* canvas) {
  for (int y = 0; y < canvas->size(); ++y) {
    const float* d = deep.ptr<float>(y);
    float* m = canvas->melanin.ptr<float>(y);
    float* h = canvas->haemoglobin.ptr<float>(y);
    for (int x = 0; x < canvas->size(); ++x) {
      if (d[x] >= 0) continue;
      const float amount = std::min(-d[x], 0.7f);
      m[x] += 0.16f * pigment * amount;
      h[x] += 0.32f * amount;
    }
  }
}

cv::Mat ReliefOf(const ChartCanvas& canvas) {
  const int size = canvas.size();
  cv::Mat relief(size, size, CV_32FC3), scale;
  cv::resize(canvas.geometry().scale_mm(), scale, {size, size}, 0, 0, cv::INTER_LINEAR);
  const float per_size = 1.0f / static_cast<float>(size);
  for (int y = 0; y < size; ++y) {
    const float* row = canvas.height.ptr<float>(y);
    const int up = std::max(y - 1, 0), down = std::min(y + 1, size - 1);
    const float* above = canvas.height.ptr<float>(up);
    const float* below = canvas.height.ptr<float>(down);
    const float* gloss = canvas.gloss.ptr<float>(y);
    const cv::Vec2f* mm = scale.ptr<cv::Vec2f>(y);
    cv::Vec3f* out = relief.ptr<cv::Vec3f>(y);
    for (int x = 0; x < size; ++x) {
      const int left = std::max(x - 1, 0), right = std::min(x + 1, size - 1);
      const float du =
          (row[right] - row[left]) / (static_cast<float>(right - left) * mm[x][0] * per_size);
      const float dv =
          (below[x] - above[x]) / (static_cast<float>(down - up) * mm[x][1] * per_size);
      out[x] = cv::Vec3f(std::clamp(du, -1.5f, 1.5f), std::clamp(dv, -1.5f, 1.5f),
                         std::clamp(gloss[x], 0.0f, 3.0f));
    }
  }
  return relief;
}

/// Makes the picture fit together at the back of the head. Meshes run a little beyond its edges,
/// where the last column is repeated, so detail fades out towards them.
void CloseSeam(cv::Mat* image, bool is_relief) {
  const int size = image->cols, width = size / 80;
  cv::Mat edge(size, 1, CV_32FC3);
  for (int y = 0; y < size; ++y) {
    cv::Vec3f sum(0, 0, 0);
    const cv::Vec3f* row = image->ptr<cv::Vec3f>(y);
    for (int x = 0; x < width; ++x) sum += row[x] + row[size - 1 - x];
    edge.at<cv::Vec3f>(y, 0) = sum * (0.5f / static_cast<float>(width));
    if (is_relief) edge.at<cv::Vec3f>(y, 0)[0] = edge.at<cv::Vec3f>(y, 0)[1] = 0;
  }
  cv::GaussianBlur(edge, edge, {1, 0}, 0.1, size / 100.0, cv::BORDER_REPLICATE);
  for (int y = 0; y < size; ++y) {
    cv::Vec3f* row = image->ptr<cv::Vec3f>(y);
    const cv::Vec3f& even = edge.at<cv::Vec3f>(y, 0);
    for (int x = 0; x < width; ++x) {
      const float share = 1.0f - SmoothStep(0.0f, static_cast<float>(width), static_cast<float>(x));
      row[x] += share * (even - row[x]);
      row[size - 1 - x] += share * (even - row[size - 1 - x]);
    }
  }
}

}  // namespace

const OptionTable<BrowRecipe>& BrowRecipe::Options() {
  static const OptionTable<BrowRecipe> table = [] {
    OptionTable<BrowRecipe> t;
    t.Add("density", &BrowRecipe::density, "Hairs; 1 is about 420 per brow, 0 none.",
          {Range(0, 2)});
    t.Add("thickness", &BrowRecipe::thickness, "Height of the brow relative to the face's own.",
          {Range(0.3, 2)});
    t.Add("length", &BrowRecipe::length, "How far the tail reaches, 1 is usual.",
          {Range(0.6, 1.2)});
    t.Add("arch_mm", &BrowRecipe::arch_mm, "Raises the outer third.", {Range(-4, 6)});
    t.Add("height_mm", &BrowRecipe::height_mm, "Raises the whole brow.", {Range(-4, 6)});
    t.Add("angle_deg", &BrowRecipe::angle_deg, "Raises the tail against the head of the brow.",
          {Range(-20, 20)});
    t.Add("gap_mm", &BrowRecipe::gap_mm, "Moves the head of the brow away from the midline.",
          {Range(-8, 6)});
    t.Add("hair_mm", &BrowRecipe::hair_mm, "Length of a hair in the middle of the brow.",
          {Range(3, 16)});
    t.Add("colour", &BrowRecipe::colour, "Colour of the hairs.");
    return t;
  }();
  return table;
}

const OptionTable<BeardRecipe>& BeardRecipe::Options() {
  static const OptionTable<BeardRecipe> table = [] {
    OptionTable<BeardRecipe> t;
    t.Add("density", &BeardRecipe::density,
          "0 none, 0.2 to 0.5 the shadow of a shaven beard, 1 full.", {Range(0, 1)});
    t.Add("length_mm", &BeardRecipe::length_mm, "Length of a hair.", {Range(0.1, 14)});
    t.Add("moustache", &BeardRecipe::moustache, "Density above the lip relative to the rest.",
          {Range(0, 1)});
    t.Add("cheeks", &BeardRecipe::cheeks, "Density on cheeks and jaw; 0 leaves a goatee.",
          {Range(0, 1)});
    t.Add("colour", &BeardRecipe::colour, "Colour of the hairs.");
    return t;
  }();
  return table;
}

const OptionTable<ScalpRecipe>& ScalpRecipe::Options() {
  static const OptionTable<ScalpRecipe> table = [] {
    OptionTable<ScalpRecipe> t;
    t.Add("density", &ScalpRecipe::density, "0 bald … 1 full.", {Range(0, 1)});
    t.Add("length_mm", &ScalpRecipe::length_mm, "Length of the painted hair.", {Range(0.2, 10)});
    t.Add("recession", &ScalpRecipe::recession, "Baldness: temples first, then crown and top.",
          {Range(0, 1)});
    t.Add("sideburns", &ScalpRecipe::sideburns, "How far the sideburns reach.", {Range(0, 1)});
    t.Add("inset_mm", &ScalpRecipe::inset_mm,
          "Moves the whole hairline back; about 9 under a hair style.", {Range(0, 30)});
    t.Add("colour", &ScalpRecipe::colour, "Colour of the hairs.");
    return t;
  }();
  return table;
}

const OptionTable<LipRecipe>& LipRecipe::Options() {
  static const OptionTable<LipRecipe> table = [] {
    OptionTable<LipRecipe> t;
    t.Add("redness", &LipRecipe::redness, "0 pale … 1 deep red.", {Range(0, 1)});
    t.Add("darkness", &LipRecipe::darkness, "Pigment relative to the skin's.", {Range(-0.5, 1)});
    return t;
  }();
  return table;
}

const OptionTable<MakeUpRecipe>& MakeUpRecipe::Options() {
  static const OptionTable<MakeUpRecipe> table = [] {
    OptionTable<MakeUpRecipe> t;
    t.Add("lipstick", &MakeUpRecipe::lipstick, "How much lipstick.", {Range(0, 1)});
    t.Add("lipstick_red", &MakeUpRecipe::lipstick_red, "Its linear red.", {Range(0, 1)});
    t.Add("lipstick_green", &MakeUpRecipe::lipstick_green, "Its linear green.", {Range(0, 1)});
    t.Add("lipstick_blue", &MakeUpRecipe::lipstick_blue, "Its linear blue.", {Range(0, 1)});
    t.Add("blush", &MakeUpRecipe::blush, "How much rouge on the cheeks.", {Range(0, 1)});
    t.Add("eye_shadow", &MakeUpRecipe::eye_shadow, "How much shadow on the upper lids.",
          {Range(0, 1)});
    t.Add("foundation", &MakeUpRecipe::foundation, "How much foundation; it evens the tone out.",
          {Range(0, 1)});
    return t;
  }();
  return table;
}

const OptionTable<SkinRecipe>& SkinRecipe::Options() {
  static const OptionTable<SkinRecipe> table = [] {
    OptionTable<SkinRecipe> t;
    t.Add("melanin", &SkinRecipe::melanin, "0 the palest skin … 1 the darkest.", {Range(0, 1)});
    t.Add("haemoglobin", &SkinRecipe::haemoglobin, "0 bloodless … 1 flushed.", {Range(0, 1)});
    t.Add("undertone", &SkinRecipe::undertone, "-1 cool … 1 warm.", {Range(-1, 1)});
    t.Add("package_skin", &SkinRecipe::package_skin,
          "Skin of the asset package whose features are used; empty for none.");
    t.Add("package_strength", &SkinRecipe::package_strength, "How much of them is used.",
          {Range(0, 1)});
    t.Add("age", &SkinRecipe::age, "0 twenty years … 1 eighty.", {Range(0, 1)});
    t.Add("wrinkles", &SkinRecipe::wrinkles, "Depth of wrinkles relative to the age's.",
          {Range(0, 2)});
    t.Add("variation", &SkinRecipe::variation, "Unevenness of tone.", {Range(0, 3)});
    t.Add("zones", &SkinRecipe::zones, "Redness of cheeks, nose and ears against the forehead.",
          {Range(0, 2)});
    t.Add("redness", &SkinRecipe::redness, "Patches of flushed skin.", {Range(0, 1)});
    t.Add("freckles", &SkinRecipe::freckles, "How many freckles.", {Range(0, 3000)});
    t.Add("moles", &SkinRecipe::moles, "How many moles.", {Range(0, 80)});
    t.Add("pores", &SkinRecipe::pores, "Depth of pores and fine furrows.", {Range(0, 2)});
    t.Add("gloss", &SkinRecipe::gloss, "0.2 powdered … 2 oily.", {Range(0.2, 2)});
    t.Add("eyelid_tone", &SkinRecipe::eyelid_tone, "Darker and redder lids.", {Range(0, 1)});
    t.Add("under_eye", &SkinRecipe::under_eye, "Shadows below the eyes.", {Range(0, 1)});
    t.Add("lid_crease", &SkinRecipe::lid_crease, "Depth of the upper lid's fold.", {Range(0, 1)});
    t.Add("lips", &SkinRecipe::lips, "The red of the lips.");
    t.Add("make_up", &SkinRecipe::make_up, "Make-up.");
    t.Add("brows", &SkinRecipe::brows, "Eyebrows.");
    t.Add("beard", &SkinRecipe::beard, "Stubble or a short beard.");
    t.Add("scalp", &SkinRecipe::scalp, "Painted hair on the scalp.");
    t.Add("mirrored", &SkinRecipe::mirrored,
          "Whether the right side is the mirror image of the left one.");
    t.Add("seed", &SkinRecipe::seed, "Of everything that is random.", {AtLeast(0)});
    return t;
  }();
  return table;
}

SkinRecipe NeutralSkinRecipe() {
  SkinRecipe recipe;
  recipe.melanin = 0.36;
  recipe.haemoglobin = 0.38;
  recipe.age = 0;
  recipe.wrinkles = 0;
  recipe.variation = 0;
  recipe.zones = 0.5;
  recipe.moles = 0;
  recipe.pores = 0.3;
  recipe.gloss = 0.7;
  recipe.eyelid_tone = 0.2;
  recipe.under_eye = 0;
  recipe.lips.redness = 0.4;
  recipe.brows.colour.melanin = 0.7;
  recipe.mirrored = true;
  recipe.seed = 0;
  return recipe;
}

std::vector<std::string> PackageSkins(const std::filesystem::path& package_dir) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(package_dir / "skins", error)) {
    if (!std::filesystem::is_directory(entry.path() / "textures")) continue;
    for (const auto& file : std::filesystem::directory_iterator(entry.path() / "textures")) {
      const std::string stem = file.path().stem().string();
      if (stem.find("special_suit") != std::string::npos) continue;  // Painted with a costume.
      names.push_back(entry.path().filename().string() + "/" + stem);
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

cv::Mat ReadPackageSkin(const std::filesystem::path& package_dir, const std::string& name) {
  const size_t slash = name.find('/');
  const std::filesystem::path file =
      package_dir / "skins" / name.substr(0, slash) / "textures" /
      ((slash == std::string::npos ? name : name.substr(slash + 1)) + ".png");
  cv::Mat image = cv::imread(file.string(), cv::IMREAD_COLOR);
  if (image.empty()) throw DataError(fmt::format("Cannot read the skin {}.", file.string()));
  return image;
}

SkinImages PaintSkin(const SkinRecipe& recipe, const SkinGeometry& geometry,
                     const cv::Mat& package_skin, int size_px) {
  if (size_px < 256 || size_px > 4096) {
    throw UsageError(fmt::format("A skin is 256 to 4096 texels wide, not {}.", size_px));
  }
  const Seeds seeds(recipe.seed);
  ChartCanvas canvas(geometry, size_px);
  cv::Mat melanin, haemoglobin, gloss, factors;
  PaintTone(recipe, geometry, seeds, &melanin, &haemoglobin, &gloss);
  if (!package_skin.empty() && !geometry.atlas_uv().empty() && recipe.package_strength > 0) {
    factors = PackageFactors(geometry, package_skin, static_cast<float>(recipe.package_strength),
                             0.7f - 0.5f * static_cast<float>(recipe.melanin), recipe.mirrored);
  }
  const cv::Size size(size_px, size_px);
  cv::resize(melanin, canvas.melanin, size, 0, 0, cv::INTER_LINEAR);
  cv::resize(haemoglobin, canvas.haemoglobin, size, 0, 0, cv::INTER_LINEAR);
  cv::resize(gloss, canvas.gloss, size, 0, 0, cv::INTER_LINEAR);
  canvas.height = cv::Mat::zeros(size, CV_32F);
  CarveWrinkles({recipe.age, recipe.wrinkles, recipe.lid_crease}, recipe.seed, recipe.mirrored,
                &canvas);
  DarkenCreases(canvas.height, PigmentScale(recipe.melanin), &canvas);
  AddFineGrain(recipe, seeds, &canvas);
  AddPores(recipe, seeds, &canvas);
  AddSpots(recipe, seeds, &canvas);
  Colour(recipe, factors, &canvas);
  PaintScalp(recipe.scalp, recipe.seed, recipe.mirrored, &canvas);
  PaintBeard(recipe.beard, recipe.seed, recipe.mirrored, &canvas);
  PaintBrows(recipe.brows, recipe.seed, recipe.mirrored, &canvas);
  SkinImages images{canvas.albedo, ReliefOf(canvas)};
  CloseSeam(&images.albedo, false);
  CloseSeam(&images.relief, true);
  return images;
}

BakedSkin BakeSkin(const SkinRecipe& recipe, const SkinGeometry& geometry,
                   const cv::Mat& package_skin, int size_px) {
  const SkinImages images = PaintSkin(recipe, geometry, package_skin, size_px);
  return {std::make_shared<Texture>(images.albedo), std::make_shared<Texture>(images.relief)};
}

std::shared_ptr<const Material> SkinMaterial(const BakedSkin& skin, double gloss) {
  auto material = std::make_shared<Material>();
  material->kind = Material::Kind::kSkin;
  material->albedo = Eigen::Vector3f::Ones();
  material->albedo_texture = skin.albedo;
  material->relief_texture = skin.relief;
  material->specular = static_cast<float>(0.6 * gloss);
  material->roughness = 0.5f;
  material->scatter = 0.5f;
  return material;
}

}  // namespace maskbench
