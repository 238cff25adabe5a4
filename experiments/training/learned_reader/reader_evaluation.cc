#include "experiments/training/learned_reader/reader_evaluation.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include <fmt/format.h>

#include "maskbench/stats/diagnostic_accuracy.h"
#include "maskbench/stats/roc_area.h"

namespace maskbench::training {
namespace {

constexpr const char* kNames[kReaderConditions] = {"thyroid_orbitopathy", "ptosis", "strabismus",
                                                   "nystagmus"};

Json Estimate(const IntervalEstimate& estimate) {
  const auto number = [](double value) { return std::isfinite(value) ? Json(value) : Json(); };
  return {{"value", number(estimate.value)},
          {"low", number(estimate.interval.low)},
          {"high", number(estimate.interval.high)}};
}

std::string Text(const Json& estimate) {
  if (estimate.at("value").is_null()) return "–";
  const std::string value = fmt::format("{:.3f}", estimate.at("value").get<double>());
  if (estimate.at("low").is_null()) return value;
  return fmt::format("{} [{:.3f}, {:.3f}]", value, estimate.at("low").get<double>(),
                     estimate.at("high").get<double>());
}

int Likeliest(const std::array<float, kReaderTimeValues>& said, int from, int count) {
  return static_cast<int>(std::max_element(said.begin() + from, said.begin() + from + count) -
                          said.begin() - from);
}

}  // namespace

std::vector<ReaderAnswer> AnswersOf(const std::vector<ReaderCase>& cases, Network* time_network) {
  std::vector<ReaderAnswer> answers;
  for (const ReaderCase& one : cases)
    answers.push_back({&one, ReadOverTime(one.readings.at(0), time_network)});
  return answers;
}

Json ReaderAccuracy(const std::vector<ReaderAnswer>& answers) {
  std::map<std::string, int> patients;
  for (const ReaderAnswer& answer : answers)
    patients.emplace(answer.about->patient, static_cast<int>(patients.size()));
  Json result = Json::object();
  for (int c = 0; c < kReaderConditions; ++c) {
    std::vector<ScoredEye> scored;
    std::vector<DiagnosticReading> called;
    int present = 0;
    for (const ReaderAnswer& answer : answers)
      for (size_t s = 0; s < 2; ++s) {
        const int patient = patients.at(answer.about->patient);
        const bool here = answer.about->labels[s].present[static_cast<size_t>(c)];
        const double log_odds = answer.said[s][static_cast<size_t>(kReaderPresence + c)];
        present += here ? 1 : 0;
        scored.push_back({patient, here, log_odds});
        called.push_back({patient, here, log_odds >= 0});
      }
    const DiagnosticAccuracy accuracy = AccuracyOf(called);
    result[kNames[c]] = {{"eyes", scored.size()},
                         {"eyes_with", present},
                         {"auc", Estimate(ClusteredRocArea(scored))},
                         {"sensitivity", Estimate(accuracy.sensitivity)},
                         {"specificity", Estimate(accuracy.specificity)},
                         {"accuracy", Estimate(accuracy.accuracy)}};
  }
  return result;
}

std::vector<ReaderGroup> GroupsOf(const std::vector<ReaderAnswer>& answers, int usual_width_px) {
  std::vector<ReaderGroup> groups;
  const auto add = [&](const std::string& name,
                       const std::function<bool(const ReaderCase&)>& belongs) {
    ReaderGroup group{name, {}};
    for (const ReaderAnswer& answer : answers)
      if (belongs(*answer.about)) group.answers.push_back(answer);
    if (!group.answers.empty()) groups.push_back(std::move(group));
  };
  std::map<int, int> widths;
  for (const ReaderAnswer& answer : answers) ++widths[-answer.about->width_px];
  for (const auto& [minus_width, count] : widths) {
    const int width = -minus_width;
    add(fmt::format("pictures {} px wide", width),
        [width](const ReaderCase& one) { return one.width_px == width; });
  }
  const auto usual = [usual_width_px](const ReaderCase& one) {
    return one.width_px == usual_width_px;
  };
  for (const char* ancestry : {"African", "Asian", "Caucasian"})
    add(ancestry,
        [&, ancestry](const ReaderCase& one) { return usual(one) && one.ancestry == ancestry; });
  for (const char* sex : {"female", "male"})
    add(sex, [&, sex](const ReaderCase& one) { return usual(one) && one.sex == sex; });
  add("borderline", [&](const ReaderCase& one) { return usual(one) && one.borderline; });
  add("not borderline", [&](const ReaderCase& one) { return usual(one) && !one.borderline; });
  return groups;
}

std::string AccuracyTable(const std::vector<ReaderGroup>& groups) {
  std::string table =
      "| recordings | condition | eyes with / of | AUC | sensitivity | specificity |\n"
      "|---|---|---|---|---|---|\n";
  for (const ReaderGroup& group : groups) {
    const Json accuracy = ReaderAccuracy(group.answers);
    for (const char* name : kNames) {
      const Json& row = accuracy.at(name);
      table += fmt::format("| {} | {} | {} / {} | {} | {} | {} |\n", group.name, name,
                           row.at("eyes_with").get<int>(), row.at("eyes").get<int>(),
                           Text(row.at("auc")), Text(row.at("sensitivity")),
                           Text(row.at("specificity")));
    }
  }
  return table;
}

Json GradeAccuracy(const std::vector<ReaderAnswer>& answers) {
  Json result = Json::object();
  const auto count = [&](const char* name, int right, int of) {
    result[name] = {{"right", right}, {"of", of}};
  };
  std::array<int, 4> right{}, of{};
  for (const ReaderAnswer& answer : answers)
    for (size_t s = 0; s < 2; ++s) {
      const auto& said = answer.said[s];
      const EyeLabels& eye = answer.about->labels[s];
      const auto add = [&](size_t which, int condition, int truth, int told) {
        if (truth < 0 || said[static_cast<size_t>(kReaderPresence + condition)] < 0) return;
        ++of[which];
        right[which] += truth == told ? 1 : 0;
      };
      const auto reached = [&](int value) { return said[static_cast<size_t>(value)] >= 0 ? 1 : 0; };
      add(0, 0, eye.orbitopathy_grade, reached(kReaderOrbitopathyGrade));
      add(1, 1, eye.ptosis_grade,
          reached(kReaderPtosisGrade) * (1 + reached(kReaderPtosisGrade + 1)));
      add(2, 2, eye.strabismus_kind,
          Likeliest(said, kReaderStrabismusKind, kReaderStrabismusKinds));
      add(3, 3, eye.nystagmus_kind, Likeliest(said, kReaderNystagmusKind, kReaderNystagmusKinds));
    }
  count("thyroid_orbitopathy_grade", right[0], of[0]);
  count("ptosis_grade", right[1], of[1]);
  count("strabismus_kind", right[2], of[2]);
  count("nystagmus_kind", right[3], of[3]);
  return result;
}

}  // namespace maskbench::training
