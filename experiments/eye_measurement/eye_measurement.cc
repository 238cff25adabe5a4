// How well observers read lids, gaze, alignment, nystagmus and blinks: their measures against the
// truth of virtual recordings.
#include <algorithm>
#include <limits>

#include "maskbench/core/registry.h"
#include "maskbench/pipeline/experiment.h"

#include "subject_values.h"
#include "topics.h"

namespace maskbench {

const OptionTable<EyeMeasurementOptions>& EyeMeasurementOptions::Options() {
  using O = EyeMeasurementOptions;
  static const auto table =
      OptionTable<O>()
          .Add("resamples", &O::resamples, "Bootstrap resamples of subjects behind an interval.",
               {Range(100, 100000)})
          .Add("min_frames", &O::min_frames,
               "Fewest frames of an eye in a bin for the eye to count there.", {Range(1, 1000)})
          .Add("primary_gaze_deg", &O::primary_gaze_deg,
               "Gaze is primary within this angle of straight ahead, in each direction, degrees.",
               {Range(1, 45)})
          .Add("max_gaze_deg", &O::max_gaze_deg,
               "Figures of gaze leave out frames in which the eye truly looks farther than this "
               "from straight ahead (in the head) or from the camera, degrees.",
               {Range(1, 180)})
          .Add("turned_from_deg", &O::turned_from_deg,
               "A head counts as turned or nodded from this angle on, degrees.", {Range(1, 45)});
  return table;
}

namespace {

std::vector<ReportTable> Tables() {
  using Rows = ReportTable::Rows;
  const std::vector<std::string> kFrameGroups = {"iris", "ancestry", "yaw", "pitch"};
  return {
      {"MRD1 against the truth",
       "Virtual recordings only; one eye of one recording counts once per row, by the mean over "
       "its frames. limits_of_agreement is the half width of the 95 % limits around the bias. "
       "bin=… is the true MRD1 in mm, blinks and all gazes included; bin=all has a point per eye "
       "and bin. scale=true corrects for the subject's own iris.",
       {"mrd1_bias", "mrd1_limits_of_agreement", "mrd1_slope"},
       Rows::kOverall,
       {"bin", "scale=true"},
       kFrameGroups},
      {"Gaze against the truth",
       "Angles of the visual axis, degrees, without blinks. frame=head: in the head; "
       "frame=camera: against the line from the eye to the camera. Biases are means over eyes, "
       "azimuth to the patient's left, elevation up. After the whole: by gaze, by eye.",
       {"gaze_error_median", "gaze_error_p95", "gaze_azimuth_bias", "gaze_elevation_bias"},
       Rows::kAll,
       {},
       kFrameGroups},
      {"Gaze: measured on true angles",
       "Mean over eyes of the slope over an eye's frames; 1 is right.",
       {"gaze_slope"}},
      {"Deviation against the truth",
       "Prism dioptres; esotropia and a higher right eye are positive. failed: recordings without "
       "a value.",
       {"deviation_bias", "deviation_limits_of_agreement", "deviation_slope"}},
      {"Nystagmus: is it found",
       "A recording without an answer counts as wrong; failed says how many those with a nystagmus "
       "are, and n how many have one.",
       {"nystagmus_sensitivity", "nystagmus_specificity"}},
      {"Nystagmus: size and rhythm",
       "Recordings with a nystagmus. truth=shown: the beats played while the eyes looked near the "
       "camera; truth=stated: the patient's own, straight ahead in the head. n and failed are "
       "those of the amplitude; slow phases are those of jerks.",
       {"nystagmus_amplitude_slope", "nystagmus_amplitude_bias",
        "nystagmus_amplitude_limits_of_agreement", "nystagmus_frequency_error_median",
        "nystagmus_frequency_error_p95", "nystagmus_slow_phase_velocity_error_median",
        "nystagmus_slow_phase_velocity_within"}},
      {"Blinks against the truth",
       "Shares of blinks; n counts the true ones.",
       {"blink_recall", "blink_precision"}},
      {"MRD1 of whole recordings, by condition",
       "What is stated of an eye against what it has while it fixates. failed: eyes without a "
       "value.",
       {"mrd1_bias", "mrd1_limits_of_agreement", "mrd1_slope"},
       Rows::kByCondition},
      {"MRD1 by gaze, and of whole recordings",
       "gaze=… without blinks; value=recording is what is stated of the whole recording. "
       "scale=default does not correct for the subject's own iris.",
       {"mrd1_bias", "mrd1_limits_of_agreement", "mrd1_slope"},
       Rows::kOverall,
       {},
       {"bin"}},
      {"MRD1 of the right eye less that of the left one",
       "Values of whole recordings at the scale of the subject's own irises, against what the eyes "
       "have while they fixate. failed: recordings without a value for both.",
       {"mrd1_right_minus_left_bias", "mrd1_right_minus_left_limits_of_agreement"}},
      {"Other lid measures against the truth",
       "Primary gaze without blinks, and values of whole recordings; as for MRD1.",
       {"mrd2_bias", "mrd2_limits_of_agreement", "pfh_bias", "pfh_limits_of_agreement",
        "superior_show_bias", "superior_show_limits_of_agreement", "inferior_show_bias",
        "inferior_show_limits_of_agreement"}},
      {"MRD1 by bin, other scales",
       "scale=iris counts in iris diameters; scale=default takes millimetres as they are given.",
       {"mrd1_bias", "mrd1_limits_of_agreement", "mrd1_slope"},
       Rows::kOverall,
       {"bin"},
       {"scale=true"}},
      {"By diameter of the iris in the picture",
       "MRD1 over points per eye and bin, and gaze over frames; by diameter of the iris in the "
       "picture, px.",
       {"mrd1_bias", "mrd1_limits_of_agreement", "mrd1_slope", "gaze_error_median"},
       Rows::kOverall,
       {"iris"}},
      {"By ancestry",
       "MRD1 over points per eye and bin, and gaze over frames; by ancestry.",
       {"mrd1_bias", "mrd1_limits_of_agreement", "mrd1_slope", "gaze_error_median"},
       Rows::kOverall,
       {"ancestry"}},
      {"By turn of the head",
       "MRD1 over points per eye and bin, and gaze over frames; by turn of the head, degrees.",
       {"mrd1_bias", "mrd1_limits_of_agreement", "mrd1_slope", "gaze_error_median"},
       Rows::kOverall,
       {"yaw"}},
      {"By nod of the head",
       "MRD1 over points per eye and bin, and gaze over frames; by nod of the head, degrees.",
       {"mrd1_bias", "mrd1_limits_of_agreement", "mrd1_slope", "gaze_error_median"},
       Rows::kOverall,
       {"pitch"}},
      {"Do stated intervals hold",
       "Share of the 95 % intervals of whole recordings that hold the truth. failed: without an "
       "interval.",
       {"interval_coverage"}},
      {"Where there are values",
       "Share of frames with an eye in sight for which an MRD1 was given.",
       {"measured_share"}}};
}

class EyeMeasurement : public Experiment, public SubjectValueSource {
 public:
  explicit EyeMeasurement(const EyeMeasurementOptions& options) : options_(options) {}

  ExperimentResult Score(const RunData& data, const std::string& name) override {
    FigureSheet::Figures figures;
    ForEachReading(
        data, [&](const EyeScores& scores, const std::string& variant, const std::string& reader) {
          Figure head;
          head.experiment = name;
          head.dataset = data.dataset().name;
          head.variant = variant;
          head.reader = reader;
          FigureSheet sheet(head, scores.truths->subjects, options_.resamples, data.config().seed,
                            &figures);
          AddLidFigures(scores, &sheet);
          AddRecordingLidFigures(scores, &sheet);
          AddAsymmetryFigures(scores, &sheet);
          AddGazeFigures(scores, &sheet);
          AddDeviationFigures(scores, &sheet);
          AddNystagmusFigures(scores, &sheet);
          AddBlinkFigures(scores, &sheet);
          AddCoverageFigures(scores, &sheet);
        });
    ExperimentResult result;
    result.figures = InOrder(std::move(figures));
    result.tables = Tables();
    return result;
  }

  std::vector<SubjectValue> SubjectValues(const RunData& data) override {
    std::vector<SubjectValue> values;
    ForEachReading(
        data, [&](const EyeScores& scores, const std::string& variant, const std::string& reader) {
          AddSubjectValues(scores, variant, reader, &values);
        });
    return values;
  }

 private:
  /// Calls `use` with what every observer of eyes read under every variant, and both their names.
  template <class Use>
  void ForEachReading(const RunData& data, const Use& use) const {
    const EyeTruths truths = ReadEyeTruths(data, options_.primary_gaze_deg);
    const FrameGroupings groupings = GroupFrames(truths, options_);
    for (const ComponentChoice& observer : data.config().observers) {
      if (truths.recordings.empty()) break;
      EyeScores scores;
      scores.options = &options_;
      scores.truths = &truths;
      scores.groupings = &groupings;
      scores.repertoire = RepertoireOf(data, truths, observer);
      if (!scores.repertoire.measures_eyes) continue;
      scores.assumed_iris_mm =
          observer.options.value("iris_diameter_mm", std::numeric_limits<double>::quiet_NaN());
      for (const ComponentChoice& variant : data.config().variants) {
        const SeenEyes seen = ReadSeenEyes(data, truths, variant.name, observer.name);
        scores.seen = &seen;
        use(scores, variant.name, observer.name);
      }
    }
  }

  EyeMeasurementOptions options_;
};

}  // namespace

void RegisterEyeMeasurement(Registry<Experiment>* registry) {
  registry->Add<EyeMeasurementOptions>(
      {"eye_measurement",
       2,
       "How well observers measure lids, gaze, alignment, nystagmus and blinks, against the truth "
       "of virtual recordings.",
       {}},
      [](const EyeMeasurementOptions& options, const Experiment::Context&) {
        return std::make_unique<EyeMeasurement>(options);
      });
}

}  // namespace maskbench
