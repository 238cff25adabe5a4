#include "experiments/reidentification/strongest.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "maskbench/core/rng.h"
#include "maskbench/core/text.h"
#include "maskbench/stats/bootstrap.h"
#include "maskbench/stats/interval.h"
#include "maskbench/stats/probewise_auc.h"

namespace maskbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr char kSigns[] = "oracle_signs";

int PeopleIn(const std::vector<Comparison>& comparisons) {
  std::set<int> people;
  for (const Comparison& comparison : comparisons) people.insert(comparison.probe_subject);
  return static_cast<int>(people.size());
}

}  // namespace

StrongestAttacks::StrongestAttacks(const ReidentificationOptions& options, std::uint64_t seed,
                                   const std::vector<Protocol>& protocols,
                                   const std::vector<SignMatches>& matches)
    : options_(options), seed_(seed), protocols_(protocols), matches_(matches) {
  for (const Protocol& protocol : protocols) {
    validating_.push_back(Validating(protocol.subject_count, options.validation_share, seed));
  }
}

std::vector<char> StrongestAttacks::Validating(int subject_count, double share,
                                               std::uint64_t seed) {
  std::vector<std::pair<double, size_t>> order;
  for (int subject = 0; subject < subject_count; ++subject) {
    order.emplace_back(
        NamedRandom(seed, std::to_string(subject), "validation of attackers").Uniform(),
        static_cast<size_t>(subject));
  }
  std::sort(order.begin(), order.end());
  std::vector<char> validating(order.size(), 0);
  const auto count = static_cast<size_t>(std::lround(share * static_cast<double>(order.size())));
  for (size_t k = 0; k < count; ++k) validating[order[k].second] = 1;
  return validating;
}

std::vector<Comparison> StrongestAttacks::Among(size_t pairing,
                                                const std::vector<Comparison>& comparisons,
                                                bool validating) const {
  std::vector<Comparison> chosen;
  const auto is = [&](int subject) {
    return (validating_[pairing][static_cast<size_t>(subject)] != 0) == validating;
  };
  for (const Comparison& comparison : comparisons) {
    if (is(comparison.probe_subject) && is(comparison.gallery_subject))
      chosen.push_back(comparison);
  }
  return chosen;
}

void StrongestAttacks::Offer(size_t pairing, const Figure& head,
                             const std::vector<Comparison>& comparisons) {
  if (options_.validation_share == 0 || !head.condition.empty()) return;
  if (head.attacker == kSigns) {
    signs_[pairing] = Among(pairing, comparisons, false);
    return;
  }
  if (head.variant == options_.gallery_variant) return;
  const std::vector<Comparison> validation = Among(pairing, comparisons, true);
  if (PeopleIn(validation) < kMinimumUnits) return;
  const auto key = std::pair(pairing, head.variant);
  if (contests_.count(key) == 0) order_.push_back(key);
  Contest& contest = contests_[key];
  ++contest.candidates;
  const auto offer = [&](Criterion criterion, double score) {
    if (std::isnan(score)) return;
    const auto found = contest.best.find(criterion);
    if (found != contest.best.end() && found->second.validation >= score) return;
    contest.best[criterion] = {head, score, Among(pairing, comparisons, false)};
  };
  offer(Criterion::kAuc, Verification(validation).Auc());
  if (matches_[pairing].any())
    offer(Criterion::kSignMatched, ProbewiseAuc(validation, matches_[pairing]).Auc());
}

void StrongestAttacks::AddFigures(std::vector<Figure>* figures) const {
  for (const auto& key : order_) {
    const Contest& contest = contests_.at(key);
    const size_t pairing = key.first;
    const int people = protocols_[pairing].subject_count;
    const auto add = [&](const Kept& kept, const std::string& metric, int units, auto statistic) {
      if (units < kMinimumUnits) return;
      Figure figure = kept.head;
      figure.metric = metric;
      figure.value = statistic(std::vector<double>());
      figure.n = units;
      figure.n_unit = "subject";
      figure.unit = "share";
      if (std::isnan(figure.value)) return;
      const std::string attack = Join({figure.experiment, figure.variant, figure.group,
                                       figure.recogniser, figure.attacker, figure.gallery_variant},
                                      "|");
      const std::vector<double> values = SubjectBootstrapValues(
          people, options_.resamples, NamedRandom(seed_, attack, "bootstrap " + metric), statistic);
      Figure upper = figure;
      upper.metric += "_upper";
      upper.value = values.empty() ? kNan : SortedPercentile(values, 0.95);
      if (!values.empty())
        figure.interval = {SortedPercentile(values, 0.025), SortedPercentile(values, 0.975)};
      figures->push_back(figure);
      figures->push_back(upper);
    };
    if (const auto best = contest.best.find(Criterion::kAuc); best != contest.best.end()) {
      const Kept& kept = best->second;
      Figure chosen = kept.head;
      chosen.n = PeopleIn(kept.tested);
      chosen.n_unit = "subject";
      chosen.metric = "strongest_candidates";
      chosen.value = contest.candidates;
      figures->push_back(chosen);
      chosen.metric = "strongest_validation_auc";
      chosen.n = protocols_[pairing].subject_count - chosen.n;
      chosen.value = kept.validation;
      chosen.unit = "share";
      figures->push_back(chosen);
      const Verification found(kept.tested);
      const int units = PeopleIn(kept.tested);
      add(kept, "strongest_auc", units,
          [&](const std::vector<double>& weights) { return found.Auc(weights); });
      if (const auto signs = signs_.find(pairing); signs != signs_.end()) {
        const Verification floor(signs->second);
        add(kept, "strongest_excess", units, [&](const std::vector<double>& weights) {
          return found.Auc(weights) - floor.Auc(weights);
        });
      }
    }
    if (const auto best = contest.best.find(Criterion::kSignMatched); best != contest.best.end()) {
      const ProbewiseAuc found(best->second.tested, matches_[pairing]);
      add(best->second, "strongest_auc_sign_matched", found.subjects(),
          [&](const std::vector<double>& weights) { return found.Auc(weights); });
    }
  }
}

}  // namespace maskbench
