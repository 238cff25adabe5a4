#include "maskbench/clinical/diagnostic_rules.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "maskbench/stats/distributions.h"

namespace maskbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double k95 = 1.959963984540054;

/// A measure relative to its threshold: positive (or 0, see `at_limit`) when the sign is there.
struct Sign {
  MeasureValue evidence;
  bool at_limit = false;  ///< Whether a measure on the threshold counts.

  bool known() const { return !std::isnan(evidence.value); }
  bool there() const { return at_limit ? evidence.value >= 0 : evidence.value > 0; }
  Presence presence() const {
    return !known() ? Presence::kUnknown : there() ? Presence::kPresent : Presence::kAbsent;
  }
  /// Probability that it is there; NaN when unknown.
  double confidence() const {
    if (!known()) return kNan;
    const double error = (evidence.high - evidence.low) / (2 * k95);
    if (!(error > 0) || !std::isfinite(error)) return there() ? 1 : 0;
    return NormalCdf(evidence.value / error);
  }
};

class Rules {
 public:
  Rules(const std::vector<MeasureValue>& measures, const DiagnosticRules& rules)
      : measures_(measures), rules_(rules) {}

  RuleVerdict Apply() {
    for (const Side side : kSides) ReadPtosis(side);
    ReadThyroidOrbitopathy();
    ReadStrabismus();
    ReadNystagmus();
    return std::move(verdict_);
  }

 private:
  /// A measure; unknown when there is none of that name.
  MeasureValue Get(std::optional<Side> eye, const char* name) const {
    for (const MeasureValue& measure : measures_)
      if (measure.eye == eye && measure.name == name) return measure;
    MeasureValue missing;
    missing.eye = eye;
    missing.name = name;
    missing.value = kNan;
    missing.note = "not measured";
    return missing;
  }

  /// factor · measure − threshold, kept as evidence.
  Sign Judge(const char* name, const MeasureValue& measure, double factor, double threshold,
             bool at_limit, const std::string& rule) {
    Sign sign;
    sign.at_limit = at_limit;
    sign.evidence = measure;
    sign.evidence.name = name;
    sign.evidence.value = factor * measure.value - threshold;
    sign.evidence.low = factor * (factor < 0 ? measure.high : measure.low) - threshold;
    sign.evidence.high = factor * (factor < 0 ? measure.low : measure.high) - threshold;
    sign.evidence.note = measure.note.empty() ? rule : rule + "; " + measure.note;
    verdict_.evidence.push_back(sign.evidence);
    return sign;
  }

  void ReadPtosis(Side side) {
    const MeasureValue mrd1 = Get(side, "mrd1");
    const Sign droop =
        Judge("rule_ptosis", mrd1, -1, rules_.mild_droop_mm - rules_.full_mrd1_mm, true,
              fmt::format("droop below {:g} mm, beyond {:g} mm", rules_.full_mrd1_mm,
                          rules_.mild_droop_mm));
    Finding& finding = verdict_.diagnosis.At(side, EyeCondition::kPtosis);
    finding.presence = droop.presence();
    finding.confidence = droop.confidence();
    if (finding.presence == Presence::kPresent) {
      const double droop_mm = rules_.full_mrd1_mm - mrd1.value;
      finding.grade = droop_mm >= rules_.severe_droop_mm     ? "severe"
                      : droop_mm >= rules_.moderate_droop_mm ? "moderate"
                                                             : "mild";
    }
    // The second endpoint stands beside the diagnosis.
    Judge("rule_low_lid", mrd1, -1, -rules_.low_mrd1_mm, false,
          fmt::format("MRD1 below {:g} mm", rules_.low_mrd1_mm));
    MeasureValue asymmetry = Get({}, "mrd1_asymmetry");
    asymmetry.eye = side;
    Judge("rule_lid_asymmetry", asymmetry, side == Side::kRight ? -1 : 1, rules_.asymmetry_mm, true,
          fmt::format("{:g} mm below the other lid", rules_.asymmetry_mm));
  }

  /// Upper retraction with one more sign. A face-on video tells neither protrusion in millimetres
  /// nor how far an eye can turn, so what goes with them is looked for: lag and a low lower lid.
  void ReadThyroidOrbitopathy() {
    bool severe = false;
    for (const Side side : kSides) {
      const Sign upper =
          Judge("rule_upper_retraction", Get(side, "mrd1"), 1, rules_.retraction_mrd1_mm, false,
                fmt::format("MRD1 above {:g} mm", rules_.retraction_mrd1_mm));
      const Sign lag =
          Judge("rule_lid_lag", Get(side, "lid_lag"), 1, rules_.lid_lag_mm, true,
                fmt::format("{:g} mm behind an eye that looks 30 degrees down", rules_.lid_lag_mm));
      const Sign lower =
          Judge("rule_lower_retraction", Get(side, "mrd2"), 1, rules_.lower_retraction_mrd2_mm,
                false, fmt::format("MRD2 above {:g} mm", rules_.lower_retraction_mrd2_mm));
      Finding& finding = verdict_.diagnosis.At(side, EyeCondition::kThyroidOrbitopathy);
      const bool any = lag.there() || lower.there();
      const bool all_known = lag.known() && lower.known();
      if ((upper.known() && !upper.there()) || (!any && all_known)) {
        finding.presence = Presence::kAbsent;
      } else if (upper.known() && any) {
        finding.presence = Presence::kPresent;
      }
      if (finding.presence == Presence::kUnknown) continue;
      const auto or_nothing = [](double p) { return std::isnan(p) ? 0.0 : p; };
      const auto or_all = [](double p) { return std::isnan(p) ? 1.0 : p; };
      finding.confidence =
          or_all(upper.confidence()) *
          (1 - (1 - or_nothing(lag.confidence())) * (1 - or_nothing(lower.confidence())));
      if (finding.presence != Presence::kPresent) continue;
      finding.kind = lag.there() && lower.there() ? "lid_lag+lower_retraction"
                     : lag.there()                ? "lid_lag"
                                                  : "lower_retraction";
      severe |= upper.evidence.value >= rules_.severe_retraction_mm;
    }
    // Severity is the patient's, by the worse eye.
    for (const Side side : kSides) {
      Finding& finding = verdict_.diagnosis.At(side, EyeCondition::kThyroidOrbitopathy);
      if (finding.presence == Presence::kPresent)
        finding.grade = severe ? "moderate_severe" : "mild";
    }
  }

  void ReadStrabismus() {
    const MeasureValue across = Get({}, "deviation_horizontal"), up = Get({}, "deviation_vertical"),
                       fixing = Get({}, "fixing_eye");
    const std::string rule = fmt::format("above {:g} dioptres", rules_.deviation_dioptres);
    const auto judge = [&](const char* name, const MeasureValue& measure) {
      return Judge(name, measure, measure.value < 0 ? -1 : 1, rules_.deviation_dioptres, false,
                   rule);
    };
    const Sign horizontal = judge("rule_deviation_horizontal", across);
    const Sign vertical = judge("rule_deviation_vertical", up);
    const bool any = horizontal.there() || vertical.there();
    const bool all_known = horizontal.known() && vertical.known();
    if (!any && !all_known) return;
    const auto or_nothing = [](double p) { return std::isnan(p) ? 0.0 : p; };
    const double confidence =
        1 - (1 - or_nothing(horizontal.confidence())) * (1 - or_nothing(vertical.confidence()));
    // The plane with the larger deviation names it.
    const bool is_horizontal =
        horizontal.there() && (!vertical.there() || std::abs(across.value) >= std::abs(up.value));
    for (const Side side : kSides) {
      Finding& finding = verdict_.diagnosis.At(side, EyeCondition::kStrabismus);
      const bool fixes = fixing.value == (side == Side::kRight ? 1 : -1);
      finding.presence = any && !fixes ? Presence::kPresent : Presence::kAbsent;
      // Of the eye that fixates, the deviation says nothing.
      finding.confidence = any && fixes ? 0 : confidence;
      if (finding.presence != Presence::kPresent) continue;
      finding.kind = is_horizontal ? (across.value > 0 ? "esotropia" : "exotropia")
                     : (up.value > 0) == (side == Side::kRight) ? "hypertropia"
                                                                : "hypotropia";
    }
  }

  void ReadNystagmus() {
    const MeasureValue present = Get({}, "nystagmus_present");
    const Sign sign =
        Judge("rule_nystagmus", present, 1, 0.5, true, "a rhythm that stands out of the noise");
    const double jerk = Get({}, "nystagmus_jerk").value;
    const double fast_phase = Get({}, "nystagmus_fast_phase").value;
    const double plane = Get({}, "nystagmus_direction").value;
    for (const Side side : kSides) {
      Finding& finding = verdict_.diagnosis.At(side, EyeCondition::kNystagmus);
      finding.presence = sign.presence();
      finding.confidence = sign.confidence();
      if (finding.presence != Presence::kPresent) continue;
      if (jerk == 1 && !std::isnan(fast_phase)) {
        static constexpr const char* kKinds[] = {"jerk_left", "jerk_up", "jerk_right", "jerk_down"};
        const auto quarter = static_cast<int>(std::floor((fast_phase + 45) / 90));
        finding.kind = kKinds[((quarter % 4) + 4) % 4];
      } else if (jerk == 0 && !std::isnan(plane)) {
        finding.kind = std::abs(plane - 90) < 45 ? "pendular_vertical" : "pendular";
      }
    }
  }

  const std::vector<MeasureValue>& measures_;
  const DiagnosticRules& rules_;
  RuleVerdict verdict_;
};

}  // namespace

const OptionTable<DiagnosticRules>& DiagnosticRules::Options() {
  static const auto table = [] {
    OptionTable<DiagnosticRules> options;
    AddTo(&options);
    return options;
  }();
  return table;
}

RuleVerdict ApplyRules(const std::vector<MeasureValue>& measures, const DiagnosticRules& rules) {
  return Rules(measures, rules).Apply();
}

}  // namespace maskbench
