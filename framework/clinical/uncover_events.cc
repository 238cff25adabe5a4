#include "uncover_events.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace maskbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
// An eye fixates so long after the other was covered: reaction, saccade.
constexpr double kSettleSeconds = 0.25, kLeastReferenceSeconds = 0.08;
// An uncovered eye is seen this soon, and moves between these times: reaction times of 0.1–0.3 s.
constexpr double kSeenWithinSeconds = 0.15, kEarliestMove = 0.04, kLatestMove = 0.3;
// What is looked at after uncovering, and what a refixation takes at most, s.
constexpr double kWindowSeconds = 0.45, kMoveSeconds = 0.08;
// Without a movement, the first so many seconds count.
constexpr double kStillSeconds = 0.12;
// Improvement of chi-square by a step in both axes, with its time chosen: beyond what noise gives.
constexpr double kStepGain = 16;
// What fixation wanders between one look and the next (microsaccades, drift), and what of it is
// left in the mean over several, degrees.
constexpr double kLookErrorDeg = 0.35, kLeastErrorDeg = 0.15;

// Of a large deviation: eyes that fall short of the target, frames within the movement.
constexpr double kRelativeError = 0.05;

struct Sample {
  Eigen::Vector2d direction;
  double weight;
};

struct Level {
  Eigen::Vector2d mean = Eigen::Vector2d::Zero();
  double weight = 0, count = 0, squares = 0;
};

Level LevelOf(const std::vector<Sample>& samples, size_t first, size_t last) {
  Level level;
  for (size_t i = first; i < last; ++i) {
    if (!(samples[i].weight > 0)) continue;
    level.mean += samples[i].weight * samples[i].direction;
    level.weight += samples[i].weight;
    level.count += 1;
  }
  if (!(level.weight > 0)) return level;
  level.mean /= level.weight;
  for (size_t i = first; i < last; ++i)
    if (samples[i].weight > 0)
      level.squares += samples[i].weight * (samples[i].direction - level.mean).squaredNorm();
  return level;
}

// Noise per frame and axis of an eye's direction, degrees.
double FrameNoise(const EyeTraces& eye, const FrameFlags& readable) {
  const double seen = 0.5 * (WhiteNoise(Where(readable, eye.camera_azimuth_deg.values)) +
                             WhiteNoise(Where(readable, eye.camera_elevation_deg.values)));
  const double stated = KnownMedian(Where(readable, eye.camera_azimuth_deg.errors));
  const double known = std::isfinite(seen) ? seen : stated;
  return std::max(0.02, std::isfinite(known) ? known : 1.0);
}

}  // namespace

std::array<FixationReference, 2> FixationReferences(const EyeRecord& record,
                                                    const FrameStates& states) {
  std::array<FixationReference, 2> references;
  const double rate = record.rate_hz;
  for (const Side side : kSides) {
    const auto s = static_cast<size_t>(side);
    const EyeTraces& eye = record.eyes[s];
    FixationReference& own = references[s];
    own.error_deg.setConstant(eye.kappa_error_deg);
    FrameFlags fixing(states.readable[s].size(), 0);
    for (const FrameRun& run : RunsOf(states.covered[1 - s], 1)) {
      const std::int64_t settle =
          std::min<std::int64_t>(std::llround(kSettleSeconds * rate), run.size() * 2 / 3);
      for (std::int64_t i = run.first + settle; i <= run.last; ++i)
        fixing[static_cast<size_t>(i)] = states.at_camera[s][static_cast<size_t>(i)];
    }
    const double seconds = static_cast<double>(std::count(fixing.begin(), fixing.end(), 1)) / rate;
    if (seconds < kLeastReferenceSeconds) continue;
    const std::string name = ToString(side);
    const Estimate azimuth = MedianOverFrames(Where(fixing, eye.camera_azimuth_deg.values), rate,
                                              name + " reference azimuth");
    const Estimate elevation = MedianOverFrames(Where(fixing, eye.camera_elevation_deg.values),
                                                rate, name + " reference elevation");
    if (!std::isfinite(azimuth.error()) || !std::isfinite(elevation.error())) continue;
    own.measured = true;
    own.direction_deg = {azimuth.value, elevation.value};
    own.error_deg = {std::max(kLeastErrorDeg, azimuth.error()),
                     std::max(kLeastErrorDeg, elevation.error())};
  }
  return references;
}

std::vector<UncoverEvent> FindUncoverEvents(const EyeRecord& record, const FrameStates& states,
                                            const std::array<FixationReference, 2>& references) {
  std::vector<UncoverEvent> events;
  const double rate = record.rate_hz;
  const auto frames_of = [&](double seconds) -> std::int64_t {
    return std::llround(seconds * rate);
  };
  for (const Side side : kSides) {
    const auto s = static_cast<size_t>(side);
    const EyeTraces& eye = record.eyes[s];
    const double noise = FrameNoise(eye, states.readable[s]);
    for (const FrameRun& cover : RunsOf(states.covered[s], 1)) {
      // The other eye must have looked at the camera.
      std::int64_t watched = 0;
      for (std::int64_t i = cover.first; i <= cover.last; ++i)
        watched += states.at_camera[1 - s][static_cast<size_t>(i)];
      if (watched < std::max<std::int64_t>(2, cover.size() / 4)) continue;
      std::int64_t first = cover.last + 1;
      const std::int64_t latest =
          std::min(record.frames - 1, cover.last + frames_of(kSeenWithinSeconds));
      while (first <= latest && !states.readable[s][static_cast<size_t>(first)]) ++first;
      if (first > latest) continue;
      std::vector<Sample> samples;
      const std::int64_t end = std::min(record.frames, first + frames_of(kWindowSeconds));
      for (std::int64_t f = first; f < end; ++f) {
        const auto i = static_cast<size_t>(f);
        if (states.covered[s][i]) break;
        Sample sample{{eye.camera_azimuth_deg.values[i], eye.camera_elevation_deg.values[i]}, 0};
        if (states.readable[s][i]) {
          const double stated = eye.camera_azimuth_deg.errors[i];
          const double error = std::isfinite(stated) ? std::max(stated, noise) : noise;
          sample.weight = eye.in_sight[i] * eye.in_sight[i] / (error * error);
        }
        samples.push_back(sample);
      }
      const auto least = static_cast<size_t>(std::max<std::int64_t>(2, frames_of(kEarliestMove)));
      if (samples.size() < least) continue;
      const auto move = static_cast<size_t>(std::max<std::int64_t>(1, frames_of(kMoveSeconds)));
      // One level, or two with a movement between them.
      const size_t still = std::min(
          samples.size(), static_cast<size_t>(std::max<std::int64_t>(2, frames_of(kStillSeconds))));
      Level before = LevelOf(samples, 0, still);
      bool moved = false;
      double best = kNan;
      size_t moves_at = 0;
      for (size_t at = least;
           at <= static_cast<size_t>(frames_of(kLatestMove)) && at + move + 2 <= samples.size();
           ++at) {
        const Level one = LevelOf(samples, 0, at),
                    two = LevelOf(samples, at + move, samples.size());
        // The frames of the movement count by the nearer level, so that all splits use the same.
        double squares = one.squares + two.squares;
        for (size_t i = at; i < at + move; ++i)
          squares += samples[i].weight * std::min((samples[i].direction - one.mean).squaredNorm(),
                                                  (samples[i].direction - two.mean).squaredNorm());
        if (one.count < 2 || two.count < 2) continue;
        if (!(squares >= best)) {
          best = squares;
          moves_at = at;
        }
      }
      if (std::isfinite(best) && LevelOf(samples, 0, samples.size()).squares - best > kStepGain) {
        moved = true;
        // The movement may have begun in the last frame before.
        before = LevelOf(samples, 0, std::max<size_t>(2, moves_at - 1));
      }
      if (before.count < 2) continue;
      const double sign = side == Side::kRight ? 1 : -1;
      UncoverEvent event;
      event.eye = side;
      event.frame = first;
      event.moved = moved;
      event.deviation_deg = sign * (before.mean - references[s].direction_deg);
      const double own_error = std::hypot(kLookErrorDeg, 1 / std::sqrt(before.weight));
      for (int axis = 0; axis < 2; ++axis)
        event.error_deg[axis] = std::hypot(std::hypot(own_error, references[s].error_deg[axis]),
                                           kRelativeError * event.deviation_deg[axis]);
      events.push_back(event);
    }
  }
  std::sort(events.begin(), events.end(),
            [](const UncoverEvent& a, const UncoverEvent& b) { return a.frame < b.frame; });
  return events;
}

}  // namespace maskbench
