#include "maskbench/report/bench_comparison.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/text.h"
#include "maskbench/stats/bootstrap.h"
#include "maskbench/stats/holm.h"
#include "maskbench/stats/rank_tests.h"

#include "pivot.h"
#include "text_columns.h"

namespace maskbench {
namespace {

/// The repetitions of each benchmark, in the order of the file.
struct BenchFile {
  std::vector<std::string> names;
  std::map<std::string, std::vector<double>> times_ns;
  std::vector<std::string> failed;
};

double UnitNs(const std::string& unit, const std::string& file) {
  if (unit == "ns") return 1;
  if (unit == "us") return 1e3;
  if (unit == "ms") return 1e6;
  if (unit == "s") return 1e9;
  throw DataError(fmt::format("{} has times in \"{}\"; ns, us, ms and s are known.", file, unit));
}

BenchFile ReadBenchFile(const Json& json, const std::string& file, const std::string& time) {
  if (!json.is_object() || !json.contains("benchmarks") || !json["benchmarks"].is_array())
    throw DataError(
        fmt::format("{} is no result of Google Benchmark: it has no list \"benchmarks\".", file));
  BenchFile result;
  size_t aggregates = 0;
  try {
    for (const Json& entry : json["benchmarks"]) {
      const std::string name = entry.value("run_name", entry.at("name").get<std::string>());
      if (entry.value("run_type", "iteration") == "aggregate") {
        ++aggregates;
        continue;
      }
      if (entry.value("error_occurred", false)) {
        result.failed.push_back(name);
        continue;
      }
      const double ns = entry.at(time).get<double>() * UnitNs(entry.value("time_unit", "ns"), file);
      if (!(ns > 0))
        throw DataError(fmt::format("{}: the time of \"{}\" is {}; it must be above 0.", file, name,
                                    NumberText(ns)));
      std::vector<double>& times = result.times_ns[name];
      if (times.empty()) result.names.push_back(name);
      times.push_back(ns);
    }
  } catch (const Json::exception& error) {
    throw DataError(fmt::format("{} is no result of Google Benchmark: {}.", file, error.what()));
  }
  if (result.names.empty() && aggregates > 0)
    throw DataError(fmt::format(
        "{} holds aggregates alone; run without --benchmark_report_aggregates_only.", file));
  return result;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return SortedPercentile(values, 0.5);
}

std::vector<double> Logarithms(const std::vector<double>& values) {
  std::vector<double> logarithms;
  for (const double value : values) logarithms.push_back(std::log(value));
  return logarithms;
}

std::string JsonText(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

void CompareContexts(const Json& before, const Json& after, std::vector<std::string>* notes) {
  if (!before.is_object() || !after.is_object()) return;
  for (const char* key : {"host_name", "num_cpus", "mhz_per_cpu", "cpu_scaling_enabled",
                          "library_version", "library_build_type"}) {
    if (!before.contains(key) || !after.contains(key) || before[key] == after[key]) continue;
    notes->push_back(fmt::format("{} differs: {} and {}; times may differ for that reason alone.",
                                 key, JsonText(before[key]), JsonText(after[key])));
  }
}

std::string TimeText(double ns) {
  if (ns >= 1e9) return fmt::format("{} s", ShortNumber(ns / 1e9));
  if (ns >= 1e6) return fmt::format("{} ms", ShortNumber(ns / 1e6));
  if (ns >= 1e3) return fmt::format("{} us", ShortNumber(ns / 1e3));
  return fmt::format("{} ns", ShortNumber(ns));
}

const char* VerdictOf(const BenchRow& row) {
  if (row.slower) return "slower";
  if (row.faster) return "faster";
  return std::isnan(row.interval.low) ? "too few" : "";
}

}  // namespace

BenchComparison CompareBenchmarks(const Json& before, const std::string& old_name,
                                  const Json& after, const std::string& new_name,
                                  const BenchComparisonOptions& options) {
  const BenchFile old_file = ReadBenchFile(before, old_name, options.time),
                  new_file = ReadBenchFile(after, new_name, options.time);
  BenchComparison result;
  CompareContexts(before.value("context", Json()), after.value("context", Json()), &result.notes);
  for (const auto& [file, name] : {std::pair(&old_file, old_name), std::pair(&new_file, new_name)})
    for (const std::string& failed : file->failed)
      result.notes.push_back(fmt::format("{}: \"{}\" ended with an error.", name, failed));
  std::vector<double> p_values;
  bool too_few = false;
  for (const std::string& name : old_file.names) {
    const auto found = new_file.times_ns.find(name);
    if (found == new_file.times_ns.end()) {
      result.only_old.push_back(name);
      continue;
    }
    const std::vector<double>&first = old_file.times_ns.at(name), &second = found->second;
    BenchRow row;
    row.name = name;
    row.old_repetitions = static_cast<int>(first.size());
    row.new_repetitions = static_cast<int>(second.size());
    row.old_median_ns = Median(first);
    row.new_median_ns = Median(second);
    const ShiftEstimate shift = HodgesLehmannShift(Logarithms(first), Logarithms(second));
    row.ratio = std::exp(shift.value);
    row.interval = {std::exp(shift.interval.low), std::exp(shift.interval.high)};
    row.p_value = MannWhitney(first, second).p_value;
    too_few |= std::isnan(row.interval.low);
    p_values.push_back(row.p_value);
    result.rows.push_back(row);
  }
  for (const std::string& name : new_file.names)
    if (old_file.times_ns.count(name) == 0) result.only_new.push_back(name);
  if (result.rows.empty())
    throw DataError(fmt::format("{} and {} have no benchmark in common.", old_name, new_name));
  if (too_few)
    result.notes.push_back(
        "Some have too few repetitions for a 95 % interval, so nothing is concluded of them: take "
        "--benchmark_repetitions=10 (at least 4 in both).");
  const std::vector<double> adjusted = HolmAdjust(p_values);
  for (size_t i = 0; i < result.rows.size(); ++i) {
    BenchRow& row = result.rows[i];
    row.p_holm = adjusted[i];
    if (std::isnan(row.interval.low) || row.p_holm > options.alpha) continue;
    row.slower = row.interval.low > 1 + options.margin;
    row.faster = row.interval.high < 1 / (1 + options.margin);
    result.slower += row.slower ? 1 : 0;
  }
  return result;
}

std::string BenchComparisonText(const BenchComparison& comparison) {
  std::vector<std::vector<std::string>> rows;
  for (const BenchRow& row : comparison.rows) {
    rows.push_back({row.name, TimeText(row.old_median_ns), TimeText(row.new_median_ns),
                    fmt::format("{:.3f}", row.ratio),
                    std::isnan(row.interval.low)
                        ? "–"
                        : fmt::format("{:.3f} to {:.3f}", row.interval.low, row.interval.high),
                    PValueText(row.p_value), PValueText(row.p_holm),
                    fmt::format("{}/{}", row.old_repetitions, row.new_repetitions),
                    VerdictOf(row)});
  }
  std::string text = TextColumns(
      {"benchmark", "old", "new", "new/old", "95 % interval", "p", "p (Holm)", "repetitions", ""},
      rows);
  for (const std::string& name : comparison.only_old)
    text += "Only in the old file: " + name + "\n";
  for (const std::string& name : comparison.only_new)
    text += "Only in the new file: " + name + "\n";
  for (const std::string& note : comparison.notes) text += "Note: " + note + "\n";
  return text;
}

std::string BenchComparisonCsv(const BenchComparison& comparison) {
  std::string text = CsvLine({"benchmark", "old_median_ns", "new_median_ns", "ratio", "low", "high",
                              "p", "p_holm", "old_repetitions", "new_repetitions", "verdict"});
  for (const BenchRow& row : comparison.rows) {
    text += CsvLine({row.name, NumberText(row.old_median_ns), NumberText(row.new_median_ns),
                     NumberText(row.ratio), NumberText(row.interval.low),
                     NumberText(row.interval.high), NumberText(row.p_value), NumberText(row.p_holm),
                     std::to_string(row.old_repetitions), std::to_string(row.new_repetitions),
                     VerdictOf(row)});
  }
  return text;
}

Json BenchComparisonJson(const BenchComparison& comparison) {
  const auto number = [](double value) { return std::isnan(value) ? Json() : Json(value); };
  Json rows = Json::array();
  for (const BenchRow& row : comparison.rows) {
    rows.push_back({{"benchmark", row.name},
                    {"old_median_ns", row.old_median_ns},
                    {"new_median_ns", row.new_median_ns},
                    {"ratio", row.ratio},
                    {"low", number(row.interval.low)},
                    {"high", number(row.interval.high)},
                    {"p", row.p_value},
                    {"p_holm", row.p_holm},
                    {"old_repetitions", row.old_repetitions},
                    {"new_repetitions", row.new_repetitions},
                    {"verdict", VerdictOf(row)}});
  }
  return {{"format", "maskbench-bench-comparison"},
          {"format_version", 1},
          {"rows", rows},
          {"only_old", comparison.only_old},
          {"only_new", comparison.only_new},
          {"notes", comparison.notes},
          {"slower", comparison.slower}};
}

}  // namespace maskbench
