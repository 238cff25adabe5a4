#pragma once

#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "eye_truth.h"

namespace maskbench {

/// Blinks of one recording.
struct BlinkCount {
  int truth = 0, found = 0;     ///< True blinks, and those that overlap a blink that was read.
  int read = 0, read_true = 0;  ///< Blinks that were read, and those that overlap a true one.
};

/// What an observer saw of a recording under a variant.
struct SeenRecording {
  const RecordingTruth* truth = nullptr;
  bool failed = false;  ///< Nothing could be read.
  /// By Side and name; those that can be scored, one value per frame of the truth.
  std::array<std::map<std::string, std::vector<double>>, 2> series;
  std::vector<MeasureValue> values;
  std::optional<BlinkCount> blinks;  ///< Where the observer reads blinks.

  /// nullptr when the observer does not give the series.
  const std::vector<double>* Series(Side side, const std::string& name) const;
  /// nullptr when there is no such value. @param eye  empty: of the whole face.
  const MeasureValue* Value(std::optional<Side> eye, const std::string& name) const;
};

struct SeenEyes {
  std::vector<SeenRecording> recordings;  ///< One per truth, in its order.
  int failed = 0;
};

/// Joins what an observer saw under a variant with the truth, which must outlive the result.
SeenEyes ReadSeenEyes(const RunData& data, const EyeTruths& truths, const std::string& variant,
                      const std::string& observer);

/// What an observer gives, in any recording with a truth and under any variant.
struct Repertoire {
  std::set<std::string> series, values;  ///< Names.
  /// It measures eyes, or it failed everywhere, so that nothing is known of what it gives.
  bool measures_eyes = false;
  bool known = false;

  bool GivesSeries(const std::string& name) const { return !known || series.count(name) > 0; }
  bool GivesValue(const std::string& name) const { return !known || values.count(name) > 0; }
};

/// Recognisers measure no eyes, whatever became of them.
Repertoire RepertoireOf(const RunData& data, const EyeTruths& truths,
                        const ComponentChoice& observer);

/// First and last frame of every stretch in which `flags` is above 0.5.
std::vector<std::pair<size_t, size_t>> Stretches(const std::vector<double>& flags);

}  // namespace maskbench
