#include "maskbench/reconstruct/running_fit.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <deque>
#include <utility>
#include <vector>

#include <Eigen/Dense>
#include <Eigen/Geometry>

#include "maskbench/head/eye_model.h"
#include "maskbench/reconstruct/eye_fit.h"
#include "maskbench/reconstruct/running_schedule.h"

#include "corner_sight.h"
#include "eye_use.h"
#include "eyeball_problem.h"
#include "lid_reading.h"
#include "running_calibration.h"

namespace maskbench {
namespace {

// What covers an eye does not flicker: medians over a tenth of a second, as EyeReader::Read.
constexpr double kInSightHalfSeconds = 0.05;

double SmoothStep(double x) {
  const double t = std::clamp(x, 0.0, 1.0);
  return t * t * (3 - 2 * t);
}

Eigen::Matrix3d Orthonormal(const Eigen::Matrix3d& matrix) {
  const Eigen::JacobiSVD<Eigen::Matrix3d> svd(matrix, Eigen::ComputeFullU | Eigen::ComputeFullV);
  return svd.matrixU() * svd.matrixV().transpose();
}

/// A weighted line through values at signed distances, read at distance 0; the same estimate as
/// AnchorToCorners makes.
template <class Value>
class LocalLine {
 public:
  void Add(double distance, double weight, const Value& value) {
    sum_ += weight * value;
    slanted_ += weight * distance * value;
    total_ += weight;
    first_ += weight * distance;
    second_ += weight * distance * distance;
  }
  bool known() const { return total_ > 0; }
  Value At0() const {
    // Held to a mean where there is little to draw a line through.
    const double ridge = 0.05 * total_;
    return ((second_ + ridge) * sum_ - first_ * slanted_) /
           ((second_ + ridge) * total_ - first_ * first_);
  }

 private:
  Value sum_ = Value::Zero(), slanted_ = Value::Zero();
  double total_ = 0, first_ = 0, second_ = 0;
};

/// Weights by distance in frames.
class Kernel {
 public:
  Kernel(double seconds, double rate_hz, bool steep) : scale_(std::max(0.3, seconds * rate_hz)) {
    const auto reach = static_cast<size_t>(std::ceil((steep ? 3 : 9) * scale_));
    for (size_t k = 0; k <= reach; ++k) {
      const double d = static_cast<double>(k) / scale_;
      shares_.push_back(std::exp(steep ? -0.5 * d * d : -d));
    }
  }
  size_t reach() const { return shares_.size() - 1; }
  double share(size_t frames) const { return shares_[frames]; }
  double distance(size_t from, size_t to) const {
    return (static_cast<double>(to) - static_cast<double>(from)) / scale_;
  }

 private:
  double scale_;
  std::vector<double> shares_;
};

/// What is kept of a frame. Final of those before the present one.
struct Slot {
  bool seen = false;
  std::array<EyeEvidence, 2> eyes;        ///< With steady `in_sight`.
  std::array<double, 2> in_sight_once{};  ///< Of this frame alone.
  Eigen::Matrix3Xf skull_points;
  HeadView view;      ///< The mesh's.
  HeadView anchored;  ///< Directions and size smoothed.
  Sight sight;
  Corners model_px;
  Eigen::Vector2d own_shape{1, 0}, shape{1, 0};
  std::array<Eigen::Vector2d, 2> own_place_px;
  std::array<bool, 2> in_sight{};
  std::array<AxisEstimate, 2> alone;  ///< Of each eye by this frame alone.
};

/// The pupillary axis of an eye through moments in which it cannot be seen.
struct FollowedAxis {
  bool known = false;
  Eigen::Vector2d deg;
  std::int64_t seen_at = 0;
};

}  // namespace

class RunningFit::Impl {
 public:
  Impl(const Eigen::Matrix3Xd& canonical_mm, const std::array<Eigen::Vector3d, 2>& globes_mm,
       const RunningFitOptions& options)
      : options_(options),
        canonical_mm_(canonical_mm),
        population_(Population(canonical_mm, globes_mm, options.iris_diameter_mm)),
        from_(population_),
        to_(population_),
        now_(population_),
        slow_(kShapeSeconds, options.rate_hz, false),
        fast_(kPlaceSeconds, options.rate_hz, true),
        schedule_(Frames(options.first_s), options.growth, Frames(options.longest_s)),
        blended_since_(-Frames(options.blend_s)) {
    lids_.record = EyeRecord(0);
    lids_.record.iris_diameter_mm = options.iris_diameter_mm;
  }

  std::optional<RunningFrame> Push(const std::optional<std::array<EyeEvidence, 2>>& eyes,
                                   const Eigen::Matrix3Xf& skull_points) {
    TakeOver();
    slots_.emplace_back();
    Slot& slot = slots_.back();
    slot.seen = eyes.has_value() && skull_points.cols() > 0;
    if (slot.seen) {
      slot.eyes = *eyes;
      for (size_t s = 0; s < 2; ++s) slot.in_sight_once[s] = slot.eyes[s].in_sight;
      slot.skull_points = skull_points;
      const bool follows = slots_.size() > 1 && slots_[slots_.size() - 2].seen;
      slot.view = HeadMotion::Align(now_.skull_mm, skull_points,
                                    follows ? &slots_[slots_.size() - 2].view : nullptr);
    }
    const size_t newest = slots_.size() - 1;
    Update(present_);
    newest_.seen = slot.seen;
    newest_.calibrations = calibrations_;
    newest_.size = now_.model.size;
    if (slot.seen) {
      newest_.orbits = Orbits(newest);
      LookAlone(newest, newest_.orbits);
    }
    if (newest < present_ + static_cast<size_t>(options_.latency_frames)) return std::nullopt;
    return Give();
  }

  std::optional<RunningFrame> Finish() {
    if (present_ >= slots_.size()) return std::nullopt;
    TakeOver();
    Update(present_);
    return Give();
  }

  const NewestFrame& newest() const { return newest_; }
  double longest_s() const { return longest_s_; }

 private:
  struct Found {
    RunningCalibration calibration;
    double seconds;
  };

  static RunningCalibration Population(const Eigen::Matrix3Xd& canonical_mm,
                                       const std::array<Eigen::Vector3d, 2>& globes_mm,
                                       double iris_diameter_mm) {
    RunningCalibration population(HeadMotion(canonical_mm).Template({}), canonical_mm, globes_mm);
    population.model.iris_diameter_mm = iris_diameter_mm;
    return population;
  }
  std::int64_t Frames(double seconds) const {
    return static_cast<std::int64_t>(std::llround(seconds * options_.rate_hz));
  }

  /// The calibration of the frame that is given out next.
  void TakeOver() {
    bool at_once = false;
    if (auto found = work_.Take(index_)) {
      ++calibrations_;
      longest_s_ = std::max(longest_s_, found->seconds);
      from_ = now_;
      to_ = std::move(found->calibration);
      at_once = calibrations_ == 1 && frames_seen_ <= Frames(options_.start_s);
      blended_since_ = index_ - (at_once ? Frames(options_.blend_s) : 0);
      blended_ = false;
    }
    const double done = static_cast<double>(index_ - blended_since_) /
                        std::max(1e-9, options_.blend_s * options_.rate_hz);
    if (blended_ && done >= 1) return;
    blended_ = done >= 1;
    now_ = blended_ ? to_ : Blend(from_, to_, SmoothStep(done));
    if (at_once) LookAgain();
  }

  /// After a calibration that is used at once: what the frames before the present one lend to it
  /// must not be the population's.
  void LookAgain() {
    for (size_t j = 0; j < slots_.size(); ++j) {
      Slot& slot = slots_[j];
      if (!slot.seen) continue;
      const bool follows = j > 0 && slots_[j - 1].seen;
      slot.view = HeadMotion::Align(now_.skull_mm, slot.skull_points,
                                    follows ? &slots_[j - 1].view : nullptr);
    }
    Update(0);
    for (size_t j = 0; j < slots_.size(); ++j)
      if (slots_[j].seen) LookAlone(j, Orbits(j));
  }

  /// All that frames from one on hold, with what is known now.
  void Update(size_t first) {
    const auto half = static_cast<size_t>(std::max<std::int64_t>(1, Frames(kInSightHalfSeconds)));
    for (size_t j = first; j < slots_.size(); ++j) {
      Slot& slot = slots_[j];
      if (!slot.seen) continue;
      for (size_t s = 0; s < 2; ++s) slot.eyes[s].in_sight = SteadyInSight(j, s, half);
      for (size_t s = 0; s < 2; ++s) slot.in_sight[s] = slot.eyes[s].in_sight >= kEyeInSight;
      slot.sight = SightOf(slot.eyes);
    }
    for (size_t j = first; j < slots_.size(); ++j) {
      Slot& slot = slots_[j];
      if (!slot.seen) continue;
      LocalLine<Eigen::Matrix3d> turn;
      LocalLine<Eigen::Matrix<double, 1, 1>> size;
      Around(j, slow_, [&](const Slot& other, double distance, double share) {
        turn.Add(distance, share * other.sight.trust(), other.view.rotation);
        size.Add(distance, share * other.sight.trust(),
                 Eigen::Matrix<double, 1, 1>(std::log(other.view.scale_px)));
      });
      slot.anchored = slot.view;
      slot.anchored.rotation = Orthonormal(turn.At0());
      slot.anchored.scale_px = std::exp(size.At0()[0]);
      for (int k = 0; k < kCorners; ++k) {
        slot.model_px[static_cast<size_t>(k)] =
            slot.anchored.scale_px * (slot.anchored.rotation * now_.corners_mm.col(k)).head<2>();
      }
      slot.own_shape =
          slot.sight.total() > 0 ? ShapeOf(slot.sight, slot.model_px) : Eigen::Vector2d(1, 0);
    }
    for (size_t j = first; j < slots_.size(); ++j) {
      Slot& slot = slots_[j];
      if (!slot.seen) continue;
      LocalLine<Eigen::Vector2d> shape;
      Around(j, slow_, [&](const Slot& other, double distance, double share) {
        const double weight = share * other.sight.total() * other.sight.trust();
        if (weight > 0) shape.Add(distance, weight, other.own_shape);
      });
      slot.shape = shape.known() ? shape.At0() : Eigen::Vector2d(1, 0);
      for (size_t s = 0; s < 2; ++s) {
        slot.own_place_px[s].setZero();
        const double total = slot.sight.of_eye(s);
        if (total <= 0) continue;
        for (size_t k = 2 * s; k < 2 * s + 2; ++k) {
          slot.own_place_px[s] += slot.sight.weights[k] / total *
                                  (slot.sight.view_px[k] - Turned(slot.shape, slot.model_px[k]));
        }
      }
    }
  }

  double SteadyInSight(size_t j, size_t s, size_t half) const {
    std::vector<double>& window = scratch_;
    window.clear();
    for (size_t k = j - std::min(j, half); k < std::min(slots_.size(), j + half + 1); ++k)
      if (slots_[k].seen) window.push_back(slots_[k].in_sight_once[s]);
    const auto middle = window.begin() + static_cast<std::ptrdiff_t>(window.size() / 2);
    std::nth_element(window.begin(), middle, window.end());
    return *middle;
  }

  /// Visits the frames of the same stretch with a face that a kernel reaches from frame j.
  template <class Visit>
  void Around(size_t j, const Kernel& kernel, const Visit& visit) const {
    for (size_t k = j; slots_[k].seen; --k) {
      visit(slots_[k], kernel.distance(j, k), kernel.share(j - k));
      if (k == 0 || j - k >= kernel.reach()) break;
    }
    for (size_t k = j + 1; k < slots_.size() && k - j <= kernel.reach() && slots_[k].seen; ++k)
      visit(slots_[k], kernel.distance(j, k), kernel.share(k - j));
  }

  /// The head as each orbit has it.
  std::array<HeadView, 2> Orbits(size_t j) const {
    const Slot& slot = slots_[j];
    std::array<HeadView, 2> orbits;
    for (size_t s = 0; s < 2; ++s) {
      HeadView& view = orbits[s];
      view = slot.anchored;
      view.scale_px *= slot.shape.norm();
      view.rotation =
          Eigen::AngleAxisd(std::atan2(slot.shape.y(), slot.shape.x()), Eigen::Vector3d::UnitZ())
              .toRotationMatrix() *
          view.rotation;
      LocalLine<Eigen::Vector2d> place;
      Around(j, fast_, [&](const Slot& other, double distance, double share) {
        const double weight = share * other.sight.of_eye(s);
        if (weight > 0) place.Add(distance, weight, other.own_place_px[s]);
      });
      if (place.known()) view.origin_px.head<2>() = place.At0();
    }
    return orbits;
  }

  EyeSighting Sight(const EyeEvidence& eye, const HeadView& orbit) const {
    return SightingOf(eye, orbit, now_.model.size, options_.camera_distance_mm);
  }

  /// Where both eyes look by this frame alone.
  void LookAlone(size_t j, const std::array<HeadView, 2>& orbits) {
    Slot& slot = slots_[j];
    for (const Side side : kSides) {
      const size_t s = static_cast<size_t>(side);
      slot.alone[s] = {};
      if (Readable(slot.eyes[s]))
        slot.alone[s] = EstimateAxis(now_.model, side, Sight(slot.eyes[s], orbits[s]));
    }
  }

  /// Where an eye looks if its orbit lies where it mostly does in the frames around that saw the
  /// other eye as this one did.
  AxisEstimate SteadyAxis(size_t at, Side side, const HeadView& orbit) const {
    const size_t s = static_cast<size_t>(side);
    if (!slots_[at].alone[s].converged) return {};
    const double scale = std::max(1.0, kSteadySeconds * options_.rate_hz);
    const auto reach = static_cast<size_t>(std::ceil(kSteadyReach * scale));
    Eigen::Vector2d sum = Eigen::Vector2d::Zero();
    double total = 0;
    const auto take = [&](size_t j) {
      const Slot& other = slots_[j];
      if (!other.seen || other.in_sight[1 - s] != slots_[at].in_sight[1 - s]) return false;
      if (!other.alone[s].converged) return true;
      const double d = (static_cast<double>(j) - static_cast<double>(at)) / scale;
      const double weight = std::exp(-0.5 * d * d);
      sum += weight * other.alone[s].orbit_shift_mm;
      total += weight;
      return true;
    };
    for (size_t j = at; take(j) && j > 0 && at - j < reach; --j) {
    }
    for (size_t j = at + 1; j < slots_.size() && j - at <= reach && take(j); ++j) {
    }
    OrbitPrior prior;
    prior.shift_mm = sum / total;
    prior.spread_mm.setConstant(kSteadyOrbitMm);
    return EstimateAxis(now_.model, side, Sight(slots_[at].eyes[s], orbit), prior);
  }

  RunningFrame Give() {
    const size_t at = present_;
    Slot& slot = slots_[at];
    RunningFrame frame;
    frame.index = index_;
    frame.seen = slot.seen;
    frames_seen_ += slot.seen ? 1 : 0;
    frame.frames_seen = frames_seen_;
    frame.calibrations = calibrations_;
    frame.size = now_.model.size;
    frame.apart_mm = now_.apart_mm;
    for (size_t s = 0; s < 2; ++s) frame.globes_mm[s] = now_.model.eyes[s].centre_mm;
    if (slot.seen) {
      frame.orbits = Orbits(at);
      LookAlone(at, frame.orbits);
      for (const Side side : kSides) ReadEye(at, side, frame.orbits, &frame);
      Pool(slot, frame.orbits);
    } else {
      covered_for_ = {0, 0};
    }
    ++index_;
    ++present_;
    if (present_ > slow_.reach()) {
      slots_.pop_front();
      --present_;
    }
    CalibrateWhereDue();
    return frame;
  }

  void ReadEye(size_t at, Side side, const std::array<HeadView, 2>& orbits, RunningFrame* frame) {
    const size_t s = static_cast<size_t>(side);
    const EyeEvidence& seen = slots_[at].eyes[s];
    RunningEye& eye = frame->eyes[s];
    eye.in_sight = seen.in_sight;
    eye.shut = seen.shut;
    const AxisEstimate axis = SteadyAxis(at, side, orbits[s]);
    Follow(at, side, axis);
    if (seen.in_sight < kEyeInSight) return;
    EyeSighting sighting = Sight(seen, orbits[s]);
    sighting.origin_px.head<2>() += sighting.px_per_mm * axis.orbit_shift_mm;
    const EyeballModel::Eye& ball = now_.model.eyes[s];
    if (axis.converged) {
      EyeShape kappa;
      kappa.kappa_nasal_deg = ball.kappa_deg.x();
      kappa.kappa_up_deg = ball.kappa_deg.y();
      const Eigen::Vector2d camera = GazeAngles(
          sighting.eye_rotation *
          (EyeRotation(axis.angles_deg.x(), axis.angles_deg.y()) * kappa.VisualAxis(side)));
      eye.camera_azimuth_deg = camera.x();
      eye.camera_elevation_deg = camera.y();
    }
    lids_.size = now_.model.size;
    lids_.limbus_depth_mm = now_.model.LimbusDepthMm();
    lids_.limbus_aspect = now_.model.LimbusAspect();
    lids_.cornea_centre_mm = now_.model.CorneaCentreMm();
    lids_.cornea_centre_mm = now_.model.CorneaCentreMm();
    lids_.eyes[s].centre_mm = ball.centre_mm;
    lids_.eyes[s].reflex_offset_mm = ball.reflex_offset_mm;
    EyeTraces traces(1);
    const FollowedAxis& followed = axes_[s];
    const double nan = std::numeric_limits<double>::quiet_NaN();
    ReadLids(seen, sighting, lids_, side, followed.known ? followed.deg : Eigen::Vector2d(nan, nan),
             0, &traces);
    eye.mrd1_mm = traces.mrd1_mm.values[0];
    eye.mrd2_mm = traces.mrd2_mm.values[0];
    eye.aperture_mm = traces.aperture_mm.values[0];
  }

  /// Where an eye that cannot be seen is taken to look.
  void Follow(size_t at, Side side, const AxisEstimate& axis) {
    const size_t s = static_cast<size_t>(side);
    FollowedAxis& followed = axes_[s];
    if (axis.converged) {
      followed = {true, axis.angles_deg, index_};
      return;
    }
    // Evenly to where it is found again.
    for (size_t j = at + 1; j < slots_.size(); ++j) {
      if (!slots_[j].seen || !slots_[j].alone[s].converged) continue;
      const Eigen::Vector2d& next = slots_[j].alone[s].angles_deg;
      const double share = 1 / static_cast<double>(j - at + 1);
      followed.deg =
          followed.known ? Eigen::Vector2d(followed.deg + share * (next - followed.deg)) : next;
      followed.known = true;
      return;
    }
    if (index_ - followed.seen_at > Frames(kLongestGapSeconds)) followed.known = false;
  }

  /// Offers the present frame for calibrations.
  void Pool(const Slot& slot, const std::array<HeadView, 2>& orbits) {
    auto pooled = std::make_shared<PooledFrame>();
    std::array<bool, 2> covered{};
    for (size_t s = 0; s < 2; ++s) {
      pooled->usable[s] = UsableForCalibration(slot.eyes[s]);
      covered[s] = slot.eyes[s].in_sight < kEyeInSight && slot.eyes[1 - s].in_sight >= kEyeInSight;
      covered_for_[s] = covered[s] ? covered_for_[s] + 1 : 0;
    }
    const auto arrival = static_cast<std::int64_t>(std::ceil(kArrivalSeconds * options_.rate_hz));
    for (size_t s = 0; s < 2; ++s)
      pooled->looks_at_camera[s] = pooled->usable[s] && covered_for_[1 - s] > arrival;
    if (!pooled->usable[0] && !pooled->usable[1]) return;
    ++useful_;
    pooled->time = index_;
    pooled->skull_points = slot.skull_points;
    pooled->eyes = slot.eyes;
    pooled->sight = slot.sight;
    pooled->smoothing_turn = slot.anchored.rotation * slot.view.rotation.transpose();
    pooled->smoothing_log_scale = std::log(slot.anchored.scale_px / slot.view.scale_px);
    pooled->smoothing_shape = TurnedBack(slot.own_shape, slot.shape) / slot.own_shape.squaredNorm();
    std::array<Eigen::Vector2d, 2> offsets_mm;
    for (size_t s = 0; s < 2; ++s) {
      pooled->smoothing_place_px[s] = slot.sight.of_eye(s) > 0
                                          ? orbits[s].origin_px.head<2>() - slot.own_place_px[s]
                                          : Eigen::Vector2d(Eigen::Vector2d::Zero());
      const EyeSighting seen = Sight(slot.eyes[s], orbits[s]);
      const Eigen::Vector3d centre =
          seen.px_per_mm * (seen.rotation * now_.model.eyes[s].centre_mm) + seen.origin_px;
      offsets_mm[s] = (seen.iris_px - centre.head<2>()) / seen.px_per_mm;
    }
    pool_.Add(pooled, offsets_mm);
  }

  void CalibrateWhereDue() {
    if (work_.under_way() || !blended_ || !schedule_.Due(useful_)) return;
    const bool first = calibrations_ == 0;
    work_.Start(
        index_ + (first ? 0 : Frames(options_.handover_s)), first,
        [start = population_, before = to_, canonical_mm = canonical_mm_, frames = pool_.Frames(),
         distance_mm = options_.camera_distance_mm] {
          const auto begin = std::chrono::steady_clock::now();
          Found found{Calibrate(start, before, canonical_mm, frames, distance_mm), 0};
          found.seconds =
              std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
          return found;
        });
  }

  RunningFitOptions options_;
  Eigen::Matrix3Xd canonical_mm_;
  RunningCalibration population_;
  RunningCalibration from_, to_, now_;  ///< Blended from the first to the second.
  Kernel slow_, fast_;
  GrowingSchedule schedule_;
  TakenOverLater<Found> work_;
  CalibrationPool pool_;
  std::deque<Slot> slots_;
  size_t present_ = 0;      ///< Slot that is given out next.
  std::int64_t index_ = 0;  ///< Its frame.
  std::int64_t blended_since_;
  bool blended_ = false;
  int calibrations_ = 0;
  std::int64_t frames_seen_ = 0;
  std::int64_t useful_ = 0;  ///< Frames with an eye that can be measured.
  std::array<std::int64_t, 2> covered_for_{};
  std::array<FollowedAxis, 2> axes_;
  NewestFrame newest_;
  EyeFit lids_;  ///< What lids are read with.
  double longest_s_ = 0;
  mutable std::vector<double> scratch_;
};

RunningFit::RunningFit(const Eigen::Matrix3Xd& canonical_mm,
                       const std::array<Eigen::Vector3d, 2>& globes_mm,
                       const RunningFitOptions& options)
    : impl_(std::make_unique<Impl>(canonical_mm, globes_mm, options)) {}
RunningFit::~RunningFit() = default;

std::optional<RunningFrame> RunningFit::Push(const std::optional<std::array<EyeEvidence, 2>>& eyes,
                                             const Eigen::Matrix3Xf& skull_points) {
  return impl_->Push(eyes, skull_points);
}
std::optional<RunningFrame> RunningFit::Finish() { return impl_->Finish(); }
const NewestFrame& RunningFit::newest() const { return impl_->newest(); }
double RunningFit::longest_calibration_s() const { return impl_->longest_s(); }

}  // namespace maskbench
