#include "shown_expression.h"

#include <algorithm>
#include <cmath>

namespace maskbench {
namespace {

// The mesh of a face at rest moves by so much; less than this of any point is not shown, and of
// more, so much less.
constexpr double kRestMm = 0.4;
constexpr int kSweeps = 30;

}  // namespace

ShownExpression::ShownExpression(const HeadModel& model, const std::vector<int>& units) {
  std::vector<SurfacePoint> points;
  for (const auto& place : model.Topology().mesh468)
    if (place) points.push_back(*place);
  const auto count = static_cast<Eigen::Index>(points.size());
  const Eigen::MatrixXd all = model.Jacobian({}, {}, points).rightCols(model.ExpressionDims());
  const Eigen::MatrixXd moves = all(Eigen::all, units);
  products_ = moves.transpose() * moves / static_cast<double>(std::max<Eigen::Index>(1, count));
  products_.diagonal().array() += 1e-3;
  for (size_t e = 0; e < units.size(); ++e) {
    const auto& [low, high] = model.ExpressionRange()[static_cast<size_t>(units[e])];
    range_.emplace_back(std::min(low, 0.0), std::max(high, 0.0));
    const auto column = moves.col(static_cast<Eigen::Index>(e)).reshaped(3, count);
    rest_.push_back(kRestMm / std::max(1e-3, column.colwise().norm().maxCoeff()));
  }
}

std::vector<double> ShownExpression::Of(const Eigen::VectorXd& wanted) const {
  const auto clamped = [&](Eigen::Index e, double value) {
    const auto& [low, high] = range_[static_cast<size_t>(e)];
    return std::clamp(value, low, high);
  };
  Eigen::VectorXd shown(wanted.size());
  for (Eigen::Index e = 0; e < shown.size(); ++e) shown[e] = clamped(e, wanted[e]);
  Eigen::VectorXd slope = products_ * (shown - wanted);
  for (int sweep = 0; sweep < kSweeps; ++sweep) {
    double largest = 0;
    for (Eigen::Index e = 0; e < shown.size(); ++e) {
      const double step = clamped(e, shown[e] - slope[e] / products_(e, e)) - shown[e];
      if (step == 0) continue;
      shown[e] += step;
      slope += step * products_.col(e);
      largest = std::max(largest, std::abs(step));
    }
    if (largest < 1e-4) break;
  }
  std::vector<double> activations;
  for (Eigen::Index e = 0; e < shown.size(); ++e) {
    const double beyond = std::abs(shown[e]) - rest_[static_cast<size_t>(e)];
    activations.push_back(beyond > 0 ? std::copysign(beyond, shown[e]) : 0);
  }
  return activations;
}

}  // namespace maskbench
