#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <vector>

#include "maskbench/clinical/beat_fit.h"
#include "maskbench/clinical/trace_statistics.h"

namespace maskbench::rhythm {

inline constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// Gaze of a stretch: azimuth, elevation.
using Axes = std::array<std::vector<double>, 2>;

struct Piece {
  Axes axes;
  bool primary = true;
  double seconds(double rate_hz) const { return static_cast<double>(axes[0].size()) / rate_hz; }
};

/// Beats of several pieces; see BeatFit.
struct Beats {
  std::vector<double> sizes, durations_s, periods_s;
  double cycles = 0, seconds = 0;
};

/// Fits of all stretches with one shape, and what they say together.
struct RhythmFit {
  double cost = std::numeric_limits<double>::infinity();
  double noise = kNan, amplitude = kNan, frequency_hz = kNan;
  double residual_ss = 0, samples = 0, free_numbers = 0, growth = 0;
  Beats all, primary;
};

/// What is reported of a fit.
struct Figures {
  double frequency_hz = kNan, amplitude = kNan, velocity = kNan;
};

/// Fits beats of one shape to all signals, one per piece; a few rounds, in which what the beats
/// have in common becomes the expectation of each. The cost is infinite where that fails.
RhythmFit FitRhythm(const std::vector<std::vector<double>>& signals,
                    const std::vector<Piece>& pieces, double rate_hz, BeatFit::Shape shape,
                    int quick_sign, double frequency_hz, double amplitude, double noise);

/// @param primary  size and speed of beats in primary gaze only.
Figures FiguresOf(const RhythmFit& fit, bool primary);

/// Speed of slow phases that belongs to frequency and amplitude.
double TrueVelocity(const Figures& figures, bool jerk);

/// How a rhythm like the one found, with beats of its irregularity and the same noise, comes out of
/// the same fit: a parametric bootstrap (Efron & Tibshirani 1993, ch. 6 and 10).
struct Simulation {
  BeatFit::Shape shape;
  double irregularity, growth, noise;
  /// True figures of the simulated beats and those found, one per repetition.
  std::vector<Figures> truths, found;

  void Run(const Figures& like, const std::vector<Piece>& pieces, double rate_hz, bool primary,
           int repetitions, std::uint64_t seed);
};

/// Ratio of found to true figures in a simulation, and the interval of the truth behind a found
/// one.
struct Calibration {
  double ratio = 1;
  Interval spread;  ///< Of found over their mean.
};
Calibration Calibrate(const Simulation& simulation, double Figures::*figure);

/// A found figure as the truth behind it.
Estimate Calibrated(double figure, const Calibration& calibration);

/// Coefficient of variation of beats, robust against single misread ones.
double Irregularity(const std::vector<double>& values);

}  // namespace maskbench::rhythm
