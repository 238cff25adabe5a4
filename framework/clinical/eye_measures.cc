// The project's own measures: eye network, fit of eyeballs and lids, clinical measures.
#include <algorithm>
#include <limits>

#include "maskbench/clinical/recording_measures.h"
#include "maskbench/core/registry.h"
#include "maskbench/perception/landmarks_option.h"
#include "maskbench/perception/observer.h"
#include "maskbench/reconstruct/eye_fit.h"

namespace maskbench {
namespace {

struct EyeMeasuresOptions : LandmarksOption {
  double iris_diameter_mm = EyeFitOptions().iris_diameter_mm;
  double camera_distance_mm = EyeFitOptions().camera_distance_mm;
  bool fit = true;

  static const OptionTable<EyeMeasuresOptions>& Options() {
    using O = EyeMeasuresOptions;
    static const auto table = [] {
      OptionTable<O> options;
      options
          .Add("iris_diameter_mm", &O::iris_diameter_mm,
               "Horizontal visible iris diameter that sets the millimetre scale, mm.",
               {Range(5, 20)})
          .Add("camera_distance_mm", &O::camera_distance_mm,
               "Distance of the eyes from the camera, mm; matters little.", {Range(100, 10000)})
          .Add("fit", &O::fit,
               "Fit eyeballs over the recording. Without: eyeballs of average size and place.");
      AddTo(&options);
      return options;
    }();
    return table;
  }
};

class EyeMeasuresObserver : public Observer {
 public:
  EyeMeasuresObserver(const NetworkLibrary& networks, const EyeMeasuresOptions& options)
      : options_(options),
        reader_(networks),
        canonical_mm_(CanonicalFace(networks.models_dir())),
        globes_mm_(CanonicalGlobes(networks.models_dir())) {}

  Observations Observe(const Recording& recording, const std::filesystem::path& track) override {
    const EyeReading reading = reader_.Read(recording, track, canonical_mm_);
    Observations result;
    result.frames = static_cast<int64_t>(reading.eyes.size());
    result.frames_with_face = reading.frames_with_face;
    if (std::none_of(reading.eyes.begin(), reading.eyes.end(),
                     [](const auto& eyes) { return eyes.has_value(); }))
      return result;
    EyeFitOptions options;
    options.iris_diameter_mm = options_.iris_diameter_mm;
    options.camera_distance_mm = options_.camera_distance_mm;
    options.calibrate = options_.fit;
    const EyeFit fit = FitEyes(reading, canonical_mm_, globes_mm_, options);
    for (const Side side : kSides) AddSeries(side, reading, fit, &result);
    const EyeRecord& record = fit.record;
    result.values = MeasureRecording(record, {});
    for (MeasureSeries& series : MeasureRecordingSeries(record, {}))
      result.series.push_back(std::move(series));
    result.series.push_back({{}, "head_yaw", "deg", record.head_yaw_deg});
    result.series.push_back({{}, "head_pitch", "deg", record.head_pitch_deg});
    result.series.push_back({{}, "head_roll", "deg", record.head_roll_deg});
    return result;
  }

 private:
  static void AddSeries(Side side, const EyeReading& reading, const EyeFit& fit,
                        Observations* result) {
    const size_t s = static_cast<size_t>(side);
    const EyeTraces& eye = fit.record.eyes[s];
    const auto add = [&](const char* name, const char* unit, const Trace& trace, bool errors) {
      result->series.push_back({side, name, unit, trace.values});
      if (errors)
        result->series.push_back({side, std::string(name) + "_error", unit, trace.errors});
    };
    add("mrd1", "mm", eye.mrd1_mm, true);
    add("mrd2", "mm", eye.mrd2_mm, true);
    add("pfh", "mm", eye.aperture_mm, true);
    add("superior_show", "mm", eye.superior_show_mm, false);
    add("inferior_show", "mm", eye.inferior_show_mm, false);
    add("gaze_azimuth", "deg", eye.azimuth_deg, true);
    add("gaze_elevation", "deg", eye.elevation_deg, true);
    add("camera_azimuth", "deg", eye.camera_azimuth_deg, false);
    add("camera_elevation", "deg", eye.camera_elevation_deg, false);
    add("iris_diameter", "px", eye.iris_diameter_px, false);
    result->series.push_back({side, "in_sight", "probability", eye.in_sight});
    result->series.push_back({side, "shut", "probability", eye.shut});
    std::vector<double> from_reflex(eye.from_reflex.begin(), eye.from_reflex.end());
    result->series.push_back({side, "from_reflex", "flag", std::move(from_reflex)});
    AddPlaces(side, reading, result);
  }

  /// Where things were seen in the picture.
  static void AddPlaces(Side side, const EyeReading& reading, Observations* result) {
    const size_t s = static_cast<size_t>(side);
    constexpr std::array<const char*, 8> kNames = {
        "iris_x_px",   "iris_y_px",   "upper_margin_y_px", "lower_margin_y_px",
        "medial_x_px", "medial_y_px", "lateral_x_px",      "lateral_y_px"};
    const double nan = std::numeric_limits<double>::quiet_NaN();
    std::array<std::vector<double>, kNames.size()> places;
    for (std::vector<double>& place : places) place.assign(reading.eyes.size(), nan);
    for (size_t i = 0; i < reading.eyes.size(); ++i) {
      if (!reading.eyes[i]) continue;
      const EyeEvidence& eye = (*reading.eyes[i])[s];
      if (eye.in_sight < 0.5) continue;
      const auto upper = MarginAcross(eye.upper, eye.iris.at, eye.placement.angle_rad);
      const auto lower = MarginAcross(eye.lower, eye.iris.at, eye.placement.angle_rad);
      const std::array<double, kNames.size()> now = {
          eye.iris.at.x,   eye.iris.at.y,   upper ? upper->y : nan, lower ? lower->y : nan,
          eye.medial.at.x, eye.medial.at.y, eye.lateral.at.x,       eye.lateral.at.y};
      for (size_t k = 0; k < now.size(); ++k) places[k][i] = now[k];
    }
    for (size_t k = 0; k < places.size(); ++k)
      result->series.push_back({side, kNames[k], "px", std::move(places[k])});
  }

  EyeMeasuresOptions options_;
  EyeReader reader_;
  Eigen::Matrix3Xd canonical_mm_;
  std::array<Eigen::Vector3d, 2> globes_mm_;
};

}  // namespace

void RegisterEyeMeasures(Registry<Observer>* registry) {
  ComponentInfo info;
  info.type = "eye_measures";
  info.version = 5;
  info.summary =
      "Lids, gaze, blinks, alignment and nystagmus by the project's eye network and eyeball fit.";
  info.networks = {EyeNetworkContract().name};
  info.takes_landmarks = true;
  registry->Add<EyeMeasuresOptions>(
      info, [](const EyeMeasuresOptions& options, const Observer::Context& context) {
        return std::make_unique<EyeMeasuresObserver>(*context.networks, options);
      });
}

}  // namespace maskbench
