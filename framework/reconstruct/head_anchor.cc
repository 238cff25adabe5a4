#include "maskbench/reconstruct/head_anchor.h"

#include <algorithm>
#include <cmath>

#include <Eigen/Dense>
#include <Eigen/Geometry>

namespace maskbench {
namespace {

constexpr double kPlaceSeconds = 0.05, kShapeSeconds = 0.25;
// Something before an eye disturbs the whole mesh: weight of such frames for directions and sizes.
constexpr double kDisturbedWeight = 0.01;
constexpr int kCorners = 4, kRounds = 3;
// How much the mesh's size and tilt of a frame count beside the corners: standard errors.
constexpr double kMeshScaleShare = 0.03;
// Corners' places are trusted no better than this, px; those of blinking eyes less.
constexpr double kCornerFloorPx = 0.3;
// Beside a covered eye its neighbour's inner corner counts so much: what covers the one reaches
// over the nose, hides and shades it, and the corner is read too far from the nose (by 0.2 to 0.5
// mm on rendered cover tests).
constexpr double kInnerBesideCover = 0.1;

using Corners = std::array<Eigen::Vector2d, kCorners>;
using Weights = std::array<double, kCorners>;

/// What the corners of one frame say.
struct Sight {
  Corners view_px;
  Weights weights{};  ///< 1 / px²; 0 for what is not seen.
  bool both_eyes() const { return *std::min_element(weights.begin(), weights.end()) > 0; }
  double of_eye(size_t s) const { return weights[2 * s] + weights[2 * s + 1]; }
  double total() const { return of_eye(0) + of_eye(1); }
};

Sight SightOf(const std::array<EyeEvidence, 2>& eyes) {
  Sight sight;
  for (size_t s = 0; s < 2; ++s) {
    const EyeEvidence& eye = eyes[s];
    for (size_t k = 0; k < 2; ++k) {
      const SeenPoint& corner = k == 0 ? eye.medial : eye.lateral;
      sight.view_px[2 * s + k] = {corner.at.x, -corner.at.y};
      if (eye.in_sight < 0.5) continue;
      const double error = std::hypot(corner.error_px, kCornerFloorPx) * (1 + eye.shut);
      const bool beside = k == 0 && eyes[1 - s].in_sight < 0.5;
      sight.weights[2 * s + k] = (beside ? kInnerBesideCover : 1.0) / (error * error);
    }
  }
  return sight;
}

/// Weighted lines through the frames around, within stretches of frames with a face.
class Smoother {
 public:
  /// @param steep  a Gaussian of standard deviation `seconds`; else an exponential, whose long
  /// tails bridge frames without weight.
  Smoother(double seconds, double rate_hz, bool steep)
      : scale_(std::max(0.3, seconds * rate_hz)), steep_(steep) {}

  /// @param value  of frame j. @param weight  of frame j; 0 leaves it out.
  template <class Value, class Get, class Weight>
  bool At(size_t i, const std::vector<HeadView>& views, Get value, Weight weight,
          Value* mean) const {
    const auto reach = static_cast<size_t>(std::ceil((steep_ ? 3 : 9) * scale_));
    double total = 0, first = 0, second = 0;
    Value sum = Value::Zero(), slanted = Value::Zero();
    const auto take = [&](size_t j) {
      const double w = weight(j);
      if (w <= 0) return;
      const double d = (static_cast<double>(j) - static_cast<double>(i)) / scale_;
      const double share = w * std::exp(steep_ ? -0.5 * d * d : -std::abs(d));
      sum += share * value(j);
      slanted += share * d * value(j);
      total += share;
      first += share * d;
      second += share * d * d;
    };
    for (size_t j = i; views[j].seen; --j) {
      take(j);
      if (j == 0 || i - j >= reach) break;
    }
    for (size_t j = i + 1; j < views.size() && j - i <= reach && views[j].seen; ++j) take(j);
    if (total <= 0) return false;
    // Held to a mean where there is little to draw a line through.
    const double ridge = 0.05 * total;
    *mean = ((second + ridge) * sum - first * slanted) / ((second + ridge) * total - first * first);
    return true;
  }

 private:
  double scale_;
  bool steep_;
};

}  // namespace

OrbitViews AnchorToCorners(const std::vector<std::optional<std::array<EyeEvidence, 2>>>& eyes,
                           double rate_hz, const std::vector<HeadView>& views,
                           const Eigen::Matrix3Xd& canonical_mm) {
  const size_t count = views.size();
  std::vector<HeadView> anchored = views;
  std::vector<Sight> sights(count);
  for (size_t i = 0; i < count; ++i)
    if (views[i].seen && eyes[i]) sights[i] = SightOf(*eyes[i]);

  // Directions and size: the mesh's, smooth.
  const Smoother slow(kShapeSeconds, rate_hz, false), fast(kPlaceSeconds, rate_hz, true);
  const auto trust = [&](size_t i) { return sights[i].both_eyes() ? 1.0 : kDisturbedWeight; };
  using Vector1 = Eigen::Matrix<double, 1, 1>;
  for (size_t i = 0; i < count; ++i) {
    if (!views[i].seen) continue;
    Eigen::Matrix3d mean = Eigen::Matrix3d::Identity();
    slow.At(
        i, views, [&](size_t j) { return views[j].rotation; }, trust, &mean);
    Vector1 scale = Vector1::Zero();
    slow.At(
        i, views, [&](size_t j) { return Vector1(std::log(views[j].scale_px)); }, trust, &scale);
    anchored[i].scale_px = std::exp(scale[0]);
    const Eigen::JacobiSVD<Eigen::Matrix3d> svd(mean, Eigen::ComputeFullU | Eigen::ComputeFullV);
    anchored[i].rotation = svd.matrixU() * svd.matrixV().transpose();
  }

  // This person's corners, in turns with the poses.
  Eigen::Matrix<double, 3, kCorners> person;
  const std::array<int, kCorners> points = {mesh::kRightEyeInner, mesh::kRightEyeOuter,
                                            mesh::kLeftEyeInner, mesh::kLeftEyeOuter};
  for (int k = 0; k < kCorners; ++k)
    person.col(k) = canonical_mm.col(points[static_cast<size_t>(k)]);
  // Of a frame's own size and tilt against the mesh's: (cos, sin) times the ratio of sizes.
  std::vector<Eigen::Vector2d> shapes(count, Eigen::Vector2d(1, 0));
  const auto model = [&](size_t i, int k) -> Eigen::Vector2d {
    return anchored[i].scale_px * (anchored[i].rotation * person.col(k)).head<2>();
  };
  const auto turned = [](const Eigen::Vector2d& shape, const Eigen::Vector2d& p) {
    return Eigen::Vector2d(shape.x() * p.x() - shape.y() * p.y(),
                           shape.y() * p.x() + shape.x() * p.y());
  };
  std::vector<Eigen::Vector2d> places(count);
  for (int round = 0; round < kRounds; ++round) {
    std::vector<Eigen::Vector2d> own(count, Eigen::Vector2d(1, 0));
    for (size_t i = 0; i < count; ++i) {
      const Sight& sight = sights[i];
      if (sight.total() <= 0) continue;
      Eigen::Matrix4d normal = Eigen::Matrix4d::Zero();
      Eigen::Vector4d right = Eigen::Vector4d::Zero();
      double extent = 1;
      for (int k = 0; k < kCorners; ++k) {
        const Eigen::Vector2d p = model(i, k);
        extent = std::max(extent, p.norm());
        Eigen::Matrix<double, 2, 4> jacobian;
        jacobian << p.x(), -p.y(), 1, 0, p.y(), p.x(), 0, 1;
        const double weight = sight.weights[static_cast<size_t>(k)];
        normal += weight * jacobian.transpose() * jacobian;
        right += weight * jacobian.transpose() * sight.view_px[static_cast<size_t>(k)];
      }
      const double mesh_weight = 1 / (kMeshScaleShare * kMeshScaleShare);
      normal(0, 0) += mesh_weight;
      normal(1, 1) += mesh_weight;
      right[0] += mesh_weight;
      own[i] = normal.ldlt().solve(right).head<2>();
    }
    for (size_t i = 0; i < count; ++i) {
      if (!views[i].seen) continue;
      if (!slow.At(
              i, views, [&](size_t j) { return own[j]; },
              [&](size_t j) { return sights[j].total() * trust(j); }, &shapes[i]))
        shapes[i] = {1, 0};
    }
    // With these shapes, the place of every frame and, from all, where the corners are.
    Eigen::Matrix<double, 2, kCorners> residual_sum = Eigen::Matrix<double, 2, kCorners>::Zero();
    Eigen::Vector4d weight_sum = Eigen::Vector4d::Zero();
    for (size_t i = 0; i < count; ++i) {
      const Sight& sight = sights[i];
      if (sight.total() <= 0) continue;
      places[i].setZero();
      for (int k = 0; k < kCorners; ++k) {
        places[i] += sight.weights[static_cast<size_t>(k)] / sight.total() *
                     (sight.view_px[static_cast<size_t>(k)] - turned(shapes[i], model(i, k)));
      }
      // Only frames with both eyes tell where all corners are against each other.
      if (!sight.both_eyes()) continue;
      for (int k = 0; k < kCorners; ++k) {
        const Eigen::Vector2d off =
            sight.view_px[static_cast<size_t>(k)] - places[i] - turned(shapes[i], model(i, k));
        const double scale = shapes[i].squaredNorm() * anchored[i].scale_px;
        const Eigen::Vector2d back(shapes[i].x() * off.x() + shapes[i].y() * off.y(),
                                   -shapes[i].y() * off.x() + shapes[i].x() * off.y());
        const double weight = sight.weights[static_cast<size_t>(k)];
        residual_sum.col(k) +=
            weight * (anchored[i].rotation.topLeftCorner<2, 2>().inverse() * back / scale);
        weight_sum[k] += weight;
      }
    }
    for (int k = 0; k < kCorners; ++k)
      if (weight_sum[k] > 0) person.col(k).head<2>() += residual_sum.col(k) / weight_sum[k];
  }

  // Each orbit by its own corners, so that it is the same whether or not the other eye is covered.
  OrbitViews orbits;
  for (size_t s = 0; s < 2; ++s) {
    std::vector<Eigen::Vector2d> own(count, Eigen::Vector2d::Zero());
    for (size_t i = 0; i < count; ++i) {
      const Sight& sight = sights[i];
      if (sight.of_eye(s) <= 0) continue;
      for (size_t k = 2 * s; k < 2 * s + 2; ++k) {
        own[i] += sight.weights[k] / sight.of_eye(s) *
                  (sight.view_px[k] - turned(shapes[i], model(i, static_cast<int>(k))));
      }
    }
    orbits[s] = anchored;
    for (size_t i = 0; i < count; ++i) {
      if (!views[i].seen) continue;
      HeadView& view = orbits[s][i];
      view.scale_px *= shapes[i].norm();
      view.rotation =
          Eigen::AngleAxisd(std::atan2(shapes[i].y(), shapes[i].x()), Eigen::Vector3d::UnitZ())
              .toRotationMatrix() *
          view.rotation;
      Eigen::Vector2d place = Eigen::Vector2d::Zero();
      if (fast.At(
              i, views, [&](size_t j) { return own[j]; },
              [&](size_t j) { return sights[j].of_eye(s); }, &place))
        view.origin_px.head<2>() = place;
    }
  }
  return orbits;
}

}  // namespace maskbench
