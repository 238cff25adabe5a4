#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "maskbench/core/option_table.h"
#include "maskbench/pipeline/figure.h"
#include "maskbench/pipeline/run_data.h"
#include "maskbench/recognition/recogniser.h"

#include "experiments/reidentification/options.h"
#include "experiments/reidentification/searches.h"

namespace maskbench {

/// What an observer gave of the recordings under each variant, read once.
class TemplateSource {
 public:
  /// @param planted_leak  share of the original's descriptor that is mixed into those of all
  /// variants but `original`. @param data  outlives this.
  TemplateSource(const RunData& data, std::string observer, std::string original,
                 double planted_leak = 0);

  /// The templates of a variant; the reference stays good.
  const Templates& Of(const std::string& variant) const;

 private:
  const RunData& data_;
  std::string observer_, original_;
  double planted_leak_;
  mutable std::map<std::string, Templates> by_variant_;
};

/// Whose templates meet whose: names of variants.
struct AttackPlan {
  std::string variant, gallery_variant;
};

/// What an attacker works with.
struct AttackInput {
  const RunData& data;
  const ReidentificationOptions& options;
  const Protocol& protocol;
  AttackPlan plan;
  /// Of the descriptors.
  DescriptorMetric metric = DescriptorMetric::kCosine;
  /// Null for attackers that look at no descriptors.
  const TemplateSource* templates = nullptr;
  /// What the descriptors are made from.
  DescriptorKind kind = DescriptorKind::kFace;

  const Templates& Probes() const { return templates->Of(plan.variant); }
  const Templates& Gallery() const { return templates->Of(plan.gallery_variant); }
  std::uint64_t seed() const { return data.config().seed; }
};

/// Somebody who tries to find out who is behind a mask. A further one is a file in attackers/ with
/// a function NAMEAttacker(), and a line in attackers.cc.
struct Attacker {
  std::string name;
  /// What it does, for the option's description; full sentences.
  std::string help;
  /// Whether it looks at descriptors (of an observer that gives them), and which.
  bool looks_at_descriptors = true;
  std::vector<DescriptorKind> kinds = {DescriptorKind::kFace};
  /// For those that look at no descriptors: what stands in the column `recogniser`.
  std::string looks_at_instead{};
  /// The attacks that there are in a run.
  std::function<std::vector<AttackPlan>(const RunConfig&, const ReidentificationOptions&)> plans;
  /// Searches for every probe in the gallery; nothing where there is nothing to attack, so that no
  /// figures are given. Null for attackers that look for nobody.
  std::function<std::optional<Searches>(const AttackInput&)> search{};
  /// Adds figures of its own. @param head  says of which attack they are. @param searches  what
  /// `search` gave; null without. Null for attackers without such figures.
  std::function<void(const AttackInput&, const Searches* searches, const Figure& head,
                     std::vector<Figure>*)>
      more{};
  /// With false it is asked once, not for each pairing of gallery and probes.
  bool by_pairing = true;
  /// The scores are distances of the descriptors as they are, so that there are figures of those
  /// distances, of single conditions, and of several recognisers fused.
  bool compares_as_they_are = false;
  /// Which distance the negative scores are, for histograms; nothing where they are none. Null:
  /// none, or the descriptors' own with `compares_as_they_are`.
  std::function<std::optional<DescriptorMetric>(const AttackPlan&)> scores_are{};
  /// Parts of the subjects among one of which it searches: the gallery is so much smaller.
  int parts = 1;
  /// Adds what it cannot work with in a data set; may be null.
  std::function<void(const Dataset&, Problems*)> check{};
  /// People it takes to learn from them, those attacked included.
  int least_subjects = 0;
  /// Figures that it adds, for the report: a table of its own; may be empty.
  std::string table_title{}, table_explanation{};
  std::vector<std::string> table_metrics{};
};

/// All attackers, in the order of attackers.cc.
const std::vector<Attacker>& Attackers();
const Attacker& FindAttacker(const std::string& name);

/// Every masked variant against the originals, and against itself, for Attacker::plans.
std::vector<AttackPlan> MasksAgainstOriginals(const RunConfig& config,
                                              const ReidentificationOptions& options);
std::vector<AttackPlan> MasksAgainstThemselves(const RunConfig& config,
                                               const ReidentificationOptions& options);

/// Of those who compare cosines where they search originals, and log-likelihood ratios among masks;
/// for Attacker::scores_are.
std::optional<DescriptorMetric> CosineAgainstOriginals(const AttackPlan& plan);

/// Compares descriptors as they are, for Attacker::search.
std::optional<Searches> CompareAsTheyAre(const AttackInput& input);

}  // namespace maskbench
