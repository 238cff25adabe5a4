// Whether nystagmus is found, and how well its size and rhythm are measured.
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <optional>

#include "topics.h"

namespace maskbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
// A slow-phase velocity is right within the larger of the two.
constexpr double kVelocityDegPerS = 0.5, kVelocityShare = 0.1;

/// The waveform of the label, or "none"; nothing where the labels do not say.
std::optional<std::string> WaveformOf(const LabelledRecording& labels) {
  std::optional<std::string> waveform;
  for (const EyeTruth* eye : {&labels.right, &labels.left}) {
    const auto found = eye->labels.find("nystagmus");
    if (found == eye->labels.end() || !found->is_string()) continue;
    if (!waveform || *waveform == "none") waveform = found->get<std::string>();
  }
  return waveform;
}

double ValueOf(const SeenRecording& seen, const std::string& name) {
  const MeasureValue* value = seen.Value(std::nullopt, "nystagmus_" + name);
  return value == nullptr ? kNan : value->value;
}

/// Recordings with a value, and how many have none.
struct Paired {
  std::vector<Sample> samples;
  int failed = 0;
};

using Truth = std::function<double(const RecordingTruth& recording)>;
Paired Pair(const std::vector<const SeenRecording*>& recordings, const std::string& name,
            const Truth& truth_of) {
  Paired paired;
  for (const SeenRecording* seen : recordings) {
    const double truth = truth_of(*seen->truth), measured = ValueOf(*seen, name);
    if (std::isnan(truth)) continue;
    if (std::isnan(measured)) {
      ++paired.failed;
    } else {
      paired.samples.push_back({seen->truth->subject, truth, measured});
    }
  }
  return paired;
}

std::vector<Entry> AbsoluteErrors(const std::vector<Sample>& samples) {
  std::vector<Entry> errors;
  for (const Sample& sample : samples)
    errors.push_back({sample.subject, std::abs(sample.measured - sample.truth)});
  return errors;
}

}  // namespace

void AddNystagmusFigures(const EyeScores& scores, FigureSheet* sheet) {
  if (!scores.repertoire.GivesValue("nystagmus_present")) return;
  sheet->Start(Part::kHeadline);
  std::vector<const SeenRecording*> with, jerks;
  // A recording without an answer is a wrong one.
  std::vector<Entry> found, left_alone;
  int unanswered_with = 0, unanswered_without = 0;
  for (const SeenRecording& seen : scores.seen->recordings) {
    const std::optional<std::string> waveform = WaveformOf(*seen.truth->labels);
    if (!waveform) continue;
    const double present = ValueOf(seen, "present");
    if (*waveform != "none") {
      with.push_back(&seen);
      if (waveform->rfind("jerk", 0) == 0) jerks.push_back(&seen);
      found.push_back({seen.truth->subject, present > 0.5 ? 1.0 : 0.0});
      unanswered_with += std::isnan(present) ? 1 : 0;
    } else {
      left_alone.push_back({seen.truth->subject, present <= 0.5 ? 1.0 : 0.0});
      unanswered_without += std::isnan(present) ? 1 : 0;
    }
  }
  sheet->AddShare({{}, "recording", unanswered_with}, "nystagmus_sensitivity", found);
  sheet->AddShare({{}, "recording", unanswered_without}, "nystagmus_specificity", left_alone);

  struct Source {
    const char* name;
    Truth amplitude_deg, frequency_hz;
  };
  const auto labelled = [](const char* key) {
    return [key](const RecordingTruth& recording) {
      return LabelledNumber(*recording.labels, Side::kRight, key);
    };
  };
  const std::vector<Source> sources = {
      {"shown", [](const RecordingTruth& r) { return r.nystagmus.amplitude_deg; },
       [](const RecordingTruth& r) { return r.nystagmus.frequency_hz; }},
      {"stated", labelled("nystagmus_amplitude_deg"), labelled("nystagmus_frequency_hz")}};
  for (const Source& source : sources) {
    const auto row = [&](int failed) { return Row{{{"truth", source.name}}, "recording", failed}; };
    const Paired amplitude = Pair(with, "amplitude", source.amplitude_deg);
    sheet->AddAgreement(row(amplitude.failed), "nystagmus_amplitude", "deg", amplitude.samples);
    sheet->AddSlope(row(amplitude.failed), "nystagmus_amplitude_slope", "deg/deg",
                    amplitude.samples);
    const Paired frequency = Pair(with, "frequency", source.frequency_hz);
    for (const auto& [suffix, p] : {std::pair("median", 0.5), {"p95", 0.95}}) {
      sheet->AddPercentile(row(frequency.failed),
                           std::string("nystagmus_frequency_error_") + suffix, "Hz",
                           AbsoluteErrors(frequency.samples), p);
    }
  }
  const Paired velocity = Pair(jerks, "slow_phase_velocity", [](const RecordingTruth& r) {
    return r.nystagmus.slow_phase_velocity_deg_per_s;
  });
  const Row row{{{"truth", "shown"}}, "recording", velocity.failed};
  sheet->AddPercentile(row, "nystagmus_slow_phase_velocity_error_median", "deg_per_s",
                       AbsoluteErrors(velocity.samples), 0.5);
  std::vector<Entry> right;
  for (const Sample& sample : velocity.samples) {
    const double allowed = std::max(kVelocityDegPerS, kVelocityShare * sample.truth);
    right.push_back(
        {sample.subject, std::abs(sample.measured - sample.truth) <= allowed ? 1.0 : 0.0});
  }
  sheet->AddShare(row, "nystagmus_slow_phase_velocity_within", right);
}

}  // namespace maskbench
