#include "experiments/training/eye_network/crop_disguise.h"

#include <algorithm>
#include <cmath>

#include <opencv2/imgproc.hpp>

#include "experiments/training/eye_network/crop_people.h"

namespace maskbench::training {
namespace {

constexpr float kPi = 3.14159265358979323846f;
using Colour = cv::Vec3f;

float Smooth(float low, float high, float x) {
  const float t = std::clamp((x - low) / (high - low), 0.0f, 1.0f);
  return t * t * (3 - 2 * t);
}

float Bell(float x, float width) { return std::exp(-(x * x) / (width * width)); }

Colour Mix(const Colour& a, const Colour& b, float t) { return a + (b - a) * t; }

float Luminance(const Colour& c) { return 0.2126f * c[0] + 0.7152f * c[1] + 0.0722f * c[2]; }

float Draw(NamedRandom* random, double low, double high) {
  return static_cast<float>(Between(random, low, high));
}
float DrawLog(NamedRandom* random, double low, double high) {
  return static_cast<float>(BetweenLog(random, low, high));
}

// A pixel and where it lies; distances in mm, coverage of the skin above and below and of the globe
// between the margins.
struct Spot {
  float along, above, below;
  float skin_above, skin_below, globe;
  Part part;
  int x, y;  // In the field's area.
};

// Smooth noise of unit size: a random grid, enlarged.
cv::Mat Noise(NamedRandom* random, cv::Size size, double grain_px) {
  const int columns = static_cast<int>(size.width / grain_px) + 3;
  const int rows = static_cast<int>(size.height / grain_px) + 3;
  cv::Mat grid(rows, columns, CV_32F);
  for (int y = 0; y < rows; ++y)
    for (int x = 0; x < columns; ++x) grid.at<float>(y, x) = static_cast<float>(random->Normal());
  cv::Mat noise;
  cv::resize(grid, noise, size, 0, 0, cv::INTER_CUBIC);
  return noise;
}

class Painter {
 public:
  Painter(const EyeField& field, const EyeFrameTruth& truth, const cv::Mat& labels, float white,
          NamedRandom* random, cv::Mat* linear)
      : field_(field),
        truth_(truth),
        labels_(labels),
        white_(white),
        random_(random),
        picture_(*linear) {
    const float mm = static_cast<float>(1 / field.px_per_mm);
    fissure_px_ = static_cast<float>((truth.lateral_corner_px - truth.medial_corner_px).norm());
    fissure_mm_ = fissure_px_ * mm;
    float openness = 0;
    for (size_t k = 8; k < 25; ++k)
      openness = std::max(openness,
                          static_cast<float>((truth.lower[k].pixel - truth.upper[k].pixel).norm()));
    open_mm_ = openness * mm;
    Colour sum(0, 0, 0);
    int count = 0;
    Each([&](const Spot& spot, Colour& pixel) {
      if (spot.part != Part::kSkin || spot.along < 0 || spot.along > 1) return;
      if ((spot.above > 2 && spot.above < 9) || (spot.below > 2 && spot.below < 9)) {
        sum += pixel;
        ++count;
      }
    });
    skin_ = count > 0 ? Colour(sum / static_cast<float>(count)) : Colour(0.2f, 0.15f, 0.12f);
    Colour white_sum(0, 0, 0);
    int white_count = 0;
    Each([&](const Spot& spot, Colour& pixel) {
      if (spot.part != Part::kSclera || spot.globe < 0.9f) return;
      white_sum += pixel;
      ++white_count;
    });
    white_of_eye_ = white_count > 0 ? Colour(white_sum / static_cast<float>(white_count))
                                    : Colour(1.3f * skin_);
  }

  bool Paint() {
    if (Often(0.6)) Texture();
    if (Often(0.5)) Freckles();
    if (Often(0.55)) Shading();
    if (Often(0.45)) DarkCircles();
    if (Often(0.75)) Creases();
    if (Often(0.55)) LowerLines();
    if (Often(0.3)) LateralLines();
    const bool make_up = Often(0.26);
    const bool shadow = make_up && Often(0.5), upper_liner = make_up && Often(0.6),
               lower_liner = make_up && Often(0.45), mascara = make_up && Often(0.6);
    if (shadow) EyeShadow();
    if (Often(make_up ? 0.5 : 0.15)) DarkRing();
    if (Often(0.85)) LitGlobe();
    if (Often(0.5)) LimbusHaze();
    if (Often(0.7)) GlobeTone();
    if (Often(0.75)) LidShadow();
    if (Often(0.8)) Rim();
    if (Often(0.45)) Tear();
    if (Often(0.65)) LowerLashLine();
    if (Often(0.95)) LashBand();
    if (lower_liner) LowerLiner();
    if (upper_liner) UpperLiner();
    if (Often(0.3)) Window();
    if (mascara || Often(0.4)) Lashes(mascara);
    if (Often(0.10)) Strands();
    if (Often(0.3)) Gradient();
    if (Often(0.15)) CastShadow();
    return shadow || upper_liner || lower_liner || mascara;
  }

 private:
  bool Often(double probability) { return Chance(random_, probability); }

  template <typename Visit>
  void Each(const Visit& visit) {
    const auto mm = static_cast<float>(1 / field_.px_per_mm);
    for (int y = 0; y < field_.area.height; ++y) {
      const float* along = field_.along.ptr<float>(y);
      const float* above = field_.above_px.ptr<float>(y);
      const float* below = field_.below_px.ptr<float>(y);
      const float* globe = field_.globe.ptr<float>(y);
      const unsigned char* label = labels_.ptr<unsigned char>(y);
      auto* pixel = picture_.ptr<Colour>(y);
      for (int x = 0; x < field_.area.width; ++x) {
        const Part part = static_cast<Part>(label[x]);
        if (part == Part::kOccluder || part == Part::kGlasses || part == Part::kBackground)
          continue;
        // Beyond the corners upper lid and lower lid blend, the farther out the more softly.
        const float beyond = std::max({0.0f, -along[x], along[x] - 1});
        const float soft = 0.5f + 0.9f * beyond * fissure_px_;
        const float up = std::clamp(0.5f + 0.5f * above[x] / soft, 0.0f, 1.0f);
        const float down = beyond > 0 ? 1 - up : std::clamp(0.5f + below[x], 0.0f, 1.0f) * (1 - up);
        // Where a fold of skin hides the opening nothing of the globe is painted.
        const float open = part == Part::kSkin && globe[x] > 0.9f ? 0.0f : globe[x];
        visit(Spot{along[x], above[x] * mm, below[x] * mm, up, down, open, part, x, y}, pixel[x]);
      }
    }
  }

  // 1 between the corners, fading out over `soft` of the fissure at either end.
  static float Within(float along, float soft) {
    return Smooth(0, soft, along) * Smooth(0, soft, 1 - along);
  }

  void Texture() {
    const float size = Draw(random_, 0.02, 0.14);
    const cv::Mat coarse =
        Noise(random_, field_.area.size(), field_.px_per_mm * Between(random_, 2, 8));
    const cv::Mat fine = Noise(random_, field_.area.size(),
                               std::max(1.0, field_.px_per_mm * Between(random_, 0.4, 1.2)));
    const float share = Draw(random_, 0, 1);
    Each([&](const Spot& spot, Colour& pixel) {
      if (spot.globe > 0.5f) return;
      const float n =
          coarse.at<float>(spot.y, spot.x) * (1 - share) + fine.at<float>(spot.y, spot.x) * share;
      const float factor = std::max(0.3f, 1 + size * n * (1 - spot.globe));
      pixel = {pixel[0] * factor, pixel[1] * factor, pixel[2] * factor};
    });
  }

  void Freckles() {
    const int count = static_cast<int>(BetweenLog(random_, 2, 60));
    const cv::Size size = field_.area.size();
    cv::Mat dark = cv::Mat::zeros(size, CV_32F);
    for (int k = 0; k < count; ++k) {
      const double x = random_->Uniform() * size.width, y = random_->Uniform() * size.height;
      const double radius = field_.px_per_mm * BetweenLog(random_, 0.15, 0.8);
      const auto strength = Draw(random_, 0.05, 0.4);
      const int reach = static_cast<int>(2 * radius) + 2;
      for (int j = std::max(0, static_cast<int>(y) - reach);
           j < std::min(size.height, static_cast<int>(y) + reach); ++j)
        for (int i = std::max(0, static_cast<int>(x) - reach);
             i < std::min(size.width, static_cast<int>(x) + reach); ++i) {
          const auto far = static_cast<float>(std::hypot(i - x, j - y) / std::max(0.7, radius));
          float& value = dark.at<float>(j, i);
          value = std::max(
              value, strength * std::min(1.0f, static_cast<float>(radius / 0.7)) * Bell(far, 1));
        }
    }
    Each([&](const Spot& spot, Colour& pixel) {
      const float d = dark.at<float>(spot.y, spot.x) * (1 - spot.globe);
      if (d > 0) pixel = {pixel[0] * (1 - 0.8f * d), pixel[1] * (1 - d), pixel[2] * (1 - d)};
    });
  }

  // Deep-set or puffy: broad light and dark along the upper lid and under the brow.
  void Shading() {
    const float lid = Draw(random_, -0.35, 0.45), lid_at = Draw(random_, 1.5, 6),
                lid_width = Draw(random_, 1.5, 4);
    const float brow = Draw(random_, -0.15, 0.55), brow_at = Draw(random_, 7, 14),
                brow_width = Draw(random_, 3, 7);
    const float nasal = Draw(random_, -0.1, 0.5), nasal_width = Draw(random_, 3, 8);
    Each([&](const Spot& spot, Colour& pixel) {
      if (spot.globe > 0.5f) return;
      float factor = 1;
      const float wide = Smooth(-0.45f, 0.1f, spot.along) * Smooth(1.5f, 0.95f, spot.along);
      if (spot.skin_above > 0) {
        factor -= lid * wide * Bell(spot.above - lid_at, lid_width);
        factor -= brow * wide * Bell(spot.above - brow_at, brow_width);
      }
      if (spot.along < 0.15f) {
        const float far = std::hypot((spot.along - 0.02f) * fissure_mm_, spot.above);
        factor -= nasal * Bell(far, nasal_width);
      }
      factor = 1 + (std::max(0.25f, factor) - 1) * (1 - spot.globe);
      pixel *= factor;
    });
  }

  void DarkCircles() {
    const Colour tint(Draw(random_, 0.70, 1.0), Draw(random_, 0.55, 0.9), Draw(random_, 0.6, 1.0));
    const float at = Draw(random_, 2, 8), width = Draw(random_, 2, 7),
                strength = Draw(random_, 0.2, 1.0);
    const float above = Draw(random_, 0, 1);
    Each([&](const Spot& spot, Colour& pixel) {
      const float wide = Smooth(-0.35f, 0.1f, spot.along) * Smooth(1.4f, 0.9f, spot.along);
      const float share = spot.skin_below * Bell(spot.below - at, width) +
                          above * spot.skin_above * Bell(spot.above - 3, 4);
      const float m = std::min(1.0f, strength * wide * share);
      if (m <= 0) return;
      for (int c = 0; c < 3; ++c) pixel[c] *= 1 - m * (1 - tint[c]);
    });
  }

  // Folds of the upper lid: a dark line with light beside it, nearer the margin at the corners.
  void Creases() {
    const int count = 1 + static_cast<int>(random_->Below(3));
    const float from = 2.5f + Draw(random_, 0, 1) * std::max(0.0f, 8.0f - open_mm_) * 0.5f;
    float at = from + Draw(random_, 0, 5);
    for (int k = 0; k < count; ++k) {
      const float dark = DrawLog(random_, 0.12, 0.75) * (k == 0 ? 1.0f : 0.6f);
      const float width = DrawLog(random_, 0.25, 1.0), light = Draw(random_, 0, 0.25);
      const float ends = Draw(random_, 0.2, 0.9), lean = Draw(random_, -0.25, 0.35);
      const float from_along = Draw(random_, -0.1, 0.25), to_along = Draw(random_, 0.85, 1.25);
      Each([&](const Spot& spot, Colour& pixel) {
        if (spot.skin_above <= 0 || spot.above < 0.3f || spot.above > at + 6) return;
        const float s = std::clamp(spot.along, 0.0f, 1.0f);
        const float line = at * (ends + (1 - ends) * std::sin(kPi * s)) * (1 + lean * (s - 0.5f));
        const float fade = Smooth(from_along, from_along + 0.2f, spot.along) *
                           Smooth(to_along, to_along - 0.2f, spot.along);
        const float d = spot.above - line;
        const float factor = 1 - dark * Bell(d, width) + light * Bell(d + 1.3f * width, width) +
                             0.5f * light * Bell(d - 1.8f * width, 1.5f * width);
        pixel *= 1 + (factor - 1) * fade;
      });
      at += Draw(random_, 0.8, 4);
    }
  }

  void LowerLines() {
    const int count = 1 + static_cast<int>(random_->Below(3));
    float at = Draw(random_, 1.5, 7);
    for (int k = 0; k < count; ++k) {
      const float dark = DrawLog(random_, 0.06, 0.45), width = DrawLog(random_, 0.3, 1.8);
      const float light = Draw(random_, 0, 0.2), ends = Draw(random_, 0.3, 1.1);
      const float tilt = Draw(random_, -0.4, 0.7);
      const float from_along = Draw(random_, -0.2, 0.3), to_along = Draw(random_, 0.5, 1.2);
      Each([&](const Spot& spot, Colour& pixel) {
        if (spot.skin_below <= 0 || spot.below < 0.8f) return;
        const float s = std::clamp(spot.along, 0.0f, 1.0f);
        const float line = at * (ends + (1 - ends) * std::sin(kPi * s)) * (1 + tilt * (s - 0.5f));
        const float fade = Smooth(from_along, from_along + 0.2f, spot.along) *
                           Smooth(to_along, to_along - 0.2f, spot.along);
        const float d = spot.below - line;
        const float factor = 1 - dark * Bell(d, width) + light * Bell(d + 1.5f * width, width);
        pixel *= 1 + (factor - 1) * fade;
      });
      at += Draw(random_, 1, 4);
    }
  }

  // Crow's feet.
  void LateralLines() {
    const int count = 1 + static_cast<int>(random_->Below(5));
    for (int k = 0; k < count; ++k) {
      const float start = Draw(random_, 1.0, 1.15), slope = Draw(random_, -0.9, 0.9),
                  lift = Draw(random_, -2, 2);
      const float dark = DrawLog(random_, 0.06, 0.4), width = DrawLog(random_, 0.25, 0.8);
      Each([&](const Spot& spot, Colour& pixel) {
        if (spot.along < start) return;
        const float out = (spot.along - start) * fissure_mm_;
        pixel *= 1 - dark * Bell(spot.above - lift - slope * out, width) * Smooth(0, 2, out) *
                         Smooth(14, 8, out);
      });
    }
  }

  void EyeShadow() {
    Colour paint;
    for (int c = 0; c < 3; ++c) paint[c] = DrawLog(random_, 0.25, 1.3);
    const float bright = DrawLog(random_, 0.15, 1.1) * Luminance(skin_);
    const float reach = Draw(random_, 3, 14), strength = Draw(random_, 0.2, 0.85),
                outer = Draw(random_, 0, 1);
    const float lower = Often(0.35) ? Draw(random_, 0.2, 0.8) : 0.0f;
    Each([&](const Spot& spot, Colour& pixel) {
      const float wide = Smooth(-0.2f, 0.1f, spot.along) * Smooth(1.5f, 0.95f, spot.along);
      const float up = spot.skin_above * Smooth(reach, 0.3f * reach, spot.above);
      const float down = lower * spot.skin_below * Smooth(0.35f * reach, 0, spot.below);
      const float m = strength * wide * std::max(up, down) *
                      (1 - outer * (1 - std::clamp(spot.along, 0.0f, 1.0f)));
      if (m > 0) pixel = Mix(pixel, paint * bright, m);
    });
  }

  // Kohl, dark skin or the shade of thick lashes: darkness all round that fades into the skin.
  void DarkRing() {
    const float dark = Draw(random_, 0.3, 0.95);
    const float reach_up = DrawLog(random_, 0.8, 4), reach_down = DrawLog(random_, 0.5, 3);
    const float below = Draw(random_, 0, 1), soft = Draw(random_, 0.8, 2.5);
    const Colour tint(1, Draw(random_, 0.9, 1.05), Draw(random_, 0.85, 1.1));
    Each([&](const Spot& spot, Colour& pixel) {
      if (spot.globe > 0.9f) return;
      const float wide = Smooth(-0.15f, 0.1f, spot.along) * Smooth(1.25f, 0.95f, spot.along);
      const float up =
          spot.skin_above * std::exp(-std::pow(std::max(0.0f, spot.above) / reach_up, soft));
      const float down = below * spot.skin_below *
                         std::exp(-std::pow(std::max(0.0f, spot.below) / reach_down, soft));
      const float m = dark * wide * std::max(up, down);
      for (int c = 0; c < 3; ++c) pixel[c] *= 1 - m * tint[c];
    });
  }

  // Whites are not white; some are red or yellow.
  void GlobeTone() {
    const float level = DrawLog(random_, 0.3, 1.15);
    const Colour tint(1, Draw(random_, 0.82, 1.03), Draw(random_, 0.72, 1.06));
    const float corner = Draw(random_, 0, 0.6), corner_width = Draw(random_, 0.05, 0.2);
    const Colour red(1.0f, 0.55f, 0.5f);
    Each([&](const Spot& spot, Colour& pixel) {
      if (spot.globe <= 0) return;
      const float m = corner * (Bell(spot.along, corner_width) +
                                0.5f * Bell(1 - spot.along, 0.6f * corner_width));
      Colour factor = level * tint;
      for (int c = 0; c < 3; ++c) factor[c] *= 1 - std::min(1.0f, m) * (1 - red[c]);
      for (int c = 0; c < 3; ++c) pixel[c] *= 1 + spot.globe * (factor[c] - 1);
    });
  }

  // The renderer darkens the globe under the upper lid down to a seventh of the light, always
  // alike; a network that saw nothing else would take the dark line of the lashes for shadowed
  // globe, above which it looks for the margin. So some or all of that shade is taken back.
  void LitGlobe() {
    const float back = Draw(random_, 0.2, 1.0);
    Each([&](const Spot& spot, Colour& pixel) {
      if (spot.globe <= 0) return;
      const float depth = std::max(0.0f, -spot.above);
      const float left = 1 - 0.62f * std::exp(-depth / 1.4f) - 0.24f * std::exp(-depth / 4.5f);
      pixel *= 1 + spot.globe * (std::pow(std::max(0.14f, left), -back) - 1);
    });
  }

  // The limbus is a zone, not a line: darker white outside of it, paler iris inside.
  void LimbusHaze() {
    const float outside = Draw(random_, 0.0, 0.6), wide_out = DrawLog(random_, 0.04, 0.25);
    const float within = Draw(random_, 0.0, 0.5), wide_in = DrawLog(random_, 0.04, 0.2);
    const float level = Luminance(skin_) * DrawLog(random_, 0.5, 1.3);
    const Eigen::Vector2d middle =
        truth_.iris.centre_px - Eigen::Vector2d(field_.area.x, field_.area.y);
    const double c = std::cos(truth_.iris.angle_rad), s = std::sin(truth_.iris.angle_rad);
    Each([&](const Spot& spot, Colour& pixel) {
      if (spot.globe <= 0) return;
      const double dx = spot.x - middle.x(), dy = spot.y - middle.y();
      const auto far = static_cast<float>(std::hypot((c * dx + s * dy) / truth_.iris.radii_px.x(),
                                                     (c * dy - s * dx) / truth_.iris.radii_px.y()));
      if (far >= 1) {
        pixel *= 1 - spot.globe * outside * Bell(far - 1, wide_out);
      } else if (far > 0.6f) {
        pixel =
            Mix(pixel, Colour(level, level, level), spot.globe * within * Bell(1 - far, wide_in));
      }
    });
  }

  // Shadow that the upper lid and its lashes throw on the globe.
  void LidShadow() {
    const float strength = Draw(random_, 0.1, 0.6), reach = DrawLog(random_, 0.4, 3.5);
    const float power = Draw(random_, 1, 3), lean = Draw(random_, -0.5, 0.5);
    Each([&](const Spot& spot, Colour& pixel) {
      if (spot.globe <= 0) return;
      const float here = reach * (1 + lean * (spot.along - 0.5f));
      const float depth = std::max(0.0f, -spot.above);
      pixel *= 1 - spot.globe * strength * std::exp(-std::pow(depth / here, power));
    });
  }

  // The lower lid's rim: from a pale, wet strip that is hard to tell from the white of the eye to
  // plain skin.
  void Rim() {
    const float wide = Draw(random_, 0.5, 2.0), strength = Draw(random_, 0.3, 1.0);
    const float level = DrawLog(random_, 0.7, 1.4);
    const Colour tint(1, Draw(random_, 0.75, 1.05), Draw(random_, 0.7, 1.05));
    const Colour between = Mix(skin_, white_of_eye_, Draw(random_, 0, 1)) * level;
    const Colour colour(between[0] * tint[0], between[1] * tint[1], between[2] * tint[2]);
    Each([&](const Spot& spot, Colour& pixel) {
      if (spot.skin_below <= 0 || spot.along < 0 || spot.along > 1) return;
      const float m = strength * spot.skin_below * Smooth(wide + 0.5f, wide - 0.4f, spot.below) *
                      Within(spot.along, 0.1f);
      if (m > 0) pixel = Mix(pixel, colour, m);
    });
  }

  // Highlights of the tear line, in stretches.
  void Tear() {
    const int count = 1 + static_cast<int>(random_->Below(3));
    for (int k = 0; k < count; ++k) {
      const float middle = Draw(random_, 0.15, 0.9), half = DrawLog(random_, 0.02, 0.35);
      const float level = DrawLog(random_, 0.03, 0.6) * white_, wide = Draw(random_, 0.12, 0.35);
      const float below = Draw(random_, -0.3, 0.3);
      const float drawn = std::max(wide, 0.6f / static_cast<float>(field_.px_per_mm));
      Each([&](const Spot& spot, Colour& pixel) {
        const float m =
            Bell(spot.along - middle, half) * Bell(spot.below - below, drawn) * wide / drawn;
        if (m > 0.01f) pixel += Colour(1, 1, 1) * (level * m);
      });
    }
  }

  void LowerLashLine() {
    const float at = Draw(random_, 0.2, 1.6), width = Draw(random_, 0.25, 1.0),
                dark = Draw(random_, 0.15, 0.85);
    const float outer = Draw(random_, 0, 0.9);
    Each([&](const Spot& spot, Colour& pixel) {
      if (spot.skin_below <= 0 || spot.along < 0 || spot.along > 1) return;
      pixel *= 1 - dark * Bell(spot.below - at, width) * Within(spot.along, 0.15f) *
                       (1 - outer * (1 - spot.along));
    });
  }

  // Roots of the lashes and the lid's own edge.
  void LashBand() {
    const float strength = Draw(random_, 0.55, 1.0), width = DrawLog(random_, 0.3, 1.6);
    const float soft = Draw(random_, 0.2, 0.8);
    const float outer = Draw(random_, -0.2, 0.7),
                beyond = Often(0.4) ? Draw(random_, 0, 0.12) : 0.0f;
    const float level = DrawLog(random_, 0.02, 0.22);
    const Colour colour = {skin_[0] * level, skin_[1] * level * 0.85f, skin_[2] * level * 0.8f};
    Each([&](const Spot& spot, Colour& pixel) {
      if (spot.skin_above <= 0 || spot.above > 3 || spot.along < 0.02f || spot.along > 1 + beyond)
        return;
      const float ends = Smooth(0.02f, 0.15f, spot.along) * Smooth(1 + beyond, 0.97f, spot.along);
      const float here = width * (1 - outer * (0.7f - spot.along));
      const float m = strength * spot.skin_above * ends *
                      Smooth(here + soft, std::max(0.0f, here - 0.5f * soft), spot.above);
      pixel = Mix(pixel, colour, std::min(1.0f, m));
    });
  }

  Colour LinerColour() {
    const float level = DrawLog(random_, 0.01, 0.12) * std::max(0.05f, Luminance(skin_));
    Colour colour(level, level, level);
    if (Often(0.35))
      for (int c = 0; c < 3; ++c) colour[c] *= DrawLog(random_, 0.5, 4);
    return colour;
  }

  void UpperLiner() {
    const Colour colour = LinerColour();
    const float inner = Draw(random_, 0.1, 1.2), outer = inner + Draw(random_, 0, 2.2);
    const float strength = Draw(random_, 0.75, 1.0), soft = Draw(random_, 0.1, 0.7);
    const float from = Draw(random_, 0.0, 0.3);
    const bool wing = Often(0.5);
    const float rise = Draw(random_, 0.1, 0.8), length = Draw(random_, 0.08, 0.35);
    Each([&](const Spot& spot, Colour& pixel) {
      float m = 0;
      if (spot.along >= 0 && spot.along <= 1) {
        const float thick = inner + (outer - inner) * spot.along;
        m = spot.skin_above * Smooth(thick + soft, thick - soft, spot.above) *
            Smooth(from, from + 0.1f, spot.along);
      } else if (wing && spot.along > 1 && spot.along < 1 + length) {
        const float out = (spot.along - 1) * fissure_mm_;
        const float thick = outer * (1 - (spot.along - 1) / length);
        const float d = spot.above - rise * out;
        m = Smooth(-0.4f - soft, -0.2f, d) * Smooth(thick + soft, thick - soft, d);
      }
      if (m > 0) pixel = Mix(pixel, colour, strength * m);
    });
  }

  void LowerLiner() {
    const Colour colour = LinerColour();
    const bool on_rim = Often(0.4);
    const float from = on_rim ? 0.0f : Draw(random_, 0.6, 1.3), thick = Draw(random_, 0.4, 1.5);
    const float strength = Draw(random_, 0.5, 1.0), soft = Draw(random_, 0.1, 0.6),
                start = Draw(random_, 0, 0.6);
    Each([&](const Spot& spot, Colour& pixel) {
      if (spot.along < 0 || spot.along > 1) return;
      const float edge =
          on_rim ? spot.skin_below : spot.skin_below * Smooth(from - soft, from + soft, spot.below);
      const float m = edge * Smooth(from + thick + soft, from + thick - soft, spot.below) *
                      Smooth(start, start + 0.15f, spot.along) * Smooth(1.0f, 0.96f, spot.along);
      if (m > 0) pixel = Mix(pixel, colour, strength * m);
    });
  }

  // Mirror images of windows and lamps on the cornea.
  void Window() {
    const int count = 1 + static_cast<int>(random_->Below(3));
    const auto iris = static_cast<float>(truth_.iris.radii_px.maxCoeff());
    const Eigen::Vector2d middle =
        truth_.iris.centre_px - Eigen::Vector2d(field_.area.x, field_.area.y);
    for (int k = 0; k < count; ++k) {
      const double distance = iris * Between(random_, 0, 0.8),
                   angle = Between(random_, -3.1416, 3.1416);
      const double cx = middle.x() + distance * std::cos(angle),
                   cy = middle.y() + distance * std::sin(angle);
      const float w = iris * DrawLog(random_, 0.05, 0.4), h = iris * DrawLog(random_, 0.05, 0.45);
      const float turn = Draw(random_, -0.4, 0.4),
                  soft = std::max(0.35f, iris * Draw(random_, 0.01, 0.08));
      const float level = DrawLog(random_, 0.05, 1.2) * white_;
      const bool bars = Often(0.35);
      const Colour tint(Draw(random_, 0.8, 1.1), 1, Draw(random_, 0.85, 1.3));
      Each([&](const Spot& spot, Colour& pixel) {
        if (spot.globe <= 0) return;
        const auto dx = static_cast<float>(spot.x - cx), dy = static_cast<float>(spot.y - cy);
        const float u = std::cos(turn) * dx + std::sin(turn) * dy,
                    v = std::cos(turn) * dy - std::sin(turn) * dx;
        float m = Smooth(w + soft, w - soft, std::abs(u)) * Smooth(h + soft, h - soft, std::abs(v));
        if (bars) m *= 1 - 0.8f * std::max(Bell(u, 0.15f * w), Bell(v, 0.12f * h));
        if (m > 0) pixel += tint * (level * m * spot.globe);
      });
    }
  }

  // Coverage of curved strokes: drawn three times finer, then averaged.
  class Strokes {
   public:
    explicit Strokes(cv::Size size)
        : fine_(size.height * kFiner, size.width * kFiner, CV_8U, cv::Scalar(0)) {}
    void Add(const std::vector<Eigen::Vector2d>& points, double width_px, double strength) {
      for (size_t k = 0; k + 1 < points.size(); ++k) {
        const double along =
            (static_cast<double>(k) + 0.5) / static_cast<double>(points.size() - 1);
        const double thin = width_px * kFiner * (1 - 0.8 * along);
        const int thick = std::max(1, static_cast<int>(std::lround(thin)));
        const double level = 255 * strength * std::min(1.0, thin / thick);
        cv::line(fine_, Fine(points[k]), Fine(points[k + 1]), cv::Scalar(level), thick, cv::LINE_AA,
                 kShift);
      }
    }
    cv::Mat Coverage() const {
      cv::Mat small, result;
      cv::resize(fine_, small, {fine_.cols / kFiner, fine_.rows / kFiner}, 0, 0, cv::INTER_AREA);
      small.convertTo(result, CV_32F, 1.0 / 255);
      return result;
    }

   private:
    static constexpr int kFiner = 3, kShift = 4;
    static cv::Point Fine(const Eigen::Vector2d& p) {
      return {static_cast<int>(std::lround((p.x() * kFiner + 0.5 * (kFiner - 1)) * (1 << kShift))),
              static_cast<int>(std::lround((p.y() * kFiner + 0.5 * (kFiner - 1)) * (1 << kShift)))};
    }
    cv::Mat fine_;
  };

  void Blend(const cv::Mat& coverage, const Colour& colour) {
    for (int y = 0; y < picture_.rows; ++y)
      for (int x = 0; x < picture_.cols; ++x) {
        const float m = coverage.at<float>(y, x);
        if (m <= 0) continue;
        const Part part = static_cast<Part>(labels_.at<unsigned char>(y, x));
        if (part == Part::kOccluder || part == Part::kGlasses) continue;
        Colour& pixel = picture_.at<Colour>(y, x);
        pixel = Mix(pixel, colour, m);
      }
  }

  void Lashes(bool mascara) {
    const double px = field_.px_per_mm;
    const Eigen::Vector2d offset(field_.area.x, field_.area.y);
    const Eigen::Vector2d span = (truth_.lateral_corner_px - truth_.medial_corner_px).normalized();
    Eigen::Vector2d up(-span.y(), span.x());
    if (up.y() > 0) up = -up;
    const double level = mascara ? BetweenLog(random_, 0.01, 0.05) : BetweenLog(random_, 0.03, 0.4);
    const Colour colour = skin_ * static_cast<float>(level);
    Strokes strokes(field_.area.size());
    // Lashes of an open lid rise before it; those of a shut one hang.
    const double lift = std::clamp(open_mm_ / 5.0, 0.0, 1.0);
    for (const bool upper : {true, false}) {
      if (!upper && Often(mascara ? 0.3 : 0.5)) continue;
      const auto& margin = upper ? truth_.upper : truth_.lower;
      const int count = static_cast<int>(upper ? BetweenLog(random_, mascara ? 35 : 15, 110)
                                               : BetweenLog(random_, 8, 50));
      const double length =
          upper ? Between(random_, 3, mascara ? 11 : 8) : Between(random_, 1, mascara ? 5 : 3.5);
      const double rise = upper ? (0.3 + 0.9 * lift) * Between(random_, 0.5, 1.0) -
                                      (1 - lift) * Between(random_, 0.4, 1.4)
                                : -Between(random_, 0.5, 1.0);
      const double sag = upper ? Between(random_, 0.0, 0.5) : 0.0;
      const double fan = Between(random_, 0.3, 1.3),
                   wide = BetweenLog(random_, 0.06, mascara ? 0.3 : 0.16);
      const double root = upper ? 0.0 : Between(random_, 0.3, 1.2);
      for (int k = 0; k < count; ++k) {
        const double along = std::clamp(0.05 + 0.92 * (k + random_->Uniform()) / count, 0.0, 0.999);
        const double at = along * (EyeFrameTruth::kMarginPoints - 1);
        const size_t i = static_cast<size_t>(at);
        const double t = at - static_cast<double>(i);
        if (!margin[i].visible) continue;
        const Eigen::Vector2d start = (1 - t) * margin[i].pixel + t * margin[i + 1].pixel - offset -
                                      (upper ? 0.0 : 1.0) * root * px * up;
        const double size = length * px * (0.45 + 0.75 * random_->Uniform()) *
                            std::pow(std::sin(3.1416 * (0.1 + 0.85 * along)), 0.5);
        const double side = fan * (along - 0.42) + 0.15 * random_->Normal();
        std::vector<Eigen::Vector2d> points;
        constexpr int kSteps = 4;
        for (int step = 0; step <= kSteps; ++step) {
          const double d = static_cast<double>(step) / kSteps;
          // First out of the lid, hanging a little, then up.
          const double height =
              rise * d * d * (upper ? 1 : 0.6) + (upper ? -sag * d * (1 - d) : 0.4 * rise * d);
          points.push_back(start + size * (height * up + side * d * span));
        }
        strokes.Add(points, wide * px, Between(random_, 0.5, 1.0));
      }
    }
    Blend(strokes.Coverage(), colour);
  }

  // Hair that falls before the eye.
  void Strands() {
    const double px = field_.px_per_mm;
    const int count = static_cast<int>(BetweenLog(random_, 2, 50));
    const double level = BetweenLog(random_, 0.03, 1.5), wide = BetweenLog(random_, 0.06, 0.2);
    const Colour colour = {skin_[0] * static_cast<float>(level),
                           skin_[1] * static_cast<float>(level * 0.8),
                           skin_[2] * static_cast<float>(level * 0.6)};
    const double base = random_->Uniform() * field_.area.width,
                 spread = BetweenLog(random_, 1, 20) * px;
    const double slope = Between(random_, -1.2, 1.2), bend = Between(random_, -1.0, 1.0);
    const double length = Between(random_, 0.15, 1.1) * field_.area.height;
    Strokes strokes(field_.area.size());
    for (int k = 0; k < count; ++k) {
      const double x = base + spread * random_->Normal(), lean = slope + 0.15 * random_->Normal();
      const double reach = length * (0.6 + 0.5 * random_->Uniform());
      std::vector<Eigen::Vector2d> points;
      constexpr int kSteps = 8;
      for (int step = 0; step <= kSteps; ++step) {
        const double d = static_cast<double>(step) / kSteps;
        points.emplace_back(x + reach * (lean * d + bend * d * d * 0.5), reach * d - 2);
      }
      strokes.Add(points, wide * px, Between(random_, 0.4, 1.0));
    }
    Blend(strokes.Coverage(), colour);
  }

  void Gradient() {
    const float angle = Draw(random_, -kPi, kPi), depth = Draw(random_, 0.2, 0.75);
    const cv::Size size = field_.area.size();
    const float reach = 0.5f * static_cast<float>(std::hypot(size.width, size.height));
    Each([&](const Spot& spot, Colour& pixel) {
      const float t =
          ((static_cast<float>(spot.x) - 0.5f * static_cast<float>(size.width)) * std::cos(angle) +
           (static_cast<float>(spot.y) - 0.5f * static_cast<float>(size.height)) *
               std::sin(angle)) /
          reach;
      pixel *= 1 - depth * Smooth(-0.7f, 0.7f, t);
    });
  }

  // Edge of a shadow that something outside the picture throws.
  void CastShadow() {
    const float angle = Draw(random_, -kPi, kPi), depth = Draw(random_, 0.2, 0.7);
    const cv::Size size = field_.area.size();
    const auto mm = static_cast<float>(field_.px_per_mm);
    const float at = Draw(random_, -14, 14) * mm, soft = DrawLog(random_, 0.4, 6) * mm;
    Each([&](const Spot& spot, Colour& pixel) {
      const float t =
          (static_cast<float>(spot.x) - 0.5f * static_cast<float>(size.width)) * std::cos(angle) +
          (static_cast<float>(spot.y) - 0.5f * static_cast<float>(size.height)) * std::sin(angle);
      pixel *= 1 - depth * Smooth(at - soft, at + soft, t);
    });
  }

  const EyeField& field_;
  const EyeFrameTruth& truth_;
  const cv::Mat labels_;
  const float white_;
  NamedRandom* random_;
  cv::Mat picture_;
  Colour skin_, white_of_eye_;
  float open_mm_ = 0, fissure_px_ = 0, fissure_mm_ = 0;
};

}  // namespace

EyeField MakeEyeField(const EyeFrameTruth& truth, double px_per_mm, cv::Rect area) {
  EyeField field;
  field.area = area;
  field.px_per_mm = px_per_mm;
  for (cv::Mat* map : {&field.along, &field.above_px, &field.below_px, &field.globe})
    map->create(area.size(), CV_32F);
  const Eigen::Vector2d medial = truth.medial_corner_px;
  const Eigen::Vector2d span = truth.lateral_corner_px - medial;
  const double length = std::max(1e-6, span.norm());
  const Eigen::Vector2d along = span / length;
  Eigen::Vector2d up(-along.y(), along.x());
  // Heads are never rolled so far that up would point down.
  if (up.y() > 0) up = -up;
  constexpr int kPoints = EyeFrameTruth::kMarginPoints;
  std::array<float, kPoints> upper{}, lower{};
  for (int k = 0; k < kPoints; ++k) {
    upper[k] = static_cast<float>((truth.upper[k].pixel - medial).dot(up));
    lower[k] = static_cast<float>((truth.lower[k].pixel - medial).dot(up));
    lower[k] = std::min(lower[k], upper[k]);  // A shut upper lid lies over the lower one.
  }
  const auto step = static_cast<float>(length / (kPoints - 1));
  for (int y = 0; y < area.height; ++y)
    for (int x = 0; x < area.width; ++x) {
      const Eigen::Vector2d p = Eigen::Vector2d(area.x + x, area.y + y) - medial;
      const auto s = static_cast<float>(p.dot(along) / length);
      const auto h = static_cast<float>(p.dot(up));
      field.along.at<float>(y, x) = s;
      float above = h, below = -h, globe = 0;
      if (s > 0 && s < 1) {
        const float at = s * (kPoints - 1);
        const int k = std::min(static_cast<int>(at), kPoints - 2);
        const float t = at - static_cast<float>(k);
        // Steep ends would make distances jump where the corner is passed.
        const float ends = Smooth(0, 0.15f, s) * Smooth(0, 0.15f, 1 - s);
        const auto to = [&](const std::array<float, kPoints>& edge) {
          const float rise = (edge[k + 1] - edge[k]) / step * ends;
          return (h - (edge[k] + t * (edge[k + 1] - edge[k]))) / std::sqrt(1 + rise * rise);
        };
        above = to(upper);
        below = -to(lower);
        globe = std::clamp(0.5f - above, 0.0f, 1.0f) * std::clamp(0.5f - below, 0.0f, 1.0f);
      }
      field.above_px.at<float>(y, x) = above;
      field.below_px.at<float>(y, x) = below;
      field.globe.at<float>(y, x) = globe;
    }
  return field;
}

Disguise PaintDisguise(const EyeField& field, const EyeFrameTruth& truth, const cv::Mat& labels,
                       float white, NamedRandom* random, cv::Mat* linear) {
  Disguise disguise;
  disguise.make_up = Painter(field, truth, labels, white, random, linear).Paint();
  return disguise;
}

}  // namespace maskbench::training
