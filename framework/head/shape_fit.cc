#include "maskbench/head/shape_fit.h"

#include <algorithm>
#include <cmath>

#include <Eigen/Cholesky>
#include <Eigen/Geometry>
#include <Eigen/LU>
#include <Eigen/SVD>
#include <fmt/format.h>

#include "maskbench/core/error.h"

namespace maskbench {
namespace {

constexpr double kConverged = 1e-5;  // Largest step of a coefficient that ends the iterations.

Eigen::Matrix3d CrossMatrix(const Eigen::Vector3d& v) {
  Eigen::Matrix3d matrix;
  matrix << 0, -v.z(), v.y(), v.z(), 0, -v.x(), -v.y(), v.x(), 0;
  return matrix;
}

Eigen::Matrix3Xd LocateAll(const std::vector<SurfacePoint>& points,
                           const Eigen::Matrix3Xd& vertices) {
  Eigen::Matrix3Xd located(3, static_cast<Eigen::Index>(points.size()));
  for (size_t p = 0; p < points.size(); ++p) {
    located.col(static_cast<Eigen::Index>(p)) = Locate(points[p], vertices);
  }
  return located;
}

// Solves a positive semi-definite system. Directions that nothing determines stay at zero.
Eigen::VectorXd SolveNormal(Eigen::MatrixXd matrix, const Eigen::VectorXd& right) {
  matrix.diagonal().array() += 1e-12 * matrix.diagonal().maxCoeff();
  return matrix.ldlt().solve(right);
}

}  // namespace

Similarity Align(const Eigen::Matrix3Xd& from, const Eigen::Matrix3Xd& to, bool with_scale,
                 const Eigen::VectorXd& weights) {
  Eigen::VectorXd w = weights.size() > 0 ? weights : Eigen::VectorXd::Ones(from.cols());
  w /= w.sum();
  const Eigen::Vector3d from_mean = from * w;
  const Eigen::Vector3d to_mean = to * w;
  const Eigen::Matrix3Xd from_centred = from.colwise() - from_mean;
  const Eigen::Matrix3Xd to_centred = to.colwise() - to_mean;
  const Eigen::Matrix3d covariance = to_centred * w.asDiagonal() * from_centred.transpose();
  const Eigen::JacobiSVD<Eigen::Matrix3d> svd(covariance,
                                              Eigen::ComputeFullU | Eigen::ComputeFullV);
  Eigen::Vector3d sign = Eigen::Vector3d::Ones();
  if (svd.matrixU().determinant() * svd.matrixV().determinant() < 0) sign.z() = -1;
  Similarity pose;
  pose.rotation = svd.matrixU() * sign.asDiagonal() * svd.matrixV().transpose();
  if (with_scale) {
    const double spread = (from_centred.colwise().squaredNorm() * w).value();
    pose.scale = svd.singularValues().dot(sign) / spread;
  }
  pose.translation_mm = to_mean - pose.scale * pose.rotation * from_mean;
  return pose;
}

ShapeFit FitShape(const HeadModel& model, const std::vector<SurfacePoint>& points,
                  const Eigen::Matrix3Xd& targets_mm, const ShapeFitOptions& options) {
  const auto count = static_cast<Eigen::Index>(points.size());
  const Eigen::VectorXd weights =
      options.point_weights.size() > 0 ? options.point_weights : Eigen::VectorXd::Ones(count);
  if (count < 3 || targets_mm.cols() != count || weights.size() != count) {
    throw UsageError(fmt::format(
        "A shape fit got {} points, {} targets and {} weights; it takes as many of each and at "
        "least 3.",
        count, targets_mm.cols(), weights.size()));
  }
  const Eigen::Index identities = model.IdentityDims();
  const Eigen::Index expressions = model.ExpressionDims();
  // Unknowns: identity, expression, turn about the target's axes, shift, change of log scale.
  const Eigen::Index pose_at = identities + expressions;
  const Eigen::Index unknowns = pose_at + 7;

  ShapeFit fit;
  fit.identity = Eigen::VectorXd::Zero(identities);
  fit.expression = Eigen::VectorXd::Zero(expressions);
  Eigen::Matrix3Xd located = LocateAll(points, model.Evaluate(fit.identity, fit.expression));
  fit.pose = Align(located, targets_mm, options.fit_scale, weights);

  for (int iteration = 0; iteration < options.iterations; ++iteration) {
    const Eigen::MatrixXd model_jacobian = model.Jacobian(fit.identity, fit.expression, points);
    Eigen::MatrixXd jacobian(3 * count, unknowns);
    Eigen::VectorXd residual(3 * count);
    for (Eigen::Index p = 0; p < count; ++p) {
      const double root = std::sqrt(weights[p]);
      const Eigen::Vector3d turned = fit.pose.scale * fit.pose.rotation * located.col(p);
      jacobian.block(3 * p, 0, 3, pose_at) =
          root * fit.pose.scale * fit.pose.rotation * model_jacobian.middleRows(3 * p, 3);
      jacobian.block<3, 3>(3 * p, pose_at) = -root * CrossMatrix(turned);
      jacobian.block<3, 3>(3 * p, pose_at + 3) = root * Eigen::Matrix3d::Identity();
      jacobian.block<3, 1>(3 * p, pose_at + 6) = root * turned;
      residual.segment<3>(3 * p) = root * (targets_mm.col(p) - turned - fit.pose.translation_mm);
    }
    Eigen::MatrixXd normal = Eigen::MatrixXd::Zero(unknowns, unknowns);
    normal.selfadjointView<Eigen::Lower>().rankUpdate(jacobian.transpose());
    normal.triangularView<Eigen::StrictlyUpper>() = normal.transpose();
    Eigen::VectorXd right = jacobian.transpose() * residual;
    normal.diagonal().head(identities).array() += options.identity_prior_mm2;
    normal.diagonal().segment(identities, expressions).array() += options.expression_prior_mm2;
    right.head(identities) -= options.identity_prior_mm2 * fit.identity;
    right.segment(identities, expressions) -= options.expression_prior_mm2 * fit.expression;

    // Unknowns that are held at a step that is known already.
    std::vector<bool> held(unknowns, false);
    Eigen::VectorXd step = Eigen::VectorXd::Zero(unknowns);
    for (Eigen::Index i = 0; i < identities; ++i) held[i] = !options.fit_identity;
    for (Eigen::Index i = identities; i < pose_at; ++i) held[i] = !options.fit_expression;
    held[unknowns - 1] = !options.fit_scale;
    for (bool changed = true; changed;) {
      changed = false;
      std::vector<Eigen::Index> free;
      for (Eigen::Index i = 0; i < unknowns; ++i) {
        if (held[i]) continue;
        free.push_back(i);
        step[i] = 0;
      }
      const Eigen::VectorXd rest = right - normal * step;
      const Eigen::VectorXd solved = SolveNormal(normal(free, free), rest(free));
      step(free) = solved;
      if (!options.keep_expression_range) break;
      for (Eigen::Index e = 0; e < expressions; ++e) {
        if (held[identities + e]) continue;
        const auto& [low, high] = model.ExpressionRange()[e];
        const double wanted = fit.expression[e] + step[identities + e];
        const double allowed = std::clamp(wanted, low, high);
        if (std::abs(allowed - wanted) <= 1e-9) continue;
        step[identities + e] = allowed - fit.expression[e];
        held[identities + e] = changed = true;
      }
    }

    fit.identity += step.head(identities);
    fit.expression += step.segment(identities, expressions);
    const Eigen::Vector3d turn = step.segment<3>(pose_at);
    if (turn.norm() > 0) {
      const Eigen::Matrix3d rotation =
          Eigen::AngleAxisd(turn.norm(), turn.normalized()).toRotationMatrix();
      fit.pose.rotation = rotation * fit.pose.rotation;
    }
    fit.pose.scale *= std::exp(step[unknowns - 1]);
    located = LocateAll(points, model.Evaluate(fit.identity, fit.expression));
    // The pose that is best for this shape; the turn above is first-order only.
    fit.pose = Align(located, targets_mm, options.fit_scale, weights);
    if (step.cwiseAbs().maxCoeff() < kConverged) break;
  }

  fit.distances_mm = (fit.pose * located - targets_mm).colwise().norm();
  fit.rms_mm = std::sqrt(weights.dot(fit.distances_mm.cwiseAbs2().eval()) / weights.sum());
  return fit;
}

}  // namespace maskbench
