#include "maskbench/pipeline/reading_study.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "maskbench/core/csv.h"
#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/core/json.h"
#include "maskbench/core/rng.h"
#include "maskbench/core/text.h"

namespace maskbench {
namespace {
namespace fs = std::filesystem;

constexpr std::array<const char*, 4> kFixedColumns = {"reader", "session", "position", "video"};

/// What is asked of a condition that is there.
struct Question {
  EyeCondition condition;
  const char* detail;  ///< "grade" or "kind".
  std::vector<std::string> words;
};

const std::vector<Question>& Questions() {
  static const std::vector<Question> questions = {
      {EyeCondition::kThyroidOrbitopathy, "grade", {"mild", "moderate_severe"}},
      {EyeCondition::kPtosis, "grade", {"mild", "moderate", "severe"}},
      {EyeCondition::kStrabismus, "kind", {"esotropia", "exotropia", "hypertropia", "hypotropia"}},
      {EyeCondition::kNystagmus,
       "kind",
       {"pendular", "pendular_vertical", "jerk_left", "jerk_right", "jerk_up", "jerk_down"}}};
  return questions;
}

std::string NameOf(Side side, EyeCondition condition) {
  return fmt::format("{}_{}", side == Side::kRight ? "right" : "left", ToString(condition));
}

std::vector<std::string> Columns() {
  std::vector<std::string> columns(kFixedColumns.begin(), kFixedColumns.end());
  for (const Side side : kSides)
    for (const Question& question : Questions()) {
      const std::string name = NameOf(side, question.condition);
      columns.push_back(name);
      columns.push_back(name + "_" + question.detail);
      columns.push_back(name + "_confidence");
    }
  return columns;
}

const Node* MaskNode(const RunData& data, const std::string& recording,
                     const std::string& variant) {
  for (const Node& node : data.nodes())
    if (node.stage == Stage::kMask && node.recording == recording && node.variant == variant)
      return &node;
  return nullptr;
}

fs::path KeyFile(const fs::path& run, const std::string& name) {
  return run / "reading_studies" / (name + ".json");
}

template <class T>
void Shuffle(std::vector<T>* values, NamedRandom random) {
  for (size_t i = values->size(); i > 1; --i)
    std::swap((*values)[i - 1], (*values)[random.Below(static_cast<std::uint32_t>(i))]);
}

constexpr char kReadme[] =
    "# Reading list\n\n"
    "Every reader fills in the file of his own number, `reader_N.csv`, and sees nobody else's. "
    "Videos "
    "are read in the order of `session` and `position`. **Weeks lie between two sessions** (a "
    "patient's versions are in different sessions, so that nobody remembers one from the other); a "
    "session itself may take days. A video may be played as often as one likes, at any speed. The "
    "list is saved as CSV, with comma or semicolon.\n\n"
    "For each eye (right and left are the patient's):\n\n"
    "| column | answer |\n|---|---|\n"
    "| `right_ptosis` and the like | `present`, `absent`, or `unknown` when it cannot be told from "
    "the video; a blank is a gap |\n"
    "| `…_grade`, `…_kind` | of what is present, and may be left blank: ";

}  // namespace

ReadingStudy PlanReadingStudy(const RunData& data, const ReadingStudyOptions& options,
                              int* missing) {
  if (options.name.empty() ||
      options.name.find_first_not_of(
          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") != std::string::npos)
    throw UsageError("A study's name has letters, digits, _ and - only.");
  std::vector<std::string> variants = options.variants;
  for (const ComponentChoice& variant : data.config().variants)
    if (options.variants.empty()) variants.push_back(variant.name);
  for (const std::string& name : variants) {
    const auto& known = data.config().variants;
    if (std::none_of(known.begin(), known.end(),
                     [&](const ComponentChoice& variant) { return variant.name == name; }))
      throw UsageError(fmt::format("The run has no variant \"{}\".", name));
  }
  if (std::set<std::string>(variants.begin(), variants.end()).size() != variants.size())
    throw UsageError("A variant is named twice.");
  ReadingStudy study;
  study.name = options.name;
  study.readers = options.readers;
  study.sessions = static_cast<int>(variants.size());
  // Patients in random order, so that their place in the Latin square says nothing of them.
  std::vector<std::string> patients;
  std::map<std::string, std::vector<std::string>> recordings;
  for (const std::string& id : data.recordings()) {
    std::vector<std::string>& own = recordings[data.dataset().FindRecording(id)->subject];
    if (own.empty()) patients.push_back(data.dataset().FindRecording(id)->subject);
    own.push_back(id);
  }
  Shuffle(&patients, NamedRandom(options.seed, options.name, "reading list: patients"));
  std::map<std::pair<std::string, std::string>, std::string> videos;
  std::set<std::string> names;
  int without = 0;
  for (const std::string& patient : patients)
    for (const std::string& recording : recordings[patient])
      for (const std::string& variant : variants) {
        const Node* node = MaskNode(data, recording, variant);
        if (node == nullptr) continue;  // Not masked this way.
        const NodeOutcome* outcome = data.OutcomeOf(*node);
        if (outcome == nullptr || outcome->status != NodeStatus::kDone) {
          ++without;
          continue;
        }
        NamedRandom random(options.seed, fmt::format("{} {} {}", options.name, recording, variant),
                           "reading list: video");
        std::string name;
        do {
          name = fmt::format("v{:08x}{}", random.NextBits(),
                             fs::path(outcome->artefact).extension().string());
        } while (!names.insert(name).second);
        videos[{recording, variant}] = name;
      }
  for (int reader = 0; reader < study.readers; ++reader)
    for (int session = 0; session < study.sessions; ++session) {
      std::vector<StudyItem> items;
      for (size_t k = 0; k < patients.size(); ++k) {
        const size_t version = (k + static_cast<size_t>(session + reader)) % variants.size();
        for (const std::string& recording : recordings[patients[k]]) {
          const auto video = videos.find({recording, variants[version]});
          if (video == videos.end()) continue;
          items.push_back({reader, session, 0, video->second, recording, variants[version]});
        }
      }
      Shuffle(&items,
              NamedRandom(options.seed, fmt::format("{} {} {}", options.name, reader, session),
                          "reading list: order"));
      for (size_t i = 0; i < items.size(); ++i) {
        items[i].position = static_cast<int>(i);
        study.items.push_back(std::move(items[i]));
      }
    }
  if (missing != nullptr) *missing = without;
  return study;
}

void WriteReadingStudy(const RunData& data, const ReadingStudy& study, const fs::path& run,
                       const fs::path& folder) {
  // All files are looked for before any is copied.
  std::map<std::string, fs::path> files;
  for (const StudyItem& item : study.items) {
    const fs::path file =
        run / data.OutcomeOf(*MaskNode(data, item.recording, item.variant))->artefact;
    if (!fs::exists(file))
      throw DataError(
          fmt::format("The video of {} under {} is not kept; the same `maskbench run` into this "
                      "folder with --set keep=masked makes it again.",
                      item.recording, item.variant));
    files[item.video] = file;
  }
  if (fs::exists(KeyFile(run, study.name)))
    throw UsageError(
        fmt::format("The run has a reading list \"{}\" already; name this one "
                    "otherwise, or answers would be taken for the wrong videos.",
                    study.name));
  if (fs::exists(folder) && !fs::is_empty(folder))
    throw UsageError(fmt::format(
        "{} is not empty; name a new folder, or lists that are filled in would be written over.",
        folder.string()));
  fs::create_directories(folder / "videos");
  for (const auto& [name, file] : files)
    fs::copy_file(file, folder / "videos" / name, fs::copy_options::overwrite_existing);
  const std::vector<std::string> columns = Columns();
  for (int reader = 0; reader < study.readers; ++reader) {
    std::string text = CsvLine(columns);
    for (const StudyItem& item : study.items) {
      if (item.reader != reader) continue;
      std::vector<std::string> cells(columns.size());
      cells[0] = std::to_string(item.reader + 1);
      cells[1] = std::to_string(item.session + 1);
      cells[2] = std::to_string(item.position + 1);
      cells[3] = item.video;
      text += CsvLine(cells);
    }
    WriteFileAtomically(folder / fmt::format("reader_{}.csv", reader + 1), text);
  }
  std::string readme = kReadme;
  for (const Question& question : Questions())
    readme += fmt::format("{}{}: {}", &question == &Questions().front() ? "" : "; ",
                          ToString(question.condition), Join(question.words, ", "));
  readme +=
      " |\n| `…_confidence` | how sure one is that it is present, 0 to 1, e.g. 0.8; may be left "
      "blank |\n";
  WriteFileAtomically(folder / "README.md", readme);
  Json items = Json::array();
  for (const StudyItem& item : study.items)
    items.push_back(
        {item.reader, item.session, item.position, item.video, item.recording, item.variant});
  fs::create_directories(KeyFile(run, study.name).parent_path());
  WriteJsonFile(KeyFile(run, study.name), {{"name", study.name},
                                           {"readers", study.readers},
                                           {"sessions", study.sessions},
                                           {"items", items}});
}

ReadingStudy ReadReadingStudy(const fs::path& run, const std::string& name) {
  const fs::path file = KeyFile(run, name);
  if (!fs::exists(file))
    throw UsageError(fmt::format(
        "{} has no reading list \"{}\"; `maskbench reading-list` makes one.", run.string(), name));
  try {
    const Json json = ReadJsonFile(file);
    ReadingStudy study;
    study.name = json.at("name");
    study.readers = json.at("readers");
    study.sessions = json.at("sessions");
    for (const Json& item : json.at("items"))
      study.items.push_back(
          {item.at(0), item.at(1), item.at(2), item.at(3), item.at(4), item.at(5)});
    return study;
  } catch (const Json::exception& error) {
    throw DataError(fmt::format("{} is damaged: {}", file.string(), error.what()));
  }
}

namespace {

/// Reads one file of answers after the other.
class AnswerReader {
 public:
  explicit AnswerReader(const ReadingStudy& study) : study_(study) {
    for (const StudyItem& item : study.items) items_[{item.reader, item.video}] = &item;
    answers_.readings.name = study.name;
    answers_.readings.readers = study.readers;
  }

  void Read(const fs::path& file) {
    std::string text;
    try {
      text = ReadFile(file);
    } catch (const DataError& error) {
      problems_.Add("", error.what());
      return;
    }
    const std::string where = file.string();
    std::vector<CsvRow> rows;
    try {
      const std::string head = text.substr(0, text.find('\n'));
      rows = ParseCsv(text, head.find(',') == std::string::npos ? ';' : ',');
    } catch (const DataError& error) {
      Wrong(where, error.what());
      return;
    }
    if (rows.empty()) {
      Wrong(where, "is empty");
      return;
    }
    const std::vector<std::string> known = Columns();
    const auto is_known = [&](const std::string& name) {
      return std::find(known.begin(), known.end(), name) != known.end();
    };
    if (std::none_of(rows[0].cells.begin(), rows[0].cells.end(), is_known)) {
      Wrong(where,
            "is no reading list: its first line names none of the columns. Save the list as CSV, "
            "with comma or semicolon");
      return;
    }
    std::map<std::string, size_t> columns;
    const size_t before = problems_.lines().size();
    for (size_t i = 0; i < rows[0].cells.size(); ++i) {
      const std::string& name = rows[0].cells[i];
      if (!is_known(name))
        Wrong(where, fmt::format("column \"{}\" is not known.{}", name, Suggestion(name, known)));
      else if (!columns.emplace(name, i).second)
        Wrong(where, fmt::format("column \"{}\" is there twice", name));
    }
    for (const char* name : {"reader", "video"})
      if (columns.count(name) == 0) Wrong(where, fmt::format("column \"{}\" is missing", name));
    if (problems_.lines().size() > before) return;
    for (size_t r = 1; r < rows.size(); ++r) {
      const std::string line = fmt::format("{}, line {}", where, rows[r].line);
      if (rows[r].cells.size() != rows[0].cells.size()) {
        Wrong(line,
              fmt::format("{} cells instead of {}", rows[r].cells.size(), rows[0].cells.size()));
        continue;
      }
      ReadRow(line, columns, rows[r].cells);
    }
  }

  StudyAnswers Finish() {
    problems_.ThrowIfAny("nothing imported: what was filled in");
    for (const StudyItem& item : study_.items)
      if (seen_.count({item.reader, item.video}) == 0)
        Gap(fmt::format("reader {}, session {}, video {}: no line", item.reader + 1,
                        item.session + 1, item.video),
            kAnswersPerVideo);
    return std::move(answers_);
  }

 private:
  static constexpr int kAnswersPerVideo =
      static_cast<int>(kSides.size()) * static_cast<int>(kEyeConditions.size());

  void Wrong(const std::string& where, const std::string& what) {
    problems_.Add(where + ":", what);
  }

  void Gap(const std::string& what, int answers) {
    answers_.gaps.push_back(what);
    answers_.readings.gaps += answers;
  }

  void ReadRow(const std::string& line, const std::map<std::string, size_t>& columns,
               const std::vector<std::string>& cells) {
    const auto cell = [&](const std::string& name) -> std::string {
      const auto found = columns.find(name);
      if (found == columns.end()) return "";
      const std::string& text = cells[found->second];
      const size_t first = text.find_first_not_of(" \t");
      if (first == std::string::npos) return "";
      return text.substr(first, text.find_last_not_of(" \t") - first + 1);
    };
    const std::string video = cell("video"), number = cell("reader");
    const bool whole = !number.empty() && number.size() < 6 &&
                       number.find_first_not_of("0123456789") == std::string::npos;
    const int reader = whole ? std::stoi(number) - 1 : -1;
    const auto item = items_.find({reader, video});
    if (item == items_.end()) {
      Wrong(line, fmt::format("reader \"{}\" was not to read the video \"{}\"", number, video));
      return;
    }
    const auto [earlier, first_time] = seen_.try_emplace({reader, video}, line);
    if (!first_time) {
      Wrong(line, fmt::format("reader {} has answered the video {} already, in {}", number, video,
                              earlier->second));
      return;
    }
    std::vector<std::string> blanks;
    for (const Side side : kSides)
      for (const Question& question : Questions()) {
        const std::string name = NameOf(side, question.condition);
        const std::string answer = cell(name), detail = cell(name + "_" + question.detail),
                          sure = cell(name + "_confidence");
        const std::string where = line + ", " + name;
        ImportedReading reading;
        reading.reader = reader;
        reading.recording = item->second->recording;
        reading.variant = item->second->variant;
        reading.eye = side;
        reading.condition = question.condition;
        Finding& finding = reading.finding;
        if (!detail.empty()) {
          if (std::find(question.words.begin(), question.words.end(), detail) ==
              question.words.end())
            Wrong(where,
                  fmt::format("\"{}\" is no {}; known: {}.{}", detail, question.detail,
                              Join(question.words, ", "), Suggestion(detail, question.words)));
          if (answer != "present")
            Wrong(where, fmt::format("has a {} without being present", question.detail));
          (question.detail == std::string("grade") ? finding.grade : finding.kind) = detail;
        }
        if (!sure.empty()) {
          char* end = nullptr;
          finding.confidence = std::strtod(sure.c_str(), &end);
          if (*end != '\0' || !(finding.confidence >= 0 && finding.confidence <= 1))
            Wrong(where,
                  fmt::format("confidence \"{}\" is no number from 0 to 1, such as 0.8", sure));
        }
        if (answer.empty()) {
          blanks.push_back(name);
          continue;
        }
        if (answer == "present")
          finding.presence = Presence::kPresent;
        else if (answer == "absent")
          finding.presence = Presence::kAbsent;
        else if (answer != "unknown")
          Wrong(where, fmt::format("\"{}\" is none of present, absent, unknown", answer));
        answers_.readings.readings.push_back(std::move(reading));
      }
    if (blanks.empty()) return;
    const bool all = blanks.size() == kAnswersPerVideo;
    Gap(fmt::format("{} (reader {}, video {}): {}", line, number, video,
                    all ? "nothing answered" : "blank " + Join(blanks, ", ")),
        static_cast<int>(blanks.size()));
  }

  const ReadingStudy& study_;
  std::map<std::pair<int, std::string>, const StudyItem*> items_;
  std::map<std::pair<int, std::string>, std::string> seen_;  ///< Where each was answered.
  Problems problems_;
  StudyAnswers answers_;
};

}  // namespace

StudyAnswers ReadAnswers(const ReadingStudy& study, const std::vector<fs::path>& files) {
  AnswerReader reader(study);
  for (const fs::path& file : files) reader.Read(file);
  return reader.Finish();
}

}  // namespace maskbench
