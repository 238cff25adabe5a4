// Do readers say the same of an eye in two arms?
#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <set>

#include <fmt/format.h>

#include "maskbench/stats/cluster_counts.h"
#include "maskbench/stats/distributions.h"
#include "maskbench/stats/equivalence.h"
#include "maskbench/stats/kappa.h"
#include "maskbench/stats/panel_kappa.h"
#include "maskbench/stats/rater_agreement.h"

#include "experiments/diagnostic_consistency/group_scorer.h"

namespace maskbench::consistency {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
// Rotations of the readings that stand for answers to other patients.
constexpr int kShuffles = 20;

/// What is named of a condition that is there, in order where it has one; absent is category 0.
struct Scale {
  const char* metric;
  KappaWeighting weighting;
  std::vector<std::string> names;
  std::string Finding::*member;
};

const Scale& ScaleOf(size_t condition) {
  static const std::array<Scale, kConditions> scales = {
      Scale{
          "grade_kappa", KappaWeighting::kQuadratic, {"mild", "moderate_severe"}, &Finding::grade},
      Scale{"grade_kappa",
            KappaWeighting::kQuadratic,
            {"mild", "moderate", "severe"},
            &Finding::grade},
      Scale{"kind_kappa",
            KappaWeighting::kNone,
            {"esotropia", "exotropia", "hypertropia", "hypotropia"},
            &Finding::kind},
      Scale{"kind_kappa",
            KappaWeighting::kNone,
            {"pendular", "pendular_vertical", "jerk_left", "jerk_right", "jerk_up", "jerk_down"},
            &Finding::kind}};
  return scales[condition];
}

/// −1 for an eye that was not read, or whose grade or kind was not told.
int CategoryOf(const Finding& finding, const Scale& scale) {
  if (finding.presence == Presence::kUnknown) return -1;
  if (finding.presence == Presence::kAbsent) return 0;
  const auto found = std::find(scale.names.begin(), scale.names.end(), finding.*scale.member);
  return found == scale.names.end() ? -1 : 1 + static_cast<int>(found - scale.names.begin());
}

std::vector<PairedReading> OfOneReader(const std::vector<PanelReading>& readings) {
  std::vector<PairedReading> pairs;
  for (const PanelReading& reading : readings)
    pairs.push_back({reading.patient, reading.first, reading.second});
  return pairs;
}

/// Kappa by the bootstrap over patients (and readers of a panel); where that gives no interval, the
/// linearised one.
IntervalEstimate KappaEstimateOf(const std::vector<PanelReading>& readings, int members,
                                 int categories, KappaWeighting weighting, int resamples,
                                 const NamedRandom& random) {
  if (members > 1) return PanelKappaOf(readings, categories, weighting, resamples, random).mean;
  const ClusterCounts counts = CountPairs(OfOneReader(readings), categories);
  // Where nobody differs there is nothing to resample, and the other one says how little that
  // means.
  const KappaEstimate linearised = ClusteredKappa(counts, weighting);
  if (linearised.observed > 1 - 1e-12) return linearised;
  IntervalEstimate estimate = BootstrapKappa(counts, weighting, resamples, random);
  if (std::isnan(estimate.interval.low) && estimate.status == EstimateStatus::kGiven)
    estimate.interval = linearised.interval;
  return estimate;
}

}  // namespace

double GroupScorer::KappaAbove(const AnswerTables& tables,
                               const std::vector<PanelReading>& readings, double least,
                               const Place& place) const {
  if (readings.empty()) return kNan;
  const NamedRandom random = Random(place, "primary endpoint");
  if (group_.members > 1) {
    const IntervalEstimate kappa = tables.Estimate(PresenceKappa, options_.resamples, random);
    if (!(kappa.standard_error > 0)) return kNan;
    return 1 - StudentCdf((kappa.value - least) / kappa.standard_error, PanelDegrees());
  }
  const ClusterCounts counts = CountPairs(OfOneReader(readings), kAnswers);
  const KappaEstimate kappa = BootstrapKappa(counts, KappaWeighting::kNone, 100, random);
  if (kappa.observed > 1 - 1e-12) {
    // Nobody differs. So rare a difference that kappa were `least` would show in nobody so often.
    const double share = (1 - least) * (1 - kappa.expected);
    return std::pow(1 - share, counts.size());
  }
  if (kappa.status != EstimateStatus::kGiven) return kNan;
  return ClusterBootstrap(counts, options_.resamples, random,
                          [](const std::vector<double>& totals) {
                            AnswerTables::Cells cells{};
                            std::copy(totals.begin(), totals.end(), cells.begin());
                            return PresenceKappa(cells);
                          })
      .ConfidenceBelow(least);
}

void GroupScorer::AddAgreement(const Place& place, Tests* tests) {
  const AnswerPairs pairs = PairAnswers(group_, units_, options_.reference_variant, place.arm,
                                        place.condition, place.filter);
  if (pairs.readings.empty()) return;
  AnswerTables tables(group_.members, patients_);
  tables.Add(pairs.readings);
  const size_t n = pairs.readings.size();
  const int read = tables.PatientsRead(), failed = pairs.unread_second;
  const IntervalEstimate kappa =
      KappaEstimateOf(pairs.readings, group_.members, kAnswers, KappaWeighting::kNone,
                      options_.resamples, Random(place, "kappa"));
  AddEstimate(place, "presence_kappa", kappa, n, read, failed);
  Add(place, "presence_kappa_se", kappa.standard_error, n, failed);
  AddEstimate(place, "presence_ac1",
              tables.Estimate(PresenceAc1, options_.resamples, Random(place, "ac1")), n, read,
              failed);
  AddEstimate(place, "presence_agreement",
              tables.Estimate(ObservedAgreement, options_.resamples, Random(place, "agreement")), n,
              read, failed);
  Add(place, "unread_in_reference", pairs.unread_first, n + static_cast<size_t>(pairs.unread_first),
      pairs.unread_first)
      .unit = "eyes";
  const PrimaryEndpoint* primary = PrimaryOf(place.condition);
  if (primary != nullptr && primary->endpoint == "presence_kappa") {
    tests->has_primary = true;
    tests->primary_parameter = fmt::format("presence_kappa>{:g}", primary->least);
    tests->primary_p = KappaAbove(tables, pairs.readings, primary->least, place);
  }
}

void GroupScorer::AddKappaOfStratum(const Place& place) {
  const AnswerPairs pairs = PairAnswers(group_, units_, options_.reference_variant, place.arm,
                                        place.condition, place.filter);
  if (pairs.readings.empty()) return;
  AnswerTables tables(group_.members, patients_);
  tables.Add(pairs.readings);
  const IntervalEstimate kappa =
      group_.members > 1
          ? tables.Estimate(PresenceKappa, options_.resamples, Random(place, "kappa"))
          : ClusteredKappa(CountPairs(OfOneReader(pairs.readings), kAnswers));
  AddEstimate(place, "presence_kappa", kappa, pairs.readings.size(), tables.PatientsRead(),
              pairs.unread_second);
}

void GroupScorer::AddKappaOfEachPerson(const Place& place) {
  const AnswerPairs pairs =
      PairAnswers(group_, units_, options_.reference_variant, place.arm, place.condition);
  for (int member = 0; member < group_.members; ++member) {
    std::vector<PanelReading> own;
    std::set<int> patients;
    int failed = 0;
    for (const PanelReading& reading : pairs.readings) {
      if (reading.reader != member) continue;
      own.push_back(reading);
      patients.insert(reading.patient);
      if (reading.second == kUnread) ++failed;
    }
    if (own.empty()) continue;
    const Place of_person{place.arm, place.condition, {{"person", fmt::format("{}", member + 1)}}};
    AddEstimate(of_person, "presence_kappa",
                KappaEstimateOf(own, 1, kAnswers, KappaWeighting::kNone, options_.resamples,
                                Random(of_person, "kappa")),
                own.size(), static_cast<int>(patients.size()), failed);
  }
}

void GroupScorer::AddGrades(const Place& place) {
  const Scale& scale = ScaleOf(place.condition);
  std::vector<PanelReading> readings;
  std::vector<bool> patients(static_cast<size_t>(patients_), false);
  int left_out = 0;
  for (int member = 0; member < group_.members; ++member)
    for (size_t u = 0; u < units_.size(); ++u) {
      const Finding* before = group_.At(options_.reference_variant, member, u, place.condition);
      const Finding* after = group_.At(place.arm, member, u, place.condition);
      if (before == nullptr || after == nullptr) continue;
      const int first = CategoryOf(*before, scale), second = CategoryOf(*after, scale);
      if (first < 0 || second < 0) {
        ++left_out;
        continue;
      }
      patients[static_cast<size_t>(units_[u].patient)] = true;
      readings.push_back({member, units_[u].patient, first, second});
    }
  if (readings.empty()) return;
  AddEstimate(place, scale.metric,
              KappaEstimateOf(readings, group_.members, 1 + static_cast<int>(scale.names.size()),
                              scale.weighting, options_.resamples, Random(place, scale.metric)),
              readings.size(), static_cast<int>(std::count(patients.begin(), patients.end(), true)),
              left_out);
}

void GroupScorer::AddShuffled(const Place& place) {
  // Recordings in a random order; each is paired with the masked readings of one further on.
  std::vector<size_t> first_units;
  for (size_t u = 0; u < units_.size(); ++u)
    if (u == 0 || units_[u].recording != units_[u - 1].recording) first_units.push_back(u);
  NamedRandom random = Random(place, "shuffled");
  for (size_t i = first_units.size(); i > 1; --i)
    std::swap(first_units[i - 1], first_units[random.Below(static_cast<std::uint32_t>(i))]);
  AnswerTables tables(group_.members, patients_);
  std::vector<PanelReading> readings;
  const size_t count = first_units.size();
  for (size_t step = 1; step <= kShuffles && step < count; ++step)
    for (size_t i = 0; i < count; ++i) {
      const size_t from = first_units[i], to = first_units[(i + step) % count];
      if (units_[from].patient == units_[to].patient) continue;
      for (int member = 0; member < group_.members; ++member)
        for (size_t eye = 0; eye < 2; ++eye) {
          const Finding* before =
              group_.At(options_.reference_variant, member, from + eye, place.condition);
          const Finding* after = group_.At(place.arm, member, to + eye, place.condition);
          if (before == nullptr || after == nullptr || AnswerOf(*before) == kUnread) continue;
          readings.push_back({member, units_[from].patient, AnswerOf(*before), AnswerOf(*after)});
        }
    }
  if (readings.empty()) return;
  tables.Add(readings);
  const std::vector<double> readers(static_cast<size_t>(group_.members), 1.0),
      people(static_cast<size_t>(patients_), 1.0);
  Add(place, "presence_kappa_shuffled", tables.Mean(PresenceKappa, readers, people),
      readings.size(), 0)
      .n_unit = "pair";
}

void GroupScorer::AddAgainstReread(const Place& place, Tests* tests) {
  if (place.arm == options_.reread_variant) return;
  const AnswerPairs reread = PairAnswers(group_, units_, options_.reference_variant,
                                         options_.reread_variant, place.condition);
  const AnswerPairs masked =
      PairAnswers(group_, units_, options_.reference_variant, place.arm, place.condition);
  if (reread.readings.empty() || masked.readings.empty()) return;
  AnswerTables first(group_.members, patients_), second(group_.members, patients_);
  first.Add(reread.readings);
  second.Add(masked.readings);
  const NamedRandom random = Random(place, "against re-read");
  IntervalEstimate difference;
  EquivalenceTest test;
  if (group_.members > 1) {
    difference =
        PanelBootstrap(group_.members, patients_, options_.resamples, random,
                       [&](const std::vector<double>& readers, const std::vector<double>& people) {
                         return second.Mean(PresenceKappa, readers, people) -
                                first.Mean(PresenceKappa, readers, people);
                       });
    test = TestEquivalence(difference.value, difference.standard_error, PanelDegrees(),
                           options_.kappa_margin);
  } else {
    const KappaComparison comparison =
        CompareKappas(OfOneReader(reread.readings), OfOneReader(masked.readings), kAnswers,
                      KappaWeighting::kNone, options_.resamples, random);
    difference = comparison.difference.ToEstimate();
    test = TestEquivalence(comparison.difference, options_.kappa_margin);
  }
  AddEstimate(place, "presence_kappa_minus_reread", difference, masked.readings.size(),
              first.PatientsRead(), masked.unread_second);
  if (!std::isnan(test.p_not_below)) {
    Figure& figure = Add(place, "kappa_not_inferior_p", test.p_not_below, masked.readings.size(),
                         masked.unread_second);
    figure.parameter = fmt::format("margin={:g}", options_.kappa_margin);
  }
  const PrimaryEndpoint* primary = PrimaryOf(place.condition);
  if (primary != nullptr && primary->endpoint == "kappa_not_inferior") {
    tests->has_primary = true;
    tests->primary_parameter = fmt::format("kappa_not_inferior:{:g}", options_.kappa_margin);
    tests->primary_p = test.p_not_below;
  }
}

void GroupScorer::AddBetweenReaders(const Place& place) {
  RatingCounts ratings(2);
  int unread = 0;
  for (size_t u = 0; u < units_.size(); ++u) {
    std::vector<double> counts(2, 0.0);
    for (int member = 0; member < group_.members; ++member) {
      const Finding* finding = group_.At(place.arm, member, u, place.condition);
      if (finding == nullptr) continue;
      if (AnswerOf(*finding) == kUnread)
        ++unread;
      else
        counts[static_cast<size_t>(AnswerOf(*finding))] += 1;
    }
    if (counts[0] + counts[1] >= 2) ratings.AddUnit(counts, units_[u].patient);
  }
  if (ratings.size() == 0) return;
  std::vector<bool> patients(static_cast<size_t>(patients_), false);
  for (int i = 0; i < ratings.size(); ++i) patients[static_cast<size_t>(ratings.Patient(i))] = true;
  AddEstimate(place, "reader_fleiss_kappa",
              BootstrapAgreement(
                  ratings,
                  [](const RatingCounts& counts, const std::vector<double>& weights) {
                    return FleissKappaOf(counts, weights);
                  },
                  options_.resamples, Random(place, "fleiss")),
              static_cast<size_t>(ratings.size()),
              static_cast<int>(std::count(patients.begin(), patients.end(), true)), unread);
}

}  // namespace maskbench::consistency
