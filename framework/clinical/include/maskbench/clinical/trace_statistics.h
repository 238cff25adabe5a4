#pragma once

#include <string_view>
#include <vector>

#include "maskbench/stats/interval.h"

namespace maskbench {

/// A value of a recording with its 95 % interval; NaN where it cannot be given.
struct Estimate {
  double value, low, high;
  Estimate();
  Estimate(double v, double l, double h) : value(v), low(l), high(h) {}
  /// Standard error that the interval stands for; NaN without one.
  double error() const { return (high - low) / (2 * 1.959963984540054); }
};

/// Median of the known values (NaN is unknown); NaN without any.
double KnownMedian(std::vector<double> values);

/// Median absolute deviation of the known values, scaled to the standard deviation of normal ones.
double KnownSpread(const std::vector<double>& values);

/// Median over frames. Neighbouring frames are alike, so the interval comes from a block bootstrap
/// (Künsch, Ann Stat 17:1217, 1989): blocks of 0.25 s of known frames, shorter where that would
/// leave fewer than six, drawn with replacement. No interval below six known frames.
/// @param name  names the random numbers, so that the same frames give the same interval.
Estimate MedianOverFrames(const std::vector<double>& values, double rate_hz, std::string_view name);

/// Exact interval of a Poisson rate (Garwood, Biometrika 28:437, 1936), in counts per unit of
/// `exposure`. NaN without exposure.
Interval PoissonInterval(double count, double exposure);

/// Standard deviation of the part of a signal that changes from frame to frame at random: median
/// absolute second difference / (0.6745 √6). What moves slowly against three frames leaves no mark.
/// NaN below five frames of which three follow each other.
double WhiteNoise(const std::vector<double>& values);

/// The interval widened by an error that is the same in all frames, one standard deviation of it:
/// frames, however many, do not tell of it. Without an interval there is still none.
Estimate Widened(const Estimate& estimate, double error);

/// `a` − `b` of independent estimates.
Estimate Difference(const Estimate& a, const Estimate& b);

}  // namespace maskbench
