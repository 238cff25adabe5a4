#include <algorithm>
#include <utility>

#include "maskbench/core/error.h"

#include "experiments/reidentification/attacker.h"

namespace maskbench {

// One line per attacker: its function is declared here and called below. What they know grows
// downwards.
#define MASKBENCH_ATTACKERS(X) \
  X(FaceToFace)                \
  X(MaskToFace)                \
  X(MaskToMask)                \
  X(CrossMask)                 \
  X(Trained)                   \
  X(OracleSigns)

#define MASKBENCH_DECLARE(Name) Attacker Name##Attacker();
MASKBENCH_ATTACKERS(MASKBENCH_DECLARE)
#undef MASKBENCH_DECLARE

const std::vector<Attacker>& Attackers() {
#define MASKBENCH_CALL(Name) Name##Attacker(),
  static const std::vector<Attacker> attackers = {MASKBENCH_ATTACKERS(MASKBENCH_CALL)};
#undef MASKBENCH_CALL
  return attackers;
}

const Attacker& FindAttacker(const std::string& name) {
  for (const Attacker& attacker : Attackers()) {
    if (attacker.name == name) return attacker;
  }
  throw UsageError("\"" + name + "\" is no attacker.");
}

TemplateSource::TemplateSource(const RunData& data, std::string observer, std::string original,
                               double planted_leak)
    : data_(data),
      observer_(std::move(observer)),
      original_(std::move(original)),
      planted_leak_(planted_leak) {}

const Templates& TemplateSource::Of(const std::string& variant) const {
  const auto found = by_variant_.find(variant);
  if (found != by_variant_.end()) return found->second;
  Templates templates;
  for (const std::string& recording : data_.recordings()) {
    std::optional<std::vector<float>>& entry = templates[recording];
    const std::optional<Observations> seen = data_.Observed(recording, variant, observer_);
    if (!seen) continue;
    for (const Embedding& embedding : seen->embeddings) {
      if (embedding.frame == Embedding::kTemplate) entry = embedding.values;
    }
  }
  if (planted_leak_ > 0 && variant != original_)
    templates = Plant(templates, Of(original_), planted_leak_);
  return by_variant_.emplace(variant, std::move(templates)).first->second;
}

std::vector<AttackPlan> MasksAgainstOriginals(const RunConfig& config,
                                              const ReidentificationOptions& options) {
  std::vector<AttackPlan> plans;
  for (const ComponentChoice& variant : config.variants) {
    if (variant.name != options.gallery_variant)
      plans.push_back({variant.name, options.gallery_variant});
  }
  return plans;
}

std::vector<AttackPlan> MasksAgainstThemselves(const RunConfig& config,
                                               const ReidentificationOptions& options) {
  std::vector<AttackPlan> plans;
  for (const ComponentChoice& variant : config.variants) {
    if (variant.name != options.gallery_variant) plans.push_back({variant.name, variant.name});
  }
  return plans;
}

std::optional<Searches> CompareAsTheyAre(const AttackInput& input) {
  return Search(input.protocol, input.Probes(), input.Gallery(), input.metric);
}

}  // namespace maskbench
