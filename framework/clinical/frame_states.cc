#include "maskbench/clinical/frame_states.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "maskbench/clinical/trace_statistics.h"

namespace maskbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
// Gaze is called near the camera by its median over so long on both sides, s: half a beat of a slow
// nystagmus, and less than a held gaze.
constexpr double kHalfWindowSeconds = 0.1;

void Fill(FrameFlags* flags, std::int64_t first, std::int64_t last) {
  const auto count = static_cast<std::int64_t>(flags->size());
  for (std::int64_t i = std::max<std::int64_t>(0, first); i <= std::min(count - 1, last); ++i)
    (*flags)[static_cast<size_t>(i)] = 1;
}

}  // namespace

std::vector<FrameRun> RunsOf(const FrameFlags& flags, std::int64_t least, std::int64_t bridge) {
  std::vector<FrameRun> runs;
  const auto count = static_cast<std::int64_t>(flags.size());
  for (std::int64_t i = 0; i < count; ++i) {
    if (!flags[static_cast<size_t>(i)]) continue;
    if (!runs.empty() && i - runs.back().last - 1 <= bridge)
      runs.back().last = i;
    else
      runs.push_back({i, i});
  }
  runs.erase(std::remove_if(runs.begin(), runs.end(),
                            [&](const FrameRun& run) { return run.size() < least; }),
             runs.end());
  return runs;
}

std::vector<double> RunningMedian(const std::vector<double>& values, std::int64_t half) {
  const auto count = static_cast<std::int64_t>(values.size());
  std::vector<double> medians(values.size(), kNan), window;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto from = values.begin() + std::max<std::int64_t>(0, i - half);
    const auto to = values.begin() + std::min(count, i + half + 1);
    window.assign(from, to);
    medians[static_cast<size_t>(i)] = KnownMedian(window);
  }
  return medians;
}

std::vector<double> Where(const FrameFlags& flags, const std::vector<double>& values) {
  std::vector<double> chosen(values.size(), kNan);
  for (size_t i = 0; i < values.size(); ++i)
    if (flags[i]) chosen[i] = values[i];
  return chosen;
}

FrameStates DescribeFrames(const EyeRecord& record, const std::vector<double>& blinking,
                           const FrameStateOptions& options) {
  const auto count = static_cast<size_t>(record.frames);
  const double rate = record.rate_hz;
  FrameStates states;
  states.blink.assign(count, 0);
  FrameFlags raw(count, 0);
  for (size_t i = 0; i < count; ++i) raw[i] = blinking[i] > 0;
  for (const FrameRun& run : RunsOf(raw, 1))
    Fill(&states.blink, run.first - std::llround(options.before_blink_s * rate),
         run.last + std::llround(options.after_blink_s * rate));

  std::array<FrameFlags, 2> seen;
  for (size_t s = 0; s < 2; ++s) {
    const EyeTraces& eye = record.eyes[s];
    seen[s].assign(count, 0);
    states.readable[s].assign(count, 0);
    for (size_t i = 0; i < count; ++i) {
      seen[s][i] = eye.in_sight[i] >= options.in_sight_least;
      states.readable[s][i] = seen[s][i] && !states.blink[i] && !(eye.shut[i] >= 0.5) &&
                              std::isfinite(eye.camera_azimuth_deg.values[i]) &&
                              std::isfinite(eye.camera_elevation_deg.values[i]);
    }
  }
  const auto shortest = std::max<std::int64_t>(2, std::llround(options.shortest_cover_s * rate));
  const std::int64_t bridge = std::llround(0.1 * rate);
  const auto half = std::max<std::int64_t>(1, std::llround(kHalfWindowSeconds * rate));
  for (size_t s = 0; s < 2; ++s) {
    const EyeTraces& eye = record.eyes[s];
    FrameFlags hidden(count, 0);
    for (size_t i = 0; i < count; ++i) hidden[i] = !seen[s][i] && seen[1 - s][i];
    states.covered[s].assign(count, 0);
    for (const FrameRun& run : RunsOf(hidden, shortest, bridge))
      Fill(&states.covered[s], run.first, run.last);

    const std::vector<double> azimuth =
        RunningMedian(Where(states.readable[s], eye.camera_azimuth_deg.values), half);
    const std::vector<double> elevation =
        RunningMedian(Where(states.readable[s], eye.camera_elevation_deg.values), half);
    states.at_camera[s].assign(count, 0);
    for (size_t i = 0; i < count; ++i)
      states.at_camera[s][i] = states.readable[s][i] &&
                               std::abs(azimuth[i]) <= options.primary_gaze_deg &&
                               std::abs(elevation[i]) <= options.primary_gaze_deg;
  }
  return states;
}

}  // namespace maskbench
