#include <algorithm>
#include <cmath>
#include <utility>

#include "maskbench/core/error.h"
#include "maskbench/core/rng.h"

#include "experiments/reidentification/attacker.h"
#include "experiments/reidentification/learned_searches.h"

namespace maskbench {

// One line per attacker: its function is declared here and called below. What they know grows
// downwards.
#define MASKBENCH_ATTACKERS(X) \
  X(FaceToFace)                \
  X(MaskToFace)                \
  X(MaskToMask)                \
  X(CrossMask)                 \
  X(Trained)                   \
  X(Informed)                  \
  X(Parameters)                \
  X(Reversal)                  \
  X(Periocular)                \
  X(Attributes)                \
  X(OracleSigns)

#define MASKBENCH_DECLARE(Name) Attacker Name##Attacker();
MASKBENCH_ATTACKERS(MASKBENCH_DECLARE)
#undef MASKBENCH_DECLARE

namespace {

/// Where there is no original to mix in (stored files): every number keeps its spread over the
/// recordings, but `share` of its variance is a draw that is the person's own.
Templates PlantNumbers(const RunData& data, const Templates& templates, double share) {
  Templates planted = templates;
  size_t size = 0;
  for (const auto& [recording, own] : templates) size = std::max(size, own ? own->size() : 0);
  for (size_t k = 0; k < size; ++k) {
    double count = 0, sum = 0, squares = 0;
    const auto use = [&](const auto& what) {
      for (auto& [recording, own] : planted)
        if (own && k < own->size() && std::isfinite((*own)[k])) what(recording, &(*own)[k]);
    };
    use([&](const std::string&, const float* value) { ++count, sum += *value; });
    const double mean = sum / count;
    use([&](const std::string&, const float* value) {
      squares += (*value - mean) * (*value - mean);
    });
    const double spread = count > 1 ? std::sqrt(squares / (count - 1)) : 0;
    use([&](const std::string& recording, float* value) {
      const std::string& person = data.dataset().FindRecording(recording)->subject;
      const double draw =
          NamedRandom(data.config().seed, person, "planted number " + std::to_string(k)).Normal();
      *value = static_cast<float>(mean + std::sqrt(1 - share) * (*value - mean) +
                                  std::sqrt(share) * spread * draw);
    });
  }
  return planted;
}

}  // namespace

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
  if (planted_leak_ > 0 && variant != original_) {
    const Templates& originals = Of(original_);
    templates = AnyEnrolled(originals) ? Plant(templates, originals, planted_leak_)
                                       : PlantNumbers(data_, templates, planted_leak_);
  }
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

std::optional<DescriptorMetric> CosineAgainstOriginals(const AttackPlan& plan) {
  if (plan.variant == plan.gallery_variant) return std::nullopt;
  return DescriptorMetric::kCosine;
}

std::optional<Searches> CompareAsTheyAre(const AttackInput& input) {
  return Search(input.protocol, input.Probes(), input.Gallery(), input.metric);
}

}  // namespace maskbench
