#include "eyeball_problem.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include <Eigen/Dense>
#include <Eigen/Geometry>
#include <ceres/ceres.h>

#include "maskbench/head/eye_model.h"
#include "maskbench/reconstruct/eye_reader.h"

namespace maskbench {
namespace {

constexpr double kRadians = 3.14159265358979323846 / 180;
constexpr double kInfinity = std::numeric_limits<double>::infinity();
// The network's expected absolute errors against standard errors, as of a Laplace distribution; and
// what the pose of the head adds to every place; sizes are misread the same way in all frames of an
// eye, hence the high floors. Heights are guessed where lids cover the iris.
constexpr double kSpread = 1.4142135623730951, kPlaceFloorPx = 0.15;
constexpr double kWidthFloor = 0.08, kHeightFloor = 0.4;
// Spread of eyes between people: axial length varies by 1 mm of 23.6 mm (Bekerman, Gottlieb &
// Vaiman, J Ophthalmol 2014), so about 5 % for the limbus' depth; heights of the limbus against its
// width by 3 % [default]. Rotation centres against those of the mean face, mm [default].
constexpr double kDepthSpread = 0.05, kAspectSpread = 0.03;
// From the limbus' plane to the cornea's centre: radii of 7.8 ± 0.26 mm (Mashige, Afr Vision Eye
// Health 72, 2013) on limbi of 5.85 ± 0.21 mm spread it by 0.4 mm of 5.2 mm; less where both are
// large together.
constexpr double kCorneaSpread = 0.07;
const Eigen::Vector3d kCentreSpreadMm(2.0, 2.0, 3.0);
// Kappa towards the nose 5.5 ± 1.3° (Hashemi et al. 2010); upwards [default].
constexpr double kKappaDeg = 5.5, kKappaSpreadDeg = 1.3, kKappaUpSpreadDeg = 1.0;
// A light next to the camera, mm that its reflex is moved by [default].
constexpr double kReflexSpreadMm = 0.3;
// Both eyes see the same light from places 6 cm apart [default].
constexpr double kReflexDifferenceMm = 0.05;
// Pupils are not in the middle of the iris: mostly 0.1 to 0.3 mm towards the nose (Yang, Thompson &
// Burns, IOVS 43:2508, 2002). So near the limbus' plane, a pupil taken for the middle would turn
// the eye by many degrees.
constexpr double kPupilSpreadMm = 0.3;
// How well an eye that looks at the camera does so; and, where nothing is known of what is looked
// at, how far a recording's mean gaze lies from the camera.
constexpr double kFixationDeg = 0.7, kUsualGazeDeg = 8;
constexpr double kSizeSpread = 0.1;
// As shares of the iris' radius: what lies farther beyond a margin is hidden by the lid, and the
// network puts it too near to what is seen; so it does a pupil that is nearer to a margin.
constexpr double kHiddenShare = 0.02, kPupilShare = 0.15;
// How far an orbit is read from its place in a frame, by heads turned a little otherwise than the
// mesh says and corners that are hidden, shaded or pulled along, mm across and up (chosen on
// rendered development data, seed 31). It moves all that is seen of the eye alike; between iris and
// reflex it tells itself from gaze.
constexpr double kOrbitSpreadMm[] = {0.9, 0.25};
constexpr int kResiduals = 10;

double AverageDepthMm() { return EyeShape().LimbusPointMm(0).z(); }
double AverageCorneaMm() { return AverageDepthMm() - EyeShape().CorneaCentreMm(); }
double AverageAspect() { return EyeShape().limbus_vertical_mm / EyeShape().limbus_horizontal_mm; }

template <class T>
using Vector3 = Eigen::Matrix<T, 3, 1>;
template <class T>
using Vector2 = Eigen::Matrix<T, 2, 1>;

/// Eye frame → head frame of a pupillary axis at these angles (radians), after Listing.
template <class T>
Eigen::Matrix<T, 3, 3> Turn(const T* gaze) {
  using std::cos;
  using std::sin;
  const T x = sin(gaze[0]) * cos(gaze[1]), y = sin(gaze[1]), z = cos(gaze[0]) * cos(gaze[1]);
  const T f = T(1) / (T(1) + z);
  Eigen::Matrix<T, 3, 3> turn;
  turn << T(1) - f * x * x, -f * x * y, x, -f * x * y, T(1) - f * y * y, y, -x, -y, z;
  return turn;
}

/// Predicted minus seen over the standard errors; zeros for what is not seen.
/// @param pose  of one frame: azimuth and elevation, radians; how far the orbit lies from where it
/// was read, to the right and up in the picture, mm.
template <class T>
void Residuals(const EyeSighting& seen, const OrbitPrior& orbit, double iris_radius_mm,
               const T* centre, const T& log_size, const T& log_depth, const T& log_aspect,
               const T& log_cornea, const T* reflex_offset, const T* pupil_offset, const T* pose,
               T* residuals) {
  using std::exp;
  using std::log;
  using std::sqrt;
  const T px_per_mm = T(seen.template_px) * exp(-log_size);
  const T depth = T(AverageDepthMm()) * exp(log_depth);
  const Eigen::Matrix<T, 3, 3> rotation = seen.rotation.cast<T>();
  const Eigen::Matrix<T, 3, 3> eye = seen.eye_rotation.cast<T>() * Turn(pose);
  const Vector2<T> origin =
      seen.origin_px.head<2>().cast<T>() + px_per_mm * Vector2<T>(pose[2], pose[3]);
  const Vector3<T> middle = rotation * Vector3<T>(centre[0], centre[1], centre[2]);
  const Vector3<T> axis = eye.col(2);
  const auto place = [&](const T& along_axis) -> Vector2<T> {
    return (px_per_mm * (middle + along_axis * axis)).template head<2>() + origin;
  };
  const Vector2<T> off = place(depth) - seen.iris_px.cast<T>();
  residuals[0] = off.dot(seen.along.cast<T>()) / T(seen.along_error_px);
  residuals[1] = off.dot(seen.across.cast<T>()) / T(seen.across_error_px);
  const T wide = px_per_mm * T(iris_radius_mm), high = wide * T(AverageAspect()) * exp(log_aspect);
  const auto extent = [&](const Eigen::Vector2d& direction) -> T {
    const T a = wide * eye.col(0).template head<2>().dot(direction.cast<T>());
    const T b = high * eye.col(1).template head<2>().dot(direction.cast<T>());
    return sqrt(a * a + b * b + T(1e-9));
  };
  residuals[2] = (log(extent(seen.along)) - T(std::log(seen.half_along_px))) / T(seen.width_error);
  residuals[3] =
      (log(extent(seen.across)) - T(std::log(seen.half_across_px))) / T(seen.height_error);
  // The pupil appears a little behind the limbus, and beside its middle; the reflex lies in front
  // of the cornea's centre.
  static const double behind = EyeShape().IrisPlaneMm() / AverageDepthMm();
  const Vector3<T> beside = pupil_offset[0] * eye.col(0) + pupil_offset[1] * eye.col(1);
  const Vector2<T> pupil =
      place(T(behind) * depth) + px_per_mm * beside.template head<2>() - seen.pupil_px.cast<T>();
  const bool has_pupil = seen.pupil_error_px < kInfinity;
  residuals[4] = has_pupil ? T(pupil.x() / T(seen.pupil_error_px)) : T(0);
  residuals[5] = has_pupil ? T(pupil.y() / T(seen.pupil_error_px)) : T(0);
  const T cornea = T(AverageCorneaMm()) * exp(log_cornea);
  const Vector2<T> reflex = place(depth - cornea) +
                            px_per_mm * Vector2<T>(reflex_offset[0], reflex_offset[1]) -
                            seen.reflex_px.cast<T>();
  const bool has_reflex = seen.reflex_error_px < kInfinity;
  residuals[6] = has_reflex ? T(reflex.x() / T(seen.reflex_error_px)) : T(0);
  residuals[7] = has_reflex ? T(reflex.y() / T(seen.reflex_error_px)) : T(0);
  for (int k = 0; k < 2; ++k)
    residuals[8 + k] = (pose[2 + k] - T(orbit.shift_mm[k])) / T(orbit.spread_mm[k]);
}

struct SightingCost {
  EyeSighting seen;
  double iris_radius_mm;
  template <class T>
  bool operator()(const T* centre, const T* log_size, const T* log_depth, const T* log_aspect,
                  const T* log_cornea, const T* reflex_offset, const T* pupil_offset, const T* pose,
                  T* residuals) const {
    Residuals(seen, OrbitPrior(), iris_radius_mm, centre, *log_size, *log_depth, *log_aspect,
              *log_cornea, reflex_offset, pupil_offset, pose, residuals);
    return true;
  }
};

/// The visual axis against the line to the camera.
struct LookingCost {
  EyeSighting seen;
  double nasal, error_rad;
  template <class T>
  bool operator()(const T* kappa_deg, const T* pose, T* residuals) const {
    using std::cos;
    using std::sin;
    const T side = kappa_deg[0] * T(nasal * kRadians), up = kappa_deg[1] * T(kRadians);
    const Vector3<T> visual(sin(side) * cos(up), sin(up), cos(side) * cos(up));
    const Vector3<T> seen_axis = seen.eye_rotation.cast<T>() * (Turn(pose) * visual);
    residuals[0] = seen_axis.x() / T(error_rad);
    residuals[1] = seen_axis.y() / T(error_rad);
    return true;
  }
};

/// Both eyes see the same light.
struct AlikeCost {
  double spread;
  template <class T>
  bool operator()(const T* one, const T* other, T* residuals) const {
    for (int k = 0; k < 2; ++k) residuals[k] = (one[k] - other[k]) / T(spread);
    return true;
  }
};

template <int Count>
struct PriorCost {
  Eigen::Matrix<double, Count, 1> mean, spread;
  template <class T>
  bool operator()(const T* values, T* residuals) const {
    for (int k = 0; k < Count; ++k) residuals[k] = (values[k] - T(mean[k])) / T(spread[k]);
    return true;
  }
};

template <int Count>
void AddPrior(ceres::Problem* problem, double* values, const Eigen::Matrix<double, Count, 1>& mean,
              const Eigen::Matrix<double, Count, 1>& spread) {
  problem->AddResidualBlock(new ceres::AutoDiffCostFunction<PriorCost<Count>, Count, Count>(
                                new PriorCost<Count>{mean, spread}),
                            nullptr, values);
}

/// Whether a point lies so far within the margins, as a share of the iris' radius; negative: no
/// farther beyond them. True where there are no margins.
bool BetweenLids(const EyeEvidence& eye, const cv::Point2d& point, double share) {
  const double angle = eye.placement.angle_rad, least_px = share * eye.IrisRadiusPx();
  const cv::Point2d down(-std::sin(angle), std::cos(angle));
  const std::optional<cv::Point2d> upper = MarginAcross(eye.upper, point, angle),
                                   lower = MarginAcross(eye.lower, point, angle);
  return !(upper && (point - *upper).dot(down) < least_px) &&
         !(lower && (*lower - point).dot(down) < least_px);
}

}  // namespace

EyeballModel::EyeballModel(const std::array<Eigen::Vector3d, 2>& globes_mm) {
  for (size_t s = 0; s < 2; ++s) {
    eyes[s].centre_mm = eyes[s].centre_prior_mm = globes_mm[s];
    eyes[s].kappa_deg = {kKappaDeg, 0};
    eyes[s].kappa_error_deg = kKappaSpreadDeg;
  }
}

double EyeballModel::LimbusDepthMm() const { return AverageDepthMm() * std::exp(log_depth); }
double EyeballModel::LimbusAspect() const { return AverageAspect() * std::exp(log_aspect); }

double EyeballModel::CorneaCentreMm() const {
  return LimbusDepthMm() - AverageCorneaMm() * std::exp(log_cornea);
}

EyeSighting SightingOf(const EyeEvidence& eye, const HeadView& head, double size,
                       double camera_distance_mm) {
  EyeSighting seen;
  seen.template_px = head.scale_px;
  seen.px_per_mm = head.scale_px / size;
  seen.rotation = head.rotation;
  seen.origin_px = head.origin_px;
  const auto view = [](const cv::Point2d& point) { return Eigen::Vector2d(point.x, -point.y); };
  const double c = std::cos(eye.placement.angle_rad), s = std::sin(eye.placement.angle_rad);
  seen.along = {c, -s};
  seen.across = {-s, -c};
  seen.iris_px = view(eye.iris.at);
  seen.pupil_px = view(eye.pupil.at);
  seen.reflex_px = view(eye.reflex.at);
  Eigen::Matrix2d shape;
  shape << eye.iris_shape(0, 0), -eye.iris_shape(0, 1), -eye.iris_shape(1, 0), eye.iris_shape(1, 1);
  seen.half_along_px = std::sqrt(seen.along.dot(shape * seen.along));
  seen.half_across_px = std::sqrt(seen.across.dot(shape * seen.across));
  const auto error = [](double expected_px) {
    return std::hypot(kSpread * expected_px, kPlaceFloorPx);
  };
  seen.along_error_px = error(eye.iris.error_px);
  seen.across_error_px = error(eye.iris_y_error_px);
  const double size_error = kSpread * eye.iris_size_error_px / seen.half_along_px;
  seen.width_error = std::hypot(size_error, kWidthFloor);
  seen.height_error = std::hypot(size_error, kHeightFloor);
  seen.pupil_error_px = eye.pupil_seen > 0.5 && BetweenLids(eye, eye.pupil.at, kPupilShare)
                            ? error(eye.pupil.error_px)
                            : kInfinity;
  seen.reflex_error_px = eye.reflex_seen > 0.5 && BetweenLids(eye, eye.reflex.at, -kHiddenShare)
                             ? error(eye.reflex.error_px)
                             : kInfinity;
  const Eigen::Vector2d beside_mm = (seen.iris_px - head.origin_px.head<2>()) / seen.px_per_mm;
  const Eigen::Vector3d to_camera(-beside_mm.x(), -beside_mm.y(), camera_distance_mm);
  seen.eye_rotation =
      Eigen::Quaterniond::FromTwoVectors(to_camera, Eigen::Vector3d::UnitZ()).toRotationMatrix() *
      head.rotation;
  return seen;
}

class EyeballProblem::Impl {
  // Values: what both eyes share, each eye's, each frame's pose.
  static constexpr int kShared = 4, kPerEye = 9, kPerFrame = 4;

 public:
  explicit Impl(EyeballModel* model) : model_(*model) {}

  void Add(Side side, const EyeSighting& seen, bool looks) {
    frames_.push_back({side, seen, looks, {0, 0, 0, 0}});
    const AxisEstimate start = EstimateAxis(model_, side, seen);
    if (start.converged)
      frames_.back().pose = {start.angles_deg.x() * kRadians, start.angles_deg.y() * kRadians, 0,
                             0};
  }

  void Solve() {
    // Ceres sorts parameter blocks by address: in one array, roundings do not depend on where
    // memory was free.
    std::vector<double> values(kShared + 2 * kPerEye + kPerFrame * frames_.size());
    double* const log_size = &values[0];
    double* const log_depth = &values[1];
    double* const log_aspect = &values[2];
    double* const log_cornea = &values[3];
    log_size[0] = std::log(model_.size);
    log_depth[0] = model_.log_depth;
    log_aspect[0] = model_.log_aspect;
    log_cornea[0] = model_.log_cornea;
    struct EyeBlocks {
      double *centre, *reflex_offset, *kappa, *pupil_offset;
    };
    std::array<EyeBlocks, 2> blocks{};
    for (size_t s = 0; s < 2; ++s) {
      double* const first = &values[kShared + s * kPerEye];
      blocks[s] = {first, first + 3, first + 5, first + 7};
      Eigen::Map<Eigen::Vector3d>(blocks[s].centre) = model_.eyes[s].centre_mm;
      Eigen::Map<Eigen::Vector2d>(blocks[s].reflex_offset) = model_.eyes[s].reflex_offset_mm;
      Eigen::Map<Eigen::Vector2d>(blocks[s].kappa) = model_.eyes[s].kappa_deg;
      Eigen::Map<Eigen::Vector2d>(blocks[s].pupil_offset) = model_.eyes[s].pupil_offset_mm;
    }
    ceres::Problem problem;
    std::array<int, 2> counts{}, looking{};
    for (const Frame& frame : frames_) {
      ++counts[static_cast<size_t>(frame.side)];
      looking[static_cast<size_t>(frame.side)] += frame.looks ? 1 : 0;
    }
    for (size_t k = 0; k < frames_.size(); ++k) {
      const Frame& frame = frames_[k];
      const size_t s = static_cast<size_t>(frame.side);
      double* const pose = &values[kShared + 2 * kPerEye + kPerFrame * k];
      std::copy(frame.pose.begin(), frame.pose.end(), pose);
      problem.AddResidualBlock(
          new ceres::AutoDiffCostFunction<SightingCost, kResiduals, 3, 1, 1, 1, 1, 2, 2, kPerFrame>(
              new SightingCost{frame.seen, model_.iris_diameter_mm / 2}),
          new ceres::CauchyLoss(3.0), blocks[s].centre, log_size, log_depth, log_aspect, log_cornea,
          blocks[s].reflex_offset, blocks[s].pupil_offset, pose);
      const double nasal = frame.side == Side::kLeft ? -1 : 1;
      // Where it looks at the camera, or, of an eye of which that is never known, on the whole.
      if (!frame.looks && looking[s] > 0) continue;
      const double error_deg = frame.looks ? kFixationDeg : kUsualGazeDeg * std::sqrt(counts[s]);
      problem.AddResidualBlock(new ceres::AutoDiffCostFunction<LookingCost, 2, 2, kPerFrame>(
                                   new LookingCost{frame.seen, nasal, error_deg * kRadians}),
                               frame.looks ? new ceres::HuberLoss(2.0) : nullptr, blocks[s].kappa,
                               pose);
    }
    using Vector1 = Eigen::Matrix<double, 1, 1>;
    AddPrior<1>(&problem, log_size, Vector1(*log_size), Vector1(kSizeSpread));
    AddPrior<1>(&problem, log_depth, Vector1(0.0), Vector1(kDepthSpread));
    AddPrior<1>(&problem, log_aspect, Vector1(0.0), Vector1(kAspectSpread));
    AddPrior<1>(&problem, log_cornea, Vector1(0.0), Vector1(kCorneaSpread));
    if (counts[0] > 0 && counts[1] > 0) {
      problem.AddResidualBlock(
          new ceres::AutoDiffCostFunction<AlikeCost, 2, 2, 2>(new AlikeCost{kReflexDifferenceMm}),
          nullptr, blocks[0].reflex_offset, blocks[1].reflex_offset);
    }
    for (size_t s = 0; s < 2; ++s) {
      if (counts[s] == 0) continue;
      AddPrior<2>(&problem, blocks[s].reflex_offset, {0, 0}, {kReflexSpreadMm, kReflexSpreadMm});
      AddPrior<2>(&problem, blocks[s].pupil_offset, {0, 0}, {kPupilSpreadMm, kPupilSpreadMm});
      AddPrior<3>(&problem, blocks[s].centre, model_.eyes[s].centre_prior_mm, kCentreSpreadMm);
      AddPrior<2>(&problem, blocks[s].kappa, {kKappaDeg, 0}, {kKappaSpreadDeg, kKappaUpSpreadDeg});
    }
    ceres::Solver::Options options;
    options.linear_solver_type = ceres::DENSE_SCHUR;
    options.num_threads = 1;
    options.max_num_iterations = 60;
    options.logging_type = ceres::SILENT;
    ceres::Solver::Summary summary;
    ceres::Solve(options, &problem, &summary);
    model_.size = std::exp(*log_size);
    model_.log_depth = *log_depth;
    model_.log_aspect = *log_aspect;
    model_.log_cornea = *log_cornea;
    for (size_t s = 0; s < 2; ++s) {
      EyeballModel::Eye& eye = model_.eyes[s];
      eye.centre_mm = Eigen::Map<Eigen::Vector3d>(blocks[s].centre);
      eye.reflex_offset_mm = Eigen::Map<Eigen::Vector2d>(blocks[s].reflex_offset);
      eye.pupil_offset_mm = Eigen::Map<Eigen::Vector2d>(blocks[s].pupil_offset);
      eye.kappa_deg = Eigen::Map<Eigen::Vector2d>(blocks[s].kappa);
      if (!eye.kappa_measured) {
        eye.kappa_error_deg = kKappaSpreadDeg;
        continue;
      }
      ceres::Covariance::Options covariance_options;
      covariance_options.num_threads = 1;
      ceres::Covariance covariance(covariance_options);
      Eigen::Matrix<double, 2, 2, Eigen::RowMajor> block;
      const std::vector<std::pair<const double*, const double*>> wanted = {
          {blocks[s].kappa, blocks[s].kappa}};
      if (covariance.Compute(wanted, &problem) &&
          covariance.GetCovarianceBlock(blocks[s].kappa, blocks[s].kappa, block.data()))
        eye.kappa_error_deg = std::sqrt(block(0, 0));
    }
  }

 private:
  struct Frame {
    Side side;
    EyeSighting seen;
    bool looks;
    std::array<double, kPerFrame> pose;
  };
  EyeballModel& model_;
  std::vector<Frame> frames_;
};

EyeballProblem::EyeballProblem(EyeballModel* model) : impl_(std::make_unique<Impl>(model)) {}
EyeballProblem::~EyeballProblem() = default;
void EyeballProblem::Add(Side side, const EyeSighting& seen, bool looks_at_camera) {
  impl_->Add(side, seen, looks_at_camera);
}
void EyeballProblem::Solve() { impl_->Solve(); }

OrbitPrior::OrbitPrior() : spread_mm(kOrbitSpreadMm[0], kOrbitSpreadMm[1]) {}

AxisEstimate EstimateAxis(const EyeballModel& model, Side side, const EyeSighting& seen,
                          const OrbitPrior& orbit) {
  using Jet = ceres::Jet<double, 4>;
  const EyeballModel::Eye& eye = model.eyes[static_cast<size_t>(side)];
  const std::array<Jet, 3> centre = {Jet(eye.centre_mm.x()), Jet(eye.centre_mm.y()),
                                     Jet(eye.centre_mm.z())};
  const std::array<Jet, 2> reflex = {Jet(eye.reflex_offset_mm.x()), Jet(eye.reflex_offset_mm.y())};
  const std::array<Jet, 2> pupil = {Jet(eye.pupil_offset_mm.x()), Jet(eye.pupil_offset_mm.y())};
  const Jet log_size(std::log(model.size)), log_depth(model.log_depth),
      log_aspect(model.log_aspect), log_cornea(model.log_cornea);
  struct Terms {
    double cost = 0;
    Eigen::Matrix4d normal = Eigen::Matrix4d::Zero();
    Eigen::Vector4d right = Eigen::Vector4d::Zero();
  };
  const auto evaluate = [&](const Eigen::Vector4d& at) {
    const std::array<Jet, 4> pose = {Jet(at[0], 0), Jet(at[1], 1), Jet(at[2], 2), Jet(at[3], 3)};
    std::array<Jet, kResiduals> residuals;
    Residuals(seen, orbit, model.iris_diameter_mm / 2, centre.data(), log_size, log_depth,
              log_aspect, log_cornea, reflex.data(), pupil.data(), pose.data(), residuals.data());
    Terms terms;
    for (int k = 0; k < kResiduals; ++k) {
      const Jet& residual = residuals[static_cast<size_t>(k)];
      // Cauchy for all but the outline itself, which always counts.
      constexpr double kScale = 3;
      const double ratio = residual.a / kScale;
      const bool robust = k >= 2 && k < 8;
      const double weight = robust ? 1 / (1 + ratio * ratio) : 1;
      terms.cost += !robust ? residual.a * residual.a : kScale * kScale * std::log1p(ratio * ratio);
      terms.normal += weight * residual.v * residual.v.transpose();
      terms.right -= weight * residual.a * residual.v;
    }
    return terms;
  };
  AxisEstimate estimate;
  Eigen::Vector4d at(0, 0, orbit.shift_mm.x(), orbit.shift_mm.y());
  Terms now = evaluate(at);
  double damping = 1e-3;
  for (int iteration = 0; iteration < 30; ++iteration) {
    Eigen::Matrix4d damped = now.normal;
    damped.diagonal() *= 1 + damping;
    const Eigen::Vector4d step = damped.ldlt().solve(now.right);
    const Eigen::Vector4d next = (at + step).cwiseMax(-1.3).cwiseMin(1.3);
    const Terms then = evaluate(next);
    if (!(then.cost <= now.cost)) {
      damping *= 8;
      if (damping > 1e6) break;
      continue;
    }
    const double moved = (next - at).head<2>().norm();
    at = next;
    now = then;
    damping = std::max(1e-6, damping / 8);
    if (moved < 1e-6) break;
  }
  const Eigen::Matrix2d covariance = now.normal.inverse().topLeftCorner<2, 2>();
  estimate.converged = covariance.allFinite() && at.head<2>().cwiseAbs().maxCoeff() < 1.2;
  estimate.angles_deg = at.head<2>() / kRadians;
  estimate.orbit_shift_mm = at.tail<2>();
  estimate.error_deg = covariance.diagonal().cwiseMax(0).cwiseSqrt() / kRadians;
  return estimate;
}

}  // namespace maskbench
