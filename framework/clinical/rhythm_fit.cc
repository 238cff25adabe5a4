#include "rhythm_fit.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "maskbench/core/rng.h"

namespace maskbench::rhythm {
namespace {

constexpr int kRounds = 4;

double Mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return values.empty() ? kNan : sum / static_cast<double>(values.size());
}

double MeanSize(const std::vector<double>& sizes) {
  double sum = 0;
  for (const double size : sizes) sum += std::abs(size);
  return sizes.empty() ? kNan : sum / static_cast<double>(sizes.size());
}

}  // namespace

RhythmFit FitRhythm(const std::vector<std::vector<double>>& signals,
                    const std::vector<Piece>& pieces, double rate_hz, BeatFit::Shape shape,
                    int quick_sign, double frequency_hz, double amplitude, double noise) {
  BeatGuess guess;
  guess.quick_sign = quick_sign;
  guess.frequency_hz = frequency_hz;
  guess.amplitude = amplitude;
  guess.noise = noise;
  RhythmFit fit;
  for (int round = 0; round < kRounds; ++round) {
    RhythmFit now;
    for (size_t k = 0; k < signals.size(); ++k) {
      const BeatFit part = FitBeats(signals[k], rate_hz, shape, guess);
      if (!std::isfinite(part.residual_ss)) return fit;
      now.residual_ss += part.residual_ss;
      now.samples += part.samples;
      now.free_numbers += part.free_numbers;
      now.growth += part.growth / static_cast<double>(signals.size());
      for (Beats* beats : {&now.all, &now.primary}) {
        if (beats == &now.primary && !pieces[k].primary) continue;
        beats->sizes.insert(beats->sizes.end(), part.sizes.begin(), part.sizes.end());
        beats->durations_s.insert(beats->durations_s.end(), part.durations_s.begin(),
                                  part.durations_s.end());
        beats->periods_s.insert(beats->periods_s.end(), part.periods_s.begin(),
                                part.periods_s.end());
        beats->cycles += part.cycles;
        beats->seconds += part.seconds;
      }
    }
    const double spare = now.samples - now.free_numbers;
    now.noise = spare > 0.15 * now.samples ? std::sqrt(now.residual_ss / spare) : guess.noise;
    now.cost = now.residual_ss / (noise * noise) + 2 * now.free_numbers;
    if (now.all.periods_s.empty()) return fit;
    now.frequency_hz = now.all.cycles / now.all.seconds;
    now.amplitude = MeanSize(now.all.sizes);
    fit = now;
    // What the beats have in common becomes the expectation of each.
    guess.frequency_hz = std::clamp(now.frequency_hz, 0.6 * frequency_hz, 1.6 * frequency_hz);
    guess.amplitude = std::max(now.amplitude, 0.3 * now.noise);
    guess.noise = std::max({now.noise, 0.02 * guess.amplitude, 1e-3});
  }
  return fit;
}

Figures FiguresOf(const RhythmFit& fit, bool primary) {
  const Beats& beats = primary ? fit.primary : fit.all;
  Figures figures;
  figures.frequency_hz = fit.all.cycles / fit.all.seconds;
  figures.amplitude = MeanSize(beats.sizes);
  figures.velocity = figures.amplitude / Mean(beats.durations_s);
  return figures;
}

double TrueVelocity(const Figures& figures, bool jerk) {
  const double period_s = 1 / figures.frequency_hz;
  return jerk ? figures.amplitude / (period_s - QuickPhaseSeconds(figures.amplitude, period_s))
              : 2 * figures.amplitude / period_s;
}

void Simulation::Run(const Figures& like, const std::vector<Piece>& pieces, double rate_hz,
                     bool primary, int repetitions, std::uint64_t seed) {
  truths.clear();
  found.clear();
  const bool jerk = shape == BeatFit::Shape::kJerk;
  for (int r = 0; r < repetitions; ++r) {
    NamedRandom random(seed, std::to_string(r), "nystagmus simulation");
    const auto vary = [&] { return std::max(0.4, 1 + irregularity * random.Normal()); };
    std::vector<std::vector<double>> signals;
    for (const Piece& piece : pieces) {
      BeatFit beats;
      beats.shape = shape;
      beats.growth = growth;
      beats.quick_s = QuickPhaseSeconds(like.amplitude, 1 / like.frequency_hz);
      const double seconds = piece.seconds(rate_hz);
      double t = -random.Uniform() / like.frequency_hz, size = vary();
      double sign = 1;
      while (t < seconds + 2 / like.frequency_hz) {
        beats.times_s.push_back(t);
        const double next = vary();
        if (jerk) {
          beats.values.push_back(-0.5 * size * like.amplitude);
          beats.starts.push_back(0.5 * next * like.amplitude);
          t += vary() / like.frequency_hz;
        } else {
          beats.values.push_back(0.5 * sign * size * like.amplitude);
          sign = -sign;
          t += 0.5 * vary() / like.frequency_hz;
        }
        size = next;
      }
      std::vector<double> signal = CurveOf(beats, rate_hz, piece.axes[0].size());
      for (size_t i = 0; i < signal.size(); ++i)
        signal[i] = std::isfinite(piece.axes[0][i]) ? signal[i] + noise * random.Normal() : kNan;
      signals.push_back(std::move(signal));
    }
    const RhythmFit fit =
        FitRhythm(signals, pieces, rate_hz, shape, 1, like.frequency_hz, like.amplitude, noise);
    if (!std::isfinite(fit.cost)) continue;
    truths.push_back(like);
    found.push_back(FiguresOf(fit, primary));
  }
}

Calibration Calibrate(const Simulation& simulation, double Figures::*figure) {
  std::vector<double> ratios;
  for (size_t r = 0; r < simulation.found.size(); ++r) {
    const double ratio = simulation.found[r].*figure / (simulation.truths[r].*figure);
    if (std::isfinite(ratio)) ratios.push_back(ratio);
  }
  Calibration calibration;
  if (ratios.size() < 5) return calibration;
  calibration.ratio = Mean(ratios);
  double squares = 0;
  for (const double ratio : ratios) squares += std::pow(ratio - calibration.ratio, 2);
  const double half = 1.959963984540054 *
                      std::sqrt(squares / static_cast<double>(ratios.size() - 1)) /
                      calibration.ratio;
  calibration.spread = {1 - half, 1 + half};
  return calibration;
}

Estimate Calibrated(double figure, const Calibration& calibration) {
  const double value = figure / calibration.ratio;
  return {value, value * std::max(0.0, calibration.spread.low), value * calibration.spread.high};
}

double Irregularity(const std::vector<double>& values) {
  const double spread = KnownSpread(values), middle = KnownMedian(values);
  return values.size() < 4 ? 0.15 : std::clamp(spread / middle, 0.03, 0.35);
}

}  // namespace maskbench::rhythm
