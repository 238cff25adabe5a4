#include "maskbench/report/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "maskbench/core/files.h"

namespace maskbench {
namespace {

using testing::HasSubstr;
using testing::Not;

Figure Made(const std::string& condition, double value) {
  Figure figure;
  figure.experiment = "who";
  figure.variant = "original";
  figure.condition = condition;
  figure.metric = "rank_1";
  figure.value = value;
  figure.n_unit = "subject";
  return figure;
}

class ReportTest : public testing::Test {
 protected:
  ReportTest() {
    RegisterFrameworkComponents(&components_);
    run_.config = ParseRunConfig(
        Json::parse(
            R"({"name": "p", "dataset": {"manifest": "m.json"}, "variants": ["original"]})"),
        components_, "c");
    run_.dataset = ParseManifest(Json::parse(R"({
      "format": "maskbench-dataset", "format_version": 1, "name": "made", "version": "1", "show_originals": true,
      "kind": "virtual", "provenance": "", "licence": "", "subjects": [{"id": "s"}],
      "recordings": [{"id": "r", "subject": "s", "path": "a.mp4", "sha256": ")" +
                                             std::string(64, '0') + R"("}]})"),
                                 "m");
    run_.plan.recordings = {"r"};
    run_.environment = Json::object();
    scored_.figures = {Made("", 0.75), Made("ptosis", 0.5), Made("healthy", 0.25)};
    scored_.figures[1].n = kMinimumUnits;
  }

  /// Writes everything. @return the report.
  std::string Write() {
    WriteRunDescription(run_, components_, folder_.path());
    WriteResults(run_, scored_, folder_.path());
    WriteReport(folder_.path(), components_, MASKBENCH_ASSETS_DIR);
    return ReadFile(folder_.path() / "report.md");
  }

  TemporaryFolder folder_;
  Components components_;
  RunDescription run_;
  ScoredRun scored_;
};

TEST_F(ReportTest, TablesShowTheRowsTheyAskFor) {
  using Rows = ReportTable::Rows;
  scored_.tables = {{"who", {"Over all", "One.", {"rank_1"}, Rows::kOverall}},
                    {"who", {"Each", "Two.", {"rank_1"}, Rows::kByCondition}},
                    {"who", {"Every", "Three.", {"rank_1"}}}};
  const std::string report = Write();
  EXPECT_THAT(report, HasSubstr("One.\n\n| variant | rank_1 | n | failed |\n|---|---|---|---|\n"
                                "| original | 0.750 | 0 subjects | 0 |\n\n## Each"));
  EXPECT_THAT(report, HasSubstr("Two.\n\n| variant | condition | rank_1 | n | failed |\n"
                                "|---|---|---|---|---|\n"
                                "| original | ptosis | 0.500 | 10 subjects | 0 |\n\n## Every"))
      << "too few healthy people for a row of their own";
  EXPECT_THAT(report, HasSubstr("| original |  | 0.750 | 0 subjects | 0 |\n| original | ptosis |"));
  EXPECT_THAT(report, HasSubstr("| original | healthy | 0.250 | 0 subjects | 0 |"));
}

TEST_F(ReportTest, SaysBeforeAnyFigureWhatTheDataLack) {
  const char* const untested = "Diseased real eyes remain untested.";
  scored_.tables = {{"who", {"Over all", "One.", {"rank_1"}}}};
  const auto head = [&] {
    const std::string report = Write();
    return report.substr(0, report.find("\n## "));
  };
  EXPECT_THAT(head(), HasSubstr(std::string("Everybody in it is rendered. ") + untested));
  run_.dataset.kind = "real";
  run_.dataset.notes = "Notes.";
  EXPECT_THAT(head(), HasSubstr(std::string("No eye disease is known of anybody in it. ") +
                                untested + "**\n\n> Notes."));
  run_.dataset.recordings[0].left.labels = {{"lids", "open"}, {"ptosis", "none"}};
  EXPECT_THAT(head(), HasSubstr(untested));
  run_.dataset.recordings[0].left.labels["ptosis"] = "mild";
  EXPECT_THAT(head(), Not(HasSubstr(untested)));
}

TEST_F(ReportTest, PicturesOfHistogramsFollowTheTablesOfTheirExperiment) {
  scored_.tables = {{"who", {"Over all", "One.", {"rank_1"}}},
                    {"other", {"Of another experiment", "Two.", {"rank_1"}}}};
  scored_.figures.push_back(Made("", 1));
  scored_.figures.back().experiment = "other";
  ReportHistogram panel;
  panel.variant = "original";
  panel.edges = {0, 1, 2};
  panel.series = {{"genuine", {{1, 0}, 0}, 0}, {"impostor", {{2, 3}, 0}, 0}};
  ReportHistogram empty = panel;
  empty.series = {{"genuine", {{0, 0}, 0}, 0}};
  scored_.histograms = {{"who", {"a/b", "Scores", "What they are.", {panel}}},
                        {"who", {"empty", "Nothing", "No picture.", {empty}}}};
  const std::string report = Write();
  const std::string name = "score_histograms-who-a_b.png";
  EXPECT_THAT(report, HasSubstr("## Scores\n\nWhat they are.\n\n![Scores](" + name +
                                ")\n\n## Of another experiment"));
  EXPECT_THAT(report, Not(HasSubstr("Nothing")));
  EXPECT_THAT(ReadFile(folder_.path() / "score_histograms.csv"),
              HasSubstr("who,made,original,,,,,,,impostor,1,2,3\n"));
  const std::string bytes = ReadFile(folder_.path() / name);
  EXPECT_EQ(bytes.substr(1, 3), "PNG");
  std::filesystem::remove(folder_.path() / name);
  WriteReport(folder_.path(), components_, MASKBENCH_ASSETS_DIR);
  EXPECT_EQ(ReadFile(folder_.path() / name), bytes);
}

}  // namespace
}  // namespace maskbench
