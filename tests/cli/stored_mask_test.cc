// Masks from their files, and what an oracle is given: by the built program.
#include <algorithm>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "program.h"

namespace maskbench {
namespace {
namespace fs = std::filesystem;

using testing::HasSubstr;

/// Virtual recordings of one second each, made once.
class Clinic {
 public:
  static const Clinic& Get() {
    static const Clinic clinic;
    return clinic;
  }
  const fs::path& folder() const { return folder_.path(); }
  fs::path video() const { return folder_.path() / recording().at("path").get<std::string>(); }
  fs::path truth() const {
    return folder_.path() / recording().at("frame_truth").get<std::string>();
  }

 private:
  Clinic() {
    const ProgramResult made = RunProgram(
        {"dataset", "make", "virtual_clinic", "--preset", "tiny", "--patients", "2", "--seconds",
         "1", "--width", "320", "--height", "240", "--seed", "5", "--out", folder_.path()});
    EXPECT_EQ(made.exit_code, 0) << made.errors;
    manifest_ = ReadJsonFile(folder_.path() / "manifest.json");
  }
  const Json& recording() const { return manifest_.at("recordings").at(0); }

  TemporaryFolder folder_;
  Json manifest_;
};

TEST(StoredMask, AnotherProcessDrawsTheDeliveredBytesFromTheFileAlone) {
  const TemporaryFolder folder;
  const fs::path kept = folder.path() / "kept.mask", first = folder.path() / "first.mp4",
                 again = folder.path() / "sub" / "again.mp4";
  const ProgramResult masked =
      RunProgram({"mask", "--variant", "digital_mask", "--set", "parameters=" + kept.string(),
                  Clinic::Get().video(), first});
  ASSERT_EQ(masked.exit_code, 0) << masked.errors;
  const ProgramResult drawn = RunProgram({"mask", "--from", kept, again});
  ASSERT_EQ(drawn.exit_code, 0) << drawn.errors;
  EXPECT_GT(fs::file_size(first), 1000u);
  EXPECT_TRUE(ReadFile(first) == ReadFile(again));
  EXPECT_THAT(drawn.output, HasSubstr("frames by kept.mask"));
  EXPECT_THAT(drawn.errors, HasSubstr("frames drawn"));
  // The file does not say where it came from, so its place cannot matter either.
  fs::rename(kept, folder.path() / "moved");
  ASSERT_EQ(RunProgram({"mask", "--from", folder.path() / "moved", again}).exit_code, 0);
  EXPECT_TRUE(ReadFile(first) == ReadFile(again));

  // With the delivery of a run.
  const fs::path lossless = folder.path() / "again.mkv";
  ASSERT_EQ(RunProgram({"mask", "--from", folder.path() / "moved", "--set", "codec=ffv1", lossless})
                .exit_code,
            0);
  EXPECT_EQ(ReadFile(lossless).substr(0, 4), "\x1A\x45\xDF\xA3");  // Matroska.

  // The same face over the patient's frames.
  const fs::path over = folder.path() / "over.mp4";
  const ProgramResult laid =
      RunProgram({"mask", "--variant", "unsafe_overlay", Clinic::Get().video(), over});
  EXPECT_EQ(laid.exit_code, 0) << laid.errors;
  EXPECT_FALSE(ReadFile(first) == ReadFile(over));
}

TEST(StoredMask, BadFilesAndContradictionsAreOneSentence) {
  const TemporaryFolder folder;
  const std::string kept = folder.path() / "kept.mask", out = folder.path() / "out.mp4";
  const auto fails = [&](const std::vector<std::string>& arguments, int code,
                         const std::string& part) {
    const ProgramResult result = RunProgram(arguments);
    EXPECT_EQ(result.exit_code, code) << result.errors;
    EXPECT_THAT(result.errors, HasSubstr(part));
    // One sentence, and where to read more when options contradict each other.
    EXPECT_LE(std::count(result.errors.begin(), result.errors.end(), '\n'), 2) << result.errors;
    EXPECT_FALSE(fs::exists(out));
  };
  fails({"mask", "--from", kept, out}, 1, "kept.mask cannot be read");
  WriteFileAtomically(kept, "{}\n");
  fails({"mask", "--from", kept, out}, 1, "kept.mask is no file of mask parameters");
  fails({"mask", "--from", kept, "in.mp4", out}, 2, "the recording is not needed");
  fails({"mask", "--from", kept, "--variant", "digital_mask", out}, 2, "--variant");
  fails({"mask", "--from", kept, "--compare", out}, 2, "--compare");
  fails({"mask", "in.mp4", out}, 2, "--variant is needed");
  fails({"mask", "--variant", "pixelate", out}, 2, "two files");
  EXPECT_EQ(RunProgram({"mask", "--from", kept}).exit_code, 2);
  EXPECT_THAT(RunProgram({"mask", "--help"}).output, HasSubstr("--from kept.mask out.mp4"));
}

TEST(Oracle, DrawsFromTheTruthThatItIsGivenAndNobodyElseIsGivenOne) {
  const TemporaryFolder folder;
  const std::string kept = folder.path() / "kept.mask", first = folder.path() / "first.mp4",
                    again = folder.path() / "again.mp4", video = Clinic::Get().video(),
                    truth = Clinic::Get().truth();
  const ProgramResult masked = RunProgram({"mask", "--variant", "oracle_mask", "--truth", truth,
                                           "--set", "parameters=" + kept, video, first});
  ASSERT_EQ(masked.exit_code, 0) << masked.errors;
  ASSERT_EQ(RunProgram({"mask", "--from", kept, again}).exit_code, 0);
  EXPECT_TRUE(ReadFile(first) == ReadFile(again));

  const ProgramResult without = RunProgram({"mask", "--variant", "oracle_mask", video, again});
  EXPECT_EQ(without.exit_code, 2);
  EXPECT_THAT(without.errors, HasSubstr("needs --truth"));
  const ProgramResult other =
      RunProgram({"mask", "--variant", "pixelate", "--truth", truth, video, again});
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_THAT(other.errors, HasSubstr("pixelate is no oracle"));
  const ProgramResult missing = RunProgram(
      {"mask", "--variant", "oracle_mask", "--truth", folder.path() / "none", video, again});
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_THAT(missing.errors, HasSubstr("none does not exist"));
}

TEST(Oracle, ARunGivesItTheTruthOfVirtualRecordingsAndFailsTheOthers) {
  SmallRun run;
  Json& config = run.config();
  config["variants"] = {"oracle_mask"};
  config["observers"] = {"mediapipe_iris"};
  config["experiments"] = {"eye_measurement"};
  const Json real = config["dataset"];
  config["dataset"] = {{"manifest", (Clinic::Get().folder() / "manifest.json").string()}};
  config["timing"] = {{"workers", {1}}};
  const ProgramResult drawn = run.Run("drawn");
  ASSERT_EQ(drawn.exit_code, 0) << drawn.errors;
  EXPECT_THAT(ReadFile(run.Out("drawn") / "figures.csv"), HasSubstr("oracle_mask"));

  config.erase("timing");
  config["dataset"] = real;
  const ProgramResult photographs = run.Run("photographs");
  EXPECT_EQ(photographs.exit_code, 3) << photographs.errors;
  const Json failures = ReadJsonFile(run.Out("photographs") / "report.json")["failures"];
  ASSERT_FALSE(failures.empty());
  for (const Json& failure : failures)
    EXPECT_THAT(failure["reason"].get<std::string>(), HasSubstr("no truth of its frames"));
}

}  // namespace
}  // namespace maskbench
