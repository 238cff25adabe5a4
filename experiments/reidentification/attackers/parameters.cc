// Somebody who has the files that masks store instead of the videos, and matches them.
#include "experiments/reidentification/attacker.h"
#include "experiments/reidentification/learned_searches.h"

namespace maskbench {

Attacker ParametersAttacker() {
  Attacker attacker;
  attacker.name = "parameters";
  attacker.help =
      "files of parameters against files of parameters, by what tells those of half of the "
      "subjects apart, for the other half; needs the observer stored_parameters, and masks that "
      "store something.";
  attacker.kinds = {DescriptorKind::kStoredFile};
  attacker.plans = MasksAgainstThemselves;
  attacker.search = [](const AttackInput& input) -> std::optional<Searches> {
    if (!AnyEnrolled(input.Probes())) return std::nullopt;  // The variant stores nothing.
    return SearchInIdentitySpace(input.protocol, input.Probes(), input.seed());
  };
  attacker.parts = kTrainedParts;
  attacker.least_subjects = kLeastTrainedSubjects;
  return attacker;
}

}  // namespace maskbench
