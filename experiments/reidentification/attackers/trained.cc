// Somebody who masks recordings of other people himself, and learns how that changes them.
#include "experiments/reidentification/attacker.h"
#include "experiments/reidentification/learning_curve.h"

namespace maskbench {

Attacker TrainedAttacker() {
  Attacker attacker;
  attacker.name = "trained";
  attacker.help =
      "like mask_to_face, with a map between descriptors that was learned on half of the subjects, "
      "for the other half.";
  attacker.plans = MasksAgainstOriginals;
  attacker.search = [](const AttackInput& input) -> std::optional<Searches> {
    return SearchTrained(input.protocol, input.Probes(), input.Gallery(), input.seed());
  };
  attacker.more = [](const AttackInput& input, const Searches*, const Figure& head,
                     std::vector<Figure>* figures) { AddLearningCurve(input, head, figures); };
  attacker.scores_are = DescriptorMetric::kCosine;
  attacker.parts = kTrainedParts;
  attacker.least_subjects = kLeastTrainedSubjects;
  return attacker;
}

}  // namespace maskbench
