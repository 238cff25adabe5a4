// Are readers right, and as often when the recording is masked?
#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "maskbench/stats/diagnostic_accuracy.h"
#include "maskbench/stats/distributions.h"
#include "maskbench/stats/equivalence.h"
#include "maskbench/stats/paired_proportions.h"
#include "maskbench/stats/panel_kappa.h"
#include "maskbench/stats/proportion.h"
#include "maskbench/stats/roc_area.h"
#include "maskbench/stats/study_size.h"

#include "experiments/diagnostic_consistency/group_scorer.h"

namespace maskbench::consistency {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Area under the ROC curve of eyes in ascending order of score, of patients who count so and so
/// often; ties half. NaN without eyes of both kinds.
double WeightedArea(const std::vector<ScoredEye>& ascending, const std::vector<double>& people) {
  double healthy_below = 0, diseased = 0, healthy = 0, pairs = 0;
  for (size_t i = 0; i < ascending.size();) {
    double tied_diseased = 0, tied_healthy = 0;
    size_t j = i;
    for (; j < ascending.size() && ascending[j].score == ascending[i].score; ++j)
      (ascending[j].diseased ? tied_diseased : tied_healthy) +=
          people[static_cast<size_t>(ascending[j].patient)];
    pairs += tied_diseased * (healthy_below + 0.5 * tied_healthy);
    healthy_below += tied_healthy;
    diseased += tied_diseased;
    healthy += tied_healthy;
    i = j;
  }
  return diseased > 0 && healthy > 0 ? pairs / (diseased * healthy) : kNan;
}

}  // namespace

bool GroupScorer::Counts(Kind kind, const EyeUnit& unit, const Place& place) const {
  const std::optional<bool>& truth = unit.diseased[place.condition];
  if (!truth || (place.filter && !place.filter(unit))) return false;
  return kind == Kind::kAccuracy || (kind == Kind::kSensitivity) == *truth;
}

bool GroupScorer::Right(int member, size_t unit, const Place& place, const std::string& arm) const {
  // What could not be read was not told: wrong.
  return AnswerOf(*group_.At(arm, member, unit, place.condition)) ==
         (*units_[unit].diseased[place.condition] ? 1 : 0);
}

std::vector<GroupScorer::Shares> GroupScorer::SharesOf(Kind kind, const Place& place,
                                                       const std::string& arm,
                                                       const std::vector<std::string>& arms) const {
  const auto people = static_cast<size_t>(patients_);
  std::vector<Shares> shares(static_cast<size_t>(group_.members),
                             {std::vector<double>(people, 0.0), std::vector<double>(people, 0.0)});
  for (int member = 0; member < group_.members; ++member)
    for (size_t u = 0; u < units_.size(); ++u) {
      if (!Counts(kind, units_[u], place)) continue;
      const bool asked = std::all_of(arms.begin(), arms.end(), [&](const std::string& other) {
        return group_.At(other, member, u, place.condition) != nullptr;
      });
      if (!asked) continue;
      Shares& own = shares[static_cast<size_t>(member)];
      const auto patient = static_cast<size_t>(units_[u].patient);
      own.n[patient] += 1;
      if (Right(member, u, place, arm)) own.hits[patient] += 1;
    }
  return shares;
}

void GroupScorer::AddAccuracy(const Place& place, bool all) {
  int unread = 0;
  for (int member = 0; member < group_.members; ++member)
    for (size_t u = 0; u < units_.size(); ++u) {
      const Finding* finding = group_.At(place.arm, member, u, place.condition);
      if (finding != nullptr && AnswerOf(*finding) == kUnread &&
          Counts(Kind::kAccuracy, units_[u], place))
        ++unread;
    }
  for (const auto& [kind, metric] :
       {std::pair(Kind::kSensitivity, "sensitivity"), std::pair(Kind::kSpecificity, "specificity"),
        std::pair(Kind::kAccuracy, "accuracy")}) {
    // Of one severity there is no specificity of its own.
    if (kind != Kind::kSensitivity && place.stratum.count("severity") > 0) continue;
    const std::vector<Shares> shares = SharesOf(kind, place, place.arm, {place.arm});
    std::vector<ClusterShare> clusters;
    double n = 0;
    int patients = 0;
    for (size_t p = 0; p < static_cast<size_t>(patients_); ++p) {
      double own = 0;
      for (const Shares& member : shares) own += member.n[p];
      if (own > 0) ++patients;
      n += own;
      clusters.push_back({shares[0].hits[p], shares[0].n[p]});
    }
    if (n == 0) continue;
    IntervalEstimate estimate;
    if (group_.members == 1) {
      estimate = ClusteredProportion(clusters);
    } else {
      estimate = PanelBootstrap(
          group_.members, patients_, options_.resamples, Random(place, metric),
          [&](const std::vector<double>& readers, const std::vector<double>& people) {
            double sum = 0, total = 0;
            for (size_t m = 0; m < shares.size(); ++m) {
              double hits = 0, eyes = 0;
              for (size_t p = 0; p < people.size(); ++p) {
                hits += people[p] * shares[m].hits[p];
                eyes += people[p] * shares[m].n[p];
              }
              if (readers[m] == 0 || eyes == 0) continue;
              sum += readers[m] * hits / eyes;
              total += readers[m];
            }
            return total > 0 ? sum / total : kNan;
          });
    }
    AddEstimate(place, metric, estimate, static_cast<size_t>(n), patients, unread);
  }
  if (!all) return;
  size_t asked = 0;
  for (int member = 0; member < group_.members; ++member)
    for (size_t u = 0; u < units_.size(); ++u)
      asked += group_.At(place.arm, member, u, place.condition) != nullptr ? 1 : 0;
  int not_told = 0;
  for (int member = 0; member < group_.members; ++member)
    for (size_t u = 0; u < units_.size(); ++u) {
      const Finding* finding = group_.At(place.arm, member, u, place.condition);
      not_told += finding != nullptr && AnswerOf(*finding) == kUnread ? 1 : 0;
    }
  if (asked > 0)
    Add(place, "unread_share", static_cast<double>(not_told) / static_cast<double>(asked), asked,
        not_told)
        .unit = "share";
}

double GroupScorer::ScoreOf(int member, size_t unit, const Place& place,
                            const std::string& arm) const {
  const Finding& finding = *group_.At(arm, member, unit, place.condition);
  if (AnswerOf(finding) == kUnread)
    return *units_[unit].diseased[place.condition] ? -kInfinity : kInfinity;
  // Who gives no confidence is sure.
  return std::isnan(finding.confidence) ? AnswerOf(finding) : finding.confidence;
}

void GroupScorer::AddRocArea(const Place& place) {
  std::vector<std::vector<ScoredEye>> eyes(static_cast<size_t>(group_.members));
  std::vector<PairedScores> pairs;
  size_t n = 0;
  int unread = 0;
  const bool other = place.arm != options_.reference_variant;
  for (int member = 0; member < group_.members; ++member) {
    for (size_t u = 0; u < units_.size(); ++u) {
      const Finding* finding = group_.At(place.arm, member, u, place.condition);
      if (finding == nullptr || !Counts(Kind::kAccuracy, units_[u], place)) continue;
      ++n;
      unread += AnswerOf(*finding) == kUnread ? 1 : 0;
      const bool diseased = *units_[u].diseased[place.condition];
      const double score = ScoreOf(member, u, place, place.arm);
      eyes[static_cast<size_t>(member)].push_back({units_[u].patient, diseased, score});
      if (other && group_.members == 1 &&
          group_.At(options_.reference_variant, member, u, place.condition) != nullptr)
        pairs.push_back({units_[u].patient, diseased,
                         ScoreOf(member, u, place, options_.reference_variant), score});
    }
  }
  if (n == 0) return;
  if (group_.members == 1) {
    const RocArea area = ClusteredRocArea(eyes[0]);
    AddEstimate(place, "auc", area, n, area.patients, unread);
    if (!other || pairs.empty()) return;
    const RocAreaDifference difference = CompareRocAreas(pairs);
    AddEstimate(place, "auc_difference", difference.difference, pairs.size(), area.patients,
                unread);
    if (!std::isnan(difference.p_value))
      Add(place, "auc_difference_p", difference.p_value, pairs.size(), unread);
    return;
  }
  for (std::vector<ScoredEye>& own : eyes)
    std::sort(own.begin(), own.end(),
              [](const ScoredEye& a, const ScoredEye& b) { return a.score < b.score; });
  const IntervalEstimate area =
      PanelBootstrap(group_.members, patients_, options_.resamples, Random(place, "auc"),
                     [&](const std::vector<double>& readers, const std::vector<double>& people) {
                       double sum = 0, total = 0;
                       for (size_t m = 0; m < eyes.size(); ++m) {
                         if (readers[m] == 0) continue;
                         const double own = WeightedArea(eyes[m], people);
                         if (std::isnan(own)) continue;
                         sum += readers[m] * own;
                         total += readers[m];
                       }
                       return total > 0 ? sum / total : kNan;
                     });
  AddEstimate(place, "auc", area, n, patients_, unread);
}

void GroupScorer::AddDifferences(const Place& place, Tests* tests) {
  const std::string& reference = options_.reference_variant;
  for (const auto& [kind, name] : {std::pair(Kind::kAccuracy, std::string("accuracy")),
                                   std::pair(Kind::kSensitivity, std::string("sensitivity")),
                                   std::pair(Kind::kSpecificity, std::string("specificity"))}) {
    const std::vector<std::string> arms = {reference, place.arm};
    const std::vector<Shares> before = SharesOf(kind, place, reference, arms),
                              after = SharesOf(kind, place, place.arm, arms);
    double n = 0;
    std::vector<bool> patients(static_cast<size_t>(patients_), false);
    for (const Shares& member : before)
      for (size_t p = 0; p < member.n.size(); ++p) {
        n += member.n[p];
        if (member.n[p] > 0) patients[p] = true;
      }
    if (n == 0) continue;
    const int people_seen = static_cast<int>(std::count(patients.begin(), patients.end(), true));
    const auto eyes = static_cast<size_t>(n);
    const std::string margin = fmt::format("margin={:g}", options_.accuracy_margin);
    EquivalenceTest test;
    double difference_p = kNan;
    if (group_.members > 1) {
      const IntervalEstimate difference = PanelBootstrap(
          group_.members, patients_, options_.resamples, Random(place, name + " difference"),
          [&](const std::vector<double>& readers, const std::vector<double>& people) {
            double sum = 0, total = 0;
            for (size_t m = 0; m < before.size(); ++m) {
              double more = 0, of = 0;
              for (size_t p = 0; p < people.size(); ++p) {
                more += people[p] * (after[m].hits[p] - before[m].hits[p]);
                of += people[p] * before[m].n[p];
              }
              if (readers[m] == 0 || of == 0) continue;
              sum += readers[m] * more / of;
              total += readers[m];
            }
            return total > 0 ? sum / total : kNan;
          });
      AddEstimate(place, name + "_difference", difference, eyes, people_seen, 0);
      test = TestEquivalence(difference.value, difference.standard_error, PanelDegrees(),
                             options_.accuracy_margin);
      if (difference.standard_error > 0)
        difference_p =
            2 * StudentCdf(-std::abs(difference.value) / difference.standard_error, PanelDegrees());
    } else {
      std::vector<MatchedPair> pairs;
      for (size_t u = 0; u < units_.size(); ++u) {
        if (!Counts(kind, units_[u], place) ||
            group_.At(reference, 0, u, place.condition) == nullptr ||
            group_.At(place.arm, 0, u, place.condition) == nullptr)
          continue;
        pairs.push_back(
            {units_[u].patient, Right(0, u, place, reference), Right(0, u, place, place.arm)});
      }
      const std::vector<MatchedCluster> clusters = GroupByPatient(pairs);
      const PairedDifference difference = ComparePairs(clusters);
      AddEstimate(place, name + "_difference", difference, eyes, people_seen, 0);
      difference_p = ObuchowskiTest(clusters).p_value;
      const double durkalski = DurkalskiTest(clusters).p_value;
      if (!std::isnan(durkalski)) Add(place, name + "_difference_durkalski_p", durkalski, eyes, 0);
      if (clusters.size() == pairs.size()) {
        MatchedCluster sum;
        for (const MatchedCluster& cluster : clusters) {
          sum.first_only += cluster.first_only;
          sum.second_only += cluster.second_only;
        }
        Add(place, name + "_difference_mcnemar_p",
            McNemarExact(static_cast<int>(sum.first_only), static_cast<int>(sum.second_only)), eyes,
            0);
      }
      test = TestEquivalence(clusters, options_.accuracy_margin);
      if (kind == Kind::kAccuracy && difference.effective_pairs > 0) {
        // Were nothing to differ but by chance, with as many answers changing as here (half a
        // changed one added, so that none seen is not none possible).
        const double discordant = std::min(
            1.0, (difference.effective_first_only + difference.effective_second_only + 0.5) /
                     (difference.effective_pairs + 1));
        const PairedExpectation expected{discordant / 2, discordant / 2};
        Add(place, "equivalence_power",
            EquivalencePower(difference.effective_pairs, expected, options_.accuracy_margin), eyes,
            0)
            .parameter = margin;
        const int needed = EquivalencePairs(expected, options_.accuracy_margin, options_.power);
        Figure& size =
            Add(place, "equivalence_patients",
                std::ceil(needed * difference.patients / difference.effective_pairs), eyes, 0);
        size.parameter = margin;
        size.unit = "patients";
      }
    }
    if (!std::isnan(difference_p)) Add(place, name + "_difference_p", difference_p, eyes, 0);
    if (!std::isnan(test.p_value))
      Add(place, name + "_equivalence_p", test.p_value, eyes, 0).parameter = margin;
    if (kind != Kind::kAccuracy) continue;
    tests->difference_p = difference_p;
    tests->equivalence_p = test.p_value;
    const PrimaryEndpoint* primary = PrimaryOf(place.condition);
    if (primary != nullptr && primary->endpoint == "accuracy_equivalence") {
      tests->has_primary = true;
      tests->primary_parameter = fmt::format("accuracy_equivalence:{:g}", options_.accuracy_margin);
      tests->primary_p = test.p_value;
    }
  }
}

}  // namespace maskbench::consistency
