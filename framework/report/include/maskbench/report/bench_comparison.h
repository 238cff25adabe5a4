#pragma once

#include <string>
#include <vector>

#include "maskbench/core/json.h"
#include "maskbench/stats/interval.h"

namespace maskbench {

struct BenchComparisonOptions {
  /// "real_time" or "cpu_time".
  std::string time = "real_time";
  /// A ratio counts as slower or faster when its whole interval lies beyond 1 ± so much.
  double margin = 0.05;
  double alpha = 0.05;
};

/// One benchmark in two files.
struct BenchRow {
  std::string name;
  int old_repetitions = 0, new_repetitions = 0;
  double old_median_ns = 0, new_median_ns = 0;
  /// New over old: Hodges & Lehmann's shift of the logarithms, with its interval (95 %).
  double ratio = 0;
  Interval interval;
  double p_value = 1;  ///< Mann & Whitney's.
  double p_holm = 1;   ///< Adjusted over all benchmarks (Holm).
  bool slower = false, faster = false;
};

struct BenchComparison {
  std::vector<BenchRow> rows;
  std::vector<std::string> only_old, only_new;
  /// What speaks against the comparison: other machines, builds, too few repetitions, errors.
  std::vector<std::string> notes;
  int slower = 0;
};

/// Compares two result files of Google Benchmark (--benchmark_format=json) by their repetitions.
/// `slower`: the interval lies above 1 + margin and p_holm ≤ alpha; `faster` likewise below
/// 1 / (1 + margin). @param old_name, new_name  how messages call the files.
/// Throws DataError for what is no such file, and for one that holds aggregates alone.
BenchComparison CompareBenchmarks(const Json& before, const std::string& old_name,
                                  const Json& after, const std::string& new_name,
                                  const BenchComparisonOptions& options);

std::string BenchComparisonText(const BenchComparison& comparison);
std::string BenchComparisonCsv(const BenchComparison& comparison);
Json BenchComparisonJson(const BenchComparison& comparison);

}  // namespace maskbench
