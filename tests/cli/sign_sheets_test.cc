// Pictures of patients' eyes before and after masking, by the built program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <opencv2/imgcodecs.hpp>

#include "program.h"

namespace maskbench {
namespace {
namespace fs = std::filesystem;

using testing::HasSubstr;

Json Config(const char* keep) {
  return {{"name", "pictures"},
          {"dataset",
           {{"make",
             {{"maker", "virtual_clinic"},
              {"preset", "tiny"},
              {"patients", 2},
              {"seed", 5},
              {"seconds", 1.5}}}}},
          {"variants", {"original", "eye_bar"}},
          {"keep", keep}};
}

TEST(SignSheets, ShowTheSameFramesBeforeAndAfterMasking) {
  const TemporaryFolder folder;
  const fs::path config = folder.path() / "config.json", run = folder.path() / "run",
                 out = folder.path() / "pictures";
  WriteJsonFile(config, Config("all"));
  const ProgramResult made = RunProgram({"run", config, "--out", run, "--workers", "1"});
  ASSERT_EQ(made.exit_code, 0) << made.errors;
  const ProgramResult drawn = RunProgram({"sheets", run, "--variant", "eye_bar", "--out", out});
  ASSERT_EQ(drawn.exit_code, 0) << drawn.errors;
  for (const char* name : {"signs", "healthy", "thyroid_orbitopathy"}) {
    const fs::path file = out / (std::string("eye_bar_") + name + ".jpg");
    EXPECT_THAT(drawn.output, HasSubstr(file.string()));
    ASSERT_TRUE(fs::exists(file)) << name;
    EXPECT_LT(fs::file_size(file), 400'000u);
  }
  // One block of five frames, 300 × 112 px each: the eye above, the bar that covers it below.
  const cv::Mat sheet = cv::imread((out / "eye_bar_healthy.jpg").string());
  ASSERT_EQ(sheet.cols, 5 * 306 + 6);
  const int top = 6 + 16 + 4, height = 112, seam = 2;
  for (int k = 0; k < 5; ++k) {
    const cv::Rect eyes(6 + k * 306 + 40, top + 40, 220, 32);
    const cv::Rect below = eyes + cv::Point(0, height + seam);
    EXPECT_GT(cv::mean(sheet(eyes))[1], 40) << k;
    EXPECT_LT(cv::mean(sheet(below))[1], 15) << k;
  }
  const auto again = ReadFile(out / "eye_bar_signs.jpg");
  ASSERT_EQ(RunProgram({"sheets", run, "--variant", "eye_bar", "--out", out}).exit_code, 0);
  EXPECT_EQ(ReadFile(out / "eye_bar_signs.jpg"), again);

  const ProgramResult other = RunProgram({"sheets", run, "--variant", "blur", "--out", out});
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_THAT(other.errors, HasSubstr("the run has no variant \"blur\""));
}

TEST(SignSheets, SayThatFilesWereNotKept) {
  const TemporaryFolder folder;
  const fs::path config = folder.path() / "config.json", run = folder.path() / "run";
  Json json = Config("none");
  json["dataset"]["make"]["patients"] = 1;
  WriteJsonFile(config, json);
  ASSERT_EQ(RunProgram({"run", config, "--out", run, "--workers", "1"}).exit_code, 0);
  const ProgramResult drawn =
      RunProgram({"sheets", run, "--variant", "eye_bar", "--out", folder.path() / "pictures"});
  EXPECT_EQ(drawn.exit_code, 1);
  EXPECT_THAT(drawn.errors, HasSubstr("\"keep\": \"all\""));
}

}  // namespace
}  // namespace maskbench
