// `compare`: two runs or variants, subject by subject. `compare-bench`: two benchmark results.
#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/report/bench_comparison.h"
#include "maskbench/report/run_comparison.h"
#include "maskbench/report/sweep_report.h"

#include "commands.h"

namespace maskbench {

int CompareCommand(const Program& program, const CompareArguments& arguments) {
  RunComparisonOptions options;
  if (!arguments.variants.empty()) {
    options.old_variant = arguments.variants.at(0);
    options.new_variant = arguments.variants.at(1);
  }
  if (arguments.after.empty() && arguments.variants.empty())
    throw UsageError("compare needs two folders, or one and --variants OLD,NEW.");
  const auto after = arguments.after.empty() ? arguments.before : arguments.after;
  for (const auto& folder : {arguments.before, after})
    if (!RunsOfSweep(folder).empty())
      throw UsageError(
          fmt::format("{} holds the runs of a sweep; name one of them.", folder.string()));
  options.metrics = arguments.metrics;
  options.margin = arguments.margin;
  options.alpha = arguments.alpha;
  const RunComparison comparison =
      CompareRuns(arguments.before, after, *program.components, options);
  if (!arguments.json.empty()) WriteJsonFile(arguments.json, RunComparisonJson(comparison));
  if (!arguments.csv.empty()) WriteFileAtomically(arguments.csv, RunComparisonCsv(comparison));
  fmt::print("{}", RunComparisonText(comparison, !arguments.metrics.empty()));
  return comparison.worse > 0 ? kExitSomeFailed : kExitDone;
}

int CompareBenchCommand(const CompareBenchArguments& arguments) {
  BenchComparisonOptions options;
  options.time = arguments.time;
  options.margin = arguments.margin;
  options.alpha = arguments.alpha;
  const Json before = ReadJsonFile(arguments.before), after = ReadJsonFile(arguments.after);
  const BenchComparison comparison = CompareBenchmarks(before, arguments.before.string(), after,
                                                       arguments.after.string(), options);
  if (!arguments.json.empty()) WriteJsonFile(arguments.json, BenchComparisonJson(comparison));
  if (!arguments.csv.empty()) WriteFileAtomically(arguments.csv, BenchComparisonCsv(comparison));
  fmt::print("{}{} of {} became slower.\n", BenchComparisonText(comparison), comparison.slower,
             comparison.rows.size());
  return comparison.slower > 0 ? kExitSomeFailed : kExitDone;
}

}  // namespace maskbench
