#include "wrinkles.h"

#include <algorithm>
#include <cmath>

#include "maskbench/core/rng.h"

namespace maskbench {
namespace {

using Line = std::vector<Eigen::Vector2f>;

/// Points on the quadratic Bézier curve a, b, c.
Line Curve(const Eigen::Vector2f& a, const Eigen::Vector2f& b, const Eigen::Vector2f& c) {
  Line line;
  constexpr int kPieces = 10;
  for (int i = 0; i <= kPieces; ++i) {
    const float t = static_cast<float>(i) / kPieces;
    line.push_back((1 - t) * (1 - t) * a + 2 * t * (1 - t) * b + t * t * c);
  }
  return line;
}

/// Wrinkles of one side of the face.
class Carver {
 public:
  Carver(ChartCanvas* canvas, PointRandom random, bool right)
      : canvas_(canvas), random_(random), right_(right) {}

  float Jitter(float amount) { return amount * random_.Triangular(); }
  float Uniform() { return random_.Uniform(); }

  /// @param wobble_mm  how far the line strays.
  void Carve(Line line, float depth_mm, float sigma_mm, float wobble_mm, float rim = 0.3f) {
    const float phase = 6.28f * Uniform(), waves = 1.5f + 2.0f * Uniform();
    if (depth_mm <= 0.002f) return;
    ChartCanvas::Groove groove;
    for (size_t i = 0; i < line.size(); ++i) {
      const float t = static_cast<float>(i) / static_cast<float>(line.size() - 1);
      Eigen::Vector2f q = line[i];
      q += wobble_mm *
           Eigen::Vector2f(std::cos(phase + 5.1f * waves * t), std::sin(phase + 6.28f * waves * t));
      if (right_) q.x() = -q.x();
      groove.texels.push_back(canvas_->Texel(q));
    }
    groove.depth = depth_mm;
    groove.sigma_mm = sigma_mm;
    groove.rim = rim;
    canvas_->Carve(&canvas_->height, groove);
  }

 private:
  ChartCanvas* canvas_;
  PointRandom random_;
  bool right_;
};

void CarveSide(const SkinOutlines& o, float age, float strength, float lid_crease, Carver* carver) {
  const float old = SmoothStep(0.25f, 0.95f, age) * strength;
  const float mature = SmoothStep(0.1f, 0.7f, age) * strength;
  const Eigen::Vector2f medial = o.lid_upper.front(), lateral = o.lid_upper.back();
  const Eigen::Vector2f corner = o.lip_upper.back();

  // Fold of the upper lid, from over the medial to beyond the lateral corner.
  Line crease;
  for (size_t i = 0; i < o.lid_upper.size(); ++i) {
    const float t = static_cast<float>(i) / static_cast<float>(o.lid_upper.size() - 1);
    crease.push_back(o.lid_upper[i] +
                     Eigen::Vector2f(2.5f * (t - 0.5f), 2.2f + 2.2f * t * (1 - t)));
  }
  carver->Carve(crease, 0.22f * lid_crease, 0.35f, 0.05f, 0.15f);

  // Crow's feet.
  for (int i = 0; i < 5; ++i) {
    const float angle = 0.75f - 0.36f * static_cast<float>(i) + carver->Jitter(0.1f);
    const float start = 5.5f + carver->Jitter(1.5f), length = 10.0f + 7.0f * carver->Uniform();
    const Eigen::Vector2f direction(std::cos(angle), std::sin(angle));
    const Eigen::Vector2f from = lateral + start * direction;
    const Eigen::Vector2f to = from + length * direction - Eigen::Vector2f(0, 0.12f * length);
    const Eigen::Vector2f bend(0.0f, 0.8f + carver->Jitter(0.6f));
    const float depth = (0.24f - 0.02f * static_cast<float>(i)) * (0.7f + 0.5f * carver->Uniform());
    carver->Carve(Curve(from, 0.5f * (from + to) + bend, to), depth * old, 0.5f, 0.2f);
  }
  // Below the eye: the groove beside the nose and the rims of the bag.
  const float below = o.lid_lower[o.lid_lower.size() / 2].y();
  carver->Carve(
      Curve(medial + Eigen::Vector2f(0.5f, -3.5f), Eigen::Vector2f(medial.x() + 6.0f, below - 7.5f),
            Eigen::Vector2f(medial.x() + 17.0f, below - 10.0f)),
      0.08f * strength + 0.32f * mature, 1.1f, 0.15f);
  for (int i = 0; i < 3; ++i) {
    const float drop = 2.6f + 2.4f * static_cast<float>(i) + carver->Jitter(0.5f);
    const float reach = 2.0f * static_cast<float>(i);
    const Eigen::Vector2f from(medial.x() + 3.0f - 0.4f * reach, medial.y() - 1.5f - drop);
    const Eigen::Vector2f to(lateral.x() + reach, lateral.y() - 1.0f - drop);
    const Eigen::Vector2f middle(0.5f * (from.x() + to.x()), below - drop - 3.5f);
    carver->Carve(Curve(from, middle, to),
                  (0.02f * strength + 0.14f * old) * (0.7f + 0.5f * carver->Uniform()), 0.4f, 0.2f);
  }
  // From the wing of the nose to the corner of the mouth, and on to the jaw.
  const Eigen::Vector2f wing = o.nose[2];
  carver->Carve(Curve(wing + Eigen::Vector2f(2.0f, 5.0f),
                      Eigen::Vector2f(corner.x() + 3.0f + carver->Jitter(1.0f), wing.y() - 7.0f),
                      corner + Eigen::Vector2f(7.5f + carver->Jitter(1.0f), -2.0f)),
                0.16f * strength + 0.62f * mature, 1.25f, 0.15f);
  carver->Carve(Curve(corner + Eigen::Vector2f(2.0f, -1.5f), corner + Eigen::Vector2f(6.0f, -8.0f),
                      corner + Eigen::Vector2f(7.0f + carver->Jitter(1.0f), -21.0f)),
                0.32f * old, 1.0f, 0.2f);
  // Between the brows.
  const Eigen::Vector2f brow = o.brow.front();
  for (int i = 0; i < 2; ++i) {
    const float s = 4.0f + 2.6f * static_cast<float>(i) + carver->Jitter(0.8f);
    const float height = 13.0f - 4.0f * static_cast<float>(i);
    carver->Carve(Curve({s + 0.6f, brow.y() - 4.0f}, {s - 0.6f, brow.y() + 0.4f * height},
                        {s + 0.8f, brow.y() + height}),
                  (i == 0 ? 0.30f : 0.12f) * old * (0.4f + 0.9f * carver->Uniform()), 0.6f, 0.15f);
  }
  // Above the lip.
  for (int i = 0; i < 6; ++i) {
    const float s = 2.0f + 3.0f * static_cast<float>(i) + carver->Jitter(0.8f);
    const float t = std::min(1.0f, s / corner.x());
    const float y = o.lip_upper.front().y() + t * (corner.y() - o.lip_upper.front().y());
    carver->Carve(
        Curve({s, y + 0.2f}, {s + 0.3f, y + 2.5f}, {s + 0.5f, y + 4.5f + carver->Jitter(1)}),
        0.16f * SmoothStep(0.55f, 1.0f, age) * (0.5f + 0.7f * carver->Uniform()), 0.4f, 0.1f);
  }
}

}  // namespace

void CarveWrinkles(const WrinkleDepths& depths, std::uint64_t seed, bool mirrored,
                   ChartCanvas* canvas) {
  const SkinOutlines& o = canvas->geometry().outlines();
  const auto age = static_cast<float>(depths.age), strength = static_cast<float>(depths.strength);
  for (int side = 0; side < 2; ++side) {
    NamedRandom named(seed, "skin", side == 0 || mirrored ? "wrinkles left" : "wrinkles right");
    Carver carver(canvas, PointRandom(named.NextBits()), side == 1);
    CarveSide(o, age, strength, static_cast<float>(depths.lid_crease), &carver);
  }
  // Lines of forehead and neck run over the midline.
  NamedRandom named(seed, "skin", "wrinkles middle");
  Carver carver(canvas, PointRandom(named.NextBits()), false);
  const float old = SmoothStep(0.3f, 0.95f, age) * strength;
  const float brow_top = o.brow[o.brow.size() / 2].y() + o.brow_half_mm;
  for (int i = 0; i < 5; ++i) {
    const float y = brow_top + 9.0f + 8.5f * static_cast<float>(i) + carver.Jitter(2.0f);
    const float half = 34.0f + 8.0f * carver.Jitter(1.0f);
    const float sag = 2.5f + carver.Jitter(1.5f);
    const float shift = carver.Jitter(mirrored ? 0.0f : 6.0f);
    const float depth = 0.26f * old * (0.35f + 0.9f * carver.Uniform());
    Line line;
    for (int k = 0; k <= 24; ++k) {
      const float t = static_cast<float>(k) / 12.0f - 1.0f;
      line.emplace_back(shift + half * t, y - sag * std::cos(1.57f * t) +
                                              1.3f * std::cos(9.0f * std::abs(t) + 3.0f * sag));
    }
    carver.Carve(line, depth, 0.75f, mirrored ? 0.0f : 0.35f);
  }
  for (int i = 0; i < 3; ++i) {
    const float y = -128.0f - 13.0f * static_cast<float>(i) + carver.Jitter(3.0f);
    Line line;
    for (int k = 0; k <= 20; ++k) {
      const float t = static_cast<float>(k) / 10.0f - 1.0f;
      line.emplace_back(75.0f * t, y + 9.0f * t * t);
    }
    carver.Carve(line, (0.12f * strength + 0.4f * old) * (0.6f + 0.5f * carver.Uniform()), 1.1f,
                 mirrored ? 0.0f : 0.4f);
  }
}

}  // namespace maskbench
