// Can a recogniser tell who is behind a mask? Closed- and open-set identification, verification and
// linkability under graded attackers, from `face_to_face` (is the recogniser any good here) to
// `trained`, beside `oracle_signs`, the floor of every mask that keeps signs.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/rng.h"
#include "maskbench/core/text.h"
#include "maskbench/pipeline/condition.h"
#include "maskbench/pipeline/experiment.h"
#include "maskbench/recognition/recogniser.h"
#include "maskbench/stats/biometrics.h"
#include "maskbench/stats/bootstrap.h"
#include "maskbench/stats/fusion.h"
#include "maskbench/stats/histogram.h"
#include "maskbench/stats/identification.h"
#include "maskbench/stats/interval.h"
#include "maskbench/stats/linkability.h"
#include "maskbench/stats/multiple_choice.h"
#include "maskbench/stats/power.h"

#include "experiments/reidentification/detection.h"
#include "experiments/reidentification/searches.h"
#include "experiments/reidentification/true_signs.h"

namespace maskbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

struct ReidentificationOptions {
  std::vector<std::string> attackers = {"face_to_face", "mask_to_face"};
  std::vector<std::string> cross{};
  std::vector<std::string> pairings = {"different_recording", "different_session"};
  std::string gallery_variant = "original";
  std::vector<double> false_accept_rates = {0.1, 0.01, 0.001};
  std::vector<double> false_positive_rates = {0.1, 0.01};
  double omega = 1, planted_leak = 0.1, sign_error_scale = 1;
  int choices = 5;
  std::string fusion = "z_norm";
  int resamples = 1000;

  static const OptionTable<ReidentificationOptions>& Options() {
    using O = ReidentificationOptions;
    static const auto table =
        OptionTable<O>()
            .Add("attackers", &O::attackers,
                 "face_to_face: original probes against an original gallery, the upper bound. "
                 "mask_to_face: masked probes against it, by an attacker who ignores the mask. "
                 "mask_to_mask: against a gallery under the same variant. cross_mask: against one "
                 "under another variant, as \"cross\" pairs them. trained: like mask_to_face, with "
                 "a "
                 "map between descriptors that was learned on half of the subjects, for the other "
                 "half. oracle_signs: true signs, read with an error, and nothing else: the floor "
                 "under which no mask that keeps signs can go.",
                 {OneOf({"face_to_face", "mask_to_face", "mask_to_mask", "cross_mask", "trained",
                         "oracle_signs"}),
                  NotEmpty()})
            .Add("cross", &O::cross,
                 "For cross_mask: pairs of variants, \"PROBE:GALLERY\", such as two private faces "
                 "or "
                 "two head models.")
            .Add("pairings", &O::pairings,
                 "Which probes of a subject count: those of any recording but the enrolled one, or "
                 "only those of another session. Pairs of one session flatter a recogniser.",
                 {OneOf({"different_recording", "different_session"}), NotEmpty()})
            .Add("gallery_variant", &O::gallery_variant,
                 "Name of the variant that stands for originals.", {NotEmpty()})
            .Add("false_accept_rates", &O::false_accept_rates,
                 "For tar_at_far. A rate that stands for fewer than ten impostor comparisons gives "
                 "no value.",
                 {Range(1e-9, 1)})
            .Add("false_positive_rates", &O::false_positive_rates,
                 "For fnir_at_fpir, open-set identification. A rate that stands for fewer than ten "
                 "searches gives no value.",
                 {Range(1e-9, 1)})
            .Add("omega", &O::omega,
                 "Of linkability: prior odds that two templates are of one person.",
                 {Range(1e-9, 1e9)})
            .Add("planted_leak", &O::planted_leak,
                 "For planted_auc: share of the original's descriptor that is mixed into that of "
                 "the masked recording, to see whether an attacker would find so weak a leak. 0: "
                 "none is planted.",
                 {Range(0, 1)})
            .Add("sign_error_scale", &O::sign_error_scale,
                 "Of oracle_signs: how much worse signs are read than this project reads them.",
                 {Range(0.01, 100)})
            .Add("choices", &O::choices,
                 "For multiple_choice: recordings to choose from, one of them the right person's.",
                 {Range(2, 10000)})
            .Add(
                "fusion", &O::fusion,
                "How scores of several recognisers become those of one more, \"fused\": brought to "
                "one scale, learned on other subjects, and averaged. none: not at all.",
                {OneOf({"none", "min_max", "z_norm"})})
            .Add("resamples", &O::resamples,
                 "Bootstrap resamples over subjects, and permutations for linkability.",
                 {Range(100, 100000)});
    return table;
  }
};

constexpr char kHistogramExplanation[] =
    "Of comparisons in which both sides enrolled; the area of each distribution is 1. Genuine "
    "comparisons are those of a person with himself. At the EER threshold as many impostors are "
    "accepted as genuine comparisons are rejected. Bins and counts are in score_histograms.csv and "
    "are the same in every run.";

constexpr char kFused[] = "fused";
constexpr int kFusionFolds = 5;

/// What one attack gave with every recogniser, to be fused.
struct Attack {
  Figure head;
  const Protocol* protocol = nullptr;
  std::vector<std::vector<Comparison>> by_recogniser;
  /// Of each probe, whether some recogniser could enrol it.
  std::vector<char> enrolled;
};

/// Who attacks what, with which gallery.
struct AttackPlan {
  std::string attacker, variant, gallery_variant;
};

constexpr char kTrueSigns[] = "true_signs";

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

class Reidentification : public Experiment {
 public:
  explicit Reidentification(const ReidentificationOptions& options) : options_(options) {}

  void Check(const RunConfig& config, Problems* problems) const override {
    for (const ComponentChoice& observer : config.observers) {
      if (observer.name == kFused && options_.fusion != "none") {
        problems->Add("fusion", "needs the name \"fused\" for itself; call the observer otherwise");
      }
    }
    if (!config.shares.empty())
      problems->Add("shares", "leaves recordings out, which attackers need under every variant");
    std::vector<std::string> names;
    for (const ComponentChoice& variant : config.variants) names.push_back(variant.name);
    const auto known = [&](const std::string& name) {
      return std::find(names.begin(), names.end(), name) != names.end();
    };
    for (const std::string& pair : options_.cross) {
      const size_t colon = pair.find(':');
      if (colon == std::string::npos || !known(pair.substr(0, colon)) ||
          !known(pair.substr(colon + 1)))
        problems->Add("cross", "has \"" + pair +
                                   "\"; a pair is \"PROBE:GALLERY\", the names of two variants");
    }
    if (options_.cross.empty() && Has("cross_mask"))
      problems->Add("cross", "is empty, but the attacker cross_mask needs pairs of variants");
    if (std::find(names.begin(), names.end(), options_.gallery_variant) == names.end()) {
      problems->Add("gallery_variant", "is \"" + options_.gallery_variant +
                                           "\", which is no variant of this configuration." +
                                           Suggestion(options_.gallery_variant, names));
    }
  }

  void CheckData(const Dataset& dataset, const std::vector<std::string>& recordings,
                 Problems* problems) const override {
    // Recordings of another session are among those of another recording.
    const Protocol protocol = MakeProtocol(dataset, recordings, "different_recording");
    RefuseSharedRecordings(dataset, protocol, problems);
    if (Has("trained") && protocol.subject_count < kLeastTrainedSubjects) {
      problems->Add("attackers",
                    fmt::format("has \"trained\", which needs {} subjects to learn from; the data "
                                "set has {}",
                                kLeastTrainedSubjects, protocol.subject_count));
    }
  }

  ExperimentResult Score(const RunData& data, const std::string& name) override {
    Problems problems;
    CheckData(data.dataset(), data.recordings(), &problems);
    problems.ThrowIfAny(fmt::format("experiment \"{}\"", name));
    ExperimentResult result;
    std::vector<std::string> conditions = ConditionsOf(data);
    if (conditions.size() < 2) conditions.clear();
    for (const std::string& pairing : options_.pairings) {
      result.histograms.push_back(
          {pairing, "Distributions of distances, " + pairing, kHistogramExplanation, {}});
    }
    std::vector<Protocol> protocols;
    for (const std::string& pairing : options_.pairings) {
      protocols.push_back(MakeProtocol(data.dataset(), data.recordings(), pairing));
    }
    std::vector<Attack> attacks;  // In the order in which the first recogniser's figures stand.
    for (const ComponentChoice& observer : data.config().observers) {
      const std::optional<DescriptorMetric> metric = MetricOf(observer);
      if (!metric) continue;
      const bool is_dlib =
          observer.type == "dlib_resnet" && !data.config().networks.contains("dlib_resnet");
      const Templates originals = ReadTemplates(data, options_.gallery_variant, observer.name);
      for (size_t p = 0; p < options_.pairings.size(); ++p) {
        const Protocol& protocol = protocols[p];
        for (const AttackPlan& plan : Plan(data.config())) {
          Figure head = HeadOf(data, name, plan, options_.pairings[p], observer.name);
          const Templates probes = ReadTemplates(data, plan.variant, observer.name);
          const Templates gallery = ReadTemplates(data, plan.gallery_variant, observer.name);
          const bool trained = plan.attacker == "trained";
          const DescriptorMetric scored = trained ? DescriptorMetric::kCosine : *metric;
          const auto search = [&](const Protocol& probed, const Templates& from,
                                  const Templates& to) {
            return trained ? SearchTrained(probed, from, to, data.config().seed)
                           : Search(probed, from, to, *metric);
          };
          const auto add = [&](const Protocol& probed) {
            const Searches searches = search(probed, probes, gallery);
            const Verification verification(searches.comparisons);
            AddFigures(probed, searches, verification, data.config().seed, head, &result.figures);
            if (head.condition.empty() && !trained) {
              AddDescriptorFigures(probed, searches, verification, gallery, *metric, head,
                                   &result.figures);
              Keep(probed, searches, probes, head, &attacks);
            }
            return verification;
          };
          result.histograms[p].panels.push_back(HistogramOf(add(protocol), scored, head, is_dlib));
          if (plan.variant != options_.gallery_variant && options_.planted_leak > 0) {
            const double share = options_.planted_leak;
            const bool masked_gallery = plan.gallery_variant != options_.gallery_variant;
            AddPlanted(search(protocol, Plant(probes, originals, share),
                              masked_gallery ? Plant(gallery, originals, share) : gallery),
                       protocol, data.config().seed, head, &result.figures);
          }
          if (trained) continue;
          for (const std::string& condition : conditions) {
            const Protocol probed = OnlyCondition(protocol, data, condition);
            head.condition = condition;
            if (!probed.probes.empty()) add(probed);
          }
        }
      }
    }
    if (Has("oracle_signs")) AddSigns(data, name, protocols, &result.figures);
    if (options_.fusion != "none") {
      for (const Attack& attack : attacks) {
        if (attack.by_recogniser.size() > 1) {
          AddFused(attack, data.config().seed, &result.figures);
        }
      }
    }
    AddDetectionFigures(data, name, conditions, &result.figures);
    result.tables = {
        {"Who is recognised",
         "Closed-set identification and verification; 95 % intervals over subjects in brackets, "
         "none below 10 subjects. A failure to enrol is a miss, never dropped. Chance for rank_1 "
         "is 1 / enrolled subjects. eer and auc: 0.5 is chance. tar_at_far is left out where no "
         "rate "
         "stands for ten impostor comparisons.",
         {"rank_1", "rank_1_chance", "rank_5", "multiple_choice", "auc", "eer", "tar_at_far",
          "failure_to_enrol"},
         ReportTable::Rows::kOverall},
        {"Who is recognised, by condition",
         "The same for the probes of one condition, against the whole gallery. Conditions with "
         "fewer "
         "than 10 subjects stand in figures.csv alone.",
         {"rank_1", "auc", "eer", "failure_to_enrol"},
         ReportTable::Rows::kByCondition},
        {"Linked, or at chance",
         "fnir_at_fpir: open-set identification, share of enrolled people who are not found when "
         "so "
         "few of those who are not enrolled are taken for somebody; 1 − fpir / enrolled subjects "
         "is "
         "chance. mean_rank: (enrolled subjects + 1) / 2 is chance. linkability is D↔sys of "
         "Gomez-Barrero et al. (2018), linkability_chance what it is when people are exchanged at "
         "random, in brackets 95 % of such values, linkability_p the share of them that reach it; "
         "a "
         "leak can be told from chance where p is small. "
         "rank_1_detectable and auc_detectable: the weakest recogniser that so many subjects tell "
         "from chance with a probability of 80 % (one-sided, 5 %). Where there is no difference, "
         "whatever lies below them was not ruled out. planted_auc: what the same attacker makes of "
         "the same recordings when a little of the original's descriptor is mixed in; who does not "
         "find that either cannot be called at chance.",
         {"fnir_at_fpir", "mean_rank", "planted_auc", "linkability", "linkability_chance",
          "linkability_p", "rank_1_detectable", "auc_detectable"},
         ReportTable::Rows::kOverall},
        {"Where a face is found",
         "detection_rate is the share of recordings with a face in at least so many frames that a "
         "recogniser enrols them; frames_with_face the share of frames, averaged over recordings. "
         "A recording whose steps failed counts as one without a face.",
         {"detection_rate", "frames_with_face"}},
        {"Distances",
         "Of comparisons in which both sides enrolled: Euclidean for dlib_resnet, 1 − cosine "
         "otherwise.",
         {"genuine_distance_min", "genuine_distance_median", "genuine_distance_max",
          "impostor_distance_min", "impostor_distance_median", "impostor_distance_max", "d_prime"},
         ReportTable::Rows::kOverall}};
    return result;
  }

 private:
  bool Has(const std::string& attacker) const {
    return std::find(options_.attackers.begin(), options_.attackers.end(), attacker) !=
           options_.attackers.end();
  }

  /// Attacks that recognisers make, in the order of the options.
  std::vector<AttackPlan> Plan(const RunConfig& config) const {
    const std::string& original = options_.gallery_variant;
    std::vector<AttackPlan> plans;
    for (const std::string& attacker : options_.attackers) {
      if (attacker == "face_to_face") plans.push_back({attacker, original, original});
      if (attacker == "cross_mask") {
        for (const std::string& pair : options_.cross)
          plans.push_back(
              {attacker, pair.substr(0, pair.find(':')), pair.substr(pair.find(':') + 1)});
      }
      for (const ComponentChoice& variant : config.variants) {
        if (variant.name == original) continue;
        if (attacker == "mask_to_face" || attacker == "trained")
          plans.push_back({attacker, variant.name, original});
        if (attacker == "mask_to_mask") plans.push_back({attacker, variant.name, variant.name});
      }
    }
    return plans;
  }

  static Figure HeadOf(const RunData& data, const std::string& name, const AttackPlan& plan,
                       const std::string& pairing, const std::string& recogniser) {
    Figure head;
    head.experiment = name;
    head.dataset = data.dataset().name;
    head.variant = plan.variant;
    head.group = GroupText({{"pairing", pairing}});
    head.recogniser = recogniser;
    head.attacker = plan.attacker;
    head.gallery_variant = plan.gallery_variant;
    return head;
  }

  /// What somebody finds who knows true signs and nothing else; nothing where none are stated.
  void AddSigns(const RunData& data, const std::string& name,
                const std::vector<Protocol>& protocols, std::vector<Figure>* figures) const {
    const uint64_t seed = data.config().seed;
    const Templates probes = TrueSigns(data, options_.sign_error_scale, "probe", seed),
                    gallery = TrueSigns(data, options_.sign_error_scale, "gallery", seed);
    if (std::none_of(probes.begin(), probes.end(),
                     [](const auto& entry) { return entry.second.has_value(); }))
      return;
    const std::string& original = options_.gallery_variant;
    for (size_t p = 0; p < protocols.size(); ++p) {
      const Searches searches = Search(protocols[p], probes, gallery, DescriptorMetric::kEuclidean);
      AddFigures(protocols[p], searches, Verification(searches.comparisons), seed,
                 HeadOf(data, name, {"oracle_signs", original, original}, options_.pairings[p],
                        kTrueSigns),
                 figures);
    }
  }

  /// What the same attacker makes of recordings into which a weak leak was planted.
  void AddPlanted(const Searches& searches, const Protocol& protocol, uint64_t seed, Figure head,
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
          NamedRandom(seed, attack, "bootstrap planted_auc"),
          [&](const std::vector<double>& weights) { return verification.Auc(weights); });
    }
    head.n = searches.subjects;
    head.n_unit = "subject";
    head.n_failed = searches.failed_searches;
    head.unit = "share";
    figures->push_back(head);
  }

  static Templates ReadTemplates(const RunData& data, const std::string& variant,
                                 const std::string& observer) {
    Templates templates;
    for (const std::string& recording : data.recordings()) {
      std::optional<std::vector<float>>& entry = templates[recording];
      const std::optional<Observations> seen = data.Observed(recording, variant, observer);
      if (!seen) continue;
      for (const Embedding& embedding : seen->embeddings) {
        if (embedding.frame == Embedding::kTemplate) entry = embedding.values;
      }
    }
    return templates;
  }

  /// Keeps the scores of one recogniser for fusion with those of the others.
  static void Keep(const Protocol& protocol, const Searches& searches, const Templates& probes,
                   const Figure& head, std::vector<Attack>* attacks) {
    auto attack = std::find_if(attacks->begin(), attacks->end(), [&](const Attack& other) {
      return other.head.group == head.group && other.head.attacker == head.attacker &&
             other.head.variant == head.variant &&
             other.head.gallery_variant == head.gallery_variant;
    });
    if (attack == attacks->end()) attack = attacks->insert(attack, Attack());
    attack->head = head;
    attack->head.recogniser = kFused;
    attack->protocol = &protocol;
    attack->by_recogniser.push_back(searches.comparisons);
    attack->enrolled.resize(protocol.probes.size(), 0);
    for (size_t i = 0; i < protocol.probes.size(); ++i) {
      if (probes.at(protocol.probes[i].recording)) attack->enrolled[i] = 1;
    }
  }

  void AddFused(const Attack& attack, uint64_t seed, std::vector<Figure>* figures) const {
    const ScoreScale scale =
        options_.fusion == "min_max" ? ScoreScale::kMinMax : ScoreScale::kZNorm;
    const Searches searches =
        Rank(*attack.protocol, FuseScores(attack.by_recogniser, scale, kFusionFolds),
             std::count(attack.enrolled.begin(), attack.enrolled.end(), 0));
    AddFigures(*attack.protocol, searches, Verification(searches.comparisons), seed, attack.head,
               figures);
  }

  /// All figures of one attack; rank_1, auc, eer and failure_to_enrol alone for a single condition.
  void AddFigures(const Protocol& protocol, const Searches& searches,
                  const Verification& verification, uint64_t seed, const Figure& head,
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
                              NamedRandom(seed, subject_text, "bootstrap " + metric_name),
                              statistic);
    };
    for (const int k : whole ? std::vector<int>{1, 5, 10} : std::vector<int>{1}) {
      const std::string metric_name = "rank_" + std::to_string(k);
      const double rate = RankRate(ranked, k);
      const double hits = rate * units;
      // Resampling cannot vary what hardly ever happens; with one probe each the exact interval is
      // right anyway.
      const bool exact = one_probe_each || hits <= 5 || units - hits <= 5;
      const Interval interval =
          units == 0 ? Interval{}
          : exact    ? ClopperPearsonInterval(hits, units)
                     : bootstrap(metric_name, [&](const std::vector<double>& weights) {
                      return RankRate(ranked, k, weights);
                    });
      add(metric_name, rate, interval, units, "subject", "share");
    }
    // A trained attacker searches among one part of the subjects.
    const auto enrolled = static_cast<int64_t>(protocol.gallery.size());
    const auto gallery_size =
        head.attacker == "trained" ? (enrolled + kTrainedParts - 1) / kTrainedParts : enrolled;
    if (whole && gallery_size >= options_.choices) {
      const auto rate = [&](const std::vector<double>& weights) {
        return MultipleChoiceRate(ranked, static_cast<int>(gallery_size), options_.choices,
                                  weights);
      };
      add("multiple_choice", rate({}), bootstrap("multiple_choice", rate), units, "subject",
          "share", "choices=" + std::to_string(options_.choices));
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
        bootstrap("eer",
                  [&](const std::vector<double>& weights) {
                    return verification.EqualErrorRate(weights);
                  }),
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
                             options_.resamples, NamedRandom(seed, subject_text, "permutation"));
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
          SmallestDetectableAuc(units, static_cast<double>(verification.impostor_count())), {},
          units, "subject", "share", "power=0.8");
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

  /// Figures of the descriptors of one recogniser.
  static void AddDescriptorFigures(const Protocol& protocol, const Searches& searches,
                                   const Verification& verification, const Templates& gallery,
                                   DescriptorMetric metric, const Figure& head,
                                   std::vector<Figure>* figures) {
    const auto gallery_size = static_cast<int64_t>(protocol.gallery.size());
    const auto add = [&](const std::string& metric_name, double value, int64_t n,
                         const char* n_unit, const char* unit) {
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

  ReidentificationOptions options_;
};

}  // namespace

void RegisterReidentification(Registry<Experiment>* registry) {
  registry->Add<ReidentificationOptions>(
      {"reidentification",
       2,
       "Identification and verification by face recognisers, per attacker and variant.",
       {}},
      [](const ReidentificationOptions& options, const Experiment::Context&) {
        return std::make_unique<Reidentification>(options);
      });
}

}  // namespace maskbench
