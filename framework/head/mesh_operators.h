#pragma once

#include <array>
#include <vector>

#include <Eigen/Core>

#include "maskbench/head/head_model.h"

namespace maskbench {

using Triangles = std::vector<std::array<int, 3>>;

/// Quads split along their first diagonal.
Triangles Triangulate(const std::vector<std::array<int, 4>>& faces);

/// Cotangent stiffness (positive semi-definite) and lumped mass of a mesh (Pinkall & Polthier
/// 1993). Dense: for meshes of a few hundred vertices.
struct LaplaceOperator {
  Eigen::MatrixXd stiffness;
  Eigen::VectorXd mass;  ///< mm² by vertex.
};
LaplaceOperator MakeLaplaceOperator(const Eigen::Matrix3Xd& vertices, const Triangles& triangles);

/// Length of the shortest way along edges from the nearest source, by vertex; infinite where there
/// is none.
Eigen::VectorXd EdgeDistances(const Eigen::Matrix3Xd& vertices, const Triangles& triangles,
                              const std::vector<int>& sources);

/// The smoothest functions (least ∫(Δf)²) that have the given values at the given vertices, one
/// function per column of `values`.
Eigen::MatrixXd Extend(const LaplaceOperator& laplace, const std::vector<int>& vertices,
                       const Eigen::MatrixXd& values);

/// Closest point of a mesh.
struct ClosestPoint {
  SurfacePoint point;
  Eigen::Vector3d position;
  double distance_mm = 0;
};

/// Looks for the closest point among triangles whose normal does not point away from `normal` by
/// more than a right angle; a zero normal admits all.
class ClosestPointSearch {
 public:
  ClosestPointSearch(const Eigen::Matrix3Xd& vertices, const Triangles& triangles);
  ClosestPoint Find(const Eigen::Vector3d& query,
                    const Eigen::Vector3d& normal = Eigen::Vector3d::Zero()) const;

 private:
  struct Candidate {
    std::array<int, 3> vertices;
    Eigen::Vector3d a, ab, ac, normal, centre;
    double radius;
  };
  std::vector<Candidate> candidates_;
};

/// Unit normals by vertex, weighted by area; zero at vertices without triangles.
Eigen::Matrix3Xd VertexNormals(const Eigen::Matrix3Xd& vertices, const Triangles& triangles);

}  // namespace maskbench
