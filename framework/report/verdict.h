#pragma once

#include <optional>
#include <string>
#include <vector>

#include "maskbench/pipeline/figure.h"

namespace maskbench {

/// A variant of a run, as a verdict needs to know it.
struct JudgedVariant {
  std::string name, type;
};

/// What a figure says of a stated limit.
enum class Judgement {
  /// Nothing is judged.
  kNone,
  /// The whole interval is on the good side.
  kGood,
  /// The whole interval is on the bad side.
  kBad,
  /// The interval holds the limit, or there is none.
  kOpen
};
const char* ToString(Judgement judgement);

struct VerdictCell {
  /// Nothing where this run has no such figure.
  std::optional<Figure> figure;
  /// The half width of limits of agreement around the figure, where it is their middle.
  std::optional<Figure> half_width;
  Judgement judgement = Judgement::kNone;
  /// The judgement in words, e.g. "kept".
  std::string said{};
  /// What the figure is of, where the row does not say it.
  std::string note{};
};

struct VerdictColumn {
  /// "mrd1", "gaze", "deviation", "kappa", "rank_1", "auc" or "speed".
  std::string id;
  std::string title;
  std::string unit;
  /// Which figures these are, and the rule they are judged by.
  std::string explanation;
};

struct VerdictRow {
  std::string variant, type;
  /// As many as there are columns.
  std::vector<VerdictCell> cells;
};

/// Whether signs are kept and identity is hidden, variant by variant. Columns without any figure
/// are left out.
struct Verdict {
  std::vector<VerdictColumn> columns;
  std::vector<VerdictRow> rows;
  /// The floor: what somebody finds who knows true signs alone (attacker oracle_signs).
  std::optional<Figure> floor_rank_1, floor_auc;
};

/// Limits that figures are judged by. None of them is tuned on any run.
struct VerdictLimits {
  /// The smallest droop that the project's grades of ptosis know.
  double mrd1_mm = 1.0;
  /// Between 8 and 10 Δ a deviation counts as manifest.
  double deviation_dioptres = 9.0;
  /// Diagnoses agree: the published κ lie above.
  double kappa = 0.8;
};

/// The first screen's table, by these rules:
///  - signs: limits of agreement with the truth where the run has them, else with the original;
///    good when |bias| + half width lies below the limit with its whole interval;
///  - κ: the lowest of all conditions and readers; good when its interval lies above the limit;
///  - identity: the attacker, recogniser and gallery with the highest figure, of different sessions
///    where the run compares them; the AUC of the one that other people chose (strongest_auc) where
///    the run chose one. The AUC is bad when its interval lies above that of the floor
///    (above 0.5 where there is no floor). It is good only when its interval holds 0.5 *and* the
///    same attacker finds a planted leak. Else it is open, above all where people are told apart no
///    better than true signs alone would do it: whether signs or faces did it is not known;
///  - speed: timed passes with one worker, else the run's own sums; not judged.
/// Unmasked variants are shown, not judged. A pure function.
/// @param reader  whose measures count where several were taken; the first one's when it has none.
Verdict MakeVerdict(const std::vector<Figure>& figures, const std::vector<Figure>& timings,
                    const std::vector<JudgedVariant>& variants, const std::string& reader,
                    const VerdictLimits& limits = {});

}  // namespace maskbench
