#pragma once

#include <cstddef>
#include <vector>

namespace maskbench {

/// A rhythm as a chain of beats, fitted to one signal. `times_s` counts from the first sample.
struct BeatFit {
  enum class Shape {
    kPendular,  ///< Half cosines between turning points.
    kJerk,      ///< Slow phases with growing speed, and quick phases of a saccade's duration.
  };
  Shape shape = Shape::kPendular;
  /// Pendular: turning points. Jerk: ends of the slow phases.
  std::vector<double> times_s;
  /// Pendular: values at the turning points. Jerk: where the slow phase ends …
  std::vector<double> values;
  /// … and where the next one starts; jerks only.
  std::vector<double> starts;
  double quick_s = 0;       ///< Duration of quick phases.
  double growth = 0;        ///< Of the speed within slow phases: e^growth times.
  double residual_ss = 0;   ///< Sum of squares that the fit leaves.
  double free_numbers = 0;  ///< Effective number of fitted numbers.
  int samples = 0;
  /// Size (signed) and duration of the beats that lie wholly within the samples. Pendular: every
  /// swing from turning point to turning point. Jerk: every slow phase.
  std::vector<double> sizes, durations_s;
  /// Whole periods within the samples; twice the duration for swings.
  std::vector<double> periods_s;
  /// Cycles that the samples span, partial ones by the phase, and their time: unlike whole periods,
  /// these do not favour short beats in short signals.
  double cycles = 0, seconds = 0;
};

/// Duration of the quick phases of jerks: 21 ms + 2.2 ms/° (Bahill, Clark & Stark, Math Biosci
/// 1975), and less than half of the period.
double QuickPhaseSeconds(double amplitude_deg, double period_s);

/// The curve of a chain of at least two beats at `samples` frames; constant beyond its ends.
std::vector<double> CurveOf(const BeatFit& beats, double rate_hz, size_t samples);

struct BeatGuess {
  double frequency_hz = 1;
  double amplitude = 1;        ///< Peak to peak; > 0.
  double noise = 1;            ///< Standard deviation per sample; > 0.
  double irregularity = 0.15;  ///< Coefficient of variation expected of beats.
  double growth = 0.6;
  /// Jerks: +1 when quick phases go up, −1 when they go down.
  int quick_sign = 1;
};

/// Phase of a rhythm of about `frequency_hz` in a signal (NaN is unknown), radians, increasing: its
/// maxima are at multiples of 2π. From the signal's analytic part within a Gaussian window of
/// `window_cycles` (standard deviation).
std::vector<double> TrackPhase(const std::vector<double>& signal, double rate_hz,
                               double frequency_hz, double window_cycles);

/// Least squares over times and values of all beats, with normal priors on durations and sizes
/// that keep noise from becoming beats. Levenberg–Marquardt from the tracked phase.
BeatFit FitBeats(const std::vector<double>& signal, double rate_hz, BeatFit::Shape shape,
                 const BeatGuess& guess);

}  // namespace maskbench
