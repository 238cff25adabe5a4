#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "maskbench/pipeline/components.h"
#include "maskbench/pipeline/subject_value.h"
#include "maskbench/stats/interval.h"

namespace maskbench {

struct RunComparisonOptions {
  /// None: each variant that both runs have with itself. Else one of the old and one of the new.
  std::string old_variant, new_variant;
  /// Only these metrics; all when empty.
  std::vector<std::string> metrics;
  /// Worse by no more is no regression; in the metric's unit.
  double margin = 0;
  double alpha = 0.05;
  int resamples = 2000;
};

/// What both sides call alike.
struct ComparedFigure {
  std::string experiment, metric, condition, group, reader, recogniser, attacker, gallery;
  std::string old_variant, new_variant, unit;
};

/// A metric that is known of each subject.
struct PairedRow : ComparedFigure {
  Better better = Better::kNeither;
  int subjects = 0, only_old = 0, only_new = 0;
  double old_mean = 0, new_mean = 0;
  double difference = 0;  ///< Mean of new − old.
  Interval interval;      ///< Bootstrap over subjects; none below kMinimumUnits of them.
  int zeros = 0;          ///< Subjects without a difference; the test leaves them out.
  double p_value = 1;     ///< Wilcoxon's signed-rank test.
  double p_holm = 1;      ///< Adjusted over all rows (Holm).
  bool worse = false, improved = false;
};

/// A figure that is known of all subjects together alone.
struct UnpairedRow : ComparedFigure {
  double old_value = 0, new_value = 0;
  Interval old_interval, new_interval;
  /// "apart" or "overlap"; empty where an interval is missing.
  std::string intervals;
};

struct RunComparison {
  std::vector<PairedRow> paired;
  std::vector<UnpairedRow> unpaired;
  /// What else differs between both sides, one sentence each.
  std::vector<std::string> notes;
  int worse = 0;
};

/// Pairs what two sides say of the same subjects. `worse`: the interval of the difference lies
/// beyond `margin` on the worse side and p_holm ≤ alpha; `improved` likewise on the better side.
/// Fills everything but unpaired rows and notes. @param head  says what the values are of.
/// @param before, after  by subject.
struct SubjectPairs {
  ComparedFigure head;
  Better better = Better::kNeither;
  std::vector<std::pair<std::string, double>> before, after;
};
std::vector<PairedRow> ComparePairedValues(const std::vector<SubjectPairs>& all,
                                           const RunComparisonOptions& options);

/// Compares two finished runs, or two variants (of one run, when both folders are the same). Only
/// recordings that both have take part. Throws DataError where they show other people or files, or
/// have nothing in common, and UsageError for a variant that is not there.
RunComparison CompareRuns(const std::filesystem::path& before, const std::filesystem::path& after,
                          const Components& components, const RunComparisonOptions& options);

/// @param all  unpaired figures too; else only those that lie apart are counted.
std::string RunComparisonText(const RunComparison& comparison, bool all);
std::string RunComparisonCsv(const RunComparison& comparison);
Json RunComparisonJson(const RunComparison& comparison);

}  // namespace maskbench
