#include "maskbench/clinical/nystagmus.h"

#include <cmath>

#include <gtest/gtest.h>

#include "maskbench/clinical/beat_fit.h"

#include "synthetic_record.h"

namespace maskbench {
namespace {

constexpr double kPi = 3.14159265358979323846;

struct Played {
  std::vector<GazeStretch> stretches;
  double hertz = 0, size = 0;
};

// One stretch of 2.2 s and four of 0.5 s, as blinks and covers leave them, along a direction.
Played Play(double frequency_hz, double amplitude_deg, bool jerk, double direction_deg,
            double noise_deg, double irregularity, std::uint64_t seed, double rate_hz = 60) {
  Played played;
  NamedRandom random(seed, "nystagmus", "beats");
  const auto samples = static_cast<size_t>(std::lround(5.5 * rate_hz));
  const std::vector<double> beats = Beats(frequency_hz, irregularity, jerk, samples, rate_hz,
                                          &random, &played.hertz, &played.size);
  played.size *= amplitude_deg;
  const double c = std::cos(direction_deg * kPi / 180), s = std::sin(direction_deg * kPi / 180);
  double start = 0;
  for (const double seconds : {2.2, 0.5, 0.5, 0.5, 0.5}) {
    GazeStretch stretch;
    const double x = random.Normal(), y = random.Normal();
    const auto first = static_cast<size_t>(start * rate_hz);
    for (size_t i = first; i < first + static_cast<size_t>(seconds * rate_hz); ++i) {
      const double beat = amplitude_deg * beats[i];
      stretch.azimuth_deg.push_back(x + c * beat + noise_deg * random.Normal());
      stretch.elevation_deg.push_back(y + s * beat + noise_deg * random.Normal());
    }
    played.stretches.push_back(stretch);
    start += seconds + 0.3;
  }
  return played;
}

// Healthy gaze: sawtooth drift, microsaccades, noise.
std::vector<GazeStretch> Healthy(double drift_deg_per_s, double noise_deg, std::uint64_t seed) {
  NamedRandom random(seed, "healthy", "gaze");
  std::vector<GazeStretch> stretches;
  double from = 0, run = 0.45, mx = 0, my = 0, t = 0;
  for (const double seconds : {2.2, 0.5, 0.5, 0.5, 0.5}) {
    GazeStretch stretch;
    for (int i = 0; i < static_cast<int>(seconds * 60); ++i, t += 1 / 60.0) {
      if (t - from > run) from = t, run = 0.25 + 0.4 * random.Uniform();
      if (random.Uniform() < 1.2 / 60) mx = 0.25 * random.Normal(), my = 0.18 * random.Normal();
      stretch.azimuth_deg.push_back(mx + drift_deg_per_s * (t - from - 0.5 * run) +
                                    noise_deg * random.Normal());
      stretch.elevation_deg.push_back(my + noise_deg * random.Normal());
    }
    stretches.push_back(stretch);
    t += 0.3;
  }
  return stretches;
}

TEST(BeatFit, FollowsARegularWaveExactly) {
  std::vector<double> signal;
  for (int i = 0; i < 120; ++i) signal.push_back(2 * std::cos(2 * kPi * 3 * i / 60.0 + 0.7) + 1);
  BeatGuess guess;
  guess.frequency_hz = 2.8;
  guess.amplitude = 3;
  guess.noise = 0.05;
  const BeatFit fit = FitBeats(signal, 60, BeatFit::Shape::kPendular, guess);
  EXPECT_LT(std::sqrt(fit.residual_ss / 120), 0.03);
  EXPECT_NEAR(fit.cycles / fit.seconds, 3, 0.02);
  ASSERT_GE(fit.sizes.size(), 9u);
  for (const double size : fit.sizes) EXPECT_NEAR(std::abs(size), 4, 0.05);
}

TEST(BeatFit, TracksThePhaseOfAWave) {
  std::vector<double> signal;
  for (int i = 0; i < 90; ++i) signal.push_back(std::cos(2 * kPi * 4 * i / 60.0));
  const std::vector<double> phase = TrackPhase(signal, 60, 3.8, 0.6);
  for (size_t i = 20; i < 70; ++i)
    EXPECT_NEAR(std::remainder(phase[i] - 2 * kPi * 4 * static_cast<double>(i) / 60, 2 * kPi), 0,
                0.15);
}

TEST(Nystagmus, MeasuresARegularPendularOne) {
  const Played played = Play(3, 4, false, 0, 0.1, 0.01, 1);
  const NystagmusMeasures measures = MeasureNystagmus(played.stretches, 60, {});
  ASSERT_TRUE(measures.present);
  EXPECT_EQ(measures.waveform, NystagmusWaveform::kPendular);
  EXPECT_NEAR(measures.frequency_hz.value, 3, 0.05);
  EXPECT_NEAR(measures.amplitude_deg.value, 4, 0.15);
  EXPECT_NEAR(std::remainder(measures.plane_deg, 180), 0, 4);
  EXPECT_TRUE(std::isnan(measures.fast_phase_deg));
  EXPECT_LE(measures.amplitude_deg.low, 4.05);
  EXPECT_GE(measures.amplitude_deg.high, 3.95);
}

TEST(Nystagmus, NamesPlaneAndQuickPhaseOfJerks) {
  for (const double direction : {0.0, 90.0, 180.0, 270.0, 45.0}) {
    const Played played = Play(3.2, 5, true, direction, 0.3, 0.1, 7);
    const NystagmusMeasures measures = MeasureNystagmus(played.stretches, 60, {});
    ASSERT_TRUE(measures.present);
    EXPECT_EQ(measures.waveform, NystagmusWaveform::kJerk);
    EXPECT_NEAR(std::remainder(measures.fast_phase_deg - direction, 360), 0, 6) << direction;
    EXPECT_NEAR(std::remainder(measures.plane_deg - direction, 180), 0, 6) << direction;
  }
}

// Slope of measured on true amplitude, frequencies and slow phases over many patients.
TEST(Nystagmus, IsUnbiasedOverIrregularBeatsAndNoise) {
  for (const double noise : {0.3, 1.0}) {
    for (const bool jerk : {false, true}) {
      double n = 0, x = 0, y = 0, xx = 0, xy = 0, hertz = 0, missed = 0, velocity = 0, jerks = 0;
      for (std::uint64_t seed = 0; seed < 16; ++seed) {
        NamedRandom random(seed, "patient", jerk ? "jerk" : "pendular");
        const double f = 1.8 + 3.5 * random.Uniform(), a = 2 + 6 * random.Uniform();
        const Played played = Play(f, a, jerk, 0, noise, 0.1, seed);
        const NystagmusMeasures measures = MeasureNystagmus(played.stretches, 60, {});
        if (!measures.present) {
          missed += 1;
          continue;
        }
        n += 1, x += played.size, y += measures.amplitude_deg.value;
        xx += played.size * played.size, xy += played.size * measures.amplitude_deg.value;
        hertz += std::abs(measures.frequency_hz.value - played.hertz);
        if (jerk && measures.waveform == NystagmusWaveform::kJerk) {
          const double slow = played.size / (1 / played.hertz - 0.04);
          velocity += measures.slow_phase_velocity_deg_per_s.value / slow - 1;
          jerks += 1;
        }
      }
      SCOPED_TRACE(testing::Message() << "noise " << noise << ", jerk " << jerk);
      EXPECT_LE(missed, 1);
      const double slope = (xy - x * y / n) / (xx - x * x / n);
      EXPECT_GT(slope, 0.9);
      EXPECT_LT(slope, 1.1);
      EXPECT_NEAR(y / x, 1, 0.06);
      EXPECT_LT(hertz / n, 0.12);
      if (jerk) {
        EXPECT_GE(jerks, 0.8 * n);
        EXPECT_NEAR(velocity / jerks, 0, 0.1);
      }
    }
  }
}

TEST(Nystagmus, DoesNotCallHealthyEyesIll) {
  int found = 0, judged = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    // Nearly a third drift, at 1 to 2 deg/s.
    const double drift = seed % 3 == 0 ? 1 + static_cast<double>(seed % 7) / 6 : 0;
    const double noise = seed % 2 == 0 ? 0.3 : 1.0;
    const NystagmusMeasures measures = MeasureNystagmus(Healthy(drift, noise, seed), 60, {});
    judged += measures.judged;
    found += measures.present;
  }
  EXPECT_EQ(judged, 200);
  EXPECT_LT(found, 10);
}

TEST(Nystagmus, MirrorSwapsDirectionsAndNothingElse) {
  Played played = Play(3.2, 5, true, 0, 0.3, 0.1, 5);
  const NystagmusMeasures before = MeasureNystagmus(played.stretches, 60, {});
  for (GazeStretch& stretch : played.stretches)
    for (double& x : stretch.azimuth_deg) x = -x;
  const NystagmusMeasures after = MeasureNystagmus(played.stretches, 60, {});
  ASSERT_TRUE(before.present && after.present);
  EXPECT_NEAR(std::remainder(after.fast_phase_deg - (180 - before.fast_phase_deg), 360), 0, 1e-3);
  EXPECT_NEAR(after.amplitude_deg.value, before.amplitude_deg.value, 1e-3);
  EXPECT_NEAR(after.frequency_hz.value, before.frequency_hz.value, 1e-4);
}

TEST(Nystagmus, DoesNotDependOnWhereTheEyesLook) {
  Played played = Play(4, 3, false, 0, 0.3, 0.1, 9);
  const NystagmusMeasures before = MeasureNystagmus(played.stretches, 60, {});
  for (GazeStretch& stretch : played.stretches)
    for (double& x : stretch.azimuth_deg) x += 6;
  const NystagmusMeasures after = MeasureNystagmus(played.stretches, 60, {});
  EXPECT_NEAR(after.amplitude_deg.value, before.amplitude_deg.value, 1e-3);
  EXPECT_NEAR(after.frequency_hz.value, before.frequency_hz.value, 1e-4);
}

TEST(Nystagmus, SmallerNoiseLowersTheFloor) {
  const double quiet = MeasureNystagmus(Healthy(0, 0.2, 3), 60, {}).noise_floor_deg;
  const double loud = MeasureNystagmus(Healthy(0, 1.0, 3), 60, {}).noise_floor_deg;
  EXPECT_GT(quiet, 0.05);
  EXPECT_NEAR(loud / quiet, 5, 1.5);
}

TEST(Nystagmus, SaysWhenThereIsTooLittle) {
  const NystagmusMeasures none = MeasureNystagmus({}, 60, {});
  EXPECT_FALSE(none.judged);
  EXPECT_FALSE(none.note.empty());
  GazeStretch unknown;
  unknown.azimuth_deg.assign(120, std::nan(""));
  unknown.elevation_deg = unknown.azimuth_deg;
  EXPECT_FALSE(MeasureNystagmus({unknown}, 60, {}).judged);
  const Played played = Play(3, 4, false, 0, 0.1, 0.01, 1, 2.5);
  EXPECT_FALSE(MeasureNystagmus(played.stretches, 2.5, {}).judged);
}

}  // namespace
}  // namespace maskbench
