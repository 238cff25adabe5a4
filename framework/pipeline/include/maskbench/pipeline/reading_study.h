#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "maskbench/pipeline/imported_readings.h"
#include "maskbench/pipeline/run_data.h"

namespace maskbench {

/// A study in which people read a run's delivered videos, blind.
struct ReadingStudyOptions {
  std::string name = "human";  ///< What figures call the readers.
  int readers = 4;
  std::uint64_t seed = 1;
  std::vector<std::string> variants;  ///< Empty: all of the run.
};

/// One video in one reader's list.
struct StudyItem {
  int reader = 0, session = 0, position = 0;  ///< Each from 0.
  std::string video;                          ///< File name, which tells nothing.
  std::string recording, variant;
};

struct ReadingStudy {
  std::string name;
  int readers = 0, sessions = 0;
  /// By reader, session and position.
  std::vector<StudyItem> items;
};

/// Who reads what and when. Every reader reads every patient under every variant, each time in
/// another session, so that time lies between a patient's versions; which version comes first is a
/// Latin square over patients, sessions and readers, and the order within a session is random. A
/// variant that a share of the subjects has (RunConfig::shares) is read of those alone.
/// @param data  of a run; cases without a video are left out and counted by `missing`.
ReadingStudy PlanReadingStudy(const RunData& data, const ReadingStudyOptions& options,
                              int* missing = nullptr);

/// Writes what readers get: videos/, reader_N.csv with a line per video and empty cells for the
/// answers, and a README. What tells videos apart (key) stays in the run's folder, as
/// reading_studies/NAME.json. Throws DataError when a video is not there any more.
void WriteReadingStudy(const RunData& data, const ReadingStudy& study,
                       const std::filesystem::path& run, const std::filesystem::path& folder);

/// The key of a study of that name. Throws UsageError when the run has none.
ReadingStudy ReadReadingStudy(const std::filesystem::path& run, const std::string& name);

/// Answers as they came in.
struct StudyAnswers {
  ImportedReadings readings;
  /// What was asked and not answered, one sentence each.
  std::vector<std::string> gaps;
};

/// Reads filled-in lists. Everything that cannot be understood is one problem: a column or a word
/// that does not exist, a video that the reader was not to read, one that he answered twice, a
/// grade of what he calls absent. Throws UsageError with all of them, and nothing is read then.
/// Blank answers and videos without a line are gaps.
StudyAnswers ReadAnswers(const ReadingStudy& study,
                         const std::vector<std::filesystem::path>& files);

}  // namespace maskbench
