#include "face_hair.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <opencv2/imgproc.hpp>

#include "maskbench/core/rng.h"

#include "solid_noise.h"

namespace maskbench {
namespace {

constexpr float kPi = 3.14159265f;

/// Colour of one hair.
class HairTint {
 public:
  explicit HairTint(const HairColour& colour)
      : pigmented_(PigmentedHairAlbedo(colour)),
        white_(WhiteHairAlbedo()),
        grey_(static_cast<float>(colour.grey)) {}
  Eigen::Vector3f operator()(PointRandom* random) const {
    const float brightness = std::exp(0.3f * random->Triangular());
    const bool white = random->Uniform() < grey_;
    return (white ? 0.75f * white_ : pigmented_) * brightness;
  }
  Eigen::Vector3f mean() const { return (1.0f - grey_) * pigmented_ + grey_ * white_; }

 private:
  Eigen::Vector3f pigmented_, white_;
  float grey_;
};

/// A hair in millimetres on the skin: x to the patient's left, y up.
struct HairShape {
  float angle, bend;  ///< Direction at the root and how far it turns to the tip, radians.
  float length_mm, width_mm, opacity;
};

void DrawHair(const Eigen::Vector2f& root_texel, const HairShape& shape,
              const Eigen::Vector3f& colour, ChartCanvas* canvas) {
  const Eigen::Vector2f mm = canvas->MmPerTexel(root_texel);
  const auto step = [&](float angle, float length) {
    return Eigen::Vector2f(std::cos(angle) * length / mm.x(), -std::sin(angle) * length / mm.y());
  };
  ChartCanvas::Hair hair;
  hair.root = root_texel;
  hair.control = hair.root + step(shape.angle, 0.5f * shape.length_mm);
  hair.tip = hair.control + step(shape.angle + shape.bend, 0.5f * shape.length_mm);
  hair.width_mm = shape.width_mm;
  hair.opacity = shape.opacity;
  hair.colour = colour;
  canvas->Draw(hair);
}

float Interpolate(const std::vector<Eigen::Vector2f>& table, float x) {
  for (size_t i = 1; i < table.size(); ++i) {
    if (x <= table[i].x()) {
      const float t =
          std::clamp((x - table[i - 1].x()) / (table[i].x() - table[i - 1].x()), 0.0f, 1.0f);
      return table[i - 1].y() + t * (table[i].y() - table[i - 1].y());
    }
  }
  return table.back().y();
}

/// Middle line and half thickness of a brow in chart millimetres of the left side.
class BrowShape {
 public:
  BrowShape(const SkinOutlines& outlines, const BrowRecipe& recipe)
      : recipe_(recipe), middle_(outlines.brow), half_mm_(outlines.brow_half_mm) {
    centre_s_ = 0.5f * (middle_.front().x() + middle_.back().x());
  }
  Eigen::Vector2f Middle(float along) const {
    const float reach = along * static_cast<float>(recipe_.length);
    const float place = std::clamp(reach, 0.0f, 1.2f) * static_cast<float>(middle_.size() - 1);
    const int i = std::clamp(static_cast<int>(place), 0, static_cast<int>(middle_.size()) - 2);
    const auto at = [&](int k) {
      return middle_[std::clamp(k, 0, static_cast<int>(middle_.size()) - 1)];
    };
    const float t = place - static_cast<float>(i);  // Catmull–Rom.
    Eigen::Vector2f q =
        0.5f * (2.0f * at(i) + t * (at(i + 1) - at(i - 1)) +
                t * t * (2.0f * at(i - 1) - 5.0f * at(i) + 4.0f * at(i + 1) - at(i + 2)) +
                t * t * t * (3.0f * at(i) - at(i - 1) - 3.0f * at(i + 1) + at(i + 2)));
    q.x() += static_cast<float>(recipe_.gap_mm) * SmoothStep(0.8f, 0.0f, along);
    const float bump = (along - 0.62f) / 0.2f;
    q.y() += static_cast<float>(recipe_.arch_mm) * std::exp(-0.5f * bump * bump) +
             static_cast<float>(recipe_.height_mm) +
             static_cast<float>(std::tan(recipe_.angle_deg / 57.29578)) * (q.x() - centre_s_);
    return q;
  }
  float Half(float along) const {
    const float course = Interpolate(
        {{0.0f, 0.74f}, {0.12f, 1.0f}, {0.45f, 0.95f}, {0.7f, 0.76f}, {1.0f, 0.36f}}, along);
    return half_mm_ * course * static_cast<float>(recipe_.thickness);
  }

 private:
  const BrowRecipe& recipe_;
  SkinOutlines::Line middle_;
  float half_mm_, centre_s_;
};

}  // namespace

void PaintBrows(const BrowRecipe& recipe, std::uint64_t seed, bool mirrored, ChartCanvas* canvas) {
  if (recipe.density <= 0) return;
  const BrowShape shape(canvas->geometry().outlines(), recipe);
  const HairTint tint(recipe.colour);
  const float size = static_cast<float>(canvas->size());
  const int count = static_cast<int>(420 * recipe.density * std::sqrt(recipe.thickness));
  for (int side = 0; side < 2; ++side) {
    NamedRandom named(seed, "skin", side == 0 || mirrored ? "left brow" : "right brow");
    // Two passes: first wide, faint strokes that tint the skin between the hairs.
    for (int pass = 0; pass < 2; ++pass) {
      PointRandom random(named.NextBits());
      for (int i = 0; i < count; ++i) {
        const float along =
            std::clamp((static_cast<float>(i) + random.Uniform()) / static_cast<float>(count) +
                           0.04f * random.Triangular(),
                       -0.05f, 1.0f);
        // Dense in the middle, thinning out over both borders.
        const float across = 0.62f * (random.Uniform() * 2.0f - 1.0f) + 0.5f * random.Triangular();
        const bool kept =
            random.Uniform() <
            Interpolate({{0.0f, 0.22f}, {0.08f, 0.6f}, {0.2f, 1.0f}, {0.65f, 1.0f}, {1.0f, 0.32f}},
                        along);
        const Eigen::Vector2f middle = shape.Middle(along);
        const Eigen::Vector2f ahead = shape.Middle(along + 0.02f);
        Eigen::Vector2f tangent = (ahead - middle).normalized();
        const Eigen::Vector2f normal(-tangent.y(), tangent.x());
        const Eigen::Vector2f root = middle + across * shape.Half(along) * normal;
        // Upright at the head of the brow; from there lower hairs sweep up, upper ones down.
        const float course = std::atan2(tangent.y(), tangent.x());
        const float rise = Interpolate({{0.0f, 1.45f},
                                        {0.1f, 1.15f},
                                        {0.25f, 0.75f},
                                        {0.5f, 0.42f},
                                        {0.75f, 0.2f},
                                        {1.0f, 0.05f}},
                                       along);
        const float part = Interpolate({{0.0f, 0.15f}, {0.3f, 0.45f}, {1.0f, 0.3f}}, along);
        HairShape hair;
        hair.angle = course + rise - part * across + (0.2f + 0.16f * along) * random.Triangular();
        hair.bend = -0.45f * (rise - 0.1f) - 0.1f + 0.25f * random.Triangular();
        hair.length_mm =
            static_cast<float>(recipe.hair_mm) * (0.75f + 0.3f * random.Triangular()) *
            Interpolate({{0.0f, 0.7f}, {0.25f, 0.95f}, {0.6f, 1.0f}, {1.0f, 0.6f}}, along);
        hair.width_mm = 0.15f + 0.04f * random.Triangular();
        hair.opacity = 0.88f;
        // Brows are darker than the hair of the head.
        Eigen::Vector3f colour = 0.6f * tint(&random);
        if (!kept) continue;
        if (pass == 0) {
          hair.width_mm = 1.6f;
          hair.opacity = 0.045f;
          hair.length_mm *= 0.9f;
          colour = 0.6f * tint.mean();
        }
        Eigen::Vector2f texel = canvas->Texel(root);
        if (side == 1) {
          texel.x() = size - 1.0f - texel.x();
          hair.angle = kPi - hair.angle;
          hair.bend = -hair.bend;
        }
        DrawHair(texel, hair, colour, canvas);
      }
    }
  }
}

void PaintBeard(const BeardRecipe& recipe, std::uint64_t seed, bool mirrored, ChartCanvas* canvas) {
  if (recipe.density <= 0) return;
  const SkinGeometry& geometry = canvas->geometry();
  const SkinGeometry::Zones& zones = geometry.zones();
  const HairTint tint(recipe.colour);
  NamedRandom named(seed, "skin", "beard");
  const std::uint32_t noise_seed = named.NextBits(), scatter_seed = named.NextBits();
  const auto density = static_cast<float>(recipe.density);
  const auto length_mm = static_cast<float>(recipe.length_mm);
  const auto cheeks = static_cast<float>(recipe.cheeks);
  const auto moustache = static_cast<float>(recipe.moustache);
  const float uneven = 1.0f - 0.65f * SmoothStep(1.0f, 5.0f, length_mm);  // Long hair hides gaps.
  const int n = SkinGeometry::kSize;
  const Eigen::Vector2f lip_corner = geometry.outlines().lip_upper.back();
  cv::Mat cover(n, n, CV_32F);
  for (int y = 0; y < n; ++y) {
    for (int x = 0; x < n; ++x) {
      cv::Vec3f p = geometry.position_mm().at<cv::Vec3f>(y, x);
      if (mirrored) p[0] = std::abs(p[0]);
      const float chin = SmoothStep(lip_corner.x() + 9.0f, lip_corner.x() - 1.0f, std::abs(p[0])) *
                         SmoothStep(-118.0f, -104.0f, p[1]);
      const float jaw = zones.beard.at<float>(y, x) * std::max(cheeks, chin);
      const float lip = zones.moustache.at<float>(y, x) * moustache;
      float value = jaw + lip;
      if (value > 0) {  // Uneven growth, patchy at the borders.
        const float patch = uneven * SolidNoise(p[0] / 7, p[1] / 7, p[2] / 7, noise_seed);
        value =
            std::clamp(value * (1.0f + 0.25f * patch) + 0.12f * patch * (1.0f - value), 0.0f, 1.1f);
      }
      cover.at<float>(y, x) = value;
    }
  }
  // The shadow of the roots inside the skin, bluish on light skin because light is scattered before
  // and after it meets the dark hair.
  cv::Mat shadow;
  cv::resize(cover, shadow, canvas->albedo.size(), 0, 0, cv::INTER_LINEAR);
  // White stubble casts no shadow.
  const float greyed = static_cast<float>(recipe.colour.grey) * SmoothStep(3.0f, 1.0f, length_mm);
  const Eigen::Vector3f hair_colour = greyed > 0 ? PigmentedHairAlbedo(recipe.colour) : tint.mean();
  const float strength = (1.0f - 0.85f * greyed) *
                         (0.42f + 0.30f * SmoothStep(0.4f, 4.0f, length_mm)) *
                         std::min(density, 1.0f);
  constexpr std::array<float, 3> kSlate = {0.40f, 0.45f, 0.53f};
  const float hides = SmoothStep(0.8f, 4.0f, length_mm);
  for (int y = 0; y < canvas->size(); ++y) {
    cv::Vec3f* row = canvas->albedo.ptr<cv::Vec3f>(y);
    float* gloss = canvas->gloss.ptr<float>(y);
    const float* from = shadow.ptr<float>(y);
    for (int x = 0; x < canvas->size(); ++x) {
      const float alpha = strength * from[x];
      if (alpha <= 0) continue;
      for (int c = 0; c < 3; ++c) {
        const float within = 0.25f * hair_colour[c] + kSlate[c] * row[x][c];
        row[x][c] += alpha * (within + hides * (hair_colour[c] - within) - row[x][c]);
      }
      gloss[x] *= 1.0f - 0.4f * std::min(1.0f, density * from[x]);
    }
  }
  // About 25 hairs per square centimetre of cheek and twice that many on chin and lip; short
  // hairs are drawn denser because each covers less.
  const float per_mm2 = density * (length_mm > 2.0f ? 1.0f : 0.5f);
  const std::vector<SkinPoint> roots = Scatter(geometry, per_mm2 * cover, scatter_seed, mirrored);
  const float size = static_cast<float>(canvas->size());
  for (const SkinPoint& point : roots) {
    PointRandom random(point.bits);
    const Eigen::Vector2f texel = point.uv * size - Eigen::Vector2f::Constant(0.5f);
    const bool right = point.uv.x() < 0.5f;
    const int mx = std::clamp(static_cast<int>(point.uv.x() * static_cast<float>(n)), 0, n - 1);
    const int my = std::clamp(static_cast<int>(point.uv.y() * static_cast<float>(n)), 0, n - 1);
    const cv::Vec3f& p = geometry.position_mm().at<cv::Vec3f>(my, mx);
    const float above_lip = zones.moustache.at<float>(my, mx);
    // Down on cheeks and chin, to the side on the lip, forward under the jaw.
    const float sideways = above_lip * (0.35f + 0.035f * std::abs(p[0]));
    HairShape hair;
    const float away = sideways + 0.28f * random.Triangular();
    hair.angle = -0.5f * kPi + (right ? -away : away);
    hair.bend = 0.5f * random.Triangular() + (right ? -0.15f : 0.15f) * above_lip;
    hair.length_mm = length_mm * (0.8f + 0.45f * random.Triangular());
    hair.width_mm = 0.13f + 0.03f * random.Triangular();
    hair.opacity = length_mm > 1.5f ? 0.85f : 0.7f;
    if (length_mm > 2.0f) hair.width_mm += 0.05f;
    DrawHair(texel, hair, tint(&random), canvas);
  }
}

void PaintScalp(const ScalpRecipe& recipe, std::uint64_t seed, bool mirrored, ChartCanvas* canvas) {
  if (recipe.density <= 0) return;
  const SkinGeometry& geometry = canvas->geometry();
  const SkinGeometry::Zones& zones = geometry.zones();
  const HairTint tint(recipe.colour);
  NamedRandom named(seed, "skin", "scalp");
  const std::uint32_t coarse_seed = named.NextBits(), fine_seed = named.NextBits();
  const std::uint32_t scatter_seed = named.NextBits();
  const auto density = static_cast<float>(recipe.density);
  const auto length_mm = static_cast<float>(recipe.length_mm);
  const auto recession = static_cast<float>(recipe.recession);
  const auto sideburns = static_cast<float>(recipe.sideburns);
  const auto inset = static_cast<float>(recipe.inset_mm);
  const int n = SkinGeometry::kSize;
  cv::Mat cover(n, n, CV_32F), shade = cv::Mat::zeros(n, n, CV_32F);
  for (int y = 0; y < n; ++y) {
    for (int x = 0; x < n; ++x) {
      float& value = cover.at<float>(y, x);
      float distance = zones.scalp.at<float>(y, x) - inset;
      value = 0;
      if (distance < -20.0f) continue;
      cv::Vec3f p = geometry.position_mm().at<cv::Vec3f>(y, x);
      if (mirrored) p[0] = std::abs(p[0]);
      const float side = std::abs(p[0]);
      // Temples go first, then the whole front, then the top.
      const float temple = std::exp(-0.5f * (std::pow((side - 42.0f) / 15.0f, 2.0f) +
                                             std::pow((p[1] - 70.0f) / 16.0f, 2.0f)));
      const float top = SmoothStep(45.0f, 70.0f, p[1]) * SmoothStep(70.0f, 50.0f, side) *
                        SmoothStep(-150.0f, -125.0f, p[2]);
      distance -= recession * 34.0f * temple + 12.0f * recession * top +
                  150.0f * SmoothStep(0.55f, 1.0f, recession) * top;
      // Sideburns end higher or lower before the ear.
      const float before_ear = SmoothStep(-72.0f, -62.0f, p[2]);
      const float end = 10.0f - 36.0f * sideburns;
      distance -= 30.0f * before_ear * SmoothStep(end + 5.0f, end - 7.0f, p[1]);
      const float crown = 1.0f - zones.crown.at<float>(y, x) * SmoothStep(0.3f, 0.75f, recession);
      const float grows = crown * (1.0f - zones.ear.at<float>(y, x));
      shade.at<float>(y, x) = grows * SmoothStep(-2.0f, 15.0f, distance);
      const float ragged = SolidNoise(p[0] / 9, p[1] / 9, p[2] / 9, coarse_seed) +
                           0.7f * SolidNoise(p[0] / 2.6f, p[1] / 2.6f, p[2] / 2.6f, fine_seed);
      value = grows * SmoothStep(-5.0f, 11.0f, distance + (inset > 0 ? 0.6f : 1.8f) * ragged);
    }
  }
  cv::Mat shadow;
  cv::resize(shade, shadow, canvas->albedo.size(), 0, 0, cv::INTER_LINEAR);
  const Eigen::Vector3f hair_colour = tint.mean();
  const float strength =
      std::min(density, 1.0f) * (0.45f + 0.42f * SmoothStep(0.2f, 4.0f, length_mm));
  const Eigen::Vector3f slate = 0.8f * hair_colour + Eigen::Vector3f(0.010f, 0.011f, 0.012f);
  for (int y = 0; y < canvas->size(); ++y) {
    cv::Vec3f* row = canvas->albedo.ptr<cv::Vec3f>(y);
    float* gloss = canvas->gloss.ptr<float>(y);
    const float* from = shadow.ptr<float>(y);
    for (int x = 0; x < canvas->size(); ++x) {
      const float alpha = strength * from[x];
      if (alpha <= 0) continue;
      for (int c = 0; c < 3; ++c) row[x][c] += alpha * (slate[c] - row[x][c]);
      gloss[x] *= 1.0f - 0.6f * std::min(1.0f, density * from[x]);
    }
  }
  // Two hairs per square millimetre grow there; thicker strokes stand for several.
  const float per_mm2 = density * (length_mm > 1.5f ? 1.1f : 0.7f);
  const std::vector<SkinPoint> roots = Scatter(geometry, per_mm2 * cover, scatter_seed, mirrored);
  const float size = static_cast<float>(canvas->size());
  for (const SkinPoint& point : roots) {
    PointRandom random(point.bits);
    const Eigen::Vector2f texel = point.uv * size - Eigen::Vector2f::Constant(0.5f);
    const bool right = point.uv.x() < 0.5f;
    HairShape hair;
    // Forward over the forehead, down and back at the sides.
    const float back = SmoothStep(0.62f, 0.75f, right ? 1.0f - point.uv.x() : point.uv.x());
    const float away = 0.35f * back + 0.35f * random.Triangular();
    hair.angle = -0.5f * kPi + (right ? -away : away);
    hair.bend = 0.4f * random.Triangular();
    hair.length_mm = std::min(length_mm, 10.0f) * (0.8f + 0.4f * random.Triangular());
    hair.width_mm = 0.2f + 0.05f * random.Triangular();
    hair.opacity = 0.75f;
    DrawHair(texel, hair, tint(&random), canvas);
  }
}

}  // namespace maskbench
