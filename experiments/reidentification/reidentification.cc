// Can a recogniser tell who is behind a mask? Closed-set identification and verification under the
// attackers `face_to_face` (upper bound) and `mask_to_face` (ignorant attacker).
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "maskbench/core/rng.h"
#include "maskbench/core/text.h"
#include "maskbench/pipeline/condition.h"
#include "maskbench/pipeline/experiment.h"
#include "maskbench/recognition/recogniser.h"
#include "maskbench/stats/biometrics.h"
#include "maskbench/stats/bootstrap.h"
#include "maskbench/stats/histogram.h"
#include "maskbench/stats/interval.h"

#include "experiments/reidentification/detection.h"

namespace maskbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kFailedScore = -std::numeric_limits<double>::infinity();

struct ReidentificationOptions {
  std::vector<std::string> attackers = {"face_to_face", "mask_to_face"};
  std::vector<std::string> pairings = {"different_recording", "different_session"};
  std::string gallery_variant = "original";
  std::vector<double> false_accept_rates = {0.1, 0.01, 0.001};
  int resamples = 1000;

  static const OptionTable<ReidentificationOptions>& Options() {
    using O = ReidentificationOptions;
    static const auto table =
        OptionTable<O>()
            .Add("attackers", &O::attackers,
                 "face_to_face: original probes against an original gallery, the upper bound. "
                 "mask_to_face: masked probes against it, by an attacker who ignores the mask.",
                 {OneOf({"face_to_face", "mask_to_face"}), NotEmpty()})
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
            .Add("resamples", &O::resamples, "Bootstrap resamples over subjects.",
                 {Range(100, 100000)});
    return table;
  }
};

constexpr char kHistogramExplanation[] =
    "Of comparisons in which both sides enrolled; the area of each distribution is 1. Genuine "
    "comparisons are those of a person with himself. At the EER threshold as many impostors are "
    "accepted as genuine comparisons are rejected. Bins and counts are in score_histograms.csv and "
    "are the same in every run.";

/// Descriptors of one variant by recording; nothing where enrolment failed.
using Templates = std::map<std::string, std::optional<std::vector<float>>>;

/// Who is enrolled with which recording, and who is looked for.
struct Protocol {
  struct Entry {
    int subject;
    std::string recording;
  };
  std::vector<Entry> gallery, probes;
  int subject_count = 0;
};

Protocol MakeProtocol(const RunData& data, const std::string& pairing) {
  Protocol protocol;
  std::map<std::string, int> subjects;
  std::map<std::string, const LabelledRecording*> enrolled;
  for (const std::string& id : data.recordings()) {
    const LabelledRecording* recording = data.dataset().FindRecording(id);
    const auto [subject, fresh] =
        subjects.emplace(recording->subject, static_cast<int>(subjects.size()));
    if (fresh) {
      // A subject's first recording is enrolled; the others are probes.
      enrolled[recording->subject] = recording;
      protocol.gallery.push_back({subject->second, id});
    } else if (pairing == "different_recording" ||
               recording->session != enrolled[recording->subject]->session) {
      protocol.probes.push_back({subject->second, id});
    }
  }
  protocol.subject_count = static_cast<int>(subjects.size());
  return protocol;
}

/// The same gallery, probed with the recordings of one condition only.
Protocol OnlyCondition(Protocol protocol, const RunData& data, const std::string& condition) {
  const auto other = [&](const Protocol::Entry& probe) {
    return ConditionOf(*data.dataset().FindRecording(probe.recording)) != condition;
  };
  protocol.probes.erase(std::remove_if(protocol.probes.begin(), protocol.probes.end(), other),
                        protocol.probes.end());
  return protocol;
}

/// What came of searching for every probe in the gallery.
struct Searches {
  std::vector<Comparison> comparisons;
  std::vector<RankedProbe> ranked;
  /// Subjects with a probe.
  int subjects = 0;
  int64_t failed_probes = 0, failed_searches = 0;
};

Searches Search(const Protocol& protocol, const Templates& probes, const Templates& gallery,
                DescriptorMetric metric) {
  Searches searches;
  std::set<int> subjects;
  for (const Protocol::Entry& probe : protocol.probes) {
    subjects.insert(probe.subject);
    const std::optional<std::vector<float>>& descriptor = probes.at(probe.recording);
    searches.failed_probes += descriptor ? 0 : 1;
    std::vector<double> scores;
    double own_score = kFailedScore;
    for (const Protocol::Entry& entry : protocol.gallery) {
      const std::optional<std::vector<float>>& enrolled = gallery.at(entry.recording);
      const double score = descriptor && enrolled
                               ? -DescriptorDistance(*descriptor, *enrolled, metric)
                               : kFailedScore;
      searches.comparisons.push_back({probe.subject, entry.subject, score});
      if (entry.subject == probe.subject) {
        own_score = score;
      } else {
        scores.push_back(score);
      }
    }
    RankedProbe rank;
    rank.subject = probe.subject;
    rank.failed = std::isinf(own_score);
    searches.failed_searches += rank.failed ? 1 : 0;
    rank.better = static_cast<int>(
        std::count_if(scores.begin(), scores.end(), [&](double s) { return s > own_score; }));
    rank.tied = static_cast<int>(std::count(scores.begin(), scores.end(), own_score));
    searches.ranked.push_back(rank);
  }
  searches.subjects = static_cast<int>(subjects.size());
  return searches;
}

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
    std::vector<std::string> names;
    for (const ComponentChoice& variant : config.variants) names.push_back(variant.name);
    if (std::find(names.begin(), names.end(), options_.gallery_variant) == names.end()) {
      problems->Add("gallery_variant", "is \"" + options_.gallery_variant +
                                           "\", which is no variant of this configuration." +
                                           Suggestion(options_.gallery_variant, names));
    }
  }

  ExperimentResult Score(const RunData& data, const std::string& name) override {
    ExperimentResult result;
    std::vector<std::string> conditions = ConditionsOf(data);
    if (conditions.size() < 2) conditions.clear();
    for (const std::string& pairing : options_.pairings) {
      result.histograms.push_back(
          {pairing, "Distributions of distances, " + pairing, kHistogramExplanation, {}});
    }
    for (const ComponentChoice& observer : data.config().observers) {
      const std::optional<DescriptorMetric> metric = MetricOf(observer.type);
      if (!metric) continue;
      const bool is_dlib =
          observer.type == "dlib_resnet" && !data.config().networks.contains("dlib_resnet");
      const Templates gallery = ReadTemplates(data, options_.gallery_variant, observer.name);
      for (size_t p = 0; p < options_.pairings.size(); ++p) {
        const Protocol protocol = MakeProtocol(data, options_.pairings[p]);
        for (const std::string& attacker : options_.attackers) {
          for (const ComponentChoice& variant : data.config().variants) {
            const bool original = variant.name == options_.gallery_variant;
            if (original != (attacker == "face_to_face")) continue;
            Figure head;
            head.experiment = name;
            head.dataset = data.dataset().name;
            head.variant = variant.name;
            head.group = GroupText({{"pairing", options_.pairings[p]}});
            head.recogniser = observer.name;
            head.attacker = attacker;
            head.gallery_variant = options_.gallery_variant;
            const Templates probes = ReadTemplates(data, variant.name, observer.name);
            const auto add = [&](const Protocol& probed) {
              const Searches searches = Search(probed, probes, gallery, *metric);
              const Verification verification(searches.comparisons);
              AddFigures(probed, searches, verification, gallery, *metric, data.config().seed, head,
                         &result.figures);
              return verification;
            };
            result.histograms[p].panels.push_back(
                HistogramOf(add(protocol), *metric, head, is_dlib));
            for (const std::string& condition : conditions) {
              const Protocol probed = OnlyCondition(protocol, data, condition);
              head.condition = condition;
              if (!probed.probes.empty()) add(probed);
            }
          }
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
         {"rank_1", "rank_1_chance", "rank_5", "auc", "eer", "tar_at_far", "failure_to_enrol"},
         ReportTable::Rows::kOverall},
        {"Who is recognised, by condition",
         "The same for the probes of one condition, against the whole gallery. Conditions with "
         "fewer "
         "than 10 subjects stand in figures.csv alone.",
         {"rank_1", "auc", "eer", "failure_to_enrol"},
         ReportTable::Rows::kByCondition},
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

  /// All figures of one attack; rank_1, auc, eer and failure_to_enrol alone for a single condition.
  void AddFigures(const Protocol& protocol, const Searches& searches,
                  const Verification& verification, const Templates& gallery,
                  DescriptorMetric metric, uint64_t seed, const Figure& head,
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
    const auto gallery_size = static_cast<int64_t>(protocol.gallery.size());
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
    if (whole) add("d_prime", verification.DPrime(), {}, units, "subject", "");
    const auto probe_count = static_cast<int64_t>(protocol.probes.size());
    const double failure = probe_count == 0 ? kNan
                                            : static_cast<double>(searches.failed_probes) /
                                                  static_cast<double>(probe_count);
    add("failure_to_enrol", failure,
        units == 0 ? Interval{} : ClopperPearsonInterval(failure * units, units), probe_count,
        "recording", "share");
    figures->back().n_failed = searches.failed_probes;
    if (!whole) return;
    const auto failed_gallery =
        std::count_if(protocol.gallery.begin(), protocol.gallery.end(),
                      [&](const Protocol::Entry& entry) { return !gallery.at(entry.recording); });
    add("gallery_failure_to_enrol",
        static_cast<double>(failed_gallery) / static_cast<double>(gallery_size), {}, gallery_size,
        "recording", "share");
    figures->back().n_failed = failed_gallery;
    for (const bool genuine : {true, false}) {
      const std::vector<double> distances = Distances(verification, genuine);
      const std::string prefix = genuine ? "genuine_distance_" : "impostor_distance_";
      const auto count = static_cast<int64_t>(distances.size());
      for (const auto& [suffix, p] : {std::pair("min", 0.0), {"median", 0.5}, {"max", 1.0}}) {
        add(prefix + suffix, Percentile(distances, p), {}, count, "comparison",
            DistanceUnit(metric));
      }
    }
  }

  ReidentificationOptions options_;
};

}  // namespace

void RegisterReidentification(Registry<Experiment>* registry) {
  registry->Add<ReidentificationOptions>(
      {"reidentification",
       1,
       "Identification and verification by face recognisers, per attacker and variant.",
       {}},
      [](const ReidentificationOptions& options, const Experiment::Context&) {
        return std::make_unique<Reidentification>(options);
      });
}

}  // namespace maskbench
