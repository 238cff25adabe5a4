#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "maskbench/core/side.h"

namespace maskbench {

/// Point on (or a linear combination of) a head's vertices: Σ weights[i]·vertex[vertices[i]].
struct SurfacePoint {
  std::array<int, 3> vertices{};
  std::array<double, 3> weights{1.0, 0.0, 0.0};
};

/// Linear combination of any number of vertices plus an offset in millimetres.
struct VertexStencil {
  std::vector<int> vertices;
  std::vector<double> weights;
  Eigen::Vector3d offset_mm = Eigen::Vector3d::Zero();
};

/// Vertex rings round the opening of one eye. Each ring runs from the medial to the lateral side
/// and leaves the canthi out. "Inner" touches the globe, "outer" carries the lashes; a model whose
/// lids have no thickness names the same ring twice.
struct LidRings {
  std::vector<int> upper_inner, lower_inner;
  std::vector<int> upper_outer, lower_outer;
  int medial_canthus = -1;
  int lateral_canthus = -1;
};

/// What a face of the mesh belongs to.
enum class HeadPart : unsigned char { kSkin = 0, kMouthCavity, kTeeth };

/// What never changes with the coefficients of a head model.
struct HeadTopology {
  int vertex_count = 0;
  /// Quads; a triangle repeats its last index. Counter-clockwise seen from outside.
  std::vector<std::array<int, 4>> faces;
  std::vector<HeadPart> face_parts;  ///< One per face; empty: all skin.
  /// Mirror image of each vertex (an involution), or -1.
  std::vector<int> mirror;
  std::array<LidRings, 2> lids;  ///< By Side.
  /// Rest position of the globe's rotation centre, by Side.
  std::array<VertexStencil, 2> globe_centre;
  /// Where the 468 points of the face mesh lie on this head; a point may be unknown.
  std::vector<std::optional<SurfacePoint>> mesh468;
};

/// A face or head whose shape depends on identity and expression coefficients.
///
/// Frame: millimetres, origin midway between the resting globe centres, +x to the patient's left,
/// +y up, +z forward (out of the face). Identity coefficients are in standard deviations (prior:
/// independent standard normal); expression coefficients are activations, 0 at rest, 1 fully
/// active, within `ExpressionRange`. Models from elsewhere (FLAME, BFM, ICT-FaceKit, …) implement
/// this class or fill a LinearHeadModel.
class HeadModel {
 public:
  virtual ~HeadModel() = default;
  /// Name and version for cache keys, e.g. "parametric/1".
  virtual std::string Name() const = 0;
  virtual const HeadTopology& Topology() const = 0;
  virtual int IdentityDims() const = 0;
  virtual int ExpressionDims() const = 0;
  virtual const std::vector<std::string>& ExpressionNames() const = 0;
  /// Lowest and highest sensible activation of each expression; ExpressionDims() entries.
  virtual const std::vector<std::pair<double, double>>& ExpressionRange() const = 0;

  /// Vertices in millimetres, 3 × vertex_count. Shorter coefficient vectors are padded with zeros.
  virtual Eigen::Matrix3Xd Evaluate(const Eigen::VectorXd& identity,
                                    const Eigen::VectorXd& expression) const = 0;

  /// Derivative of the stacked positions (x0 y0 z0 x1 …) of `points` with respect to
  /// [identity, expression]: 3·points × (IdentityDims + ExpressionDims), mm per unit.
  virtual Eigen::MatrixXd Jacobian(const Eigen::VectorXd& identity,
                                   const Eigen::VectorXd& expression,
                                   const std::vector<SurfacePoint>& points) const = 0;
};

/// Position of a surface point among `vertices` (3 × vertex_count).
inline Eigen::Vector3d Locate(const SurfacePoint& point, const Eigen::Matrix3Xd& vertices) {
  return point.weights[0] * vertices.col(point.vertices[0]) +
         point.weights[1] * vertices.col(point.vertices[1]) +
         point.weights[2] * vertices.col(point.vertices[2]);
}

/// Position of a stencil among `vertices` (3 × vertex_count).
Eigen::Vector3d Locate(const VertexStencil& stencil, const Eigen::Matrix3Xd& vertices);

}  // namespace maskbench
