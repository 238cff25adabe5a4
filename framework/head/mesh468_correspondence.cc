#include "mesh468_correspondence.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <utility>

#include <Eigen/LU>

#include "maskbench/head/shape_fit.h"

namespace maskbench {
namespace {

constexpr int kRounds = 15;
constexpr double kAnchorWeight = 30;
constexpr double kOutlier_mm = 4;  // Closest points farther away than this count ever less.

SurfacePoint Reflect(const SurfacePoint& point, const std::vector<int>& mirror) {
  SurfacePoint image = point;
  for (int& vertex : image.vertices) vertex = mirror[vertex];
  return image;
}

// Moves every column of `points` by the thin plate spline (kernel r in three dimensions) through
// given displacements at some of them.
Eigen::Matrix3Xd Bend(const Eigen::Matrix3Xd& points, const std::vector<int>& at,
                      const Eigen::Matrix3Xd& displacements) {
  const auto count = static_cast<Eigen::Index>(at.size());
  Eigen::MatrixXd system = Eigen::MatrixXd::Zero(count + 4, count + 4);
  Eigen::MatrixXd right = Eigen::MatrixXd::Zero(count + 4, 3);
  for (Eigen::Index i = 0; i < count; ++i) {
    for (Eigen::Index j = 0; j < count; ++j) {
      system(i, j) = (points.col(at[i]) - points.col(at[j])).norm();
    }
    system(i, count) = system(count, i) = 1;
    system.block<1, 3>(i, count + 1) = points.col(at[i]).transpose();
    system.block<3, 1>(count + 1, i) = points.col(at[i]);
    right.row(i) = displacements.col(i).transpose();
  }
  const Eigen::MatrixXd coefficients = system.fullPivLu().solve(right);
  Eigen::Matrix3Xd bent = points;
  for (Eigen::Index p = 0; p < points.cols(); ++p) {
    Eigen::Vector3d move = coefficients.row(count).transpose() +
                           coefficients.bottomRows<3>().transpose() * points.col(p);
    for (Eigen::Index i = 0; i < count; ++i) {
      move += coefficients.row(i).transpose() * (points.col(p) - points.col(at[i])).norm();
    }
    bent.col(p) += move;
  }
  return bent;
}

// Closest point on the edges that lie in the plane of symmetry.
SurfacePoint ClosestOnMidline(const Eigen::Vector3d& query, const Eigen::Matrix3Xd& vertices,
                              const Triangles& surface, const std::vector<int>& mirror) {
  SurfacePoint best;
  double best_distance = std::numeric_limits<double>::infinity();
  for (const auto& triangle : surface) {
    for (size_t corner = 0; corner < 3; ++corner) {
      const int a = triangle[corner], b = triangle[(corner + 1) % 3];
      if (mirror[a] != a || mirror[b] != b) continue;
      const Eigen::Vector3d ab = vertices.col(b) - vertices.col(a);
      const double t = std::clamp((query - vertices.col(a)).dot(ab) / ab.squaredNorm(), 0.0, 1.0);
      const double distance = (vertices.col(a) + t * ab - query).norm();
      if (distance >= best_distance) continue;
      best_distance = distance;
      best = {{a, b, b}, {1 - t, t, 0}};
    }
  }
  return best;
}

}  // namespace

std::vector<std::optional<SurfacePoint>> CorrespondMesh468(const HeadModel& canonical,
                                                           const HeadTopology& topology,
                                                           const Eigen::Matrix3Xd& vertices,
                                                           const Triangles& surface,
                                                           const std::vector<MeshAnchor>& anchors) {
  const std::vector<int>& point_mirror = canonical.Topology().mirror;
  std::vector<MeshAnchor> both = anchors;
  std::set<int> anchored;
  for (const MeshAnchor& anchor : anchors) anchored.insert(anchor.point);
  for (const MeshAnchor& anchor : anchors) {
    const int image = point_mirror[anchor.point];
    if (anchored.insert(image).second) {
      both.push_back({image, Reflect(anchor.place, topology.mirror)});
    }
  }

  std::vector<SurfacePoint> points;
  std::vector<int> anchor_points;
  Eigen::Matrix3Xd targets(3, static_cast<Eigen::Index>(both.size()));
  for (size_t i = 0; i < both.size(); ++i) {
    const int p = both[i].point;
    anchor_points.push_back(p);
    points.push_back({{p, p, p}, {1, 0, 0}});
    targets.col(static_cast<Eigen::Index>(i)) = Locate(both[i].place, vertices);
  }
  const Eigen::Matrix3Xd anchor_targets = targets;
  ShapeFitOptions options;
  options.identity_prior_mm2 = 2;
  options.expression_prior_mm2 = 2;
  options.fit_scale = true;
  ShapeFit fit = FitShape(canonical, points, targets, options);
  Eigen::Matrix3Xd shape = fit.pose * canonical.Evaluate(fit.identity, fit.expression);

  // The anchors keep their targets; all other points go to the closest place.
  const Eigen::Index count = shape.cols();
  std::vector<SurfacePoint> all;
  for (int p = 0; p < count; ++p) all.push_back({{p, p, p}, {1, 0, 0}});
  const Triangles canonical_triangles = Triangulate(canonical.Topology().faces);
  const ClosestPointSearch search(vertices, surface);
  for (int round = 0; round < kRounds; ++round) {
    const Eigen::Matrix3Xd normals = VertexNormals(shape, canonical_triangles);
    Eigen::Matrix3Xd goals(3, count);
    options.point_weights.resize(count);
    for (Eigen::Index p = 0; p < count; ++p) {
      const ClosestPoint closest = search.Find(shape.col(p), normals.col(p));
      goals.col(p) = closest.position;
      const double outlying = closest.distance_mm / kOutlier_mm;
      options.point_weights[p] = 1 / (1 + outlying * outlying);
    }
    for (size_t i = 0; i < anchor_points.size(); ++i) {
      goals.col(anchor_points[i]) = anchor_targets.col(static_cast<Eigen::Index>(i));
      options.point_weights[anchor_points[i]] = kAnchorWeight;
    }
    const double stiffness = std::pow(0.6, round);
    options.identity_prior_mm2 = options.expression_prior_mm2 = 20 * stiffness + 0.5;
    fit = FitShape(canonical, all, goals, options);
    shape = fit.pose * canonical.Evaluate(fit.identity, fit.expression);
  }
  shape = Bend(shape, anchor_points, anchor_targets - shape(Eigen::all, anchor_points));

  std::vector<std::optional<SurfacePoint>> places(count);
  const Eigen::Matrix3Xd normals = VertexNormals(shape, canonical_triangles);
  for (int p = 0; p < count; ++p) {
    const int image = point_mirror[p];
    if (places[p]) continue;
    places[p] = image == p ? ClosestOnMidline(shape.col(p), vertices, surface, topology.mirror)
                           : search.Find(shape.col(p), normals.col(p)).point;
    if (image != p) places[image] = Reflect(*places[p], topology.mirror);
  }
  for (const MeshAnchor& anchor : both) places[anchor.point] = anchor.place;
  return places;
}

}  // namespace maskbench
