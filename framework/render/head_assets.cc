#include "maskbench/render/head_assets.h"

namespace maskbench {

std::shared_ptr<const HeadRig> MakeHeadRig(const ParametricHead& head) {
  return std::make_shared<HeadRig>(head.Topology(), head.Shape(HeadRecipe()));
}

std::shared_ptr<const HeadRig> MakeHeadRig(const HeadModel& model) {
  return std::make_shared<HeadRig>(model.Topology(),
                                   model.Evaluate(Eigen::VectorXd(), Eigen::VectorXd()));
}

Eigen::MatrixXf DenseExpressions(const ParametricHead& head, const HeadRecipe& recipe) {
  const ExpressionUnits units = head.Expressions(recipe);
  Eigen::MatrixXf dense = Eigen::MatrixXf::Zero(3 * head.Topology().vertex_count,
                                                static_cast<Eigen::Index>(units.deltas.size()));
  for (size_t k = 0; k < units.deltas.size(); ++k)
    for (size_t i = 0; i < units.deltas[k].vertices.size(); ++i)
      dense.block<3, 1>(3 * units.deltas[k].vertices[i], static_cast<Eigen::Index>(k)) =
          units.deltas[k].millimetres.col(static_cast<Eigen::Index>(i));
  return dense;
}

Eigen::MatrixXf DenseExpressions(const HeadModel& model) {
  std::vector<SurfacePoint> points(static_cast<size_t>(model.Topology().vertex_count));
  for (size_t v = 0; v < points.size(); ++v) points[v].vertices = {static_cast<int>(v), 0, 0};
  return model
      .Jacobian(Eigen::VectorXd::Zero(model.IdentityDims()),
                Eigen::VectorXd::Zero(model.ExpressionDims()), points)
      .rightCols(model.ExpressionDims())
      .cast<float>();
}

}  // namespace maskbench
