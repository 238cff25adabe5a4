#include "maskbench/clinical/diagnosis.h"

#include <fmt/format.h>

#include "maskbench/core/error.h"

namespace maskbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

Presence PresenceOf(const Reading& reading) {
  for (const Presence presence : {Presence::kAbsent, Presence::kPresent, Presence::kUnknown})
    if (reading.label == ToString(presence)) return presence;
  throw DataError(fmt::format("A reading of {} says \"{}\" instead of present, absent or unknown.",
                              reading.condition, reading.label));
}

}  // namespace

const char* ToString(EyeCondition condition) {
  switch (condition) {
    case EyeCondition::kThyroidOrbitopathy:
      return "thyroid_orbitopathy";
    case EyeCondition::kPtosis:
      return "ptosis";
    case EyeCondition::kStrabismus:
      return "strabismus";
    case EyeCondition::kNystagmus:
      return "nystagmus";
  }
  return "";
}

const char* ToString(Presence presence) {
  switch (presence) {
    case Presence::kAbsent:
      return "absent";
    case Presence::kPresent:
      return "present";
    case Presence::kUnknown:
      return "unknown";
  }
  return "";
}

std::vector<Reading> ToReadings(const Diagnosis& diagnosis) {
  std::vector<Reading> readings;
  for (const Side side : kSides)
    for (const EyeCondition condition : kEyeConditions) {
      const Finding& finding = diagnosis.At(side, condition);
      const std::string name = ToString(condition);
      readings.push_back({side, name, ToString(finding.presence), finding.confidence});
      if (!finding.kind.empty()) readings.push_back({side, name + "_kind", finding.kind, kNan});
      if (!finding.grade.empty()) readings.push_back({side, name + "_grade", finding.grade, kNan});
    }
  return readings;
}

Diagnosis ToDiagnosis(const std::vector<Reading>& readings) {
  Diagnosis diagnosis;
  for (const Reading& reading : readings) {
    if (!reading.eye) continue;
    for (const EyeCondition condition : kEyeConditions) {
      const std::string name = ToString(condition);
      Finding& finding = diagnosis.At(*reading.eye, condition);
      if (reading.condition == name) {
        finding.presence = PresenceOf(reading);
        finding.confidence = reading.score;
      } else if (reading.condition == name + "_kind") {
        finding.kind = reading.label;
      } else if (reading.condition == name + "_grade") {
        finding.grade = reading.label;
      }
    }
  }
  return diagnosis;
}

}  // namespace maskbench
