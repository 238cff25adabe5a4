#include "maskbench/clinical/nystagmus.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <Eigen/Dense>

#include "rhythm_fit.h"

namespace maskbench {
namespace {

using rhythm::Calibrate;
using rhythm::Calibrated;
using rhythm::Calibration;
using rhythm::Figures;
using rhythm::FiguresOf;
using rhythm::FitRhythm;
using rhythm::Piece;
using rhythm::RhythmFit;
using rhythm::Simulation;

constexpr double kPi = 3.14159265358979323846;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
// Beats vary, so a wave of one frequency holds only over a few of them.
constexpr double kCyclesPerPiece = 4, kShortestPieceSeconds = 0.45, kLongestPieceSeconds = 2.5;
constexpr double kLeastCycles = 1.2;
constexpr double kFrequencyStep = 0.03;  // Of the frequency.
// How far beyond noise the power must be: the normal quantile of its chi-square, with allowance for
// all the frequencies looked at.
constexpr double kStandOut = 3.5, kStandOutSmall = 7;
// The least gaze to judge from, s.
constexpr double kLeastSeconds = 0.5, kEnoughPrimarySeconds = 0.8, kLeastPrimarySeconds = 0.5;
// A jerk must fit better by this, in chi-square and two per fitted number.
constexpr double kJerkMargin = 8;
// Share of what moves that the rhythm has to explain.
constexpr double kLeastExplained = 0.5;
constexpr double kLongestFitSeconds = 3.0;

Piece Cut(const Piece& whole, size_t first, size_t count) {
  Piece part;
  part.primary = whole.primary;
  for (size_t a = 0; a < 2; ++a) {
    const auto from = whole.axes[a].begin() + static_cast<std::ptrdiff_t>(first);
    part.axes[a].assign(from, from + static_cast<std::ptrdiff_t>(count));
  }
  return part;
}

// Equal parts of about `seconds`.
std::vector<Piece> CutAll(const std::vector<Piece>& wholes, double seconds, double rate_hz) {
  std::vector<Piece> parts;
  for (const Piece& whole : wholes) {
    const size_t samples = whole.axes[0].size();
    const auto number =
        static_cast<size_t>(std::max(1.0, std::round(whole.seconds(rate_hz) / seconds)));
    for (size_t k = 0; k < number; ++k) {
      const size_t first = samples * k / number, last = samples * (k + 1) / number;
      parts.push_back(Cut(whole, first, last - first));
    }
  }
  return parts;
}

// What a wave of one frequency explains beyond a straight line, over pieces with their own phases.
struct Power {
  double sum = 0;  // Reduction of the sum of squares over noise variance, both axes.
  int dof = 0;
  double samples = 0;
  Eigen::Matrix2d plane = Eigen::Matrix2d::Zero();  // Second moments of the wave's amplitude.
  // Beyond what noise gives on average.
  double excess() const { return sum - dof; }
  // Normal quantile of a chi-square variable (Wilson & Hilferty 1931).
  double quantile() const {
    if (dof == 0) return 0;
    const double small = 2.0 / (9.0 * dof);
    return (std::cbrt(sum / dof) - (1 - small)) / std::sqrt(small);
  }
};

Power PowerAt(const std::vector<Piece>& wholes, double frequency_hz, double rate_hz,
              const std::array<double, 2>& noise) {
  Power power;
  const double length =
      std::clamp(kCyclesPerPiece / frequency_hz, kShortestPieceSeconds, kLongestPieceSeconds);
  for (const Piece& piece : CutAll(wholes, length, rate_hz)) {
    if (piece.seconds(rate_hz) * frequency_hz < kLeastCycles) continue;
    const auto count = static_cast<int>(piece.axes[0].size());
    Eigen::Matrix4d normal = Eigen::Matrix4d::Zero();
    std::array<Eigen::Vector4d, 2> right = {Eigen::Vector4d::Zero(), Eigen::Vector4d::Zero()};
    int known = 0;
    for (int i = 0; i < count; ++i) {
      if (!std::isfinite(piece.axes[0][i]) || !std::isfinite(piece.axes[1][i])) continue;
      const double phase = 2 * kPi * frequency_hz * i / rate_hz;
      const Eigen::Vector4d basis(1, static_cast<double>(i) / count - 0.5, std::cos(phase),
                                  std::sin(phase));
      normal += basis * basis.transpose();
      for (size_t a = 0; a < 2; ++a) right[a] += piece.axes[a][i] * basis;
      ++known;
    }
    if (known < 8) continue;
    const Eigen::Matrix2d line = normal.topLeftCorner<2, 2>();
    // What is left of the wave when the line is taken out.
    const Eigen::Matrix2d cross = normal.bottomLeftCorner<2, 2>();
    const Eigen::Matrix2d left =
        normal.bottomRightCorner<2, 2>() - cross * line.inverse() * cross.transpose();
    if (!(left.determinant() > 1e-6 * known * known)) continue;
    Eigen::Matrix2d waves;
    for (size_t a = 0; a < 2; ++a) {
      const Eigen::Vector2d rest = right[a].tail<2>() - cross * line.inverse() * right[a].head<2>();
      const Eigen::Vector2d wave = left.inverse() * rest;
      waves.col(static_cast<int>(a)) = wave;
      power.sum += wave.dot(rest) / (noise[a] * noise[a]);
      power.dof += 2;
    }
    power.plane += known * waves.transpose() * waves;
    power.samples += known;
  }
  return power;
}

// All stretches along one direction.
std::vector<std::vector<double>> Along(const std::vector<Piece>& pieces,
                                       const Eigen::Vector2d& direction) {
  std::vector<std::vector<double>> signals;
  for (const Piece& piece : pieces) {
    std::vector<double> signal(piece.axes[0].size());
    for (size_t i = 0; i < signal.size(); ++i)
      signal[i] = direction.x() * piece.axes[0][i] + direction.y() * piece.axes[1][i];
    signals.push_back(std::move(signal));
  }
  return signals;
}

double SumOfSquaresAboutLine(const std::vector<double>& signal) {
  double n = 0, st = 0, sx = 0, stt = 0, stx = 0, sxx = 0;
  for (size_t i = 0; i < signal.size(); ++i) {
    if (!std::isfinite(signal[i])) continue;
    const auto t = static_cast<double>(i);
    n += 1, st += t, sx += signal[i], stt += t * t, stx += t * signal[i];
    sxx += signal[i] * signal[i];
  }
  const double dt = stt - st * st / n, dx = stx - st * sx / n;
  return sxx - sx * sx / n - (dt > 0 ? dx * dx / dt : 0);
}

NystagmusMeasures Unmeasured() {
  NystagmusMeasures none;
  none.plane_deg = none.fast_phase_deg = none.noise_floor_deg = none.noise_deg = kNan;
  return none;
}

}  // namespace

NystagmusMeasures MeasureNystagmus(const std::vector<GazeStretch>& stretches, double rate_hz,
                                   const NystagmusOptions& options) {
  NystagmusMeasures result = Unmeasured();
  std::vector<Piece> wholes;
  double seconds = 0, primary_seconds = 0;
  for (const GazeStretch& stretch : stretches) {
    Piece piece;
    piece.axes = {stretch.azimuth_deg, stretch.elevation_deg};
    piece.primary = stretch.primary;
    if (stretch.azimuth_deg.size() < 8) continue;
    seconds += piece.seconds(rate_hz);
    if (piece.primary) primary_seconds += piece.seconds(rate_hz);
    wholes.push_back(std::move(piece));
  }
  const double highest = std::min(options.highest_hz, 0.4 * rate_hz);
  if (seconds < kLeastSeconds) {
    result.note = "less than 0.5 s of steady gaze";
    return result;
  }
  if (highest < 2 * options.lowest_hz) {
    result.note = "frame rate too low";
    return result;
  }
  result.judged = true;

  // Random noise of each axis, over all stretches with gaps between them.
  std::array<double, 2> noise{};
  for (size_t a = 0; a < 2; ++a) {
    std::vector<double> joined;
    for (const Piece& piece : wholes) {
      joined.insert(joined.end(), piece.axes[a].begin(), piece.axes[a].end());
      joined.push_back(kNan);
    }
    noise[a] = WhiteNoise(joined);
    if (!std::isfinite(noise[a])) {
      result.judged = false;
      result.note = "too few frames in a row";
      return result;
    }
    noise[a] = std::max(noise[a], 1e-3);
  }
  result.noise_deg = std::hypot(noise[0], noise[1]) / std::sqrt(2.0);

  // The frequency that explains most: in primary gaze, where there is enough of it.
  std::vector<Piece> searched;
  for (const Piece& piece : wholes)
    if (piece.primary || primary_seconds < kEnoughPrimarySeconds) searched.push_back(piece);
  Power best;
  double frequency = kNan, dof_sum = 0, sample_sum = 0, tried = 0;
  for (double f = options.lowest_hz; f <= highest; f *= 1 + kFrequencyStep) {
    const Power power = PowerAt(searched, f, rate_hz, noise);
    if (power.dof == 0) continue;
    dof_sum += power.dof, sample_sum += power.samples, tried += 1;
    if (!std::isfinite(frequency) || power.excess() > best.excess()) {
      best = power;
      frequency = f;
    }
  }
  if (!std::isfinite(frequency)) {
    result.judged = false;
    result.note = "stretches of steady gaze too short";
    return result;
  }
  {
    // Power of a wave that would just stand out: chi-square at kStandOut, beyond its mean.
    const double dof = dof_sum / tried, small = 2 / (9 * dof);
    const double needed = dof * std::pow(1 - small + kStandOut * std::sqrt(small), 3) - dof;
    const double smaller = std::min(noise[0], noise[1]);
    result.noise_floor_deg = 2 * smaller * std::sqrt(2 * needed / (sample_sum / tried));
  }
  if (best.quantile() < kStandOut) {
    result.present = false;
    return result;
  }

  // Its plane, without what noise adds to both axes.
  Eigen::Matrix2d plane = best.plane;
  Eigen::SelfAdjointEigenSolver<Eigen::Matrix2d> solver(plane);
  Eigen::Vector2d direction = solver.eigenvectors().col(1);
  if (direction.x() < 0 || (direction.x() < 1e-9 && direction.y() < 0)) direction = -direction;
  const double first_amplitude =
      2 * std::sqrt(std::max(1e-9, solver.eigenvalues()[1] / best.samples));
  const double axis_noise =
      std::sqrt(std::pow(direction.x() * noise[0], 2) + std::pow(direction.y() * noise[1], 2));

  const std::vector<Piece> pieces = CutAll(wholes, kLongestFitSeconds, rate_hz);
  std::vector<Piece> useful;
  for (const Piece& piece : pieces)
    if (piece.seconds(rate_hz) * frequency > 0.8) useful.push_back(piece);
  const std::vector<std::vector<double>> signals = Along(useful, direction);
  // The spectrum may prefer too high a frequency, since short stretches hold no whole slow beat, so
  // lower ones are tried as well.
  RhythmFit pendular, jerk;
  int quick_sign = 1;
  for (const double share : {1.0, 0.75, 0.55}) {
    const double f = share * frequency;
    if (f < options.lowest_hz && share < 1) continue;
    const RhythmFit smooth = FitRhythm(signals, useful, rate_hz, BeatFit::Shape::kPendular, 1, f,
                                       first_amplitude, axis_noise);
    if (smooth.cost < pendular.cost) pendular = smooth;
    for (const int sign : {1, -1}) {
      const RhythmFit fit = FitRhythm(signals, useful, rate_hz, BeatFit::Shape::kJerk, sign, f,
                                      1.5 * first_amplitude, axis_noise);
      if (fit.cost < jerk.cost) {
        jerk = fit;
        quick_sign = sign;
      }
    }
  }
  const bool is_jerk = jerk.cost + kJerkMargin < pendular.cost;
  const RhythmFit& fit = is_jerk ? jerk : pendular;
  if (!std::isfinite(fit.cost)) {
    result.note = "something moves, but not in beats";
    return result;
  }

  // Amplitude belongs to primary gaze. Where that shows too little of it, the others have to do.
  const bool primary = primary_seconds >= kLeastPrimarySeconds && fit.primary.sizes.size() >= 2;
  double total = 0;
  for (const std::vector<double>& signal : signals) total += SumOfSquaresAboutLine(signal);
  const double noise_part = fit.samples * std::pow(std::min(axis_noise, fit.noise), 2);
  const double explained = 1 - (fit.residual_ss - noise_part) / std::max(1e-12, total - noise_part);
  const Figures raw = FiguresOf(fit, primary);
  const auto large = [&](double size, double pace_hz) {
    if (size >= options.least_amplitude_deg) return true;
    // A small jerk is what drift and small saccades make of healthy eyes.
    const double factor = is_jerk ? 2 : 1;
    return size * pace_hz >= factor * options.least_intensity_deg_per_s &&
           size >= options.smallest_deg && best.quantile() >= kStandOutSmall;
  };
  // What is far too small needs no simulation.
  if (!large(1.5 * raw.amplitude, raw.frequency_hz) || explained < kLeastExplained ||
      fit.all.periods_s.size() < 2)
    return result;

  // The fit takes some noise for beats and smooths others away: both are found by simulation and
  // taken back, in two steps, since they depend on the amplitude.
  Simulation simulation;
  simulation.shape = is_jerk ? BeatFit::Shape::kJerk : BeatFit::Shape::kPendular;
  simulation.irregularity = rhythm::Irregularity(fit.all.periods_s);
  simulation.growth = fit.growth;
  simulation.noise = fit.noise;
  Figures like = raw;
  std::array<Calibration, 3> calibrations;
  for (const int repetitions : {8, 24}) {
    like.velocity = rhythm::TrueVelocity(like, is_jerk);
    simulation.Run(like, useful, rate_hz, primary, repetitions, 1);
    calibrations = {Calibrate(simulation, &Figures::frequency_hz),
                    Calibrate(simulation, &Figures::amplitude),
                    Calibrate(simulation, &Figures::velocity)};
    like.amplitude = raw.amplitude / std::clamp(calibrations[1].ratio, 0.5, 2.0);
  }
  const Estimate frequency_hz = Calibrated(raw.frequency_hz, calibrations[0]);
  const Estimate amplitude = Calibrated(raw.amplitude, calibrations[1]);
  if (!large(amplitude.value, frequency_hz.value)) return result;

  result.present = true;
  result.in_primary = primary;
  result.waveform = is_jerk ? NystagmusWaveform::kJerk : NystagmusWaveform::kPendular;
  result.plane_deg = std::fmod(std::atan2(direction.y(), direction.x()) * 180 / kPi + 180, 180);
  result.frequency_hz = frequency_hz;
  result.amplitude_deg = amplitude;
  if (is_jerk) {
    const Eigen::Vector2d fast = quick_sign * direction;
    result.fast_phase_deg = std::fmod(std::atan2(fast.y(), fast.x()) * 180 / kPi + 360, 360);
    result.slow_phase_velocity_deg_per_s = Calibrated(raw.velocity, calibrations[2]);
  }
  if (!result.in_primary) result.note = "not enough primary gaze: amplitude from other gazes";
  return result;
}

}  // namespace maskbench
