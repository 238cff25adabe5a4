// The tutorial, line by line, as a newcomer would type it.
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/program.h"

namespace maskbench {
namespace {

/// All shell blocks of a document, one after the other.
std::string ShellScript(const std::filesystem::path& document) {
  std::istringstream text(ReadFile(document));
  std::string script, line;
  bool inside = false;
  while (std::getline(text, line)) {
    if (line.rfind("```", 0) == 0)
      inside = !inside && line == "```sh";
    else if (inside)
      script += line + "\n";
  }
  return script;
}

TEST(Tutorial, CanBeTypedAsItStands) {
  const std::filesystem::path source = MASKBENCH_SOURCE_DIR;
  const TemporaryFolder folder;
  const std::filesystem::path project = folder.path() / "project";
  std::filesystem::create_directories(project / "build/release");
  for (const char* part : {"configs", "datasets", "docs"})
    std::filesystem::create_directory_symlink(source / part, project / part);
  std::filesystem::create_symlink(MASKBENCH_BINARY, project / "build/release/maskbench");
  const std::string script = ShellScript(source / "docs/tutorial.md");
  ASSERT_NE(script.find("$maskbench run "), std::string::npos);
  WriteFileAtomically(folder.path() / "tutorial.sh", "set -e -x\n" + script);
  const std::string command = "cd '" + project.string() + "' && export MASKBENCH_ASSETS='" +
                              AssetsDir().string() + "' && bash ../tutorial.sh > ../log 2>&1";
  ASSERT_EQ(std::system(command.c_str()), 0) << ReadFile(folder.path() / "log");
  for (const char* file : {"clinic/DATA_CARD.md", "masked.mp4", "blurred.mp4", "original.png",
                           "masked.png", "run/report.html", "fitted/figures.csv", "measures.csv"})
    EXPECT_GT(std::filesystem::file_size(project / "runs/tutorial" / file), 100U) << file;
  // What step 5 tells the reader to look at is there in both.
  for (const char* run : {"run", "fitted"}) {
    const std::string figures = ReadFile(project / "runs/tutorial" / run / "figures.csv");
    EXPECT_THAT(figures, testing::HasSubstr(",mask_to_mask,digital_mask,rank_1,"));
  }
}

}  // namespace
}  // namespace maskbench
