#include "mesh_operators.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <queue>
#include <utility>

#include <Eigen/Cholesky>
#include <Eigen/Geometry>

namespace maskbench {

Triangles Triangulate(const std::vector<std::array<int, 4>>& faces) {
  Triangles triangles;
  for (const auto& face : faces) {
    triangles.push_back({face[0], face[1], face[2]});
    if (face[3] != face[2]) triangles.push_back({face[0], face[2], face[3]});
  }
  return triangles;
}

LaplaceOperator MakeLaplaceOperator(const Eigen::Matrix3Xd& vertices, const Triangles& triangles) {
  LaplaceOperator laplace;
  const Eigen::Index count = vertices.cols();
  laplace.stiffness = Eigen::MatrixXd::Zero(count, count);
  laplace.mass = Eigen::VectorXd::Zero(count);
  for (const auto& triangle : triangles) {
    for (size_t corner = 0; corner < 3; ++corner) {
      const int at = triangle[corner], i = triangle[(corner + 1) % 3],
                j = triangle[(corner + 2) % 3];
      const Eigen::Vector3d u = vertices.col(i) - vertices.col(at);
      const Eigen::Vector3d v = vertices.col(j) - vertices.col(at);
      const double twice_area = u.cross(v).norm();
      laplace.mass[at] += twice_area / 6;
      // Obtuse and degenerate corners would make weights negative or infinite.
      const double weight = std::clamp(u.dot(v) / std::max(twice_area, 1e-9), 0.0, 20.0) / 2;
      laplace.stiffness(i, j) -= weight;
      laplace.stiffness(j, i) -= weight;
      laplace.stiffness(i, i) += weight;
      laplace.stiffness(j, j) += weight;
    }
  }
  return laplace;
}

Eigen::VectorXd EdgeDistances(const Eigen::Matrix3Xd& vertices, const Triangles& triangles,
                              const std::vector<int>& sources) {
  std::vector<std::vector<int>> neighbours(vertices.cols());
  for (const auto& triangle : triangles) {
    for (size_t corner = 0; corner < 3; ++corner) {
      neighbours[triangle[corner]].push_back(triangle[(corner + 1) % 3]);
      neighbours[triangle[(corner + 1) % 3]].push_back(triangle[corner]);
    }
  }
  Eigen::VectorXd distances =
      Eigen::VectorXd::Constant(vertices.cols(), std::numeric_limits<double>::infinity());
  using Entry = std::pair<double, int>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
  for (const int source : sources) {
    distances[source] = 0;
    queue.emplace(0.0, source);
  }
  while (!queue.empty()) {
    const auto [distance, vertex] = queue.top();
    queue.pop();
    if (distance > distances[vertex]) continue;
    for (const int next : neighbours[vertex]) {
      const double through = distance + (vertices.col(next) - vertices.col(vertex)).norm();
      if (through >= distances[next]) continue;
      distances[next] = through;
      queue.emplace(through, next);
    }
  }
  return distances;
}

Eigen::MatrixXd Extend(const LaplaceOperator& laplace, const std::vector<int>& vertices,
                       const Eigen::MatrixXd& values) {
  const Eigen::Index count = laplace.mass.size();
  const Eigen::MatrixXd bilaplace =
      laplace.stiffness * laplace.mass.cwiseInverse().asDiagonal() * laplace.stiffness;
  std::vector<bool> is_given(count, false);
  for (const int vertex : vertices) is_given[vertex] = true;
  std::vector<int> free;
  for (int vertex = 0; vertex < count; ++vertex) {
    if (!is_given[vertex]) free.push_back(vertex);
  }
  Eigen::MatrixXd extended(count, values.cols());
  extended(vertices, Eigen::all) = values;
  if (!free.empty()) {
    extended(free, Eigen::all) =
        -bilaplace(free, free).ldlt().solve(bilaplace(free, vertices) * values);
  }
  return extended;
}

ClosestPointSearch::ClosestPointSearch(const Eigen::Matrix3Xd& vertices,
                                       const Triangles& triangles) {
  for (const auto& triangle : triangles) {
    Candidate candidate;
    candidate.vertices = triangle;
    candidate.a = vertices.col(triangle[0]);
    candidate.ab = vertices.col(triangle[1]) - candidate.a;
    candidate.ac = vertices.col(triangle[2]) - candidate.a;
    candidate.normal = candidate.ab.cross(candidate.ac);
    candidate.centre = candidate.a + (candidate.ab + candidate.ac) / 3;
    candidate.radius = 0;
    for (const int vertex : triangle) {
      candidate.radius =
          std::max(candidate.radius, (vertices.col(vertex) - candidate.centre).norm());
    }
    candidates_.push_back(candidate);
  }
}

ClosestPoint ClosestPointSearch::Find(const Eigen::Vector3d& query,
                                      const Eigen::Vector3d& normal) const {
  ClosestPoint best;
  best.distance_mm = std::numeric_limits<double>::infinity();
  for (const Candidate& triangle : candidates_) {
    if ((query - triangle.centre).norm() - triangle.radius >= best.distance_mm) continue;
    if (triangle.normal.dot(normal) < 0) continue;
    // Barycentric coordinates of the closest point (Ericson, Real-Time Collision Detection, 5.1.5).
    const Eigen::Vector3d& ab = triangle.ab;
    const Eigen::Vector3d& ac = triangle.ac;
    const Eigen::Vector3d ap = query - triangle.a, bp = ap - ab, cp = ap - ac;
    const double d1 = ab.dot(ap), d2 = ac.dot(ap), d3 = ab.dot(bp), d4 = ac.dot(bp),
                 d5 = ab.dot(cp), d6 = ac.dot(cp);
    const double va = d3 * d6 - d5 * d4, vb = d5 * d2 - d1 * d6, vc = d1 * d4 - d3 * d2;
    double v = 0, w = 0;
    if (d1 <= 0 && d2 <= 0) {
      // Corner a.
    } else if (d3 >= 0 && d4 <= d3) {
      v = 1;
    } else if (d6 >= 0 && d5 <= d6) {
      w = 1;
    } else if (vc <= 0 && d1 >= 0 && d3 <= 0) {
      v = d1 / (d1 - d3);
    } else if (vb <= 0 && d2 >= 0 && d6 <= 0) {
      w = d2 / (d2 - d6);
    } else if (va <= 0 && d4 >= d3 && d5 >= d6) {
      w = (d4 - d3) / ((d4 - d3) + (d5 - d6));
      v = 1 - w;
    } else {
      const double total = va + vb + vc;
      v = vb / total;
      w = vc / total;
    }
    const Eigen::Vector3d position = triangle.a + v * ab + w * ac;
    const double distance = (position - query).norm();
    if (distance >= best.distance_mm) continue;
    best.distance_mm = distance;
    best.position = position;
    best.point.vertices = triangle.vertices;
    best.point.weights = {1 - v - w, v, w};
  }
  return best;
}

Eigen::Matrix3Xd VertexNormals(const Eigen::Matrix3Xd& vertices, const Triangles& triangles) {
  Eigen::Matrix3Xd normals = Eigen::Matrix3Xd::Zero(3, vertices.cols());
  for (const auto& triangle : triangles) {
    const Eigen::Vector3d a = vertices.col(triangle[0]);
    const Eigen::Vector3d normal =
        (vertices.col(triangle[1]) - a).cross(vertices.col(triangle[2]) - a);
    for (const int vertex : triangle) normals.col(vertex) += normal;
  }
  for (auto normal : normals.colwise()) {
    if (normal.norm() > 0) normal.normalize();
  }
  return normals;
}

}  // namespace maskbench
