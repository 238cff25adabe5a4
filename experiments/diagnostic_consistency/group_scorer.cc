#include "experiments/diagnostic_consistency/group_scorer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "maskbench/stats/holm.h"
#include "maskbench/stats/interval.h"

namespace maskbench::consistency {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kAlpha = 0.05;

}  // namespace

GroupScorer::GroupScorer(const RunData& data, const ConsistencyOptions& options,
                         const std::vector<EyeUnit>& units, const ReaderGroup& group,
                         const std::string& name, std::vector<Figure>* figures)
    : data_(data),
      options_(options),
      units_(units),
      group_(group),
      name_(name),
      patients_(PatientsOf(units)),
      figures_(figures) {}

void GroupScorer::Score() {
  for (const ComponentChoice& variant : data_.config().variants) {
    const std::string& arm = variant.name;
    std::vector<Tests> tests(kConditions, Tests{kNan, kNan, kNan});
    for (size_t c = 0; c < kConditions; ++c) {
      ScoreArm({arm, c}, &tests[c]);
      if (options_.strata) ScoreStrata(arm, c);
    }
    if (arm != options_.reference_variant) AddAdjusted(arm, tests);
  }
}

void GroupScorer::ScoreArm(const Place& place, Tests* tests) {
  AddAccuracy(place, true);
  AddRocArea(place);
  if (group_.members > 1) AddBetweenReaders(place);
  if (place.arm == options_.reference_variant) return;
  AddAgreement(place, tests);
  if (group_.members > 1 && !group_.simulated) AddKappaOfEachPerson(place);
  AddGrades(place);
  AddShuffled(place);
  AddAgainstReread(place, tests);
  AddDifferences(place, tests);
}

void GroupScorer::ScoreStrata(const std::string& arm, size_t condition) {
  for (const auto& [stratum, filter] : Strata(condition)) {
    const Place place{arm, condition, stratum, filter};
    AddAccuracy(place, false);
    if (arm != options_.reference_variant) AddKappaOfStratum(place);
  }
}

std::vector<std::pair<std::map<std::string, std::string>, UnitFilter>> GroupScorer::Strata(
    size_t condition) const {
  std::set<std::pair<std::string, std::string>> values;
  std::set<std::string> labels;
  for (const EyeUnit& unit : units_) {
    for (const auto& stratum : unit.strata) values.insert(stratum);
    if (!unit.label[condition].empty()) labels.insert(unit.label[condition]);
  }
  std::vector<std::pair<std::map<std::string, std::string>, UnitFilter>> strata;
  for (const auto& [key, value] : values)
    strata.emplace_back(std::map<std::string, std::string>{{key, value}},
                        [key = key, value = value](const EyeUnit& unit) {
                          const auto found = unit.strata.find(key);
                          return found != unit.strata.end() && found->second == value;
                        });
  // Eyes of one severity, or kind, and all that do not have the condition.
  for (const std::string& label : labels)
    strata.emplace_back(std::map<std::string, std::string>{{"severity", label}},
                        [condition, label](const EyeUnit& unit) {
                          return unit.diseased[condition] == false ||
                                 unit.label[condition] == label;
                        });
  return strata;
}

Figure& GroupScorer::Add(const Place& place, const std::string& metric, double value, size_t n,
                         int failed) {
  Figure figure;
  figure.experiment = name_;
  figure.dataset = data_.dataset().name;
  figure.variant = place.arm;
  figure.condition = ToString(kEyeConditions[place.condition]);
  figure.group = GroupText(place.stratum);
  figure.reader = group_.name;
  figure.metric = metric;
  figure.value = value;
  figure.n = static_cast<long long>(n);
  figure.n_unit = "eye";
  figure.n_failed = failed;
  figures_->push_back(std::move(figure));
  return figures_->back();
}

void GroupScorer::AddEstimate(const Place& place, const std::string& metric,
                              const IntervalEstimate& estimate, size_t n, int patients,
                              int failed) {
  Figure& figure = Add(place, metric, estimate.value, n, failed);
  if (patients >= kMinimumUnits) figure.interval = estimate.interval;
}

NamedRandom GroupScorer::Random(const Place& place, const std::string& purpose) const {
  return NamedRandom(
      data_.config().seed,
      fmt::format("{} {} {} {}", group_.name, place.arm, ToString(kEyeConditions[place.condition]),
                  GroupText(place.stratum)),
      purpose);
}

const PrimaryEndpoint* GroupScorer::PrimaryOf(size_t condition) const {
  for (const PrimaryEndpoint& endpoint : options_.primary)
    if (endpoint.condition == ToString(kEyeConditions[condition]) && endpoint.reader == group_.name)
      return &endpoint;
  return nullptr;
}

void GroupScorer::AddAdjusted(const std::string& arm, const std::vector<Tests>& tests) {
  const auto adjust = [&](double Tests::*member, const std::string& metric) {
    std::vector<double> p;
    for (const Tests& test : tests) p.push_back(test.*member);
    const std::vector<double> adjusted = HolmAdjust(p);
    for (size_t c = 0; c < kConditions; ++c) {
      if (std::isnan(adjusted[c])) continue;
      Figure& figure = Add({arm, c}, metric, adjusted[c], 0, 0);
      figure.n = std::count_if(p.begin(), p.end(), [](double value) { return !std::isnan(value); });
      figure.n_unit = "test";
      if (member == &Tests::primary_p) figure.parameter = tests[c].primary_parameter;
    }
    return adjusted;
  };
  adjust(&Tests::difference_p, "accuracy_difference_p_holm");
  adjust(&Tests::equivalence_p, "accuracy_equivalence_p_holm");
  const std::vector<double> primary = adjust(&Tests::primary_p, "primary_p_holm");
  for (size_t c = 0; c < kConditions; ++c) {
    if (!tests[c].has_primary) continue;
    // A test that could not be made is not passed.
    Figure& met = Add({arm, c}, "primary_met", primary[c] <= kAlpha ? 1 : 0, 1, 0);
    met.n_unit = "test";
    met.parameter = tests[c].primary_parameter;
  }
}

}  // namespace maskbench::consistency
