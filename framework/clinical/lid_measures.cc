#include "maskbench/clinical/lid_measures.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "maskbench/core/rng.h"
#include "maskbench/stats/bootstrap.h"

namespace maskbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
// So much of a recording is enough to prefer it to more, but less well chosen, frames.
constexpr double kEnoughSeconds = 0.25;
// Frames nearest to the camera's line are taken first, in rings of this width.
constexpr double kRingDeg = 2.5;
// Down-gaze that tells of lid lag, and for how long, s. The value is for 30°.
constexpr double kLagFromDeg = 15, kLagSeconds = 0.1, kLagAtDeg = 30;
// Frames from here down take part in the slope: above, the lid follows otherwise.
constexpr double kLagStartDeg = 3;
constexpr int kResamples = 200;
// Standard deviation of visible iris diameters between people, against their mean: 0.42 of 11.7 mm
// (Rüfer, Schröder & Erb, Cornea 24:259, 2005). Millimetres are those of a mean iris.
constexpr double kIrisSpread = 0.42 / 11.7;

// The frames of `flags` within the smallest circle around the camera's line that holds enough of
// them; all when none does.
FrameFlags Nearest(const EyeTraces& eye, const FrameFlags& flags, double rate_hz,
                   double widest_deg) {
  for (double ring = kRingDeg; ring < widest_deg; ring += kRingDeg) {
    FrameFlags near = flags;
    double seconds = 0;
    for (size_t i = 0; i < near.size(); ++i) {
      near[i] = near[i] && std::hypot(eye.camera_azimuth_deg.values[i],
                                      eye.camera_elevation_deg.values[i]) <= ring;
      seconds += near[i] / rate_hz;
    }
    if (seconds >= 2 * kEnoughSeconds) return near;
  }
  return flags;
}

double SecondsOf(const FrameFlags& flags, double rate_hz) {
  return static_cast<double>(std::count(flags.begin(), flags.end(), 1)) / rate_hz;
}

struct Point {
  double down_deg, show_mm;
};

// Slope of a line through points, with Huber's weights (k = 1.345 scatters).
double RobustSlope(const std::vector<Point>& points) {
  std::vector<double> weights(points.size(), 1.0), residuals(points.size());
  double slope = kNan;
  for (int round = 0; round < 8; ++round) {
    double n = 0, x = 0, y = 0, xx = 0, xy = 0;
    for (size_t i = 0; i < points.size(); ++i) {
      const double w = weights[i];
      n += w, x += w * points[i].down_deg, y += w * points[i].show_mm;
      xx += w * points[i].down_deg * points[i].down_deg;
      xy += w * points[i].down_deg * points[i].show_mm;
    }
    const double spread = xx - x * x / n;
    if (!(spread > 1e-9)) return kNan;
    slope = (xy - x * y / n) / spread;
    const double middle = (y - slope * x) / n;
    for (size_t i = 0; i < points.size(); ++i)
      residuals[i] = points[i].show_mm - middle - slope * points[i].down_deg;
    const double scale = std::max(1e-6, KnownSpread(residuals));
    for (size_t i = 0; i < points.size(); ++i)
      weights[i] = std::min(1.0, 1.345 * scale / std::max(1e-12, std::abs(residuals[i])));
  }
  return slope;
}

void MeasureLag(const EyeRecord& record, const FrameStates& states, size_t side,
                LidMeasures* measures) {
  const EyeTraces& eye = record.eyes[side];
  // Straight ahead is where this eye looks at the camera; without such frames, the head's front.
  double straight = KnownMedian(Where(states.at_camera[side], eye.elevation_deg.values));
  if (!std::isfinite(straight)) straight = 0;
  std::vector<Point> points;
  double deep_seconds = 0;
  for (size_t i = 0; i < states.readable[side].size(); ++i) {
    const double down = straight - eye.elevation_deg.values[i];
    const double show = eye.superior_show_mm.values[i];
    if (!states.readable[side][i] || !std::isfinite(down) || !std::isfinite(show)) continue;
    if (down < -kLagStartDeg) continue;
    points.push_back({down, show});
    if (down >= kLagFromDeg) deep_seconds += 1 / record.rate_hz;
  }
  if (deep_seconds < kLagSeconds) {
    measures->lag_note = "no down-gaze of 15 degrees";
    return;
  }
  const double value = kLagAtDeg * RobustSlope(points);
  if (!std::isfinite(value)) {
    measures->lag_note = "down-gaze does not vary";
    return;
  }
  measures->lid_lag_mm.value = value;
  measures->lag_note = "30 x slope of superior show over down-gaze";
  const size_t block = std::max<size_t>(
      1, std::min(static_cast<size_t>(std::lround(0.25 * record.rate_hz)), points.size() / 6));
  if (points.size() < 12) return;
  NamedRandom random(1, "lid lag", "block bootstrap");
  std::vector<double> slopes;
  for (int r = 0; r < kResamples; ++r) {
    std::vector<Point> drawn;
    for (size_t b = 0; b < points.size() / block; ++b) {
      const size_t first = random.Below(static_cast<std::uint32_t>(points.size() - block + 1));
      drawn.insert(drawn.end(), points.begin() + static_cast<std::ptrdiff_t>(first),
                   points.begin() + static_cast<std::ptrdiff_t>(first + block));
    }
    const double slope = kLagAtDeg * RobustSlope(drawn);
    if (std::isfinite(slope)) slopes.push_back(slope);
  }
  if (slopes.size() < kResamples / 2) return;
  std::sort(slopes.begin(), slopes.end());
  measures->lid_lag_mm.low = SortedPercentile(slopes, 0.025);
  measures->lid_lag_mm.high = SortedPercentile(slopes, 0.975);
}

}  // namespace

std::array<LidMeasures, 2> MeasureLidPositions(const EyeRecord& record, const FrameStates& states,
                                               const FrameStateOptions& options) {
  std::array<LidMeasures, 2> measures;
  const double rate = record.rate_hz;
  for (const Side side : kSides) {
    const auto s = static_cast<size_t>(side);
    const EyeTraces& eye = record.eyes[s];
    LidMeasures& own = measures[s];
    MeasureLag(record, states, s, &own);
    FrameFlags fixing = states.at_camera[s], open = states.at_camera[s],
               other = states.at_camera[1 - s];
    for (size_t i = 0; i < fixing.size(); ++i) {
      const bool known = std::isfinite(eye.mrd1_mm.values[i]);
      fixing[i] = fixing[i] && known && states.covered[1 - s][i];
      open[i] = open[i] && known;
      other[i] = other[i] && known && states.readable[s][i];
    }
    FrameFlags chosen;
    if (SecondsOf(fixing, rate) >= kEnoughSeconds) {
      chosen = Nearest(eye, fixing, rate, options.primary_gaze_deg);
      own.note = "while it fixates";
    } else if (SecondsOf(open, rate) > 0) {
      chosen = Nearest(eye, open, rate, options.primary_gaze_deg);
      own.note = "both eyes open";
    } else if (SecondsOf(other, rate) > 0) {
      chosen = other;
      own.note = "both eyes open, while the other eye fixates";
    } else {
      own.note = "no primary gaze with this eye open";
      continue;
    }
    own.seconds = SecondsOf(chosen, rate);
    const std::string name = ToString(side);
    // What is misread of an eye is misread alike in all its frames, so errors of frames do not
    // average out; nor does that of the scale.
    const auto median = [&](const Trace& trace, const char* what) {
      const Estimate frames =
          MedianOverFrames(Where(chosen, trace.values), rate, name + " " + what);
      const double error = KnownMedian(Where(chosen, trace.errors));
      return Widened(frames,
                     std::hypot(std::isfinite(error) ? error : 0.0, kIrisSpread * frames.value));
    };
    own.mrd1_mm = median(eye.mrd1_mm, "mrd1");
    own.mrd2_mm = median(eye.mrd2_mm, "mrd2");
    own.superior_show_mm = median(eye.superior_show_mm, "superior show");
    own.inferior_show_mm = median(eye.inferior_show_mm, "inferior show");
    Trace fissure = eye.mrd1_mm;
    for (size_t i = 0; i < fissure.values.size(); ++i) {
      fissure.values[i] += eye.mrd2_mm.values[i];
      fissure.errors[i] = std::hypot(eye.mrd1_mm.errors[i], eye.mrd2_mm.errors[i]);
    }
    own.pfh_mm = median(fissure, "pfh");
    double reflex = 0, all = 0;
    for (size_t i = 0; i < chosen.size(); ++i)
      if (chosen[i]) all += 1, reflex += eye.from_reflex[i] != 0;
    if (reflex < 0.5 * all) own.note += "; from the pupil's centre";
    char text[64];
    std::snprintf(text, sizeof text, "; %.1f s", own.seconds);
    own.note += text;
  }
  return measures;
}

}  // namespace maskbench
