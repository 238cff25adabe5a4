#include "maskbench/reconstruct/eye_fit.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include <Eigen/Dense>

#include "maskbench/head/head_registry.h"
#include "maskbench/reconstruct/head_anchor.h"

#include "eye_use.h"
#include "eyeball_problem.h"
#include "lid_reading.h"

namespace maskbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
// Frames of an eye that calibration uses at most, and cells of gaze directions they spread over.
constexpr size_t kCalibrationFrames = 120;
constexpr double kGazeCellMm = 0.8;
// A cover lasts this long at least.
constexpr double kShortestCoverSeconds = 0.2;
// Fewest frames of looking at the camera that measure kappa.
constexpr int kFixationFrames = 6;

Side Other(Side side) { return side == Side::kRight ? Side::kLeft : Side::kRight; }

/// Frames in which `side` is covered by something and the other eye is not.
std::vector<bool> Covered(const EyeReading& reading, Side side) {
  const size_t s = static_cast<size_t>(side);
  const size_t count = reading.eyes.size();
  std::vector<bool> covered(count, false);
  for (size_t i = 0; i < count; ++i)
    covered[i] = reading.eyes[i] && (*reading.eyes[i])[s].in_sight < 0.5 &&
                 (*reading.eyes[i])[1 - s].in_sight >= 0.5;
  const auto shortest = static_cast<size_t>(std::max(1.0, kShortestCoverSeconds * reading.rate_hz));
  for (size_t i = 0; i < count;) {
    size_t end = i;
    while (end < count && covered[end]) ++end;
    if (end > i && end - i < shortest)
      std::fill(covered.begin() + static_cast<std::ptrdiff_t>(i),
                covered.begin() + static_cast<std::ptrdiff_t>(end), false);
    i = std::max(end, i + 1);
  }
  return covered;
}

/// Frames in which `side` can be held to look at the camera: those of a cover test, in which the
/// other eye has been covered for long enough.
std::vector<bool> LooksAtCamera(const EyeReading& reading, Side side) {
  const std::vector<bool> other = Covered(reading, Other(side));
  const auto arrival = static_cast<size_t>(std::ceil(kArrivalSeconds * reading.rate_hz));
  std::vector<bool> looks(other.size(), false);
  size_t since = 0;
  for (size_t i = 0; i < other.size(); ++i) {
    since = other[i] ? since + 1 : 0;
    looks[i] =
        since > arrival && UsableForCalibration((*reading.eyes[i])[static_cast<size_t>(side)]);
  }
  return looks;
}

/// Frames for calibration: all in which the eye looks at the camera, up to a quarter, then evenly
/// from all directions of gaze.
std::vector<size_t> Choose(const std::vector<size_t>& usable, const std::vector<bool>& fixating,
                           const std::vector<Eigen::Vector2d>& offsets_mm) {
  std::vector<size_t> fixations, chosen;
  for (const size_t i : usable)
    if (fixating[i]) fixations.push_back(i);
  const size_t wanted = std::min(fixations.size(), kCalibrationFrames / 4);
  for (size_t k = 0; k < wanted; ++k) chosen.push_back(fixations[k * fixations.size() / wanted]);
  std::map<std::pair<int, int>, std::vector<size_t>> cells;
  for (const size_t i : usable) {
    cells[{static_cast<int>(std::floor(offsets_mm[i].x() / kGazeCellMm)),
           static_cast<int>(std::floor(offsets_mm[i].y() / kGazeCellMm))}]
        .push_back(i);
  }
  for (size_t turn = 0; chosen.size() < kCalibrationFrames; ++turn) {
    bool any = false;
    for (const auto& [cell, frames] : cells) {
      // Each cell gives its frames from the middle of what is left, spread over time.
      if (turn >= frames.size() || chosen.size() >= kCalibrationFrames) continue;
      const size_t stride = std::max<size_t>(1, frames.size() / 8);
      chosen.push_back(frames[(turn * stride + turn * stride / frames.size()) % frames.size()]);
      any = true;
    }
    if (!any) break;
  }
  std::sort(chosen.begin(), chosen.end());
  chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
  return chosen;
}

class Fitter {
 public:
  Fitter(const EyeReading& reading, const std::array<Eigen::Vector3d, 2>& globes_mm,
         const EyeFitOptions& options, EyeFit* fit)
      : reading_(reading), options_(options), fit_(*fit), model_(globes_mm) {}

  void Run() {
    model_.iris_diameter_mm = options_.iris_diameter_mm;
    model_.size = StartSize();
    // The mean face's globes at this person's size.
    for (EyeballModel::Eye& eye : model_.eyes) eye.centre_mm = eye.centre_prior_mm *= model_.size;
    for (const Side side : kSides) fixating_[Index(side)] = LooksAtCamera(reading_, side);
    if (options_.calibrate) Calibrate();
    fit_.size = model_.size;
    fit_.limbus_depth_mm = model_.LimbusDepthMm();
    fit_.limbus_aspect = model_.LimbusAspect();
    fit_.cornea_centre_mm = model_.CorneaCentreMm();
    for (const Side side : kSides) ReadGaze(side);
  }

 private:
  static size_t Index(Side side) { return static_cast<size_t>(side); }

  EyeSighting Sight(size_t frame, Side side) const {
    return SightingOf((*reading_.eyes[frame])[Index(side)], fit_.head[Index(side)][frame],
                      model_.size, options_.camera_distance_mm);
  }

  /// From the iris' widths alone; turned eyes look narrow, hence the upper quartile.
  double StartSize() const {
    std::vector<double> sizes;
    for (size_t i = 0; i < reading_.eyes.size(); ++i) {
      if (!reading_.eyes[i]) continue;
      for (const EyeEvidence& eye : *reading_.eyes[i]) {
        if (!UsableForCalibration(eye)) continue;
        sizes.push_back(2 * eye.IrisRadiusPx() / options_.iris_diameter_mm /
                        fit_.head[0][i].scale_px);
      }
    }
    if (sizes.empty()) return 1;
    const auto at = sizes.begin() + static_cast<std::ptrdiff_t>(sizes.size() * 6 / 10);
    std::nth_element(sizes.begin(), at, sizes.end());
    return 1 / *at;
  }

  void Calibrate() {
    EyeballProblem problem(&model_);
    int used = 0;
    for (const Side side : kSides) {
      const size_t s = Index(side);
      std::vector<size_t> usable;
      std::vector<Eigen::Vector2d> offsets(reading_.eyes.size(), Eigen::Vector2d::Zero());
      for (size_t i = 0; i < reading_.eyes.size(); ++i) {
        if (!reading_.eyes[i] || !UsableForCalibration((*reading_.eyes[i])[s])) continue;
        usable.push_back(i);
        const EyeSighting seen = Sight(i, side);
        const Eigen::Vector3d centre =
            seen.px_per_mm * (seen.rotation * model_.eyes[s].centre_mm) + seen.origin_px;
        offsets[i] = (seen.iris_px - centre.head<2>()) / seen.px_per_mm;
      }
      int fixations = 0;
      for (const size_t i : Choose(usable, fixating_[s], offsets)) {
        const bool looks = fixating_[s][i];
        fixations += looks ? 1 : 0;
        problem.Add(side, Sight(i, side), looks);
        ++used;
      }
      model_.eyes[s].kappa_measured = fixations >= kFixationFrames;
    }
    if (used >= 4) problem.Solve();
  }

  void ReadGaze(Side side) {
    const size_t s = Index(side);
    EyeballFit& eye = fit_.eyes[s];
    eye.centre_mm = model_.eyes[s].centre_mm;
    eye.kappa_nasal_deg = model_.eyes[s].kappa_deg.x();
    eye.kappa_up_deg = model_.eyes[s].kappa_deg.y();
    eye.kappa_error_deg = model_.eyes[s].kappa_error_deg;
    eye.kappa_measured = model_.eyes[s].kappa_measured;
    eye.reflex_offset_mm = model_.eyes[s].reflex_offset_mm;
    const Eigen::Vector2d nothing(kNan, kNan);
    eye.axis_deg.assign(reading_.eyes.size(), nothing);
    eye.axis_error_deg.assign(reading_.eyes.size(), nothing);
    eye.orbit_shift_mm.assign(reading_.eyes.size(), Eigen::Vector2d::Zero());
    std::vector<AxisEstimate> alone(reading_.eyes.size());
    for (size_t i = 0; i < reading_.eyes.size(); ++i) {
      if (!reading_.eyes[i] || !Readable((*reading_.eyes[i])[s])) continue;
      alone[i] = EstimateAxis(model_, side, Sight(i, side));
    }
    // Heads move slowly: where the orbit lies is known better from the frames around.
    for (size_t i = 0; i < reading_.eyes.size(); ++i) {
      if (!reading_.eyes[i]) continue;
      OrbitPrior orbit;
      orbit.shift_mm = eye.orbit_shift_mm[i] = SteadyShift(alone, side, i);
      if (!alone[i].converged) continue;
      orbit.spread_mm.setConstant(kSteadyOrbitMm);
      const AxisEstimate axis = EstimateAxis(model_, side, Sight(i, side), orbit);
      if (!axis.converged) continue;
      eye.axis_deg[i] = axis.angles_deg;
      eye.axis_error_deg[i] = axis.error_deg;
      eye.orbit_shift_mm[i] = axis.orbit_shift_mm;
    }
  }

  /// Mean shift of the frames around that saw the other eye as this one did: what covers one eye
  /// pulls at the corners of both.
  Eigen::Vector2d SteadyShift(const std::vector<AxisEstimate>& alone, Side side, size_t i) const {
    const double scale = std::max(1.0, kSteadySeconds * reading_.rate_hz);
    const auto reach = static_cast<size_t>(std::ceil(kSteadyReach * scale));
    const size_t other = 1 - Index(side);
    const auto sees_other = [&](size_t j) { return (*reading_.eyes[j])[other].in_sight >= 0.5; };
    Eigen::Vector2d sum = Eigen::Vector2d::Zero();
    double total = 0;
    const auto take = [&](size_t j) {
      if (!reading_.eyes[j] || sees_other(j) != sees_other(i)) return false;
      if (!alone[j].converged) return true;
      const double d = (static_cast<double>(j) - static_cast<double>(i)) / scale;
      const double weight = std::exp(-0.5 * d * d);
      sum += weight * alone[j].orbit_shift_mm;
      total += weight;
      return true;
    };
    for (size_t j = i; take(j) && j > 0 && i - j < reach; --j) {
    }
    for (size_t j = i + 1; j < alone.size() && j - i <= reach && take(j); ++j) {
    }
    return total > 0 ? Eigen::Vector2d(sum / total) : Eigen::Vector2d::Zero();
  }

  const EyeReading& reading_;
  const EyeFitOptions& options_;
  EyeFit& fit_;
  EyeballModel model_;
  std::array<std::vector<bool>, 2> fixating_;
};

/// Angles between which nothing was read, for lids: an eye behind closing lids turns evenly.
std::vector<Eigen::Vector2d> Bridged(const std::vector<Eigen::Vector2d>& axis, double rate_hz) {
  std::vector<Eigen::Vector2d> whole = axis;
  const auto longest = static_cast<size_t>(kLongestGapSeconds * rate_hz);
  const auto known = [&](size_t i) { return std::isfinite(axis[i].x()); };
  size_t last = axis.size();
  for (size_t i = 0; i < axis.size(); ++i) {
    if (!known(i)) continue;
    if (last < i && i - last > 1 && i - last <= longest + 1) {
      for (size_t k = last + 1; k < i; ++k) {
        const double t = static_cast<double>(k - last) / static_cast<double>(i - last);
        whole[k] = (1 - t) * axis[last] + t * axis[i];
      }
    }
    last = i;
  }
  // A lid that stays down, or one that is shut at either end of the recording: for half as long.
  for (size_t i = 0; i < axis.size(); ++i) {
    if (!known(i)) continue;
    for (size_t k = i; k-- > 0 && !known(k) && i - k <= longest / 2;)
      if (!std::isfinite(whole[k].x())) whole[k] = axis[i];
    for (size_t k = i + 1; k < axis.size() && !known(k) && k - i <= longest / 2; ++k)
      if (!std::isfinite(whole[k].x())) whole[k] = axis[i];
  }
  return whole;
}

void Record(const EyeReading& reading, const EyeFitOptions& options, EyeFit* fit) {
  const size_t count = reading.eyes.size();
  EyeRecord& record = fit->record;
  record = EyeRecord(count);
  record.rate_hz = reading.rate_hz;
  record.frames_with_face = reading.frames_with_face;
  record.iris_diameter_mm = options.iris_diameter_mm;
  for (size_t i = 0; i < count; ++i) {
    if (!fit->head[0][i].seen) continue;
    const Eigen::Vector3d angles = fit->head[0][i].AnglesDeg();
    record.head_yaw_deg[i] = angles.x();
    record.head_pitch_deg[i] = angles.y();
    record.head_roll_deg[i] = angles.z();
  }
  for (const Side side : kSides) {
    const size_t s = static_cast<size_t>(side);
    const EyeballFit& eye = fit->eyes[s];
    EyeTraces& traces = record.eyes[s];
    traces.kappa_nasal_deg = eye.kappa_nasal_deg;
    traces.kappa_error_deg = eye.kappa_error_deg;
    traces.kappa_measured = eye.kappa_measured;
    const std::vector<Eigen::Vector2d> axis = Bridged(eye.axis_deg, reading.rate_hz);
    EyeShape kappa;
    kappa.kappa_nasal_deg = eye.kappa_nasal_deg;
    kappa.kappa_up_deg = eye.kappa_up_deg;
    for (size_t i = 0; i < count; ++i) {
      if (!reading.eyes[i] || !fit->head[s][i].seen) continue;
      const EyeEvidence& seen = (*reading.eyes[i])[s];
      traces.in_sight[i] = seen.in_sight;
      traces.shut[i] = seen.shut;
      if (seen.in_sight < 0.5) continue;
      EyeSighting sighting =
          SightingOf(seen, fit->head[s][i], fit->size, options.camera_distance_mm);
      sighting.origin_px.head<2>() += sighting.px_per_mm * eye.orbit_shift_mm[i];
      if (std::isfinite(eye.axis_deg[i].x())) {
        const Eigen::Vector3d visual =
            EyeRotation(eye.axis_deg[i].x(), eye.axis_deg[i].y()) * kappa.VisualAxis(side);
        const Eigen::Vector2d head = GazeAngles(visual);
        const Eigen::Vector2d camera = GazeAngles(sighting.eye_rotation * visual);
        traces.azimuth_deg.values[i] = head.x();
        traces.elevation_deg.values[i] = head.y();
        traces.camera_azimuth_deg.values[i] = camera.x();
        traces.camera_elevation_deg.values[i] = camera.y();
        for (Trace* trace : {&traces.azimuth_deg, &traces.camera_azimuth_deg})
          trace->errors[i] = eye.axis_error_deg[i].x();
        for (Trace* trace : {&traces.elevation_deg, &traces.camera_elevation_deg})
          trace->errors[i] = eye.axis_error_deg[i].y();
        traces.iris_diameter_px.values[i] = 2 * seen.IrisRadiusPx();
        traces.iris_diameter_px.errors[i] = 2 * seen.iris_size_error_px;
      }
      ReadLids(seen, sighting, *fit, side, axis[i], i, &traces);
    }
  }
}

}  // namespace

EyeFit FitEyes(const EyeReading& reading, const Eigen::Matrix3Xd& canonical_mm,
               const std::array<Eigen::Vector3d, 2>& canonical_globes_mm,
               const EyeFitOptions& options) {
  EyeFit fit;
  HeadMotion motion(canonical_mm);
  fit.head = AnchorToCorners(reading.eyes, reading.rate_hz, motion.Fit(reading.skull_points),
                             canonical_mm);
  Fitter(reading, canonical_globes_mm, options, &fit).Run();
  Record(reading, options, &fit);
  return fit;
}

std::array<Eigen::Vector3d, 2> CanonicalGlobes(const std::filesystem::path& models_dir) {
  const std::unique_ptr<HeadModel> head = MakeHeadModel("canonical468", models_dir);
  const Eigen::Matrix3Xd vertices = head->Evaluate({}, {});
  return {Locate(head->Topology().globe_centre[0], vertices),
          Locate(head->Topology().globe_centre[1], vertices)};
}

}  // namespace maskbench
