#pragma once

#include <string>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include "maskbench/head/head_model.h"

namespace maskbench {

/// What a linear head model consists of. Columns of 3 · vertex_count rows hold x0 y0 z0 x1 … in
/// millimetres in the frame of HeadModel.
struct LinearHeadData {
  std::string name;  ///< "name/version".
  HeadTopology topology;
  Eigen::VectorXf mean;
  Eigen::MatrixXf identity;    ///< One column per standard deviation.
  Eigen::MatrixXf expression;  ///< One column per full activation.
  std::vector<std::string> expression_names;
  std::vector<std::pair<double, double>> expression_range;
};

/// Head model of the form mean + identity · α + expression · β, like the parametric head, FLAME
/// without its joints, BFM or ICT-FaceKit: an adapter fills in the arrays.
class LinearHeadModel : public HeadModel {
 public:
  /// Throws DataError that names the model when lengths or indices do not fit together.
  explicit LinearHeadModel(LinearHeadData data);

  std::string Name() const override { return data_.name; }
  const HeadTopology& Topology() const override { return data_.topology; }
  int IdentityDims() const override { return static_cast<int>(data_.identity.cols()); }
  int ExpressionDims() const override { return static_cast<int>(data_.expression.cols()); }
  const std::vector<std::string>& ExpressionNames() const override {
    return data_.expression_names;
  }
  const std::vector<std::pair<double, double>>& ExpressionRange() const override {
    return data_.expression_range;
  }
  Eigen::Matrix3Xd Evaluate(const Eigen::VectorXd& identity,
                            const Eigen::VectorXd& expression) const override;
  Eigen::MatrixXd Jacobian(const Eigen::VectorXd& identity, const Eigen::VectorXd& expression,
                           const std::vector<SurfacePoint>& points) const override;

 private:
  LinearHeadData data_;
};

/// Throws DataError that names `model` when an index of the topology is out of range or the mirror
/// map is no involution.
void CheckTopology(const HeadTopology& topology, const std::string& model);

}  // namespace maskbench
