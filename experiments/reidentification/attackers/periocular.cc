// Somebody who looks at the eyes alone.
#include "experiments/reidentification/attacker.h"
#include "experiments/reidentification/learned_searches.h"

namespace maskbench {

Attacker PeriocularAttacker() {
  Attacker attacker;
  attacker.name = "periocular";
  attacker.help =
      "the eye region alone, learned like trained: masked against original and against masked, and "
      "original against original as its upper bound; needs the observer periocular.";
  attacker.kinds = {DescriptorKind::kEyeRegion};
  attacker.plans = [](const RunConfig& config, const ReidentificationOptions& options) {
    std::vector<AttackPlan> plans = {{options.gallery_variant, options.gallery_variant}};
    for (AttackPlan& plan : MasksAgainstOriginals(config, options)) plans.push_back(plan);
    for (AttackPlan& plan : MasksAgainstThemselves(config, options)) plans.push_back(plan);
    return plans;
  };
  attacker.search = [](const AttackInput& input) -> std::optional<Searches> {
    if (input.plan.variant == input.plan.gallery_variant)
      return SearchInIdentitySpace(input.protocol, input.Probes(), input.seed());
    return SearchTrained(input.protocol, input.Probes(), input.Gallery(), input.seed());
  };
  attacker.scores_are = CosineAgainstOriginals;
  attacker.parts = kTrainedParts;
  attacker.least_subjects = kLeastTrainedSubjects;
  return attacker;
}

}  // namespace maskbench
