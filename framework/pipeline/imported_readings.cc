#include "maskbench/pipeline/imported_readings.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/core/json.h"

namespace maskbench {
namespace {
namespace fs = std::filesystem;

template <class Values>
auto FromText(const std::string& text, const Values& values) {
  const auto found = std::find_if(std::begin(values), std::end(values),
                                  [&](const auto& value) { return text == ToString(value); });
  if (found == std::end(values)) throw DataError(fmt::format("\"{}\" is not known.", text));
  return *found;
}

constexpr Presence kPresences[] = {Presence::kAbsent, Presence::kPresent, Presence::kUnknown};

}  // namespace

void WriteImportedReadings(const ImportedReadings& readings, const fs::path& out) {
  Json rows = Json::array();
  for (const ImportedReading& reading : readings.readings) {
    const Finding& finding = reading.finding;
    rows.push_back(
        {{"reader", reading.reader},
         {"recording", reading.recording},
         {"variant", reading.variant},
         {"eye", reading.eye == Side::kRight ? "right" : "left"},
         {"condition", ToString(reading.condition)},
         {"presence", ToString(finding.presence)},
         {"kind", finding.kind},
         {"grade", finding.grade},
         {"confidence", std::isnan(finding.confidence) ? Json() : Json(finding.confidence)}});
  }
  fs::create_directories(out / "readings");
  WriteJsonFile(out / "readings" / (readings.name + ".json"), {{"name", readings.name},
                                                               {"readers", readings.readers},
                                                               {"gaps", readings.gaps},
                                                               {"readings", rows}});
}

std::vector<ImportedReadings> ReadImportedReadings(const fs::path& out) {
  std::vector<ImportedReadings> all;
  if (!fs::is_directory(out / "readings")) return all;
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(out / "readings"))
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) {
    try {
      const Json json = ReadJsonFile(file);
      ImportedReadings readings;
      readings.name = json.at("name");
      readings.readers = json.at("readers");
      readings.gaps = json.at("gaps");
      for (const Json& row : json.at("readings")) {
        ImportedReading reading;
        reading.reader = row.at("reader");
        if (reading.reader < 0 || reading.reader >= readings.readers)
          throw DataError(fmt::format("there is no reader {}.", reading.reader));
        reading.recording = row.at("recording");
        reading.variant = row.at("variant");
        const std::string eye = row.at("eye");
        if (eye != "right" && eye != "left") throw DataError(fmt::format("\"{}\" is no eye.", eye));
        reading.eye = eye == "right" ? Side::kRight : Side::kLeft;
        reading.condition = FromText(row.at("condition").get<std::string>(), kEyeConditions);
        reading.finding.presence = FromText(row.at("presence").get<std::string>(), kPresences);
        reading.finding.kind = row.at("kind");
        reading.finding.grade = row.at("grade");
        if (!row.at("confidence").is_null()) reading.finding.confidence = row.at("confidence");
        readings.readings.push_back(std::move(reading));
      }
      all.push_back(std::move(readings));
    } catch (const Json::exception& error) {
      throw DataError(fmt::format("{} holds no readings: {}", file.string(), error.what()));
    } catch (const DataError& error) {
      throw DataError(fmt::format("{} holds no readings: {}", file.string(), error.what()));
    }
  }
  return all;
}

}  // namespace maskbench
