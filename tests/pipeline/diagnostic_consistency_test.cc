// The experiment on made readings whose agreement is known by hand.
#include <cmath>
#include <functional>

#include <gtest/gtest.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/core/rng.h"
#include "maskbench/pipeline/components.h"
#include "maskbench/pipeline/plan.h"
#include "maskbench/pipeline/scoring.h"
#include "maskbench/stats/rater_agreement.h"

#include "experiments/diagnostic_consistency/answer_tables.h"
#include "experiments/diagnostic_consistency/simulated_panel.h"
#include "experiments/register_all.h"

namespace maskbench {
namespace {

class DiagnosticConsistencyTest : public testing::Test {
 protected:
  /// Labels of a patient's eyes.
  using Label = std::function<Json(int subject, Side side)>;
  /// What is observed of a subject's recording by an observer; nothing: the step failed.
  using See = std::function<std::optional<Observations>(int subject, const Node& node)>;

  DiagnosticConsistencyTest() {
    RegisterFrameworkComponents(&components_);
    RegisterExperiments(&components_.experiments);
    for (const NetworkSpec& spec : BuiltInNetworks())
      WriteJsonFile(folder_.path() / (spec.contract.name + ".json"), {{"tensors_sha256", "w"}});
  }

  RunConfig Config(const std::string& options = "", const std::string& more = "",
                   const std::string& observers = R"("rules")") const {
    return ParseRunConfig(
        Json::parse(R"({"name": "p", "dataset": {"manifest": "m.json"}, )" + more + R"(
          "variants": ["original", {"type": "null", "name": "re_read"},
                       {"type": "pixelate", "name": "masked"}],
          "observers": [)" +
                    observers + R"(],
          "experiments": [{"type": "diagnostic_consistency", "resamples": 400)" +
                    options + "}]}"),
        components_, "c");
  }

  ScoredRun Run(const RunConfig& config, int subjects, const Label& label, const See& see) {
    Dataset dataset;
    dataset.name = "made";
    for (int s = 0; s < subjects; ++s) {
      Subject subject;
      subject.id = "s" + std::to_string(s);
      dataset.subjects.push_back(subject);
      LabelledRecording recording;
      recording.id = "r" + std::to_string(s);
      recording.subject = subject.id;
      recording.right.labels = label(s, Side::kRight);
      recording.left.labels = label(s, Side::kLeft);
      dataset.recordings.push_back(recording);
    }
    const NetworkLibrary networks(folder_.path());
    const Plan plan = MakePlan(config, dataset, components_, networks, ".");
    const std::filesystem::path out = folder_.path() / ("run" + std::to_string(++runs_));
    std::filesystem::create_directories(out);
    Store store(out / "observations.sqlite");
    for (const Node& node : plan.nodes) {
      if (node.stage != Stage::kObserve) continue;
      Observations seen;
      NodeOutcome outcome;
      if (const auto observed = see(std::stoi(node.recording.substr(1)), node))
        seen = *observed;
      else
        outcome.status = NodeStatus::kFailed;
      store.Commit(node, outcome, seen);
    }
    return ScoreRun(RunData(config, dataset, plan, &store, out), components_);
  }

  /// By "reader/variant/condition/metric/group", of which the reader is left out for rules.
  static std::map<std::string, Figure> ByName(const ScoredRun& run) {
    std::map<std::string, Figure> figures;
    for (const Figure& figure : run.figures) {
      std::string name = figure.reader == "rules" ? "" : figure.reader + "/";
      name += figure.variant + "/" + figure.condition + "/" + figure.metric;
      if (!figure.group.empty()) name += "/" + figure.group;
      EXPECT_EQ(figures.count(name), 0u) << name;
      figures[name] = figure;
    }
    return figures;
  }

  Components components_;
  TemporaryFolder folder_;
  int runs_ = 0;
};

Json Ptosis(const std::string& grade) { return {{"ptosis", grade}}; }

Observations Says(const std::vector<std::pair<Side, Finding>>& of_ptosis) {
  Diagnosis diagnosis;
  for (const auto& [side, finding] : of_ptosis) diagnosis.At(side, EyeCondition::kPtosis) = finding;
  Observations seen;
  seen.frames = seen.frames_with_face = 10;
  seen.readings = ToReadings(diagnosis);
  return seen;
}

Finding Present(const std::string& grade = "mild", double confidence = 0.9) {
  return {Presence::kPresent, "", grade, confidence};
}
Finding Absent(double confidence = 0.1) { return {Presence::kAbsent, "", "", confidence}; }

TEST_F(DiagnosticConsistencyTest, ThePublishedTableHasItsKappa) {
  // 31 twice present, 12 and 4 once, 58 never; one eye of each patient is read.
  const auto run = Run(
      Config(), 105, [](int, Side) { return Json::object(); },
      [](int subject, const Node& node) {
        const bool first = subject < 43, second = subject < 31 || subject >= 101;
        const bool present = node.variant == "masked" ? second : first;
        return Says({{Side::kRight, present ? Present() : Absent()}});
      });
  const auto figures = ByName(run);
  const Figure& kappa = figures.at("masked/ptosis/presence_kappa");
  EXPECT_NEAR(kappa.value, 0.6756757, 1e-7);
  EXPECT_EQ(kappa.n, 105);
  EXPECT_EQ(kappa.n_unit, "eye");
  EXPECT_EQ(kappa.n_failed, 0);
  // As of independent pairs, up to the bootstrap's own error.
  EXPECT_NEAR(figures.at("masked/ptosis/presence_kappa_se").value, 0.07344761, 0.008);
  EXPECT_NEAR(kappa.interval.low, 0.5317, 0.04);
  EXPECT_NEAR(kappa.interval.high, 0.8196, 0.04);
  EXPECT_NEAR(figures.at("masked/ptosis/presence_agreement").value, 89.0 / 105, 1e-12);
  // AC1 by hand: shares of "present" (43 + 35) / 210, chance 2 · π · (1 − π).
  const double present = 78.0 / 210, chance = 2 * present * (1 - present);
  EXPECT_NEAR(figures.at("masked/ptosis/presence_ac1").value, (89.0 / 105 - chance) / (1 - chance),
              1e-12);
  // The original read again the same: full agreement, with a lower limit below it.
  const Figure& again = figures.at("re_read/ptosis/presence_kappa");
  EXPECT_EQ(again.value, 1);
  EXPECT_GT(again.interval.low, 0.9);
  EXPECT_LT(again.interval.low, 1);
  EXPECT_NEAR(figures.at("masked/ptosis/presence_kappa_minus_reread").value, 0.6756757 - 1, 1e-7);
  EXPECT_GT(figures.at("masked/ptosis/kappa_not_inferior_p").value, 0.9);
  // To other patients it agrees by chance.
  EXPECT_LT(std::abs(figures.at("masked/ptosis/presence_kappa_shuffled").value), 0.1);
  // The other conditions were not read, and nothing is claimed of them; nor is anything true known.
  EXPECT_EQ(figures.count("masked/nystagmus/presence_kappa"), 0u);
  EXPECT_EQ(figures.count("masked/ptosis/accuracy"), 0u);
}

TEST_F(DiagnosticConsistencyTest, WhatCannotBeReadIsNeitherAgreementNorRight) {
  constexpr int kSubjects = 40;
  const auto label = [](int subject, Side side) {
    return Ptosis(subject % 4 == 0 && side == Side::kRight ? "mild" : "none");
  };
  const auto see = [](int subject, const Node& node) -> std::optional<Observations> {
    if (node.variant == "masked" && subject % 2 == 0) return std::nullopt;  // Fails.
    if (node.variant == "masked") return Says({});                          // Cannot tell.
    return Says({{Side::kRight, subject % 4 == 0 ? Present() : Absent()}, {Side::kLeft, Absent()}});
  };
  const auto figures = ByName(Run(Config(), kSubjects, label, see));
  EXPECT_EQ(figures.at("masked/ptosis/presence_kappa").value, 0);
  EXPECT_EQ(figures.at("masked/ptosis/presence_kappa").n_failed, 2 * kSubjects);
  EXPECT_EQ(figures.at("masked/ptosis/unread_share").value, 1);
  EXPECT_EQ(figures.at("masked/ptosis/accuracy").value, 0);
  EXPECT_EQ(figures.at("masked/ptosis/auc").value, 0);
  EXPECT_EQ(figures.at("original/ptosis/accuracy").value, 1);
  EXPECT_EQ(figures.at("original/ptosis/sensitivity").n, 10);
  EXPECT_EQ(figures.at("masked/ptosis/accuracy_difference").value, -1);
}

TEST_F(DiagnosticConsistencyTest, RightAnswersByHand) {
  // Sixty patients, the right eye of the first twenty with ptosis. Original: two missed, three
  // healthy eyes called. Masked: four missed (those two among them), the same three called.
  const auto label = [](int subject, Side side) {
    return Ptosis(side == Side::kRight && subject < 20 ? (subject < 12 ? "mild" : "severe")
                                                       : "none");
  };
  const auto see = [](int subject, const Node& node) {
    const int missed = node.variant == "masked" ? 4 : 2;
    const bool called = (subject >= missed && subject < 20) || (subject >= 20 && subject < 23);
    return Says({{Side::kRight, called ? Present() : Absent()}, {Side::kLeft, Absent()}});
  };
  const auto figures = ByName(Run(Config(), 60, label, see));
  EXPECT_NEAR(figures.at("original/ptosis/sensitivity").value, 18.0 / 20, 1e-12);
  EXPECT_NEAR(figures.at("masked/ptosis/sensitivity").value, 16.0 / 20, 1e-12);
  EXPECT_NEAR(figures.at("original/ptosis/specificity").value, 97.0 / 100, 1e-12);
  EXPECT_NEAR(figures.at("masked/ptosis/accuracy").value, 113.0 / 120, 1e-12);
  EXPECT_NEAR(figures.at("masked/ptosis/accuracy_difference").value, -2.0 / 120, 1e-12);
  EXPECT_NEAR(figures.at("masked/ptosis/sensitivity_difference").value, -0.1, 1e-12);
  EXPECT_EQ(figures.at("masked/ptosis/specificity_difference").value, 0);
  // Obuchowski: (K − 1) / K · (Σ d)² / Σ d² = 59 / 60 · 4 / 2; p of that chi-square.
  EXPECT_NEAR(figures.at("masked/ptosis/accuracy_difference_p").value,
              std::erfc(std::sqrt(59.0 / 60 * 2 / 2)), 1e-9);
  // Diseased eyes are one per patient: two discordant, both the same way.
  EXPECT_NEAR(figures.at("masked/ptosis/sensitivity_difference_mcnemar_p").value, 0.5, 1e-12);
  EXPECT_EQ(figures.count("masked/ptosis/accuracy_difference_mcnemar_p"), 0u);
  // All four that are missed when masked are mild.
  EXPECT_NEAR(figures.at("masked/ptosis/sensitivity/severity=mild").value, 8.0 / 12, 1e-12);
  EXPECT_EQ(figures.at("masked/ptosis/sensitivity/severity=severe").value, 1);
  // One condition alone was tested, so Holm changes nothing.
  EXPECT_EQ(figures.at("masked/ptosis/accuracy_equivalence_p_holm").value,
            figures.at("masked/ptosis/accuracy_equivalence_p").value);
  EXPECT_EQ(figures.at("masked/ptosis/accuracy_equivalence_p_holm").n, 1);
}

TEST_F(DiagnosticConsistencyTest, AMaskThatChangesNothingMeetsItsEndpoint) {
  const auto label = [](int subject, Side) { return Ptosis(subject % 3 == 0 ? "mild" : "none"); };
  const auto keeps = [](int subject, const Node&) {
    const Finding finding = subject % 3 == 0 ? Present() : Absent();
    return Says({{Side::kRight, finding}, {Side::kLeft, finding}});
  };
  const auto loses = [&](int subject, const Node& node) {
    if (node.variant != "masked") return keeps(subject, node);
    const Finding finding = subject % 5 == 0 ? Present() : Absent();
    return Says({{Side::kRight, finding}, {Side::kLeft, finding}});
  };
  const RunConfig config =
      Config(R"(, "primary": [{"condition": "ptosis", "reader": "rules", "least": 0.8}])");
  const auto kept = ByName(Run(config, 120, label, keeps));
  EXPECT_EQ(kept.at("masked/ptosis/primary_met").value, 1);
  EXPECT_EQ(kept.at("masked/ptosis/primary_met").parameter, "presence_kappa>0.8");
  // Without any change in 120 patients: (1 − 0.2 · (1 − chance))¹²⁰, chance (1/3)² + (2/3)².
  EXPECT_NEAR(kept.at("masked/ptosis/primary_p_holm").value, std::pow(1 - 0.2 * 4 / 9, 120), 1e-9);
  EXPECT_LT(kept.at("masked/ptosis/accuracy_equivalence_p").value, 0.05);
  const auto lost = ByName(Run(config, 120, label, loses));
  EXPECT_EQ(lost.at("masked/ptosis/primary_met").value, 0);
  EXPECT_GT(lost.at("masked/ptosis/accuracy_equivalence_p").value, 0.05);
}

TEST_F(DiagnosticConsistencyTest, GradesAreWeighted) {
  // Mild read as moderate costs less than mild read as severe.
  const auto with = [&](const std::string& masked_grade) {
    return ByName(Run(
                      Config(), 60, [](int, Side) { return Json::object(); },
                      [&](int subject, const Node& node) {
                        const bool moved = node.variant == "masked" && subject < 6;
                        const Finding finding = subject < 20
                                                    ? Present(moved ? masked_grade : "mild")
                                                : subject < 30 ? Present("severe")
                                                               : Absent();
                        return Says({{Side::kRight, finding}});
                      }))
        .at("masked/ptosis/grade_kappa")
        .value;
  };
  EXPECT_NEAR(with("mild"), 1, 1e-12);
  EXPECT_GT(with("mild"), with("moderate"));
  EXPECT_GT(with("moderate"), with("severe"));
}

TEST_F(DiagnosticConsistencyTest, WhoHasNoShareIsNotMissed) {
  const RunConfig config = Config("", R"("shares": {"re_read": 0.2}, )");
  const auto label = [](int subject, Side) { return Ptosis(subject % 2 == 0 ? "mild" : "none"); };
  const auto figures = ByName(Run(config, 50, label, [](int subject, const Node&) {
    const Finding finding = subject % 2 == 0 ? Present() : Absent();
    return Says({{Side::kRight, finding}, {Side::kLeft, finding}});
  }));
  EXPECT_EQ(figures.at("re_read/ptosis/presence_kappa").n, 20);
  EXPECT_EQ(figures.at("re_read/ptosis/presence_kappa").n_failed, 0);
  EXPECT_EQ(figures.at("re_read/ptosis/sensitivity").n, 10);
  EXPECT_EQ(figures.at("masked/ptosis/presence_kappa").n, 100);
}

/// Measures of a patient with the right lid so and so low, all others healthy.
std::vector<MeasureValue> Measures(double mrd1_right) {
  std::vector<MeasureValue> measures;
  for (const Side side : kSides) {
    measures.push_back({side, "mrd1", "mm", side == Side::kRight ? mrd1_right : 4.3});
    measures.push_back({side, "mrd2", "mm", 5.0});
    measures.push_back({side, "lid_lag", "mm", 0.2});
  }
  measures.push_back({{}, "deviation_horizontal", "prism_dioptres", -3.0});
  measures.push_back({{}, "deviation_vertical", "prism_dioptres", 0.5});
  measures.push_back({{}, "nystagmus_present", "flag", 1});
  measures.push_back({{}, "nystagmus_frequency", "Hz", 3});
  measures.push_back({{}, "nystagmus_amplitude", "deg", 4});
  measures.push_back({{}, "nystagmus_jerk", "flag", 0});
  return measures;
}

TEST_F(DiagnosticConsistencyTest, ThePanelReadsStoredMeasures) {
  // Right lids from far above to far below the limit of 3.5 mm.
  const auto see = [](int subject, const Node& node) {
    Observations seen = Says({});
    if (node.observer == "eye_measures") seen.values = Measures(5.0 - 0.05 * subject);
    return seen;
  };
  const auto label = [](int subject, Side side) {
    return Ptosis(side == Side::kRight && subject >= 30 ? "mild" : "none");
  };
  const auto score = [&](const std::string& panel) {
    return ByName(
        Run(Config(R"(, "panel": {"readers": 4)" + panel + "}", "", R"("eye_measures", "rules")"),
            60, label, see));
  };
  const std::string name = "panel (simulated)/masked/ptosis/";
  const auto noisy = score("");
  EXPECT_GT(noisy.at(name + "presence_kappa").value, 0.6);
  EXPECT_LT(noisy.at(name + "presence_kappa").value, 1);
  EXPECT_EQ(noisy.at(name + "presence_kappa").n, 4 * 120);
  EXPECT_LT(noisy.at(name + "reader_fleiss_kappa").value, 1);
  EXPECT_GT(noisy.at(name + "auc").value, 0.95);
  EXPECT_LT(noisy.at(name + "presence_kappa").interval.low,
            noisy.at(name + "presence_kappa").value);
  // Readers with habits alone repeat themselves, but do not agree with each other.
  const auto stubborn = score(R"(, "habit_share": 1)");
  EXPECT_EQ(stubborn.at(name + "presence_kappa").value, 1);
  EXPECT_LT(stubborn.at(name + "reader_fleiss_kappa").value, 1);
  // Readers without either are the rules.
  const auto exact = score(
      R"(, "mrd1_mm": 0, "mrd2_mm": 0, "lid_lag_mm": 0, "deviation_dioptres": 0,
         "nystagmus_amplitude_cv": 0)");
  EXPECT_EQ(exact.at(name + "reader_fleiss_kappa").value, 1);
  EXPECT_EQ(exact.at(name + "accuracy").value, 1);
  // Smaller errors, more agreement.
  const auto careful = score(R"(, "mrd1_mm": 0.1)");
  EXPECT_GT(careful.at(name + "presence_kappa").value, noisy.at(name + "presence_kappa").value);
}

TEST(SimulatedPanel, ErrorsAreAsLargeAsStated) {
  const consistency::PanelOptions options;
  double sum = 0, squares = 0;
  constexpr int kReadings = 4000;
  for (int i = 0; i < kReadings; ++i) {
    const auto habit = consistency::DrawHabit(options, 7, i);
    EXPECT_GE(habit.threshold_dioptres, 8);
    EXPECT_LE(habit.threshold_dioptres, 10);
    NamedRandom random(7, std::to_string(i), "reading");
    const auto read = consistency::ReadAgain(Measures(3), options, habit, &random);
    const double error = read[0].value - 3;
    sum += error;
    squares += error * error;
    EXPECT_NEAR(read[0].high - read[0].low, 2 * 1.959964 * 0.25, 1e-6);
  }
  EXPECT_NEAR(sum / kReadings, 0, 0.02);
  EXPECT_NEAR(std::sqrt(squares / kReadings), 0.25, 0.015);
}

TEST(SimulatedPanel, WhatIsMissingStaysMissingAndShiftsNothing) {
  const consistency::PanelOptions options;
  const auto habit = consistency::DrawHabit(options, 1, 0);
  std::vector<MeasureValue> whole = Measures(3), gap = Measures(std::nan(""));
  NamedRandom first(1, "a", "b"), second(1, "a", "b");
  whole = consistency::ReadAgain(whole, options, habit, &first);
  gap = consistency::ReadAgain(gap, options, habit, &second);
  EXPECT_TRUE(std::isnan(gap[0].value));
  for (size_t i = 1; i < whole.size(); ++i) EXPECT_EQ(whole[i].value, gap[i].value) << i;
}

TEST(AnswerTables, Ac1IsThatOfManyReaders) {
  const consistency::AnswerTables::Cells cells = {50, 4, 3, 6, 20, 2, 0, 0, 0};
  RatingCounts ratings(3);
  for (int first = 0; first < 3; ++first)
    for (int second = 0; second < 3; ++second)
      for (int k = 0; k < cells[static_cast<size_t>(3 * first + second)]; ++k)
        ratings.AddReadings({first, second});
  EXPECT_NEAR(consistency::PresenceAc1(cells), GwetAc1Of(ratings), 1e-12);
}

TEST_F(DiagnosticConsistencyTest, WhatItCannotWorkWithIsNamed) {
  const auto problem_of = [&](const std::string& options, const std::string& more = "") {
    const RunConfig config = Config(options, more);
    Problems problems;
    components_.experiments.Make(config.experiments.at(0), {})->Check(config, &problems);
    return problems.empty() ? std::string() : problems.lines().at(0);
  };
  EXPECT_EQ(problem_of(""), "");
  EXPECT_NE(problem_of(R"(, "reference_variant": "plain")").find("'plain'"), std::string::npos);
  EXPECT_NE(problem_of("", R"("shares": {"original": 0.5}, )").find("every recording"),
            std::string::npos);
  EXPECT_NE(problem_of(R"(, "panel": {"readers": 12})").find("eye_measures"), std::string::npos);
  EXPECT_NE(problem_of(R"(, "published_variant": "dm")").find("'dm'"), std::string::npos);
  EXPECT_THROW(Config(R"(, "primary": [{"condition": "ptosis", "reader": "rules"},
                                       {"condition": "ptosis", "reader": "rules"}])"),
               UsageError);
  EXPECT_THROW(Config(R"(, "panel": {"readers": 1})"), UsageError);
}

TEST_F(DiagnosticConsistencyTest, PublishedValuesStandBesideOurs) {
  const RunConfig config = Config(R"(, "published_variant": "masked")");
  const auto run = Run(
      config, 30, [](int, Side) { return Ptosis("none"); },
      [](int subject, const Node&) {
        const Finding finding = subject % 3 == 0 ? Present() : Absent();
        return Says({{Side::kRight, finding}, {Side::kLeft, finding}});
      });
  ASSERT_EQ(run.grids.size(), 1u);
  const ReportGrid& grid = run.grids[0].second;
  bool bound = false, unknown = false;
  for (const auto& row : grid.rows) {
    ASSERT_EQ(row.size(), grid.header.size());
    if (row[1] == "ptosis" && row[2] == "≥ 0.845") {
      bound = true;
      EXPECT_EQ(row[3], "read");
      EXPECT_EQ(row[4].substr(0, 5), "1.000");
    }
    unknown |= row[2] == "not published / not recovered" && row[3] == "?";
  }
  EXPECT_TRUE(bound);
  EXPECT_TRUE(unknown);
}

}  // namespace
}  // namespace maskbench
