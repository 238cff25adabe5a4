#include "maskbench/report/bench_comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "maskbench/core/error.h"

namespace maskbench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Json Result(const std::map<std::string, std::vector<double>>& times, const char* unit = "ns") {
  Json list = Json::array();
  for (const auto& [name, values] : times) {
    for (const double value : values)
      list.push_back({{"name", name},
                      {"run_name", name},
                      {"run_type", "iteration"},
                      {"real_time", value},
                      {"cpu_time", 2 * value},
                      {"time_unit", unit}});
    list.push_back({{"name", name + "_mean"},
                    {"run_name", name},
                    {"run_type", "aggregate"},
                    {"real_time", 1e9},
                    {"cpu_time", 1e9},
                    {"time_unit", unit}});
  }
  return {{"context", {{"num_cpus", 2}, {"library_build_type", "release"}}}, {"benchmarks", list}};
}

BenchComparison Compare(const Json& before, const Json& after,
                        const BenchComparisonOptions& options = {}) {
  return CompareBenchmarks(before, "old.json", after, "new.json", options);
}

TEST(BenchComparison, RatiosByHand) {
  // All 25 ratios of {10 … 14} doubled to themselves: the median is 2; U = 0, P = 2 / 252.
  const BenchComparison same_shape =
      Compare(Result({{"a", {10, 10, 10, 10, 10.5}}}), Result({{"a", {20, 20, 20, 20.2, 21}}}));
  ASSERT_EQ(same_shape.rows.size(), 1U);
  const BenchRow& row = same_shape.rows[0];
  EXPECT_EQ(row.old_median_ns, 10);
  EXPECT_EQ(row.new_median_ns, 20);
  EXPECT_NEAR(row.ratio, 2, 1e-12);
  // Ties: the four 10 share one rank, but none is as large as a new one: P as without ties.
  EXPECT_NEAR(row.p_value, 2.0 / 252, 1e-12);
  // For 5 and 5 the limit is U = 2, so the interval runs from the third ratio to the third last:
  // 20/10.5 ×3, 20.2/10.5, 2 ×12, … → 20/10.5 and 21/10.
  EXPECT_NEAR(row.interval.low, 20 / 10.5, 1e-12);
  EXPECT_NEAR(row.interval.high, 2.1, 1e-12);
  EXPECT_TRUE(row.slower);
  EXPECT_EQ(same_shape.slower, 1);
  EXPECT_EQ(row.old_repetitions, 5);
}

TEST(BenchComparison, FasterSameAndTheMargin) {
  const Json before = Result({{"a", {10, 10.1, 10.2, 10.3, 10.4}}, {"b", {5, 5, 5, 5, 5}}}, "us"),
             after = Result({{"a", {8, 8.1, 8.2, 8.3, 8.4}}, {"b", {5, 5, 5, 5, 5}}}, "us");
  const BenchComparison comparison = Compare(before, after);
  EXPECT_TRUE(comparison.rows[0].faster);
  EXPECT_EQ(comparison.rows[0].old_median_ns, 10200);
  EXPECT_FALSE(comparison.rows[1].faster || comparison.rows[1].slower);
  EXPECT_EQ(comparison.rows[1].p_value, 1);
  EXPECT_EQ(comparison.slower, 0);
  EXPECT_EQ(Compare(after, before).slower, 1);
  BenchComparisonOptions generous;
  generous.margin = 0.5;
  EXPECT_EQ(Compare(after, before, generous).slower, 0);
}

TEST(BenchComparison, ManyBenchmarksNeedSmallerPValues) {
  // Alone 2 / 252 = 0.0079 is below 0.05; times 8 it is not.
  std::map<std::string, std::vector<double>> old_times, new_times;
  for (int i = 0; i < 8; ++i) {
    old_times["b" + std::to_string(i)] = {1, 1.01, 1.02, 1.03, 1.04};
    new_times["b" + std::to_string(i)] = {1, 1.01, 1.02, 1.03, 1.04};
  }
  new_times["b0"] = {2, 2.01, 2.02, 2.03, 2.04};
  const BenchComparison many = Compare(Result(old_times), Result(new_times));
  EXPECT_NEAR(many.rows[0].p_holm, 8 * 2.0 / 252, 1e-12);
  EXPECT_EQ(many.slower, 0);
}

TEST(BenchComparison, TooFewRepetitionsConcludeNothing) {
  const BenchComparison comparison =
      Compare(Result({{"a", {1, 1, 1}}}), Result({{"a", {9, 9, 9}}}));
  EXPECT_EQ(comparison.slower, 0);
  EXPECT_THAT(BenchComparisonText(comparison), HasSubstr("too few"));
  EXPECT_THAT(comparison.notes.at(0), HasSubstr("--benchmark_repetitions"));
}

TEST(BenchComparison, NamesWhatIsNotComparable) {
  Json after = Result({{"a", {1, 1, 1, 1}}, {"new", {1}}});
  after["context"]["num_cpus"] = 8;
  after["benchmarks"].push_back(
      {{"name", "broken"}, {"run_type", "iteration"}, {"error_occurred", true}});
  const BenchComparison comparison = Compare(Result({{"a", {1, 1, 1, 1}}, {"old", {1}}}), after);
  EXPECT_THAT(comparison.only_old, ElementsAre("old"));
  EXPECT_THAT(comparison.only_new, ElementsAre("new"));
  EXPECT_THAT(comparison.notes, ElementsAre(HasSubstr("num_cpus differs: 2 and 8"),
                                            HasSubstr("new.json: \"broken\" ended with an error")));
}

TEST(BenchComparison, CpuTimeOnDemand) {
  Json after = Result({{"a", {10, 10, 10, 10, 10}}});
  for (Json& entry : after["benchmarks"]) entry["cpu_time"] = 60;
  BenchComparisonOptions cpu;
  cpu.time = "cpu_time";
  EXPECT_NEAR(Compare(Result({{"a", {10, 10, 10, 10, 10}}}), after, cpu).rows[0].ratio, 3, 1e-12);
}

std::string ErrorOf(const Json& before, const Json& after) {
  try {
    Compare(before, after);
  } catch (const DataError& error) {
    return error.what();
  }
  return "(no error)";
}

TEST(BenchComparison, RefusesWhatIsNoResult) {
  const Json good = Result({{"a", {1, 1, 1, 1}}});
  EXPECT_THAT(ErrorOf(Json::array(), good), HasSubstr("old.json is no result of Google Benchmark"));
  EXPECT_THAT(ErrorOf(good, {{"benchmarks", 3}}), HasSubstr("new.json is no result"));
  EXPECT_THAT(ErrorOf(good, Result({{"a", {}}})), HasSubstr("holds aggregates alone"));
  EXPECT_THAT(ErrorOf(good, Result({{"b", {1}}})), HasSubstr("no benchmark in common"));
  EXPECT_THAT(ErrorOf(good, Result({{"a", {0}}})), HasSubstr("must be above 0"));
  EXPECT_THAT(ErrorOf(good, Result({{"a", {1}}}, "min")), HasSubstr("times in \"min\""));
  Json lacking = good;
  lacking["benchmarks"][0].erase("real_time");
  EXPECT_THAT(ErrorOf(good, lacking), HasSubstr("new.json is no result"));
}

TEST(BenchComparison, TablesHoldTheSame) {
  const BenchComparison comparison =
      Compare(Result({{"a", {10, 10, 10, 10, 10.5}}}), Result({{"a", {20, 20, 20, 20.2, 21}}}));
  EXPECT_THAT(BenchComparisonCsv(comparison), HasSubstr("\na,10,20,1.9999"));
  EXPECT_THAT(BenchComparisonCsv(comparison), HasSubstr(",5,5,slower\n"));
  EXPECT_EQ(BenchComparisonJson(comparison)["slower"], 1);
  EXPECT_EQ(BenchComparisonJson(comparison)["rows"][0]["verdict"], "slower");
  EXPECT_THAT(BenchComparisonText(comparison), HasSubstr("slower"));
}

}  // namespace
}  // namespace maskbench
