// Somebody who knows the signs and nothing else.
#include <algorithm>

#include "experiments/reidentification/attacker.h"
#include "experiments/reidentification/true_signs.h"

namespace maskbench {

Attacker OracleSignsAttacker() {
  Attacker attacker;
  attacker.name = "oracle_signs";
  attacker.help =
      "true signs, read with an error, and nothing else: the floor under which no mask that keeps "
      "signs can go.";
  attacker.looks_at_descriptors = false;
  attacker.looks_at_instead = "true_signs";
  attacker.plans = [](const RunConfig&, const ReidentificationOptions& options) {
    return std::vector<AttackPlan>{{options.gallery_variant, options.gallery_variant}};
  };
  attacker.search = [](const AttackInput& input) -> std::optional<Searches> {
    const double scale = input.options.sign_error_scale;
    const Templates probes = TrueSigns(input.data, scale, "probe", input.seed()),
                    gallery = TrueSigns(input.data, scale, "gallery", input.seed());
    if (std::none_of(probes.begin(), probes.end(),
                     [](const auto& entry) { return entry.second.has_value(); }))
      return std::nullopt;
    return Search(input.protocol, probes, gallery, DescriptorMetric::kEuclidean);
  };
  return attacker;
}

}  // namespace maskbench
