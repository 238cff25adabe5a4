#pragma once

#include <array>
#include <limits>
#include <string>
#include <vector>

#include "maskbench/core/side.h"
#include "maskbench/perception/observer.h"

namespace maskbench {

/// What readers judge, each eye by itself.
enum class EyeCondition { kThyroidOrbitopathy, kPtosis, kStrabismus, kNystagmus };
inline constexpr std::array<EyeCondition, 4> kEyeConditions = {
    EyeCondition::kThyroidOrbitopathy, EyeCondition::kPtosis, EyeCondition::kStrabismus,
    EyeCondition::kNystagmus};

/// As the labels of manifests call it: "thyroid_orbitopathy", "ptosis", "strabismus" or
/// "nystagmus".
const char* ToString(EyeCondition condition);

enum class Presence { kAbsent, kPresent, kUnknown };

/// "absent", "present" or "unknown".
const char* ToString(Presence presence);

/// What a reader says of one condition of one eye.
struct Finding {
  Presence presence = Presence::kUnknown;
  /// Which one, where there are several, in the words of manifests: "esotropia", "jerk_left". Empty
  /// when it is not present or not told.
  std::string kind;
  /// How bad: "mild", "moderate", "severe" or "moderate_severe". Empty as above.
  std::string grade;
  /// How sure the reader is that it is present, 0 … 1; NaN when it is unknown.
  double confidence = std::numeric_limits<double>::quiet_NaN();
};

/// What a reader says of a patient's eyes; all is unknown at first.
class Diagnosis {
 public:
  Finding& At(Side side, EyeCondition condition) {
    return findings_[static_cast<size_t>(side)][static_cast<size_t>(condition)];
  }
  const Finding& At(Side side, EyeCondition condition) const {
    return findings_[static_cast<size_t>(side)][static_cast<size_t>(condition)];
  }

 private:
  std::array<std::array<Finding, kEyeConditions.size()>, 2> findings_;
};

/// As readings for the store: for every eye and condition one of NAME with the presence as label
/// and the confidence as score, and where there is one NAME_kind and NAME_grade.
std::vector<Reading> ToReadings(const Diagnosis& diagnosis);

/// Back again. Readings of other conditions and of the whole patient are left out, so a reader may
/// say more than this. Throws DataError for a presence that is none of the three words.
Diagnosis ToDiagnosis(const std::vector<Reading>& readings);

}  // namespace maskbench
