#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "maskbench/clinical/diagnosis.h"

namespace maskbench {

/// What one reader said of one condition of one eye.
struct ImportedReading {
  int reader = 0;  ///< From 0.
  std::string recording, variant;
  Side eye = Side::kRight;
  EyeCondition condition = EyeCondition::kPtosis;
  Finding finding;
};

/// Readings from outside the program, such as those of people.
struct ImportedReadings {
  std::string name;
  int readers = 0;
  std::vector<ImportedReading> readings;
  int gaps = 0;  ///< Answers that were asked for and not given.
};

/// Keeps them in a run's folder, as readings/NAME.json.
void WriteImportedReadings(const ImportedReadings& readings, const std::filesystem::path& out);

/// All that were imported into a run's folder, by name. Throws DataError.
std::vector<ImportedReadings> ReadImportedReadings(const std::filesystem::path& out);

}  // namespace maskbench
