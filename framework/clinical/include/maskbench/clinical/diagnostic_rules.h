#pragma once

#include <vector>

#include "maskbench/clinical/diagnosis.h"
#include "maskbench/core/option_table.h"
#include "maskbench/perception/observer.h"

namespace maskbench {

/// Thresholds on the measures of `eye_measures` (docs/metrics.md says where each is from).
struct DiagnosticRules {
  double full_mrd1_mm = 4.5;
  double mild_droop_mm = 1, moderate_droop_mm = 2.5, severe_droop_mm = 4;
  double low_mrd1_mm = 2, asymmetry_mm = 2;
  double retraction_mrd1_mm = 5, severe_retraction_mm = 2;
  double lower_retraction_mrd2_mm = 5.5, lid_lag_mm = 1.5;
  double deviation_dioptres = 9;

  static const OptionTable<DiagnosticRules>& Options();

  /// Adds these options to those of a reader with more of its own. @tparam O  derives from this.
  template <class O>
  static void AddTo(OptionTable<O>* table) {
    const auto add = [&](const char* name, double DiagnosticRules::*member, const char* help,
                         double minimum, double maximum) {
      table->Add(name, static_cast<double O::*>(member), help, {Range(minimum, maximum)});
    };
    add("full_mrd1_mm", &DiagnosticRules::full_mrd1_mm, "MRD1 that droop counts from, mm.", 0, 10);
    add("mild_droop_mm", &DiagnosticRules::mild_droop_mm, "Ptosis from this droop on, mm.", 0, 10);
    add("moderate_droop_mm", &DiagnosticRules::moderate_droop_mm,
        "Moderate ptosis from this droop on, mm.", 0, 10);
    add("severe_droop_mm", &DiagnosticRules::severe_droop_mm,
        "Severe ptosis from this droop on, mm.", 0, 10);
    add("low_mrd1_mm", &DiagnosticRules::low_mrd1_mm, "A lid is low below this MRD1, mm.", -5, 10);
    add("asymmetry_mm", &DiagnosticRules::asymmetry_mm,
        "A lid is low when its MRD1 is this much below the other eye's, mm.", 0, 10);
    add("retraction_mrd1_mm", &DiagnosticRules::retraction_mrd1_mm,
        "The upper lid is retracted above this MRD1, mm.", 0, 15);
    add("severe_retraction_mm", &DiagnosticRules::severe_retraction_mm,
        "Moderate to severe from this retraction on, mm above retraction_mrd1_mm.", 0, 10);
    add("lower_retraction_mrd2_mm", &DiagnosticRules::lower_retraction_mrd2_mm,
        "The lower lid is retracted above this MRD2, mm.", 0, 15);
    add("lid_lag_mm", &DiagnosticRules::lid_lag_mm,
        "The lid lags from so many millimetres at 30 degrees down on.", 0, 10);
    add("deviation_dioptres", &DiagnosticRules::deviation_dioptres,
        "Strabismus above this deviation, prism dioptres.", 0, 100);
    table->Check([](const O& rules, const std::string& path, Problems* problems) {
      if (!(rules.mild_droop_mm < rules.moderate_droop_mm &&
            rules.moderate_droop_mm < rules.severe_droop_mm))
        problems->Add(path, "mild_droop_mm, moderate_droop_mm and severe_droop_mm must ascend.");
    });
  }
};

/// What the rules say of a recording.
struct RuleVerdict {
  Diagnosis diagnosis;
  /// By how much each measure lies beyond its threshold, positive for a sign that is there, under
  /// the names `rule_…` (docs/metrics.md), with the interval of the measure; notes say what it
  /// rests on.
  std::vector<MeasureValue> evidence;
};

/// Applies the rules to measures of a recording, such as MeasureRecording gives them; those that
/// are missing are unknown. A finding is unknown when a measure that could change it is. Confidence
/// is the probability that the measures lie beyond their thresholds, by their intervals (normal,
/// signs independent); 1 or 0 where a measure has no interval.
RuleVerdict ApplyRules(const std::vector<MeasureValue>& measures, const DiagnosticRules& rules);

}  // namespace maskbench
