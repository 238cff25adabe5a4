#include "face_problem.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include <Eigen/Geometry>
#include <ceres/ceres.h>

namespace maskbench {
namespace {

// All frames together count like so many independent ones: the mesh's errors stay with the person.
constexpr double kIndependentFrames = 5;
// Real mm per mm of the model: horizontal iris diameters vary by 0.42 of 11.7 mm between people
// (Rüfer, Cornea 2005), and so does what is taken for a millimetre.
constexpr double kScaleSpread = 0.036;
// The model in the frame of given poses: turn against the best first guess, radians, and shift.
// Both have their origin between the eyes.
constexpr double kPlaceSpread = 0.2;
const Eigen::Vector3d kPlaceSpread_mm(20, 20, 10);
// How softly activations are held in their range, in shares of the prior's spread.
constexpr double kRangeSoftness = 0.1;
// Of the offset of the mesh's depth, and of the distance that the size of a mesh gives.
constexpr double kDepthSpread_mm = 60, kDistanceSpread = 0.03;
constexpr int kMostIterations = 30;

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// Left Jacobian of SO(3): exp(w + d) ≈ exp(J d) exp(w).
Eigen::Matrix3d LeftJacobian(const Eigen::Vector3d& w) {
  const double angle = w.norm();
  const Eigen::Matrix3d cross = CrossMatrix(w);
  if (angle < 1e-6) return Eigen::Matrix3d::Identity() + 0.5 * cross;
  return Eigen::Matrix3d::Identity() + (1 - std::cos(angle)) / (angle * angle) * cross +
         (angle - std::sin(angle)) / (angle * angle * angle) * cross * cross;
}

// One point of one frame: two coordinates in the picture and depth, over the mesh's error.
class PointCost : public ceres::CostFunction {
 public:
  PointCost(const FaceProblem& problem, const FaceShot& shot, const FaceShared& shared, int point)
      : problem_(problem), shot_(shot), shared_(shared), point_(point) {
    set_num_residuals(3);
    const FaceBasis& basis = *problem.basis;
    identities_ = static_cast<int>(basis.identity.cols());
    expressions_ = static_cast<int>(basis.expression.cols());
    *mutable_parameter_block_sizes() = {identities_ + 1, 6, expressions_ + 7};
  }

  bool Evaluate(double const* const* parameters, double* residuals,
                double** jacobians) const override {
    using Vector3 = Eigen::Vector3d;
    const FaceBasis& basis = *problem_.basis;
    const Eigen::Map<const Eigen::VectorXd> identity(parameters[0], identities_),
        expression(parameters[2], expressions_);
    const double scale = std::exp(parameters[0][identities_]);
    const Vector3 turn = Eigen::Map<const Vector3>(parameters[1]),
                  shift = Eigen::Map<const Vector3>(parameters[1] + 3);
    const double depth = parameters[2][expressions_];
    const Vector3 own_turn = Eigen::Map<const Vector3>(parameters[2] + expressions_ + 1),
                  own_shift = Eigen::Map<const Vector3>(parameters[2] + expressions_ + 4);
    const auto identity_rows = basis.identity.middleRows<3>(3 * point_),
               expression_rows = basis.expression.middleRows<3>(3 * point_);
    const Vector3 local = scale * (basis.mean_mm.col(point_) + identity_rows * identity +
                                   expression_rows * expression);
    const Eigen::Matrix3d head = TurnBy(turn) * shared_.rotation;
    const Vector3 placed = head * local;
    const Eigen::Matrix3d camera = TurnBy(own_turn) * shot_.rotation;
    const Vector3 about = camera * (placed + shift);
    const Vector3 point = about + shot_.centre_mm + own_shift;
    if (!(point.z() > 1)) return false;

    const Vector3 ray = shot_.centre_mm.normalized();
    const double focal = problem_.focal_px, error = problem_.mesh_error_mm;
    const double picture = 1 / (shot_.px_per_mm * error), far = problem_.depth_weight / error;
    const Vector3 seen = shot_.seen_px.col(point_);
    residuals[0] = picture * (focal * point.x() / point.z() + problem_.principal_px.x() - seen.x());
    residuals[1] = picture * (focal * point.y() / point.z() + problem_.principal_px.y() - seen.y());
    residuals[2] = far * (ray.dot(point - shot_.centre_mm) - seen.z() / shot_.px_per_mm - depth);
    if (jacobians == nullptr) return true;

    Eigen::Matrix3d by_point;
    const double inverse = picture * focal / point.z();
    by_point << inverse, 0, -inverse * point.x() / point.z(), 0, inverse,
        -inverse * point.y() / point.z(), far * ray.x(), far * ray.y(), far * ray.z();
    const Eigen::Matrix3d by_head = by_point * camera, by_model = scale * by_head * head;
    if (jacobians[0] != nullptr) {
      Eigen::Map<RowMajor> out(jacobians[0], 3, identities_ + 1);
      out.leftCols(identities_).noalias() = by_model * identity_rows;
      out.col(identities_) = by_head * placed;
    }
    if (jacobians[1] != nullptr) {
      Eigen::Map<RowMajor> out(jacobians[1], 3, 6);
      out.leftCols<3>() = -by_head * CrossMatrix(placed) * LeftJacobian(turn);
      out.rightCols<3>() = by_head;
    }
    if (jacobians[2] != nullptr) {
      Eigen::Map<RowMajor> out(jacobians[2], 3, parameter_block_sizes()[2]);
      out.leftCols(expressions_).noalias() = by_model * expression_rows;
      out.col(expressions_) = Vector3(0, 0, -far);
      out.middleCols<3>(expressions_ + 1) = -by_point * CrossMatrix(about) * LeftJacobian(own_turn);
      out.middleCols<3>(expressions_ + 4) = by_point;
    }
    return true;
  }

 private:
  const FaceProblem& problem_;
  const FaceShot& shot_;
  const FaceShared& shared_;
  Eigen::Index point_;
  int identities_ = 0, expressions_ = 0;
};

// Parameters over their spreads and, where there is a range, how far they are out of it.
class PriorCost : public ceres::CostFunction {
 public:
  PriorCost(Eigen::VectorXd spread, std::vector<std::pair<double, double>> range)
      : spread_(std::move(spread)), range_(std::move(range)) {
    set_num_residuals(static_cast<int>(spread_.size()) + static_cast<int>(range_.size()));
    *mutable_parameter_block_sizes() = {static_cast<int>(spread_.size())};
  }

  bool Evaluate(double const* const* parameters, double* residuals,
                double** jacobians) const override {
    const Eigen::Index count = spread_.size();
    Eigen::Map<RowMajor>* out = nullptr;
    Eigen::Map<RowMajor> matrix(nullptr, num_residuals(), count);
    if (jacobians != nullptr && jacobians[0] != nullptr) {
      new (&matrix) Eigen::Map<RowMajor>(jacobians[0], num_residuals(), count);
      matrix.setZero();
      out = &matrix;
    }
    for (Eigen::Index k = 0; k < count; ++k) {
      residuals[k] = parameters[0][k] / spread_[k];
      if (out != nullptr) (*out)(k, k) = 1 / spread_[k];
    }
    for (size_t e = 0; e < range_.size(); ++e) {
      const auto k = static_cast<Eigen::Index>(e);
      const double value = parameters[0][e], soft = kRangeSoftness * spread_[k];
      const double beyond = value - std::clamp(value, range_[e].first, range_[e].second);
      residuals[count + k] = beyond / soft;
      if (out != nullptr && beyond != 0) (*out)(count + k, k) = 1 / soft;
    }
    return true;
  }

 private:
  Eigen::VectorXd spread_;
  std::vector<std::pair<double, double>> range_;
};

}  // namespace

Eigen::Matrix3d CrossMatrix(const Eigen::Vector3d& v) {
  Eigen::Matrix3d matrix;
  matrix << 0, -v.z(), v.y(), v.z(), 0, -v.x(), -v.y(), v.x(), 0;
  return matrix;
}

Eigen::Matrix3d TurnBy(const Eigen::Vector3d& radians) {
  const double angle = radians.norm();
  if (angle < 1e-12) return Eigen::Matrix3d::Identity() + CrossMatrix(radians);
  return Eigen::AngleAxisd(angle, radians / angle).toRotationMatrix();
}

Eigen::Matrix<double, 7, 1> FaceOwnSpread(bool given_pose, double distance_mm) {
  const double turn = given_pose ? 0.05 : 0.2, shift_mm = given_pose ? 3 : 15;
  Eigen::Matrix<double, 7, 1> spread;
  spread << kDepthSpread_mm, turn, turn, turn, shift_mm, shift_mm, kDistanceSpread * distance_mm;
  return spread;
}

FaceSolution SolveFace(const FaceProblem& problem, const std::vector<FaceShot>& shots,
                       FaceShared* shared) {
  const FaceBasis& basis = *problem.basis;
  const Eigen::Index identities = basis.identity.cols(), expressions = basis.expression.cols();
  const Eigen::Index owns = expressions + 7;
  const double share =
      std::min(1.0, kIndependentFrames / static_cast<double>(std::max<size_t>(1, shots.size())));

  ceres::Problem::Options ownership;
  ownership.loss_function_ownership = ceres::DO_NOT_TAKE_OWNERSHIP;
  ceres::Problem ceres_problem(ownership);
  // All in one array: Ceres orders blocks by their addresses, and roundings follow the order.
  const auto count = static_cast<Eigen::Index>(shots.size());
  Eigen::VectorXd parameters = Eigen::VectorXd::Zero(identities + 7 + count * owns);
  auto person = parameters.head(identities + 1);
  auto place = parameters.segment<6>(identities + 1);
  person << shared->identity, shared->log_scale;
  place << shared->turn, shared->shift_mm;
  const auto own_of = [&](Eigen::Index i) { return &parameters[identities + 7 + i * owns]; };

  double total = 0;
  for (const int point : basis.sparse) total += basis.weights[point];
  std::vector<std::unique_ptr<ceres::LossFunction>> losses;
  for (const int point : basis.sparse) {
    losses.push_back(std::make_unique<ceres::ScaledLoss>(
        new ceres::HuberLoss(kFaceHuber), share * kEffectivePoints * basis.weights[point] / total,
        ceres::TAKE_OWNERSHIP));
  }
  auto* ordering = new ceres::ParameterBlockOrdering;
  for (Eigen::Index i = 0; i < count; ++i) {
    const FaceShot& shot = shots[static_cast<size_t>(i)];
    double* own = own_of(i);
    for (size_t k = 0; k < basis.sparse.size(); ++k) {
      ceres_problem.AddResidualBlock(new PointCost(problem, shot, *shared, basis.sparse[k]),
                                     losses[k].get(), person.data(), place.data(), own);
    }
    Eigen::VectorXd spread(owns);
    spread << basis.spread, FaceOwnSpread(problem.given_pose, shot.centre_mm.z());
    // A frame's prior counts in full where its points count only by their share: small expressions
    // are not told from the person's own shape.
    ceres_problem.AddResidualBlock(new PriorCost(spread, basis.range), nullptr, own);
    ordering->AddElementToGroup(own, 0);
  }
  Eigen::VectorXd spread = Eigen::VectorXd::Ones(identities + 1);
  spread[identities] = kScaleSpread;
  ceres_problem.AddResidualBlock(new PriorCost(spread, {}), nullptr, person.data());
  ordering->AddElementToGroup(person.data(), 1);
  if (ceres_problem.HasParameterBlock(place.data())) {
    ordering->AddElementToGroup(place.data(), 1);
    if (!problem.given_pose) {
      ceres_problem.SetParameterBlockConstant(place.data());
    } else {
      Eigen::VectorXd places(6);
      places << Eigen::Vector3d::Constant(kPlaceSpread), kPlaceSpread_mm;
      ceres_problem.AddResidualBlock(new PriorCost(places, {}), nullptr, place.data());
    }
  }

  ceres::Solver::Options options;
  options.linear_solver_type = ceres::DENSE_SCHUR;
  options.linear_solver_ordering.reset(ordering);
  options.num_threads = 1;
  options.max_num_iterations = kMostIterations;
  options.function_tolerance = 1e-5;
  options.logging_type = ceres::SILENT;
  ceres::Solver::Summary summary;
  ceres::Solve(options, &ceres_problem, &summary);

  shared->identity = person.head(identities);
  shared->log_scale = person[identities];
  shared->turn = place.head<3>();
  shared->shift_mm = place.tail<3>();
  FaceSolution solution;
  solution.iterations = summary.num_successful_steps + summary.num_unsuccessful_steps;
  solution.converged = summary.termination_type == ceres::CONVERGENCE;
  return solution;
}

}  // namespace maskbench
