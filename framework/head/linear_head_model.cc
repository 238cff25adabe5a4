#include "maskbench/head/linear_head_model.h"

#include <utility>

#include <fmt/format.h>

#include "maskbench/core/error.h"

namespace maskbench {
namespace {

void CheckSize(bool fits, const std::string& model, const char* what) {
  if (!fits) {
    throw DataError(fmt::format("Head model {} has a {} of another size.", model, what));
  }
}

// basis · coefficients; missing coefficients are zero.
void AddProduct(const Eigen::MatrixXf& basis, const Eigen::VectorXd& coefficients,
                const std::string& model, Eigen::VectorXf* shape) {
  const Eigen::Index dims = coefficients.size();
  if (dims > basis.cols()) {
    throw DataError(fmt::format("Head model {} takes up to {} coefficients, but got {}.", model,
                                basis.cols(), dims));
  }
  if (dims > 0) shape->noalias() += basis.leftCols(dims) * coefficients.cast<float>();
}

}  // namespace

void CheckTopology(const HeadTopology& topology, const std::string& model) {
  const int count = topology.vertex_count;
  const auto check = [&](int vertex, const char* what) {
    if (vertex < 0 || vertex >= count) {
      throw DataError(fmt::format("Head model {} names vertex {} in its {}, but has {} vertices.",
                                  model, vertex, what, count));
    }
  };
  for (const auto& face : topology.faces) {
    for (const int vertex : face) check(vertex, "faces");
  }
  CheckSize(topology.face_parts.empty() || topology.face_parts.size() == topology.faces.size(),
            model, "list of face parts");
  CheckSize(topology.mirror.size() == static_cast<size_t>(count), model, "mirror map");
  for (int vertex = 0; vertex < count; ++vertex) {
    const int image = topology.mirror[vertex];
    if (image == -1) continue;
    check(image, "mirror map");
    if (topology.mirror[image] != vertex) {
      throw DataError(fmt::format("Head model {} mirrors vertex {} to {}, but that one to {}.",
                                  model, vertex, image, topology.mirror[image]));
    }
  }
  for (const Side side : kSides) {
    const LidRings& lids = topology.lids[static_cast<int>(side)];
    for (const auto* ring :
         {&lids.upper_inner, &lids.lower_inner, &lids.upper_outer, &lids.lower_outer}) {
      for (const int vertex : *ring) check(vertex, "lid rings");
    }
    for (const int canthus : {lids.medial_canthus, lids.lateral_canthus}) {
      if (canthus != -1) check(canthus, "canthi");
    }
    const VertexStencil& globe = topology.globe_centre[static_cast<int>(side)];
    CheckSize(globe.vertices.size() == globe.weights.size(), model, "globe stencil");
    for (const int vertex : globe.vertices) check(vertex, "globe stencil");
  }
  for (const auto& point : topology.mesh468) {
    if (!point) continue;
    for (const int vertex : point->vertices) check(vertex, "face-mesh points");
  }
}

LinearHeadModel::LinearHeadModel(LinearHeadData data) : data_(std::move(data)) {
  CheckTopology(data_.topology, data_.name);
  const Eigen::Index rows = 3 * static_cast<Eigen::Index>(data_.topology.vertex_count);
  CheckSize(data_.mean.size() == rows, data_.name, "mean shape");
  CheckSize(data_.identity.rows() == rows, data_.name, "identity basis");
  CheckSize(data_.expression.cols() == 0 || data_.expression.rows() == rows, data_.name,
            "expression basis");
  const auto expressions = static_cast<size_t>(data_.expression.cols());
  CheckSize(data_.expression_names.size() == expressions, data_.name, "list of expressions");
  CheckSize(data_.expression_range.size() == expressions, data_.name, "list of ranges");
}

Eigen::Matrix3Xd LinearHeadModel::Evaluate(const Eigen::VectorXd& identity,
                                           const Eigen::VectorXd& expression) const {
  Eigen::VectorXf shape = data_.mean;
  AddProduct(data_.identity, identity, data_.name, &shape);
  AddProduct(data_.expression, expression, data_.name, &shape);
  return Eigen::Map<const Eigen::Matrix3Xf>(shape.data(), 3, shape.size() / 3).cast<double>();
}

Eigen::MatrixXd LinearHeadModel::Jacobian(const Eigen::VectorXd& /*identity*/,
                                          const Eigen::VectorXd& /*expression*/,
                                          const std::vector<SurfacePoint>& points) const {
  const int identities = IdentityDims();
  const int expressions = ExpressionDims();
  Eigen::MatrixXd jacobian =
      Eigen::MatrixXd::Zero(3 * static_cast<Eigen::Index>(points.size()), identities + expressions);
  for (size_t p = 0; p < points.size(); ++p) {
    for (int corner = 0; corner < 3; ++corner) {
      const double weight = points[p].weights[corner];
      if (weight == 0) continue;
      const Eigen::Index from = 3 * static_cast<Eigen::Index>(points[p].vertices[corner]);
      const Eigen::Index to = 3 * static_cast<Eigen::Index>(p);
      jacobian.block(to, 0, 3, identities) +=
          weight * data_.identity.middleRows(from, 3).cast<double>();
      if (expressions > 0) {
        jacobian.block(to, identities, 3, expressions) +=
            weight * data_.expression.middleRows(from, 3).cast<double>();
      }
    }
  }
  return jacobian;
}

}  // namespace maskbench
