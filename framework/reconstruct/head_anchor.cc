#include "maskbench/reconstruct/head_anchor.h"

#include <algorithm>
#include <cmath>

#include <Eigen/Dense>
#include <Eigen/Geometry>

#include "corner_sight.h"

namespace maskbench {
namespace {

constexpr int kRounds = 3;

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
  const auto trust = [&](size_t i) { return sights[i].trust(); };
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
  std::vector<Eigen::Vector2d> places(count);
  for (int round = 0; round < kRounds; ++round) {
    std::vector<Eigen::Vector2d> own(count, Eigen::Vector2d(1, 0));
    for (size_t i = 0; i < count; ++i) {
      const Sight& sight = sights[i];
      if (sight.total() <= 0) continue;
      Corners corners;
      for (int k = 0; k < kCorners; ++k) corners[static_cast<size_t>(k)] = model(i, k);
      own[i] = ShapeOf(sight, corners);
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
                     (sight.view_px[static_cast<size_t>(k)] - Turned(shapes[i], model(i, k)));
      }
      // Only frames with both eyes tell where all corners are against each other.
      if (!sight.both_eyes()) continue;
      for (int k = 0; k < kCorners; ++k) {
        const Eigen::Vector2d off =
            sight.view_px[static_cast<size_t>(k)] - places[i] - Turned(shapes[i], model(i, k));
        const double scale = shapes[i].squaredNorm() * anchored[i].scale_px;
        const Eigen::Vector2d back = TurnedBack(shapes[i], off);
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
                  (sight.view_px[k] - Turned(shapes[i], model(i, static_cast<int>(k))));
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
