#include "datasets/virtual_clinic/eye_motion.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

namespace maskbench::virtual_clinic {
namespace {

using Waveform = Nystagmus::Waveform;

constexpr double kRateHz = 60;

// Turning points of a signal: its lowest and highest value between crossings of `middle`.
std::vector<double> TurningPoints(const std::vector<double>& signal, double middle) {
  std::vector<double> points;
  double extreme = signal.front();
  for (size_t k = 1; k < signal.size(); ++k) {
    if ((signal[k] > middle) != (signal[k - 1] > middle)) {
      points.push_back(extreme);
      extreme = signal[k];
    } else if (std::abs(signal[k] - middle) > std::abs(extreme - middle)) {
      extreme = signal[k];
    }
  }
  points.erase(points.begin());  // The first may be cut off.
  return points;
}

std::vector<double> Beats(Waveform waveform, double hertz, double degrees, double irregularity,
                          int frames, double rate_hz) {
  Nystagmus nystagmus;
  nystagmus.waveform = waveform;
  nystagmus.frequency_hz = hertz;
  nystagmus.amplitude_deg = degrees;
  nystagmus.irregularity = irregularity;
  NamedRandom random(5, "beats", "test");
  return NystagmusBeats(nystagmus, frames, rate_hz, &random);
}

TEST(NystagmusBeats, HaveTheDrawnFrequencySizeAndIrregularity) {
  for (Waveform waveform : {Waveform::kPendular, Waveform::kJerkLeft})
    for (double hertz : {2.0, 5.0})
      for (double irregularity : {0.05, 0.2}) {
        constexpr int kSeconds = 200;
        // A fine rate, so that turning points are not missed between frames.
        const auto signal = Beats(waveform, hertz, 3, irregularity, kSeconds * 1000, 1000.0);
        const std::vector<double> turns = TurningPoints(signal, 0);
        const double beats = turns.size() / 2.0;
        EXPECT_NEAR(beats / kSeconds, hertz, 0.04 * hertz);
        std::vector<double> sizes;
        for (size_t k = 1; k < turns.size(); ++k)
          sizes.push_back(std::abs(turns[k] - turns[k - 1]));
        double mean = 0, square = 0;
        for (double size : sizes) mean += size / static_cast<double>(sizes.size());
        for (double size : sizes)
          square += (size - mean) * (size - mean) / static_cast<double>(sizes.size());
        EXPECT_NEAR(mean, 1, 0.03);
        // Half of the steps are of one beat's size, half are means of two beats.
        EXPECT_NEAR(std::sqrt(square), irregularity * std::sqrt(0.75), 0.2 * irregularity);
      }
}

TEST(NystagmusBeats, FollowEachOtherWithoutAStep) {
  const auto pendular = Beats(Waveform::kPendular, 3, 4, 0.3, 60000, 1000);
  for (size_t k = 1; k < pendular.size(); ++k)
    ASSERT_LT(std::abs(pendular[k] - pendular[k - 1]), 0.04) << k;
  // A quick phase of 10° lasts 43 ms.
  const auto jerk = Beats(Waveform::kJerkUp, 3, 10, 0.3, 60000, 1000);
  for (size_t k = 1; k < jerk.size(); ++k) ASSERT_LT(std::abs(jerk[k] - jerk[k - 1]), 0.06) << k;
}

TEST(NystagmusBeats, SlowPhasesGrowFasterAndQuickPhasesAreSaccades) {
  const double amplitude = 6, rate = 1000;
  const auto signal = Beats(Waveform::kJerkLeft, 2, amplitude, 0, 5000, rate);
  // One whole beat: from the highest point to the next.
  const auto low = std::min_element(signal.begin() + 1000, signal.begin() + 1500);
  const auto before = std::max_element(low - 499, low), after = std::max_element(low, low + 200);
  const double slow_s = static_cast<double>(low - before) / rate,
               quick_s = static_cast<double>(after - low) / rate;
  EXPECT_NEAR(slow_s + quick_s, 0.5, 0.01);
  EXPECT_NEAR(quick_s, SaccadeSeconds(amplitude), 0.004);
  const auto span = low - before;
  const double first_half = *before - *(before + span / 2),
               second_half = *(before + span / 2) - *low;
  EXPECT_GT(second_half, 1.5 * first_half);
}

TEST(NullZone, IsWhereThePatientHoldsStill) {
  Nystagmus nystagmus;
  nystagmus.null_azimuth_deg = 18;
  nystagmus.null_width_deg = 12;
  nystagmus.null_share = 0.3;
  EXPECT_NEAR(NullFactor(nystagmus, 0), 1, 1e-12);
  EXPECT_LT(NullFactor(nystagmus, 18), 0.35);
  EXPECT_GT(NullFactor(nystagmus, -25), 1.05);
  for (int azimuth = -40; azimuth <= 40; azimuth += 2)
    EXPECT_GE(NullFactor(nystagmus, azimuth), NullFactor(nystagmus, 18)) << azimuth;
}

TEST(Saccades, AreAsFastAsTheMainSequenceAndLand) {
  NamedRandom random(1, "saccades", "test");
  for (double size : {2.0, 10.0, 20.0, 30.0}) {
    Saccades saccades;
    saccades.Jump(1, {Eigen::Vector2d(size, 0), Eigen::Vector2d(0, -size / 2)}, &random);
    EXPECT_NEAR(saccades.Residual(1)[0].x(), -size, 1e-9);
    double peak = 0, landed = 0;
    for (int ms = 0; ms < 400; ++ms) {
      const double t = 1 + 0.001 * ms;
      const double here = saccades.Residual(t)[0].x();
      EXPECT_LE(here, 1e-9) << "overshoot";
      peak = std::max(peak, (here - saccades.Residual(t - 0.001)[0].x()) / 0.001);
      if (landed == 0 && here > -0.101 * size) landed = t - 1;
      // Both eyes keep time.
      EXPECT_NEAR(saccades.Residual(t)[1].y(), -here / 2, 1e-9);
    }
    EXPECT_LE(landed, 0.021 + 0.0022 * size + 0.001);
    EXPECT_GT(landed, 0.5 * (0.021 + 0.0022 * size));
    // Peak speeds of people: about 90, 330, 450 and 500 °/s.
    EXPECT_GT(peak, size < 5 ? 60 : 250);
    EXPECT_LT(peak, 560);
    EXPECT_NEAR(saccades.Residual(1.4)[0].norm(), 0, 1e-9);
  }
}

TEST(Blink, ShutsForAMomentAndOpensSlowly) {
  EXPECT_EQ(BlinkClosure(-0.01), 0);
  EXPECT_EQ(BlinkClosure(0.09), 1);
  EXPECT_EQ(BlinkClosure(0.4), 0);
  EXPECT_LT(BlinkClosure(0.075 / 2), 0.6);
  EXPECT_GT(BlinkClosure(0.075 + 0.035 + 0.1), 0.4);
  int shut = 0;
  for (int k = 0; k < 30; ++k) shut += BlinkClosure(k / kRateHz) >= 1;
  EXPECT_GE(shut, 2);  // Seen at 60 frames per second.
}

}  // namespace
}  // namespace maskbench::virtual_clinic
