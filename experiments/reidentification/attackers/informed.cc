// Somebody who stole all there is to know: the method with its options, and so the secret of a
// private face and who has which; and the originals of those who are enrolled.
#include <algorithm>
#include <cmath>

#include "maskbench/stats/distributions.h"

#include "experiments/reidentification/attacker.h"
#include "experiments/reidentification/learned_searches.h"

namespace maskbench {
namespace {

/// One way of comparing, and how much it is worth.
struct Evidence {
  Searches searches;
  double validation_auc = 0.5;
};

/// How well descriptors tell apart as they are, on people who are not attacked.
double AucAsTheyAre(const std::vector<PersonDescriptor>& people, DescriptorMetric metric) {
  std::vector<double> genuine, impostor;
  for (size_t i = 0; i < people.size(); ++i)
    for (size_t j = i + 1; j < people.size(); ++j)
      (people[i].subject == people[j].subject ? genuine : impostor)
          .push_back(-DescriptorDistance(people[i].values, people[j].values, metric));
  return AreaUnderRoc(genuine, std::move(impostor));
}

/// So much anything weighs, so that what is there alone still decides.
constexpr double kLeastWeight = 1e-3;

/// The weighted mean of scores on one scale. The weight is the distance of genuine scores from
/// impostors' in standard deviations, as it was on other people: what is right, up to a factor, for
/// independent normal scores. The scale is that of all comparisons of the attack, for which nobody
/// needs to know who is who. What failed in a comparison is left out of its mean.
Searches Weigh(const AttackedPart& part, const std::vector<Evidence>& all) {
  std::vector<double> weights;
  for (const Evidence& evidence : all) {
    const double auc = std::clamp(evidence.validation_auc, 0.5, 0.9999);
    weights.push_back(std::max(kLeastWeight, std::sqrt(2) * InverseNormalCdf(auc)));
  }
  std::vector<Comparison> comparisons = all.front().searches.comparisons;
  std::vector<double> found(comparisons.size(), 0);
  for (Comparison& comparison : comparisons) comparison.score = 0;
  for (size_t k = 0; k < all.size(); ++k) {
    const std::vector<Comparison>& scored = all[k].searches.comparisons;
    double count = 0, mean = 0, squares = 0;
    for (const Comparison& comparison : scored) {
      if (std::isinf(comparison.score)) continue;
      ++count;
      mean += comparison.score;
    }
    if (count < 2) continue;
    mean /= count;
    for (const Comparison& comparison : scored) {
      if (!std::isinf(comparison.score))
        squares += (comparison.score - mean) * (comparison.score - mean);
    }
    const double spread = std::sqrt(squares / (count - 1));
    for (size_t i = 0; i < scored.size(); ++i) {
      if (std::isinf(scored[i].score)) continue;
      found[i] += weights[k];
      if (spread > 0) comparisons[i].score += weights[k] * (scored[i].score - mean) / spread;
    }
  }
  int64_t failed_probes = 0;
  const size_t width = part.attacked.gallery.size();
  for (size_t p = 0; p < part.attacked.probes.size(); ++p) {
    bool enrolled = false;
    for (size_t g = 0; g < width; ++g) {
      const size_t i = p * width + g;
      enrolled |= found[i] > 0;
      comparisons[i].score =
          found[i] > 0 ? comparisons[i].score / found[i] : FindNobody().score({}, {});
    }
    failed_probes += enrolled ? 0 : 1;
  }
  return Rank(part.attacked, std::move(comparisons), failed_probes);
}

}  // namespace

Attacker InformedAttacker() {
  Attacker attacker;
  attacker.name = "informed";
  attacker.help =
      "knows the method with all its options, a stolen secret too, and has the originals of those "
      "who are enrolled: masks them himself under the same variant (each with the own private "
      "face, "
      "where patients have one), and takes together how alike masks are, what was learned of masks "
      "of half of the subjects and, in the rows with original galleries, what trained does.";
  attacker.plans = [](const RunConfig& config, const ReidentificationOptions& options) {
    std::vector<AttackPlan> plans = MasksAgainstOriginals(config, options);
    for (AttackPlan& plan : MasksAgainstThemselves(config, options)) plans.push_back(plan);
    return plans;
  };
  attacker.search = [](const AttackInput& input) -> std::optional<Searches> {
    // What is in the run under the variant is what the attacker makes of the originals: the same
    // recording masked by the same method with the same options gives the same bytes.
    const Templates &masked = input.Probes(), &original = input.Gallery();
    const bool with_originals = input.plan.variant != input.plan.gallery_variant;
    Searches all;
    for (const AttackedPart& part : DealIntoParts(input.protocol, kTrainedParts, input.seed())) {
      std::vector<Evidence> evidence;
      evidence.push_back({Search(part.attacked, masked, masked, input.metric),
                          AucAsTheyAre(DescriptorsOf(part.teachers, masked), input.metric)});
      const LearnedComparer identity = LearnIdentity(part.teachers, masked, input.seed());
      evidence.push_back(
          {SearchWith(part.attacked, masked, masked, identity.comparer), identity.validation_auc});
      if (with_originals) {
        const LearnedComparer map = LearnMap(part.teachers, masked, original, input.seed());
        evidence.push_back(
            {SearchWith(part.attacked, masked, original, map.comparer), map.validation_auc});
      }
      Append(Weigh(part, evidence), &all);
    }
    return all;
  };
  attacker.parts = kTrainedParts;
  attacker.least_subjects = kLeastTrainedSubjects;
  return attacker;
}

}  // namespace maskbench
