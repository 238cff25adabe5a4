#include "experiments/reidentification/options.h"

#include "experiments/reidentification/attacker.h"

namespace maskbench {
namespace {

std::string AttackersHelp() {
  std::string help;
  for (const Attacker& attacker : Attackers()) {
    help += (help.empty() ? "" : " ") + attacker.name + ": " + attacker.help;
  }
  return help;
}

std::vector<std::string> AttackerNames() {
  std::vector<std::string> names;
  for (const Attacker& attacker : Attackers()) names.push_back(attacker.name);
  return names;
}

}  // namespace

const OptionTable<ReidentificationOptions>& ReidentificationOptions::Options() {
  using O = ReidentificationOptions;
  static const auto table =
      OptionTable<O>()
          .Add("attackers", &O::attackers, AttackersHelp(), {OneOf(AttackerNames()), NotEmpty()})
          .Add("cross", &O::cross,
               "For cross_mask: pairs of variants, \"PROBE:GALLERY\", such as two private faces or "
               "two head models.")
          .Add("pairings", &O::pairings,
               "Which probes of a subject count: those of any recording but the enrolled one, or "
               "only those of another session. Pairs of one session flatter a recogniser.",
               {OneOf({"different_recording", "different_session"}), NotEmpty()})
          .Add("gallery_variant", &O::gallery_variant,
               "Name of the variant that stands for originals.", {NotEmpty()})
          .Add("false_accept_rates", &O::false_accept_rates,
               "For tar_at_far. A rate that stands for fewer than ten impostor comparisons gives "
               "no value.",
               {Range(1e-9, 1)})
          .Add("false_positive_rates", &O::false_positive_rates,
               "For fnir_at_fpir, open-set identification. A rate that stands for fewer than ten "
               "searches gives no value.",
               {Range(1e-9, 1)})
          .Add("omega", &O::omega,
               "Of linkability: prior odds that two templates are of one person.",
               {Range(1e-9, 1e9)})
          .Add("planted_leak", &O::planted_leak,
               "For planted_auc: share of the original's descriptor that is mixed into that of the "
               "masked recording, to see whether an attacker would find so weak a leak. 0: none is "
               "planted.",
               {Range(0, 1)})
          .Add("sign_error_scale", &O::sign_error_scale,
               "Of oracle_signs: how much worse signs are read than this project reads them.",
               {Range(0.01, 100)})
          .Add("validation_share", &O::validation_share,
               "Share of the subjects who choose the strongest attack on each variant; figures of "
               "it, strongest_…, are of the others. 0: none is chosen.",
               {Range(0, 0.9)})
          .Add("sign_tolerance", &O::sign_tolerance,
               "For auc_sign_matched: people of one diagnosis match whose true signs differ by no "
               "more (root mean square over all signs, in units of each one's error of reading).",
               {Range(0, 1000)})
          .Add("choices", &O::choices,
               "For multiple_choice: recordings to choose from, one of them the right person's.",
               {Range(2, 10000)})
          .Add("fusion", &O::fusion,
               "How scores of several recognisers become those of one more, \"fused\": brought to "
               "one scale, learned on other subjects, and averaged. none: not at all.",
               {OneOf({"none", "min_max", "z_norm"})})
          .Add("resamples", &O::resamples,
               "Bootstrap resamples over subjects, and permutations for linkability.",
               {Range(100, 100000)});
  return table;
}

}  // namespace maskbench
