#include "maskbench/pipeline/reading_study.h"

#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "maskbench/core/csv.h"
#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/core/text.h"
#include "maskbench/pipeline/components.h"
#include "maskbench/pipeline/plan.h"
#include "maskbench/pipeline/scoring.h"

#include "experiments/register_all.h"

namespace maskbench {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

constexpr int kPatients = 12;

/// A run of twelve patients under three variants whose videos are files with their own names in.
class ReadingStudyTest : public testing::Test {
 protected:
  ReadingStudyTest() {
    RegisterFrameworkComponents(&components_);
    RegisterExperiments(&components_.experiments);
    const fs::path networks = folder_.path() / "networks";
    fs::create_directories(networks);
    for (const NetworkSpec& spec : BuiltInNetworks())
      WriteJsonFile(networks / (spec.contract.name + ".json"), {{"tensors_sha256", "w"}});
    Dataset dataset;
    dataset.name = "made";
    for (int s = 0; s < kPatients; ++s) {
      Subject subject;
      subject.id = "s" + std::to_string(s);
      dataset.subjects.push_back(subject);
      LabelledRecording recording;
      recording.id = "r" + std::to_string(s);
      recording.subject = subject.id;
      recording.right.labels = {{"ptosis", s % 2 == 0 ? "mild" : "none"}};
      recording.left.labels = {{"ptosis", "none"}};
      dataset.recordings.push_back(recording);
    }
    const RunConfig config =
        ParseRunConfig(Json::parse(R"({"name": "p", "dataset": {"manifest": "m.json"},
          "variants": ["original", "pixelate", {"type": "reencoded", "name": "re_read"}],
          "shares": {"re_read": 0.5}, "observers": ["rules"],
          "experiments": [{"type": "diagnostic_consistency", "resamples": 100}]})"),
                       components_, "c");
    const Plan plan = MakePlan(config, dataset, components_, NetworkLibrary(networks), ".");
    store_ = std::make_unique<Store>(run() / "observations.sqlite");
    for (const Node& node : plan.nodes) {
      NodeOutcome outcome;
      if (node.stage == Stage::kMask) {
        outcome.artefact = node.variant + "-" + node.recording + ".mp4";
        WriteFileAtomically(run() / outcome.artefact, node.variant + " of " + node.recording);
      }
      store_->Commit(node, outcome, {});
    }
    data_ = std::make_unique<RunData>(config, dataset, plan, store_.get(), run());
  }

  fs::path run() const { return folder_.path(); }
  fs::path out() const { return folder_.path() / "list"; }

  ReadingStudy Plan3(int readers = 3, uint64_t seed = 1) {
    ReadingStudyOptions options;
    options.readers = readers;
    options.seed = seed;
    return PlanReadingStudy(*data_, options);
  }

  /// Fills in a reader's list. @param answer  changes a line's cells, by column name.
  fs::path FillIn(int reader,
                  const std::function<void(const std::string& video,
                                           std::map<std::string, std::string>*)>& answer,
                  const std::string& name = "filled.csv") {
    const auto rows = ParseCsv(ReadFile(out() / ("reader_" + std::to_string(reader + 1) + ".csv")));
    std::string text = CsvLine(rows[0].cells);
    for (size_t r = 1; r < rows.size(); ++r) {
      std::map<std::string, std::string> cells;
      for (size_t i = 0; i < rows[0].cells.size(); ++i) cells[rows[0].cells[i]] = rows[r].cells[i];
      for (auto& [column, cell] : cells) {
        const bool detail = column.find("_grade") != std::string::npos ||
                            column.find("_kind") != std::string::npos ||
                            column.find("_confidence") != std::string::npos;
        if (cell.empty() && !detail) cell = "absent";
      }
      answer(cells["video"], &cells);
      if (cells["video"].empty()) continue;
      std::vector<std::string> line;
      for (const std::string& column : rows[0].cells) line.push_back(cells[column]);
      text += CsvLine(line);
    }
    const fs::path file = folder_.path() / (std::to_string(reader) + name);
    WriteFileAtomically(file, text);
    return file;
  }

  static std::string ProblemOf(const ReadingStudy& study, const std::vector<fs::path>& files) {
    try {
      ReadAnswers(study, files);
    } catch (const UsageError& error) {
      return error.what();
    }
    return "";
  }

  Components components_;
  TemporaryFolder folder_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<RunData> data_;
};

void Nothing(const std::string&, std::map<std::string, std::string>*) {}

TEST_F(ReadingStudyTest, EveryReaderReadsEveryVersionOnceInSessionsApart) {
  const ReadingStudy study = Plan3();
  EXPECT_EQ(study.sessions, 3);
  // Two versions of all, the third of half of them.
  EXPECT_EQ(study.items.size(), 3u * (2 * kPatients + kPatients / 2));
  std::set<std::tuple<int, std::string, std::string>> read;
  std::set<std::tuple<int, int, std::string>> patient_in_session;
  std::map<std::pair<int, std::string>, int> first_variants;
  std::map<std::string, std::set<int>> sessions_of_video;
  for (const StudyItem& item : study.items) {
    EXPECT_TRUE(read.insert({item.reader, item.recording, item.variant}).second);
    EXPECT_TRUE(patient_in_session.insert({item.reader, item.session, item.recording}).second);
    sessions_of_video[item.video].insert(item.session);
    if (item.session == 0) ++first_variants[{item.reader, item.variant}];
    EXPECT_EQ(item.video.find(item.recording), std::string::npos);
    EXPECT_EQ(item.video.find(item.variant), std::string::npos);
  }
  // A third of the patients starts with each version, and readers see a version at different times.
  for (int reader = 0; reader < 3; ++reader) {
    EXPECT_EQ((first_variants[{reader, "original"}]), kPatients / 3);
    EXPECT_EQ((first_variants[{reader, "pixelate"}]), kPatients / 3);
  }
  for (const auto& [video, sessions] : sessions_of_video) EXPECT_EQ(sessions.size(), 3u) << video;
}

TEST_F(ReadingStudyTest, TheSeedDecidesNamesAndOrder) {
  const auto text = [](const ReadingStudy& study) {
    std::string all;
    for (const StudyItem& item : study.items) all += item.video + " ";
    return all;
  };
  EXPECT_EQ(text(Plan3()), text(Plan3()));
  EXPECT_NE(text(Plan3()), text(Plan3(3, 2)));
}

TEST_F(ReadingStudyTest, ListsTellNothingAndTheKeyStaysWithTheRun) {
  const ReadingStudy study = Plan3();
  WriteReadingStudy(*data_, study, run(), out());
  const auto rows = ParseCsv(ReadFile(out() / "reader_2.csv"));
  EXPECT_EQ(rows.size(), 1u + study.items.size() / 3);
  const std::string list = ReadFile(out() / "reader_2.csv");
  for (const char* word : {"pixelate", "original", "re_read", "r1"})
    EXPECT_EQ(list.find(word), std::string::npos) << word;
  EXPECT_EQ(ReadFile(out() / "videos" / study.items[0].video),
            study.items[0].variant + " of " + study.items[0].recording);
  const ReadingStudy again = ReadReadingStudy(run(), "human");
  ASSERT_EQ(again.items.size(), study.items.size());
  EXPECT_EQ(again.items.back().video, study.items.back().video);
  EXPECT_EQ(again.items.back().variant, study.items.back().variant);
  // A second list of that name would make the first one's answers meaningless.
  EXPECT_THROW(WriteReadingStudy(*data_, Plan3(3, 2), run(), out()), UsageError);
  EXPECT_THROW(ReadReadingStudy(run(), "others"), UsageError);
  // Another one into the same folder would write over lists that are being filled in.
  ReadingStudy other = Plan3();
  other.name = "other";
  WriteFileAtomically(out() / "reader_2.csv", "filled in");
  EXPECT_THROW(WriteReadingStudy(*data_, other, run(), out()), UsageError);
  EXPECT_EQ(ReadFile(out() / "reader_2.csv"), "filled in");
  EXPECT_THROW(ReadReadingStudy(run(), "other"), UsageError);
}

TEST_F(ReadingStudyTest, AnswersBecomeFigures) {
  const ReadingStudy study = Plan3(2);
  WriteReadingStudy(*data_, study, run(), out());
  std::map<std::string, const StudyItem*> items;
  for (const StudyItem& item : study.items) items[item.video] = &item;
  std::vector<fs::path> files;
  for (const int reader : {0, 1})
    files.push_back(FillIn(reader, [&](const std::string& video, auto* cells) {
      const StudyItem& item = *items.at(video);
      const int patient = std::stoi(item.recording.substr(1));
      // The second reader misses all ptosis on masks.
      if (patient % 2 == 0 && !(reader == 1 && item.variant == "pixelate")) {
        (*cells)["right_ptosis"] = "present";
        (*cells)["right_ptosis_grade"] = "mild";
        (*cells)["right_ptosis_confidence"] = "0.8";
      }
    }));
  const StudyAnswers answers = ReadAnswers(study, files);
  EXPECT_TRUE(answers.gaps.empty());
  EXPECT_EQ(answers.readings.readings.size(), study.items.size() * 8);
  WriteImportedReadings(answers.readings, run());
  const std::vector<ImportedReadings> kept = data_->Imported();
  ASSERT_EQ(kept.size(), 1u);
  EXPECT_EQ(kept[0].readings.size(), answers.readings.readings.size());
  std::map<std::string, double> figures;
  for (const Figure& figure : ScoreRun(*data_, components_).figures)
    if (figure.reader == "human" && figure.group.empty())
      figures[figure.variant + "/" + figure.condition + "/" + figure.metric] = figure.value;
  // κ of the first reader 1, of the second 0.
  EXPECT_NEAR(figures.at("pixelate/ptosis/presence_kappa"), 0.5, 1e-12);
  EXPECT_NEAR(figures.at("pixelate/ptosis/sensitivity"), 0.5, 1e-12);
  EXPECT_EQ(figures.at("original/ptosis/sensitivity"), 1);
  EXPECT_EQ(figures.at("re_read/ptosis/presence_kappa"), 1);
}

TEST_F(ReadingStudyTest, EveryGapIsNamedAndNoAnswer) {
  const ReadingStudy study = Plan3(2);
  WriteReadingStudy(*data_, study, run(), out());
  int line = 0;
  std::string left_out, blank, empty;
  const fs::path first = FillIn(0, [&](const std::string& video, auto* cells) {
    ++line;
    if (line == 1) {
      left_out = video;
      (*cells)["video"] = "";  // The whole line is taken out.
    } else if (line == 2) {
      blank = video;
      (*cells)["left_nystagmus"] = "";
    } else if (line == 3) {
      empty = video;
      for (auto& [column, cell] : *cells)
        if (cell == "absent") cell = "";
    }
  });
  const StudyAnswers answers = ReadAnswers(study, {first, FillIn(1, Nothing)});
  ASSERT_EQ(answers.gaps.size(), 3u);
  EXPECT_THAT(answers.gaps[0], HasSubstr(blank));
  EXPECT_THAT(answers.gaps[0], HasSubstr("left_nystagmus"));
  EXPECT_THAT(answers.gaps[1], HasSubstr(empty));
  EXPECT_THAT(answers.gaps[1], HasSubstr("nothing answered"));
  EXPECT_THAT(answers.gaps[2], HasSubstr(left_out));
  EXPECT_THAT(answers.gaps[2], HasSubstr("reader 1"));
  EXPECT_EQ(answers.readings.gaps, 17);
  EXPECT_EQ(answers.readings.readings.size(), study.items.size() * 8 - 17);
  // A list that never came is a gap for each of its videos.
  EXPECT_EQ(ReadAnswers(study, {FillIn(0, Nothing)}).gaps.size(), study.items.size() / 2);
}

TEST_F(ReadingStudyTest, WhatCannotBeUnderstoodIsNamedAllAtOnce) {
  const ReadingStudy study = Plan3(2);
  WriteReadingStudy(*data_, study, run(), out());
  EXPECT_EQ(ProblemOf(study, {FillIn(0, Nothing), FillIn(1, Nothing)}), "");
  const auto with = [&](const std::string& column, const std::string& cell) {
    int line = 0;
    return ProblemOf(study, {FillIn(0, [&](const std::string&, auto* cells) {
                       if (++line == 3) (*cells)[column] = cell;
                     })});
  };
  EXPECT_THAT(with("right_ptosis", "maybe"), HasSubstr("line 4, right_ptosis"));
  EXPECT_THAT(with("right_ptosis_grade", "mild"), HasSubstr("without being present"));
  EXPECT_THAT(with("right_ptosis_grade", "awful"), HasSubstr("is no grade"));
  EXPECT_THAT(with("left_strabismus_confidence", "1.5"), HasSubstr("0 to 1"));
  EXPECT_THAT(with("left_strabismus_confidence", "0.5x"), HasSubstr("0 to 1"));
  EXPECT_THAT(with("video", "v00000000.mp4"), HasSubstr("was not to read"));
  EXPECT_THAT(with("reader", "3"), HasSubstr("was not to read"));
  EXPECT_THAT(with("reader", "one"), HasSubstr("was not to read"));
  // A video answered twice, in two files.
  const fs::path once = FillIn(0, Nothing), twice = FillIn(0, Nothing, "again.csv");
  const std::string doubled = ProblemOf(study, {once, twice});
  EXPECT_THAT(doubled, HasSubstr("already"));
  EXPECT_THAT(doubled, HasSubstr("0filled.csv, line 2"));
  // Several problems come together.
  const std::string both = ProblemOf(
      study,
      {FillIn(0, [](const std::string&, auto* cells) { (*cells)["right_ptosis"] = "yes"; })});
  EXPECT_GT(std::count(both.begin(), both.end(), '\n'), 10);
  const auto with_text = [&](const std::string& text) {
    WriteFileAtomically(folder_.path() / "bad.csv", text);
    return ProblemOf(study, {folder_.path() / "bad.csv"});
  };
  EXPECT_THAT(with_text(""), HasSubstr("is empty"));
  EXPECT_THAT(with_text("reader,right_ptosis\n1,absent\n"), HasSubstr("\"video\" is missing"));
  EXPECT_THAT(with_text("reader,video,right_ptosi\n"), HasSubstr("Did you mean \"right_ptosis\""));
  EXPECT_THAT(with_text("reader,video,video\n"), HasSubstr("twice"));
  EXPECT_THAT(with_text("reader,video\n1\n"), HasSubstr("1 cells instead of 2"));
  EXPECT_THAT(with_text("reader,video\n1,\"open\n"), HasSubstr("line 2"));
  const std::string tabs = with_text("reader\tvideo\n1\tv.mp4\n");
  EXPECT_THAT(tabs, HasSubstr("is no reading list"));
  EXPECT_THAT(tabs, testing::Not(HasSubstr("not known")));
  EXPECT_THAT(ProblemOf(study, {folder_.path() / "absent.csv"}), HasSubstr("absent.csv cannot"));
}

TEST_F(ReadingStudyTest, BadWishesAreRefused) {
  ReadingStudyOptions options;
  options.variants = {"original", "mask"};
  EXPECT_THROW(PlanReadingStudy(*data_, options), UsageError);
  options.variants = {"original", "original"};
  EXPECT_THROW(PlanReadingStudy(*data_, options), UsageError);
  options.variants = {};
  options.name = "../human";
  EXPECT_THROW(PlanReadingStudy(*data_, options), UsageError);
  // A video that was not kept.
  fs::remove(run() / "pixelate-r3.mp4");
  EXPECT_THROW(WriteReadingStudy(*data_, Plan3(), run(), out()), DataError);
  EXPECT_FALSE(fs::exists(out()));
}

TEST_F(ReadingStudyTest, DamagedReadingsAreRefused) {
  fs::create_directories(run() / "readings");
  WriteFileAtomically(run() / "readings" / "human.json",
                      R"({"name": "human", "readers": 1, "gaps": 0,
    "readings": [{"reader": 4, "recording": "r1", "variant": "original", "eye": "right",
                  "condition": "ptosis", "presence": "present", "kind": "", "grade": "",
                  "confidence": null}]})");
  EXPECT_THROW(data_->Imported(), DataError);
  WriteFileAtomically(run() / "readings" / "human.json", R"({"name": "human"})");
  EXPECT_THROW(data_->Imported(), DataError);
}

}  // namespace
}  // namespace maskbench
