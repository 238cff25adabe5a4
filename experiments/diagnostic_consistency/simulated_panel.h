#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "maskbench/clinical/diagnostic_rules.h"
#include "maskbench/core/option_table.h"
#include "maskbench/core/rng.h"

#include "experiments/diagnostic_consistency/eye_units.h"

namespace maskbench::consistency {

/// A panel of simulated readers. Each follows the rules of the reader `rules`, with a habit of his
/// own and with errors that are drawn anew at every reading. **No person is behind it.** Standard
/// deviations are of one reader's single reading; docs/diagnostic_consistency.md says where each is
/// from.
struct PanelOptions {
  int readers = 0;
  std::string measures = "eye_measures";
  double mrd1_mm = 0.25, mrd2_mm = 0.24, lid_lag_mm = 0.5;
  double deviation_dioptres = 2.1, large_deviation_dioptres = 3.7;
  double nystagmus_amplitude_cv = 0.15;
  double habit_share = 0.5;
  double least_threshold_dioptres = 8, most_threshold_dioptres = 10;

  static const OptionTable<PanelOptions>& Options();
};

/// How one reader differs from the rules: shifts of what he reads, in standard normal units, and
/// the deviation from which on he calls an eye squinting.
struct ReaderHabit {
  double mrd1 = 0, mrd2 = 0, lid_lag = 0, deviation = 0, amplitude = 0;
  double threshold_dioptres = 9;
};

ReaderHabit DrawHabit(const PanelOptions& options, std::uint64_t seed, int reader);

/// The measures as one reader takes them at one reading: habit and a fresh error. Intervals are
/// those of the reading's own error. What was not measured stays so.
/// @param random  of this reader and this reading.
std::vector<MeasureValue> ReadAgain(std::vector<MeasureValue> measures, const PanelOptions& options,
                                    const ReaderHabit& habit, NamedRandom* random);

/// The panel's readings of every variant of a run, from the stored measures of the observer
/// `options.measures`. Nothing is measured again.
ReaderGroup SimulatedPanel(const RunData& data, const std::vector<EyeUnit>& units,
                           const PanelOptions& options);

/// What figures call it.
inline constexpr char kPanelName[] = "panel (simulated)";

}  // namespace maskbench::consistency
