#include "face_basis.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "maskbench/core/error.h"

namespace maskbench {
namespace {

// Round the eyes the mesh follows the gaze; weights there, by distance from the middle of the eye,
// mm of the mean head.
constexpr double kEyeWeight = 0.02, kEyeInner_mm = 14, kEyeOuter_mm = 26;
// The face's outline slides over the skin as the head turns.
constexpr double kOutlineWeight = 0.4;
// Below the eyes, mm: what moves with the jaw.
constexpr double kSkullLowest_mm = -42;
// An expression whose motion lies nearer to the eyes than this share belongs to the lids.
constexpr double kLeastShare = 0.2;
constexpr int kLeastPoints = 100, kSparsePoints = 160;
// Activations are mostly small, in shares of the range [default].
constexpr double kExpressionSpread = 0.4;

Eigen::Matrix3Xd LocateAll(const std::vector<SurfacePoint>& points,
                           const Eigen::Matrix3Xd& vertices) {
  Eigen::Matrix3Xd located(3, static_cast<Eigen::Index>(points.size()));
  for (size_t p = 0; p < points.size(); ++p)
    located.col(static_cast<Eigen::Index>(p)) = Locate(points[p], vertices);
  return located;
}

// Points far from each other, in pairs that mirror each other.
std::vector<int> Spread(const Eigen::Matrix3Xd& places, const Eigen::VectorXd& weights, int count) {
  std::vector<int> chosen;
  Eigen::VectorXd distance =
      Eigen::VectorXd::Constant(places.cols(), std::numeric_limits<double>::infinity());
  const auto take = [&](int point) {
    if (distance[point] == 0) return;
    chosen.push_back(point);
    for (Eigen::Index p = 0; p < places.cols(); ++p)
      distance[p] = std::min(distance[p], (places.col(p) - places.col(point)).norm());
  };
  while (static_cast<int>(chosen.size()) < std::min<int>(count, static_cast<int>(places.cols()))) {
    int farthest = 0;
    double most = -1;
    for (int p = 0; p < static_cast<int>(places.cols()); ++p) {
      // Where points count little, few will do.
      const double far = std::min(distance[p], 1e3) * std::sqrt(weights[p]);
      if (far > most + 1e-9) {
        most = far;
        farthest = p;
      }
    }
    if (most <= 0) break;
    const Eigen::Vector3d image = places.col(farthest).cwiseProduct(Eigen::Vector3d(-1, 1, 1));
    Eigen::Index mirror = 0;
    (places.colwise() - image).colwise().squaredNorm().minCoeff(&mirror);
    take(farthest);
    take(static_cast<int>(mirror));
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

}  // namespace

FaceBasis::FaceBasis(const HeadModel& head, const FaceFitOptions& options) : model(&head) {
  const auto& places = head.Topology().mesh468;
  const auto known = static_cast<int>(
      std::count_if(places.begin(), places.end(), [](const auto& p) { return p.has_value(); }));
  const std::array<int, 4> corners = {mesh::kRightEyeOuter, mesh::kRightEyeInner,
                                      mesh::kLeftEyeInner, mesh::kLeftEyeOuter};
  if (places.size() != kMeshPoints || known < kLeastPoints ||
      !std::all_of(corners.begin(), corners.end(),
                   [&](int k) { return places[static_cast<size_t>(k)].has_value(); })) {
    throw DataError(fmt::format(
        "Head model {} knows {} points of the face mesh; a fit of the face takes {} and the "
        "corners of the eyes.",
        head.Name(), known, kLeastPoints));
  }
  const Eigen::Matrix3Xd vertices = head.Evaluate({}, {});
  const auto at = [&](int k) { return Locate(*places[static_cast<size_t>(k)], vertices); };
  const std::array<Eigen::Vector3d, 2> eyes = {(at(corners[0]) + at(corners[1])) / 2,
                                               (at(corners[2]) + at(corners[3])) / 2};
  const double eye_line = (eyes[0].y() + eyes[1].y()) / 2;

  std::vector<double> shares, all_weights, skulls;
  for (int k = 0; k < kMeshPoints; ++k) {
    if (!places[static_cast<size_t>(k)]) continue;
    const Eigen::Vector3d p = at(k);
    const double nearest = std::min((p - eyes[0]).head<2>().norm(), (p - eyes[1]).head<2>().norm());
    const double ramp =
        std::clamp((nearest - kEyeInner_mm) / (kEyeOuter_mm - kEyeInner_mm), 0.0, 1.0);
    const double share = kEyeWeight + (1 - kEyeWeight) * ramp * ramp * (3 - 2 * ramp);
    const bool outline = std::find(mesh::kOval.begin(), mesh::kOval.end(), k) != mesh::kOval.end();
    mesh.push_back(k);
    points.push_back(*places[static_cast<size_t>(k)]);
    shares.push_back(share);
    all_weights.push_back(share * (outline ? kOutlineWeight : 1));
    skulls.push_back(p.y() > eye_line + kSkullLowest_mm && nearest > kEyeInner_mm ? 1 : 0);
  }
  const auto count = static_cast<Eigen::Index>(points.size());
  const Eigen::VectorXd share = Eigen::Map<Eigen::VectorXd>(shares.data(), count);
  weights = Eigen::Map<Eigen::VectorXd>(all_weights.data(), count);
  weights *= kEffectivePoints / weights.sum();
  skull = Eigen::Map<Eigen::VectorXd>(skulls.data(), count);
  mean_mm = LocateAll(points, vertices);
  sparse = Spread(mean_mm, weights, kSparsePoints);

  const int identities = head.IdentityDims();
  const Eigen::MatrixXd jacobian = head.Jacobian({}, {}, points);
  identity = jacobian.leftCols(std::min(options.identity_dims, identities));
  std::vector<Eigen::Index> columns;
  for (int e = 0; e < head.ExpressionDims(); ++e) {
    const auto& [low, high] = head.ExpressionRange()[static_cast<size_t>(e)];
    const double reach = std::max(std::abs(low), std::abs(high));
    if (!(reach > 0) || !(low <= high)) continue;
    const Eigen::Map<const Eigen::Matrix3Xd> moves(jacobian.col(identities + e).data(), 3, count);
    const Eigen::VectorXd squares = moves.colwise().squaredNorm().transpose();
    const double kept = squares.dot(share), rms = reach * std::sqrt(kept / share.sum());
    if (rms < options.least_expression_mm || kept < kLeastShare * squares.sum()) continue;
    expressions.push_back(e);
    range.emplace_back(std::min(low, 0.0), std::max(high, 0.0));
    columns.push_back(identities + e);
  }
  expression = jacobian(Eigen::all, columns);
  spread.resize(static_cast<Eigen::Index>(range.size()));
  for (size_t e = 0; e < range.size(); ++e) {
    spread[static_cast<Eigen::Index>(e)] =
        kExpressionSpread * std::max(-range[e].first, range[e].second);
  }
}

Eigen::Matrix3Xd FaceBasis::Place(const Eigen::VectorXd& identity_coefficients,
                                  Eigen::MatrixXd* expression_basis) const {
  const Eigen::MatrixXd jacobian = model->Jacobian(identity_coefficients, {}, points);
  std::vector<Eigen::Index> columns;
  for (const int e : expressions) columns.push_back(model->IdentityDims() + e);
  *expression_basis = jacobian(Eigen::all, columns);
  return LocateAll(points, model->Evaluate(identity_coefficients, {}));
}

}  // namespace maskbench
