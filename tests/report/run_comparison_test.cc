#include "maskbench/report/run_comparison.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace maskbench {
namespace {

using testing::HasSubstr;

SubjectPairs Pairs(const std::vector<double>& before, const std::vector<double>& after,
                   Better better = Better::kLower, const std::string& metric = "mrd1_error") {
  SubjectPairs pairs;
  pairs.head.experiment = "eye_measurement";
  pairs.head.metric = metric;
  pairs.head.old_variant = pairs.head.new_variant = "mask";
  pairs.better = better;
  for (size_t i = 0; i < before.size(); ++i)
    pairs.before.emplace_back("s" + std::to_string(i), before[i]);
  for (size_t i = 0; i < after.size(); ++i)
    pairs.after.emplace_back("s" + std::to_string(i), after[i]);
  return pairs;
}

/// 1, 2, … n, each with `more` added.
std::vector<double> UpTo(int n, double more = 0) {
  std::vector<double> values;
  for (int i = 1; i <= n; ++i) values.push_back(i + more);
  return values;
}

PairedRow Compare(const SubjectPairs& pairs, const RunComparisonOptions& options = {}) {
  return ComparePairedValues({pairs}, options).at(0);
}

TEST(RunComparison, AShiftOfEverybodyIsFound) {
  const PairedRow row = Compare(Pairs(UpTo(10), UpTo(10, 0.5)));
  EXPECT_EQ(row.subjects, 10);
  EXPECT_EQ(row.old_mean, 5.5);
  EXPECT_EQ(row.new_mean, 6);
  EXPECT_EQ(row.difference, 0.5);
  // All differences are the same, so resampling changes nothing.
  EXPECT_EQ(row.interval.low, 0.5);
  EXPECT_EQ(row.interval.high, 0.5);
  // All ten are positive: 2 / 2^10.
  EXPECT_NEAR(row.p_value, 2.0 / 1024, 1e-12);
  EXPECT_TRUE(row.worse);
  EXPECT_FALSE(row.improved);
}

TEST(RunComparison, WhichWayIsWorseDependsOnTheMetric) {
  const std::vector<double> before = UpTo(10), after = UpTo(10, 0.5);
  EXPECT_TRUE(Compare(Pairs(before, after, Better::kLower)).worse);
  EXPECT_TRUE(Compare(Pairs(after, before, Better::kHigher)).worse);
  EXPECT_TRUE(Compare(Pairs(after, before, Better::kLower)).improved);
  EXPECT_FALSE(Compare(Pairs(after, before, Better::kLower)).worse);
  const PairedRow neither = Compare(Pairs(before, after, Better::kNeither));
  EXPECT_FALSE(neither.worse || neither.improved);
}

TEST(RunComparison, TheMarginAndSmallNumbersMarkNothing) {
  RunComparisonOptions options;
  options.margin = 0.5;
  EXPECT_FALSE(Compare(Pairs(UpTo(10), UpTo(10, 0.5)), options).worse);
  options.margin = 0.4;
  EXPECT_TRUE(Compare(Pairs(UpTo(10), UpTo(10, 0.5)), options).worse);
  const PairedRow nine = Compare(Pairs(UpTo(9), UpTo(9, 0.5)));
  EXPECT_TRUE(std::isnan(nine.interval.low));
  EXPECT_NEAR(nine.p_value, 2.0 / 512, 1e-12);
  EXPECT_FALSE(nine.worse);
}

TEST(RunComparison, TheSameValuesAreTheSame) {
  const PairedRow row = Compare(Pairs(UpTo(12), UpTo(12)));
  EXPECT_EQ(row.difference, 0);
  EXPECT_EQ(row.zeros, 12);
  EXPECT_EQ(row.p_value, 1);
  EXPECT_FALSE(row.worse || row.improved);
}

TEST(RunComparison, ChangesBothWaysAreNoRegression) {
  std::vector<double> after = UpTo(12);
  for (size_t i = 0; i < after.size(); ++i) after[i] += i % 2 == 0 ? 1 : -0.9;
  const PairedRow row = Compare(Pairs(UpTo(12), after));
  EXPECT_NEAR(row.difference, 0.05, 1e-12);
  EXPECT_LT(row.interval.low, 0);
  EXPECT_GT(row.interval.high, 0);
  EXPECT_FALSE(row.worse);
}

TEST(RunComparison, SubjectsOfOneSideAloneAreCounted) {
  SubjectPairs pairs = Pairs(UpTo(12), UpTo(12, 1));
  pairs.after.erase(pairs.after.begin(), pairs.after.begin() + 2);
  pairs.after.emplace_back("new one", 3);
  const PairedRow row = Compare(pairs);
  EXPECT_EQ(row.subjects, 10);
  EXPECT_EQ(row.only_old, 2);
  EXPECT_EQ(row.only_new, 1);
  EXPECT_EQ(row.difference, 1);
  RunComparison comparison;
  comparison.paired = {row};
  EXPECT_THAT(RunComparisonText(comparison, false), HasSubstr("10, 2 only old, 1 only new"));
  // Nobody on both sides: no row.
  pairs.after = {{"elsewhere", 1}};
  EXPECT_TRUE(ComparePairedValues({pairs}, {}).empty());
}

TEST(RunComparison, ManyRowsNeedSmallerPValues) {
  // 10 positive differences: p = 2 / 1024; of 30 rows 30 times as much.
  std::vector<SubjectPairs> all = {Pairs(UpTo(10), UpTo(10, 1))};
  for (int i = 0; i < 29; ++i)
    all.push_back(Pairs(UpTo(10), UpTo(10), Better::kLower, "m" + std::to_string(i)));
  const std::vector<PairedRow> rows = ComparePairedValues(all, {});
  EXPECT_NEAR(rows[0].p_holm, 60.0 / 1024, 1e-12);
  EXPECT_FALSE(rows[0].worse);
  all.resize(20);
  EXPECT_TRUE(ComparePairedValues(all, {})[0].worse);
}

TEST(RunComparison, OutputsHoldTheSame) {
  RunComparison comparison;
  comparison.paired = ComparePairedValues({Pairs(UpTo(10), UpTo(10, 0.5))}, {});
  comparison.worse = 1;
  UnpairedRow row;
  row.metric = "eer";
  row.old_variant = row.new_variant = "mask";
  row.old_value = 0.2;
  row.new_value = 0.5;
  row.old_interval = {0.1, 0.3};
  row.new_interval = {0.4, 0.6};
  row.intervals = "apart";
  comparison.unpaired = {row};
  comparison.notes = {"The runs' seeds differ (1 and 2)."};
  const std::string brief = RunComparisonText(comparison, false),
                    all = RunComparisonText(comparison, true);
  EXPECT_THAT(brief, HasSubstr("1 of 1 became worse"));
  EXPECT_THAT(brief, HasSubstr("the intervals of 1 lie apart"));
  EXPECT_THAT(brief, HasSubstr("Note: The runs' seeds differ"));
  EXPECT_THAT(all, HasSubstr("never marked"));
  EXPECT_THAT(all, HasSubstr("eer"));
  const std::string csv = RunComparisonCsv(comparison);
  EXPECT_THAT(csv, HasSubstr("eye_measurement,mrd1_error,mask,mask,,,,,,,,lower,1,10,0,0,5.5,,,6,,,"
                             "0.5,0.5,0.5,0,0.001953125,0.001953125,worse\n"));
  EXPECT_THAT(csv,
              HasSubstr(",eer,mask,mask,,,,,,,,,0,,,,0.2,0.1,0.3,0.5,0.4,0.6,0.3,,,,,,apart\n"));
  const Json json = RunComparisonJson(comparison);
  EXPECT_EQ(json["worse"], 1);
  EXPECT_EQ(json["paired"][0]["verdict"], "worse");
  EXPECT_EQ(json["unpaired"][0]["intervals"], "apart");
}

}  // namespace
}  // namespace maskbench
