#include "maskbench/clinical/alignment.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "uncover_events.h"

namespace maskbench {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
// Manifest deviations from here on are no phorias that are held in check, degrees.
constexpr double kLatentDeg = 4;
constexpr double kQuantile = 1.959963984540054;
// A latent deviation goes back after a cover within about this time, s.
constexpr double kRecoverySeconds = 1.0, kEnoughSeconds = 0.5, kLeastSeconds = 0.1;
// Hirschberg ratio of the corneal reflex: 19.9 ± 1.9 Δ/mm (docs/metrics.md).
constexpr double kHirschberg = 19.9, kHirschbergError = 1.9;
// Below this deviation it is not asked which eye fixates, degrees; share of frames that decides.
constexpr double kFixingFromDeg = 2, kFixingShare = 0.7;
// Chi-square with two degrees of freedom per movement: 95 % per degree of freedom, about.
constexpr double kAlikeChiSquare = 2.2;

// Eyes are read a little differently while the other one is covered, in all such frames alike:
// standard deviation across and up of what is left of deviations of 20 rendered patients
// (development data, seed 31) when the errors that frames tell of are taken out, degrees.
constexpr double kCommonErrorDeg[] = {1.2, 0.7};

Estimate WithError(double value, double error) {
  return {value, value - kQuantile * error, value + kQuantile * error};
}

// Frames with both eyes open in primary gaze; without recent covers where there is enough besides.
FrameFlags BothOpen(const EyeRecord& record, const FrameStates& states) {
  const size_t count = states.readable[0].size();
  FrameFlags open(count, 0), calm(count, 0);
  const auto recovery = std::llround(kRecoverySeconds * record.rate_hz);
  std::int64_t since = recovery + 1;
  double seconds = 0;
  for (size_t i = 0; i < count; ++i) {
    const bool covered = states.covered[0][i] || states.covered[1][i];
    since = covered ? 0 : since + 1;
    open[i] = !covered && states.readable[0][i] && states.readable[1][i] &&
              (states.at_camera[0][i] || states.at_camera[1][i]);
    calm[i] = open[i] && since > recovery;
    seconds += calm[i] / record.rate_hz;
  }
  return seconds >= kEnoughSeconds ? calm : open;
}

// Right minus left of a trace.
std::vector<double> EyeDifference(const EyeRecord& record, Trace EyeTraces::*trace) {
  std::vector<double> difference = (record.eyes[0].*trace).values;
  for (size_t i = 0; i < difference.size(); ++i) difference[i] -= (record.eyes[1].*trace).values[i];
  return difference;
}

// Errors of both references together. What is the population's errs alike in both eyes.
Eigen::Vector2d ReferenceError(const std::array<FixationReference, 2>& references,
                               const EyeRecord& record, bool measured) {
  const Eigen::Vector2d a = references[0].error_deg, b = references[1].error_deg;
  const bool own = measured || (record.eyes[0].kappa_measured && record.eyes[1].kappa_measured);
  if (measured) return {std::hypot(a.x(), b.x()), std::hypot(a.y(), b.y())};
  const double right = record.eyes[0].kappa_error_deg, left = record.eyes[1].kappa_error_deg;
  const double vertical = std::hypot(right, left);
  return {own ? vertical : right + left, vertical};
}

void MeasureTotal(AlignmentMeasures* measures, bool manifest_known, bool oscillates) {
  struct Value {
    Eigen::Vector2d deviation, error;
  };
  std::vector<Value> values;
  for (const UncoverEvent& event : measures->events)
    values.push_back({event.deviation_deg, event.error_deg});
  if (values.empty()) {
    measures->total_deg = measures->manifest_deg;
    measures->total_note = manifest_known ? measures->manifest_note + "; latent part not seen"
                                          : measures->manifest_note;
    return;
  }
  const auto mean = [](const std::vector<Value>& all, Eigen::Vector2d* error, double* misfit) {
    Eigen::Vector2d sum = Eigen::Vector2d::Zero(), weight = Eigen::Vector2d::Zero();
    for (const Value& value : all) {
      weight += value.error.cwiseAbs2().cwiseInverse();
      sum += value.deviation.cwiseQuotient(value.error.cwiseAbs2());
    }
    const Eigen::Vector2d middle = sum.cwiseQuotient(weight);
    *error = weight.cwiseInverse().cwiseSqrt();
    *misfit = 0;
    for (const Value& value : all)
      *misfit += (value.deviation - middle).cwiseQuotient(value.error).squaredNorm();
    return middle;
  };
  Eigen::Vector2d error;
  double misfit = 0;
  Eigen::Vector2d deviation = mean(values, &error, &misfit);
  std::string note = "uncovered eyes against their own fixation, " + std::to_string(values.size()) +
                     (values.size() == 1 ? " time" : " times");
  // A deviation that is the same with both eyes open is known better from there. A small one is
  // left alone: what is latent must not vanish in it.
  const double open_size =
      std::hypot(measures->manifest_deg.horizontal.value, measures->manifest_deg.vertical.value);
  if (manifest_known && (oscillates || open_size >= kLatentDeg)) {
    std::vector<Value> more = values;
    Value open;
    open.deviation = {measures->manifest_deg.horizontal.value,
                      measures->manifest_deg.vertical.value};
    open.error = {measures->manifest_deg.horizontal.error(),
                  measures->manifest_deg.vertical.error()};
    Eigen::Vector2d joint_error;
    double joint_misfit = 0;
    if (open.error.allFinite()) {
      more.push_back(open);
      const Eigen::Vector2d joint = mean(more, &joint_error, &joint_misfit);
      // Single looks between beats err most; whatever they say, the longer time with both eyes open
      // is one of the looks that have to agree.
      if (oscillates || joint_misfit <= kAlikeChiSquare * 2 * static_cast<double>(values.size())) {
        deviation = joint;
        error = joint_error;
        misfit = joint_misfit;
        note += oscillates ? ", and both eyes open (nystagmus)" : ", with both eyes open alike";
        values = more;
      }
    }
  }
  const size_t looks = values.size();
  // One look that was disturbed (a blink, a delayed eye), and the first of a latent deviation,
  // which grows while fusion is broken, do not fit the others.
  const auto misfits = [&] {
    return values.size() > 1 &&
           misfit > kAlikeChiSquare * 2 * static_cast<double>(values.size() - 1);
  };
  while (values.size() > 2 && misfits()) {
    std::vector<double> x, y;
    for (const Value& value : values)
      x.push_back(value.deviation.x()), y.push_back(value.deviation.y());
    const Eigen::Vector2d middle(KnownMedian(x), KnownMedian(y));
    const auto distance = [&](const Value& value) {
      return (value.deviation - middle).cwiseQuotient(value.error).squaredNorm();
    };
    values.erase(std::max_element(
        values.begin(), values.end(),
        [&](const Value& one, const Value& other) { return distance(one) < distance(other); }));
    deviation = mean(values, &error, &misfit);
  }
  if (values.size() < looks) note += ", of which " + std::to_string(values.size()) + " agree";
  if (misfits()) error *= std::sqrt(misfit / (2 * static_cast<double>(values.size() - 1)));
  measures->total_deg = {WithError(deviation.x(), error.x()), WithError(deviation.y(), error.y())};
  measures->total_note = note;
}

void MeasureHirschberg(const EyeRecord& record, const FrameStates& states, const FrameFlags& open,
                       AlignmentMeasures* measures) {
  // Where the reflex stands when each eye fixates, if covers tell.
  std::array<Eigen::Vector2d, 2> own = {Eigen::Vector2d::Zero(), Eigen::Vector2d::Zero()};
  bool known = true;
  for (size_t s = 0; s < 2; ++s) {
    FrameFlags fixing(open.size(), 0);
    for (size_t i = 0; i < fixing.size(); ++i)
      fixing[i] = states.covered[1 - s][i] && states.at_camera[s][i];
    own[s] = {KnownMedian(Where(fixing, record.eyes[s].reflex_to_pupil_x_mm.values)),
              KnownMedian(Where(fixing, record.eyes[s].reflex_to_pupil_y_mm.values))};
    known = known && own[s].allFinite();
  }
  const Estimate x =
      MedianOverFrames(Where(open, EyeDifference(record, &EyeTraces::reflex_to_pupil_x_mm)),
                       record.rate_hz, "hirschberg x");
  const Estimate y =
      MedianOverFrames(Where(open, EyeDifference(record, &EyeTraces::reflex_to_pupil_y_mm)),
                       record.rate_hz, "hirschberg y");
  if (!std::isfinite(x.value) || !std::isfinite(y.value)) {
    measures->hirschberg_note = "corneal reflexes not seen in both open eyes";
    return;
  }
  const auto dioptres = [](double mm, double more_deg, double scatter_mm, double angle_error_deg) {
    const double value = 100 * std::tan(std::atan(kHirschberg * mm / 100) + more_deg * kPi / 180);
    const double ratio = mm * kHirschbergError;
    const double error = std::sqrt(std::pow(kHirschberg * scatter_mm, 2) + ratio * ratio +
                                   std::pow(100 * angle_error_deg * kPi / 180, 2));
    return WithError(value, error);
  };
  if (known) {
    const Eigen::Vector2d apart = own[0] - own[1];
    measures->hirschberg = {dioptres(x.value - apart.x(), 0, x.error(), 0),
                            dioptres(y.value - apart.y(), 0, y.error(), 0)};
    measures->hirschberg_note = "both eyes open, against each eye's own fixation";
    return;
  }
  // A nasal visual axis turns the pupil of a fixing eye to the temple.
  double kappa = 0, error = 0;
  for (const EyeTraces& eye : record.eyes) {
    kappa += eye.kappa_nasal_deg;
    error += eye.kappa_error_deg;
  }
  measures->hirschberg = {dioptres(x.value, kappa, x.error(), error),
                          dioptres(y.value, 0, y.error(), error / 2)};
  measures->hirschberg_note = record.eyes[0].kappa_measured && record.eyes[1].kappa_measured
                                  ? "both eyes open, measured kappa"
                                  : "both eyes open, the population's kappa";
}

void FindFixingEye(const EyeRecord& record, const FrameFlags& open, AlignmentMeasures* measures) {
  const Deviation& manifest = measures->manifest_deg;
  const double size = std::hypot(manifest.horizontal.value, manifest.vertical.value);
  const double error = std::hypot(manifest.horizontal.error(), manifest.vertical.error());
  if (!std::isfinite(size)) {
    measures->fixing_note = "both eyes not seen together in primary gaze";
    return;
  }
  if (size < kFixingFromDeg || !(size > kQuantile * error)) {
    measures->fixing_note = "no manifest deviation";
    return;
  }
  double right = 0, all = 0;
  for (size_t i = 0; i < open.size(); ++i) {
    if (!open[i]) continue;
    std::array<double, 2> away{};
    for (size_t s = 0; s < 2; ++s)
      away[s] = (Eigen::Vector2d(record.eyes[s].camera_azimuth_deg.values[i],
                                 record.eyes[s].camera_elevation_deg.values[i]) -
                 measures->references[s].direction_deg)
                    .norm();
    all += 1;
    right += away[0] < away[1];
  }
  const double share = right / all;
  measures->fixing_note =
      "right eye nearer to the camera in " + std::to_string(std::lround(100 * share)) + " %";
  if (share >= kFixingShare) measures->fixing_eye = 1;
  if (share <= 1 - kFixingShare) measures->fixing_eye = -1;
}

}  // namespace

Estimate InDioptres(const Estimate& degrees) {
  const auto convert = [](double angle) {
    return 100 * std::tan(std::clamp(angle, -85.0, 85.0) * kPi / 180);
  };
  return {convert(degrees.value), convert(degrees.low), convert(degrees.high)};
}

AlignmentMeasures MeasureAlignment(const EyeRecord& record, const FrameStates& states,
                                   double oscillation_deg) {
  AlignmentMeasures measures;
  measures.fixing_eye = kNan;
  measures.references = FixationReferences(record, states);
  measures.events = FindUncoverEvents(record, states, measures.references);
  // One look within a beat errs by the beat's standard deviation.
  const bool oscillates = oscillation_deg > 0;
  for (UncoverEvent& event : measures.events)
    for (int axis = 0; axis < 2; ++axis)
      event.error_deg[axis] = std::hypot(event.error_deg[axis], oscillation_deg / std::sqrt(8.0));
  const FrameFlags open = BothOpen(record, states);
  const double seconds =
      static_cast<double>(std::count(open.begin(), open.end(), 1)) / record.rate_hz;
  const bool known = seconds >= kLeastSeconds;
  if (known) {
    const bool measured = measures.references[0].measured && measures.references[1].measured;
    Eigen::Vector2d apart = Eigen::Vector2d::Zero();
    if (measured)
      apart = measures.references[0].direction_deg - measures.references[1].direction_deg;
    else
      for (FixationReference& reference : measures.references) {
        // Half a pair helps neither.
        reference.direction_deg.setZero();
      }
    const Eigen::Vector2d error = ReferenceError(measures.references, record, measured);
    const auto against = [&](Trace EyeTraces::*trace, const char* name, double zero,
                             double zero_error) {
      const Estimate raw =
          MedianOverFrames(Where(open, EyeDifference(record, trace)), record.rate_hz, name);
      const double scatter = std::isfinite(raw.error()) ? raw.error() : 0;
      return WithError(raw.value - zero, std::hypot(scatter, zero_error));
    };
    measures.manifest_deg = {
        against(&EyeTraces::camera_azimuth_deg, "manifest horizontal", apart.x(), error.x()),
        against(&EyeTraces::camera_elevation_deg, "manifest vertical", apart.y(), error.y())};
    measures.manifest_note = measured
                                 ? "both eyes open, against each eye's own fixation under cover"
                             : record.eyes[0].kappa_measured && record.eyes[1].kappa_measured
                                 ? "both eyes open, measured kappa"
                                 : "both eyes open, the population's kappa";
  } else {
    measures.manifest_deg = Deviation();
    measures.manifest_note = "both eyes not seen together in primary gaze";
  }
  MeasureTotal(&measures, known, oscillates);
  MeasureHirschberg(record, states, open, &measures);
  FindFixingEye(record, open, &measures);
  for (Deviation* deviation : {&measures.manifest_deg, &measures.total_deg}) {
    deviation->horizontal = Widened(deviation->horizontal, kCommonErrorDeg[0]);
    deviation->vertical = Widened(deviation->vertical, kCommonErrorDeg[1]);
  }
  return measures;
}

}  // namespace maskbench
