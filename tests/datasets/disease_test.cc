#include "datasets/virtual_clinic/disease.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "maskbench/core/error.h"

namespace maskbench::virtual_clinic {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::Ge;
using testing::Le;

constexpr int kDraws = 2000;
constexpr std::array<Condition, 5> kConditions = {
    Condition::kHealthy, Condition::kThyroidOrbitopathy, Condition::kPtosis, Condition::kStrabismus,
    Condition::kNystagmus};

/// Two thousand patients of a condition; no two conditions share a person.
const std::vector<Patient>& Clinic(Condition condition) {
  static const auto* clinics = [] {
    auto* made = new std::map<Condition, std::vector<Patient>>;
    for (Condition each : kConditions)
      for (int k = 0; k < kDraws; ++k)
        (*made)[each].push_back(DrawPatient(each, 7, ToString(each) + std::to_string(k)));
    return made;
  }();
  return clinics->at(condition);
}

double Share(const std::vector<Patient>& patients, const std::function<bool(const Patient&)>& is) {
  return static_cast<double>(std::count_if(patients.begin(), patients.end(), is)) /
         static_cast<double>(patients.size());
}

std::vector<double> Values(const std::vector<Patient>& patients,
                           const std::function<double(const Patient&)>& value) {
  std::vector<double> values;
  values.reserve(patients.size());
  for (const Patient& patient : patients) values.push_back(value(patient));
  return values;
}

double Mean(const std::vector<double>& values) {
  double sum = 0;
  for (double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

double Variance(const std::vector<double>& values) {
  const double mean = Mean(values);
  double sum = 0;
  for (double value : values) sum += (value - mean) * (value - mean);
  return sum / static_cast<double>(values.size() - 1);
}

double Correlation(const std::vector<double>& a, const std::vector<double>& b) {
  const double mean_a = Mean(a), mean_b = Mean(b);
  double sum = 0;
  for (size_t k = 0; k < a.size(); ++k) sum += (a[k] - mean_a) * (b[k] - mean_b);
  return sum / static_cast<double>(a.size() - 1) / std::sqrt(Variance(a) * Variance(b));
}

double LargestDeviation(const Patient& patient) {
  return std::max(std::abs(patient.deviation.horizontal_dioptres),
                  std::abs(patient.deviation.vertical_dioptres));
}

bool Horizontal(const Patient& patient) {
  return std::abs(patient.deviation.horizontal_dioptres) >=
         std::abs(patient.deviation.vertical_dioptres);
}

bool HorizontalBeats(const Nystagmus& nystagmus) {
  using Waveform = Nystagmus::Waveform;
  return nystagmus.waveform == Waveform::kPendular || nystagmus.waveform == Waveform::kJerkLeft ||
         nystagmus.waveform == Waveform::kJerkRight;
}

int AffectedEyes(const Patient& patient) {
  return (patient.eyes[0].affected ? 1 : 0) + (patient.eyes[1].affected ? 1 : 0);
}

TEST(Disease, IsAPureFunctionOfItsArguments) {
  for (Condition condition : kConditions) {
    const Json once = PatientTruth(DrawPatient(condition, 1, "p0001"));
    EXPECT_EQ(once, PatientTruth(DrawPatient(condition, 1, "p0001")));
    EXPECT_NE(once, PatientTruth(DrawPatient(condition, 1, "p0002")));
    EXPECT_NE(once, PatientTruth(DrawPatient(condition, 2, "p0001")));
  }
}

TEST(Disease, TheSamePersonIsUnderEveryDisease) {
  for (int k = 0; k < 200; ++k) {
    const std::string id = "person " + std::to_string(k);
    const Patient healthy = DrawPatient(Condition::kHealthy, 3, id);
    for (Condition condition : kConditions) {
      const Patient patient = DrawPatient(condition, 3, id);
      EXPECT_EQ(patient.blink_rate_hz, healthy.blink_rate_hz);
      EXPECT_EQ(patient.kappa_nasal_shift_deg, healthy.kappa_nasal_shift_deg);
      EXPECT_EQ(patient.epicanthus, healthy.epicanthus);
      for (int s = 0; s < 2; ++s) {
        EXPECT_EQ(patient.eyes[s].limit_down_deg, healthy.eyes[s].limit_down_deg);
        if (condition == Condition::kStrabismus || condition == Condition::kNystagmus ||
            !patient.eyes[s].affected) {
          EXPECT_EQ(patient.eyes[s].mrd1_mm, healthy.eyes[s].mrd1_mm);
          EXPECT_EQ(patient.eyes[s].mrd2_mm, healthy.eyes[s].mrd2_mm);
        }
      }
    }
  }
}

// The rule in the header, applied to the signs.
bool BorderlineByRule(const Patient& patient) {
  const EyeSigns &right = patient.eyes[0], &left = patient.eyes[1];
  switch (patient.condition) {
    case Condition::kHealthy: {
      bool lids = false;
      for (const EyeSigns& eye : patient.eyes)
        lids = lids || eye.mrd1_mm <= 3.75 || eye.mrd1_mm >= 4.75;
      return lids || LargestDeviation(patient) >= 4;
    }
    case Condition::kThyroidOrbitopathy:
      return std::max(right.mrd1_mm, left.mrd1_mm) <= 6 &&
             std::max(right.protrusion_mm, left.protrusion_mm) <= 3;
    case Condition::kPtosis:
      return std::min(right.mrd1_mm, left.mrd1_mm) >= 2.5;
    case Condition::kStrabismus:
      return LargestDeviation(patient) <= 14;
    case Condition::kNystagmus:
      return 100 * std::tan(patient.nystagmus->amplitude_deg * M_PI / 180) <= 5 + 1e-9;
  }
  return false;
}

TEST(Disease, FlagsBorderlinePatientsByTheRule) {
  for (Condition condition : kConditions) {
    SCOPED_TRACE(ToString(condition));
    int wrong = 0;
    for (const Patient& patient : Clinic(condition))
      if (patient.borderline != BorderlineByRule(patient)) ++wrong;
    EXPECT_EQ(wrong, 0);
  }
}

TEST(Disease, TheSameShareIsBorderlineWhateverTheyHave) {
  for (Condition condition : kConditions) {
    // Four standard errors of 2000 draws; the flag must not tell the label.
    EXPECT_NEAR(Share(Clinic(condition), [](const Patient& p) { return p.borderline; }), 0.42,
                0.045)
        << ToString(condition);
  }
}

TEST(Disease, HealthySignsAreThoseOfHealthyPeople) {
  const std::vector<Patient>& healthy = Clinic(Condition::kHealthy);
  for (const Patient& patient : healthy) {
    EXPECT_EQ(AffectedEyes(patient), 0);
    EXPECT_FALSE(patient.nystagmus.has_value());
    EXPECT_EQ(patient.deviation.manifest_share, 0);
    EXPECT_LT(LargestDeviation(patient), 8);
    EXPECT_LT(std::abs(patient.eyes[0].mrd1_mm - patient.eyes[1].mrd1_mm), 1);
    EXPECT_THAT(patient.drift_deg_per_s, AllOf(Ge(0), Le(9.3)));
    for (const EyeSigns& eye : patient.eyes) {
      EXPECT_THAT(eye.mrd1_mm, AllOf(Ge(3.3), Le(5.1)));
      EXPECT_THAT(eye.mrd2_mm, AllOf(Ge(3.8), Le(6.3)));
      EXPECT_LT(std::abs(eye.protrusion_mm), 1);
      EXPECT_GE(eye.lid_follow_down, 0.75);
      EXPECT_GE(eye.limit_up_deg, 26);
    }
  }
  const auto right = Values(healthy, [](const Patient& p) { return p.eyes[0].mrd1_mm; });
  const auto left = Values(healthy, [](const Patient& p) { return p.eyes[1].mrd1_mm; });
  EXPECT_NEAR(Mean(right), 4.2, 0.05);
  EXPECT_NEAR(std::sqrt(Variance(right)), 0.4, 0.05);
  EXPECT_GT(Correlation(right, left), 0.7);  // With the lid asymmetries among them.
  EXPECT_NEAR(Mean(Values(healthy, [](const Patient& p) { return p.eyes[0].mrd2_mm; })), 5.0, 0.06);
  // Drift: 30.7 % of people, about 1.1 °/s.
  const double drifting = Share(healthy, [](const Patient& p) { return p.drift_deg_per_s > 0; });
  EXPECT_NEAR(drifting, 0.307, 0.042);
  EXPECT_NEAR(Mean(Values(healthy, [](const Patient& p) { return p.drift_deg_per_s; })) / drifting,
              1.0, 0.25);
}

TEST(Disease, PtosisDroopsOneToSixMillimetres) {
  const std::vector<Patient>& patients = Clinic(Condition::kPtosis);
  std::vector<double> droops, brows;
  std::map<std::string, int> grades;
  for (const Patient& patient : patients) {
    ASSERT_GE(AffectedEyes(patient), 1);
    double most = 0;
    for (const EyeSigns& eye : patient.eyes) {
      if (!eye.affected) {
        EXPECT_GE(eye.mrd1_mm, 3.3);
        EXPECT_EQ(eye.crease_shift_mm, 0);
        continue;
      }
      EXPECT_THAT(eye.mrd1_mm, AllOf(Ge(-1.5), Le(3.5)));
      EXPECT_THAT(eye.crease_shift_mm, AllOf(Ge(0), Le(5)));
      EXPECT_THAT(eye.crease_depth_factor, AllOf(Ge(0.2), Le(1.25)));
      most = std::max(most, 4.5 - eye.mrd1_mm);
    }
    droops.push_back(most);
    brows.push_back(patient.brow_raise);
    EXPECT_THAT(patient.brow_raise, AllOf(Ge(0), Le(1)));
    const Json truth = PatientTruth(patient);
    for (const char* side : {"right", "left"})
      ++grades[truth.at(side).at("labels").at("ptosis").get<std::string>()];
  }
  EXPECT_GT(Correlation(droops, brows), 0.7);
  EXPECT_NEAR(Share(patients, [](const Patient& p) { return AffectedEyes(p) == 2; }), 0.5, 0.05);
  for (const char* grade : {"none", "mild", "moderate", "severe"}) EXPECT_GT(grades[grade], 100);
  EXPECT_EQ(grades.size(), 4u);
  // Mean MRD1 1.18 ± 1.11 mm in a surgeon's patients; here more are mild.
  EXPECT_THAT(Mean(droops), AllOf(Ge(2.4), Le(3.2)));
}

TEST(Disease, ThyroidOrbitopathyHasThePattern) {
  int mild = 0, proptosis = 0, restriction = 0, lag = 0, flare = 0;
  const std::vector<Patient>& patients = Clinic(Condition::kThyroidOrbitopathy);
  for (const Patient& patient : patients) {
    ASSERT_GE(AffectedEyes(patient), 1);
    bool pattern = false, p = false, r = false, l = false, f = false;
    for (const EyeSigns& eye : patient.eyes) {
      EXPECT_THAT(eye.mrd1_mm, AllOf(Ge(3.3), Le(8)));
      EXPECT_THAT(eye.mrd2_mm, AllOf(Ge(3.8), Le(9)));
      EXPECT_THAT(eye.protrusion_mm, AllOf(Ge(-0.5), Le(8)));
      EXPECT_THAT(eye.lateral_flare_mm, AllOf(Ge(-0.4), Le(2.5)));
      EXPECT_THAT(eye.limit_up_deg, AllOf(Ge(5), Le(50)));
      if (!eye.affected) continue;
      const bool worst = eye.mrd1_mm > 5;
      p = p || (worst && eye.protrusion_mm >= 2);
      r = r || (worst && eye.limit_up_deg <= 30);
      l = l || (worst && eye.lid_follow_down <= 0.8);
      f = f || eye.lateral_flare_mm > 0.5;
      // Bartley & Gorman: retraction and at least one more, in the same eye.
      pattern = pattern || (worst && (eye.protrusion_mm >= 2 || eye.limit_up_deg <= 30 ||
                                      eye.lid_follow_down <= 0.8));
    }
    EXPECT_TRUE(pattern) << PatientTruth(patient).dump();
    proptosis += p;
    restriction += r;
    lag += l;
    flare += f;
    const Json truth = PatientTruth(patient);
    double retraction = 0, protrusion = 0;
    for (const EyeSigns& eye : patient.eyes) {
      retraction = std::max(retraction, eye.mrd1_mm - 5);
      protrusion = std::max(protrusion, eye.protrusion_mm);
    }
    const std::string grade = retraction < 2 && protrusion < 3 ? "mild" : "moderate_severe";
    for (Side side : kSides) {
      const bool affected = patient.eyes[static_cast<int>(side)].affected;
      EXPECT_EQ(truth.at(side == Side::kRight ? "right" : "left")
                    .at("labels")
                    .at("thyroid_orbitopathy")
                    .get<std::string>(),
                affected ? grade : "none");
    }
    if (grade == "mild") ++mild;
  }
  // 65 % mild in Nabi & Rafiq, Taiwan J Ophthalmol 2020; signs as in Bartley et al. 1996.
  EXPECT_NEAR(mild, 0.62 * kDraws, 0.08 * kDraws);
  EXPECT_NEAR(proptosis, 0.62 * kDraws, 0.08 * kDraws);
  EXPECT_NEAR(restriction, 0.47 * kDraws, 0.08 * kDraws);
  EXPECT_NEAR(lag, 0.66 * kDraws, 0.08 * kDraws);
  EXPECT_NEAR(flare, 0.6 * kDraws, 0.08 * kDraws);
  EXPECT_NEAR(Share(patients, [](const Patient& p) { return AffectedEyes(p) == 1; }), 0.11, 0.03);
}

TEST(Disease, StrabismusIsBalancedAndWithinItsSizes) {
  const std::vector<Patient>& patients = Clinic(Condition::kStrabismus);
  int eso = 0, exo = 0, right_higher = 0, left_higher = 0;
  for (const Patient& patient : patients) {
    const Deviation& deviation = patient.deviation;
    EXPECT_LE(std::abs(deviation.horizontal_dioptres), 60);
    EXPECT_LE(std::abs(deviation.vertical_dioptres), 30);
    EXPECT_GE(LargestDeviation(patient), 4);
    EXPECT_THAT(deviation.manifest_share, AllOf(Ge(0.3), Le(1)));
    ASSERT_EQ(AffectedEyes(patient), 1);
    EXPECT_FALSE(patient.eyes[static_cast<int>(deviation.fixing_eye)].affected);
    const char* side = deviation.fixing_eye == Side::kRight ? "left" : "right";
    const std::string kind = PatientTruth(patient).at(side).at("labels").at("strabismus");
    if (Horizontal(patient)) {
      EXPECT_EQ(kind, deviation.horizontal_dioptres > 0 ? "esotropia" : "exotropia");
      ++(deviation.horizontal_dioptres > 0 ? eso : exo);
    } else {
      const bool right_up = deviation.vertical_dioptres > 0;
      EXPECT_EQ(kind, right_up == (side == std::string("right")) ? "hypertropia" : "hypotropia");
      ++(right_up ? right_higher : left_higher);
    }
  }
  EXPECT_NEAR(eso, exo, 4 * std::sqrt(eso + exo));
  EXPECT_NEAR(right_higher, left_higher, 4 * std::sqrt(right_higher + left_higher));
  EXPECT_GT(right_higher + left_higher, kDraws / 8);
  const double constant =
      Share(patients, [](const Patient& p) { return p.deviation.manifest_share == 1; });
  EXPECT_THAT(constant, AllOf(Ge(0.4), Le(0.8)));
}

TEST(Disease, SidesAreBalanced) {
  for (Condition condition :
       {Condition::kThyroidOrbitopathy, Condition::kPtosis, Condition::kStrabismus}) {
    int right = 0, left = 0;
    for (const Patient& patient : Clinic(condition)) {
      if (AffectedEyes(patient) != 1) continue;
      ++(patient.eyes[0].affected ? right : left);
    }
    EXPECT_GT(right + left, 100);
    EXPECT_NEAR(right, left, 4 * std::sqrt(right + left)) << ToString(condition);
  }
  for (Condition condition : kConditions)
    EXPECT_NEAR(Share(Clinic(condition),
                      [](const Patient& p) { return p.deviation.fixing_eye == Side::kRight; }),
                0.5, 0.045);
}

TEST(Disease, NystagmusIsSmallWhereItIsFast) {
  std::vector<double> log_hertz, log_degrees;
  std::map<Nystagmus::Waveform, int> waveforms;
  int typical = 0, postures = 0;
  for (const Patient& patient : Clinic(Condition::kNystagmus)) {
    ASSERT_TRUE(patient.nystagmus.has_value());
    EXPECT_EQ(AffectedEyes(patient), 2);
    EXPECT_EQ(patient.drift_deg_per_s, 0);
    const Nystagmus& n = *patient.nystagmus;
    ++waveforms[n.waveform];
    EXPECT_THAT(n.frequency_hz, AllOf(Ge(0.5), Le(11)));
    EXPECT_THAT(n.amplitude_deg, AllOf(Ge(0.3), Le(15.7)));
    EXPECT_LE(n.amplitude_deg * n.frequency_hz, 40);
    EXPECT_LE(n.amplitude_deg * n.frequency_hz * n.frequency_hz, 160);
    if (n.frequency_hz > 8) {
      EXPECT_LE(n.amplitude_deg, 1.3);
    }
    EXPECT_THAT(n.irregularity, AllOf(Ge(0.02), Le(0.3)));
    EXPECT_THAT(n.null_share, AllOf(Ge(0.1), Le(1)));
    EXPECT_THAT(n.null_width_deg, AllOf(Ge(8), Le(25)));
    log_hertz.push_back(std::log(n.frequency_hz));
    log_degrees.push_back(std::log(n.amplitude_deg));
    if (n.frequency_hz >= 2 && n.frequency_hz <= 4) ++typical;
    if (std::abs(n.null_azimuth_deg) >= 8) {
      // The eyes look into the null when the face is turned the other way.
      ++postures;
      EXPECT_TRUE(HorizontalBeats(n));
      EXPECT_NEAR(patient.head_turn_deg, -n.null_azimuth_deg, 3);
    } else {
      EXPECT_LE(std::abs(patient.head_turn_deg), 3);
    }
  }
  EXPECT_LT(Correlation(log_hertz, log_degrees), -0.35);
  EXPECT_GT(typical, kDraws / 2);
  EXPECT_NEAR(postures, 0.31 * kDraws, 0.05 * kDraws);
  EXPECT_EQ(waveforms.size(), 6u);
  for (const auto& [waveform, count] : waveforms) EXPECT_GT(count, 80) << ToString(waveform);
  const int to_left = waveforms[Nystagmus::Waveform::kJerkLeft];
  const int to_right = waveforms[Nystagmus::Waveform::kJerkRight];
  EXPECT_NEAR(to_left, to_right, 4 * std::sqrt(to_left + to_right));
}

TEST(Disease, SignsOverlapWithHealth) {
  double highest_ptosis = -9, lowest_retraction = 9, least_deviation = 99, slowest_nystagmus = 99,
         largest_restricted = 0;
  for (const Patient& patient : Clinic(Condition::kPtosis))
    for (const EyeSigns& eye : patient.eyes)
      if (eye.affected) highest_ptosis = std::max(highest_ptosis, eye.mrd1_mm);
  for (const Patient& patient : Clinic(Condition::kThyroidOrbitopathy)) {
    for (const EyeSigns& eye : patient.eyes) {
      if (eye.affected) lowest_retraction = std::min(lowest_retraction, eye.mrd1_mm);
      if (eye.affected && eye.limit_up_deg <= 30)
        largest_restricted = std::max(largest_restricted, eye.limit_up_deg);
    }
  }
  for (const Patient& patient : Clinic(Condition::kStrabismus))
    least_deviation = std::min(least_deviation, LargestDeviation(patient));
  for (const Patient& patient : Clinic(Condition::kNystagmus))
    slowest_nystagmus = std::min(
        slowest_nystagmus, patient.nystagmus->amplitude_deg * patient.nystagmus->frequency_hz);
  int lower = 0, higher = 0, deviating = 0, faster = 0, stiffer = 0;
  for (const Patient& patient : Clinic(Condition::kHealthy)) {
    for (const EyeSigns& eye : patient.eyes) {
      lower += eye.mrd1_mm < highest_ptosis;
      higher += eye.mrd1_mm > lowest_retraction;
      stiffer += eye.limit_up_deg < largest_restricted;
    }
    deviating += LargestDeviation(patient) > least_deviation;
    faster += patient.drift_deg_per_s > slowest_nystagmus;
  }
  EXPECT_GT(lower, 20);
  EXPECT_GT(higher, 20);
  EXPECT_GT(deviating, 20);
  EXPECT_GT(faster, 20);
  EXPECT_GT(stiffer, 20);
}

TEST(Disease, EveryMimicOccursAndLooksTheWayItIsCalled) {
  const std::set<std::string> kinds = {"pseudostrabismus_kappa", "pseudostrabismus_epicanthus",
                                       "inferior_show", "drift", "lid_asymmetry"};
  std::map<std::string, int> counts;
  for (const Patient& patient : Clinic(Condition::kHealthy)) ++counts[patient.mimic];
  EXPECT_NEAR(kDraws - counts[""], 0.25 * kDraws, 0.04 * kDraws);
  EXPECT_EQ(counts.size(), kinds.size() + 1);
  for (const std::string& kind : kinds) EXPECT_NEAR(counts[kind], 0.05 * kDraws, 0.02 * kDraws);

  int large_kappa = 0, negative_kappa = 0, pseudoptosis = 0;
  for (Condition condition : kConditions) {
    for (const Patient& patient : Clinic(condition)) {
      SCOPED_TRACE(patient.mimic);
      const EyeSigns &right = patient.eyes[0], &left = patient.eyes[1];
      const double apart = std::abs(right.mrd1_mm - left.mrd1_mm);
      if (patient.mimic == "pseudostrabismus_kappa") {
        EXPECT_GE(std::abs(patient.kappa_nasal_shift_deg), 4);
        ++(patient.kappa_nasal_shift_deg > 0 ? large_kappa : negative_kappa);
      } else if (condition != Condition::kStrabismus) {
        EXPECT_EQ(patient.kappa_nasal_shift_deg, 0);
      }
      if (patient.mimic == "pseudostrabismus_epicanthus") {
        EXPECT_GE(patient.epicanthus, 0.6);
      }
      if (patient.mimic == "inferior_show") {
        EXPECT_GE(std::min(right.mrd2_mm, left.mrd2_mm), 5.8);
      }
      if (patient.mimic == "drift") {
        EXPECT_GT(patient.drift_deg_per_s, 1.7);
      }
      if (patient.mimic == "lid_asymmetry") {
        EXPECT_THAT(apart, AllOf(Ge(0.499), Le(0.99)));
      }
      if (patient.mimic == "pseudoptosis_hypotropia") {
        ++pseudoptosis;
        EXPECT_EQ(condition, Condition::kStrabismus);
        // The deviating eye is low, yet its lid is a healthy one while it fixates.
        const double right_up = patient.deviation.vertical_dioptres;
        EXPECT_GE(patient.deviation.fixing_eye == Side::kLeft ? -right_up : right_up, 9);
        EXPECT_GE(std::min(right.mrd1_mm, left.mrd1_mm), 3.3);
        EXPECT_LT(apart, 0.5);
      }
      // What imitates the own disease is not a mimic.
      const std::string& mimic = patient.mimic;
      if (condition == Condition::kNystagmus) {
        EXPECT_NE(mimic, "drift");
      }
      if (condition == Condition::kPtosis) {
        EXPECT_NE(mimic, "lid_asymmetry");
      }
      if (condition == Condition::kStrabismus) {
        EXPECT_THAT(
            mimic, AnyOf("", "inferior_show", "drift", "lid_asymmetry", "pseudoptosis_hypotropia"));
      }
    }
  }
  EXPECT_GT(pseudoptosis, kDraws / 40);
  EXPECT_NEAR(large_kappa, negative_kappa, 4 * std::sqrt(large_kappa + negative_kappa));
}

TEST(Disease, UnaffectedSignsKeepTheirHealthyDistribution) {
  const auto compare = [](const char* sign, Condition condition,
                          const std::function<double(const Patient&)>& value,
                          const std::function<bool(const Patient&)>& counts) {
    std::vector<Patient> patients;
    for (const Patient& patient : Clinic(condition))
      if (counts(patient)) patients.push_back(patient);
    const std::vector<double> a = Values(Clinic(Condition::kHealthy), value);
    const std::vector<double> b = Values(patients, value);
    const double error = std::sqrt(Variance(a) / static_cast<double>(a.size()) +
                                   Variance(b) / static_cast<double>(b.size()));
    EXPECT_LT(std::abs(Mean(a) - Mean(b)), 4 * error) << sign << " in " << ToString(condition);
    const double ratio = Variance(a) / Variance(b);
    EXPECT_THAT(ratio, AllOf(Ge(0.6), Le(1.7))) << sign << " in " << ToString(condition);
  };
  const auto all = [](const Patient&) { return true; };
  const auto left_free = [](const Patient& p) { return !p.eyes[1].affected; };
  const auto mrd1 = [](const Patient& p) { return p.eyes[1].mrd1_mm; };
  const auto mrd2 = [](const Patient& p) { return p.eyes[1].mrd2_mm; };
  const auto reach_up = [](const Patient& p) { return p.eyes[1].limit_up_deg; };
  const auto follow = [](const Patient& p) { return p.eyes[1].lid_follow_down; };
  const auto protrusion = [](const Patient& p) { return p.eyes[1].protrusion_mm; };
  const auto flare = [](const Patient& p) { return p.eyes[1].lateral_flare_mm; };
  const auto horizontal = [](const Patient& p) { return p.deviation.horizontal_dioptres; };
  const auto vertical = [](const Patient& p) { return p.deviation.vertical_dioptres; };
  const auto drift = [](const Patient& p) { return p.drift_deg_per_s; };
  const auto turn = [](const Patient& p) { return p.head_turn_deg; };
  for (Condition condition : kConditions) {
    compare(
        "blink rate", condition, [](const Patient& p) { return p.blink_rate_hz; }, all);
    compare(
        "kappa", condition, [](const Patient& p) { return p.kappa_nasal_shift_deg; }, all);
    compare(
        "epicanthus", condition, [](const Patient& p) { return p.epicanthus; }, all);
    compare(
        "reach down", condition, [](const Patient& p) { return p.eyes[1].limit_down_deg; }, all);
    if (condition != Condition::kStrabismus) {
      compare("horizontal phoria", condition, horizontal, all);
      compare("vertical phoria", condition, vertical, all);
    }
    if (condition != Condition::kNystagmus) {
      compare("drift", condition, drift, all);
      compare("head turn", condition, turn, all);
    }
    if (condition != Condition::kThyroidOrbitopathy) {
      compare("MRD2", condition, mrd2, all);
      compare("reach up", condition, reach_up, all);
      compare("following lid", condition, follow, all);
      compare("protrusion", condition, protrusion, all);
      compare("flare", condition, flare, all);
    }
  }
  for (Condition condition : {Condition::kStrabismus, Condition::kNystagmus})
    compare("MRD1", condition, mrd1, all);
  // The fellow eye of a one-sided disease.
  for (Condition condition : {Condition::kPtosis, Condition::kThyroidOrbitopathy}) {
    compare("fellow MRD1", condition, mrd1, left_free);
    compare("fellow MRD2", condition, mrd2, left_free);
  }
}

TEST(Disease, TruthCarriesEverySignWithItsUnit) {
  const std::set<std::string> units = {"mm",    "deg",  "hz",     "s", "dioptres",
                                       "share", "gain", "factor", "cv"};
  std::set<std::string> names;
  for (Condition condition : kConditions) {
    for (int k = 0; k < 200; ++k) {
      const Patient& patient = Clinic(condition)[static_cast<size_t>(k)];
      const Json truth = PatientTruth(patient);
      EXPECT_EQ(truth.at("condition").get<std::string>(), ToString(condition));
      EXPECT_EQ(truth.at("borderline").get<bool>(), patient.borderline);
      EXPECT_THAT(truth.at("fixing_eye").get<std::string>(), AnyOf("right", "left"));
      for (Side side : kSides) {
        const Json& eye = truth.at(side == Side::kRight ? "right" : "left");
        const EyeSigns& signs = patient.eyes[static_cast<int>(side)];
        std::set<std::string> here;
        for (const auto& [name, value] : eye.at("truth").items()) {
          here.insert(name);
          EXPECT_EQ(units.count(name.substr(name.rfind('_') + 1)), 1u) << name;
          ASSERT_TRUE(value.is_number()) << name;
          EXPECT_TRUE(std::isfinite(value.get<double>())) << name;
        }
        if (names.empty()) names = here;
        EXPECT_EQ(here, names);
        EXPECT_EQ(eye.at("truth").at("mrd1_mm").get<double>(), signs.mrd1_mm);
        for (Condition each : kConditions) {
          if (each == Condition::kHealthy) continue;
          const bool here_too = each == condition && signs.affected;
          EXPECT_EQ(eye.at("labels").at(ToString(each)) != "none", here_too) << ToString(each);
        }
        if (condition == Condition::kNystagmus) {
          EXPECT_EQ(eye.at("labels").at("nystagmus"), ToString(patient.nystagmus->waveform));
        }
        EXPECT_EQ(eye.at("labels").at("borderline"), patient.borderline ? "yes" : "no");
      }
    }
  }
  EXPECT_EQ(names.size(), 32u);
}

TEST(Disease, ASecondConditionLeavesTheFirstAsItIs) {
  for (int k = 0; k < 50; ++k) {
    const std::string id = "p" + std::to_string(k);
    const Patient one = DrawPatient(Condition::kPtosis, 5, id),
                  both = DrawPatient(Condition::kPtosis, 5, id, Condition::kNystagmus),
                  other = DrawPatient(Condition::kNystagmus, 5, id);
    ASSERT_TRUE(both.nystagmus.has_value());
    EXPECT_EQ(both.nystagmus->amplitude_deg, other.nystagmus->amplitude_deg);
    const Json truth = PatientTruth(both), alone = PatientTruth(one);
    EXPECT_EQ(truth.at("second_condition"), "nystagmus");
    EXPECT_FALSE(alone.contains("second_condition"));
    for (const char* side : {"right", "left"}) {
      EXPECT_EQ(truth.at(side).at("truth").at("mrd1_mm"), alone.at(side).at("truth").at("mrd1_mm"));
      EXPECT_EQ(truth.at(side).at("labels").at("ptosis"), alone.at(side).at("labels").at("ptosis"));
      EXPECT_EQ(truth.at(side).at("labels").at("nystagmus"),
                PatientTruth(other).at(side).at("labels").at("nystagmus"));
      EXPECT_EQ(truth.at(side).at("labels").at("strabismus"), "none");
    }
  }
  EXPECT_THROW(DrawPatient(Condition::kPtosis, 1, "p", Condition::kPtosis), UsageError);
  EXPECT_THROW(DrawPatient(Condition::kStrabismus, 1, "p", Condition::kThyroidOrbitopathy),
               UsageError);
  EXPECT_THROW(DrawPatient(Condition::kHealthy, 1, "p", Condition::kNystagmus), UsageError);
}

}  // namespace
}  // namespace maskbench::virtual_clinic
