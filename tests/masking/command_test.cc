// External programs and premade videos as masking methods.
#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "maskbench/core/files.h"
#include "maskbench/masking/premade.h"
#include "maskbench/masking/subprocess.h"

#include "masking/synthetic_face.h"
#include "nn/expect_error.h"

namespace maskbench {
namespace {
namespace fs = std::filesystem;

class ExternalTest : public testing::Test {
 protected:
  ExternalTest() : scene_(NoiseFrames({32, 32}, 6), std::vector<FaceObservation>(6, NoFace())) {}

  MaskScene scene_;
};

class CommandTest : public ExternalTest {
 protected:
  static Json Options(const std::vector<std::string>& command) {
    return {{"command", command}, {"extension", ".mkv"}, {"time_limit_s", 20}};
  }
  static Json Script(const std::string& script) {
    return Options({"sh", "-c", script, "sh", "{input}", "{output}"});
  }

  void ExpectFailure(const Json& options, const std::vector<std::string>& parts) {
    ExpectDataError([&] { scene_.Run("command", options); }, parts);
  }

  /// What the masker itself would find out.
  static bool BubblewrapWorks() {
    try {
      return RunSubprocess({"bwrap", "--unshare-all", "--ro-bind", "/", "/", "true"},
                           {"PATH=/usr/bin:/bin"}, 10)
          .good();
    } catch (const DataError&) {
      return false;
    }
  }
};

TEST_F(CommandTest, GoodProgramDelivers) {
  const MaskReport report = scene_.Run("command", Options({"cp", "{input}", "{output}"}));
  EXPECT_EQ(report.frames, 6);
  EXPECT_EQ(report.notes.at("sandbox"), BubblewrapWorks() ? "bubblewrap" : "none");
  EXPECT_EQ(ReadFile(scene_.job()->output), ReadFile(scene_.job()->recording.file));
}

TEST_F(CommandTest, PlaceholdersStandInsideArgumentsToo) {
  const MaskReport report =
      scene_.Run("command", Options({"dd", "status=none", "if={input}", "of={output}"}));
  EXPECT_EQ(report.frames, 6);
}

TEST_F(CommandTest, WhatAGoodProgramSaysIsNoted) {
  const MaskReport report = scene_.Run("command", Script("cp \"$1\" \"$2\"; echo careful >&2"));
  EXPECT_EQ(report.notes.at("standard_error"), "careful\n");
}

TEST_F(CommandTest, HangingProgramIsStopped) {
  Json options = Script("echo still here >&2; sleep 300");
  options["time_limit_s"] = 0.7;
  ExpectFailure(options, {"time limit of 0.7 s", "still here"});
}

TEST_F(CommandTest, StatusAndLastWordsAreReported) {
  ExpectFailure(Script("echo no licence >&2; exit 3"), {"status 3", "no licence"});
}

TEST_F(CommandTest, CrashIsReportedAsItsSignal) {
  Json options = Script("kill -SEGV $$");
  options["sandbox"] = "never";
  ExpectFailure(options, {"signal 11"});
  options["sandbox"] = "when_installed";
  ExpectFailure(options, {});
}

TEST_F(CommandTest, ProgramThatWritesNothingHasFailed) {
  ExpectFailure(Options({"true", "{input}", "{output}"}), {"wrote no file"});
}

TEST_F(CommandTest, WrongFrameCountIsAFailure) {
  WriteLossless(scene_.folder() / "short.mkv", NoiseFrames({32, 32}, 5));
  Json options =
      Options({"cp", (scene_.folder() / "short.mkv").string(), "{output}", "--", "{input}"});
  options["command"] = {
      "sh", "-c",      "cp " + (scene_.folder() / "short.mkv").string() + " \"$2\"",
      "sh", "{input}", "{output}"};
  options["visible_folders"] = {scene_.folder().string()};
  ExpectFailure(options, {"5 frames", "6"});
}

TEST_F(CommandTest, WrongRateIsAFailure) {
  WriteLossless(scene_.folder() / "fast.mkv", NoiseFrames({32, 32}, 6), {50, 1});
  Json options = Script("cp " + (scene_.folder() / "fast.mkv").string() + " \"$2\"");
  options["visible_folders"] = {scene_.folder().string()};
  ExpectFailure(options, {"50 frames per second", "25"});
}

TEST_F(CommandTest, SomethingElseThanAVideoIsAFailure) {
  ExpectFailure(Script("echo hello > \"$2\""), {scene_.folder().string()});
}

TEST_F(CommandTest, MissingProgramIsAFailure) {
  for (const char* sandbox : {"when_installed", "never"}) {
    Json options = Options({"no-such-program", "{input}", "{output}"});
    options["sandbox"] = sandbox;
    ExpectFailure(options, {"no-such-program", "No such file"});
  }
}

TEST_F(CommandTest, CommandWithoutItsFilesIsRefusedBeforeAnythingRuns) {
  try {
    scene_.Make("command", Options({"cp", "{input}"}));
    FAIL() << "nothing was thrown";
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("{output}"));
  }
  EXPECT_THROW(scene_.Make("command", Json::object()), UsageError);
}

class SandboxTest : public CommandTest {
 protected:
  SandboxTest() { WriteFileAtomically(Secret(), "secret"); }

  fs::path Secret() const { return elsewhere_.path() / "secret"; }
  Json Reader(const std::string& sandbox) const {
    Json options = Script("cat " + Secret().string() + " && cp \"$1\" \"$2\"");
    options["sandbox"] = sandbox;
    return options;
  }

  TemporaryFolder elsewhere_;
};

TEST_F(SandboxTest, HidesOtherFiles) {
  EXPECT_EQ(scene_.Run("command", Reader("never")).notes.at("sandbox"), "none");
  if (!BubblewrapWorks()) {
    EXPECT_EQ(scene_.Run("command", Reader("when_installed")).notes.at("sandbox"), "none");
    ExpectFailure(Reader("required"), {"sandbox is required"});
    return;
  }
  ExpectFailure(Reader("when_installed"), {"No such file"});
  ExpectFailure(Reader("required"), {"No such file"});
  Json options = Reader("required");
  options["visible_folders"] = {elsewhere_.path().string()};
  EXPECT_EQ(scene_.Run("command", options).frames, 6);
}

TEST_F(SandboxTest, ProtectsTheRecordingAndHidesTheNetwork) {
  if (!BubblewrapWorks()) GTEST_SKIP() << "bubblewrap cannot run here";
  const std::string before = ReadFile(scene_.job()->recording.file);
  ExpectFailure(Script("echo x >> \"$1\" && cp \"$1\" \"$2\""), {"status"});
  EXPECT_EQ(ReadFile(scene_.job()->recording.file), before);
  // Only the loop-back interface is left.
  scene_.Run("command", Script("cp \"$1\" \"$2\"; tail -n +3 /proc/net/dev | cut -d: -f1 >&2"));
  const MaskReport report =
      scene_.Run("command", Script("cp \"$1\" \"$2\"; tail -n +3 /proc/net/dev | cut -d: -f1 >&2"));
  EXPECT_THAT(report.notes.at("standard_error").get<std::string>(),
              testing::MatchesRegex(" *lo\n"));
}

TEST_F(SandboxTest, HangingProgramIsStoppedInsideToo) {
  if (!BubblewrapWorks()) GTEST_SKIP() << "bubblewrap cannot run here";
  Json options = Script("sleep 300");
  options["time_limit_s"] = 0.7;
  options["sandbox"] = "required";
  ExpectFailure(options, {"time limit"});
}

class PremadeTest : public ExternalTest {
 protected:
  PremadeTest() : options_{{"folder", (scene_.folder() / "made").string()}} {
    fs::create_directories(scene_.folder() / "made");
  }

  fs::path Made(const std::string& name) const { return scene_.folder() / "made" / name; }

  Json options_;
};

TEST_F(PremadeTest, VideoIsDeliveredAsItIs) {
  WriteLossless(Made("s01_r1.mkv"), NoiseFrames({16, 16}, 6));
  scene_.job()->companion = PremadeFile(options_, "s01_r1");
  ASSERT_EQ(scene_.job()->companion, Made("s01_r1.mkv"));
  EXPECT_EQ(scene_.Run("premade", options_).frames, 6);
  EXPECT_EQ(ReadFile(scene_.job()->output), ReadFile(Made("s01_r1.mkv")));
}

TEST_F(PremadeTest, RecordingWithoutAVideoIsAFailure) {
  WriteLossless(Made("s01_r1.mkv"), NoiseFrames({16, 16}, 6));
  EXPECT_EQ(PremadeFile(options_, "s01_r"), std::nullopt);
  EXPECT_EQ(PremadeFile(options_, "s02_r1"), std::nullopt);
  ExpectDataError([&] { scene_.Run("premade", options_); }, {"no video of this recording"});
}

TEST_F(PremadeTest, WrongFrameCountIsAFailure) {
  WriteLossless(Made("s01_r1.mkv"), NoiseFrames({16, 16}, 7));
  scene_.job()->companion = PremadeFile(options_, "s01_r1");
  ExpectDataError([&] { scene_.Run("premade", options_); }, {"7 frames", "6"});
}

}  // namespace
}  // namespace maskbench
