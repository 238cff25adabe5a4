// Can a recogniser tell who is behind a mask? Closed- and open-set identification, verification and
// linkability under graded attackers (attacker.h), from `face_to_face` (is the recogniser any good
// here) upwards, beside `oracle_signs`, the floor of every mask that keeps signs.
#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/text.h"
#include "maskbench/pipeline/condition.h"
#include "maskbench/pipeline/experiment.h"
#include "maskbench/recognition/recogniser.h"
#include "maskbench/stats/fusion.h"

#include "experiments/reidentification/attack_figures.h"
#include "experiments/reidentification/attacker.h"
#include "experiments/reidentification/detection.h"
#include "experiments/reidentification/options.h"
#include "experiments/reidentification/searches.h"
#include "experiments/reidentification/sign_matching.h"
#include "experiments/reidentification/strongest.h"
#include "experiments/reidentification/subject_values.h"

namespace maskbench {
namespace {

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

class Reidentification : public Experiment, public SubjectValueSource {
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
    for (const std::string& attacker : options_.attackers) {
      const Attacker& found = FindAttacker(attacker);
      if (found.check) found.check(dataset, problems);
      const int least = found.least_subjects;
      if (protocol.subject_count >= least) continue;
      problems->Add("attackers",
                    fmt::format("has \"{}\", which needs {} subjects to learn from; the data set "
                                "has {}",
                                attacker, least, protocol.subject_count));
    }
  }

  ExperimentResult Score(const RunData& data, const std::string& name) override {
    Problems problems;
    CheckData(data.dataset(), data.recordings(), &problems);
    problems.ThrowIfAny(fmt::format("experiment \"{}\"", name));
    ExperimentResult result;
    Round round{data, name, ConditionsOf(data), {}, {}, &result};
    if (round.conditions.size() < 2) round.conditions.clear();
    for (const std::string& pairing : options_.pairings) {
      result.histograms.push_back(
          {pairing, "Distributions of distances, " + pairing, kHistogramExplanation, {}});
      round.protocols.push_back(MakeProtocol(data.dataset(), data.recordings(), pairing));
    }
    for (const Protocol& protocol : round.protocols)
      round.matches.emplace_back(data, protocol, options_.sign_tolerance);
    StrongestAttacks strongest(options_, data.config().seed, round.protocols, round.matches);
    round.strongest = &strongest;
    for (const ComponentChoice& observer : data.config().observers) {
      if (!MetricOf(observer)) continue;
      const std::string& original = options_.gallery_variant;
      const TemplateSource templates(data, observer.name, original);
      const TemplateSource planted(data, observer.name, original, options_.planted_leak);
      for (size_t p = 0; p < round.protocols.size(); ++p) {
        for (const std::string& attacker : options_.attackers) {
          if (const Attacker& found = FindAttacker(attacker);
              found.looks_at_descriptors &&
              std::count(found.kinds.begin(), found.kinds.end(), KindOf(observer.type)) > 0)
            Run(found, observer, &templates, &planted, p, &round);
        }
      }
    }
    for (const std::string& attacker : options_.attackers) {
      const Attacker& found = FindAttacker(attacker);
      if (found.looks_at_descriptors) continue;
      for (size_t p = 0; p < round.protocols.size(); ++p)
        Run(found, {"", found.looks_at_instead}, nullptr, nullptr, p, &round);
    }
    if (options_.fusion != "none") {
      for (const Attack& attack : round.attacks) {
        if (attack.by_recogniser.size() > 1) {
          AddFused(attack, &round);
        }
      }
    }
    strongest.AddFigures(&result.figures);
    AddDetectionFigures(data, name, round.conditions, &result.figures);
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
        {"The strongest attack",
         "On each variant, chosen among all attacks by some of the subjects and measured on the "
         "others (validation_share). strongest_excess is its AUC less that of oracle_signs, the "
         "floor. …_upper are one-sided 95 % limits. strongest_auc_sign_matched is of the attack "
         "that is strongest in sign-matched galleries, where 0.5 is chance.",
         {"strongest_auc", "strongest_auc_upper", "strongest_excess", "strongest_excess_upper",
          "strongest_auc_sign_matched", "strongest_auc_sign_matched_upper",
          "strongest_validation_auc", "strongest_candidates"},
         ReportTable::Rows::kOverall},
        {"In sign-matched galleries",
         "auc_sign_matched: how often a probe is nearer to its own person than to somebody of the "
         "same diagnosis and the same signs (sign_tolerance); 0.5 is chance. …_upper is its "
         "one-sided 95 % limit.",
         {"auc_sign_matched", "auc_sign_matched_upper"},
         ReportTable::Rows::kOverall},
        {"Learning curve",
         "AUC of an attacker who learned from so many other people.",
         {"learning_curve_auc"},
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
    for (const std::string& attacker : options_.attackers) {
      const Attacker& found = FindAttacker(attacker);
      if (found.table_metrics.empty()) continue;
      result.tables.push_back({found.table_title, found.table_explanation, found.table_metrics,
                               ReportTable::Rows::kOverall});
    }
    return result;
  }

  std::vector<SubjectValue> SubjectValues(const RunData& data) override {
    std::vector<SubjectValue> values;
    for (const std::string& pairing : options_.pairings) {
      const Protocol protocol = MakeProtocol(data.dataset(), data.recordings(), pairing);
      for (const std::string& name : options_.attackers) {
        const Attacker& attacker = FindAttacker(name);
        if (!attacker.search || (!attacker.by_pairing && pairing != options_.pairings.front()))
          continue;
        const auto add = [&](const ComponentChoice& observer, DescriptorMetric metric,
                             const TemplateSource* templates) {
          for (const AttackPlan& plan : attacker.plans(data.config(), options_)) {
            const std::optional<Searches> searches =
                attacker.search({data, options_, protocol, plan, metric, templates});
            if (!searches) continue;
            SubjectValue head;
            head.variant = plan.variant;
            head.gallery_variant = plan.gallery_variant;
            head.recogniser = observer.name;
            head.attacker = attacker.name;
            if (attacker.by_pairing) head.group = GroupText({{"pairing", pairing}});
            // To find whom no mask hides is neither good nor bad.
            head.better =
                plan.variant == options_.gallery_variant ? Better::kNeither : Better::kLower;
            AddSearchValues(data, protocol, *searches, head, &values);
          }
        };
        if (!attacker.looks_at_descriptors) {
          add({"", attacker.looks_at_instead}, DescriptorMetric::kEuclidean, nullptr);
          continue;
        }
        for (const ComponentChoice& observer : data.config().observers) {
          if (!MetricOf(observer) ||
              std::count(attacker.kinds.begin(), attacker.kinds.end(), KindOf(observer.type)) == 0)
            continue;
          const TemplateSource templates(data, observer.name, options_.gallery_variant);
          add(observer, *MetricOf(observer), &templates);
        }
      }
    }
    return values;
  }

 private:
  /// One scoring.
  struct Round {
    const RunData& data;
    const std::string& name;
    /// Those with rows of their own.
    std::vector<std::string> conditions;
    std::vector<Protocol> protocols;
    std::vector<Attack> attacks;  ///< In the order in which the first recogniser's figures stand.
    ExperimentResult* result;
    std::vector<SignMatches> matches{};  ///< By protocol.
    StrongestAttacks* strongest = nullptr;
  };

  bool Has(const std::string& attacker) const {
    return std::find(options_.attackers.begin(), options_.attackers.end(), attacker) !=
           options_.attackers.end();
  }

  /// All attacks of one attacker on what one observer saw. @param templates, planted  null for
  /// attackers that look at no descriptors.
  void Run(const Attacker& attacker, const ComponentChoice& observer,
           const TemplateSource* templates, const TemplateSource* planted, size_t pairing,
           Round* round) const {
    if (!attacker.by_pairing && pairing > 0) return;
    const RunData& data = round->data;
    std::vector<Figure>* figures = &round->result->figures;
    const Protocol& protocol = round->protocols[pairing];
    const AttackFigures sheet(options_, data.config().seed);
    const DescriptorMetric metric =
        templates != nullptr ? *MetricOf(observer) : DescriptorMetric::kEuclidean;
    for (const AttackPlan& plan : attacker.plans(data.config(), options_)) {
      Figure head = HeadOf(data, round->name, plan, observer.name);
      head.attacker = attacker.name;
      if (attacker.by_pairing) head.group = GroupText({{"pairing", options_.pairings[pairing]}});
      const AttackInput input{
          data, options_, protocol, plan, metric, templates, KindOf(observer.type)};
      if (!attacker.search) {
        attacker.more(input, nullptr, head, figures);
        continue;
      }
      const auto add = [&](const Protocol& probed) -> std::optional<Verification> {
        const std::optional<Searches> searches =
            attacker.search({data, options_, probed, plan, metric, templates});
        if (!searches) return std::nullopt;
        Verification verification(searches->comparisons);
        sheet.Add(probed, *searches, verification, attacker.parts, head, figures);
        if (head.condition.empty() && attacker.compares_as_they_are) {
          sheet.AddOfDistances(probed, *searches, verification, input.Gallery(), metric, head,
                               figures);
          Keep(probed, *searches, input.Probes(), head, &round->attacks);
        }
        if (head.condition.empty()) {
          sheet.AddSignMatched(probed, *searches, round->matches[pairing], head, figures);
          round->strongest->Offer(pairing, head, searches->comparisons);
        }
        if (head.condition.empty() && attacker.more)
          attacker.more(input, &*searches, head, figures);
        return verification;
      };
      const std::optional<Verification> verification = add(protocol);
      if (!verification) continue;
      const std::optional<DescriptorMetric> shown = attacker.compares_as_they_are ? metric
                                                    : attacker.scores_are
                                                        ? attacker.scores_are(plan)
                                                        : std::nullopt;
      if (shown) {
        const bool is_dlib =
            observer.type == "dlib_resnet" && !data.config().networks.contains("dlib_resnet");
        round->result->histograms[pairing].panels.push_back(
            HistogramOf(*verification, *shown, head, is_dlib));
      }
      if (templates != nullptr && plan.variant != options_.gallery_variant &&
          options_.planted_leak > 0) {
        const std::optional<Searches> found =
            attacker.search({data, options_, protocol, plan, metric, planted});
        if (found) sheet.AddPlanted(protocol, *found, head, figures);
      }
      if (!attacker.compares_as_they_are) continue;
      for (const std::string& condition : round->conditions) {
        const Protocol probed = OnlyCondition(protocol, data, condition);
        head.condition = condition;
        if (!probed.probes.empty()) add(probed);
      }
    }
  }

  static Figure HeadOf(const RunData& data, const std::string& name, const AttackPlan& plan,
                       const std::string& recogniser) {
    Figure head;
    head.experiment = name;
    head.dataset = data.dataset().name;
    head.variant = plan.variant;
    head.recogniser = recogniser;
    head.gallery_variant = plan.gallery_variant;
    return head;
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

  void AddFused(const Attack& attack, Round* round) const {
    const size_t pairing = static_cast<size_t>(attack.protocol - round->protocols.data());
    const ScoreScale scale =
        options_.fusion == "min_max" ? ScoreScale::kMinMax : ScoreScale::kZNorm;
    const Searches searches =
        Rank(*attack.protocol, FuseScores(attack.by_recogniser, scale, kFusionFolds),
             std::count(attack.enrolled.begin(), attack.enrolled.end(), 0));
    const AttackFigures sheet(options_, round->data.config().seed);
    std::vector<Figure>* figures = &round->result->figures;
    sheet.Add(*attack.protocol, searches, Verification(searches.comparisons), 1, attack.head,
              figures);
    sheet.AddSignMatched(*attack.protocol, searches, round->matches[pairing], attack.head, figures);
    round->strongest->Offer(pairing, attack.head, searches.comparisons);
  }

  ReidentificationOptions options_;
};

}  // namespace

void RegisterReidentification(Registry<Experiment>* registry) {
  registry->Add<ReidentificationOptions>(
      {"reidentification",
       3,
       "Identification and verification by face recognisers, per attacker and variant.",
       {}},
      [](const ReidentificationOptions& options, const Experiment::Context&) {
        return std::make_unique<Reidentification>(options);
      });
}

}  // namespace maskbench
