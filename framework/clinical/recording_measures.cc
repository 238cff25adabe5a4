#include "maskbench/clinical/recording_measures.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "maskbench/clinical/alignment.h"
#include "maskbench/clinical/gaze_stretches.h"
#include "maskbench/clinical/lid_measures.h"
#include "maskbench/clinical/trace_statistics.h"
#include "maskbench/core/error.h"

namespace maskbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
// Shorter recordings have no blink rate worth the name, s.
constexpr double kLeastBlinkSeconds = 1.0;

void Check(const EyeRecord& record) {
  if (!(record.rate_hz > 0) || !std::isfinite(record.rate_hz))
    throw DataError(fmt::format("The eye record has a frame rate of {} Hz; it must be positive.",
                                record.rate_hz));
  const auto frames = static_cast<size_t>(std::max<std::int64_t>(0, record.frames));
  for (const Side side : kSides) {
    const EyeTraces& eye = record.eyes[static_cast<size_t>(side)];
    const auto check = [&](const char* name, size_t size) {
      if (size != frames)
        throw DataError(
            fmt::format("The eye record of {} frames has {} entries of {} of the {} eye.",
                        record.frames, size, name, ToString(side)));
    };
    for (const auto& [name, trace] :
         {std::pair("mrd1", &eye.mrd1_mm), std::pair("mrd2", &eye.mrd2_mm),
          std::pair("aperture", &eye.aperture_mm),
          std::pair("superior show", &eye.superior_show_mm),
          std::pair("inferior show", &eye.inferior_show_mm), std::pair("azimuth", &eye.azimuth_deg),
          std::pair("elevation", &eye.elevation_deg),
          std::pair("camera azimuth", &eye.camera_azimuth_deg),
          std::pair("camera elevation", &eye.camera_elevation_deg),
          std::pair("reflex x", &eye.reflex_to_pupil_x_mm),
          std::pair("reflex y", &eye.reflex_to_pupil_y_mm),
          std::pair("iris diameter", &eye.iris_diameter_px)}) {
      check(name, trace->values.size());
      check(name, trace->errors.size());
    }
    check("from_reflex", eye.from_reflex.size());
    check("in_sight", eye.in_sight.size());
    check("shut", eye.shut.size());
  }
}

// Collects values under their names.
class Table {
 public:
  void Add(std::optional<Side> eye, const char* name, const char* unit, const Estimate& estimate,
           const std::string& note) {
    MeasureValue value;
    value.eye = eye;
    value.name = name;
    value.unit = unit;
    value.value = estimate.value;
    if (std::isfinite(estimate.value)) {
      value.low = estimate.low;
      value.high = estimate.high;
    }
    value.note = note;
    if (std::isfinite(value.value) && !(std::isfinite(value.low) && std::isfinite(value.high)))
      value.note += value.note.empty() ? "no interval" : "; no interval";
    values_.push_back(std::move(value));
  }
  // A count, class or limit, which has no interval.
  void AddPlain(std::optional<Side> eye, const char* name, const char* unit, double value,
                const std::string& note) {
    MeasureValue plain;
    plain.eye = eye;
    plain.name = name;
    plain.unit = unit;
    plain.value = value;
    plain.note = note;
    values_.push_back(std::move(plain));
  }
  std::vector<MeasureValue> Take() { return std::move(values_); }

 private:
  std::vector<MeasureValue> values_;
};

Estimate Scaled(const Estimate& estimate, double factor) {
  return {estimate.value * factor, estimate.low * factor, estimate.high * factor};
}

void AddLids(const EyeRecord& record, const std::array<LidMeasures, 2>& lids, Table* table) {
  for (const Side side : kSides) {
    const LidMeasures& own = lids[static_cast<size_t>(side)];
    table->Add(side, "mrd1", "mm", own.mrd1_mm, own.note);
    table->Add(side, "mrd2", "mm", own.mrd2_mm, own.note);
    table->Add(side, "pfh", "mm", own.pfh_mm, own.note);
    table->Add(side, "superior_show", "mm", own.superior_show_mm, own.note);
    table->Add(side, "inferior_show", "mm", own.inferior_show_mm, own.note);
    table->Add(side, "lid_lag", "mm", own.lid_lag_mm, own.lag_note);
    table->Add(side, "protrusion_index", "iris_diameters",
               Scaled(own.pfh_mm, 1 / record.iris_diameter_mm),
               std::isfinite(own.pfh_mm.value)
                   ? "fissure height in iris diameters: an index, not millimetres of protrusion; "
                     "retraction raises it as well"
                   : own.note);
  }
  const auto asymmetry = [&](const char* name, Estimate LidMeasures::*measure) {
    const Estimate difference = Difference(lids[0].*measure, lids[1].*measure);
    table->Add({}, name, "mm", difference,
               std::isfinite(difference.value) ? "right - left" : "not known of both eyes");
  };
  asymmetry("mrd1_asymmetry", &LidMeasures::mrd1_mm);
  asymmetry("pfh_asymmetry", &LidMeasures::pfh_mm);
}

void AddBlinks(const EyeRecord& record, const std::vector<double>& blinking,
               const BlinkOptions& options, Table* table) {
  const std::vector<Blink> blinks = DetectBlinks(record, options);
  double seconds = 0;
  for (const double flag : blinking) seconds += std::isfinite(flag) / record.rate_hz;
  const auto count = static_cast<double>(blinks.size());
  const std::string seen = fmt::format("{:.1f} s with lids in sight", seconds);
  table->AddPlain({}, "blink_count", "count", seconds > 0 ? count : kNan, seen);
  const Interval per_second = PoissonInterval(count, seconds);
  Estimate per_minute;
  if (seconds >= kLeastBlinkSeconds)
    per_minute = {60 * count / seconds, 60 * per_second.low, 60 * per_second.high};
  table->Add({}, "blink_rate", "per_minute", per_minute,
             seconds >= kLeastBlinkSeconds ? seen : "less than 1 s with lids in sight");
  double incomplete = 0;
  for (const Blink& blink : blinks) incomplete += !blink.complete;
  Estimate share;
  if (count > 0) {
    const Interval interval = ClopperPearsonInterval(incomplete, count);
    share = {incomplete / count, interval.low, interval.high};
  }
  table->Add({}, "incomplete_blink_share", "share", share, count > 0 ? "" : "no blinks");
}

void AddAlignment(const AlignmentMeasures& alignment, Table* table) {
  const auto add = [&](const char* name, const char* deg_name, const Estimate& degrees,
                       const std::string& note) {
    table->Add({}, name, "prism_dioptres", InDioptres(degrees), note);
    table->Add({}, deg_name, "deg", degrees, note);
  };
  add("deviation_horizontal", "deviation_horizontal_deg", alignment.total_deg.horizontal,
      alignment.total_note);
  add("deviation_vertical", "deviation_vertical_deg", alignment.total_deg.vertical,
      alignment.total_note);
  add("deviation_manifest_horizontal", "deviation_manifest_horizontal_deg",
      alignment.manifest_deg.horizontal, alignment.manifest_note);
  add("deviation_manifest_vertical", "deviation_manifest_vertical_deg",
      alignment.manifest_deg.vertical, alignment.manifest_note);
  table->Add({}, "hirschberg_horizontal", "prism_dioptres", alignment.hirschberg.horizontal,
             alignment.hirschberg_note);
  table->Add({}, "hirschberg_vertical", "prism_dioptres", alignment.hirschberg.vertical,
             alignment.hirschberg_note);
  table->AddPlain({}, "fixing_eye", "side", alignment.fixing_eye, alignment.fixing_note);
}

void AddFixation(const EyeRecord& record, const FrameStates& states,
                 const std::vector<SteadyRun>& runs, const SaccadeOptions& options, Table* table) {
  for (const Side side : kSides) {
    const auto s = static_cast<size_t>(side);
    const EyeTraces& eye = record.eyes[s];
    std::vector<FixationStretch> stretches;
    for (const SteadyRun& run : runs) {
      if (!run.primary || !run.eyes[s]) continue;
      FixationStretch stretch;
      for (std::int64_t f = run.frames.first; f <= run.frames.last; ++f) {
        const auto i = static_cast<size_t>(f);
        const bool known = states.readable[s][i];
        stretch.azimuth_deg.push_back(known ? eye.camera_azimuth_deg.values[i] : kNan);
        stretch.elevation_deg.push_back(known ? eye.camera_elevation_deg.values[i] : kNan);
        stretch.azimuth_error_deg.push_back(eye.camera_azimuth_deg.errors[i]);
        stretch.elevation_error_deg.push_back(eye.camera_elevation_deg.errors[i]);
      }
      stretches.push_back(std::move(stretch));
    }
    const FixationMeasures fixation = MeasureFixation(stretches, record.rate_hz, options);
    const std::string seconds = fmt::format("{:.1f} s of fixation", fixation.seconds);
    std::string note = seconds;
    if (!std::isfinite(fixation.bcea_deg2.value)) {
      note = fixation.seconds < 0.5 ? "less than 0.5 s of fixation"
                                    : fmt::format("below the noise, which alone has {:.2f} deg2",
                                                  fixation.noise_bcea_deg2);
    }
    table->Add(side, "bcea", "deg2", fixation.bcea_deg2, note);
    table->Add(side, "saccade_rate", "per_second", fixation.saccades_per_s,
               std::isfinite(fixation.saccades_per_s.value)
                   ? fmt::format("{}; saccades from about {:.1f} deg on", seconds,
                                 fixation.smallest_saccade_deg)
                   : "less than 1 s of fixation");
  }
}

void AddNystagmus(const NystagmusMeasures& nystagmus, Table* table) {
  std::string why = nystagmus.note;
  if (nystagmus.judged && !nystagmus.present && why.empty()) why = "no nystagmus";
  table->AddPlain({}, "nystagmus_present", "flag",
                  nystagmus.judged ? (nystagmus.present ? 1 : 0) : kNan, nystagmus.note);
  table->Add({}, "nystagmus_frequency", "Hz", nystagmus.frequency_hz, why);
  table->Add({}, "nystagmus_amplitude", "deg", nystagmus.amplitude_deg, why);
  table->AddPlain({}, "nystagmus_direction", "deg", nystagmus.plane_deg, why);
  const bool jerk = nystagmus.present && nystagmus.waveform == NystagmusWaveform::kJerk;
  table->AddPlain({}, "nystagmus_jerk", "flag", nystagmus.present ? (jerk ? 1 : 0) : kNan, why);
  const std::string no_jerk = nystagmus.present && !jerk ? "pendular" : why;
  table->AddPlain({}, "nystagmus_fast_phase", "deg", nystagmus.fast_phase_deg, no_jerk);
  table->Add({}, "nystagmus_slow_phase_velocity", "deg_per_s",
             nystagmus.slow_phase_velocity_deg_per_s, no_jerk);
  table->AddPlain({}, "nystagmus_noise_floor", "deg", nystagmus.noise_floor_deg,
                  nystagmus.judged
                      ? fmt::format("{:.2f} deg of noise per frame", nystagmus.noise_deg)
                      : nystagmus.note);
}

}  // namespace

std::vector<MeasureValue> MeasureRecording(const EyeRecord& record,
                                           const RecordingMeasureOptions& options) {
  Check(record);
  const std::vector<double> blinking = BlinkingSeries(record, options.blinks);
  const FrameStates states = DescribeFrames(record, blinking, options.frames);
  const std::vector<SteadyRun> runs = SteadyRuns(record, states, options.frames);
  const NystagmusMeasures nystagmus =
      MeasureNystagmus(GazeStretches(record, states, runs), record.rate_hz, options.nystagmus);
  Table table;
  AddLids(record, MeasureLidPositions(record, states, options.frames), &table);
  AddBlinks(record, blinking, options.blinks, &table);
  const double oscillation_deg = nystagmus.present ? nystagmus.amplitude_deg.value : 0;
  AddAlignment(MeasureAlignment(record, states, oscillation_deg), &table);
  AddFixation(record, states, runs, options.saccades, &table);
  AddNystagmus(nystagmus, &table);
  return table.Take();
}

std::vector<MeasureSeries> MeasureRecordingSeries(const EyeRecord& record,
                                                  const RecordingMeasureOptions& options) {
  Check(record);
  std::vector<MeasureSeries> series;
  series.push_back({{}, "blinking", "flag", BlinkingSeries(record, options.blinks)});
  return series;
}

}  // namespace maskbench
