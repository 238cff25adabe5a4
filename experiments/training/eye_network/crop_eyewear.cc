#include "experiments/training/eye_network/crop_eyewear.h"

#include <algorithm>
#include <cmath>

#include <Eigen/Geometry>
#include <opencv2/imgproc.hpp>

#include "experiments/training/eye_network/crop_people.h"

namespace maskbench::training {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr int kRound = 44;
// Back of the lens before the cornea; the globe's centre lies this far behind the cornea's apex.
constexpr double kVertexMm[] = {9, 16}, kApexMm = 12.6;

// Outline of a lens: a superellipse that may be narrower below and pulled up at the temple.
struct Outline {
  double half_width, half_height, power, narrow_below, cat_eye;

  Eigen::Vector2d At(double angle) const {
    const double c = std::cos(angle), s = std::sin(angle);
    double x = half_width * std::copysign(std::pow(std::abs(c), 2 / power), c);
    double y = half_height * std::copysign(std::pow(std::abs(s), 2 / power), s);
    if (y < 0) x *= 1 + narrow_below * y / half_height;
    y += cat_eye * half_height * std::max(0.0, x / half_width) * (y > 0 ? 1.0 : 0.3);
    return {x, y};  // x grows to the temple, y up.
  }
};

struct Builder {
  std::shared_ptr<MeshTopology> topology = std::make_shared<MeshTopology>();
  std::vector<Eigen::Vector3f> positions;

  int Add(const Eigen::Vector3d& p) {
    positions.push_back(p.cast<float>());
    return static_cast<int>(positions.size()) - 1;
  }
  void Quad(int a, int b, int c, int d) {
    for (const std::array<int, 3>& t : {std::array<int, 3>{a, b, c}, {a, c, d}}) {
      topology->triangles.push_back(t);
      topology->parts.push_back(Part::kGlasses);
    }
  }
  // A bar of square section from p to q.
  void Bar(const Eigen::Vector3d& p, const Eigen::Vector3d& q, const Eigen::Vector3d& u,
           const Eigen::Vector3d& v) {
    std::array<int, 8> at{};
    const std::array<Eigen::Vector3d, 4> around = {Eigen::Vector3d(u + v), u - v, -u - v, v - u};
    for (size_t k = 0; k < 4; ++k) {
      at[k] = Add(p + around[k]);
      at[k + 4] = Add(q + around[k]);
    }
    for (size_t k = 0; k < 4; ++k) Quad(at[k], at[(k + 1) % 4], at[4 + (k + 1) % 4], at[4 + k]);
  }
};

}  // namespace

Eyewear DrawEyewear(NamedRandom* random, const std::array<Eigen::Vector3d, 2>& globe_centres,
                    float light) {
  Eyewear glasses;
  Outline outline{};
  outline.half_width = Between(random, 22, 29);
  outline.half_height = outline.half_width * Between(random, 0.58, 0.98);
  outline.power = BetweenLog(random, 2.0, 5.5);
  outline.narrow_below = Chance(random, 0.4) ? Between(random, 0.0, 0.3) : 0.0;
  outline.cat_eye = Chance(random, 0.3) ? Between(random, 0.0, 0.3) : 0.0;
  const double kind = random->Uniform();  // Full rim, half rim, rimless.
  const bool thick = Chance(random, 0.45);
  const double across = kind > 0.92 ? 0.25
                        : thick     ? Between(random, 2.0, 5.5)
                                    : Between(random, 0.7, 1.8);
  const double deep = Between(random, 1.2, 3.5);
  const bool half = kind > 0.8 && kind <= 0.92;
  const double ahead = kApexMm + Between(random, kVertexMm[0], kVertexMm[1]);
  const double drop = Between(random, -4, 9);  // Lenses hang a little low; some slide down.
  const double tilt = Between(random, 2, 12) * kPi / 180, wrap = Between(random, 0, 8) * kPi / 180;
  const double offset_x = Between(random, -1.0, 2.0), skew = Between(random, -1.0, 1.0);

  auto material = std::make_shared<Material>();
  const double colour = random->Uniform();
  if (colour < 0.45) {
    material->albedo =
        Eigen::Vector3f::Constant(static_cast<float>(BetweenLog(random, 0.006, 0.05)));
  } else if (colour < 0.65) {
    material->albedo = Eigen::Vector3f(0.10f, 0.045f, 0.02f) *
                       static_cast<float>(BetweenLog(random, 0.4, 2.0));  // Tortoiseshell, horn.
  } else if (colour < 0.85) {
    const auto metal = static_cast<float>(BetweenLog(random, 0.15, 0.6));
    const auto gold = static_cast<float>(Between(random, 0.0, 0.6));
    material->albedo =
        Eigen::Vector3f(metal, metal * (1 - 0.25f * gold), metal * (1 - 0.7f * gold));
  } else {
    for (int c = 0; c < 3; ++c)
      material->albedo[c] = static_cast<float>(BetweenLog(random, 0.01, 0.6));
  }
  material->specular = static_cast<float>(BetweenLog(random, 0.3, 4.0));
  material->roughness = static_cast<float>(Between(random, 0.15, 0.6));

  Builder builder;
  std::array<Eigen::Vector3d, 2> nasal_end, temporal_end;
  for (Side side : kSides) {
    const size_t s = static_cast<size_t>(side);
    const double temporal = side == Side::kLeft ? 1 : -1;
    const Eigen::Vector3d centre =
        globe_centres[s] + Eigen::Vector3d(temporal * offset_x, -drop + temporal * skew, ahead);
    const Eigen::Vector3d right(temporal * std::cos(wrap), 0, -std::sin(wrap));
    const Eigen::Vector3d up(0, std::cos(tilt), std::sin(tilt));
    const Eigen::Vector3d out = (temporal * right.cross(up)).normalized();
    const auto at = [&](double angle, double wider, double forward) -> Eigen::Vector3d {
      const Eigen::Vector2d p = outline.At(angle);
      const double grow = 1 + wider / std::max(1.0, p.norm());
      return centre + grow * p.x() * right + grow * p.y() * up + forward * out;
    };
    for (int k = 0; k < kRound; ++k) glasses.lenses[s].push_back(at(2 * kPi * k / kRound, 0, 0));
    nasal_end[s] = at(kPi - 0.35, 0.5 * across, 0);
    temporal_end[s] = at(0.45, 0.5 * across, 0);
    if (kind <= 0.92) {
      // Four walls of the rim.
      std::vector<std::array<int, 4>> ring;
      for (int k = 0; k < kRound; ++k) {
        const double angle = 2 * kPi * k / kRound;
        ring.push_back(
            {builder.Add(at(angle, 0, 0.5 * deep)), builder.Add(at(angle, across, 0.5 * deep)),
             builder.Add(at(angle, across, -0.5 * deep)), builder.Add(at(angle, 0, -0.5 * deep))});
      }
      for (int k = 0; k < kRound; ++k) {
        const double middle = 2 * kPi * (k + 0.5) / kRound;
        if (half && std::sin(middle) < -0.15) continue;
        const auto &a = ring[static_cast<size_t>(k)],
                   &b = ring[static_cast<size_t>((k + 1) % kRound)];
        for (size_t w = 0; w < 4; ++w) builder.Quad(a[w], b[w], b[(w + 1) % 4], a[(w + 1) % 4]);
      }
    }
    // Temples run back to the ears.
    const Eigen::Vector3d back = temporal_end[s] + Eigen::Vector3d(temporal * 10, -2, -95);
    const double bar = std::max(0.6, 0.4 * across);
    builder.Bar(temporal_end[s], back, {0, 0.5 * std::max(1.2, across), 0}, {0.5 * bar, 0, 0});
  }
  builder.Bar(nasal_end[0], nasal_end[1], {0, 0.5 * std::max(0.8, across), 0}, {0, 0, 0.5 * deep});
  glasses.rims.topology = builder.topology;
  glasses.rims.material = material;
  glasses.rims.positions = std::move(builder.positions);
  glasses.rims.two_sided = true;

  if (Chance(random, 0.2)) {
    const auto level = static_cast<float>(Between(random, 0.35, 0.85));
    for (int c = 0; c < 3; ++c)
      glasses.transmission[c] =
          std::min(0.95f, level * static_cast<float>(Between(random, 0.7, 1.25)));
    if (Chance(random, 0.4)) glasses.gradient = random->Uniform();
  }
  // What is mirrored lies in the same direction for both lenses, a little apart.
  const int count = static_cast<int>(random->Below(4));
  Eigen::Vector3f coat(1, 1, 1);
  if (Chance(random, 0.5)) {  // Anti-reflection coating leaves green, blue or purple.
    const double hue = random->Uniform();
    coat = hue < 0.4   ? Eigen::Vector3f(0.3f, 0.9f, 0.5f)
           : hue < 0.7 ? Eigen::Vector3f(0.4f, 0.5f, 1.0f)
                       : Eigen::Vector3f(0.8f, 0.4f, 0.9f);
  }
  for (int k = 0; k < count; ++k) {
    Eyewear::Reflection made;
    const double cx = Between(random, -0.9, 0.9), cy = Between(random, -0.9, 0.9);
    const double w = BetweenLog(random, 0.04, 0.7), h = BetweenLog(random, 0.04, 0.7);
    const double turn = Between(random, -0.5, 0.5), lean = Between(random, -0.4, 0.4);
    const bool round = Chance(random, 0.35);
    const int corners = round ? 16 : 4;
    for (int c = 0; c < corners; ++c) {
      const double angle = 2 * kPi * (c + 0.5) / corners, reach = round ? 1.0 : 1.414;
      const double x = w * reach * std::cos(angle), y = h * reach * std::sin(angle);
      made.corners.emplace_back(cx + std::cos(turn) * (x + lean * y) - std::sin(turn) * y,
                                cy + std::sin(turn) * (x + lean * y) + std::cos(turn) * y);
    }
    const auto strength = static_cast<float>(BetweenLog(random, 0.02, 0.9));
    made.radiance = light * strength * coat;
    made.soft_mm = BetweenLog(random, 0.3, 4.0);
    const Eigen::Vector2d apart(Between(random, -0.5, 0.5), Between(random, -0.1, 0.1));
    for (size_t s = 0; s < 2; ++s) {
      Eyewear::Reflection here = made;
      // Both lenses mirror the same side of the room: to the temple in one, to the nose in the
      // other.
      const double flip = s == static_cast<size_t>(Side::kLeft) ? 1 : -1;
      for (Eigen::Vector2d& p : here.corners)
        p = {flip * (p.x() + flip * apart.x()), p.y() + apart.y()};
      glasses.reflections[s].push_back(here);
    }
  }
  return glasses;
}

Mesh RimsInCamera(const Eyewear& glasses, const Pose& head) {
  Mesh mesh = glasses.rims;
  const Eigen::Matrix3f rotation = head.rotation.cast<float>();
  const Eigen::Vector3f translation = head.translation_mm.cast<float>();
  for (Eigen::Vector3f& p : mesh.positions) p = rotation * p + translation;
  return mesh;
}

void PaintLens(const Eyewear& glasses, Side side, const Pose& head, const Camera& camera,
               const cv::Mat& labels, cv::Mat* linear, cv::Mat* radiance) {
  const size_t s = static_cast<size_t>(side);
  std::vector<Eigen::Vector2d> outline;
  Eigen::Vector2d middle(0, 0);
  double depth = 0;
  for (const Eigen::Vector3d& p : glasses.lenses[s]) {
    const Eigen::Vector3d at = head * p;
    outline.push_back(camera.Project(at));
    middle += outline.back() / static_cast<double>(glasses.lenses[s].size());
    depth += at.z() / static_cast<double>(glasses.lenses[s].size());
  }
  const double px_per_mm = camera.focal_px / depth;
  // Axes of lens coordinates: outline points 0 (temple) and a quarter further (up).
  const Eigen::Vector2d to_temple = outline[0] - middle, to_top = outline[kRound / 4] - middle;
  constexpr int kShift = 4;
  const auto mask_of = [&](const std::vector<Eigen::Vector2d>& polygon) {
    std::vector<cv::Point> points;
    for (const Eigen::Vector2d& p : polygon)
      points.emplace_back(static_cast<int>(std::lround(p.x() * (1 << kShift))),
                          static_cast<int>(std::lround(p.y() * (1 << kShift))));
    cv::Mat mask = cv::Mat::zeros(linear->size(), CV_8U);
    cv::fillPoly(mask, std::vector<std::vector<cv::Point>>{points}, 255, cv::LINE_AA, kShift);
    cv::Mat result;
    mask.convertTo(result, CV_32F, 1.0 / 255);
    return result;
  };
  const cv::Mat lens = mask_of(outline);
  cv::Mat added = cv::Mat::zeros(linear->size(), CV_32FC3);
  for (const Eyewear::Reflection& reflection : glasses.reflections[s]) {
    std::vector<Eigen::Vector2d> corners;
    for (const Eigen::Vector2d& c : reflection.corners)
      corners.push_back(middle + c.x() * to_temple + c.y() * to_top);
    cv::Mat patch = mask_of(corners);
    const double sigma = std::max(0.3, reflection.soft_mm * px_per_mm);
    cv::GaussianBlur(patch, patch, {}, sigma, sigma, cv::BORDER_CONSTANT);
    for (int y = 0; y < added.rows; ++y)
      for (int x = 0; x < added.cols; ++x)
        for (int c = 0; c < 3; ++c)
          added.at<cv::Vec3f>(y, x)[c] += patch.at<float>(y, x) * reflection.radiance[c];
  }
  const double top = (middle + to_top).y(), bottom = (middle - to_top).y();
  for (int y = 0; y < linear->rows; ++y) {
    const double down = std::clamp((y - top) / std::max(1.0, bottom - top), 0.0, 1.0);
    const auto clear = static_cast<float>(glasses.gradient * down);
    for (int x = 0; x < linear->cols; ++x) {
      const float cover = lens.at<float>(y, x);
      if (cover <= 0) continue;
      const Part part = static_cast<Part>(labels.at<unsigned char>(y, x));
      if (part == Part::kGlasses || part == Part::kOccluder) continue;
      cv::Vec3f& pixel = linear->at<cv::Vec3f>(y, x);
      const cv::Vec3f& glare = added.at<cv::Vec3f>(y, x);
      for (int c = 0; c < 3; ++c) {
        const float through = glasses.transmission[c] + (0.95f - glasses.transmission[c]) * clear;
        pixel[c] = pixel[c] * (1 - cover + cover * through) + cover * glare[c];
      }
      if (radiance != nullptr && !radiance->empty())
        radiance->at<float>(y, x) +=
            cover * (0.2126f * glare[0] + 0.7152f * glare[1] + 0.0722f * glare[2]);
    }
  }
}

}  // namespace maskbench::training
