// What of single recordings the report draws, from the store.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "maskbench/pipeline/condition.h"
#include "maskbench/pipeline/plan.h"
#include "maskbench/recognition/recogniser.h"

#include "failure_gallery.h"
#include "report_data.h"
#include "traces.h"

namespace maskbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr size_t kTracedRecordings = 6, kMostSamples = 900, kWorst = 12, kMostPoints = 3000;
// All charts together, so that pages of large runs stay small: some 2.4 MB and 1 MB.
constexpr size_t kAllPoints = 100'000, kAllSamples = 400'000;

/// Measures of recordings that are compared, and what manifests call their truth.
struct Compared {
  const char* measure;
  const char* truth;
};
constexpr Compared kCompared[] = {
    {"mrd1", "mrd1_mm"},
    {"mrd1_median", "mrd1_mm"},
    {"mrd2", "mrd2_mm"},
    {"mrd2_median", "mrd2_mm"},
    {"pfh", "pfh_mm"},
    {"deviation_horizontal", "deviation_horizontal_dioptres"},
    {"deviation_vertical", "deviation_vertical_dioptres"},
    {"nystagmus_amplitude", "nystagmus_amplitude_deg"},
    {"nystagmus_frequency", "nystagmus_frequency_hz"},
};

double TruthOf(const LabelledRecording& recording, const std::optional<Side>& eye,
               const std::string& name) {
  for (const Side side : {Side::kRight, Side::kLeft}) {
    if (eye && *eye != side) continue;
    const Json& truth = (side == Side::kRight ? recording.right : recording.left).truth;
    const auto found = truth.find(name);
    if (found != truth.end() && found->is_number()) return found->get<double>();
  }
  return kNan;
}

double ValueOf(const Observations& seen, const std::optional<Side>& eye, const std::string& name) {
  for (const MeasureValue& value : seen.values)
    if (value.eye == eye && value.name == name) return value.value;
  return kNan;
}

std::string EyeText(const std::optional<Side>& eye) {
  return !eye ? "" : *eye == Side::kRight ? "right" : "left";
}

/// Label of a condition in the manifest as a reader would say it: "absent", "present", or "" when
/// nothing is stated.
std::string TrueAnswer(const LabelledRecording& recording, const std::optional<Side>& eye,
                       const std::string& condition) {
  if (!eye) return "";
  const Json& labels = (*eye == Side::kRight ? recording.right : recording.left).labels;
  const auto found = labels.find(condition);
  if (found == labels.end()) return "";
  const bool none =
      *found == "none" || *found == false || (found->is_number() && found->get<double>() == 0);
  return none ? "absent" : "present";
}

class Collector {
 public:
  Collector(const RunData& data, const Disclosure& disclosure, std::filesystem::path out)
      : data_(data), disclosure_(disclosure), out_(std::move(out)) {
    for (const ComponentChoice& variant : data.config().variants) {
      if (variant.type == "original" && reference_.empty()) reference_ = variant.name;
    }
    PickTraced();
    // Three measures of both eyes.
    const size_t series = 6 * traced_.size() * data.config().variants.size() *
                          std::max<size_t>(1, data.config().observers.size());
    most_samples_ =
        std::clamp<size_t>(kAllSamples / std::max<size_t>(1, series), 200, kMostSamples);
  }

  Json Collect() {
    for (const ComponentChoice& observer : data_.config().observers) {
      if (MetricOf(observer.type)) continue;  // Recognisers measure no eyes.
      for (size_t r = 0; r < data_.recordings().size(); ++r) AddRecording(r, observer.name);
    }
    return {{"reference", reference_}, {"agreement", AgreementJson()}, {"readings", ReadingsJson()},
            {"traces", traces_},       {"worst", WorstJson()},         {"stages", StagesJson()}};
  }

 private:
  struct Point {
    double reference, masked, truth;
    size_t recording;
    std::string eye;
  };

  /// One recording of each condition first, then those that the contact sheet shows.
  void PickTraced() {
    if (!disclosure_.traces()) return;
    std::set<std::string> conditions;
    const auto pick = [&](const std::string& id) {
      if (traced_.size() < kTracedRecordings) traced_.insert(id);
    };
    for (const std::string& id : data_.recordings()) {
      const std::string condition = ConditionOf(*data_.dataset().FindRecording(id));
      if (conditions.insert(condition).second) pick(id);
    }
    for (const std::string& id : PicturedRecordings(data_.recordings(), data_.dataset())) pick(id);
  }

  void AddRecording(size_t number, const std::string& observer) {
    const std::string& id = data_.recordings()[number];
    const LabelledRecording& labels = *data_.dataset().FindRecording(id);
    const std::optional<Observations> reference =
        reference_.empty() ? std::nullopt : data_.Observed(id, reference_, observer);
    for (const ComponentChoice& variant : data_.config().variants) {
      const bool is_reference = variant.name == reference_;
      const std::optional<Observations> seen =
          is_reference ? reference : data_.Observed(id, variant.name, observer);
      if (!seen) continue;
      AddPoints(number, labels, variant.name, observer, reference, *seen);
      AddReadings(labels, variant.name, observer, reference, *seen);
      if (traced_.count(id) > 0)
        AddTraces(data_, disclosure_, id, variant.name, observer, *seen, most_samples_, &traces_);
    }
  }

  void AddPoints(size_t number, const LabelledRecording& labels, const std::string& variant,
                 const std::string& observer, const std::optional<Observations>& reference,
                 const Observations& seen) {
    for (const MeasureValue& value : seen.values) {
      const auto* compared =
          std::find_if(std::begin(kCompared), std::end(kCompared),
                       [&](const Compared& one) { return value.name == one.measure; });
      if (compared == std::end(kCompared) || !std::isfinite(value.value)) continue;
      Point point{kNan, value.value, TruthOf(labels, value.eye, compared->truth), number,
                  EyeText(value.eye)};
      if (reference && variant != reference_)
        point.reference = ValueOf(*reference, value.eye, value.name);
      if (std::isnan(point.reference) && std::isnan(point.truth)) continue;
      points_[{observer, variant, value.name, value.unit}].push_back(point);
    }
  }

  void AddReadings(const LabelledRecording& labels, const std::string& variant,
                   const std::string& observer, const std::optional<Observations>& reference,
                   const Observations& seen) {
    for (const Reading& reading : seen.readings) {
      const auto count = [&](const char* against, const std::string& first) {
        if (!first.empty())
          ++readings_[{observer, variant, reading.condition, against}][{first, reading.label}];
      };
      count("truth", TrueAnswer(labels, reading.eye, reading.condition));
      if (!reference || variant == reference_) continue;
      for (const Reading& other : reference->readings)
        if (other.eye == reading.eye && other.condition == reading.condition)
          count("original", other.label);
    }
  }

  Json AgreementJson() const {
    Json all = Json::array();
    const size_t most =
        std::clamp<size_t>(kAllPoints / std::max<size_t>(1, points_.size()), 300, kMostPoints);
    for (const auto& [key, points] : points_) {
      const auto& [observer, variant, measure, unit] = key;
      Json reference = Json::array(), masked = Json::array(), truth = Json::array();
      // Every so many when there are more than a chart can show.
      const size_t every = (points.size() + most - 1) / most;
      for (size_t i = 0; i < points.size(); i += every) {
        reference.push_back(ShortJson(points[i].reference));
        masked.push_back(ShortJson(points[i].masked));
        truth.push_back(ShortJson(points[i].truth));
      }
      all.push_back({{"observer", observer},
                     {"variant", variant},
                     {"measure", measure},
                     {"unit", unit},
                     {"points", points.size()},
                     {"reference", reference},
                     {"masked", masked},
                     {"truth", truth}});
    }
    return all;
  }

  Json ReadingsJson() const {
    Json all = Json::array();
    for (const auto& [key, counts] : readings_) {
      const auto& [observer, variant, condition, against] = key;
      Json cells = Json::array();
      for (const auto& [pair, count] : counts) cells.push_back({pair.first, pair.second, count});
      all.push_back({{"reader", observer},
                     {"variant", variant},
                     {"condition", condition},
                     {"against", against},
                     {"cells", cells}});
    }
    return all;
  }

  /// The cases whose MRD1 or deviation moved most, in units of the spread of their variant.
  Json WorstJson() const {
    struct Case {
      double score;
      MovedSign sign;
      Json json;
    };
    std::vector<Case> cases;
    for (const auto& [key, points] : points_) {
      const auto& [observer, variant, measure, unit] = key;
      if (variant == reference_ || points.size() < 3) continue;
      if (measure != "mrd1" && measure != "deviation_horizontal" && measure != "mrd1_median")
        continue;
      double squares = 0;
      int n = 0;
      for (const Point& point : points) {
        if (std::isnan(point.reference)) continue;
        squares += (point.masked - point.reference) * (point.masked - point.reference);
        ++n;
      }
      if (n < 3 || squares == 0) continue;
      for (const Point& point : points) {
        if (std::isnan(point.reference)) continue;
        const double off = point.masked - point.reference;
        const std::string& id = data_.recordings()[point.recording];
        cases.push_back({std::abs(off) / std::sqrt(squares / n),
                         {id, variant, observer, measure, point.eye, off},
                         {{"recording", disclosure_.Label(id)},
                          {"eye", point.eye},
                          {"observer", observer},
                          {"variant", variant},
                          {"measure", measure},
                          {"unit", unit},
                          {"original", ShortJson(point.reference)},
                          {"masked", ShortJson(point.masked)},
                          {"truth", ShortJson(point.truth)}}});
      }
    }
    std::stable_sort(cases.begin(), cases.end(),
                     [](const Case& a, const Case& b) { return a.score > b.score; });
    Json worst = Json::array();
    // Readers pass on what an observer of eyes measured; each value is told once.
    std::set<std::tuple<std::string, std::string, std::string, std::string, double>> told;
    for (const Case& one : cases) {
      if (worst.size() >= kWorst) break;
      const MovedSign& sign = one.sign;
      if (!told.insert({sign.recording, sign.variant, sign.measure, sign.eye, sign.moved}).second)
        continue;
      worst.push_back(one.json);
      worst.back().update(PictureOfMovedSign(data_, out_, reference_, sign));
    }
    return worst;
  }

  Json StagesJson() const {
    struct Sum {
      int64_t frames = 0;
      int steps = 0;
      double wall_s = 0, cpu_s = 0;
      long long memory_bytes = 0;
    };
    std::map<std::tuple<int, std::string>, Sum> sums;
    for (const Node& node : data_.nodes()) {
      const NodeOutcome* outcome = data_.OutcomeOf(node);
      if (outcome == nullptr || outcome->status != NodeStatus::kDone) continue;
      const std::string what = node.stage == Stage::kMask      ? node.variant
                               : node.stage == Stage::kObserve ? node.observer
                                                               : node.component;
      Sum& sum = sums[{static_cast<int>(node.stage), what}];
      sum.frames += outcome->frames;
      ++sum.steps;
      sum.wall_s += outcome->wall_s;
      sum.cpu_s += outcome->cpu_s;
      sum.memory_bytes = std::max(sum.memory_bytes, outcome->peak_memory_bytes);
    }
    Json all = Json::array();
    for (const auto& [key, sum] : sums) {
      all.push_back({{"stage", ToString(static_cast<Stage>(std::get<0>(key)))},
                     {"what", std::get<1>(key)},
                     {"steps", sum.steps},
                     {"frames", sum.frames},
                     {"wall_s", ShortJson(sum.wall_s)},
                     {"cpu_s", ShortJson(sum.cpu_s)},
                     {"memory_mb", ShortJson(static_cast<double>(sum.memory_bytes) / 1e6)}});
    }
    return all;
  }

  const RunData& data_;
  const Disclosure& disclosure_;
  std::filesystem::path out_;
  std::string reference_;
  std::set<std::string> traced_;
  size_t most_samples_ = kMostSamples;
  std::map<std::tuple<std::string, std::string, std::string, std::string>, std::vector<Point>>
      points_;
  std::map<std::tuple<std::string, std::string, std::string, std::string>,
           std::map<std::pair<std::string, std::string>, int>>
      readings_;
  Json traces_ = Json::array();
};

}  // namespace

Json RecordingsJson(const RunData& data, const Disclosure& disclosure,
                    const std::filesystem::path& out) {
  return Collector(data, disclosure, out).Collect();
}

}  // namespace maskbench
