#include "seen_eyes.h"

#include <algorithm>
#include <limits>

#include "maskbench/recognition/recogniser.h"

namespace maskbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr const char* kBlinking = "blinking";

bool Overlap(const std::pair<size_t, size_t>& a, const std::pair<size_t, size_t>& b) {
  return a.first <= b.second && b.first <= a.second;
}

int CountOverlapping(const std::vector<std::pair<size_t, size_t>>& some,
                     const std::vector<std::pair<size_t, size_t>>& others) {
  return static_cast<int>(std::count_if(some.begin(), some.end(), [&](const auto& one) {
    return std::any_of(others.begin(), others.end(),
                       [&](const auto& other) { return Overlap(one, other); });
  }));
}

/// Both lids blink together; a true blink counts where the lids come at least half way.
BlinkCount CountBlinks(const RecordingTruth& truth, const std::vector<double>& blinking) {
  const auto real = Stretches(truth.eyes[static_cast<size_t>(Side::kRight)].closure);
  const auto read = Stretches(blinking);
  BlinkCount count;
  count.truth = static_cast<int>(real.size());
  count.found = CountOverlapping(real, read);
  count.read = static_cast<int>(read.size());
  count.read_true = CountOverlapping(read, real);
  return count;
}

bool IsScored(const RecordingTruth& truth, const MeasureSeries& series) {
  return series.eye && truth.eyes[static_cast<size_t>(*series.eye)].measures.count(series.name) > 0;
}

}  // namespace

const std::vector<double>* SeenRecording::Series(Side side, const std::string& name) const {
  const auto& of_eye = series[static_cast<size_t>(side)];
  const auto found = of_eye.find(name);
  return found == of_eye.end() ? nullptr : &found->second;
}

const MeasureValue* SeenRecording::Value(std::optional<Side> eye, const std::string& name) const {
  const auto found = std::find_if(values.begin(), values.end(), [&](const MeasureValue& value) {
    return value.eye == eye && value.name == name;
  });
  return found == values.end() ? nullptr : &*found;
}

SeenEyes ReadSeenEyes(const RunData& data, const EyeTruths& truths, const std::string& variant,
                      const std::string& observer) {
  SeenEyes result;
  for (const RecordingTruth& truth : truths.recordings) {
    if (!data.IsPlanned(truth.labels->id, variant)) continue;
    SeenRecording seen;
    seen.truth = &truth;
    std::optional<Observations> observed = data.Observed(truth.labels->id, variant, observer);
    seen.failed = !observed || observed->series.empty();
    if (seen.failed) {
      ++result.failed;
    } else {
      for (MeasureSeries& series : observed->series) {
        if (IsScored(truth, series)) {
          series.values.resize(truth.yaw_deg.size(), kNan);
          seen.series[static_cast<size_t>(*series.eye)][series.name] = std::move(series.values);
        } else if (!series.eye && series.name == kBlinking) {
          seen.blinks = CountBlinks(truth, series.values);
        }
      }
      seen.values = std::move(observed->values);
    }
    result.recordings.push_back(std::move(seen));
  }
  return result;
}

Repertoire RepertoireOf(const RunData& data, const EyeTruths& truths,
                        const ComponentChoice& observer) {
  Repertoire repertoire;
  if (MetricOf(observer.type)) return repertoire;
  bool answered = false;
  for (const ComponentChoice& variant : data.config().variants) {
    for (const RecordingTruth& truth : truths.recordings) {
      const std::optional<Observations> seen =
          data.Observed(truth.labels->id, variant.name, observer.name);
      if (!seen) continue;
      answered |= !seen->series.empty() || !seen->readings.empty();
      for (const MeasureSeries& series : seen->series) {
        repertoire.measures_eyes |= IsScored(truth, series);
        repertoire.series.insert(series.name);
      }
      for (const MeasureValue& value : seen->values) repertoire.values.insert(value.name);
    }
  }
  repertoire.known = answered;
  repertoire.measures_eyes |= !answered;
  return repertoire;
}

std::vector<std::pair<size_t, size_t>> Stretches(const std::vector<double>& flags) {
  std::vector<std::pair<size_t, size_t>> stretches;
  for (size_t i = 0; i < flags.size(); ++i) {
    if (!(flags[i] > 0.5)) continue;
    if (i > 0 && flags[i - 1] > 0.5) {
      stretches.back().second = i;
    } else {
      stretches.emplace_back(i, i);
    }
  }
  return stretches;
}

}  // namespace maskbench
