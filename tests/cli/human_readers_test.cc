// People as readers, from a run to the figures, through the program itself.
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "maskbench/core/csv.h"
#include "maskbench/core/text.h"

#include "program.h"

namespace maskbench {
namespace {

using testing::HasSubstr;
using testing::Not;
namespace fs = std::filesystem;

using Line = std::map<std::string, std::string>;

class HumanReaders : public testing::Test {
 protected:
  /// Four rendered patients, so eight eyes, as filmed and blurred. Nobody but people reads them.
  void SetUp() override {
    WriteJsonFile(folder_.path() / "config.json", Json::parse(R"({"name": "read", "seed": 1,
        "dataset": {"make": {"maker": "virtual_clinic", "patients": 4, "recordings": 1,
                             "seconds": 1, "rate_hz": 10, "width_px": 160, "height_px": 120}},
        "variants": ["original", {"type": "gaussian_blur", "name": "blur"}],
        "experiments": [{"type": "diagnostic_consistency", "resamples": 100}],
        "keep": "masked"})"));
    const ProgramResult made =
        RunProgram({"run", folder_.path() / "config.json", "--out", run(), "--workers", "1"});
    ASSERT_EQ(made.exit_code, 0) << made.errors;
    const ProgramResult listed =
        RunProgram({"reading-list", run(), "--readers", "2", "--seed", "3", "--out", lists()});
    ASSERT_EQ(listed.exit_code, 0) << listed.errors;
    EXPECT_THAT(listed.output, HasSubstr("8 videos for each of 2 readers in 2 sessions"));
    const Json study = ReadJsonFile(run() / "reading_studies/human.json");
    for (const Json& item : study["items"]) {
      const std::string recording = item[4];
      numbers_.try_emplace(recording, static_cast<int>(numbers_.size()));
      shown_[item[3]] = {numbers_.at(recording), item[5].get<std::string>()};
    }
    ASSERT_EQ(numbers_.size(), 4U);
    ASSERT_EQ(shown_.size(), 8U);
  }

  fs::path run() const { return folder_.path() / "run"; }
  fs::path lists() const { return folder_.path() / "lists"; }

  /// What a video shows, which readers do not know.
  struct Shown {
    int patient = 0;
    std::string variant;
  };

  /// A reader's list as it comes back: no eye has anything but what `answer` says.
  fs::path FillIn(int reader, const std::function<void(const Shown&, Line*)>& answer,
                  const std::string& name = "", const std::string& session = "") {
    const std::string list = "reader_" + std::to_string(reader) + ".csv";
    const std::vector<CsvRow> rows = ParseCsv(ReadFile(lists() / list));
    std::string text = CsvLine(rows[0].cells);
    for (size_t r = 1; r < rows.size(); ++r) {
      Line line;
      for (size_t i = 0; i < rows[0].cells.size(); ++i) line[rows[0].cells[i]] = rows[r].cells[i];
      if (!session.empty() && line["session"] != session) continue;
      for (const char* eye : {"right_", "left_"})
        for (const char* condition : {"thyroid_orbitopathy", "ptosis", "strabismus", "nystagmus"})
          line[std::string(eye) + condition] = "absent";
      answer(shown_.at(line["video"]), &line);
      std::vector<std::string> cells;
      for (const std::string& column : rows[0].cells) cells.push_back(line[column]);
      text += CsvLine(cells);
    }
    const fs::path file = folder_.path() / (name.empty() ? list : name);
    WriteFileAtomically(file, text);
    return file;
  }

  /// Ptosis of the patients 0 and 1, of both eyes; under the blur one of the four is missed.
  static void MissesOne(const Shown& shown, Line* line) {
    if (shown.patient > 1) return;
    (*line)["right_ptosis"] = "present";
    if (shown.variant == "original" || shown.patient == 0) (*line)["left_ptosis"] = "present";
  }

  /// The same, and under the blur nothing can be told of patient 0.
  static void CannotTellOne(const Shown& shown, Line* line) {
    if (shown.patient > 1) return;
    const bool told = shown.variant == "original" || shown.patient == 1;
    for (const char* column : {"right_ptosis", "left_ptosis"})
      (*line)[column] = told ? "present" : "unknown";
  }

  ProgramResult Import(const std::vector<fs::path>& files) const {
    std::vector<std::string> arguments = {"import-readings", run()};
    arguments.insert(arguments.end(), files.begin(), files.end());
    return RunProgram(arguments);
  }

  /// A cell of the row of figures.csv that has these and no group; nothing when there is none.
  std::string Cell(const std::string& variant, const std::string& condition,
                   const std::string& metric, const std::string& column,
                   const std::string& group = "") const {
    const std::vector<CsvRow> rows = ParseCsv(ReadFile(run() / "figures.csv"));
    for (size_t r = 1; r < rows.size(); ++r) {
      Line line;
      for (size_t i = 0; i < rows[0].cells.size(); ++i) line[rows[0].cells[i]] = rows[r].cells[i];
      if (line["reader"] == "human" && line["variant"] == variant &&
          line["condition"] == condition && line["metric"] == metric && line["group"] == group)
        return line[column];
    }
    return "";
  }

 private:
  TemporaryFolder folder_;
  std::map<std::string, int> numbers_;
  std::map<std::string, Shown> shown_;
};

// One run for all, since rendering takes most of the time.
TEST_F(HumanReaders, AreImportedAndScored) {
  // A wrong word in the second list: nothing of either is taken.
  const fs::path first = FillIn(1, MissesOne);
  int lines = 1;
  const fs::path wrong = FillIn(2, [&](const Shown& shown, Line* line) {
    CannotTellOne(shown, line);
    if (++lines == 4) (*line)["left_strabismus"] = "maybe";
  });
  ProgramResult imported = Import({first, wrong});
  EXPECT_EQ(imported.exit_code, 2);
  EXPECT_THAT(imported.errors, HasSubstr(wrong.string() + ", line 4, left_strabismus: \"maybe\""));
  EXPECT_THAT(imported.errors, HasSubstr("nothing imported"));
  EXPECT_FALSE(fs::exists(run() / "readings"));

  // A blank in the second list: the gap is named, all else taken.
  lines = 1;
  std::string blank;
  const fs::path gap = FillIn(2, [&](const Shown& shown, Line* line) {
    CannotTellOne(shown, line);
    if (++lines != 5) return;
    (*line)["right_nystagmus"] = "";
    blank = (*line)["video"];
  });
  imported = Import({first, gap});
  EXPECT_EQ(imported.exit_code, 3);
  EXPECT_THAT(imported.errors, HasSubstr("gap: " + gap.string() + ", line 5 (reader 2, video " +
                                         blank + "): blank right_nystagmus\n"));
  EXPECT_THAT(imported.output, HasSubstr("127 answers of 2 readers, 1 not given"));
  ASSERT_EQ(RunProgram({"score", run()}).exit_code, 0);
  // Of 16 pairs of a nystagmus, original and blur, one lacks half.
  EXPECT_EQ(Cell("blur", "nystagmus", "presence_agreement", "n"), "15");
  EXPECT_EQ(Cell("blur", "strabismus", "presence_agreement", "n"), "16");

  // Whole lists, that of the first reader as one file for each session.
  imported = Import({FillIn(1, MissesOne, "first.csv", "1"),
                     FillIn(1, MissesOne, "second.csv", "2"), FillIn(2, CannotTellOne)});
  EXPECT_EQ(imported.exit_code, 0) << imported.errors;
  EXPECT_THAT(imported.output, HasSubstr("128 answers of 2 readers, 0 not given"));
  ASSERT_EQ(RunProgram({"score", run()}).exit_code, 0);
  // By hand. First reader, 8 eyes: present twice 3, present then absent 1, absent twice 4, so 7/8
  // observed, (4·3 + 4·5)/64 = 1/2 expected, κ = 3/4. Second: present twice 2, present then unknown
  // 2, absent twice 4, so 6/8 observed, (4·2 + 4·4)/64 = 3/8 expected, κ = 3/5. Mean 27/40.
  EXPECT_NEAR(std::stod(Cell("blur", "ptosis", "presence_kappa", "value")), 0.675, 1e-12);
  EXPECT_EQ(Cell("blur", "ptosis", "presence_kappa", "n"), "16");
  EXPECT_EQ(Cell("blur", "ptosis", "presence_kappa", "n_failed"), "2");
  EXPECT_NEAR(std::stod(Cell("blur", "ptosis", "presence_kappa", "value", "person=1")), 0.75,
              1e-12);
  EXPECT_NEAR(std::stod(Cell("blur", "ptosis", "presence_kappa", "value", "person=2")), 0.6, 1e-12);
  EXPECT_EQ(Cell("blur", "ptosis", "presence_kappa", "n", "person=2"), "8");
  EXPECT_NEAR(std::stod(Cell("blur", "ptosis", "presence_agreement", "value")), 13.0 / 16, 1e-12);
  EXPECT_EQ(Cell("blur", "nystagmus", "presence_agreement", "n"), "16");
  // Four patients are too few for an interval.
  EXPECT_EQ(Cell("blur", "ptosis", "presence_kappa", "low"), "");
  EXPECT_THAT(ReadFile(run() / "report.md"), HasSubstr("human"));

  // What is handed out names neither variants nor recordings.
  for (const auto& [name, hash] : HashesBelow(lists())) {
    if (name.rfind("videos/", 0) == 0) continue;
    const std::string text = ReadFile(lists() / name);
    EXPECT_THAT(text, Not(HasSubstr("blur"))) << name;
    EXPECT_THAT(text, Not(HasSubstr("original"))) << name;
  }
}

}  // namespace
}  // namespace maskbench
