// How well observers read real eyes in single pictures: against the mean of two readings by hand,
// beside how far these differ.
#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "maskbench/core/registry.h"
#include "maskbench/core/rng.h"
#include "maskbench/pipeline/experiment.h"
#include "maskbench/stats/agreement.h"
#include "maskbench/stats/bootstrap.h"

#include "read_eyes.h"

namespace maskbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct EyeAnnotationsOptions {
  int resamples = 1000;
  double farthest_widths = 1;
  double shut_from = 0.5;
  double closed_below_mm = 1;
  double iris_diameter_mm = 11.7;

  static const OptionTable<EyeAnnotationsOptions>& Options() {
    using O = EyeAnnotationsOptions;
    static const auto table =
        OptionTable<O>()
            .Add("resamples", &O::resamples, "Bootstrap resamples of subjects behind an interval.",
                 {Range(100, 100000)})
            .Add("farthest_widths", &O::farthest_widths,
                 "An eye that is read farther from the annotated one is another, and a failure; in "
                 "widths of the annotated eye.",
                 {Range(0.1, 10)})
            .Add("shut_from", &O::shut_from,
                 "An eye is called closed from this probability on that its lids touch.",
                 {Range(0.01, 0.99)})
            .Add("closed_below_mm", &O::closed_below_mm,
                 "Whatever that probability, it is called closed below this opening, mm.",
                 {Range(0, 10)})
            .Add("iris_diameter_mm", &O::iris_diameter_mm,
                 "Horizontal iris diameter that turns the observer's iris into a scale where no "
                 "iris could be read by hand, mm.",
                 {Range(5, 20)});
    return table;
  }
};

/// What is compared: a number of an eye, from its points.
struct Measure {
  const char* name;
  const char* unit;
  double (*value)(const EyePoints& points, const EyeFrame& frame);
};

/// Along the face's vertical.
double Height(double y, const EyeFrame& frame) {
  return y / std::cos(frame.roll_rad) / frame.px_per_mm;
}

const std::array<Measure, 8> kMeasures = {
    {{"mrd1", "mm",
      [](const EyePoints& p, const EyeFrame& f) { return Height(p.iris_y - p.upper_y, f); }},
     {"mrd2", "mm",
      [](const EyePoints& p, const EyeFrame& f) { return Height(p.lower_y - p.iris_y, f); }},
     {"pfh", "mm",
      [](const EyePoints& p, const EyeFrame& f) { return Height(p.lower_y - p.upper_y, f); }},
     {"upper_margin", "mm",
      [](const EyePoints& p, const EyeFrame& f) { return p.upper_y / f.px_per_mm; }},
     {"lower_margin", "mm",
      [](const EyePoints& p, const EyeFrame& f) { return p.lower_y / f.px_per_mm; }},
     // Towards the temple.
     {"iris_x", "mm",
      [](const EyePoints& p, const EyeFrame& f) {
        return (f.side == Side::kLeft ? p.iris_x : -p.iris_x) / f.px_per_mm;
      }},
     {"iris_y", "mm", [](const EyePoints& p, const EyeFrame& f) { return p.iris_y / f.px_per_mm; }},
     {"iris_diameter", "share",
      [](const EyePoints& p, const EyeFrame& f) { return p.iris_width / f.iris_width_px; }}}};

double OrNan(double value) { return std::isfinite(value) ? value : kNan; }

class EyeAnnotations : public Experiment {
 public:
  explicit EyeAnnotations(const EyeAnnotationsOptions& options) : options_(options) {}

  ExperimentResult Score(const RunData& data, const std::string& name) override {
    ExperimentResult result;
    for (const ComponentChoice& observer : data.config().observers) {
      if (!ReadsEyes(data, observer.name)) continue;  // A recogniser.
      for (const ComponentChoice& variant : data.config().variants) {
        const ReadEyes read =
            JoinReadEyes(data, variant.name, observer.name, options_.farthest_widths);
        Sheet sheet{&data, &result, {}, read.subjects};
        sheet.head.experiment = name;
        sheet.head.dataset = data.dataset().name;
        sheet.head.variant = variant.name;
        sheet.head.reader = observer.name;
        AddGroup(read.eyes, {}, sheet);
        for (const auto& [key, values] : read.groups) {
          for (const std::string& value : values) {
            std::vector<ReadEye> members;
            for (const ReadEye& eye : read.eyes) {
              const auto found = eye.groups.find(key);
              if (found != eye.groups.end() && found->second == value) members.push_back(eye);
            }
            AddGroup(members, {{key, value}}, sheet);
          }
        }
      }
    }
    result.tables = Tables();
    return result;
  }

 private:
  /// Where figures of one observer and variant go.
  struct Sheet {
    const RunData* data;
    ExperimentResult* result;
    Figure head;
    int subjects;
  };

  using Statistic = std::function<double(const std::vector<double>& entry_weights)>;

  static std::vector<ReportTable> Tables() {
    const std::string what =
        "Single pictures of real eyes without known disease; millimetres by the iris read by hand. "
        "error_median is the median absolute difference from the mean of two readings by hand, an "
        "eye that was not measured counting as worst; failed says how many. bias is measured − "
        "read. human_disagreement_median is the median absolute difference of the two readings.";
    return {{"Real eyes: lids against two readings by hand",
             what,
             {"mrd1_error_median", "mrd1_bias", "mrd1_human_disagreement_median",
              "mrd2_error_median", "mrd2_bias", "mrd2_human_disagreement_median",
              "pfh_error_median", "pfh_bias", "pfh_human_disagreement_median"}},
            {"Real eyes: places in the picture against two readings by hand",
             "The same in mm, positive biases downwards and towards the temple; of the iris's "
             "diameter as a share of the one read.",
             {"upper_margin_error_median", "upper_margin_bias",
              "upper_margin_human_disagreement_median", "lower_margin_error_median",
              "lower_margin_bias", "lower_margin_human_disagreement_median", "iris_x_error_median",
              "iris_x_human_disagreement_median", "iris_y_error_median",
              "iris_y_human_disagreement_median", "iris_diameter_error_median",
              "iris_diameter_human_disagreement_median"}},
            {"Real eyes: closed ones that are called closed",
             "Share of the eyes that both readings by hand call closed; one without a value is not "
             "found.",
             {"closed_found"}},
            {"Real eyes: open ones that are called closed",
             "Share of the eyes that both readings by hand call open.",
             {"open_called_closed"}}};
  }

  /// The eyes that enter a statistic, and those that count besides.
  struct Row {
    std::map<std::string, std::string> group;
    std::vector<int> subjects;  ///< Of each eye that has a value.
    size_t n = 0;
    int failed = 0;
  };

  /// A figure without an interval.
  static Figure* Add(const Sheet& sheet, const Row& row, const std::string& metric,
                     const char* unit, double value) {
    Figure figure = sheet.head;
    figure.group = GroupText(row.group);
    figure.metric = metric;
    figure.unit = unit;
    figure.n = static_cast<long long>(row.n);
    figure.n_unit = "eye";
    figure.n_failed = row.failed;
    figure.value = value;
    sheet.result->figures.push_back(figure);
    return &sheet.result->figures.back();
  }

  static int CountSubjects(const std::vector<int>& subjects) {
    return static_cast<int>(std::set<int>(subjects.begin(), subjects.end()).size());
  }

  void AddStatistic(const Sheet& sheet, const Row& row, const std::string& metric, const char* unit,
                    const Statistic& statistic) const {
    Figure* figure = Add(sheet, row, metric, unit,
                         OrNan(statistic(std::vector<double>(row.subjects.size(), 1.0))));
    if (CountSubjects(row.subjects) < kMinimumUnits) return;
    figure->interval = SubjectBootstrap(
        sheet.subjects, options_.resamples,
        NamedRandom(
            sheet.data->config().seed,
            fmt::format("{} {} {} {}", figure->variant, figure->reader, metric, figure->group),
            "eye annotations bootstrap"),
        [&](const std::vector<double>& subject_weights) {
          std::vector<double> weights;
          weights.reserve(row.subjects.size());
          for (const int subject : row.subjects)
            weights.push_back(subject_weights[static_cast<size_t>(subject)]);
          return OrNan(statistic(weights));
        });
  }

  void AddGroup(const std::vector<ReadEye>& eyes, const std::map<std::string, std::string>& group,
                const Sheet& sheet) const {
    for (const Measure& measure : kMeasures) AddMeasure(measure, eyes, group, sheet);
    if (group.count("lids") != 0) return;
    AddClosed("closed_found", "closed", eyes, group, sheet);
    AddClosed("open_called_closed", "open", eyes, group, sheet);
  }

  void AddMeasure(const Measure& measure, const std::vector<ReadEye>& eyes,
                  const std::map<std::string, std::string>& group, const Sheet& sheet) const {
    Row all{group, {}, 0, 0}, measured{group, {}, 0, 0};
    std::vector<double> sizes, measured_sizes, differences, disagreements;
    for (const ReadEye& eye : eyes) {
      const double read = measure.value(eye.mean, eye.frame),
                   first = measure.value(eye.readings[0], eye.frame),
                   second = measure.value(eye.readings[1], eye.frame);
      if (!std::isfinite(read + first + second)) continue;
      const double difference = measure.value(eye.seen, eye.frame) - read;
      all.subjects.push_back(eye.subject);
      disagreements.push_back(std::abs(second - first));
      sizes.push_back(std::isfinite(difference) ? std::abs(difference) : kInfinity);
      if (!std::isfinite(difference)) continue;
      measured.subjects.push_back(eye.subject);
      differences.push_back(difference);
      measured_sizes.push_back(std::abs(difference));
    }
    if (all.subjects.empty()) return;
    all.n = measured.n = all.subjects.size();
    all.failed = measured.failed = static_cast<int>(all.n - differences.size());
    const auto median = [](const std::vector<double>& values) {
      return [&values](const std::vector<double>& weights) {
        return WeightedPercentile(values, 0.5, weights);
      };
    };
    const auto mean = [](const std::vector<double>& values) {
      return [&values](const std::vector<double>& weights) {
        return LimitsOfAgreement(values, weights).bias;
      };
    };
    const std::string name = measure.name;
    AddStatistic(sheet, all, name + "_error_median", measure.unit, median(sizes));
    AddStatistic(sheet, measured, name + "_error_mean", measure.unit, mean(measured_sizes));
    AddStatistic(sheet, measured, name + "_bias", measure.unit, mean(differences));
    all.failed = 0;  // People fail nowhere here.
    AddStatistic(sheet, all, name + "_human_disagreement_median", measure.unit,
                 median(disagreements));
  }

  /// What an observer calls an eye: 1 closed, 0 open, NaN when it says nothing.
  double CalledClosed(const ReadEye& eye) const {
    if (eye.shut >= options_.shut_from) return 1;
    EyeFrame frame = eye.frame;
    if (!std::isfinite(frame.px_per_mm))
      frame.px_per_mm = eye.seen.iris_width / options_.iris_diameter_mm;
    const double opening_mm = Height(eye.seen.lower_y - eye.seen.upper_y, frame);
    if (!std::isfinite(opening_mm)) return std::isfinite(eye.shut) ? 0 : kNan;
    return opening_mm < options_.closed_below_mm ? 1 : 0;
  }

  void AddClosed(const char* metric, const char* lids, const std::vector<ReadEye>& eyes,
                 const std::map<std::string, std::string>& group, const Sheet& sheet) const {
    Row row{group, {}, 0, 0};
    int called = 0;
    for (const ReadEye& eye : eyes) {
      if (eye.lids != lids) continue;
      const double closed = CalledClosed(eye);
      row.subjects.push_back(eye.subject);
      row.failed += std::isnan(closed) ? 1 : 0;
      called += closed == 1 ? 1 : 0;
    }
    row.n = row.subjects.size();
    if (row.n == 0) return;
    const double share = static_cast<double>(called) / static_cast<double>(row.n);
    Figure* figure = Add(sheet, row, metric, "share", share);
    // Resampling cannot vary a share of 0 or 1.
    const int subjects = CountSubjects(row.subjects);
    if (subjects >= kMinimumUnits)
      figure->interval = ClopperPearsonInterval(share * subjects, subjects);
  }

  EyeAnnotationsOptions options_;
};

}  // namespace

void RegisterEyeAnnotations(Registry<Experiment>* registry) {
  registry->Add<EyeAnnotationsOptions>(
      {"eye_annotations",
       1,
       "How well observers read real eyes in single pictures, against two readings by hand.",
       {}},
      [](const EyeAnnotationsOptions& options, const Experiment::Context&) {
        return std::make_unique<EyeAnnotations>(options);
      });
}

}  // namespace maskbench
