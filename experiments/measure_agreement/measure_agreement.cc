// Does a masked recording measure as the original does? The same observer reads both; no truth is
// needed, so real recordings can be scored too.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "maskbench/core/registry.h"
#include "maskbench/pipeline/experiment.h"
#include "maskbench/pipeline/subject_value.h"
#include "maskbench/recognition/recogniser.h"
#include "maskbench/stats/agreement.h"

#include "experiments/figures/figure_sheet.h"

namespace maskbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

struct MeasureAgreementOptions {
  std::string reference_variant = "original";
  int min_frames = 25;
  int resamples = 1000;

  static const OptionTable<MeasureAgreementOptions>& Options() {
    using O = MeasureAgreementOptions;
    static const auto table =
        OptionTable<O>()
            .Add("reference_variant", &O::reference_variant,
                 "Name of the variant that the others are compared with.", {NotEmpty()})
            .Add("min_frames", &O::min_frames,
                 "Fewest frames with a value under both variants for a trace to count.",
                 {Range(3, 100000)})
            .Add("resamples", &O::resamples, "Bootstrap resamples of subjects behind an interval.",
                 {Range(100, 100000)});
    return table;
  }
};

/// What both variants say of one measure of one recording's eye or face.
struct Pair {
  int subject = 0;
  double reference = 0, masked = 0;
};

/// How a trace follows the other one.
struct TraceMatch {
  int subject = 0;
  double mean_difference = 0;  ///< Masked − reference.
  double spread = 0;           ///< Standard deviation of the difference.
  double correlation = 0;      ///< Pearson's; NaN when one of them does not move.
  double kept = 0;             ///< Share of the reference's frames that have a value when masked.
};

std::optional<TraceMatch> MatchTraces(const std::vector<double>& reference,
                                      const std::vector<double>& masked, int min_frames) {
  int expected = 0;
  double n = 0, x = 0, y = 0;
  const auto both = [&](const auto& visit) {
    for (size_t i = 0; i < reference.size(); ++i)
      if (std::isfinite(reference[i]) && i < masked.size() && std::isfinite(masked[i]))
        visit(reference[i], masked[i]);
  };
  for (const double value : reference) expected += std::isfinite(value) ? 1 : 0;
  both([&](double a, double b) {
    n += 1;
    x += a;
    y += b;
  });
  if (expected < min_frames) return std::nullopt;
  TraceMatch match;
  match.kept = n / expected;
  match.mean_difference = match.spread = match.correlation = kNan;
  if (n < min_frames) return match;
  x /= n;
  y /= n;
  double xx = 0, yy = 0, xy = 0;
  both([&](double a, double b) {
    xx += (a - x) * (a - x);
    yy += (b - y) * (b - y);
    xy += (a - x) * (b - y);
  });
  match.mean_difference = y - x;
  match.spread = std::sqrt(std::max(0.0, xx + yy - 2 * xy) / (n - 1));
  if (xx > 1e-12 && yy > 1e-12) match.correlation = xy / std::sqrt(xx * yy);
  return match;
}

std::string KindOf(const std::optional<Side>& eye) { return eye ? "eye" : "recording"; }

class MeasureAgreement : public Experiment, public SubjectValueSource {
 public:
  explicit MeasureAgreement(const MeasureAgreementOptions& options) : options_(options) {}

  void Check(const RunConfig& config, Problems* problems) const override {
    const bool known = std::any_of(
        config.variants.begin(), config.variants.end(),
        [&](const auto& variant) { return variant.name == options_.reference_variant; });
    if (!known)
      problems->Add("reference_variant",
                    "no variant of this run is called '" + options_.reference_variant + "'");
  }

  ExperimentResult Score(const RunData& data, const std::string& name) override {
    std::map<std::string, int> subjects;
    for (const std::string& id : data.recordings()) {
      subjects.emplace(data.dataset().FindRecording(id)->subject,
                       static_cast<int>(subjects.size()));
    }
    FigureSheet::Figures figures;
    for (const ComponentChoice& observer : data.config().observers) {
      if (MetricOf(observer.type)) continue;  // Recognisers measure no eyes.
      for (const ComponentChoice& variant : data.config().variants) {
        if (variant.name == options_.reference_variant) continue;
        Figure head;
        head.experiment = name;
        head.dataset = data.dataset().name;
        head.variant = variant.name;
        head.reader = observer.name;
        FigureSheet sheet(head, static_cast<int>(subjects.size()), options_.resamples,
                          data.config().seed, &figures);
        Compare(data, subjects, variant.name, observer.name, &sheet);
      }
    }
    ExperimentResult result;
    result.figures = InOrder(std::move(figures));
    result.tables = Tables();
    return result;
  }

  std::vector<SubjectValue> SubjectValues(const RunData& data) override {
    struct Sum {
      double differences = 0, known = 0, all = 0;
      std::string unit;
    };
    // By variant, observer, kind, measure and subject.
    std::map<std::array<std::string, 5>, Sum> sums;
    for (const ComponentChoice& observer : data.config().observers) {
      if (MetricOf(observer.type)) continue;
      for (const std::string& id : data.recordings()) {
        const std::optional<Observations> reference =
            data.Observed(id, options_.reference_variant, observer.name);
        if (!reference) continue;
        const std::string& subject = data.dataset().FindRecording(id)->subject;
        for (const ComponentChoice& variant : data.config().variants) {
          if (variant.name == options_.reference_variant || !data.IsPlanned(id, variant.name))
            continue;
          const std::optional<Observations> masked = data.Observed(id, variant.name, observer.name);
          for (const MeasureValue& value : reference->values) {
            if (!std::isfinite(value.value)) continue;
            Sum& sum = sums[{variant.name, observer.name, KindOf(value.eye), value.name, subject}];
            sum.unit = value.unit;
            sum.all += 1;
            const double other = masked ? ValueOf(*masked, value) : kNan;
            if (!std::isfinite(other)) continue;
            sum.known += 1;
            sum.differences += std::abs(other - value.value);
          }
        }
      }
    }
    std::vector<SubjectValue> values;
    for (const auto& [key, sum] : sums) {
      SubjectValue value;
      value.variant = key[0];
      value.reader = key[1];
      value.group = GroupText({{"measure", key[3]}});
      value.subject = key[4];
      value.metric = "measure_kept";
      value.unit = "share";
      value.better = Better::kHigher;
      value.value = sum.known / sum.all;
      values.push_back(value);
      if (sum.known == 0) continue;
      value.metric = "measure_difference";
      value.unit = sum.unit;
      value.better = Better::kLower;
      value.value = sum.differences / sum.known;
      values.push_back(value);
    }
    return values;
  }

 private:
  /// The same measure in other observations; NaN without.
  static double ValueOf(const Observations& observations, const MeasureValue& measure) {
    double other = kNan;
    for (const MeasureValue& candidate : observations.values)
      if (candidate.eye == measure.eye && candidate.name == measure.name) other = candidate.value;
    return other;
  }

  static std::vector<ReportTable> Tables() {
    return {{"Measures of whole recordings: masked against original",
             "The same observer reads both. Bias: mean of masked − original; limits_of_agreement: "
             "half width of the 95 % limits around it; ICC(2,1). failed: has a value in the "
             "original alone.",
             {"measure_bias", "measure_limits_of_agreement", "measure_icc"}},
            {"Traces: masked against original",
             "Frame by frame, per eye, then the mean over eyes: difference of the means, standard "
             "deviation of the difference over time, Pearson's correlation (median), and the share "
             "of the original's frames that have a value when masked.",
             {"trace_bias", "trace_spread", "trace_correlation_median", "trace_kept"}}};
  }

  void Compare(const RunData& data, const std::map<std::string, int>& subjects,
               const std::string& variant, const std::string& observer, FigureSheet* sheet) const {
    // By kind (eye or recording), name and unit; both eyes together.
    using Group = std::tuple<std::string, std::string, std::string>;
    std::map<Group, std::vector<Pair>> values;
    std::map<Group, std::vector<TraceMatch>> traces;
    std::map<Group, int> lost_values, lost_traces;
    for (const std::string& id : data.recordings()) {
      if (!data.IsPlanned(id, variant)) continue;
      const std::optional<Observations> reference =
          data.Observed(id, options_.reference_variant, observer);
      if (!reference) continue;
      const std::optional<Observations> masked = data.Observed(id, variant, observer);
      const int subject = subjects.at(data.dataset().FindRecording(id)->subject);
      for (const MeasureValue& value : reference->values) {
        if (!std::isfinite(value.value)) continue;
        const Group group = {KindOf(value.eye), value.name, value.unit};
        const double other = masked ? ValueOf(*masked, value) : kNan;
        std::vector<Pair>& pairs = values[group];
        if (std::isfinite(other))
          pairs.push_back({subject, value.value, other});
        else
          ++lost_values[group];
      }
      for (const MeasureSeries& series : reference->series) {
        if (!series.eye) continue;
        const Group group = {KindOf(series.eye), series.name, series.unit};
        std::vector<double> other;
        if (masked) {
          for (const MeasureSeries& candidate : masked->series)
            if (candidate.eye == series.eye && candidate.name == series.name)
              other = candidate.values;
        }
        std::optional<TraceMatch> match = MatchTraces(series.values, other, options_.min_frames);
        if (!match) continue;
        match->subject = subject;
        traces[group].push_back(*match);
        if (std::isnan(match->spread)) ++lost_traces[group];
      }
    }
    sheet->Start(Part::kHeadline);
    for (const auto& [group, pairs] : values) {
      const auto& [kind, measure, unit] = group;
      AddValue({{{"measure", measure}}, kind, lost_values[group]}, unit, pairs, sheet);
    }
    sheet->Start(Part::kGaze);
    for (const auto& [group, matches] : traces) {
      const auto& [kind, measure, unit] = group;
      AddTrace({{{"measure", measure}}, kind, lost_traces[group]}, unit, matches, sheet);
    }
  }

  static void AddValue(const Row& row, const std::string& unit, const std::vector<Pair>& pairs,
                       FigureSheet* sheet) {
    std::vector<Sample> samples;
    std::vector<double> first, second;
    std::set<int> subjects;
    for (const Pair& pair : pairs) {
      samples.push_back({pair.subject, pair.reference, pair.masked});
      first.push_back(pair.reference);
      second.push_back(pair.masked);
      subjects.insert(pair.subject);
    }
    sheet->AddAgreement(row, "measure", unit, samples);
    sheet->Add(row, "measure_icc", "ratio", pairs.size(), static_cast<int>(subjects.size()),
               [&](const std::vector<double>& subject_weights) {
                 std::vector<double> weights;
                 for (const Pair& pair : pairs)
                   weights.push_back(subject_weights[static_cast<size_t>(pair.subject)]);
                 return IntraclassCorrelation(first, second, weights);
               });
  }

  static void AddTrace(const Row& row, const std::string& unit,
                       const std::vector<TraceMatch>& matches, FigureSheet* sheet) {
    const auto entries = [&](double TraceMatch::*part) {
      std::vector<Entry> known;
      for (const TraceMatch& match : matches)
        if (std::isfinite(match.*part)) known.push_back({match.subject, match.*part});
      return known;
    };
    sheet->AddMean(row, "trace_bias", unit, entries(&TraceMatch::mean_difference));
    sheet->AddMean(row, "trace_spread", unit, entries(&TraceMatch::spread));
    sheet->AddPercentile(row, "trace_correlation_median", "ratio",
                         entries(&TraceMatch::correlation), 0.5);
    sheet->AddMean(row, "trace_kept", "share", entries(&TraceMatch::kept));
  }

  MeasureAgreementOptions options_;
};

}  // namespace

void RegisterMeasureAgreement(Registry<Experiment>* registry) {
  registry->Add<MeasureAgreementOptions>(
      {"measure_agreement",
       1,
       "Whether masked recordings measure as their originals do, read by the same observers; needs "
       "no truth.",
       {}},
      [](const MeasureAgreementOptions& options, const Experiment::Context&) {
        return std::make_unique<MeasureAgreement>(options);
      });
}

}  // namespace maskbench
