#include "experiments/reidentification/attack_figures.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "maskbench/core/rng.h"
#include "maskbench/core/text.h"
#include "maskbench/stats/bootstrap.h"
#include "maskbench/stats/histogram.h"
#include "maskbench/stats/identification.h"
#include "maskbench/stats/interval.h"
#include "maskbench/stats/linkability.h"
#include "maskbench/stats/multiple_choice.h"
#include "maskbench/stats/power.h"
#include "maskbench/stats/probewise_auc.h"

namespace maskbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// Distances of one kind in ascending order, of comparisons in which both sides enrolled.
std::vector<double> Distances(const Verification& verification, bool genuine) {
  std::vector<double> distances;
  for (const double score : verification.Scores(genuine)) {
    if (!std::isinf(score)) distances.push_back(-score);
  }
  std::reverse(distances.begin(), distances.end());
  return distances;
}

double Percentile(const std::vector<double>& sorted, double p) {
  return sorted.empty() ? kNan : SortedPercentile(sorted, p);
}

const char* DistanceUnit(DescriptorMetric metric) {
  return metric == DescriptorMetric::kCosine ? "1-cosine" : "euclidean";
}

// Bins of distances, the same for every run: 0.02 wide, from 0 to 1.4.
constexpr int kBins = 70, kBinsPerUnit = 50;

// "When using a distance threshold of 0.6, the dlib model obtains an accuracy of 99.38 % on […]
// LFW" (D. King, python_examples/face_recognition.py of dlib), for single photographs under dlib's
// own alignment.
constexpr double kDlibThreshold = 0.6;

}  // namespace

ReportHistogram HistogramOf(const Verification& verification, DescriptorMetric metric,
                            const Figure& head, bool is_dlib) {
  ReportHistogram histogram;
  histogram.variant = head.variant;
  histogram.group = head.group;
  histogram.recogniser = head.recogniser;
  histogram.attacker = head.attacker;
  histogram.gallery_variant = head.gallery_variant;
  histogram.metric = "distance";
  histogram.unit = DistanceUnit(metric);
  histogram.edges = BinEdges(kBins, kBinsPerUnit);
  for (const bool genuine : {true, false}) {
    const std::vector<double> distances = Distances(verification, genuine);
    const int64_t all = genuine ? verification.genuine_count() : verification.impostor_count();
    histogram.series.push_back({genuine ? "genuine" : "impostor",
                                CountInBins(distances, histogram.edges),
                                all - static_cast<int64_t>(distances.size())});
  }
  const double threshold = -verification.EqualErrorThreshold();
  if (!std::isnan(threshold)) histogram.marks.push_back({"EER threshold", threshold});
  if (is_dlib) histogram.marks.push_back({"threshold of dlib's author", kDlibThreshold});
  return histogram;
}

void AttackFigures::AddPlanted(const Protocol& protocol, const Searches& searches, Figure head,
                               std::vector<Figure>* figures) const {
  const Verification verification(searches.comparisons);
  head.metric = "planted_auc";
  head.parameter = "leak=" + NumberText(options_.planted_leak);
  head.value = verification.Auc();
  if (searches.subjects >= kMinimumUnits && !std::isnan(head.value)) {
    const std::string attack = Join({head.experiment, head.variant, head.group, head.recogniser,
                                     head.attacker, head.gallery_variant},
                                    "|");
    head.interval = SubjectBootstrap(
        protocol.subject_count, options_.resamples,
        NamedRandom(seed_, attack, "bootstrap planted_auc"),
        [&](const std::vector<double>& weights) { return verification.Auc(weights); });
  }
  head.n = searches.subjects;
  head.n_unit = "subject";
  head.n_failed = searches.failed_searches;
  head.unit = "share";
  figures->push_back(head);
}

void AttackFigures::Add(const Protocol& protocol, const Searches& searches,
                        const Verification& verification, int parts, const Figure& head,
                        std::vector<Figure>* figures) const {
  const bool whole = head.condition.empty();
  const std::vector<RankedProbe>& ranked = searches.ranked;
  const int units = searches.subjects;
  const bool one_probe_each = units == static_cast<int>(protocol.probes.size());
  std::vector<std::string> identity = {head.experiment, head.variant,  head.group,
                                       head.recogniser, head.attacker, head.gallery_variant};
  if (!whole) identity.push_back(head.condition);
  const std::string subject_text = Join(identity, "|");
  const auto add = [&](const std::string& metric_name, double value, Interval interval, int64_t n,
                       const char* n_unit, const char* unit, const std::string& parameter = "") {
    Figure figure = head;
    figure.metric = metric_name;
    figure.parameter = parameter;
    figure.value = value;
    if (units >= kMinimumUnits && !std::isnan(value)) figure.interval = interval;
    figure.n = n;
    figure.n_unit = n_unit;
    figure.n_failed = searches.failed_searches;
    figure.unit = unit;
    figures->push_back(figure);
  };
  const auto bootstrap = [&](const std::string& metric_name, auto statistic) {
    if (units < kMinimumUnits) return Interval{};
    return SubjectBootstrap(protocol.subject_count, options_.resamples,
                            NamedRandom(seed_, subject_text, "bootstrap " + metric_name),
                            statistic);
  };
  for (const int k : whole ? std::vector<int>{1, 5, 10} : std::vector<int>{1}) {
    const std::string metric_name = "rank_" + std::to_string(k);
    const double rate = RankRate(ranked, k);
    const double hits = rate * units;
    // Resampling cannot vary what hardly ever happens; with one probe each the exact interval is
    // right anyway.
    const bool exact = one_probe_each || hits <= 5 || units - hits <= 5;
    const Interval interval = units == 0 ? Interval{}
                              : exact
                                  ? ClopperPearsonInterval(hits, units)
                                  : bootstrap(metric_name, [&](const std::vector<double>& weights) {
                                      return RankRate(ranked, k, weights);
                                    });
    add(metric_name, rate, interval, units, "subject", "share");
  }
  // Who learns from some subjects searches among one part of the others.
  const auto enrolled = static_cast<int64_t>(protocol.gallery.size());
  const int64_t gallery_size = (enrolled + parts - 1) / parts;
  if (whole && gallery_size >= options_.choices) {
    const auto rate = [&](const std::vector<double>& weights) {
      return MultipleChoiceRate(ranked, static_cast<int>(gallery_size), options_.choices, weights);
    };
    add("multiple_choice", rate({}), bootstrap("multiple_choice", rate), units, "subject", "share",
        "choices=" + std::to_string(options_.choices));
  }
  if (whole) {
    add("rank_1_chance", 1.0 / static_cast<double>(gallery_size), {}, gallery_size, "subject",
        "share");
  }
  add("auc", verification.Auc(),
      bootstrap("auc",
                [&](const std::vector<double>& weights) { return verification.Auc(weights); }),
      units, "subject", "share");
  add("eer", verification.EqualErrorRate(),
      bootstrap(
          "eer",
          [&](const std::vector<double>& weights) { return verification.EqualErrorRate(weights); }),
      units, "subject", "share");
  for (const double far : whole ? options_.false_accept_rates : std::vector<double>{}) {
    const bool supported = verification.Supports(far);
    const std::string parameter = "far=" + NumberText(far);
    add("tar_at_far", supported ? verification.TarAtFar(far) : kNan,
        supported ? bootstrap("tar_at_far " + parameter,
                              [&](const std::vector<double>& weights) {
                                return verification.TarAtFar(far, weights);
                              })
                  : Interval{},
        units, "subject", "share", parameter);
  }
  if (whole) {
    add("d_prime", verification.DPrime(), {}, units, "subject", "");
    add("mean_rank", MeanRank(ranked, static_cast<int>(gallery_size)),
        bootstrap("mean_rank",
                  [&](const std::vector<double>& weights) {
                    return MeanRank(ranked, static_cast<int>(gallery_size), weights);
                  }),
        units, "subject", "place");
    const OpenSet open(searches.mated, searches.non_mated);
    for (const double fpir : options_.false_positive_rates) {
      const bool supported = open.Supports(fpir);
      const std::string parameter = "fpir=" + NumberText(fpir);
      add("fnir_at_fpir", supported ? open.FnirAtFpir(fpir, 1) : kNan,
          supported ? bootstrap("fnir_at_fpir " + parameter,
                                [&](const std::vector<double>& weights) {
                                  return open.FnirAtFpir(fpir, 1, weights);
                                })
                    : Interval{},
          units, "subject", "share", parameter);
    }
    LinkabilityOptions linkability;
    linkability.omega = options_.omega;
    const LinkabilityNull null =
        PermuteLinkability(searches.comparisons, protocol.subject_count, linkability,
                           options_.resamples, NamedRandom(seed_, subject_text, "permutation"));
    const std::string omega = "omega=" + NumberText(options_.omega);
    add("linkability", MeasureLinkability(searches.comparisons, linkability).global, {}, units,
        "subject", "", omega);
    add("linkability_chance", null.mean, null.central, units, "subject", "", omega);
    add("linkability_p", null.p_value, {}, units, "subject", "", omega);
    const bool can_miss = units > 0 && gallery_size > 1;
    add("rank_1_detectable",
        can_miss ? SmallestDetectableRate(units, 1.0 / static_cast<double>(gallery_size)) : kNan,
        {}, units, "subject", "share", "power=0.8");
    add("auc_detectable",
        SmallestDetectableAuc(units, static_cast<double>(verification.impostor_count())), {}, units,
        "subject", "share", "power=0.8");
  }
  const auto probe_count = static_cast<int64_t>(protocol.probes.size());
  const double failure = probe_count == 0 ? kNan
                                          : static_cast<double>(searches.failed_probes) /
                                                static_cast<double>(probe_count);
  add("failure_to_enrol", failure,
      units == 0 ? Interval{} : ClopperPearsonInterval(failure * units, units), probe_count,
      "recording", "share");
  figures->back().n_failed = searches.failed_probes;
}

void AttackFigures::AddSignMatched(const Protocol& protocol, const Searches& searches,
                                   const SignMatches& matches, const Figure& head,
                                   std::vector<Figure>* figures) const {
  if (!matches.any()) return;
  const ProbewiseAuc among(searches.comparisons, matches);
  Figure figure = head;
  figure.value = among.Auc();
  if (std::isnan(figure.value)) return;
  figure.metric = "auc_sign_matched";
  figure.n = among.subjects();
  figure.n_unit = "subject";
  figure.n_failed = searches.failed_searches;
  figure.unit = "share";
  Figure upper = figure;
  upper.metric = "auc_sign_matched_upper";
  upper.value = kNan;
  if (among.subjects() >= kMinimumUnits) {
    const std::string attack = Join({head.experiment, head.variant, head.group, head.recogniser,
                                     head.attacker, head.gallery_variant},
                                    "|");
    const std::vector<double> values = SubjectBootstrapValues(
        protocol.subject_count, options_.resamples,
        NamedRandom(seed_, attack, "bootstrap auc_sign_matched"),
        [&](const std::vector<double>& weights) { return among.Auc(weights); });
    if (!values.empty()) {
      figure.interval = {SortedPercentile(values, 0.025), SortedPercentile(values, 0.975)};
      upper.value = SortedPercentile(values, 0.95);
    }
  }
  figures->push_back(figure);
  figures->push_back(upper);
}

void AttackFigures::AddOfDistances(const Protocol& protocol, const Searches& searches,
                                   const Verification& verification, const Templates& gallery,
                                   DescriptorMetric metric, const Figure& head,
                                   std::vector<Figure>* figures) const {
  const auto gallery_size = static_cast<int64_t>(protocol.gallery.size());
  const auto add = [&](const std::string& metric_name, double value, int64_t n, const char* n_unit,
                       const char* unit) {
    Figure figure = head;
    figure.metric = metric_name;
    figure.value = value;
    figure.n = n;
    figure.n_unit = n_unit;
    figure.n_failed = searches.failed_searches;
    figure.unit = unit;
    figures->push_back(figure);
  };
  const auto failed_gallery =
      std::count_if(protocol.gallery.begin(), protocol.gallery.end(),
                    [&](const Protocol::Entry& entry) { return !gallery.at(entry.recording); });
  add("gallery_failure_to_enrol",
      static_cast<double>(failed_gallery) / static_cast<double>(gallery_size), gallery_size,
      "recording", "share");
  figures->back().n_failed = failed_gallery;
  for (const bool genuine : {true, false}) {
    const std::vector<double> distances = Distances(verification, genuine);
    const std::string prefix = genuine ? "genuine_distance_" : "impostor_distance_";
    const auto count = static_cast<int64_t>(distances.size());
    for (const auto& [suffix, p] : {std::pair("min", 0.0), {"median", 0.5}, {"max", 1.0}}) {
      add(prefix + suffix, Percentile(distances, p), count, "comparison", DistanceUnit(metric));
    }
  }
}

}  // namespace maskbench
