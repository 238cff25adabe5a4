#include "maskbench/reconstruct/head_motion.h"

#include <algorithm>
#include <cmath>

#include <Eigen/Dense>
#include <Eigen/Geometry>

namespace maskbench {
namespace {

constexpr double kDegrees = 180 / 3.14159265358979323846;
// Weight of a residual in depth against one in the picture.
constexpr double kDepthWeight = 0.15;
constexpr int kIterations = 6, kTemplateRounds = 3;

Eigen::Matrix3d Cross(const Eigen::Vector3d& v) {
  Eigen::Matrix3d matrix;
  matrix << 0, -v.z(), v.y(), v.z(), 0, -v.x(), -v.y(), v.x(), 0;
  return matrix;
}

HeadView Similarity(const Eigen::Matrix3Xd& from, const Eigen::Matrix3Xd& to) {
  const Eigen::Matrix4d map = Eigen::umeyama(from, to, true);
  HeadView view;
  view.seen = true;
  view.scale_px = map.block<3, 1>(0, 0).norm();
  view.rotation = map.topLeftCorner<3, 3>() / view.scale_px;
  view.origin_px = map.topRightCorner<3, 1>();
  return view;
}

}  // namespace

Eigen::Vector3d HeadView::AnglesDeg() const {
  const Eigen::Vector3d forward = rotation.col(2), left = rotation.col(0);
  return {kDegrees * std::atan2(forward.x(), forward.z()),
          kDegrees * std::asin(std::clamp(forward.y(), -1.0, 1.0)),
          kDegrees * std::atan2(-left.y(), left.x())};
}

std::vector<int> SkullPoints(const Eigen::Matrix3Xd& canonical_mm) {
  std::vector<int> points;
  const Eigen::Vector3d right = (canonical_mm.col(mesh::kRightEyeInner) +
                                 canonical_mm.col(mesh::kRightEyeOuter)) /
                                2,
                        left = (canonical_mm.col(mesh::kLeftEyeInner) +
                                canonical_mm.col(mesh::kLeftEyeOuter)) /
                               2;
  for (int k = 0; k < kMeshPoints; ++k) {
    const Eigen::Vector3d p = canonical_mm.col(k);
    const double y = p.y() - (right.y() + left.y()) / 2;
    // Mouth, chin and lower cheeks move; so do lids, and brows up to the middle of the forehead.
    const double nearest = std::min((p - right).head<2>().norm(), (p - left).head<2>().norm());
    const bool bridge = std::abs(p.x()) < 14 && y > -42 && y < 12;
    const bool brows = y > 8 && y < 42 && std::abs(p.x()) < 62;
    if (y < -42 || (!bridge && (brows || nearest < 24))) continue;
    points.push_back(k);
  }
  return points;
}

HeadMotion::HeadMotion(const Eigen::Matrix3Xd& canonical_mm)
    : points_(SkullPoints(canonical_mm)), canonical_mm_(3, points_.size()) {
  for (size_t k = 0; k < points_.size(); ++k)
    canonical_mm_.col(static_cast<Eigen::Index>(k)) = canonical_mm.col(points_[k]);
  person_mm_ = canonical_mm_;
}

Eigen::Matrix3Xf HeadMotion::PointsOf(const FaceObservation& face) const {
  Eigen::Matrix3Xf seen(3, points_.size());
  for (size_t k = 0; k < points_.size(); ++k) {
    const cv::Point3f& p = face.mesh[static_cast<size_t>(points_[k])];
    seen.col(static_cast<Eigen::Index>(k)) << p.x, -p.y, -p.z;
  }
  return seen;
}

HeadView HeadMotion::Align(const Eigen::Matrix3Xd& model, const Eigen::Matrix3Xf& seen,
                           const HeadView* start) {
  const Eigen::Matrix3Xd target = seen.cast<double>();
  HeadView view = start != nullptr && start->seen ? *start : Similarity(model, target);
  for (int iteration = 0; iteration < kIterations; ++iteration) {
    Eigen::Matrix<double, 7, 7> normal = Eigen::Matrix<double, 7, 7>::Zero();
    Eigen::Matrix<double, 7, 1> right = Eigen::Matrix<double, 7, 1>::Zero();
    std::vector<double> distances;
    const Eigen::Matrix3Xd turned = view.scale_px * (view.rotation * model);
    const Eigen::Matrix3Xd residuals = (target - turned).colwise() - view.origin_px;
    for (Eigen::Index k = 0; k < model.cols(); ++k)
      distances.push_back(residuals.col(k).head<2>().norm());
    std::nth_element(distances.begin(), distances.begin() + distances.size() / 2, distances.end());
    const double scale = std::max(1e-6, 1.5 * distances[distances.size() / 2]);
    for (Eigen::Index k = 0; k < model.cols(); ++k) {
      // Cauchy weights on the distance in the picture.
      const double ratio = residuals.col(k).head<2>().norm() / scale;
      const double weight = 1 / (1 + ratio * ratio);
      const Eigen::Vector3d weights(weight, weight, weight * kDepthWeight);
      Eigen::Matrix<double, 3, 7> jacobian;
      jacobian << -Cross(turned.col(k)), turned.col(k), Eigen::Matrix3d::Identity();
      normal += jacobian.transpose() * weights.asDiagonal() * jacobian;
      right += jacobian.transpose() * weights.asDiagonal() * residuals.col(k);
    }
    const Eigen::Matrix<double, 7, 1> step = normal.ldlt().solve(right);
    const double angle = step.head<3>().norm();
    if (angle > 0)
      view.rotation =
          Eigen::AngleAxisd(angle, step.head<3>() / angle).toRotationMatrix() * view.rotation;
    view.scale_px *= std::exp(step[3]);
    view.origin_px += step.tail<3>();
  }
  return view;
}

Eigen::Matrix3Xd HeadMotion::Template(const std::vector<const Eigen::Matrix3Xf*>& frames) const {
  Eigen::Matrix3Xd person_mm = canonical_mm_;
  if (frames.empty()) return person_mm;
  for (int round = 0; round < kTemplateRounds; ++round) {
    Eigen::Matrix3Xd sum = Eigen::Matrix3Xd::Zero(3, person_mm.cols());
    for (const Eigen::Matrix3Xf* frame : frames) {
      const HeadView view = Align(person_mm, *frame, nullptr);
      sum += view.rotation.transpose() *
             ((frame->cast<double>().colwise() - view.origin_px) / view.scale_px);
    }
    const Eigen::Matrix3Xd mean = sum / static_cast<double>(frames.size());
    // Size, place and direction are the mean face's.
    const HeadView onto = Similarity(mean, canonical_mm_);
    person_mm = (onto.scale_px * (onto.rotation * mean)).colwise() + onto.origin_px;
  }
  return person_mm;
}

std::vector<HeadView> HeadMotion::Fit(const std::vector<Eigen::Matrix3Xf>& frames) {
  std::vector<size_t> known;
  for (size_t i = 0; i < frames.size(); ++i)
    if (frames[i].cols() > 0) known.push_back(i);
  std::vector<HeadView> views(frames.size());
  if (known.empty()) return views;
  std::vector<const Eigen::Matrix3Xf*> chosen;
  const size_t count = std::min<size_t>(kTemplateFrames, known.size());
  for (size_t k = 0; k < count; ++k) chosen.push_back(&frames[known[k * known.size() / count]]);
  person_mm_ = Template(chosen);
  const HeadView* before = nullptr;
  for (const size_t i : known) {
    // From scratch when a face was just found again.
    const bool follows = before != nullptr && i > 0 && views[i - 1].seen;
    views[i] = Align(person_mm_, frames[i], follows ? before : nullptr);
    before = &views[i];
  }
  return views;
}

}  // namespace maskbench
