#include "maskbench/clinical/recording_measures.h"

#include <cmath>
#include <set>

#include <gtest/gtest.h>

#include "maskbench/clinical/alignment.h"
#include "maskbench/core/error.h"

#include "synthetic_record.h"

namespace maskbench {
namespace {

constexpr double kPi = 3.14159265358979323846;
double Degrees(double dioptres) { return std::atan(dioptres / 100) * 180 / kPi; }

// An eye pair under an alternate cover test, with the right eye preferred: 1.5 s open, right
// covered to 2.5 s, left to 3.5 s, right to 4.5 s, left to 5.5 s, open to the end. Eyes take up
// fixation 0.18 s after a change. `latent`: open eyes are straight. Deviations in degrees, right
// against left.
SyntheticRecord CoverTest(double horizontal_deg, double vertical_deg, bool latent, double noise_deg,
                          std::uint64_t seed) {
  SyntheticRecord made(8, 60, noise_deg, seed);
  for (size_t i = 0; i < made.size(); ++i) {
    const double t = made.time(i) - 0.18;
    const bool dissociated = t >= 1.5 && t < 5.5;
    const bool right_covered = (t >= 1.5 && t < 2.5) || (t >= 3.5 && t < 4.5);
    const Side fixing = dissociated && right_covered ? Side::kLeft : Side::kRight;
    if (latent && !dissociated) continue;
    if (fixing == Side::kRight)
      made.Turn(Side::kLeft, i, -horizontal_deg, -vertical_deg);
    else
      made.Turn(Side::kRight, i, horizontal_deg, vertical_deg);
  }
  made.Hide(Side::kRight, 1.5, 2.5);
  made.Hide(Side::kRight, 3.5, 4.5);
  made.Hide(Side::kLeft, 2.5, 3.5);
  made.Hide(Side::kLeft, 4.5, 5.5);
  return made;
}

// What fits of the eyeball know only up to kappa: a constant offset towards the nose.
void Misjudge(SyntheticRecord* made, double nasal_deg) {
  for (size_t i = 0; i < made->size(); ++i) {
    made->Turn(Side::kRight, i, nasal_deg, 0);
    made->Turn(Side::kLeft, i, -nasal_deg, 0);
  }
}

TEST(RecordingMeasures, AlwaysGivesTheSameNames) {
  const std::set<std::string> eye = {"mrd1",          "mrd2",          "pfh",
                                     "superior_show", "inferior_show", "lid_lag",
                                     "bcea",          "saccade_rate",  "protrusion_index"};
  const std::set<std::string> face = {"mrd1_asymmetry",
                                      "pfh_asymmetry",
                                      "blink_count",
                                      "blink_rate",
                                      "incomplete_blink_share",
                                      "deviation_horizontal",
                                      "deviation_horizontal_deg",
                                      "deviation_vertical",
                                      "deviation_vertical_deg",
                                      "deviation_manifest_horizontal",
                                      "deviation_manifest_horizontal_deg",
                                      "deviation_manifest_vertical",
                                      "deviation_manifest_vertical_deg",
                                      "hirschberg_horizontal",
                                      "hirschberg_vertical",
                                      "fixing_eye",
                                      "nystagmus_present",
                                      "nystagmus_frequency",
                                      "nystagmus_amplitude",
                                      "nystagmus_direction",
                                      "nystagmus_jerk",
                                      "nystagmus_fast_phase",
                                      "nystagmus_slow_phase_velocity",
                                      "nystagmus_noise_floor"};
  EyeRecord empty(0), one(1), unknown(100);
  empty.rate_hz = one.rate_hz = unknown.rate_hz = 60;
  const EyeRecord full = SyntheticRecord(3, 60, 0.5, 1).record;
  for (const EyeRecord* record : std::vector<const EyeRecord*>{&empty, &one, &unknown, &full}) {
    std::array<std::multiset<std::string>, 3> names;
    for (const MeasureValue& value : MeasureRecording(*record, {})) {
      names[value.eye ? static_cast<size_t>(*value.eye) : 2].insert(value.name);
      EXPECT_FALSE(value.unit.empty()) << value.name;
      if (std::isnan(value.value)) {
        EXPECT_FALSE(value.note.empty()) << value.name;
        EXPECT_TRUE(std::isnan(value.low)) << value.name;
      } else if (std::isfinite(value.low)) {
        EXPECT_LE(value.low, value.value + 1e-9) << value.name;
        EXPECT_GE(value.high, value.value - 1e-9) << value.name;
      }
    }
    EXPECT_EQ(names[0], std::multiset<std::string>(eye.begin(), eye.end()));
    EXPECT_EQ(names[1], names[0]);
    EXPECT_EQ(names[2], std::multiset<std::string>(face.begin(), face.end()));
  }
}

TEST(RecordingMeasures, NothingIsKnownOfNothing) {
  EyeRecord unknown(300);
  unknown.rate_hz = 60;
  for (const MeasureValue& value : MeasureRecording(unknown, {}))
    EXPECT_TRUE(std::isnan(value.value)) << value.name;
  const std::vector<MeasureSeries> series = MeasureRecordingSeries(unknown, {});
  ASSERT_EQ(series.size(), 1u);
  EXPECT_EQ(series[0].name, "blinking");
  for (const double flag : series[0].values) EXPECT_TRUE(std::isnan(flag));
}

TEST(RecordingMeasures, RefusesBrokenRecords) {
  EyeRecord record(10);
  EXPECT_THROW(MeasureRecording(record, {}), DataError);  // No rate.
  record.rate_hz = 60;
  record.eyes[1].mrd1_mm.values.pop_back();
  EXPECT_THROW(MeasureRecording(record, {}), DataError);
  EXPECT_THROW(MeasureRecordingSeries(record, {}), DataError);
}

TEST(RecordingMeasures, IsTheSameEveryTime) {
  const SyntheticRecord made = CoverTest(5, 1, false, 0.5, 3);
  const auto one = made.Measure(), two = made.Measure();
  for (size_t i = 0; i < one.size(); ++i) {
    EXPECT_TRUE(one[i].value == two[i].value || std::isnan(one[i].value));
    EXPECT_TRUE(one[i].low == two[i].low || std::isnan(one[i].low));
    EXPECT_EQ(one[i].note, two[i].note);
  }
}

TEST(Lids, AreMediansOfOpenEyesInPrimaryGaze) {
  SyntheticRecord made(6, 60, 0.5, 4);
  made.Blink(1);
  made.Blink(3);
  for (size_t i = 300; i < made.size(); ++i) {  // Looks far down for the last second.
    made.Turn(i, 0, -25);
    for (const Side side : kSides) made.eye(side).mrd1_mm.values[i] -= 3;
  }
  for (double& value : made.eye(Side::kLeft).mrd1_mm.values) value -= 1.5;
  const auto values = made.Measure();
  const MeasureValue right = Find(values, "mrd1", Side::kRight);
  EXPECT_NEAR(right.value, 4, 0.03);
  EXPECT_LT(right.low, 4.02);
  EXPECT_GT(right.high, 3.98);
  // What the frames state as their error is common to them, and so is the unknown size of the iris.
  EXPECT_NEAR(right.high - right.low, 2 * 1.96 * std::hypot(0.1, 4 * 0.42 / 11.7), 0.02);
  EXPECT_NE(right.note.find("both eyes open"), std::string::npos);
  EXPECT_EQ(right.note.find("pupil"), std::string::npos);
  EXPECT_NEAR(Find(values, "pfh", Side::kRight).value, 9, 0.05);
  EXPECT_NEAR(Find(values, "mrd1_asymmetry").value, 1.5, 0.05);
  EXPECT_NEAR(Find(values, "pfh_asymmetry").value, 1.5, 0.06);
  EXPECT_NEAR(Find(values, "superior_show", Side::kRight).value, -1.5, 0.03);
  EXPECT_NEAR(Find(values, "inferior_show", Side::kRight).value, 0.2, 0.03);
  EXPECT_NEAR(Find(values, "protrusion_index", Side::kRight).value, 9 / 11.7, 0.01);
}

TEST(Lids, OfAHypotropicEyeAreReadWhileItFixates) {
  // The left eye is 8° low unless it fixates, and its lid 1.5 mm lower with it.
  SyntheticRecord made = CoverTest(0, 8, false, 0.4, 5);
  for (size_t i = 0; i < made.size(); ++i)
    if (made.eye(Side::kLeft).camera_elevation_deg.values[i] < -5)
      made.eye(Side::kLeft).mrd1_mm.values[i] -= 1.5;
  const MeasureValue left = Find(made.Measure(), "mrd1", Side::kLeft);
  EXPECT_NEAR(left.value, 4, 0.05);
  EXPECT_NE(left.note.find("while it fixates"), std::string::npos);
}

TEST(Lids, SayWhenTheyCountFromThePupil) {
  SyntheticRecord made(3, 60, 0.5, 6);
  for (size_t i = 0; i < made.size(); ++i) made.eye(Side::kLeft).from_reflex[i] = i % 4 == 0;
  const auto values = made.Measure();
  EXPECT_NE(Find(values, "mrd1", Side::kLeft).note.find("pupil"), std::string::npos);
  EXPECT_EQ(Find(values, "mrd1", Side::kRight).note.find("pupil"), std::string::npos);
}

TEST(Lids, LagIsTheSlopeOfShowInDownGaze) {
  SyntheticRecord made(6, 60, 0.4, 7);
  for (size_t i = 120; i < 300; ++i) {
    const double down = 30.0 * static_cast<double>(i - 120) / 180;
    made.Turn(i, 0, -down);
    made.eye(Side::kRight).superior_show_mm.values[i] += 0.02 * down;
    made.eye(Side::kLeft).superior_show_mm.values[i] += 0.08 * down;
  }
  const auto values = made.Measure();
  EXPECT_NEAR(Find(values, "lid_lag", Side::kRight).value, 0.6, 0.1);
  const MeasureValue left = Find(values, "lid_lag", Side::kLeft);
  EXPECT_NEAR(left.value, 2.4, 0.1);
  EXPECT_LT(left.high - left.low, 0.4);
  const auto still = SyntheticRecord(3, 60, 0.4, 7).Measure();
  EXPECT_TRUE(std::isnan(Find(still, "lid_lag", Side::kLeft).value));
  EXPECT_FALSE(Find(still, "lid_lag", Side::kLeft).note.empty());
}

TEST(Alignment, DioptresAreTangents) {
  const Estimate dioptres = InDioptres({45, 0, 45});
  EXPECT_NEAR(dioptres.value, 100, 1e-9);
  EXPECT_NEAR(InDioptres({Degrees(20), 0, 0}).value, 20, 1e-9);
}

TEST(Alignment, CoverGivesAConstantTropiaWhateverKappaIs) {
  for (const double dioptres : {20.0, -35.0, 8.0}) {
    SyntheticRecord made = CoverTest(Degrees(dioptres), 0, false, 0.5, 8);
    Misjudge(&made, 3);
    const auto values = made.Measure();
    const MeasureValue total = Find(values, "deviation_horizontal");
    EXPECT_NEAR(total.value, dioptres, 1.2);
    EXPECT_LE(total.low, dioptres + 0.3);
    EXPECT_GE(total.high, dioptres - 0.3);
    EXPECT_NEAR(Find(values, "deviation_vertical").value, 0, 1);
    EXPECT_NEAR(Find(values, "deviation_manifest_horizontal").value, dioptres, 1);
    EXPECT_NEAR(Find(values, "hirschberg_horizontal").value, dioptres, 1.5);
    EXPECT_NEAR(Find(values, "deviation_horizontal_deg").value, Degrees(total.value), 1e-9);
    EXPECT_EQ(Find(values, "fixing_eye").value, 1);
  }
}

TEST(Alignment, CoverShowsALatentDeviation) {
  SyntheticRecord made = CoverTest(Degrees(-12), Degrees(4), true, 0.5, 9);
  Misjudge(&made, -2);
  const auto values = made.Measure();
  EXPECT_NEAR(Find(values, "deviation_horizontal").value, -12, 1.2);
  EXPECT_NEAR(Find(values, "deviation_vertical").value, 4, 1.2);
  EXPECT_NEAR(Find(values, "deviation_manifest_horizontal").value, 0, 1);
  EXPECT_TRUE(std::isnan(Find(values, "fixing_eye").value));
  EXPECT_FALSE(Find(values, "fixing_eye").note.empty());
}

TEST(Alignment, StraightEyesAreStraight) {
  const auto values = CoverTest(0, 0, false, 0.5, 10).Measure();
  EXPECT_NEAR(Find(values, "deviation_horizontal").value, 0, 0.8);
  EXPECT_NEAR(Find(values, "deviation_vertical").value, 0, 0.8);
}

TEST(Alignment, WithoutCoverKappaWidensTheInterval) {
  SyntheticRecord made(4, 60, 0.5, 11);
  for (size_t i = 0; i < made.size(); ++i) made.Turn(Side::kLeft, i, -Degrees(30), 0);
  const auto values = made.Measure();
  const MeasureValue total = Find(values, "deviation_horizontal");
  EXPECT_NEAR(total.value, 30, 0.5);
  // ±1.96 · (1.3° + 1.3°) about 16.7°, and what cover tests read wrongly (1.2°).
  EXPECT_NEAR(total.high - total.low, 2 * 1.96 * std::hypot(2.6, 1.2) * 1.745 * 1.09, 1.2);
  EXPECT_NE(total.note.find("kappa"), std::string::npos);
  EXPECT_EQ(Find(values, "fixing_eye").value, 1);
  for (EyeTraces& eye : made.record.eyes) {
    eye.kappa_measured = true;
    eye.kappa_error_deg = 0.3;
  }
  const MeasureValue measured = Find(made.Measure(), "deviation_horizontal");
  // Little is left of kappa.
  EXPECT_NEAR(measured.high - measured.low, 2 * 1.96 * 1.2 * 1.745 * 1.09, 1);
}

TEST(Alignment, HirschbergTakesKappaOff) {
  // Straight eyes with the population's kappa: pupils lie to the temple of the reflexes.
  SyntheticRecord made(3, 60, 0.5, 12);
  const double away = 100 * std::tan(5.5 * kPi / 180) / 19.9;
  for (size_t i = 0; i < made.size(); ++i) {
    made.eye(Side::kRight).reflex_to_pupil_x_mm.values[i] -= away;
    made.eye(Side::kLeft).reflex_to_pupil_x_mm.values[i] += away;
  }
  const MeasureValue value = Find(made.Measure(), "hirschberg_horizontal");
  EXPECT_NEAR(value.value, 0, 0.5);
  EXPECT_LT(value.low, -7);  // 1.96 · 2.6° of kappa alone are 9 Δ.
}

TEST(Alignment, ConjugateNystagmusCancels) {
  SyntheticRecord made = CoverTest(Degrees(15), 0, false, 0.4, 13);
  NamedRandom random(13, "alignment", "beats");
  const std::vector<double> beats = Beats(3.5, 0.1, true, made.size(), 60, &random);
  for (size_t i = 0; i < made.size(); ++i) made.Turn(i, 6 * beats[i], 0);
  const auto values = made.Measure();
  EXPECT_EQ(Find(values, "nystagmus_present").value, 1);
  EXPECT_EQ(Find(values, "nystagmus_jerk").value, 1);
  EXPECT_NEAR(Find(values, "nystagmus_frequency").value, 3.5, 0.3);
  EXPECT_NEAR(Find(values, "deviation_horizontal").value, 15, 3);
}

// The mirrored recording: eyes change places, and what was left is right.
EyeRecord Mirrored(EyeRecord record) {
  std::swap(record.eyes[0], record.eyes[1]);
  for (EyeTraces& eye : record.eyes)
    for (Trace* trace : {&eye.azimuth_deg, &eye.camera_azimuth_deg, &eye.reflex_to_pupil_x_mm})
      for (double& value : trace->values) value = -value;
  return record;
}

TEST(RecordingMeasures, MirrorSwapsTheEyes) {
  SyntheticRecord made = CoverTest(Degrees(20), Degrees(6), false, 0.4, 14);
  made.Blink(0.5);
  for (double& value : made.eye(Side::kLeft).mrd1_mm.values) value -= 1;
  const auto before = made.Measure(), after = MeasureRecording(Mirrored(made.record), {});
  // Resampling is named by side, so intervals may differ a little; values may not.
  for (const char* name : {"mrd1", "mrd2", "pfh", "superior_show", "bcea", "saccade_rate"}) {
    const double a = Find(before, name, Side::kLeft).value,
                 b = Find(after, name, Side::kRight).value;
    EXPECT_TRUE(std::abs(a - b) < 1e-9 || (std::isnan(a) && std::isnan(b))) << name;
  }
  EXPECT_NEAR(Find(before, "mrd1_asymmetry").value, -Find(after, "mrd1_asymmetry").value, 1e-9);
  EXPECT_NEAR(Find(before, "deviation_horizontal").value, Find(after, "deviation_horizontal").value,
              0.3);
  EXPECT_NEAR(Find(before, "deviation_vertical").value, -Find(after, "deviation_vertical").value,
              0.3);
  EXPECT_EQ(Find(before, "fixing_eye").value, -Find(after, "fixing_eye").value);
  EXPECT_EQ(Find(before, "blink_count").value, Find(after, "blink_count").value);
}

TEST(RecordingMeasures, LeadingUnknownFramesChangeLittle) {
  const SyntheticRecord made = CoverTest(Degrees(20), 0, false, 0.4, 15);
  SyntheticRecord late(9, 60, 0.4, 15);
  for (size_t i = 0; i < 60; ++i)
    for (const Side side : kSides) {
      late.Forget(side, i);
      late.eye(side).in_sight[i] = 0;
    }
  for (size_t i = 0; i < made.size(); ++i)
    for (size_t s = 0; s < 2; ++s) {
      const EyeTraces& from = made.record.eyes[s];
      EyeTraces& to = late.record.eyes[s];
      for (Trace EyeTraces::*trace :
           {&EyeTraces::mrd1_mm, &EyeTraces::mrd2_mm, &EyeTraces::aperture_mm,
            &EyeTraces::superior_show_mm, &EyeTraces::inferior_show_mm, &EyeTraces::azimuth_deg,
            &EyeTraces::elevation_deg, &EyeTraces::camera_azimuth_deg,
            &EyeTraces::camera_elevation_deg, &EyeTraces::reflex_to_pupil_x_mm,
            &EyeTraces::reflex_to_pupil_y_mm}) {
        (to.*trace).values[i + 60] = (from.*trace).values[i];
        (to.*trace).errors[i + 60] = (from.*trace).errors[i];
      }
      to.in_sight[i + 60] = from.in_sight[i];
      to.shut[i + 60] = from.shut[i];
    }
  const auto before = made.Measure(), after = late.Measure();
  for (size_t k = 0; k < before.size(); ++k) {
    const double a = before[k].value, b = after[k].value;
    EXPECT_TRUE((std::isnan(a) && std::isnan(b)) || std::abs(a - b) < 1e-6 + 1e-6 * std::abs(a))
        << before[k].name << " " << a << " " << b;
  }
}

TEST(Fixation, BceaIsThatOfTheGazeAndNotOfTheNoise) {
  EXPECT_NEAR(Bcea(1, 1, 0), 7.2, 0.01);  // 2 π · 1.1457 at unit scatter.
  EXPECT_NEAR(Bcea(4, 1, 0), 14.4, 0.02);
  EXPECT_NEAR(Bcea(1, 1, 1), 0, 1e-9);
  // A slow wander of known size under noise as large.
  double sum = 0;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    NamedRandom random(seed, "fixation", "noise");
    FixationStretch stretch;
    for (int i = 0; i < 600; ++i) {
      const double t = i / 60.0;
      stretch.azimuth_deg.push_back(0.5 * std::sqrt(2.0) * std::sin(2 * kPi * 0.7 * t) +
                                    0.5 * random.Normal());
      stretch.elevation_deg.push_back(0.5 * std::sqrt(2.0) * std::cos(2 * kPi * 0.7 * t) +
                                      0.5 * random.Normal());
    }
    stretch.azimuth_error_deg.assign(600, 0.5);
    stretch.elevation_error_deg = stretch.azimuth_error_deg;
    const FixationMeasures measures = MeasureFixation({stretch}, 60, {});
    ASSERT_TRUE(std::isfinite(measures.bcea_deg2.value));
    sum += measures.bcea_deg2.value / 10;
    EXPECT_LT(measures.saccades_per_s.value, 0.21);
  }
  EXPECT_NEAR(sum, 7.2 * 0.25, 0.5);
}

TEST(Fixation, CountsSaccadesThatStandOut) {
  NamedRandom random(1, "saccades", "noise");
  FixationStretch stretch;
  for (int i = 0; i < 600; ++i) {
    const int level = (i / 60) % 2;  // Every second, 2° to and fro.
    stretch.azimuth_deg.push_back(2.0 * level + 0.15 * random.Normal());
    stretch.elevation_deg.push_back(0.15 * random.Normal());
  }
  stretch.azimuth_error_deg.assign(600, 0.15);
  stretch.elevation_error_deg = stretch.azimuth_error_deg;
  const std::vector<Saccade> saccades = FindSaccades(stretch, 60, {});
  ASSERT_EQ(saccades.size(), 9u);
  for (size_t k = 0; k < 9; ++k) {
    EXPECT_NEAR(static_cast<double>(saccades[k].first), 60.0 * static_cast<double>(k + 1), 3);
    EXPECT_NEAR(saccades[k].amplitude_deg, 2, 0.4);
  }
  EXPECT_NEAR(MeasureFixation({stretch}, 60, {}).saccades_per_s.value, 0.9, 1e-9);
}

TEST(Statistics, IntervalsOfCountsAndNoise) {
  // Garwood 1936: none in 1 gives 0 … 3.689, five give 1.623 … 11.668.
  EXPECT_NEAR(PoissonInterval(0, 1).high, 3.689, 1e-3);
  EXPECT_NEAR(PoissonInterval(5, 1).low, 1.623, 1e-3);
  EXPECT_NEAR(PoissonInterval(5, 2).high, 11.668 / 2, 1e-3);
  EXPECT_TRUE(std::isnan(PoissonInterval(5, 0).low));
  NamedRandom random(1, "noise", "test");
  std::vector<double> values;
  for (int i = 0; i < 4000; ++i) values.push_back(0.02 * i + 0.7 * random.Normal());
  EXPECT_NEAR(WhiteNoise(values), 0.7, 0.04);
  EXPECT_TRUE(std::isnan(WhiteNoise({1, 2})));
}

TEST(Statistics, MedianIntervalCoversTheTruthOfCorrelatedFrames) {
  int covered = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    NamedRandom random(seed, "correlated", "test");
    std::vector<double> values;
    double state = random.Normal();
    for (int i = 0; i < 360; ++i) {
      state = 0.8 * state + 0.6 * random.Normal();
      values.push_back(3 + state);
    }
    const Estimate estimate = MedianOverFrames(values, 60, std::to_string(seed));
    covered += estimate.low <= 3 && estimate.high >= 3;
  }
  EXPECT_GE(covered, 84);
  EXPECT_LE(covered, 99);
}

}  // namespace
}  // namespace maskbench
