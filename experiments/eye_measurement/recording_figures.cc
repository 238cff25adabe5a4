// Values of whole recordings: blinks, lids, deviation, and whether stated intervals hold.
#include <cmath>
#include <functional>
#include <limits>
#include <set>

#include "topics.h"

namespace maskbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

double ValueOf(const SeenRecording& seen, std::optional<Side> eye, const std::string& name) {
  const MeasureValue* value = seen.Value(eye, name);
  return value == nullptr ? kNan : value->value;
}

bool HasStrabismus(const LabelledRecording& labels) {
  for (const EyeTruth* eye : {&labels.right, &labels.left}) {
    const auto found = eye->labels.find("strabismus");
    if (found != eye->labels.end() && found->is_string() && *found != "none") return true;
  }
  return false;
}

}  // namespace

void AddBlinkFigures(const EyeScores& scores, FigureSheet* sheet) {
  if (!scores.repertoire.GivesSeries("blinking")) return;
  sheet->Start(Part::kHeadline);
  const auto add = [&](const char* metric, int BlinkCount::*part, int BlinkCount::*whole) {
    std::vector<Entry> blinks;
    for (const SeenRecording& seen : scores.seen->recordings) {
      if (!seen.blinks) continue;
      const BlinkCount& count = *seen.blinks;
      for (int k = 0; k < count.*whole; ++k)
        blinks.push_back({seen.truth->subject, k < count.*part ? 1.0 : 0.0});
    }
    sheet->AddMean({{}, "blink", scores.seen->failed}, metric, "share", blinks);
  };
  add("blink_recall", &BlinkCount::found, &BlinkCount::truth);
  add("blink_precision", &BlinkCount::read_true, &BlinkCount::read);
}

void AddRecordingLidFigures(const EyeScores& scores, FigureSheet* sheet) {
  sheet->Start(Part::kRecording);
  for (const char* scale : {"true", "default"}) {
    const bool is_true = std::string(scale) == "true";
    if (is_true && !std::isfinite(scores.assumed_iris_mm)) continue;
    for (const char* measure : {"mrd1", "mrd2", "pfh"}) {
      const std::string name = measure;
      if (!scores.repertoire.GivesValue(name)) continue;
      std::map<std::string, std::vector<Sample>> samples;
      std::map<std::string, int> failed;
      for (const SeenRecording& seen : scores.seen->recordings) {
        for (const Side side : kSides) {
          const double truth = LabelledNumber(*seen.truth->labels, side, name + "_mm");
          if (std::isnan(truth)) continue;
          const double hvid_mm = seen.truth->eyes[static_cast<size_t>(side)].hvid_mm,
                       measured = (is_true ? hvid_mm / scores.assumed_iris_mm : 1.0) *
                                  ValueOf(seen, side, name);
          std::set<std::string> conditions = {""};
          if (name == "mrd1") conditions.insert(seen.truth->condition);
          for (const std::string& condition : conditions) {
            if (std::isnan(measured)) {
              ++failed[condition];
              samples[condition];
            } else {
              samples[condition].push_back({seen.truth->subject, truth, measured});
            }
          }
        }
      }
      for (const auto& [condition, points] : samples) {
        const Row row{
            {{"scale", scale}, {"value", "recording"}}, "eye", failed[condition], condition};
        sheet->AddAgreement(row, name, "mm", points);
        if (name == "mrd1") sheet->AddSlope(row, "mrd1_slope", "mm/mm", points);
      }
    }
  }
}

void AddAsymmetryFigures(const EyeScores& scores, FigureSheet* sheet) {
  if (!scores.repertoire.GivesValue("mrd1") || !std::isfinite(scores.assumed_iris_mm)) return;
  sheet->Start(Part::kRecording);
  std::vector<Sample> samples;
  int failed = 0;
  for (const SeenRecording& seen : scores.seen->recordings) {
    double truth = 0, measured = 0;
    for (const Side side : kSides) {
      const double sign = side == Side::kRight ? 1 : -1,
                   hvid_mm = seen.truth->eyes[static_cast<size_t>(side)].hvid_mm;
      truth += sign * LabelledNumber(*seen.truth->labels, side, "mrd1_mm");
      measured += sign * hvid_mm / scores.assumed_iris_mm * ValueOf(seen, side, "mrd1");
    }
    if (std::isnan(truth)) continue;
    if (std::isnan(measured)) {
      ++failed;
    } else {
      samples.push_back({seen.truth->subject, truth, measured});
    }
  }
  sheet->AddAgreement({{{"scale", "true"}, {"value", "recording"}}, "recording", failed},
                      "mrd1_right_minus_left", "mm", samples);
}

void AddDeviationFigures(const EyeScores& scores, FigureSheet* sheet) {
  sheet->Start(Part::kHeadline);
  for (const std::string axis : {"horizontal", "vertical"}) {
    const std::string name = "deviation_" + axis;
    if (!scores.repertoire.GivesValue(name)) continue;
    for (const std::string subjects : {"strabismus", "all"}) {
      std::vector<Sample> samples;
      int failed = 0;
      for (const SeenRecording& seen : scores.seen->recordings) {
        const LabelledRecording& labels = *seen.truth->labels;
        // The same is said of both eyes.
        const double truth = LabelledNumber(labels, Side::kRight, name + "_dioptres"),
                     measured = ValueOf(seen, std::nullopt, name);
        if (std::isnan(truth) || (subjects == "strabismus" && !HasStrabismus(labels))) continue;
        if (std::isnan(measured)) {
          ++failed;
        } else {
          samples.push_back({seen.truth->subject, truth, measured});
        }
      }
      const Row row{{{"axis", axis}, {"subjects", subjects}}, "recording", failed};
      sheet->AddAgreement(row, "deviation", "prism_dioptres", samples);
      sheet->AddSlope(row, "deviation_slope", "prism_dioptres/prism_dioptres", samples);
    }
  }
}

void AddCoverageFigures(const EyeScores& scores, FigureSheet* sheet) {
  using Truth = std::function<double(const RecordingTruth& recording, Side side)>;
  const auto labelled = [](const char* key) {
    return [key](const RecordingTruth& recording, Side side) {
      return LabelledNumber(*recording.labels, side, key);
    };
  };
  struct Stated {
    std::string name;
    bool of_eyes;
    Truth truth;
  };
  const std::vector<Stated> all = {
      {"mrd1", true, labelled("mrd1_mm")},
      {"mrd2", true, labelled("mrd2_mm")},
      {"pfh", true, labelled("pfh_mm")},
      {"deviation_horizontal", false, labelled("deviation_horizontal_dioptres")},
      {"deviation_vertical", false, labelled("deviation_vertical_dioptres")},
      {"nystagmus_frequency", false,
       [](const RecordingTruth& r, Side) { return r.nystagmus.frequency_hz; }},
      {"nystagmus_amplitude", false,
       [](const RecordingTruth& r, Side) { return r.nystagmus.amplitude_deg; }},
      {"nystagmus_slow_phase_velocity", false,
       [](const RecordingTruth& r, Side) { return r.nystagmus.slow_phase_velocity_deg_per_s; }}};
  sheet->Start(Part::kRecording);
  for (const Stated& stated : all) {
    std::vector<Entry> covered;
    int failed = 0;
    for (const SeenRecording& seen : scores.seen->recordings) {
      for (const Side side : kSides) {
        if (!stated.of_eyes && side != Side::kRight) continue;
        const double truth = stated.truth(*seen.truth, side);
        if (std::isnan(truth)) continue;
        const MeasureValue* value =
            seen.Value(stated.of_eyes ? std::optional<Side>(side) : std::nullopt, stated.name);
        if (value == nullptr || std::isnan(value->low) || std::isnan(value->high)) {
          ++failed;
          continue;
        }
        covered.push_back(
            {seen.truth->subject, truth >= value->low && truth <= value->high ? 1.0 : 0.0});
      }
    }
    if (covered.empty()) continue;  // It states none.
    sheet->AddShare({{{"measure", stated.name}}, stated.of_eyes ? "eye" : "recording", failed},
                    "interval_coverage", covered);
  }
}

}  // namespace maskbench
