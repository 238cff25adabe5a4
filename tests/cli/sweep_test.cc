// Sweeps, inherited configurations, plans and comparisons on tiny runs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "maskbench/core/text.h"

#include "program.h"

namespace maskbench {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
namespace fs = std::filesystem;

/// Two people, five recordings, measured without recognisers.
void MakeSmall(SmallRun* run) {
  run->config()["variants"] = {"original", {{"type", "pixelate"}, {"name", "pixel"}}};
  run->config()["observers"] = {"mediapipe_iris"};
  run->config()["experiments"] = {"measure_agreement"};
}

TEST(Sweep, OfAVariantGivesWhatVariantsWrittenByHandGive) {
  SmallRun run;
  MakeSmall(&run);
  run.config()["sweep"] = Json::parse(
      R"({"grid": {"variants.pixel.blocks_across_face": [8, 32]}, "show": ["measure_bias"]})");
  const ProgramResult swept = run.Run("swept");
  ASSERT_EQ(swept.exit_code, 0) << swept.errors;
  EXPECT_THAT(swept.output, HasSubstr("sweep.md"));
  for (const char* name : {"sweep.csv", "sweep.md", "sweep.png", "figures.csv", "report.html"})
    EXPECT_TRUE(fs::exists(run.Out("swept") / name)) << name;
  const std::string table = ReadFile(run.Out("swept") / "sweep.csv");
  EXPECT_THAT(table, HasSubstr(",unit,variants.pixel.blocks_across_face\n"));
  EXPECT_THAT(table, HasSubstr(",pixel-blocks_across_face_8,"));
  EXPECT_THAT(ReadFile(run.Out("swept") / "sweep.md"), HasSubstr("| 8 |"));

  run.config().erase("sweep");
  run.config()["variants"] = Json::parse(R"(["original",
    {"type": "pixelate", "name": "pixel-blocks_across_face_8", "blocks_across_face": 8},
    {"type": "pixelate", "name": "pixel-blocks_across_face_32", "blocks_across_face": 32}])");
  ASSERT_EQ(run.Run("by_hand").exit_code, 0);
  EXPECT_EQ(ReadFile(run.Out("by_hand") / "figures.csv"),
            ReadFile(run.Out("swept") / "figures.csv"));
  EXPECT_THAT(Differences(HashesBelow(run.Out("by_hand") / "artefacts"),
                          HashesBelow(run.Out("swept") / "artefacts")),
              IsEmpty());
  EXPECT_FALSE(fs::exists(run.Out("by_hand") / "sweep.md"));
}

TEST(Sweep, OfTheRunMakesOneFolderEachAndSharesWork) {
  SmallRun run;
  MakeSmall(&run);
  run.config()["sweep"] = Json::parse(R"({"grid": {"delivery.crf": [18, 30]}})");
  const std::string config = run.folder() / "config.json";
  ASSERT_EQ(run.Run("out").exit_code, 0);
  const fs::path out = run.Out("out"), first = out / "crf_18", second = out / "crf_30";
  for (const fs::path& folder : {first, second}) EXPECT_TRUE(fs::exists(folder / "report.html"));
  EXPECT_THAT(ReadFile(out / "sweep.csv"), HasSubstr("\ncrf_30,measure_agreement,small,pixel,"));
  EXPECT_THAT(ReadFile(out / "sweep.csv"), HasSubstr(",delivery.crf\n"));
  EXPECT_TRUE(fs::exists(out / "sweep.png"));
  // Sources and their face tracks were taken over: 10 of 5 · (1 + 1 + 2 · 3) = 40 steps.
  const ProgramResult again = run.Run("out");
  EXPECT_THAT(again.errors, HasSubstr("40 of 40 steps were done by an earlier run"));
  const auto hard_links = [](const fs::path& folder) {
    int count = 0;
    for (const auto& entry : fs::recursive_directory_iterator(folder))
      count += entry.is_regular_file() && entry.hard_link_count() > 1 ? 1 : 0;
    return count;
  };
  EXPECT_EQ(hard_links(first / "artefacts"), 10);
  EXPECT_EQ(hard_links(second / "artefacts"), 10);

  const std::string figures = ReadFile(second / "figures.csv"), table = ReadFile(out / "sweep.csv");
  fs::remove(second / "figures.csv");
  fs::remove(out / "sweep.csv");
  ASSERT_EQ(RunProgram({"score", out}).exit_code, 0);
  EXPECT_EQ(ReadFile(second / "figures.csv"), figures);
  EXPECT_EQ(ReadFile(out / "sweep.csv"), table);
  EXPECT_EQ(RunProgram({"report", out}).exit_code, 0);

  // The same run alone gives the same figures.
  run.config().erase("sweep");
  run.config()["delivery"] = {{"crf", 30}};
  ASSERT_EQ(run.Run("alone").exit_code, 0);
  EXPECT_EQ(ReadFile(run.Out("alone") / "figures.csv"), figures);
  EXPECT_EQ(run.Run("out").exit_code, 2);  // That folder is the sweep's.

  // A sweep's folder is no run, but its runs can be compared.
  EXPECT_EQ(RunProgram({"compare", out, first}).exit_code, 2);
  const ProgramResult compared = RunProgram({"compare", first, second});
  EXPECT_EQ(compared.exit_code, 0) << compared.errors;
  EXPECT_THAT(compared.output, HasSubstr("Delivery differs: crf 18 and 30"));

  const ProgramResult plan = RunProgram({"plan", config, "--out", run.Out("alone")});
  EXPECT_EQ(plan.exit_code, 0) << plan.errors;
}

TEST(Sweep, PlanSaysWhatIsSharedAndDone) {
  SmallRun run;
  MakeSmall(&run);
  run.config()["sweep"] = Json::parse(R"({"grid": {"delivery.crf": [18, 30]}})");
  run.Arguments("out");  // Writes the configuration.
  const std::string config = run.folder() / "config.json";
  const ProgramResult before = RunProgram({"plan", config});
  ASSERT_EQ(before.exit_code, 0) << before.errors;
  EXPECT_THAT(before.output, HasSubstr("2 runs"));
  EXPECT_THAT(before.output, HasSubstr("crf_30"));
  EXPECT_THAT(before.output, HasSubstr("Shared: 10 steps"));
  EXPECT_THAT(before.output, HasSubstr("No earlier run to take times from"));
  EXPECT_FALSE(fs::exists(run.Out("out")));
  EXPECT_EQ(RunProgram({"plan", config, "--seed", "3"}).exit_code, 0);
  run.config()["sweep"] = Json::parse(R"({"grid": {"seed": [1, 2]}})");
  run.Arguments("out");
  EXPECT_EQ(RunProgram({"plan", config, "--seed", "3"}).exit_code, 2);
}

TEST(Plan, CountsCasesAndLearnsTimes) {
  SmallRun run;
  MakeSmall(&run);
  ASSERT_EQ(run.Run("out").exit_code, 0);
  const std::string config = run.folder() / "config.json", out = run.Out("out");
  const ProgramResult done = RunProgram({"plan", config, "--out", out, "--workers", "2"});
  ASSERT_EQ(done.exit_code, 0) << done.errors;
  EXPECT_THAT(done.output, HasSubstr("5 recordings × 2 variants = 10 cases, 40 steps"));
  EXPECT_THAT(done.output, HasSubstr("Cases: 10, of which 10 are done and 0 failed."));
  EXPECT_THAT(done.output, HasSubstr("of 40 steps that are done in " + out));
  EXPECT_THAT(done.output, Not(HasSubstr("not known")));
  EXPECT_THAT(done.output, Not(HasSubstr("source-")));
  const ProgramResult elsewhere =
      RunProgram({"plan", config, "--out", run.Out("new"), "--times", out, "--steps"});
  ASSERT_EQ(elsewhere.exit_code, 0) << elsewhere.errors;
  EXPECT_THAT(elsewhere.output, HasSubstr("Cases: 10, of which 0 are done"));
  EXPECT_THAT(elsewhere.output, HasSubstr("B are free"));
  EXPECT_FALSE(fs::exists(run.Out("new")));
  EXPECT_EQ(RunProgram({"plan", config, "--times", run.Out("new")}).exit_code, 2);
  const ProgramResult calibrated = RunProgram({"plan", config, "--calibrate"});
  EXPECT_EQ(calibrated.exit_code, 0) << calibrated.errors;
  EXPECT_THAT(calibrated.output, HasSubstr("of the first recording, done just now"));
}

TEST(Base, IsInheritedByRuns) {
  SmallRun run;
  MakeSmall(&run);
  ASSERT_EQ(run.Run("whole").exit_code, 0);  // Writes config.json as well.
  fs::create_directories(run.folder() / "sub");
  const std::string own = run.folder() / "sub" / "own.json";
  WriteFileAtomically(own, R"({"base": "../config.json", "name": "other name", "notes": null})");
  const ProgramResult result = RunProgram({"run", own, "--out", run.Out("derived")});
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_EQ(ReadFile(run.Out("derived") / "figures.csv"),
            ReadFile(run.Out("whole") / "figures.csv"));
  WriteFileAtomically(own, R"({"base": "own.json"})");
  const ProgramResult circle = RunProgram({"plan", own});
  EXPECT_EQ(circle.exit_code, 2);
  EXPECT_THAT(circle.errors, HasSubstr("base leads in a circle"));
}

/// Twelve virtual patients, quick to draw.
void MakeClinic(SmallRun* run, int patients) {
  MakeSmall(run);
  run->config()["dataset"] = {{"make",
                               {{"maker", "virtual_clinic"},
                                {"preset", "tiny"},
                                {"patients", patients},
                                {"seconds", 1},
                                {"rate_hz", 10},
                                {"width_px", 320},
                                {"height_px", 240}}}};
  run->config()["keep"] = "none";
}

TEST(Compare, FindsWhatBecameWorseAndNothingElse) {
  SmallRun run;
  MakeClinic(&run, 12);
  run.config()["variants"] = Json::parse(R"(["original",
    {"type": "pixelate", "name": "fine", "blocks_across_face": 100},
    {"type": "pixelate", "name": "coarse", "blocks_across_face": 24}])");
  ASSERT_EQ(run.Run("out").exit_code, 0);
  const std::string out = run.Out("out");
  const ProgramResult same = RunProgram({"compare", out, out});
  EXPECT_EQ(same.exit_code, 0) << same.errors;
  EXPECT_THAT(same.output, HasSubstr("0 of"));
  const std::string json = run.Out("c.json"), csv = run.Out("c.csv");
  const std::vector<std::string> compare = {
      "compare", out,     "--variants", "fine,coarse", "--metric", "measure_difference", "--json",
      json,      "--csv", csv};
  const ProgramResult worse = RunProgram(compare);
  EXPECT_EQ(worse.exit_code, 3) << worse.output << worse.errors;
  EXPECT_THAT(worse.output, HasSubstr("fine → coarse"));
  EXPECT_GE(ReadJsonFile(json)["worse"].get<int>(), 1);
  EXPECT_THAT(ReadFile(csv), HasSubstr(",worse\n"));
  EXPECT_THAT(ReadFile(csv), Not(HasSubstr("measure_kept")));
  // The other way round everything became better; a margin forgives much.
  EXPECT_EQ(
      RunProgram({"compare", out, "--variants", "coarse,fine", "--metric", "measure_difference"})
          .exit_code,
      0);
  std::vector<std::string> generous = compare;
  generous.insert(generous.end(), {"--margin", "1000"});
  EXPECT_EQ(RunProgram(generous).exit_code, 0);

  const ProgramResult unknown = RunProgram({"compare", out, "--variants", "fine,corse"});
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_THAT(unknown.errors, HasSubstr("Did you mean \"coarse\"?"));
  EXPECT_EQ(RunProgram({"compare", out}).exit_code, 2);
  EXPECT_EQ(RunProgram({"compare", out, run.Out("nowhere")}).exit_code, 1);
  EXPECT_EQ(RunProgram({"compare", out, out, "--metric", "no_such"}).exit_code, 1);

  // Other people cannot be paired.
  run.config()["dataset"]["make"]["patients"] = 1;
  ASSERT_EQ(run.Run("other", {"--seed", "6"}).exit_code, 0);
  const ProgramResult other = RunProgram({"compare", out, run.Out("other")});
  EXPECT_EQ(other.exit_code, 1);
  EXPECT_THAT(other.errors, HasSubstr("they show other people (seeds 5 and 6)"));
}

TEST(CompareBench, EndsWithThreeWhereSomethingIsSlower) {
  const TemporaryFolder folder;
  const auto write = [&](const char* name, double factor) {
    Json list = Json::array();
    for (int i = 0; i < 6; ++i)
      list.push_back({{"name", "BM_x"},
                      {"run_name", "BM_x"},
                      {"run_type", "iteration"},
                      {"real_time", factor * (10 + 0.1 * i)},
                      {"cpu_time", 10 + 0.1 * i},
                      {"time_unit", "ms"}});
    WriteJsonFile(folder.path() / name, {{"context", Json::object()}, {"benchmarks", list}});
    return (folder.path() / name).string();
  };
  const std::string before = write("old.json", 1), after = write("new.json", 1.5),
                    csv = folder.path() / "c.csv", json = folder.path() / "c.json";
  const ProgramResult slower =
      RunProgram({"compare-bench", before, after, "--csv", csv, "--json", json});
  EXPECT_EQ(slower.exit_code, 3);
  EXPECT_THAT(slower.output, HasSubstr("1 of 1 became slower"));
  EXPECT_THAT(ReadFile(csv), HasSubstr("BM_x,10250000,15375000,"));
  EXPECT_EQ(ReadJsonFile(json)["slower"], 1);
  EXPECT_EQ(RunProgram({"compare-bench", after, before}).exit_code, 0);
  EXPECT_EQ(RunProgram({"compare-bench", before, after, "--time", "cpu_time"}).exit_code, 0);
  EXPECT_EQ(RunProgram({"compare-bench", before, after, "--margin", "1"}).exit_code, 0);
  EXPECT_EQ(RunProgram({"compare-bench", before, folder.path() / "nowhere.json"}).exit_code, 1);
  EXPECT_EQ(RunProgram({"compare-bench", before}).exit_code, 2);
}

/// The guide names every ablation, and none that is not there.
TEST(AblationDocs, EveryConfigurationIsThere) {
  const fs::path source = MASKBENCH_SOURCE_DIR;
  const std::string text = ReadFile(source / "docs/ablation.md");
  int named = 0;
  for (std::string word : Split(text, ' ')) {
    word = word.substr(0, word.find('\n'));
    if (word.rfind("configs/", 0) != 0 || word.find(".json") == std::string::npos) continue;
    EXPECT_TRUE(fs::exists(source / word)) << word;
    ++named;
  }
  EXPECT_GE(named, 3);
  for (const auto& entry : fs::directory_iterator(source / "configs/ablation"))
    EXPECT_THAT(text, HasSubstr("`" + entry.path().filename().string() + "`"));
}

}  // namespace
}  // namespace maskbench
