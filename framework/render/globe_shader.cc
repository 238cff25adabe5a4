#include "maskbench/render/globe_shader.h"

#include <algorithm>
#include <cmath>

#include <Eigen/Geometry>

#include "maskbench/core/rng.h"

namespace maskbench {
namespace {

constexpr float kPi = 3.14159265358979323846f;
// Conjunctiva lies on the lids' contact surface where that is farther than this from the globe.
constexpr float kPlicaMm = 1.2f;

float Smooth(float low, float high, float x) {
  const float t = std::clamp((x - low) / (high - low), 0.0f, 1.0f);
  return t * t * (3 - 2 * t);
}

Eigen::Vector3f Mix(const Eigen::Vector3f& a, const Eigen::Vector3f& b, float t) {
  return a + (b - a) * t;
}

// Narrow reflection of a light on the tear film: a Gaussian in the angle between mirror direction
// and light, of the light's own width, holding its energy.
float Gloss(const Eigen::Vector3f& mirror, const Eigen::Vector3f& light, float width_rad) {
  const float cosine = mirror.dot(light);
  if (cosine <= 0) return 0;
  const float angle2 = 2 * (1 - cosine);
  return std::exp(-angle2 / (width_rad * width_rad)) / (kPi * width_rad * width_rad);
}

}  // namespace

EyeTextures::EyeTextures(const EyeRecipe& recipe) : recipe_(recipe) {
  const float melanin = static_cast<float>(std::clamp(recipe.melanin, 0.0, 1.0));
  const float tint = static_cast<float>(std::clamp(recipe.lipochrome, 0.0, 1.0));
  // Stroma without pigment scatters blue-grey; melanin turns it hazel, then brown, then near black.
  const Eigen::Vector3f blue(0.105f, 0.135f, 0.165f), green(0.115f, 0.125f, 0.070f);
  const Eigen::Vector3f hazel(0.115f, 0.080f, 0.038f), brown(0.048f, 0.024f, 0.011f);
  const Eigen::Vector3f dark(0.013f, 0.008f, 0.0055f);
  const Eigen::Vector3f light = Mix(blue, green, tint);
  auto colour = [&](float m) {
    if (m < 0.35f) return Mix(light, hazel, Smooth(0.1f, 0.35f, m));
    if (m < 0.65f) return Mix(hazel, brown, Smooth(0.35f, 0.65f, m));
    return Mix(brown, dark, Smooth(0.65f, 1.0f, m));
  };
  inner_ = colour(std::min(1.0f, melanin + 0.12f));
  outer_ = colour(std::max(0.0f, melanin - 0.05f)) * 0.9f;

  NamedRandom random(recipe.seed, "eye", "fibres");
  fibres_.assign(kRadii * kAngles, 0.0f);
  // Radial fibres: waves round the iris whose phase bends a little with the radius.
  struct Wave {
    int count;
    float phase, bend, weight;
  };
  std::vector<Wave> waves;
  for (int octave = 0; octave < 26; ++octave) {
    const int count = 5 + static_cast<int>(random.Below(110));
    waves.push_back({count, static_cast<float>(random.Uniform()) * 2 * kPi,
                     static_cast<float>(random.Normal()) * 1.2f,
                     1.0f / std::sqrt(1.0f + count / 18.0f)});
  }
  float norm = 0;
  for (const Wave& wave : waves) norm += wave.weight * wave.weight * 0.5f;
  norm = std::sqrt(norm);
  for (int r = 0; r < kRadii; ++r)
    for (int a = 0; a < kAngles; ++a) {
      const float radius = (r + 0.5f) / kRadii, angle = 2 * kPi * a / kAngles;
      float sum = 0;
      for (const Wave& wave : waves)
        sum += wave.weight * std::cos(wave.count * angle + wave.phase + wave.bend * 3 * radius);
      fibres_[r * kAngles + a] = sum / norm;
    }

  // Vessels: random walks from the periphery towards the limbus that thin out.
  NamedRandom walk(recipe.seed, "eye", "vessels");
  vessels_.assign(kVessels * kVessels, 0.0f);
  auto splat = [&](float x, float y, float width, float weight) {
    const float cx = (x * 0.5f + 0.5f) * kVessels, cy = (y * 0.5f + 0.5f) * kVessels;
    const int reach = static_cast<int>(width * 2) + 1;
    for (int j = -reach; j <= reach; ++j)
      for (int i = -reach; i <= reach; ++i) {
        const int px = static_cast<int>(cx) + i, py = static_cast<int>(cy) + j;
        if (px < 0 || py < 0 || px >= kVessels || py >= kVessels) continue;
        const float dx = px + 0.5f - cx, dy = py + 0.5f - cy;
        float& value = vessels_[py * kVessels + px];
        value = std::max(value, weight * std::exp(-(dx * dx + dy * dy) / (width * width)));
      }
  };
  for (int vessel = 0; vessel < 60; ++vessel) {
    // Most vessels come from the sides.
    const bool temporal = walk.Uniform() < 0.5;
    float angle = static_cast<float>((temporal ? 0.0 : kPi) + walk.Normal() * 0.6);
    float radius = 1.0f;
    const float weight = 0.3f + 0.7f * static_cast<float>(walk.Uniform());
    float drift = 0;
    while (radius > 0.55f + 0.1f * static_cast<float>(walk.Uniform())) {
      drift = 0.8f * drift + 0.03f * static_cast<float>(walk.Normal());
      angle += drift;
      radius -= 0.008f;
      const float fade = Smooth(0.5f, 0.85f, radius);
      splat(radius * std::cos(angle), radius * std::sin(angle), 0.55f + 0.5f * fade, weight * fade);
    }
  }
}

Eigen::Vector3f EyeTextures::Iris(float angle_rad, float radius) const {
  float turn = angle_rad / (2 * kPi);
  turn -= std::floor(turn);
  const float a = turn * kAngles;
  const int a0 = static_cast<int>(a) % kAngles, a1 = (a0 + 1) % kAngles;
  const float r = std::clamp(radius * kRadii - 0.5f, 0.0f, kRadii - 1.001f);
  const int r0 = static_cast<int>(r);
  const float ta = a - std::floor(a), tr = r - r0;
  auto at = [&](int row, int column) { return fibres_[row * kAngles + column]; };
  const float fibre = (at(r0, a0) * (1 - ta) + at(r0, a1) * ta) * (1 - tr) +
                      (at(r0 + 1, a0) * (1 - ta) + at(r0 + 1, a1) * ta) * tr;
  // Collarette at about a third of the way; ciliary zone outside it.
  const float zone = Smooth(0.22f, 0.42f, radius + 0.04f * fibre);
  Eigen::Vector3f colour = Mix(inner_, outer_, zone);
  colour *= 1.0f + 0.26f * fibre * (0.5f + 0.5f * zone);
  colour *= 1.0f + 0.18f * std::exp(-std::pow((radius - 0.34f) / 0.07f, 2.0f));
  const float ring = static_cast<float>(recipe_.limbal_ring);
  colour *= 1.0f - 0.75f * ring * Smooth(0.80f, 1.0f, radius);
  colour *= 1.0f - 0.45f * (1 - Smooth(0.0f, 0.10f, radius));  // Pupillary ruff.
  return colour.cwiseMax(0.004f);
}

float EyeTextures::Vessel(float x, float y) const {
  const float px = std::clamp((x * 0.5f + 0.5f) * kVessels - 0.5f, 0.0f, kVessels - 1.001f);
  const float py = std::clamp((y * 0.5f + 0.5f) * kVessels - 0.5f, 0.0f, kVessels - 1.001f);
  const int x0 = static_cast<int>(px), y0 = static_cast<int>(py);
  const float tx = px - x0, ty = py - y0;
  auto at = [&](int i, int j) { return vessels_[j * kVessels + i]; };
  return (at(x0, y0) * (1 - tx) + at(x0 + 1, y0) * tx) * (1 - ty) +
         (at(x0, y0 + 1) * (1 - tx) + at(x0 + 1, y0 + 1) * tx) * ty;
}

GlobeShader::GlobeShader(Side side, const EyeShape& shape, const EyeState& state,
                         const HeadSurface::Margin& margin, const Eigen::Matrix3Xd& positions,
                         const Pose& head, const Eigen::Vector3d& light_camera_mm,
                         std::shared_ptr<const EyeTextures> textures)
    : side_(side), shape_(shape), textures_(std::move(textures)) {
  const Eigen::Vector3d centre = head * state.globe_centre_mm;
  const Eigen::Matrix3d to_head = head.rotation.transpose();
  const Eigen::Matrix3d to_eye = state.rotation.transpose() * to_head;
  centre_camera_ = centre.cast<float>();
  to_head_ = to_head.cast<float>();
  to_eye_ = to_eye.cast<float>();
  cornea_centre_ = static_cast<float>(shape.CorneaCentreMm());
  iris_plane_ = static_cast<float>(shape.IrisPlaneMm());
  nasal_slope_ = static_cast<float>(std::tan(state.nasal_tangent_rad));
  temporal_slope_ = static_cast<float>(std::tan(state.temporal_tangent_rad));
  reflex_eye_ =
      CornealReflexMm(shape, to_eye * -centre, to_eye * (light_camera_mm - centre)).cast<float>();

  const double temporal = side == Side::kLeft ? 1.0 : -1.0;
  auto offset = [&](int v) -> Eigen::Vector3d { return positions.col(v) - state.globe_centre_mm; };
  first_x_ = static_cast<float>(temporal * offset(margin.upper_inner.front()).x());
  last_x_ = static_cast<float>(temporal * offset(margin.upper_inner.back()).x());
  auto fill = [&](const std::vector<int>& chain, std::array<float, kColumns>* angles) {
    size_t k = 0;
    for (int c = 0; c < kColumns; ++c) {
      const double x = first_x_ + (last_x_ - first_x_) * c / (kColumns - 1);
      while (k + 2 < chain.size() && temporal * offset(chain[k + 1]).x() < x) ++k;
      const Eigen::Vector3d a = offset(chain[k]), b = offset(chain[k + 1]);
      const double span = temporal * (b.x() - a.x());
      const double t = span <= 1e-9 ? 0.5 : std::clamp((x - temporal * a.x()) / span, 0.0, 1.0);
      const Eigen::Vector3d p = a + t * (b - a);
      (*angles)[c] = static_cast<float>(std::atan2(p.y(), p.z()));
    }
  };
  fill(margin.upper_inner, &upper_angle_);
  fill(margin.lower_inner, &lower_angle_);
  for (const std::vector<int>* chain : {&margin.upper_inner, &margin.lower_inner})
    for (int v : *chain)
      corners_camera_.push_back((head * Eigen::Vector3d(positions.col(v))).cast<float>());
}

EyeShader::Bounds GlobeShader::PixelBounds(const Camera& camera) const {
  double left = 1e9, top = 1e9, right = -1e9, bottom = -1e9;
  for (const Eigen::Vector3f& point : corners_camera_) {
    if (point.z() < 1) return {0, 0, camera.width_px - 1, camera.height_px - 1};
    const Eigen::Vector2d pixel = camera.Project(point.cast<double>());
    left = std::min(left, pixel.x());
    right = std::max(right, pixel.x());
    top = std::min(top, pixel.y());
    bottom = std::max(bottom, pixel.y());
  }
  const double margin = 2 + 1.5 * camera.focal_px / std::max(1.0f, centre_camera_.z());
  return {std::max(0, static_cast<int>(left - margin)), std::max(0, static_cast<int>(top - margin)),
          std::min(camera.width_px - 1, static_cast<int>(right + margin)),
          std::min(camera.height_px - 1, static_cast<int>(bottom + margin))};
}

std::optional<EyeHit> GlobeShader::Intersect(const Eigen::Vector3f& ray) const {
  // The ray starts anew where it passes the globe: far cameras would leave no digits.
  const Eigen::Vector3f d = to_eye_ * ray;
  const float dd = d.squaredNorm();
  const float start = ray.dot(centre_camera_) / dd;
  const Eigen::Vector3f passing = start * ray - centre_camera_;
  const Eigen::Vector3f o = to_eye_ * passing;
  const float radius = static_cast<float>(shape_.globe_radius_mm);
  const float cap = static_cast<float>(shape_.limbus_horizontal_mm);
  float nearest = 0;  // From `start`.
  bool found = false, cornea = false;
  {
    const Eigen::Vector3f from(o.x(), o.y(), o.z() - cornea_centre_);
    const float b = from.dot(d);
    const float rc = static_cast<float>(shape_.cornea_radius_mm);
    const float disc = b * b - dd * (from.squaredNorm() - rc * rc);
    if (disc > 0) {
      const float t = (-b - std::sqrt(disc)) / dd;
      const Eigen::Vector3f p = o + t * d;
      if (p.z() > cornea_centre_ && p.x() * p.x() + p.y() * p.y() <= cap * cap) {
        nearest = t;
        found = cornea = true;
      }
    }
  }
  if (!found) {
    const float b = o.dot(d);
    const float disc = b * b - dd * (o.squaredNorm() - radius * radius);
    if (disc > 0) {
      nearest = (-b - std::sqrt(disc)) / dd;
      found = true;
    }
  }
  // Conjunctiva towards the corners: a cone about the horizontal axis, tangent to the globe.
  const Eigen::Vector3f oh = to_head_ * passing, dh = to_head_ * ray;
  const float temporal = side_ == Side::kLeft ? 1.0f : -1.0f;
  for (float sign : {-1.0f, 1.0f}) {  // Nasal, temporal.
    const float slope = sign < 0 ? nasal_slope_ : temporal_slope_;
    const float secant = std::sqrt(1 + slope * slope);
    const float height = radius * secant;  // Where the tangent meets x = 0.
    const float tangent = radius * slope / secant;
    // y² + z² = (height − slope·s)², s = temporal·sign·x.
    const float so = temporal * sign * oh.x(), sd = temporal * sign * dh.x();
    const float k0 = height - slope * so, k1 = -slope * sd;
    const float qa = dh.y() * dh.y() + dh.z() * dh.z() - k1 * k1;
    const float qb = oh.y() * dh.y() + oh.z() * dh.z() - k0 * k1;
    const float qc = oh.y() * oh.y() + oh.z() * oh.z() - k0 * k0;
    const float disc = qb * qb - qa * qc;
    if (disc <= 0 || std::abs(qa) < 1e-9f) continue;
    const float root = std::sqrt(disc);
    for (float t : {(-qb - root) / qa, (-qb + root) / qa}) {
      const float s = so + t * sd;
      if (s < tangent || height - slope * s <= 0) continue;
      if (oh.z() + t * dh.z() < 0) continue;
      if (found && (nearest - t) * std::sqrt(dd) < kPlicaMm) continue;
      const Part part = sign < 0 ? Part::kCaruncle : Part::kSclera;
      return EyeHit{start + t, part};
    }
  }
  if (!found) {
    // The very corner, where the lids close round a thin cylinder.
    const float qa = dh.y() * dh.y() + dh.z() * dh.z();
    const float qb = oh.y() * dh.y() + oh.z() * dh.z();
    const float qc = oh.y() * oh.y() + oh.z() * oh.z() - 1;
    const float disc = qb * qb - qa * qc;
    if (disc > 0) {
      const float t = (-qb - std::sqrt(disc)) / qa;
      const float x = temporal * (oh.x() + t * dh.x());
      if (x > first_x_ - 1 && x < last_x_ + 1)
        return EyeHit{start + t, x < 0 ? Part::kCaruncle : Part::kSclera};
    }
    return std::nullopt;
  }
  EyeHit hit{start + nearest, Part::kSclera};
  if (cornea) {
    const Eigen::Vector3f p = o + nearest * d;
    if (shape_.InsideLimbus(p.cast<double>())) {
      hit.part = Part::kIris;
      const float t = (iris_plane_ - o.z()) / d.z();
      const float x = o.x() + t * d.x() - static_cast<float>(shape_.pupil_offset_mm.x());
      const float y = o.y() + t * d.y() - static_cast<float>(shape_.pupil_offset_mm.y());
      const float pupil = static_cast<float>(shape_.pupil_radius_mm);
      if (x * x + y * y <= pupil * pupil) hit.part = Part::kPupil;
    }
  }
  return hit;
}

GlobeShader::Margins GlobeShader::ToMargins(const Eigen::Vector3f& p) const {
  const float temporal = side_ == Side::kLeft ? 1.0f : -1.0f;
  const float x = temporal * p.x();
  const float angle = std::atan2(p.y(), p.z());
  const float distance = std::hypot(p.y(), p.z());
  const float column =
      std::clamp((x - first_x_) / (last_x_ - first_x_) * (kColumns - 1), 0.0f, kColumns - 1.001f);
  const int k = static_cast<int>(column);
  const float t = column - k;
  const float upper = upper_angle_[k] * (1 - t) + upper_angle_[k + 1] * t;
  const float lower = lower_angle_[k] * (1 - t) + lower_angle_[k + 1] * t;
  return {(upper - angle) * distance, (angle - lower) * distance, x - first_x_, last_x_ - x};
}

Eigen::Vector3f GlobeShader::Shade(const Eigen::Vector3f& ray, const EyeHit& hit, float pixel_mm,
                                   float key_visibility, const Lighting& lighting) const {
  const Eigen::Vector3f point = ray * hit.depth_mm;
  const Eigen::Vector3f offset = point - centre_camera_;
  const Eigen::Vector3f eye = to_eye_ * offset, head = to_head_ * offset;
  const Eigen::Vector3f view = -ray.normalized();
  const float radius = static_cast<float>(shape_.globe_radius_mm);
  const EyeRecipe& recipe = textures_->recipe();
  const bool conjunctiva = std::abs(eye.norm() - radius) > 0.25f && eye.z() < 9.0f;
  const bool on_cornea =
      eye.z() > 0 && std::hypot(eye.x(), eye.y()) < shape_.limbus_horizontal_mm && !conjunctiva;

  // Normals: cornea and sclera blend at the limbus, whose sulcus is soft.
  Eigen::Vector3f sclera_normal = offset.normalized();
  Eigen::Vector3f cornea_normal =
      (to_eye_.transpose() * (eye - Eigen::Vector3f(0, 0, cornea_centre_))).normalized();
  const float elliptic = std::hypot(eye.x() / static_cast<float>(shape_.limbus_horizontal_mm),
                                    eye.y() / static_cast<float>(shape_.limbus_vertical_mm));
  const float limbus_width = std::max(0.055f, 0.7f * pixel_mm / 5.5f);
  const float inside =
      on_cornea || eye.z() > 9.0f ? 1 - Smooth(1 - limbus_width, 1 + limbus_width, elliptic) : 0.0f;
  const Eigen::Vector3f normal = Mix(sclera_normal, cornea_normal,
                                     Smooth(1.12f, 0.92f, elliptic) * (eye.z() > 0 ? 1.0f : 0.0f))
                                     .normalized();

  const Margins margins = ToMargins(head);
  const float above = std::max(0.0f, margins.up_mm), below = std::max(0.0f, margins.down_mm);
  // Lids and lashes shade what lies under them.
  const float under_lid = 1 - 0.62f * std::exp(-above / 1.4f) - 0.24f * std::exp(-above / 4.5f);
  const float corner = 1 - 0.50f * std::exp(-std::max(0.0f, margins.medial_mm) / 3.0f) -
                       0.50f * std::exp(-std::max(0.0f, margins.lateral_mm) / 3.0f);
  const float ambient_open = under_lid * corner * (1 - 0.30f * std::exp(-below / 1.1f));
  const float key_open = key_visibility * (1 - 0.75f * std::exp(-above / 0.9f)) * corner;

  Eigen::Vector3f diffuse_light = Eigen::Vector3f::Zero(), iris_light = Eigen::Vector3f::Zero();
  const Eigen::Vector3f axis = to_eye_.transpose() * Eigen::Vector3f(0, 0, 1);
  for (size_t k = 0; k < lighting.lights.size(); ++k) {
    const DirectionalLight& light = lighting.lights[k];
    const float seen = k == 0 ? key_open : (0.4f + 0.6f * under_lid) * corner;
    const float wrap = std::max(0.25f, light.wrap);
    const float lit = std::max(0.0f, (sclera_normal.dot(light.direction) + wrap) / (1 + wrap));
    diffuse_light += light.radiance * lit * seen;
    // The cornea gathers light: the side of the iris away from it is brighter.
    const Eigen::Vector3f towards = to_eye_ * light.direction;
    const float gather = 1 - 0.06f * (towards.x() * eye.x() + towards.y() * eye.y());
    iris_light += light.radiance * std::max(0.0f, (axis.dot(light.direction) + wrap) / (1 + wrap)) *
                  seen * std::clamp(gather, 0.6f, 1.4f);
  }
  const float up = 0.5f - 0.5f * sclera_normal.y();  // Camera +y is down.
  const Eigen::Vector3f ambient =
      Mix(lighting.ambient_down, lighting.ambient_up, up) * ambient_open;
  diffuse_light += ambient;
  iris_light += ambient;

  // Sclera and conjunctiva.
  const float yellow = static_cast<float>(recipe.sclera_yellow);
  const float red = static_cast<float>(recipe.redness);
  Eigen::Vector3f sclera(0.47f, 0.415f - 0.025f * yellow, 0.375f - 0.11f * yellow);
  const float vessel =
      textures_->Vessel(eye.x() / radius, eye.y() / radius) * Smooth(0.9f, 0.2f, pixel_mm * 0.8f);
  const float flush = red * (0.35f + 0.65f * Smooth(0.5f, 1.0f, std::abs(head.x()) / radius));
  sclera =
      sclera.cwiseProduct(Eigen::Vector3f(1 - 0.10f * flush, 1 - 0.45f * flush, 1 - 0.42f * flush));
  sclera =
      Mix(sclera, Eigen::Vector3f(0.40f, 0.09f, 0.07f), std::min(0.75f, vessel * (0.25f + red)));
  const float rim = std::exp(-below / 0.8f) * 0.45f + std::exp(-above / 0.8f) * 0.3f;
  const Eigen::Vector3f pink(0.46f, 0.25f, 0.21f);
  sclera = Mix(sclera, pink, std::min(0.8f, rim));
  sclera = Mix(sclera, pink, 0.75f * std::exp(-std::max(0.0f, margins.medial_mm) / 2.4f));
  sclera = Mix(sclera, pink, 0.45f * std::exp(-std::max(0.0f, margins.lateral_mm) / 1.6f));
  if (hit.part == Part::kCaruncle) sclera = Mix(sclera, pink, 0.8f);
  Eigen::Vector3f colour = sclera.cwiseProduct(diffuse_light);

  // Iris and pupil at their apparent depth.
  if (inside > 0) {
    const Eigen::Vector3f direction = to_eye_ * ray;
    const Eigen::Vector3f at = eye + (iris_plane_ - eye.z()) / direction.z() * direction;
    const Eigen::Vector2f from_pupil(at.x() - static_cast<float>(shape_.pupil_offset_mm.x()),
                                     at.y() - static_cast<float>(shape_.pupil_offset_mm.y()));
    const float r = from_pupil.norm();
    const float pupil = static_cast<float>(shape_.pupil_radius_mm);
    const float reach = std::hypot(at.x() / static_cast<float>(shape_.limbus_horizontal_mm),
                                   at.y() / static_cast<float>(shape_.limbus_vertical_mm));
    const float share =
        std::clamp((r - pupil) / std::max(0.5f, r / std::max(0.05f, reach) - pupil), 0.0f, 1.0f);
    Eigen::Vector3f iris = textures_->Iris(std::atan2(at.y(), at.x()), share);
    const float edge = std::max(0.10f, 0.6f * pixel_mm);
    const float in_pupil = 1 - Smooth(pupil - edge, pupil + edge, r);
    iris = Mix(iris, Eigen::Vector3f(0.004f, 0.0035f, 0.003f), in_pupil);
    colour = Mix(colour, iris.cwiseProduct(iris_light), inside);
  }

  // Tear film: Fresnel reflection of lights and surroundings.
  const float facing = std::clamp(normal.dot(view), 0.0f, 1.0f);
  const float fresnel = 0.022f + 0.978f * std::pow(1 - facing, 5.0f);
  const Eigen::Vector3f mirror = 2 * normal.dot(view) * normal - view;
  const float smoothness = on_cornea ? 1.0f : 0.45f;
  Eigen::Vector3f gloss = Eigen::Vector3f::Zero();
  for (size_t k = 0; k < lighting.lights.size(); ++k) {
    const DirectionalLight& light = lighting.lights[k];
    const float width = (on_cornea ? 0.10f : 0.20f) + 0.35f * light.wrap;
    const float seen = k == 0 ? key_open : under_lid;
    gloss += light.radiance * std::min(14.0f, Gloss(mirror, light.direction, width) * 3.0f) * seen *
             smoothness;
  }
  const float mirror_up = 0.5f - 0.5f * mirror.y();
  gloss += Mix(lighting.ambient_down, lighting.ambient_up, mirror_up) * ambient_open;
  colour += fresnel * gloss;
  // Meniscus along the lower lid.
  const float meniscus_mm = 0.22f;
  const float thin = std::min(1.0f, meniscus_mm / std::max(0.02f, pixel_mm));
  if (!conjunctiva && !lighting.lights.empty())
    colour += 0.10f * thin *
              std::exp(-std::pow(below / std::max(meniscus_mm, 0.6f * pixel_mm), 2.0f)) *
              (lighting.lights[0].radiance * key_visibility + lighting.ambient_up) * corner;
  // Corneal reflex of the small light.
  if (eye.z() > 9) {
    const float size = std::max(0.32f, 0.62f * pixel_mm);
    const float distance2 = (eye - reflex_eye_).squaredNorm();
    const float energy = std::pow(0.32f / size, 2.0f);
    colour += Eigen::Vector3f::Constant(lighting.reflex_strength * 0.25f * energy *
                                        std::exp(-distance2 / (size * size)));
  }
  return colour;
}

}  // namespace maskbench
