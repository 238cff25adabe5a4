#include "maskbench/clinical/gaze_stretches.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "maskbench/stats/bootstrap.h"

namespace maskbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
// The eyes react to a cover after about 0.2 s, with a saccade and perhaps a second one.
constexpr double kAfterCoverSeconds = 0.35, kUnderCoverSeconds = 0.2;
constexpr double kShortestSeconds = 0.25;
// A gaze goes somewhere when its median over so long differs from that before by more than this,
// and by more than this share of what it wanders within each of the two. Oscillations wander as
// much.
constexpr double kShiftSeconds = 0.35, kShiftDeg = 3, kShiftShare = 1.1;
// What a gaze shift spoils on both sides, s.
constexpr double kBesideShiftSeconds = 0.05;

// Gaze of one eye in a run.
struct Path {
  std::vector<double> azimuth, elevation;
};

Path PathOf(const EyeTraces& eye, const FrameFlags& readable, const FrameRun& run) {
  Path path;
  for (std::int64_t f = run.first; f <= run.last; ++f) {
    const auto i = static_cast<size_t>(f);
    path.azimuth.push_back(readable[i] ? eye.camera_azimuth_deg.values[i] : kNan);
    path.elevation.push_back(readable[i] ? eye.camera_elevation_deg.values[i] : kNan);
  }
  return path;
}

// Median and range (10th to 90th percentile) of known values in [first, last).
struct Window {
  double median = kNan, range = 0;
};
Window WindowOf(const std::vector<double>& values, std::int64_t first, std::int64_t last) {
  std::vector<double> known;
  const auto count = static_cast<std::int64_t>(values.size());
  for (std::int64_t i = std::max<std::int64_t>(0, first); i < std::min(count, last); ++i)
    if (std::isfinite(values[static_cast<size_t>(i)]))
      known.push_back(values[static_cast<size_t>(i)]);
  Window window;
  if (known.size() < 3) return window;
  std::sort(known.begin(), known.end());
  window.median = SortedPercentile(known, 0.5);
  window.range = SortedPercentile(known, 0.9) - SortedPercentile(known, 0.1);
  return window;
}

// Whether the gaze goes elsewhere at a place of a path.
bool Shifts(const std::vector<double>& values, std::int64_t at, std::int64_t width) {
  const Window before = WindowOf(values, at - width, at), after = WindowOf(values, at, at + width);
  const double moved = std::abs(after.median - before.median);
  return moved > kShiftDeg && moved > kShiftShare * std::max(before.range, after.range);
}

}  // namespace

std::vector<SteadyRun> SteadyRuns(const EyeRecord& record, const FrameStates& states,
                                  const FrameStateOptions& options) {
  const auto count = static_cast<std::int64_t>(record.frames);
  const double rate = record.rate_hz;
  const auto frames_of = [&](double seconds) -> std::int64_t {
    return std::llround(seconds * rate);
  };
  const auto shortest = std::max<std::int64_t>(5, frames_of(kShortestSeconds));
  // Frames too close to a change of covers.
  FrameFlags unsettled(static_cast<size_t>(count), 0);
  for (size_t s = 0; s < 2; ++s) {
    for (std::int64_t i = 1; i < count; ++i) {
      const bool now = states.covered[s][static_cast<size_t>(i)];
      if (now == static_cast<bool>(states.covered[s][static_cast<size_t>(i - 1)])) continue;
      const std::int64_t until = i + frames_of(now ? kUnderCoverSeconds : kAfterCoverSeconds);
      for (std::int64_t j = i; j < std::min(count, until); ++j)
        unsettled[static_cast<size_t>(j)] = 1;
    }
  }
  std::vector<SteadyRun> runs;
  for (int eyes = 1; eyes <= 3; ++eyes) {
    FrameFlags chosen(static_cast<size_t>(count), 0);
    for (size_t i = 0; i < chosen.size(); ++i) {
      const int now = (states.readable[0][i] ? 1 : 0) + (states.readable[1][i] ? 2 : 0);
      chosen[i] = now == eyes && !unsettled[i];
    }
    for (const FrameRun& run : RunsOf(chosen, shortest, 2)) {
      FrameFlags steady(static_cast<size_t>(run.size()), 1);
      const std::int64_t width = std::max<std::int64_t>(3, frames_of(kShiftSeconds));
      const std::int64_t beside = frames_of(kBesideShiftSeconds);
      std::array<Path, 2> paths;
      for (size_t s = 0; s < 2; ++s) {
        if (!(eyes & (s == 0 ? 1 : 2))) continue;
        paths[s] = PathOf(record.eyes[s], states.readable[s], run);
        for (std::int64_t k = 3; k + 3 < run.size(); ++k) {
          if (!Shifts(paths[s].azimuth, k, width) && !Shifts(paths[s].elevation, k, width))
            continue;
          for (std::int64_t j = std::max<std::int64_t>(0, k - beside);
               j <= std::min(run.size() - 1, k + beside); ++j)
            steady[static_cast<size_t>(j)] = 0;
        }
      }
      for (const FrameRun& part : RunsOf(steady, shortest)) {
        SteadyRun found;
        found.frames = {run.first + part.first, run.first + part.last};
        found.eyes = {(eyes & 1) != 0, (eyes & 2) != 0};
        // The eye nearer to the camera's line stands for the gaze.
        for (size_t s = 0; s < 2; ++s) {
          if (!found.eyes[s]) continue;
          const double x = WindowOf(paths[s].azimuth, part.first, part.last + 1).median;
          const double y = WindowOf(paths[s].elevation, part.first, part.last + 1).median;
          found.primary = found.primary || (std::abs(x) <= options.primary_gaze_deg &&
                                            std::abs(y) <= options.primary_gaze_deg);
        }
        runs.push_back(found);
      }
    }
  }
  std::sort(runs.begin(), runs.end(),
            [](const SteadyRun& a, const SteadyRun& b) { return a.frames.first < b.frames.first; });
  return runs;
}

std::vector<GazeStretch> GazeStretches(const EyeRecord& record, const FrameStates& states,
                                       const std::vector<SteadyRun>& runs) {
  std::vector<GazeStretch> stretches;
  for (const SteadyRun& run : runs) {
    GazeStretch stretch;
    stretch.primary = run.primary;
    for (std::int64_t f = run.frames.first; f <= run.frames.last; ++f) {
      const auto i = static_cast<size_t>(f);
      double azimuth = 0, elevation = 0, eyes = 0;
      bool known = true;
      for (size_t s = 0; s < 2; ++s) {
        if (!run.eyes[s]) continue;
        known = known && states.readable[s][i];
        azimuth += record.eyes[s].camera_azimuth_deg.values[i];
        elevation += record.eyes[s].camera_elevation_deg.values[i];
        eyes += 1;
      }
      stretch.azimuth_deg.push_back(known ? azimuth / eyes : kNan);
      stretch.elevation_deg.push_back(known ? elevation / eyes : kNan);
    }
    stretches.push_back(std::move(stretch));
  }
  return stretches;
}

}  // namespace maskbench
