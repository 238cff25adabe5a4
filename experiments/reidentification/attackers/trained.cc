// Somebody who masks recordings of other people himself, and learns from them: how the mask changes
// descriptors, and what tells masked people apart.
#include "experiments/reidentification/attacker.h"
#include "experiments/reidentification/learned_searches.h"
#include "experiments/reidentification/learning_curve.h"

namespace maskbench {

Attacker TrainedAttacker() {
  Attacker attacker;
  attacker.name = "trained";
  attacker.help =
      "like mask_to_face and mask_to_mask, with what was learned on half of the subjects, for the "
      "other half: against originals a map between descriptors, against masks what tells masked "
      "people apart.";
  attacker.plans = [](const RunConfig& config, const ReidentificationOptions& options) {
    std::vector<AttackPlan> plans = MasksAgainstOriginals(config, options);
    for (AttackPlan& plan : MasksAgainstThemselves(config, options)) plans.push_back(plan);
    return plans;
  };
  attacker.search = [](const AttackInput& input) -> std::optional<Searches> {
    if (input.plan.variant == input.plan.gallery_variant)
      return SearchInIdentitySpace(input.protocol, input.Probes(), input.seed());
    return SearchTrained(input.protocol, input.Probes(), input.Gallery(), input.seed());
  };
  attacker.more = [](const AttackInput& input, const Searches*, const Figure& head,
                     std::vector<Figure>* figures) { AddLearningCurve(input, head, figures); };
  attacker.scores_are = CosineAgainstOriginals;
  attacker.parts = kTrainedParts;
  attacker.least_subjects = kLeastTrainedSubjects;
  return attacker;
}

}  // namespace maskbench
