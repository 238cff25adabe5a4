// How well observers read lids and gaze: their measures against the truth of virtual recordings.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/registry.h"
#include "maskbench/core/rng.h"
#include "maskbench/core/side.h"
#include "maskbench/pipeline/experiment.h"
#include "maskbench/stats/agreement.h"
#include "maskbench/stats/bootstrap.h"

#include "eye_pairs.h"

namespace maskbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr int kFirstBinMm = -2, kBins = 10;

struct EyeMeasurementOptions {
  int resamples = 1000;
  int min_frames = 3;
  double primary_gaze_deg = 10;

  static const OptionTable<EyeMeasurementOptions>& Options() {
    using O = EyeMeasurementOptions;
    static const auto table =
        OptionTable<O>()
            .Add("resamples", &O::resamples, "Bootstrap resamples of subjects behind an interval.",
                 {Range(100, 100000)})
            .Add("min_frames", &O::min_frames,
                 "Fewest frames of an eye in a bin for the eye to count there.", {Range(1, 1000)})
            .Add("primary_gaze_deg", &O::primary_gaze_deg,
                 "Gaze is primary within this angle of straight ahead, in each direction, degrees.",
                 {Range(1, 45)});
    return table;
  }
};

/// One eye's mean over some of its frames.
struct EyeValue {
  int subject = 0;
  double truth = 0, measured = 0;
};

class EyeMeasurement : public Experiment {
 public:
  explicit EyeMeasurement(const EyeMeasurementOptions& options) : options_(options) {}

  ExperimentResult Score(const RunData& data, const std::string& name) override {
    ExperimentResult result;
    for (const ComponentChoice& variant : data.config().variants) {
      for (const ComponentChoice& observer : data.config().observers) {
        const PairedEyes paired = PairEyes(data, variant.name, observer.name);
        if (paired.eyes.empty() && paired.failed == 0) continue;  // A recogniser, or no truth.
        Sheet sheet{&data, &result, {}, &paired, kNan};
        sheet.head.experiment = name;
        sheet.head.dataset = data.dataset().name;
        sheet.head.variant = variant.name;
        sheet.head.reader = observer.name;
        AddLids(observer, &sheet);
        AddGaze(&sheet);
        AddBlinks(&sheet);
      }
    }
    result.tables = {
        {"Eye measures against the truth",
         "Virtual recordings only. An eye counts once per row, by the mean over its frames. "
         "limits_of_agreement is the half width of the 95 % limits around the bias. scale=true "
         "corrects for the subject's own iris, scale=default does not; gaze=… is where the eye "
         "truly looks, bin=… its true MRD1 in mm.",
         {"mrd1_bias", "mrd1_limits_of_agreement", "mrd1_slope", "mrd2_bias",
          "mrd2_limits_of_agreement"}},
        {"Coverage, gaze and blinks against the truth",
         "measured_share is the share of frames with an eye in sight for which a value was given.",
         {"measured_share", "gaze_error_median", "gaze_error_p95", "blink_precision",
          "blink_recall"}}};
    return result;
  }

 private:
  /// Where figures of one observer and variant go.
  struct Sheet {
    const RunData* data;
    ExperimentResult* result;
    Figure head;
    const PairedEyes* paired;
    double assumed_iris_mm;
  };

  using Statistic = std::function<double(const std::vector<double>& subject_weights)>;

  void Add(const Sheet& sheet, const std::map<std::string, std::string>& group, const char* metric,
           const char* unit, size_t n, const char* n_unit, int subjects,
           const Statistic& statistic) const {
    Figure figure = sheet.head;
    figure.group = GroupText(group);
    figure.metric = metric;
    figure.unit = unit;
    figure.n = static_cast<long long>(n);
    figure.n_unit = n_unit;
    figure.n_failed = sheet.paired->failed;
    figure.value = statistic(std::vector<double>(sheet.paired->subjects, 1.0));
    if (subjects >= kMinimumUnits) {
      figure.interval = SubjectBootstrap(
          sheet.paired->subjects, options_.resamples,
          NamedRandom(
              sheet.data->config().seed,
              fmt::format("{} {} {} {}", figure.variant, figure.reader, metric, figure.group),
              "eye measurement bootstrap"),
          statistic);
    }
    sheet.result->figures.push_back(figure);
  }

  static int CountSubjects(const std::vector<EyeValue>& values) {
    std::vector<int> subjects;
    for (const EyeValue& value : values) subjects.push_back(value.subject);
    std::sort(subjects.begin(), subjects.end());
    return static_cast<int>(std::unique(subjects.begin(), subjects.end()) - subjects.begin());
  }

  static std::vector<double> WeightsOf(const std::vector<EyeValue>& values,
                                       const std::vector<double>& subject_weights) {
    std::vector<double> weights;
    for (const EyeValue& value : values)
      weights.push_back(subject_weights[static_cast<size_t>(value.subject)]);
    return weights;
  }

  void AddAgreement(const Sheet& sheet, const std::map<std::string, std::string>& group,
                    const std::string& measure, const std::vector<EyeValue>& values) const {
    std::vector<double> differences;
    for (const EyeValue& value : values) differences.push_back(value.measured - value.truth);
    const int subjects = CountSubjects(values);
    Add(sheet, group, (measure + "_bias").c_str(), "mm", values.size(), "eye", subjects,
        [&](const std::vector<double>& weights) {
          return LimitsOfAgreement(differences, WeightsOf(values, weights)).bias;
        });
    Add(sheet, group, (measure + "_limits_of_agreement").c_str(), "mm", values.size(), "eye",
        subjects, [&](const std::vector<double>& weights) {
          return LimitsOfAgreement(differences, WeightsOf(values, weights)).half_width;
        });
  }

  void AddSlope(const Sheet& sheet, const std::map<std::string, std::string>& group,
                const std::vector<EyeValue>& values) const {
    std::vector<double> truth, measured;
    for (const EyeValue& value : values) {
      truth.push_back(value.truth);
      measured.push_back(value.measured);
    }
    Add(sheet, group, "mrd1_slope", "mm/mm", values.size(), "eye", CountSubjects(values),
        [&](const std::vector<double>& weights) {
          return RegressionSlope(truth, measured, WeightsOf(values, weights));
        });
  }

  /// Mean over the frames of each eye that `chosen` takes; `factor` scales what was measured.
  template <class Chosen>
  std::vector<EyeValue> Means(const Sheet& sheet, const char* measure, bool true_scale,
                              Chosen chosen) const {
    std::vector<EyeValue> means;
    for (const PairedEye& eye : sheet.paired->eyes) {
      const auto series = eye.measures.find(measure);
      if (series == eye.measures.end()) continue;
      const double factor = true_scale ? eye.hvid_mm / sheet.assumed_iris_mm : 1.0;
      EyeValue mean{eye.subject, 0, 0};
      int count = 0;
      for (size_t i = 0; i < eye.visible.size(); ++i) {
        const double truth = series->second.truth[i],
                     measured = factor * series->second.measured[i];
        if (!eye.visible[i] || !std::isfinite(truth) || !std::isfinite(measured)) continue;
        if (!chosen(eye, i, truth)) continue;
        mean.truth += truth;
        mean.measured += measured;
        ++count;
      }
      if (count < options_.min_frames) continue;
      mean.truth /= count;
      mean.measured /= count;
      means.push_back(mean);
    }
    return means;
  }

  bool IsPrimary(const PairedEye& eye, size_t frame) const {
    return std::abs(eye.true_azimuth_deg[frame]) <= options_.primary_gaze_deg &&
           std::abs(eye.true_elevation_deg[frame]) <= options_.primary_gaze_deg;
  }

  std::string GazeOf(const PairedEye& eye, size_t frame) const {
    if (IsPrimary(eye, frame)) return "primary";
    if (eye.true_elevation_deg[frame] < -options_.primary_gaze_deg) return "down";
    if (eye.true_elevation_deg[frame] > options_.primary_gaze_deg) return "up";
    return "side";
  }

  void AddLids(const ComponentChoice& observer, Sheet* sheet) const {
    sheet->assumed_iris_mm = observer.options.value("iris_diameter_mm", kNan);
    for (const bool true_scale : {true, false}) {
      if (true_scale && !std::isfinite(sheet->assumed_iris_mm)) continue;
      const std::string scale = true_scale ? "true" : "default";
      const auto primary = [this](const PairedEye& eye, size_t i, double) {
        return IsPrimary(eye, i) && eye.closure[i] == 0;
      };
      // As the clinic measures: open eye, primary gaze. One value per eye.
      for (const char* measure : {"mrd1", "mrd2", "pfh"}) {
        AddAgreement(*sheet, {{"gaze", "primary"}, {"scale", scale}}, measure,
                     Means(*sheet, measure, true_scale, primary));
      }
      AddSlope(*sheet, {{"gaze", "primary"}, {"scale", scale}},
               Means(*sheet, "mrd1", true_scale, primary));
      for (const char* gaze : {"side", "down", "up"}) {
        AddAgreement(*sheet, {{"gaze", gaze}, {"scale", scale}}, "mrd1",
                     Means(*sheet, "mrd1", true_scale, [&](const PairedEye& eye, size_t i, double) {
                       return GazeOf(eye, i) == gaze && eye.closure[i] == 0;
                     }));
      }
      // All gazes and blinks, by the true height of the lid.
      std::vector<EyeValue> all_bins;
      for (int bin = kFirstBinMm; bin < kFirstBinMm + kBins; ++bin) {
        const auto in_bin = [bin](const PairedEye&, size_t, double truth) {
          return truth >= bin && truth < bin + 1;
        };
        const std::vector<EyeValue> values = Means(*sheet, "mrd1", true_scale, in_bin);
        all_bins.insert(all_bins.end(), values.begin(), values.end());
        AddAgreement(*sheet, {{"bin", fmt::format("{}..{}", bin, bin + 1)}, {"scale", scale}},
                     "mrd1", values);
      }
      AddSlope(*sheet, {{"bin", "all"}, {"scale", scale}}, all_bins);
    }
    size_t in_sight = 0;
    for (const PairedEye& eye : sheet->paired->eyes)
      in_sight += static_cast<size_t>(std::count(eye.visible.begin(), eye.visible.end(), true));
    Add(*sheet, {}, "measured_share", "share", in_sight, "frame", sheet->paired->subjects,
        [&](const std::vector<double>& weights) {
          double seen = 0, given = 0;
          for (const PairedEye& eye : sheet->paired->eyes) {
            const auto series = eye.measures.find("mrd1");
            for (size_t i = 0; i < eye.visible.size(); ++i) {
              if (!eye.visible[i]) continue;
              const double weight = weights[static_cast<size_t>(eye.subject)];
              seen += weight;
              if (series != eye.measures.end() && std::isfinite(series->second.measured[i]))
                given += weight;
            }
          }
          return seen > 0 ? given / seen : kNan;
        });
  }

  /// Angle between measured and true visual axis, over all frames of all eyes in sight.
  void AddGaze(Sheet* sheet) const {
    std::vector<double> errors;
    std::vector<int> subjects;
    constexpr double kRadians = 3.14159265358979323846 / 180;
    for (const PairedEye& eye : sheet->paired->eyes) {
      const auto azimuth = eye.measures.find("gaze_azimuth"),
                 elevation = eye.measures.find("gaze_elevation");
      if (azimuth == eye.measures.end() || elevation == eye.measures.end()) continue;
      for (size_t i = 0; i < eye.visible.size(); ++i) {
        if (!eye.visible[i] || eye.closure[i] > 0) continue;
        const double a = azimuth->second.measured[i] * kRadians,
                     b = azimuth->second.truth[i] * kRadians,
                     c = elevation->second.measured[i] * kRadians,
                     d = elevation->second.truth[i] * kRadians;
        const double cosine =
            std::sin(c) * std::sin(d) + std::cos(c) * std::cos(d) * std::cos(a - b);
        if (!std::isfinite(cosine)) continue;
        errors.push_back(std::acos(std::clamp(cosine, -1.0, 1.0)) / kRadians);
        subjects.push_back(eye.subject);
      }
    }
    if (errors.empty()) return;
    for (const auto& [metric, p] :
         {std::pair("gaze_error_median", 0.5), {"gaze_error_p95", 0.95}}) {
      Add(*sheet, {}, metric, "deg", errors.size(), "frame", sheet->paired->subjects,
          [&, share = p](const std::vector<double>& weights) {
            std::vector<double> each;
            for (const int subject : subjects)
              each.push_back(weights[static_cast<size_t>(subject)]);
            return WeightedPercentile(errors, share, each);
          });
    }
  }

  void AddBlinks(Sheet* sheet) const {
    const std::vector<BlinkCount>& counts = sheet->paired->blinks;
    if (counts.empty()) return;
    size_t truths = 0, readings = 0;
    for (const BlinkCount& count : counts) {
      truths += static_cast<size_t>(count.truth);
      readings += static_cast<size_t>(count.read);
    }
    const auto share = [&counts](const std::vector<double>& weights, int BlinkCount::*part,
                                 int BlinkCount::*whole) {
      double a = 0, b = 0;
      for (const BlinkCount& count : counts) {
        const double weight = weights[static_cast<size_t>(count.subject)];
        a += weight * count.*part;
        b += weight * count.*whole;
      }
      return b > 0 ? a / b : kNan;
    };
    Add(*sheet, {}, "blink_precision", "share", readings, "blink", sheet->paired->subjects,
        [&](const std::vector<double>& weights) {
          return share(weights, &BlinkCount::read_true, &BlinkCount::read);
        });
    Add(*sheet, {}, "blink_recall", "share", truths, "blink", sheet->paired->subjects,
        [&](const std::vector<double>& weights) {
          return share(weights, &BlinkCount::found, &BlinkCount::truth);
        });
  }

  EyeMeasurementOptions options_;
};

}  // namespace

void RegisterEyeMeasurement(Registry<Experiment>* registry) {
  registry->Add<EyeMeasurementOptions>(
      {"eye_measurement",
       1,
       "How well observers measure lids, gaze and blinks, against the truth of virtual recordings.",
       {}},
      [](const EyeMeasurementOptions& options, const Experiment::Context&) {
        return std::make_unique<EyeMeasurement>(options);
      });
}

}  // namespace maskbench
