#include "experiments/diagnostic_consistency/simulated_panel.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace maskbench::consistency {
namespace {

constexpr double k95 = 1.959963984540054;
// From this size on a deviation is read as large ones are (Holmes et al. 2009).
constexpr double kLargeDioptres = 20;
// As eye_measures calls a rhythm a nystagmus (docs/metrics.md): peak to peak, or amplitude times
// frequency, jerks twice as much.
constexpr double kLeastAmplitudeDeg = 1.5, kLeastIntensityDegPerS = 4, kJerkFactor = 2;

MeasureValue* Find(std::vector<MeasureValue>* measures, const char* name, std::optional<Side> eye) {
  for (MeasureValue& measure : *measures)
    if (measure.eye == eye && measure.name == name) return &measure;
  return nullptr;
}

double Known(MeasureValue* measure) { return measure == nullptr ? std::nan("") : measure->value; }

}  // namespace

const OptionTable<PanelOptions>& PanelOptions::Options() {
  using O = PanelOptions;
  static const auto table =
      OptionTable<O>()
          .Add("readers", &O::readers, "Simulated readers; 0: no panel.", {Range(0, 100)})
          .Add("measures", &O::measures,
               "Name of the observer of this run whose stored measures they read.", {NotEmpty()})
          .Add("mrd1_mm", &O::mrd1_mm, "Standard deviation of a reading of MRD1, mm.",
               {Range(0, 5)})
          .Add("mrd2_mm", &O::mrd2_mm, "The same of MRD2, mm.", {Range(0, 5)})
          .Add("lid_lag_mm", &O::lid_lag_mm, "The same of lid lag, mm.", {Range(0, 5)})
          .Add("deviation_dioptres", &O::deviation_dioptres,
               "The same of a deviation up to 20 prism dioptres.", {Range(0, 20)})
          .Add("large_deviation_dioptres", &O::large_deviation_dioptres,
               "The same of a larger deviation.", {Range(0, 20)})
          .Add("nystagmus_amplitude_cv", &O::nystagmus_amplitude_cv,
               "The same of a nystagmus' amplitude, as a share of it.", {Range(0, 1)})
          .Add("habit_share", &O::habit_share,
               "How much of the variance is a reader's habit, the same at all his readings.",
               {Range(0, 1)})
          .Add("least_threshold_dioptres", &O::least_threshold_dioptres,
               "Readers call deviations manifest from somewhere between here …", {Range(0, 100)})
          .Add("most_threshold_dioptres", &O::most_threshold_dioptres, "… and here, Δ.",
               {Range(0, 100)})
          .Check([](const O& options, const std::string& path, Problems* problems) {
            if (options.most_threshold_dioptres < options.least_threshold_dioptres)
              problems->Add(path,
                            "least_threshold_dioptres must not exceed most_threshold_dioptres");
            if (options.readers == 1)
              problems->Add(path + ".readers", "must be 0, or 2 and more: one reader is no panel");
          });
  return table;
}

ReaderHabit DrawHabit(const PanelOptions& options, std::uint64_t seed, int reader) {
  NamedRandom random(seed, fmt::format("simulated reader {}", reader), "habit");
  ReaderHabit habit;
  for (double* part :
       {&habit.mrd1, &habit.mrd2, &habit.lid_lag, &habit.deviation, &habit.amplitude})
    *part = random.Normal();
  habit.threshold_dioptres =
      options.least_threshold_dioptres +
      (options.most_threshold_dioptres - options.least_threshold_dioptres) * random.Uniform();
  return habit;
}

std::vector<MeasureValue> ReadAgain(std::vector<MeasureValue> measures, const PanelOptions& options,
                                    const ReaderHabit& habit, NamedRandom* random) {
  const double habit_part = std::sqrt(options.habit_share),
               fresh_part = std::sqrt(1 - options.habit_share);
  // Drawn whether or not there is a value, so that one that is missing shifts no other.
  const auto error = [&](double own) { return habit_part * own + fresh_part * random->Normal(); };
  const auto shift = [&](MeasureValue* measure, double by, double sd) {
    if (measure == nullptr || std::isnan(measure->value)) return;
    measure->value += by * sd;
    measure->low = measure->value - k95 * sd;
    measure->high = measure->value + k95 * sd;
  };
  for (const Side side : kSides) {
    shift(Find(&measures, "mrd1", side), error(habit.mrd1), options.mrd1_mm);
    shift(Find(&measures, "mrd2", side), error(habit.mrd2), options.mrd2_mm);
    shift(Find(&measures, "lid_lag", side), error(habit.lid_lag), options.lid_lag_mm);
  }
  for (const char* name : {"deviation_horizontal", "deviation_vertical"}) {
    MeasureValue* deviation = Find(&measures, name, {});
    const double size = std::abs(Known(deviation));
    const double sd =
        size > kLargeDioptres ? options.large_deviation_dioptres : options.deviation_dioptres;
    // A reader who reads too much reads too much to either side.
    const double sign = Known(deviation) < 0 ? -1 : 1;
    shift(deviation, sign * habit_part * habit.deviation + fresh_part * random->Normal(), sd);
  }
  const double amplitude_error = error(habit.amplitude);
  MeasureValue* present = Find(&measures, "nystagmus_present", {});
  MeasureValue* amplitude = Find(&measures, "nystagmus_amplitude", {});
  if (Known(present) == 1 && !std::isnan(Known(amplitude))) {
    const double sd = std::log1p(options.nystagmus_amplitude_cv);
    const double factor = std::exp(sd * amplitude_error);
    amplitude->value *= factor;
    amplitude->low *= factor;
    amplitude->high *= factor;
    const double hertz = Known(Find(&measures, "nystagmus_frequency", {}));
    const bool jerk = Known(Find(&measures, "nystagmus_jerk", {})) == 1;
    const double least = (jerk ? kJerkFactor : 1) * kLeastIntensityDegPerS;
    const bool seen = amplitude->value >= kLeastAmplitudeDeg || amplitude->value * hertz >= least;
    present->value = seen ? 1 : 0;
  }
  return measures;
}

ReaderGroup SimulatedPanel(const RunData& data, const std::vector<EyeUnit>& units,
                           const PanelOptions& options) {
  ReaderGroup group;
  group.name = kPanelName;
  group.simulated = true;
  group.members = options.readers;
  const std::uint64_t seed = data.config().seed;
  std::vector<ReaderHabit> habits;
  for (int r = 0; r < options.readers; ++r) habits.push_back(DrawHabit(options, seed, r));
  for (const ComponentChoice& variant : data.config().variants) {
    group.AddArm(variant.name, units.size());
    auto& said = group.arms[variant.name];
    size_t next = 0;
    for (size_t u = 0; u < units.size(); u = next) {
      const std::string& recording = units[u].recording;
      for (next = u; next < units.size() && units[next].recording == recording;) ++next;
      if (!data.IsPlanned(recording, variant.name)) continue;
      const auto seen = data.Observed(recording, variant.name, options.measures);
      for (int r = 0; r < options.readers; ++r) {
        Diagnosis diagnosis;
        if (seen) {
          NamedRandom random(seed, recording + " " + variant.name,
                             fmt::format("simulated reader {}", r));
          DiagnosticRules rules;
          rules.deviation_dioptres = habits[static_cast<size_t>(r)].threshold_dioptres;
          diagnosis =
              ApplyRules(ReadAgain(seen->values, options, habits[static_cast<size_t>(r)], &random),
                         rules)
                  .diagnosis;
        }
        for (size_t v = u; v < next; ++v) {
          EyeFindings& findings = said[static_cast<size_t>(r)][v];
          for (size_t c = 0; c < kConditions; ++c)
            findings[c] = diagnosis.At(units[v].side, kEyeConditions[c]);
        }
      }
    }
  }
  return group;
}

}  // namespace maskbench::consistency
