// Verification of the pairs that a data set's published protocol names, fold by fold (LFW).
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <set>

#include "maskbench/pipeline/experiment.h"
#include "maskbench/recognition/recogniser.h"
#include "maskbench/stats/pair_accuracy.h"

namespace maskbench {
namespace {

struct PairVerificationOptions {
  std::vector<std::string> attackers = {"face_to_face", "mask_to_face", "mask_to_mask"};
  std::string gallery_variant = "original";

  static const OptionTable<PairVerificationOptions>& Options() {
    using O = PairVerificationOptions;
    static const auto table =
        OptionTable<O>()
            .Add("attackers", &O::attackers,
                 "face_to_face: both recordings original, the upper bound. mask_to_face: the first "
                 "masked. mask_to_mask: both masked.",
                 {OneOf({"face_to_face", "mask_to_face", "mask_to_mask"}), NotEmpty()})
            .Add("gallery_variant", &O::gallery_variant,
                 "Name of the variant that stands for originals.", {NotEmpty()});
    return table;
  }
};

using Templates = std::map<std::string, std::vector<float>>;

Templates ReadTemplates(const RunData& data, const std::set<std::string>& recordings,
                        const std::string& variant, const std::string& observer) {
  Templates templates;
  for (const std::string& recording : recordings) {
    const std::optional<Observations> seen = data.Observed(recording, variant, observer);
    if (!seen) continue;
    for (const Embedding& embedding : seen->embeddings) {
      if (embedding.frame == Embedding::kTemplate) templates[recording] = embedding.values;
    }
  }
  return templates;
}

class PairVerification : public Experiment {
 public:
  explicit PairVerification(const PairVerificationOptions& options) : options_(options) {}

  void Check(const RunConfig& config, Problems* problems) const override {
    const bool known =
        std::any_of(config.variants.begin(), config.variants.end(),
                    [&](const auto& variant) { return variant.name == options_.gallery_variant; });
    if (!known) {
      problems->Add("gallery_variant", "is \"" + options_.gallery_variant +
                                           "\", which is no variant of this configuration.");
    }
  }

  void CheckData(const Dataset& dataset, const std::vector<std::string>&,
                 Problems* problems) const override {
    if (dataset.pairs.empty()) {
      problems->Add("dataset", "\"" + dataset.name + "\" names no pairs to verify.");
    }
  }

  ExperimentResult Score(const RunData& data, const std::string& name) override {
    // Pairs whose recordings do not take part in this run are not part of it; n says how many are.
    const std::set<std::string> present(data.recordings().begin(), data.recordings().end());
    std::vector<DatasetPair> pairs;
    std::set<std::string> recordings;
    for (const DatasetPair& pair : data.dataset().pairs) {
      if (present.count(pair.first) == 0 || present.count(pair.second) == 0) continue;
      pairs.push_back(pair);
      recordings.insert({pair.first, pair.second});
    }
    ExperimentResult result;
    for (const ComponentChoice& observer : data.config().observers) {
      const std::optional<DescriptorMetric> metric = MetricOf(observer);
      const DescriptorKind kind = KindOf(observer.type);
      if (!metric || kind == DescriptorKind::kStoredFile || kind == DescriptorKind::kMood) continue;
      const Templates originals =
          ReadTemplates(data, recordings, options_.gallery_variant, observer.name);
      for (const ComponentChoice& variant : data.config().variants) {
        const bool original = variant.name == options_.gallery_variant;
        const Templates masked =
            original ? originals : ReadTemplates(data, recordings, variant.name, observer.name);
        for (const std::string& attacker : options_.attackers) {
          if (original != (attacker == "face_to_face")) continue;
          Figure head;
          head.experiment = name;
          head.dataset = data.dataset().name;
          head.variant = variant.name;
          head.recogniser = observer.name;
          head.attacker = attacker;
          head.gallery_variant =
              attacker == "mask_to_mask" ? variant.name : options_.gallery_variant;
          AddFigures(data.dataset(), pairs, masked, attacker == "mask_to_mask" ? masked : originals,
                     *metric, head, &result.figures);
        }
      }
    }
    result.tables = {
        {"Pairs of the data set's protocol",
         "Share of pairs that are rightly called the same person or two, with the "
         "threshold that is best on all other folds; mean over folds with 95 % "
         "intervals by Student's t, and its standard error. 0.5 is chance where half of "
         "the pairs are the same. A failure to enrol is called two persons.",
         {"pair_accuracy", "pair_accuracy_se", "pair_failures"}}};
    return result;
  }

 private:
  static void AddFigures(const Dataset& dataset, const std::vector<DatasetPair>& pairs,
                         const Templates& first, const Templates& second, DescriptorMetric metric,
                         const Figure& head, std::vector<Figure>* figures) {
    std::vector<ScoredPair> scored;
    int64_t failed = 0;
    for (const DatasetPair& pair : pairs) {
      ScoredPair score;
      score.fold = pair.fold;
      score.same =
          dataset.FindRecording(pair.first)->subject == dataset.FindRecording(pair.second)->subject;
      score.score = -std::numeric_limits<double>::infinity();
      const auto a = first.find(pair.first), b = second.find(pair.second);
      if (a != first.end() && b != second.end()) {
        score.score = -DescriptorDistance(a->second, b->second, metric);
      }
      failed += std::isinf(score.score) ? 1 : 0;
      scored.push_back(score);
    }
    const PairAccuracy accuracy = AccuracyByFolds(scored);
    const auto add = [&](const char* metric_name, double value) {
      Figure figure = head;
      figure.metric = metric_name;
      figure.value = value;
      figure.n = static_cast<long long>(scored.size());
      figure.n_unit = "pair";
      figure.n_failed = failed;
      figure.unit = "share";
      figures->push_back(figure);
    };
    add("pair_accuracy", accuracy.mean);
    if (static_cast<int>(accuracy.by_fold.size()) >= kMinimumUnits) {
      figures->back().interval = accuracy.interval;
    }
    add("pair_accuracy_se", accuracy.standard_error);
    add("pair_failures", scored.empty()
                             ? std::numeric_limits<double>::quiet_NaN()
                             : static_cast<double>(failed) / static_cast<double>(scored.size()));
  }

  PairVerificationOptions options_;
};

}  // namespace

void RegisterPairVerification(Registry<Experiment>* registry) {
  registry->Add<PairVerificationOptions>(
      {"pair_verification",
       1,
       "Accuracy on the pairs of the data set's published protocol, fold by fold.",
       {}},
      [](const PairVerificationOptions& options, const Experiment::Context&) {
        return std::make_unique<PairVerification>(options);
      });
}

}  // namespace maskbench
