// A reader that follows written rules: clinical measures against documented thresholds.
#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "maskbench/clinical/diagnostic_rules.h"
#include "maskbench/clinical/reader.h"
#include "maskbench/perception/landmarks_option.h"
#include "maskbench/reconstruct/eye_fit.h"

namespace maskbench {

void RegisterEyeMeasures(Registry<Observer>* registry);

namespace {

constexpr const char* kMeasures = "eye_measures";

/// Measures that a rule looks at, or that say how much it can be trusted.
constexpr std::array<const char*, 12> kBehind = {"mrd1",
                                                 "mrd2",
                                                 "lid_lag",
                                                 "mrd1_asymmetry",
                                                 "deviation_horizontal",
                                                 "deviation_vertical",
                                                 "deviation_manifest_horizontal",
                                                 "deviation_manifest_vertical",
                                                 "fixing_eye",
                                                 "nystagmus_present",
                                                 "nystagmus_frequency",
                                                 "nystagmus_amplitude"};

const Registry<Observer>& MeasuringObservers() {
  static const auto registry = [] {
    Registry<Observer> observers("observer");
    RegisterEyeMeasures(&observers);
    return observers;
  }();
  return registry;
}

struct RuleReaderOptions : DiagnosticRules, LandmarksOption {
  double iris_diameter_mm = EyeFitOptions().iris_diameter_mm;
  double camera_distance_mm = EyeFitOptions().camera_distance_mm;

  static const OptionTable<RuleReaderOptions>& Options() {
    using O = RuleReaderOptions;
    static const auto table = [] {
      OptionTable<O> options;
      options
          .Add("iris_diameter_mm", &O::iris_diameter_mm,
               "Horizontal visible iris diameter that sets the millimetre scale, mm.",
               {Range(5, 20)})
          .Add("camera_distance_mm", &O::camera_distance_mm,
               "Distance of the eyes from the camera, mm; matters little.", {Range(100, 10000)});
      DiagnosticRules::AddTo(&options);
      LandmarksOption::AddTo(&options);
      return options;
    }();
    return table;
  }
};

class RuleReader : public Reader {
 public:
  RuleReader(const RuleReaderOptions& rules, const Observer::Context& context)
      : rules_(rules), context_(context) {}

  ReaderReport Read(const Recording& recording, const std::filesystem::path& track) override {
    if (!measures_) {  // Networks are loaded only when nobody else has measured.
      Problems problems;
      const Json options = {{"iris_diameter_mm", rules_.iris_diameter_mm},
                            {"camera_distance_mm", rules_.camera_distance_mm},
                            {"landmarks", rules_.landmarks}};
      const Json complete = MeasuringObservers().Complete(kMeasures, options, "", &problems);
      problems.ThrowIfAny("options");
      measures_ = MeasuringObservers().Make({kMeasures, kMeasures, complete}, context_);
    }
    return ReadFrom(measures_->Observe(recording, track));
  }

  ReaderReport ReadFrom(const Observations& seen) override {
    RuleVerdict verdict = ApplyRules(seen.values, rules_);
    ReaderReport report;
    report.frames = seen.frames;
    report.frames_with_face = seen.frames_with_face;
    report.diagnosis = verdict.diagnosis;
    for (const MeasureValue& value : seen.values)
      if (std::find(kBehind.begin(), kBehind.end(), value.name) != kBehind.end())
        report.evidence.push_back(value);
    for (MeasureValue& value : verdict.evidence) report.evidence.push_back(std::move(value));
    return report;
  }

 private:
  RuleReaderOptions rules_;
  Observer::Context context_;
  std::unique_ptr<Observer> measures_;
};

}  // namespace

void RegisterRuleReader(Registry<Observer>* registry) {
  constexpr int kVersion = 1;
  const ComponentInfo& measures = MeasuringObservers().Info(kMeasures);
  // What it says changes with the measures too, so the version rises with either.
  ComponentInfo info;
  info.type = "rules";
  info.version = kVersion + measures.version;
  info.summary =
      "Reader: thyroid orbitopathy, ptosis, strabismus and nystagmus of each eye by written rules.";
  info.networks = measures.networks;
  info.takes_landmarks = true;
  AddReader<RuleReaderOptions>(
      registry, info,
      [](const RuleReaderOptions& options, const Observer::Context& context) {
        return std::make_unique<RuleReader>(options, context);
      },
      kMeasures);
}

}  // namespace maskbench
