#include "maskbench/clinical/blinks.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "maskbench/clinical/trace_statistics.h"

namespace maskbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
// The opening before and after a frame is the widest within this time, s: longer than a blink's way
// down or up, shorter than a look down.
constexpr double kReachSeconds = 0.4;
// Below this opening there is nothing left to close, mm.
constexpr double kLeastOpeningMm = 0.7;
// Beside a cover the eye is still partly hidden, s.
constexpr double kBesideCoverSeconds = 0.035;
// For so long neither eye may be seen while a cover moves from one to the other, s.
constexpr double kCoverMoves = 0.2;

// Median of a frame and its two neighbours, which takes away single outliers but leaves slopes.
std::vector<double> Calmed(const std::vector<double>& values) {
  std::vector<double> calm = values;
  for (size_t i = 1; i + 1 < values.size(); ++i) {
    const double a = values[i - 1], b = values[i], c = values[i + 1];
    if (std::isfinite(a) && std::isfinite(b) && std::isfinite(c))
      calm[i] = std::max(std::min(a, b), std::min(std::max(a, b), c));
  }
  return calm;
}

// Frames in which an eye is in sight, with a rim on both sides of every cover.
std::vector<bool> InSight(const EyeTraces& eye, double least, std::int64_t rim) {
  const auto count = static_cast<std::int64_t>(eye.in_sight.size());
  std::vector<bool> seen(eye.in_sight.size());
  for (std::int64_t i = 0; i < count; ++i) {
    bool all = true;
    for (std::int64_t j = std::max<std::int64_t>(0, i - rim); j <= std::min(count - 1, i + rim);
         ++j)
      all = all && eye.in_sight[static_cast<size_t>(j)] >= least;
    seen[static_cast<size_t>(i)] = all;
  }
  return seen;
}

// Opening of one eye with shut frames at nought where the opening itself is unknown.
std::vector<double> Openings(const EyeTraces& eye, const std::vector<bool>& seen) {
  std::vector<double> opening(seen.size(), kNan);
  for (size_t i = 0; i < seen.size(); ++i) {
    if (!seen[i]) continue;
    if (std::isfinite(eye.aperture_mm.values[i]))
      opening[i] = std::max(0.0, eye.aperture_mm.values[i]);
    else if (eye.shut[i] >= 0.5)
      opening[i] = 0;
  }
  return Calmed(opening);
}

// High percentile of the known values in [first, last]: the widest, but not the noisiest.
double Widest(const std::vector<double>& values, std::int64_t first, std::int64_t last) {
  std::vector<double> known;
  const auto count = static_cast<std::int64_t>(values.size());
  for (std::int64_t i = std::max<std::int64_t>(0, first); i <= std::min(count - 1, last); ++i)
    if (std::isfinite(values[static_cast<size_t>(i)]))
      known.push_back(values[static_cast<size_t>(i)]);
  if (known.empty()) return kNan;
  const size_t at = (known.size() * 4) / 5;
  const auto place = known.begin() + static_cast<std::ptrdiff_t>(std::min(at, known.size() - 1));
  std::nth_element(known.begin(), place, known.end());
  return *place;
}

// First and last frame of the stretch of known values that a frame belongs to.
struct KnownStretches {
  explicit KnownStretches(const std::vector<double>& values)
      : first(values.size()), last(values.size()) {
    const size_t count = values.size();
    const auto joined = [&](size_t i) {
      return std::isfinite(values[i - 1]) && std::isfinite(values[i]);
    };
    for (size_t i = 0; i < count; ++i)
      first[i] = i > 0 && joined(i) ? first[i - 1] : static_cast<std::int64_t>(i);
    for (size_t i = count; i-- > 0;)
      last[i] = i + 1 < count && joined(i + 1) ? last[i + 1] : static_cast<std::int64_t>(i);
  }
  std::vector<std::int64_t> first, last;
};

}  // namespace

std::vector<double> LidClosure(const EyeRecord& record, const BlinkOptions& options) {
  const auto count = static_cast<std::int64_t>(record.frames);
  const auto reach =
      std::max<std::int64_t>(1, std::llround(kReachSeconds * std::max(1e-9, record.rate_hz)));
  const std::int64_t rim = std::llround(kBesideCoverSeconds * record.rate_hz);
  std::vector<double> open(static_cast<size_t>(count), 0.0), full(open);
  for (const EyeTraces& eye : record.eyes) {
    const std::vector<double> opening = Openings(eye, InSight(eye, options.in_sight_least, rim));
    const KnownStretches stretches(opening);
    for (std::int64_t i = 0; i < count; ++i) {
      const auto k = static_cast<size_t>(i);
      if (!std::isfinite(opening[k])) continue;
      double before = Widest(opening, i - reach, i), after = Widest(opening, i, i + reach);
      // Where a stretch of frames begins or ends close by, because a cover goes or comes, a lid
      // that is closing or opening has one side only.
      const double wider = std::max(before, after);
      if (i - stretches.first[k] < reach) before = wider;
      if (stretches.last[k] - i < reach) after = wider;
      const double level = std::min(before, after);
      if (!(level >= kLeastOpeningMm)) continue;
      open[k] += std::min(opening[k], level);
      full[k] += level;
    }
  }
  std::vector<double> closure(open.size(), kNan);
  for (size_t i = 0; i < open.size(); ++i)
    if (full[i] > 0) closure[i] = 1 - open[i] / full[i];
  return closure;
}

std::vector<Blink> DetectBlinks(const EyeRecord& record, const BlinkOptions& options) {
  std::vector<Blink> blinks;
  const double rate = record.rate_hz;
  if (!(rate > 0)) return blinks;
  const std::vector<double> closure = LidClosure(record, options);
  const auto count = static_cast<std::int64_t>(closure.size());
  const auto at = [&](std::int64_t i) { return closure[static_cast<size_t>(i)]; };
  // Frames from `i` in steps of `step` until the closure falls below `level`, with the fraction of
  // the last one; NaN when the recording, or what is known of it, ends before.
  const auto until = [&](std::int64_t i, int step, double level) {
    for (std::int64_t j = i; j + step >= 0 && j + step < count; j += step) {
      const double next = at(j + step);
      if (std::isnan(next)) return kNan;
      if (next < level)
        return static_cast<double>(std::abs(j - i)) +
               (at(j) - level) / std::max(1e-9, at(j) - next);
    }
    return kNan;
  };
  for (std::int64_t i = 0; i < count; ++i) {
    if (!(at(i) >= options.least_closure)) continue;
    std::int64_t last = i, peak = i;
    while (last + 1 < count && at(last + 1) >= options.least_closure) ++last;
    for (std::int64_t j = i; j <= last; ++j)
      if (at(j) > at(peak)) peak = j;
    i = last;
    const double most = at(peak);
    const double fall_half = until(peak, -1, 0.5 * most), rise_half = until(peak, 1, 0.5 * most);
    // At an end of the recording half of the blink has to do.
    const double half_s = (std::isnan(fall_half)   ? rise_half
                           : std::isnan(rise_half) ? fall_half
                                                   : fall_half + rise_half) /
                          rate;
    const bool both = std::isfinite(fall_half) && std::isfinite(rise_half);
    if (!std::isfinite(half_s)) continue;
    if (half_s > options.longest_s || (both && half_s < options.shortest_s)) continue;
    Blink blink;
    const auto edge = [&](std::int64_t from, int step, double deepest) {
      std::int64_t j = from, upper = from;
      for (; j + step >= 0 && j + step < count; j += step) {
        if (at(j) >= 0.8 * deepest) upper = j;
        if (!(at(j + step) >= 0.2 * deepest)) break;
      }
      return std::pair<std::int64_t, double>(j, static_cast<double>(std::abs(j - upper)) / rate);
    };
    const auto [from, fall] = edge(peak, -1, most);
    const auto [to, rise] = edge(peak, 1, most);
    if (fall > options.longest_fall_s || rise > options.longest_rise_s) continue;
    blink.first_frame = from;
    blink.last_frame = to;
    blink.closure = most;
    bool lids_touch = false;
    for (std::int64_t j = from; j <= to; ++j)
      for (const EyeTraces& eye : record.eyes)
        lids_touch =
            lids_touch || (eye.in_sight[static_cast<size_t>(j)] >= options.in_sight_least &&
                           eye.shut[static_cast<size_t>(j)] >= 0.5);
    blink.complete = lids_touch || most >= options.complete_closure;
    // People blink when a cover moves: one eye is seen to close, then the other one to open.
    bool gap = !blinks.empty() && from - blinks.back().last_frame <= kCoverMoves * rate;
    for (std::int64_t j = gap ? blinks.back().last_frame + 1 : from; j < from; ++j)
      gap = gap && std::isnan(at(j));
    if (gap) {
      blinks.back().last_frame = to;
      blinks.back().closure = std::max(blinks.back().closure, most);
      blinks.back().complete = blinks.back().complete || blink.complete;
    } else {
      blinks.push_back(blink);
    }
    i = std::max(last, to);
  }
  return blinks;
}

std::vector<double> BlinkingSeries(const EyeRecord& record, const BlinkOptions& options) {
  std::vector<double> series = LidClosure(record, options);
  for (double& value : series)
    if (std::isfinite(value)) value = 0;
  for (const Blink& blink : DetectBlinks(record, options))
    for (std::int64_t i = blink.first_frame; i <= blink.last_frame; ++i)
      series[static_cast<size_t>(i)] = 1;
  return series;
}

}  // namespace maskbench
