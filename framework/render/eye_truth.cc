#include "maskbench/render/eye_truth.h"

#include <algorithm>
#include <cmath>

#include <Eigen/Dense>

#include "maskbench/core/error.h"

namespace maskbench {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr int kOutline = 72;
// A margin point counts as hidden when something lies so much nearer at its pixel.
constexpr double kHiddenMm = 1.5;

// A chain in the frame of the eye's corners: (along, across, depth).
struct Edge {
  std::vector<Eigen::Vector3d> points;

  // Across at `along`; of several crossings the one that `pick` prefers. NaN without any.
  template <typename Pick>
  Eigen::Vector2d At(double along, Pick pick) const {
    Eigen::Vector2d best(std::nan(""), 0);
    for (size_t k = 0; k + 1 < points.size(); ++k) {
      const Eigen::Vector3d &a = points[k], &b = points[k + 1];
      if (along < std::min(a.x(), b.x()) || along > std::max(a.x(), b.x())) continue;
      const double span = b.x() - a.x();
      const double t = span == 0 ? 0.5 : (along - a.x()) / span;
      const Eigen::Vector3d p = a + t * (b - a);
      if (std::isnan(best.x()) || pick(p.y(), best.x())) best = {p.y(), p.z()};
    }
    return best;
  }
};

bool IsEyeOrSkin(Part part) {
  switch (part) {
    case Part::kSkin:
    case Part::kLidMargin:
    case Part::kSclera:
    case Part::kIris:
    case Part::kPupil:
    case Part::kCaruncle:
    case Part::kLash:
      return true;
    default:
      return false;
  }
}

}  // namespace

PixelEllipse FitEllipse(const std::vector<Eigen::Vector2d>& points) {
  if (points.size() < 6) throw DataError("an ellipse needs at least six points");
  // Conic a x² + b xy + c y² + d x + e y = 1 about the mean, scaled for conditioning.
  Eigen::Vector2d mean = Eigen::Vector2d::Zero();
  for (const auto& p : points) mean += p;
  mean /= static_cast<double>(points.size());
  double scale = 0;
  for (const auto& p : points) scale += (p - mean).norm();
  scale /= static_cast<double>(points.size());
  Eigen::MatrixXd rows(points.size(), 5);
  for (size_t k = 0; k < points.size(); ++k) {
    const Eigen::Vector2d q = (points[k] - mean) / scale;
    rows.row(static_cast<Eigen::Index>(k)) << q.x() * q.x(), q.x() * q.y(), q.y() * q.y(), q.x(),
        q.y();
  }
  const Eigen::VectorXd conic = rows.colPivHouseholderQr().solve(
      Eigen::VectorXd::Ones(static_cast<Eigen::Index>(points.size())));
  Eigen::Matrix2d form;
  form << conic[0], conic[1] / 2, conic[1] / 2, conic[2];
  const Eigen::Vector2d linear(conic[3], conic[4]);
  const Eigen::Vector2d centre = -0.5 * form.inverse() * linear;
  const double level = 1 + centre.dot(form * centre);
  const Eigen::SelfAdjointEigenSolver<Eigen::Matrix2d> eigen(form / level);
  if (eigen.eigenvalues().minCoeff() <= 0) throw DataError("the points do not lie on an ellipse");
  PixelEllipse ellipse;
  ellipse.centre_px = mean + scale * centre;
  // The smallest eigenvalue belongs to the longest axis.
  ellipse.radii_px = scale * eigen.eigenvalues().cwiseSqrt().cwiseInverse();
  ellipse.angle_rad = std::atan2(eigen.eigenvectors()(1, 0), eigen.eigenvectors()(0, 0));
  return ellipse;
}

EyeFrameTruth TrueEye(Side side, const HeadSurface::Margin& margin,
                      const Eigen::Matrix3Xd& positions, const EyeShape& shape,
                      const EyeState& state, const Pose& head, const Camera& camera,
                      const Eigen::Vector3d& light_camera_mm, const RenderedFrame* frame) {
  EyeFrameTruth truth;
  auto to_camera = [&](const Eigen::Vector3d& eye) -> Eigen::Vector3d {
    return head * (state.rotation * eye + state.globe_centre_mm);
  };
  auto corner = [&](const std::vector<int>& chain, bool first) -> Eigen::Vector3d {
    return head * Eigen::Vector3d(positions.col(first ? chain.front() : chain.back()));
  };
  truth.medial_corner_px = camera.Project(corner(margin.upper_inner, true));
  truth.lateral_corner_px = camera.Project(corner(margin.upper_inner, false));

  // Visible edges: of inner and outer margin the one that reaches farther into the opening.
  const Eigen::Vector2d span = truth.lateral_corner_px - truth.medial_corner_px;
  const double length = std::max(1e-6, span.norm());
  const Eigen::Vector2d along = span / length;
  const Eigen::Vector2d head_up_px = [&] {
    const Eigen::Vector3d centre = head * state.globe_centre_mm;
    const Eigen::Vector3d above = head * (state.globe_centre_mm + Eigen::Vector3d(0, 1, 0));
    return Eigen::Vector2d(camera.Project(above) - camera.Project(centre));
  }();
  Eigen::Vector2d across(-along.y(), along.x());
  if (across.dot(head_up_px) < 0) across = -across;
  auto edge = [&](const std::vector<int>& chain) {
    Edge result;
    for (int v : chain) {
      const Eigen::Vector3d point = head * Eigen::Vector3d(positions.col(v));
      const Eigen::Vector2d pixel = camera.Project(point) - truth.medial_corner_px;
      result.points.emplace_back(pixel.dot(along), pixel.dot(across), point.z());
    }
    return result;
  };
  auto trace = [&](const std::vector<int>& inner_chain, const std::vector<int>& outer_chain,
                   bool upper, std::array<MarginPoint, EyeFrameTruth::kMarginPoints>* out) {
    const Edge inner = edge(inner_chain), outer = edge(outer_chain);
    auto pick = [upper](double a, double b) { return upper ? a < b : a > b; };
    for (int k = 0; k < EyeFrameTruth::kMarginPoints; ++k) {
      const double s = length * k / (EyeFrameTruth::kMarginPoints - 1);
      Eigen::Vector2d best = inner.At(std::clamp(s, 1e-9, length - 1e-9), pick);
      const Eigen::Vector2d second = outer.At(s, pick);
      if (std::isnan(best.x())) best = {0, inner.points.front().z()};
      if (!std::isnan(second.x()) && pick(second.x(), best.x())) best = second;
      MarginPoint& point = (*out)[k];
      point.pixel = truth.medial_corner_px + s * along + best.x() * across;
      if (frame == nullptr) continue;
      const int x = static_cast<int>(std::lround(point.pixel.x()));
      const int y = static_cast<int>(std::lround(point.pixel.y()));
      point.visible = x >= 0 && y >= 0 && x < frame->labels.cols && y < frame->labels.rows;
      if (!point.visible) continue;
      const Part part = static_cast<Part>(frame->labels.at<unsigned char>(y, x));
      const float depth = frame->depth_mm.at<float>(y, x);
      point.visible = IsEyeOrSkin(part) && (depth <= 0 || depth > best.y() - kHiddenMm);
    }
  };
  trace(margin.upper_inner, margin.upper_outer, true, &truth.upper);
  trace(margin.lower_inner, margin.lower_outer, false, &truth.lower);

  std::vector<Eigen::Vector2d> limbus, pupil;
  for (int k = 0; k < kOutline; ++k) {
    const double angle = 2 * kPi * k / kOutline;
    limbus.push_back(camera.Project(to_camera(shape.LimbusPointMm(angle))));
    pupil.push_back(camera.Project(
        to_camera({shape.pupil_offset_mm.x() + shape.pupil_radius_mm * std::cos(angle),
                   shape.pupil_offset_mm.y() + shape.pupil_radius_mm * std::sin(angle),
                   shape.IrisPlaneMm()})));
  }
  truth.iris = FitEllipse(limbus);
  truth.pupil = FitEllipse(pupil);
  if (frame != nullptr) {
    // Seen iris pixels against the area of the outline.
    const double reach = truth.iris.radii_px.maxCoeff() + 2;
    int seen = 0;
    for (int y = static_cast<int>(truth.iris.centre_px.y() - reach);
         y <= truth.iris.centre_px.y() + reach; ++y)
      for (int x = static_cast<int>(truth.iris.centre_px.x() - reach);
           x <= truth.iris.centre_px.x() + reach; ++x) {
        if (x < 0 || y < 0 || x >= frame->labels.cols || y >= frame->labels.rows) continue;
        const Part part = static_cast<Part>(frame->labels.at<unsigned char>(y, x));
        if (part == Part::kIris || part == Part::kPupil) ++seen;
      }
    truth.iris_visible =
        std::min(1.0, seen / (kPi * truth.iris.radii_px.x() * truth.iris.radii_px.y()));
  } else {
    truth.iris_visible = 1;
  }

  const Eigen::Vector3d pupillary = state.rotation * Eigen::Vector3d(0, 0, 1);
  const Eigen::Vector3d visual = state.rotation * shape.VisualAxis(side);
  truth.pupillary_axis_camera = head.rotation * pupillary;
  truth.visual_axis_camera = head.rotation * visual;
  truth.pupillary_axis_head_deg = GazeAngles(pupillary);
  truth.visual_axis_head_deg = GazeAngles(visual);
  const Eigen::Matrix3d to_head = head.rotation.transpose();
  truth.measures = MeasureEye(margin, positions, shape, state, to_head * -head.translation_mm,
                              to_head * (light_camera_mm - head.translation_mm));
  truth.reflex_px = camera.Project(head * truth.measures.reflex_mm);
  return truth;
}

}  // namespace maskbench
