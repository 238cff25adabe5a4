#include "maskbench/clinical/diagnostic_rules.h"

#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "maskbench/core/error.h"

namespace maskbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kLittle = 1e-6;

/// Measures of a healthy patient, to be changed one by one.
class Measured {
 public:
  Measured() {
    for (const Side side : kSides)
      Set(side, "mrd1", 4.2).Set(side, "mrd2", 5).Set(side, "lid_lag", 0.6);
    Set({}, "mrd1_asymmetry", 0).Set({}, "deviation_horizontal", -2);
    Set({}, "deviation_vertical", 0.5).Set({}, "fixing_eye", kNan).Set({}, "nystagmus_present", 0);
  }

  Measured& Set(std::optional<Side> eye, const std::string& name, double value,
                double half_width = kNan) {
    for (MeasureValue& measure : values_)
      if (measure.eye == eye && measure.name == name) {
        measure.value = value;
        measure.low = value - half_width;
        measure.high = value + half_width;
        return *this;
      }
    MeasureValue measure;
    measure.eye = eye;
    measure.name = name;
    values_.push_back(measure);
    return Set(eye, name, value, half_width);
  }

  RuleVerdict Verdict(const DiagnosticRules& rules = {}) const {
    return ApplyRules(values_, rules);
  }

  Finding Find(Side side, EyeCondition condition) const {
    return Verdict().diagnosis.At(side, condition);
  }

  double Evidence(std::optional<Side> eye, const std::string& name) const {
    for (const MeasureValue& evidence : Verdict().evidence)
      if (evidence.eye == eye && evidence.name == name) return evidence.value;
    ADD_FAILURE() << "no evidence " << name;
    return kNan;
  }

 private:
  std::vector<MeasureValue> values_;
};

TEST(DiagnosticRules, OfAHealthyPatientFindNothing) {
  const RuleVerdict verdict = Measured().Verdict();
  for (const Side side : kSides)
    for (const EyeCondition condition : kEyeConditions) {
      const Finding& finding = verdict.diagnosis.At(side, condition);
      EXPECT_EQ(finding.presence, Presence::kAbsent) << ToString(condition);
      EXPECT_EQ(finding.confidence, 0) << ToString(condition);
      EXPECT_EQ(finding.kind + finding.grade, "");
    }
}

TEST(DiagnosticRules, OfNothingMeasuredKnowNothing) {
  const RuleVerdict verdict = ApplyRules({}, {});
  for (const Side side : kSides)
    for (const EyeCondition condition : kEyeConditions) {
      EXPECT_EQ(verdict.diagnosis.At(side, condition).presence, Presence::kUnknown);
      EXPECT_TRUE(std::isnan(verdict.diagnosis.At(side, condition).confidence));
    }
}

TEST(DiagnosticRules, PtosisBeginsAndWorsensAtItsThresholds) {
  const auto grade = [](double mrd1) {
    const Finding finding =
        Measured().Set(Side::kLeft, "mrd1", mrd1).Find(Side::kLeft, EyeCondition::kPtosis);
    EXPECT_EQ(finding.presence == Presence::kPresent, !finding.grade.empty());
    return finding.grade;
  };
  EXPECT_EQ(grade(3.5 + kLittle), "");
  EXPECT_EQ(grade(3.5), "mild");
  EXPECT_EQ(grade(2 + kLittle), "mild");
  EXPECT_EQ(grade(2), "moderate");
  EXPECT_EQ(grade(0.5 + kLittle), "moderate");
  EXPECT_EQ(grade(0.5), "severe");
  EXPECT_EQ(grade(-1), "severe");
  // The other eye is judged by itself.
  EXPECT_EQ(
      Measured().Set(Side::kLeft, "mrd1", 1).Find(Side::kRight, EyeCondition::kPtosis).presence,
      Presence::kAbsent);
}

TEST(DiagnosticRules, ALowLidIsASecondEndpoint) {
  const auto low = [](double mrd1) {
    return Measured().Set(Side::kRight, "mrd1", mrd1).Evidence(Side::kRight, "rule_low_lid");
  };
  EXPECT_LT(low(2 + kLittle), 0);
  EXPECT_GT(low(2 - kLittle), 0);
  // Right − left: the right lid is the lower one when it is negative.
  const auto asymmetric = [](Side side, double right_minus_left) {
    return Measured()
        .Set({}, "mrd1_asymmetry", right_minus_left)
        .Evidence(side, "rule_lid_asymmetry");
  };
  EXPECT_LT(asymmetric(Side::kRight, -2 + kLittle), 0);
  EXPECT_GE(asymmetric(Side::kRight, -2 - kLittle), 0);
  EXPECT_LT(asymmetric(Side::kLeft, -2 - kLittle), 0);
  EXPECT_GE(asymmetric(Side::kLeft, 2 + kLittle), 0);
}

TEST(DiagnosticRules, ThyroidOrbitopathyIsRetractionWithAnotherSign) {
  const auto finding = [](double mrd1, double mrd2, double lag) {
    return Measured()
        .Set(Side::kRight, "mrd1", mrd1)
        .Set(Side::kRight, "mrd2", mrd2)
        .Set(Side::kRight, "lid_lag", lag)
        .Find(Side::kRight, EyeCondition::kThyroidOrbitopathy);
  };
  EXPECT_EQ(finding(6, 5, 0.6).presence, Presence::kAbsent);
  EXPECT_EQ(finding(6, 5, 1.5 - kLittle).presence, Presence::kAbsent);
  EXPECT_EQ(finding(6, 5, 1.5).presence, Presence::kPresent);
  EXPECT_EQ(finding(6, 5, 1.5).kind, "lid_lag");
  EXPECT_EQ(finding(6, 5.5, 0.6).presence, Presence::kAbsent);
  EXPECT_EQ(finding(6, 5.5 + kLittle, 0.6).kind, "lower_retraction");
  EXPECT_EQ(finding(6, 6, 2).kind, "lid_lag+lower_retraction");
  EXPECT_EQ(finding(5, 6, 2).presence, Presence::kAbsent);
  EXPECT_EQ(finding(5 + kLittle, 6, 2).presence, Presence::kPresent);
  EXPECT_EQ(finding(7 - kLittle, 6, 2).grade, "mild");
  EXPECT_EQ(finding(7 + kLittle, 6, 2).grade, "moderate_severe");
}

TEST(DiagnosticRules, ThyroidOrbitopathyIsGradedByTheWorseEye) {
  Measured measured;
  measured.Set(Side::kRight, "mrd1", 7.5).Set(Side::kRight, "lid_lag", 3);
  measured.Set(Side::kLeft, "mrd1", 5.5).Set(Side::kLeft, "lid_lag", 3);
  EXPECT_EQ(measured.Find(Side::kLeft, EyeCondition::kThyroidOrbitopathy).grade, "moderate_severe");
}

TEST(DiagnosticRules, ThyroidOrbitopathyIsUnknownOnlyWhereItCouldBeEither) {
  const auto presence = [](double mrd1, double mrd2, double lag) {
    return Measured()
        .Set(Side::kLeft, "mrd1", mrd1)
        .Set(Side::kLeft, "mrd2", mrd2)
        .Set(Side::kLeft, "lid_lag", lag)
        .Find(Side::kLeft, EyeCondition::kThyroidOrbitopathy)
        .presence;
  };
  EXPECT_EQ(presence(6, 5, kNan), Presence::kUnknown);
  EXPECT_EQ(presence(6, 6, kNan), Presence::kPresent);
  EXPECT_EQ(presence(4, kNan, kNan), Presence::kAbsent);
  EXPECT_EQ(presence(kNan, 6, 2), Presence::kUnknown);
  EXPECT_EQ(presence(kNan, 5, 0.5), Presence::kAbsent);
}

TEST(DiagnosticRules, StrabismusBeginsAtItsThresholdAndIsOfTheEyeThatDoesNotFixate) {
  const auto finding = [](Side side, double horizontal, double vertical, double fixing_eye) {
    return Measured()
        .Set({}, "deviation_horizontal", horizontal)
        .Set({}, "deviation_vertical", vertical)
        .Set({}, "fixing_eye", fixing_eye)
        .Find(side, EyeCondition::kStrabismus);
  };
  EXPECT_EQ(finding(Side::kLeft, 9, 9, 1).presence, Presence::kAbsent);
  EXPECT_EQ(finding(Side::kLeft, -9, -9, 1).presence, Presence::kAbsent);
  EXPECT_EQ(finding(Side::kLeft, 9 + kLittle, 0, 1).kind, "esotropia");
  EXPECT_EQ(finding(Side::kLeft, -9 - kLittle, 0, 1).kind, "exotropia");
  EXPECT_EQ(finding(Side::kRight, 20, 0, 1).presence, Presence::kAbsent);
  EXPECT_EQ(finding(Side::kRight, 20, 0, 1).confidence, 0);
  EXPECT_EQ(finding(Side::kRight, 20, 0, -1).kind, "esotropia");
  EXPECT_EQ(finding(Side::kLeft, 20, 0, -1).presence, Presence::kAbsent);
  // Nobody knows which: both.
  EXPECT_EQ(finding(Side::kRight, 20, 0, kNan).presence, Presence::kPresent);
  EXPECT_EQ(finding(Side::kLeft, 20, 0, kNan).presence, Presence::kPresent);
}

TEST(DiagnosticRules, StrabismusIsNamedByItsLargerPlane) {
  const auto kind = [](Side side, double horizontal, double vertical) {
    return Measured()
        .Set({}, "deviation_horizontal", horizontal)
        .Set({}, "deviation_vertical", vertical)
        .Find(side, EyeCondition::kStrabismus)
        .kind;
  };
  // A higher right eye is positive.
  EXPECT_EQ(kind(Side::kRight, 5, 9 + kLittle), "hypertropia");
  EXPECT_EQ(kind(Side::kLeft, 5, 9 + kLittle), "hypotropia");
  EXPECT_EQ(kind(Side::kRight, 5, -12), "hypotropia");
  EXPECT_EQ(kind(Side::kLeft, 5, -12), "hypertropia");
  EXPECT_EQ(kind(Side::kLeft, 13, -12), "esotropia");
  EXPECT_EQ(kind(Side::kLeft, -11, -12), "hypertropia");
}

TEST(DiagnosticRules, StrabismusIsUnknownOnlyWhereItCouldBeEither) {
  const auto presence = [](double horizontal, double vertical) {
    return Measured()
        .Set({}, "deviation_horizontal", horizontal)
        .Set({}, "deviation_vertical", vertical)
        .Find(Side::kRight, EyeCondition::kStrabismus)
        .presence;
  };
  EXPECT_EQ(presence(2, kNan), Presence::kUnknown);
  EXPECT_EQ(presence(20, kNan), Presence::kPresent);
  EXPECT_EQ(presence(kNan, 15), Presence::kPresent);
  EXPECT_EQ(presence(kNan, kNan), Presence::kUnknown);
}

TEST(DiagnosticRules, NystagmusIsOfBothEyesAndNamedByItsBeats) {
  const auto kind = [](double jerk, double fast_phase, double direction) {
    Measured measured;
    measured.Set({}, "nystagmus_present", 1).Set({}, "nystagmus_jerk", jerk);
    measured.Set({}, "nystagmus_fast_phase", fast_phase).Set({}, "nystagmus_direction", direction);
    for (const Side side : kSides) {
      const Finding finding = measured.Find(side, EyeCondition::kNystagmus);
      EXPECT_EQ(finding.presence, Presence::kPresent);
      EXPECT_EQ(finding.confidence, 1);
    }
    return measured.Find(Side::kRight, EyeCondition::kNystagmus).kind;
  };
  EXPECT_EQ(kind(1, 0, 0), "jerk_left");
  EXPECT_EQ(kind(1, 44.9, 45), "jerk_left");
  EXPECT_EQ(kind(1, 45.1, 45), "jerk_up");
  EXPECT_EQ(kind(1, 180, 0), "jerk_right");
  EXPECT_EQ(kind(1, 270, 90), "jerk_down");
  EXPECT_EQ(kind(1, 350, 170), "jerk_left");
  EXPECT_EQ(kind(0, kNan, 0), "pendular");
  EXPECT_EQ(kind(0, kNan, 44.9), "pendular");
  EXPECT_EQ(kind(0, kNan, 45.1), "pendular_vertical");
  EXPECT_EQ(kind(0, kNan, 135.1), "pendular");
  EXPECT_EQ(Measured()
                .Set({}, "nystagmus_present", kNan)
                .Find(Side::kLeft, EyeCondition::kNystagmus)
                .presence,
            Presence::kUnknown);
}

TEST(DiagnosticRules, ConfidenceComesFromTheIntervals) {
  // MRD1 3.0 ± 0.98 (standard error 0.5), 0.5 below the limit of 3.5: Φ(1).
  const double one = 0.5 * std::erfc(-1 / std::sqrt(2.0));
  EXPECT_NEAR(Measured()
                  .Set(Side::kRight, "mrd1", 3, 0.5 * 1.959963984540054)
                  .Find(Side::kRight, EyeCondition::kPtosis)
                  .confidence,
              one, 1e-12);
  EXPECT_NEAR(Measured()
                  .Set(Side::kRight, "mrd1", 4, 0.5 * 1.959963984540054)
                  .Find(Side::kRight, EyeCondition::kPtosis)
                  .confidence,
              1 - one, 1e-12);
  // Retraction Φ(1), lag Φ(1), lower lid Φ(−1): Φ(1) · (1 − (1 − Φ(1)) · Φ(1)).
  Measured measured;
  measured.Set(Side::kLeft, "mrd1", 5.5, 0.5 * 1.959963984540054);
  measured.Set(Side::kLeft, "lid_lag", 2, 0.5 * 1.959963984540054);
  measured.Set(Side::kLeft, "mrd2", 5, 0.5 * 1.959963984540054);
  EXPECT_NEAR(measured.Find(Side::kLeft, EyeCondition::kThyroidOrbitopathy).confidence,
              one * (1 - (1 - one) * one), 1e-12);
  // Exotropia of 12 ± 5.88 Δ: 3 beyond 9, standard error 3.
  EXPECT_NEAR(Measured()
                  .Set({}, "deviation_horizontal", -12, 3 * 1.959963984540054)
                  .Find(Side::kLeft, EyeCondition::kStrabismus)
                  .confidence,
              one, 1e-12);
}

TEST(DiagnosticRules, EvidenceHasTheIntervalOnTheRightSide) {
  const RuleVerdict verdict = Measured().Set(Side::kRight, "mrd1", 3, 0.2).Verdict();
  for (const MeasureValue& evidence : verdict.evidence) {
    if (evidence.eye != Side::kRight || evidence.name != "rule_ptosis") continue;
    EXPECT_NEAR(evidence.value, 0.5, 1e-12);
    EXPECT_NEAR(evidence.low, 0.3, 1e-12);
    EXPECT_NEAR(evidence.high, 0.7, 1e-12);
    EXPECT_NE(evidence.note.find("4.5 mm"), std::string::npos);
    return;
  }
  FAIL() << "no evidence of ptosis";
}

TEST(DiagnosticRules, ThresholdsAreOptions) {
  DiagnosticRules strict;
  strict.mild_droop_mm = 0.2;
  EXPECT_EQ(Measured().Verdict(strict).diagnosis.At(Side::kLeft, EyeCondition::kPtosis).presence,
            Presence::kPresent);
  Problems problems;
  DiagnosticRules::Options().Parse({{"moderate_droop_mm", 0.5}}, "", &problems);
  EXPECT_FALSE(problems.empty());
}

TEST(Diagnosis, SurvivesTheStore) {
  Diagnosis diagnosis;
  diagnosis.At(Side::kLeft, EyeCondition::kStrabismus) = {Presence::kPresent, "esotropia", "", 0.8};
  diagnosis.At(Side::kRight, EyeCondition::kPtosis) = {Presence::kPresent, "", "severe", 1};
  diagnosis.At(Side::kRight, EyeCondition::kNystagmus) = {Presence::kAbsent, "", "", 0};
  std::vector<Reading> readings = ToReadings(diagnosis);
  EXPECT_EQ(readings.size(), 10u);
  readings.push_back({{}, "strabismus", "present", 1});
  readings.push_back({Side::kLeft, "cataract", "present", 1});
  const Diagnosis again = ToDiagnosis(readings);
  for (const Side side : kSides)
    for (const EyeCondition condition : kEyeConditions) {
      const Finding &was = diagnosis.At(side, condition), &is = again.At(side, condition);
      EXPECT_EQ(was.presence, is.presence);
      EXPECT_EQ(was.kind, is.kind);
      EXPECT_EQ(was.grade, is.grade);
      EXPECT_TRUE(was.confidence == is.confidence ||
                  (std::isnan(was.confidence) && std::isnan(is.confidence)));
    }
  EXPECT_THROW(ToDiagnosis({{Side::kLeft, "ptosis", "perhaps", 1}}), DataError);
}

}  // namespace
}  // namespace maskbench
