// Somebody who makes the original's descriptor out of the masked one, then searches originals.
#include <cmath>
#include <memory>

#include "maskbench/core/rng.h"
#include "maskbench/core/text.h"
#include "maskbench/recognition/embedding_reversal.h"
#include "maskbench/stats/bootstrap.h"

#include "experiments/reidentification/attacker.h"
#include "experiments/reidentification/learned_searches.h"

namespace maskbench {
namespace {

/// Mean score of one kind, over comparisons in which both sides enrolled.
double MeanScore(const std::vector<Comparison>& comparisons, bool genuine,
                 const std::vector<double>& weights = {}) {
  double sum = 0, count = 0;
  for (const Comparison& comparison : comparisons) {
    const bool own = comparison.probe_subject == comparison.gallery_subject;
    if (own != genuine || std::isinf(comparison.score)) continue;
    double weight = 1;
    if (!weights.empty()) {
      weight = weights[static_cast<size_t>(comparison.probe_subject)];
      if (!own) weight *= weights[static_cast<size_t>(comparison.gallery_subject)];
    }
    sum += weight * comparison.score;
    count += weight;
  }
  return sum / count;  // NaN without any.
}

/// Searches with reconstructions, or with originals in their place (the ceiling).
Searches Reverse(const AttackInput& input, bool from_originals) {
  const Templates &masked = input.Probes(), &original = input.Gallery();
  Searches all;
  for (const AttackedPart& part : DealIntoParts(input.protocol, kTrainedParts, input.seed())) {
    const std::vector<EmbeddingPair> pairs = PairsOf(part.teachers, masked, original);
    Comparer comparer = FindNobody();
    if (PeopleIn(pairs) >= EmbeddingReversal::kLeastSubjects) {
      const auto reversal =
          std::make_shared<const EmbeddingReversal>(EmbeddingReversal::Learn(pairs, input.seed()));
      comparer = {[reversal, from_originals](const std::vector<float>& own) {
                    return std::optional(from_originals ? reversal->OfOriginal(own)
                                                        : reversal->Reconstruct(own));
                  },
                  [reversal](const std::vector<float>& own) {
                    return std::optional(reversal->OfOriginal(own));
                  },
                  // Both have length 1: the cosine.
                  [](const std::vector<float>& a, const std::vector<float>& b) {
                    return -DescriptorDistance(a, b, DescriptorMetric::kCosine);
                  }};
    }
    Append(SearchWith(part.attacked, from_originals ? original : masked, original, comparer), &all);
  }
  return all;
}

void AddNearness(const AttackInput& input, const Searches* searches, const Figure& head,
                 std::vector<Figure>* figures) {
  const std::vector<Comparison>& reversed = searches->comparisons;
  const Searches ceiling = Reverse(input, true);
  const std::string subject = Join({head.experiment, head.variant, head.group, head.recogniser,
                                    head.attacker, head.gallery_variant},
                                   "|");
  const auto add = [&](const char* metric, const std::vector<Comparison>& comparisons,
                       bool genuine) {
    Figure figure = head;
    figure.metric = metric;
    figure.value = 1 + MeanScore(comparisons, genuine);  // Scores are cosine − 1.
    if (searches->subjects >= kMinimumUnits && !std::isnan(figure.value)) {
      figure.interval =
          SubjectBootstrap(input.protocol.subject_count, input.options.resamples,
                           NamedRandom(input.seed(), subject, std::string("bootstrap ") + metric),
                           [&](const std::vector<double>& weights) {
                             return 1 + MeanScore(comparisons, genuine, weights);
                           });
    }
    figure.n = searches->subjects;
    figure.n_unit = "subject";
    figure.n_failed = searches->failed_searches;
    figure.unit = "cosine";
    figures->push_back(figure);
  };
  add("reversal_cosine_own", reversed, true);
  add("reversal_cosine_other", reversed, false);
  add("reversal_cosine_ceiling", ceiling.comparisons, true);
}

}  // namespace

Attacker ReversalAttacker() {
  Attacker attacker;
  attacker.name = "reversal";
  attacker.help =
      "makes the original's descriptor out of the masked one, by a regression that need not be "
      "linear, learned on half of the subjects, and searches originals with it, for the other "
      "half.";
  attacker.plans = MasksAgainstOriginals;
  attacker.search = [](const AttackInput& input) -> std::optional<Searches> {
    return Reverse(input, false);
  };
  attacker.more = AddNearness;
  attacker.scores_are = CosineAgainstOriginals;
  attacker.parts = kTrainedParts;
  attacker.least_subjects = kLeastTrainedSubjects;
  attacker.table_title = "How near reversal comes";
  attacker.table_explanation =
      "Cosine between the descriptor that was made out of the masked recording and that of an "
      "original recording, both less the mean original one: of the same person "
      "(reversal_cosine_own; another recording than the masked one) and of others "
      "(reversal_cosine_other). reversal_cosine_ceiling: what two original recordings of one "
      "person have. Where own does not exceed other, nothing of the person came back.";
  attacker.table_metrics = {"reversal_cosine_own", "reversal_cosine_other",
                            "reversal_cosine_ceiling"};
  return attacker;
}

}  // namespace maskbench
