#include "maskbench/reconstruct/face_fit.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include <Eigen/Cholesky>
#include <Eigen/Geometry>
#include <fmt/format.h>

#include "maskbench/core/error.h"

#include "face_basis.h"
#include "face_pool.h"
#include "face_problem.h"

namespace maskbench {
namespace {

constexpr double kDegrees = 180 / 3.14159265358979323846;
// A mesh shows no face, or not this one, if less than a share of its skull lies within so many mm
// of the mean head's, at the best pose and size, and of where the recording's other frames have it.
constexpr double kSkull_mm = 14, kLeastSkull = 0.6;
// Laying a mesh on a head: rounds, and distance (mm) from which points count less and less.
constexpr int kLayRounds = 4;
constexpr double kLay_mm = 5;
// Weight of what moves with the jaw when a mesh is laid on a head at rest.
constexpr double kJawShare = 0.03;
// A frame is usable if so much of its weight lies within this many errors of a point.
constexpr double kLeastInliers = 0.55, kInlierErrors = 3;
constexpr double kConverged = 2e-3;
// EyeEvidence::in_sight from which an eye counts as seen at all, and as free.
constexpr double kCovered = 0.5, kFree = 0.8;
// Weight of a covered eye's orbit.
constexpr double kLeastShare = 1e-3;
// Frames with less trust than this tell nothing of who it is, unless there are hardly any others.
constexpr double kLeastTrust = 0.5;
constexpr size_t kFewFrames = 10;
// Candidates kept for each frame that the identity is fitted to.
constexpr size_t kCandidates = 4;
// In causal mode the identity is fitted when this many frames were seen, then at four times as many
// and so on.
constexpr int kFirstCausal = 1, kCausalFactor = 4;

// View axes (y up, z to the camera) ↔ camera axes (y down, z into the scene).
Eigen::Matrix3d Flip() { return Eigen::Vector3d(1, -1, -1).asDiagonal(); }

// 0 of a covered eye, 1 of one in sight.
double FreeShare(const EyeEvidence& eye) {
  const double ramp = std::clamp((eye.in_sight - kCovered) / (kFree - kCovered), 0.0, 1.0);
  return ramp * ramp * (3 - 2 * ramp);
}

double Median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

void Check(const FaceFitOptions& options) {
  const auto demand = [](bool holds, const char* name, double value, const char* range) {
    if (!holds)
      throw UsageError(
          fmt::format("The fit of the face has {} = {}, but takes {}.", name, value, range));
  };
  demand(options.picture_px.width > 0, "picture_px.width", options.picture_px.width, "1 or more");
  demand(options.picture_px.height > 0, "picture_px.height", options.picture_px.height,
         "1 or more");
  demand(options.size > 0, "size", options.size, "more than 0");
  demand(options.px_per_mm >= 0, "px_per_mm", options.px_per_mm, "0 or more");
  demand(options.focal_px >= 0, "focal_px", options.focal_px, "0 or more");
  demand(options.camera_distance_mm >= 100, "camera_distance_mm", options.camera_distance_mm,
         "100 or more");
  demand(options.identity_dims >= 0, "identity_dims", options.identity_dims, "0 or more");
  demand(options.identity_frames >= 1, "identity_frames", options.identity_frames, "1 or more");
  demand(options.causal_frames >= 0, "causal_frames", options.causal_frames, "0 or more");
  demand(options.least_expression_mm >= 0, "least_expression_mm", options.least_expression_mm,
         "0 or more");
  demand(options.mesh_error_mm > 0, "mesh_error_mm", options.mesh_error_mm, "more than 0");
  demand(options.frame_error_mm > 0, "frame_error_mm", options.frame_error_mm, "more than 0");
  demand(options.depth_weight >= 0, "depth_weight", options.depth_weight, "0 or more");
  demand(options.iterations >= 1, "iterations", options.iterations, "1 or more");
  demand(options.hold_frames >= 0, "hold_frames", options.hold_frames, "0 or more");
}

/// Minimises ½ xᵀ H x + gᵀ x with the first `range.size()` entries of `at + x` held in their range:
/// active sets, entries being freed one by one where that pays.
Eigen::VectorXd BoundedStep(const Eigen::MatrixXd& h, const Eigen::VectorXd& g,
                            const Eigen::VectorXd& at,
                            const std::vector<std::pair<double, double>>& range) {
  const Eigen::Index count = g.size();
  std::vector<char> fixed(static_cast<size_t>(count), 0);
  Eigen::VectorXd x = Eigen::VectorXd::Zero(count);
  for (int round = 0; round < 40; ++round) {
    std::vector<Eigen::Index> free;
    for (Eigen::Index k = 0; k < count; ++k)
      if (fixed[static_cast<size_t>(k)] == 0) free.push_back(k);
    Eigen::VectorXd held = x;
    for (const Eigen::Index k : free) held[k] = 0;
    const Eigen::VectorXd right = -(g + h.selfadjointView<Eigen::Lower>() * held);
    const Eigen::MatrixXd matrix = h(free, free);
    const Eigen::VectorXd solved =
        matrix.selfadjointView<Eigen::Lower>().ldlt().solve(Eigen::VectorXd(right(free)));
    bool clamped = false;
    for (size_t i = 0; i < free.size(); ++i) {
      const Eigen::Index k = free[i];
      x[k] = solved[static_cast<Eigen::Index>(i)];
      if (k >= static_cast<Eigen::Index>(range.size())) continue;
      const auto& [low, high] = range[static_cast<size_t>(k)];
      const double value = at[k] + x[k], within = std::clamp(value, low, high);
      if (within == value) continue;
      x[k] = within - at[k];
      fixed[static_cast<size_t>(k)] = within == low ? -1 : 1;
      clamped = true;
    }
    if (clamped) continue;
    // The one that most wants back inside.
    const Eigen::VectorXd slope = g + h.selfadjointView<Eigen::Lower>() * x;
    Eigen::Index best = -1;
    double most = 1e-9;
    for (size_t k = 0; k < range.size(); ++k) {
      const double pull = fixed[k] * slope[static_cast<Eigen::Index>(k)];
      if (fixed[k] != 0 && pull > most) {
        most = pull;
        best = static_cast<Eigen::Index>(k);
      }
    }
    if (best < 0) break;
    fixed[static_cast<size_t>(best)] = 0;
  }
  return x;
}

}  // namespace

MeshFrame MeshFrameOf(const FaceObservation& face, const HeadView& head,
                      const std::array<EyeEvidence, 2>* eyes) {
  MeshFrame frame;
  frame.head = head;
  if (eyes != nullptr) {
    frame.trust = std::min(FreeShare((*eyes)[0]), FreeShare((*eyes)[1]));
  }
  if (!face.has_face()) return frame;
  frame.mesh_px.resize(3, kMeshPoints);
  for (int k = 0; k < kMeshPoints; ++k) {
    const cv::Point3f& p = face.mesh[static_cast<size_t>(k)];
    frame.mesh_px.col(k) << p.x, p.y, p.z;
  }
  return frame;
}

HeadView HeadOfOrbits(const OrbitViews& orbits, size_t frame,
                      const std::array<EyeEvidence, 2>* eyes) {
  const HeadView &right = orbits[0][frame], &left = orbits[1][frame];
  if (!right.seen || !left.seen) return right.seen ? right : left;
  double share = 0.5;  // Of the left orbit.
  if (eyes != nullptr) {
    const double r = FreeShare((*eyes)[0]) + kLeastShare, l = FreeShare((*eyes)[1]) + kLeastShare;
    share = l / (r + l);
  }
  HeadView head = right;
  head.origin_px += share * (left.origin_px - right.origin_px);
  return head;
}

struct FaceFitter::State {
  State(const HeadModel& head, const FaceFitOptions& chosen)
      : options(chosen),
        basis(head, chosen),
        pool(kCandidates * static_cast<size_t>(chosen.identity_frames)),
        doubtful(static_cast<size_t>(chosen.identity_frames)) {
    identity.identity = Eigen::VectorXd::Zero(head.IdentityDims());
    identity.expressions = basis.expressions;
    identity.usual_expression = Eigen::VectorXf::Zero(head.ExpressionDims());
    identity.principal_px = {(chosen.picture_px.width - 1) / 2.0,
                             (chosen.picture_px.height - 1) / 2.0};
    shared.identity = Eigen::VectorXd::Zero(basis.identity.cols());
    // Eyes' surroundings have no expressions: a frame by itself does without.
    const double least = basis.weights.maxCoeff() * 0.03;
    for (Eigen::Index p = 0; p < basis.size(); ++p)
      if (basis.weights[p] > least) used.push_back(p);
    laying =
        basis.weights.cwiseProduct((basis.skull.array() * (1 - kJawShare) + kJawShare).matrix());
  }

  bool Usable(const MeshFrame& frame) const {
    return frame.mesh_px.cols() == kMeshPoints && frame.mesh_px.allFinite() &&
           (!options.given_pose || (frame.head.seen && frame.head.scale_px > 0));
  }
  Eigen::Matrix3Xd SeenOf(const MeshFrame& frame) const {
    Eigen::Matrix3Xd seen(3, basis.size());
    for (Eigen::Index p = 0; p < basis.size(); ++p)
      seen.col(p) = frame.mesh_px.col(basis.mesh[static_cast<size_t>(p)]).cast<double>();
    return seen;
  }
  /// Share of the skull that is where it should be.
  double SkullShare(const Eigen::Matrix3Xd& off_mm) const {
    const Eigen::ArrayXd near =
        (off_mm.colwise().norm().transpose().array() < kSkull_mm).cast<double>();
    return (near * basis.skull.array()).sum() / basis.skull.sum();
  }
  Similarity Lay(const Eigen::Matrix3Xd& head_mm, const Eigen::Matrix3Xd& seen) const;
  FaceShot ShotOf(const MeshFrame& frame, Eigen::Matrix3Xd seen, const Eigen::Matrix3Xd& rest_mm,
                  double scale) const;
  void Solve();
  void Use();
  struct Outcome {
    FacePose pose;
    Eigen::VectorXd own;
    bool usable = false;
    double square_px = 0;
    Eigen::Matrix3d rotation;  ///< Of the mesh, also where the pose is given.
    Eigen::Matrix3Xf away_mm;  ///< From the head to the mesh, in camera axes.
  };
  void LearnDeviation(const std::vector<Outcome>& outcomes);
  Outcome FitShot(const FaceShot& shot, const Eigen::VectorXd& start, double trust) const;

  FaceFitOptions options;
  FaceBasis basis;
  FacePool pool, doubtful;
  std::vector<Eigen::Index> used;
  Eigen::VectorXd laying;  // Weights to lay a mesh on a head at rest.
  std::int64_t looked = 0;
  std::optional<std::array<double, 4>> before;  // Mouth and lids of the frame before, mm.
  int faces = 0, next_solution = kFirstCausal;

  FaceShared shared;
  FaceIdentity identity;
  // Of this person, real mm: the used points at rest and, by column of three per point, how
  // expressions move them.
  Eigen::Matrix3Xd rest_mm;  // All points, model mm.
  Eigen::Matrix3Xf rest;
  Eigen::MatrixXf moves;  // expressions × 3 · used.
  Eigen::VectorXf used_weights;
  Eigen::VectorXd usual;  // Activations that the prior is about.
  float error_mm = 1;     // Of a point of the mesh against `rest`.
  Eigen::Matrix3d head_rotation = Eigen::Matrix3d::Identity();

  FacePose last;
  Eigen::VectorXd last_own;
  int held = 0;
};

/// A head at rest on a mesh, px per mm: robust, most of all by what does not move with the jaw.
Similarity FaceFitter::State::Lay(const Eigen::Matrix3Xd& head_mm,
                                  const Eigen::Matrix3Xd& seen) const {
  Eigen::VectorXd weights = laying;
  Similarity pose;
  for (int round = 0; round < kLayRounds; ++round) {
    pose = Align(head_mm, seen, true, weights);
    // A few wrong points draw the first guess far away from all others: narrower from round to
    // round.
    const double unit = pose.scale * kLay_mm * (1 << (kLayRounds - 1 - round));
    const Eigen::ArrayXd off =
        (pose * head_mm - seen).colwise().norm().transpose().array() / std::max(unit, 1e-9);
    weights = (laying.array() / (1 + off.square())).matrix();
  }
  return pose;
}

/// Where a frame's head is taken to be before anything is fitted to it.
FaceShot FaceFitter::State::ShotOf(const MeshFrame& frame, Eigen::Matrix3Xd seen,
                                   const Eigen::Matrix3Xd& head_mm, double scale) const {
  FaceShot shot;
  Eigen::Vector2d origin_px;
  Eigen::Matrix3d facing;
  if (options.given_pose) {
    origin_px = {frame.head.origin_px.x(), -frame.head.origin_px.y()};
    facing = Flip() * frame.head.rotation;
    shot.px_per_mm = frame.head.scale_px / options.size;
  } else {
    const Similarity pose = Lay(head_mm, seen);
    origin_px = pose.translation_mm.head<2>();
    facing = pose.rotation;
    shot.px_per_mm = pose.scale / scale;
  }
  // Weak perspective looks along the line to the head.
  const Eigen::Vector2d off = (origin_px - identity.principal_px) / identity.focal_px;
  const Eigen::Vector3d ray(off.x(), off.y(), 1);
  shot.centre_mm = identity.focal_px / shot.px_per_mm * ray;
  shot.rotation =
      Eigen::Quaterniond::FromTwoVectors(Eigen::Vector3d::UnitZ(), ray).toRotationMatrix() * facing;
  shot.seen_px = std::move(seen);
  return shot;
}

void FaceFitter::State::Solve() {
  const auto most = static_cast<size_t>(options.identity_frames);
  std::vector<const MeshFrame*> best = pool.Best(most);
  if (best.size() < std::min(kFewFrames, most)) {
    for (const MeshFrame* frame : doubtful.Best(most - best.size())) best.push_back(frame);
  }
  if (best.empty()) return;
  const bool given = options.given_pose;
  std::vector<Eigen::Matrix3Xd> seen;
  std::vector<double> sizes_px;
  for (const MeshFrame* frame : best) {
    seen.push_back(SeenOf(*frame));
    sizes_px.push_back(given ? frame->head.scale_px : Lay(basis.mean_mm, seen.back()).scale);
  }
  const double size_px = Median(sizes_px);
  const double first_scale = given || options.px_per_mm <= 0 ? 1.0 : size_px / options.px_per_mm;
  const double px_per_mm =
      options.px_per_mm > 0 ? options.px_per_mm : size_px / (given ? options.size : 1);
  identity.focal_px =
      options.focal_px > 0 ? options.focal_px : px_per_mm * options.camera_distance_mm;

  // With given poses: the mesh in their frame, and which frames agree.
  std::vector<size_t> kept;
  shared = {};
  shared.identity = Eigen::VectorXd::Zero(basis.identity.cols());
  if (given) {
    std::vector<Eigen::Matrix3Xd> placed;
    for (size_t i = 0; i < best.size(); ++i) {
      const HeadView& head = best[i]->head;
      Eigen::Matrix3Xd q = (Flip() * seen[i]).colwise() - head.origin_px;
      // Of depth, only differences mean anything.
      std::vector<double> depths;
      for (Eigen::Index p = 0; p < q.cols(); ++p)
        if (basis.skull[p] > 0) depths.push_back(q(2, p));
      q.row(2).array() -= Median(depths);
      placed.push_back(head.rotation.transpose() * q / head.scale_px);
    }
    Eigen::Matrix3Xd middle(3, basis.size());
    for (Eigen::Index k = 0; k < middle.size(); ++k) {
      std::vector<double> values;
      for (const Eigen::Matrix3Xd& q : placed) values.push_back(q.data()[k]);
      middle.data()[k] = Median(values);
    }
    for (size_t i = 0; i < best.size(); ++i) {
      if (SkullShare(placed[i] - middle) >= kLeastSkull) kept.push_back(i);
    }
    const Similarity place = Lay(basis.mean_mm, middle);
    shared.rotation = place.rotation;
    shared.log_scale = std::log(options.size * place.scale);
    shared.shift_mm = options.size * place.translation_mm;
    shared.shift_mm.z() = 0;
  } else {
    for (size_t i = 0; i < best.size(); ++i) kept.push_back(i);
    shared.log_scale = std::log(first_scale);
  }

  FaceProblem problem{
      &basis, identity.focal_px, identity.principal_px, options.mesh_error_mm, options.depth_weight,
      given};
  // Frames that turn out not to fit are left out of a second solution.
  for (int round = 0; round < 2 && !kept.empty(); ++round) {
    std::vector<FaceShot> shots;
    for (const size_t i : kept)
      shots.push_back(ShotOf(*best[i], seen[i], basis.mean_mm, std::exp(shared.log_scale)));
    const FaceSolution solution = SolveFace(problem, shots, &shared);
    identity.iterations = solution.iterations;
    identity.converged = solution.converged;
    identity.known = true;
    Use();
    std::vector<size_t> fitting;
    std::vector<Outcome> outcomes;
    double square_px = 0;
    for (const size_t i : kept) {
      Outcome outcome = FitShot(ShotOf(*best[i], seen[i], rest_mm, identity.scale), {}, 1);
      if (!outcome.usable) continue;
      fitting.push_back(i);
      square_px += outcome.square_px;
      outcomes.push_back(std::move(outcome));
    }
    LearnDeviation(outcomes);
    std::vector<std::vector<double>> activations(static_cast<size_t>(moves.rows()));
    for (const size_t i : fitting) {
      const Outcome outcome = FitShot(ShotOf(*best[i], seen[i], rest_mm, identity.scale), {}, 1);
      for (size_t e = 0; e < activations.size(); ++e)
        activations[e].push_back(outcome.own[static_cast<Eigen::Index>(e)]);
    }
    identity.usual_expression.setZero();
    for (size_t e = 0; e < activations.size() && !fitting.empty(); ++e) {
      usual[static_cast<Eigen::Index>(e)] = Median(activations[e]);
      identity.usual_expression[basis.expressions[e]] =
          static_cast<float>(usual[static_cast<Eigen::Index>(e)]);
    }
    identity.frames = static_cast<int>(fitting.size());
    identity.rms_px =
        std::sqrt(square_px / static_cast<double>(std::max<size_t>(1, fitting.size())));
    identity.known = !fitting.empty();
    if (fitting.size() == kept.size()) break;
    kept = fitting;
  }
}

/// Takes over what was found of the person.
void FaceFitter::State::Use() {
  identity.identity.setZero();
  identity.identity.head(shared.identity.size()) = shared.identity;
  identity.scale = std::exp(shared.log_scale);
  head_rotation = TurnBy(shared.turn) * shared.rotation;
  identity.template_from_model = {identity.scale, head_rotation, shared.shift_mm};
  Eigen::MatrixXd expression;
  rest_mm = basis.Place(identity.identity, &expression);
  const auto count = static_cast<Eigen::Index>(used.size());
  rest = (identity.scale * rest_mm(Eigen::all, used)).cast<float>();
  moves.resize(expression.cols(), 3 * count);
  for (Eigen::Index p = 0; p < count; ++p) {
    moves.middleCols<3>(3 * p) =
        (identity.scale * expression.middleRows<3>(3 * used[static_cast<size_t>(p)]))
            .transpose()
            .cast<float>();
  }
  used_weights = basis.weights(used).cast<float>();
  used_weights *= static_cast<float>(kEffectivePoints) / used_weights.sum();
  usual = Eigen::VectorXd::Zero(expression.cols());
  error_mm = static_cast<float>(options.mesh_error_mm);
}

/// Where the mesh of this person lies in all frames alike away from the head is no expression: adds
/// it to the head at rest that frames are fitted with. By point, least squares with Huber's
/// weights.
void FaceFitter::State::LearnDeviation(const std::vector<Outcome>& outcomes) {
  const Eigen::DiagonalMatrix<double, 3> trust(1, 1, options.depth_weight * options.depth_weight);
  for (Eigen::Index p = 0; p < rest.cols(); ++p) {
    // Held to zero as if by one frame.
    Eigen::Matrix3d normal = Eigen::Matrix3d::Identity();
    Eigen::Vector3d right = Eigen::Vector3d::Zero();
    for (const Outcome& outcome : outcomes) {
      const Eigen::Vector3d away = outcome.away_mm.col(p).cast<double>();
      const double size = away.head<2>().norm() / options.mesh_error_mm;
      const double weight = size > kFaceHuber ? kFaceHuber / size : 1;
      const Eigen::Matrix3d& rotation = outcome.rotation;
      normal += weight * rotation.transpose() * trust * rotation;
      right += weight * rotation.transpose() * (trust * away);
    }
    rest.col(p) += Eigen::Vector3d(normal.ldlt().solve(right)).cast<float>();
  }
  error_mm = static_cast<float>(options.frame_error_mm);
}

/// Gauss–Newton on activations, the mesh's depth offset and its pose. A given pose stays: but the
/// mesh as a whole may stray from it, or else expressions would make up for that. The first step is
/// least squares, so that a mouth that opens suddenly is no outlier; then Huber's weights.
FaceFitter::State::Outcome FaceFitter::State::FitShot(const FaceShot& shot,
                                                      const Eigen::VectorXd& start,
                                                      double trust) const {
  const Eigen::Index expressions = moves.rows(), count = rest.cols(), unknowns = expressions + 7;
  Eigen::Matrix3d rotation = shot.rotation * head_rotation;
  Eigen::Vector3d translation = shot.centre_mm + shot.rotation * shared.shift_mm;
  const Eigen::Vector3d first_translation = translation;
  const Eigen::Matrix3d first_rotation = rotation;
  Eigen::VectorXd own = Eigen::VectorXd::Zero(expressions + 1);
  own.head(expressions) = usual;
  if (start.size() == own.size()) own = start;

  const float error = error_mm;
  const auto px_per_mm = static_cast<float>(shot.px_per_mm);
  const auto focal = static_cast<float>(identity.focal_px);
  const Eigen::Vector2f principal = identity.principal_px.cast<float>();
  const Eigen::Vector3f ray = shot.centre_mm.normalized().cast<float>(),
                        centre = shot.centre_mm.cast<float>();
  const float picture = 1 / (px_per_mm * error),
              far = static_cast<float>(options.depth_weight) / error;
  Eigen::Matrix3Xf seen(3, count), residuals(3, count), points(3, count), local(3, count);
  for (Eigen::Index p = 0; p < count; ++p)
    seen.col(p) = shot.seen_px.col(used[static_cast<size_t>(p)]).cast<float>();

  // Residuals in errors of a point, at the present unknowns.
  const auto evaluate = [&] {
    local = rest;
    Eigen::Map<Eigen::VectorXf>(local.data(), 3 * count).noalias() +=
        moves.transpose() * own.head(expressions).cast<float>();
    points = (rotation.cast<float>() * local).colwise() + translation.cast<float>();
    for (Eigen::Index p = 0; p < count; ++p) {
      const Eigen::Vector3f point = points.col(p);
      residuals(0, p) = picture * (focal * point.x() / point.z() + principal.x() - seen(0, p));
      residuals(1, p) = picture * (focal * point.y() / point.z() + principal.y() - seen(1, p));
      residuals(2, p) = far * (ray.dot(point - centre) - seen(2, p) / px_per_mm -
                               static_cast<float>(own[expressions]));
    }
  };

  Outcome outcome;
  Eigen::MatrixXf transposed(unknowns, 3 * count);
  Eigen::MatrixXf products(unknowns, unknowns);
  Eigen::VectorXd values(unknowns), spread(unknowns);
  spread << basis.spread, FaceOwnSpread(options.given_pose, shot.centre_mm.z());
  for (int iteration = 0; iteration < options.iterations; ++iteration) {
    evaluate();
    const Eigen::Matrix3f turned = rotation.cast<float>();
    const Eigen::Vector3f middle = translation.cast<float>();
    for (Eigen::Index p = 0; p < count; ++p) {
      float weight = static_cast<float>(trust) * used_weights[p];
      const float norm = residuals.col(p).norm();
      if (iteration > 0 && norm > static_cast<float>(kFaceHuber))
        weight *= static_cast<float>(kFaceHuber) / norm;
      const float root = std::sqrt(weight);
      residuals.col(p) *= root;
      const Eigen::Vector3f point = points.col(p);
      const float inverse = root * picture * focal / point.z();
      Eigen::Matrix3f by_point;
      by_point << inverse, 0, -inverse * point.x() / point.z(), 0, inverse,
          -inverse * point.y() / point.z(), root * far * ray.x(), root * far * ray.y(),
          root * far * ray.z();
      const Eigen::Matrix3f by_model = (by_point * turned).transpose();
      auto block = transposed.middleCols<3>(3 * p);
      block.topRows(expressions).noalias() = moves.middleCols<3>(3 * p).lazyProduct(by_model);
      block.row(expressions) << 0, 0, -root * far;
      const Eigen::Vector3f about = point - middle;
      Eigen::Matrix3f cross;  // Of a turn: turn × about.
      cross << 0, about.z(), -about.y(), -about.z(), 0, about.x(), about.y(), -about.x(), 0;
      block.middleRows<3>(expressions + 1) = (by_point * cross).transpose();
      block.bottomRows<3>() = by_point.transpose();
    }
    products.setZero();
    products.selfadjointView<Eigen::Lower>().rankUpdate(transposed);
    Eigen::MatrixXd normal = products.cast<double>();
    Eigen::VectorXd gradient =
        (transposed * Eigen::Map<const Eigen::VectorXf>(residuals.data(), 3 * count))
            .cast<double>();
    values.head(expressions + 1) = own;
    const Eigen::AngleAxisd strayed(rotation * first_rotation.transpose());
    values.segment<3>(expressions + 1) = strayed.angle() * strayed.axis();
    values.tail<3>() = translation - first_translation;
    for (Eigen::Index k = 0; k < unknowns; ++k) {
      const double precision = 1 / (spread[k] * spread[k]);
      normal(k, k) += precision;
      gradient[k] += precision * (values[k] - (k < expressions ? usual[k] : 0.0));
    }
    const Eigen::VectorXd step = BoundedStep(normal, gradient, values, basis.range);
    own += step.head(expressions + 1);
    const Eigen::Vector3d turn = step.segment<3>(expressions + 1);
    rotation = TurnBy(turn) * rotation;
    translation += step.tail<3>();
    const double largest =
        std::max({expressions > 0 ? step.head(expressions).cwiseAbs().maxCoeff() : 0,
                  10 * turn.norm(), 0.1 * step.segment<2>(expressions + 4).norm()});
    outcome.pose.iterations = iteration + 1;
    // The first step has no robust weights yet.
    if (iteration > 0 && largest < kConverged) break;
  }
  evaluate();
  const double threshold = kInlierErrors * options.mesh_error_mm / error_mm;
  double inliers = 0, square = 0;
  outcome.rotation = rotation;
  outcome.away_mm = -error * residuals;
  if (options.depth_weight > 0) {
    outcome.away_mm.row(2) /= static_cast<float>(options.depth_weight);
  }
  for (Eigen::Index p = 0; p < count; ++p) {
    const double plane = residuals.col(p).head<2>().squaredNorm();
    if (plane < threshold * threshold) inliers += used_weights[p];
    square += used_weights[p] * plane;
  }
  outcome.square_px = square / kEffectivePoints / (picture * picture);
  // Where a mesh is not to be trusted anyhow, nothing but the given pose is taken from the frame.
  outcome.usable = std::isfinite(square) && ((options.given_pose && trust < kLeastTrust) ||
                                             inliers > kLeastInliers * kEffectivePoints);
  outcome.own = own;
  FacePose& pose = outcome.pose;
  pose.status = FaceFitStatus::kFitted;
  pose.rotation = options.given_pose ? first_rotation : rotation;
  pose.translation_mm = options.given_pose ? first_translation : translation;
  pose.rms_px = trust > 0 ? static_cast<float>(std::sqrt(outcome.square_px))
                          : std::numeric_limits<float>::quiet_NaN();
  pose.expression = Eigen::VectorXf::Zero(basis.model->ExpressionDims());
  for (Eigen::Index e = 0; e < expressions; ++e)
    pose.expression[basis.expressions[static_cast<size_t>(e)]] = static_cast<float>(own[e]);
  return outcome;
}

FaceFitter::FaceFitter(const HeadModel& model, const FaceFitOptions& options) {
  Check(options);
  state_ = std::make_unique<State>(model, options);
}
FaceFitter::~FaceFitter() = default;
FaceFitter::FaceFitter(const FaceFitter& other) : state_(std::make_unique<State>(*other.state_)) {}
FaceFitter::FaceFitter(FaceFitter&&) noexcept = default;
FaceFitter& FaceFitter::operator=(FaceFitter&&) noexcept = default;

const FaceIdentity& FaceFitter::identity() const { return state_->identity; }

void FaceFitter::Look(const MeshFrame& frame) {
  State& state = *state_;
  const std::int64_t time = state.looked++;
  if (!state.Usable(frame)) {
    state.before.reset();
    return;
  }
  const Eigen::Matrix3Xd seen = state.SeenOf(frame);
  const Similarity pose = state.Lay(state.basis.mean_mm, seen);
  if (!(pose.scale > 0) ||
      state.SkullShare((pose * state.basis.mean_mm - seen) / pose.scale) < kLeastSkull) {
    state.before.reset();
    return;
  }
  const auto gap = [&](int a, int b) {
    return static_cast<double>((frame.mesh_px.col(a) - frame.mesh_px.col(b)).norm()) / pose.scale;
  };
  // Inner lips, corners of the mouth, lids.
  const std::array<double, 4> gaps = {gap(13, 14),
                                      gap(mesh::kRightMouthCorner, mesh::kLeftMouthCorner),
                                      gap(159, 145), gap(386, 374)};
  double unrest = gaps[0];
  if (state.before) {
    for (size_t k = 0; k < gaps.size(); ++k) unrest += 2 * std::abs(gaps[k] - (*state.before)[k]);
  }
  if (frame.trust < kLeastTrust) {
    state.before.reset();
  } else {
    state.before = gaps;
  }
  const Eigen::Vector3d forward = pose.rotation.col(2);
  FacePool& pool = frame.trust < kLeastTrust ? state.doubtful : state.pool;
  pool.Add(frame, kDegrees * std::atan2(forward.x(), -forward.z()),
           kDegrees * std::asin(std::clamp(-forward.y(), -1.0, 1.0)), unrest, time);
}

void FaceFitter::ScalePoses(double factor) {
  for (FacePool* pool : {&state_->pool, &state_->doubtful})
    pool->ForEach([factor](MeshFrame* frame) { frame->head.scale_px *= factor; });
}

void FaceFitter::SolveIdentity() { state_->Solve(); }

FacePose FaceFitter::Fit(const MeshFrame& frame) {
  State& state = *state_;
  const bool usable = state.Usable(frame);
  if (usable && state.options.causal_frames > 0 && state.faces < state.options.causal_frames) {
    Look(frame);
    ++state.faces;
    if (state.faces == state.options.causal_frames || state.faces == state.next_solution) {
      state.next_solution = state.faces * kCausalFactor;
      state.Solve();
    }
    if (state.faces == state.options.causal_frames) {
      state.pool.Clear();
      state.doubtful.Clear();
    }
  }
  FacePose pose;
  pose.rms_px = std::numeric_limits<float>::quiet_NaN();
  if (usable && state.identity.known) {
    const FaceShot shot =
        state.ShotOf(frame, state.SeenOf(frame), state.rest_mm, state.identity.scale);
    State::Outcome outcome = state.FitShot(shot, state.last_own, std::clamp(frame.trust, 0.0, 1.0));
    if (outcome.usable) {
      state.last = outcome.pose;
      state.last_own = outcome.own;
      state.held = 0;
      return outcome.pose;
    }
    pose.rms_px = outcome.pose.rms_px;
    pose.iterations = outcome.pose.iterations;
  }
  if (state.last.status == FaceFitStatus::kFitted && state.held < state.options.hold_frames) {
    ++state.held;
    pose.status = FaceFitStatus::kHeld;
    pose.rotation = state.last.rotation;
    pose.translation_mm = state.last.translation_mm;
    pose.expression = state.last.expression;
    return pose;
  }
  state.last.status = FaceFitStatus::kLost;
  state.last_own.resize(0);
  return pose;
}

FaceFit FitFace(const std::vector<MeshFrame>& frames, const HeadModel& model,
                const FaceFitOptions& options) {
  FaceFitter fitter(model, options);
  FaceFit fit;
  if (options.causal_frames == 0) {
    for (const MeshFrame& frame : frames) fitter.Look(frame);
    fitter.SolveIdentity();
    fit.latency_frames = std::max(0, static_cast<int>(frames.size()) - 1);
  }
  fit.frames.reserve(frames.size());
  for (const MeshFrame& frame : frames) fit.frames.push_back(fitter.Fit(frame));
  fit.identity = fitter.identity();
  return fit;
}

}  // namespace maskbench
