#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "maskbench/clinical/diagnosis.h"
#include "maskbench/core/side.h"
#include "maskbench/pipeline/imported_readings.h"
#include "maskbench/pipeline/run_data.h"

namespace maskbench::consistency {

inline constexpr size_t kConditions = kEyeConditions.size();

/// What an answer is in a table: absent 0, present 1, and 2 for an eye that could not be read.
inline constexpr int kUnread = 2, kAnswers = 3;

/// The unit of analysis: one eye of one recording.
struct EyeUnit {
  std::string recording;
  Side side = Side::kRight;
  int patient = 0;  ///< 0 … patients − 1.
  /// Whether the eye has the condition, by its labels; nothing where they do not say.
  std::array<std::optional<bool>, kConditions> diseased;
  /// The label of a condition that is there (its grade or its kind), else empty.
  std::array<std::string, kConditions> label;
  /// Groups that figures are given apart for, e.g. "sex" → "female".
  std::map<std::string, std::string> strata;
};

/// What a reader says of one eye, by condition. Nothing: he was never asked. Asked without an
/// answer (the case failed, or the reader could not tell) is Presence::kUnknown.
using EyeFindings = std::array<std::optional<Finding>, kConditions>;

/// One reader or a panel of them, and what they said of every eye in every arm.
struct ReaderGroup {
  std::string name;
  bool simulated = false;
  int members = 1;
  /// Arm → member → unit.
  std::map<std::string, std::vector<std::vector<EyeFindings>>> arms;

  /// nullptr when the member was not asked.
  const Finding* At(const std::string& arm, int member, size_t unit, size_t condition) const;
  /// Makes room for an arm of `units` eyes, of which nobody was asked yet.
  void AddArm(const std::string& arm, size_t units);
};

int AnswerOf(const Finding& finding);

/// Both eyes of every recording that takes part, in manifest order. Strata: "borderline" by the
/// labels; "sex", "age" and "ancestry" where the recordings are drawn by the virtual clinic;
/// "resolution" where recordings differ in it.
std::vector<EyeUnit> EyeUnits(const RunData& data);

/// Number of different patients.
int PatientsOf(const std::vector<EyeUnit>& units);

/// What an observer that is a reader said in this run. Throws DataError for readings that are no
/// diagnosis.
ReaderGroup StoredReader(const RunData& data, const std::vector<EyeUnit>& units,
                         const std::string& observer);

/// What people, or programs elsewhere, said who were given a reading list (`maskbench
/// import-readings`). What they left blank was not asked.
ReaderGroup ImportedGroup(const std::vector<EyeUnit>& units, const ImportedReadings& imported);

}  // namespace maskbench::consistency
