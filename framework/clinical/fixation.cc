#include "maskbench/clinical/fixation.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "maskbench/core/rng.h"
#include "maskbench/stats/bootstrap.h"

namespace maskbench {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kContour = 1.1457;  // 1 − e^(−k) = 0.682.
constexpr double kLeastSeconds = 0.5, kLeastSaccadeSeconds = 1.0;
constexpr int kResamples = 300;
constexpr double kBlockSeconds = 0.25;

struct Moments {
  double xx = 0, yy = 0, xy = 0, n = 0;
};

// Scatter of known samples about their own mean; sums, not means.
Moments ScatterOf(const FixationStretch& stretch) {
  double n = 0, mx = 0, my = 0;
  Moments sum;
  for (int pass = 0; pass < 2; ++pass) {
    for (size_t i = 0; i < stretch.azimuth_deg.size(); ++i) {
      const double x = stretch.azimuth_deg[i], y = stretch.elevation_deg[i];
      if (!std::isfinite(x) || !std::isfinite(y)) continue;
      if (pass == 0) {
        n += 1, mx += x, my += y;
      } else {
        sum.xx += (x - mx) * (x - mx);
        sum.yy += (y - my) * (y - my);
        sum.xy += (x - mx) * (y - my);
      }
    }
    if (n < 2) return sum;
    if (pass == 0) mx /= n, my /= n;
  }
  sum.n = n - 1;
  return sum;
}

double NoiseOf(const std::vector<FixationStretch>& stretches,
               std::vector<double> FixationStretch::*axis) {
  std::vector<double> joined;
  for (const FixationStretch& stretch : stretches) {
    joined.insert(joined.end(), (stretch.*axis).begin(), (stretch.*axis).end());
    joined.push_back(kNan);
  }
  return WhiteNoise(joined);
}

// Area of the scatter without noise; NaN where the noise is all there is.
double AreaWithoutNoise(const Moments& sum, double noise_x, double noise_y) {
  if (!(sum.n > 0)) return kNan;
  const double x = sum.xx / sum.n - noise_x * noise_x, y = sum.yy / sum.n - noise_y * noise_y;
  const double both = sum.xy / sum.n;
  return x > 0 && y > 0 && x * y > both * both ? Bcea(x, y, both) : kNan;
}

// Velocity at a sample, deg/s; the noise of it per noise of a frame is in `gain`.
std::vector<double> Velocities(const std::vector<double>& values, double rate_hz, double* gain) {
  const auto count = static_cast<std::int64_t>(values.size());
  std::vector<double> speed(values.size(), kNan);
  const bool wide = rate_hz >= 50;
  *gain = wide ? rate_hz / 3 : rate_hz / std::sqrt(2.0);
  const auto at = [&](std::int64_t i) {
    return i >= 0 && i < count ? values[static_cast<size_t>(i)] : kNan;
  };
  for (std::int64_t i = 0; i < count; ++i)
    speed[static_cast<size_t>(i)] =
        wide ? (at(i + 2) + at(i + 1) - at(i - 1) - at(i - 2)) * rate_hz / 6
             : (at(i + 1) - at(i - 1)) * rate_hz / 2;
  return speed;
}

double FrameNoise(const std::vector<double>& values, const std::vector<double>& errors) {
  const double seen = WhiteNoise(values), stated = KnownMedian(errors);
  if (!std::isfinite(stated)) return std::isfinite(seen) ? seen : 0;
  return std::isfinite(seen) ? std::max(seen, stated) : stated;
}

}  // namespace

double Bcea(double variance_x, double variance_y, double covariance) {
  return 2 * kContour * kPi *
         std::sqrt(std::max(0.0, variance_x * variance_y - covariance * covariance));
}

std::vector<Saccade> FindSaccades(const FixationStretch& stretch, double rate_hz,
                                  const SaccadeOptions& options) {
  std::vector<Saccade> saccades;
  double gain = 0;
  const std::vector<double> vx = Velocities(stretch.azimuth_deg, rate_hz, &gain),
                            vy = Velocities(stretch.elevation_deg, rate_hz, &gain);
  // σ² = ⟨v²⟩ − ⟨v⟩² with medians for means.
  const auto threshold = [&](const std::vector<double>& speed, double noise) {
    std::vector<double> squares(speed.size());
    for (size_t i = 0; i < speed.size(); ++i) squares[i] = speed[i] * speed[i];
    const double middle = KnownMedian(speed);
    const double sigma = std::sqrt(std::max(0.0, KnownMedian(squares) - middle * middle));
    return std::max({options.lambda * sigma, options.noise_lambda * gain * noise, 1e-6});
  };
  const double noise_x = FrameNoise(stretch.azimuth_deg, stretch.azimuth_error_deg),
               noise_y = FrameNoise(stretch.elevation_deg, stretch.elevation_error_deg);
  const double tx = threshold(vx, noise_x), ty = threshold(vy, noise_y);
  const size_t count = vx.size();
  const auto fast = [&](size_t i) {
    return std::pow(vx[i] / tx, 2) + std::pow(vy[i] / ty, 2) > 1;  // False for NaN.
  };
  // 12 ms or more in the original; two frames where the rate allows to tell them.
  const size_t least = rate_hz >= 50 ? 2 : 1;
  const double least_way = options.least_way * std::hypot(noise_x, noise_y) / std::sqrt(2.0);
  for (size_t i = 0; i < count; ++i) {
    if (!fast(i)) continue;
    size_t last = i;
    while (last + 1 < count && fast(last + 1)) ++last;
    const auto level = [&](const std::vector<double>& values, bool after) {
      std::vector<double> near;
      for (size_t k = 0; k < 3; ++k) {
        if (after && last + 1 + k < count) near.push_back(values[last + 1 + k]);
        if (!after && i > k) near.push_back(values[i - 1 - k]);
      }
      return KnownMedian(near);
    };
    const double way =
        std::hypot(level(stretch.azimuth_deg, true) - level(stretch.azimuth_deg, false),
                   level(stretch.elevation_deg, true) - level(stretch.elevation_deg, false));
    if (last - i + 1 >= least && way >= least_way) saccades.push_back({i, last, way});
    i = last;
  }
  return saccades;
}

FixationMeasures MeasureFixation(const std::vector<FixationStretch>& stretches, double rate_hz,
                                 const SaccadeOptions& options) {
  FixationMeasures result;
  result.noise_bcea_deg2 = result.smallest_saccade_deg = kNan;
  const double noise_x = NoiseOf(stretches, &FixationStretch::azimuth_deg),
               noise_y = NoiseOf(stretches, &FixationStretch::elevation_deg);
  Moments all;
  // Blocks for the bootstrap keep their own distance from their stretch's mean.
  std::vector<Moments> blocks;
  const auto block = static_cast<size_t>(std::max(2.0, std::round(kBlockSeconds * rate_hz)));
  double count = 0;
  std::vector<double> errors;
  for (const FixationStretch& stretch : stretches) {
    const Moments own = ScatterOf(stretch);
    all.xx += own.xx, all.yy += own.yy, all.xy += own.xy, all.n += own.n;
    const double mx = [&] {
      double sum = 0, n = 0;
      for (const double x : stretch.azimuth_deg)
        if (std::isfinite(x)) sum += x, n += 1;
      return n > 0 ? sum / n : 0;
    }();
    const double my = [&] {
      double sum = 0, n = 0;
      for (const double y : stretch.elevation_deg)
        if (std::isfinite(y)) sum += y, n += 1;
      return n > 0 ? sum / n : 0;
    }();
    for (size_t first = 0; first < stretch.azimuth_deg.size(); first += block) {
      Moments part;
      for (size_t i = first; i < std::min(first + block, stretch.azimuth_deg.size()); ++i) {
        const double x = stretch.azimuth_deg[i] - mx, y = stretch.elevation_deg[i] - my;
        if (!std::isfinite(x) || !std::isfinite(y)) continue;
        part.xx += x * x, part.yy += y * y, part.xy += x * y, part.n += 1;
      }
      if (part.n > 0) blocks.push_back(part);
    }
    for (const double x : stretch.azimuth_deg) result.seconds += std::isfinite(x) / rate_hz;
    count += static_cast<double>(FindSaccades(stretch, rate_hz, options).size());
    errors.insert(errors.end(), stretch.azimuth_error_deg.begin(), stretch.azimuth_error_deg.end());
  }
  if (!std::isfinite(noise_x) || !std::isfinite(noise_y)) return result;
  result.noise_bcea_deg2 = Bcea(noise_x * noise_x, noise_y * noise_y, 0);
  if (result.seconds >= kLeastSeconds) {
    result.bcea_deg2.value = AreaWithoutNoise(all, noise_x, noise_y);
    if (blocks.size() >= 4) {
      NamedRandom random(1, "bcea", "block bootstrap");
      std::vector<double> areas;
      for (int r = 0; r < kResamples; ++r) {
        Moments drawn;
        for (size_t b = 0; b < blocks.size(); ++b) {
          const Moments& one = blocks[random.Below(static_cast<std::uint32_t>(blocks.size()))];
          drawn.xx += one.xx, drawn.yy += one.yy, drawn.xy += one.xy, drawn.n += one.n;
        }
        const double area = AreaWithoutNoise(drawn, noise_x, noise_y);
        areas.push_back(std::isfinite(area) ? area : 0);
      }
      std::sort(areas.begin(), areas.end());
      result.bcea_deg2.low = SortedPercentile(areas, 0.025);
      result.bcea_deg2.high = SortedPercentile(areas, 0.975);
    }
  }
  if (result.seconds >= kLeastSaccadeSeconds) {
    const Interval rate = PoissonInterval(count, result.seconds);
    result.saccades_per_s = {count / result.seconds, rate.low, rate.high};
    double gain = 0;
    Velocities({}, rate_hz, &gain);
    const double noise = std::max(std::hypot(noise_x, noise_y) / std::sqrt(2.0),
                                  std::isfinite(KnownMedian(errors)) ? KnownMedian(errors) : 0);
    // A short saccade is spread by the velocity filter over about its own length, 4 or 2 frames.
    result.smallest_saccade_deg =
        options.noise_lambda * gain * noise * (rate_hz >= 50 ? 3.0 : 2.0) / rate_hz;
  }
  return result;
}

}  // namespace maskbench
