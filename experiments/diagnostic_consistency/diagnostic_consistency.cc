// Is the diagnosis from the masked recording the one from the original, and is it right?
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "maskbench/clinical/reader.h"
#include "maskbench/core/registry.h"
#include "maskbench/pipeline/experiment.h"

#include "experiments/diagnostic_consistency/group_scorer.h"
#include "experiments/diagnostic_consistency/options.h"
#include "experiments/diagnostic_consistency/published.h"
#include "experiments/diagnostic_consistency/subject_values.h"

namespace maskbench {
namespace consistency {

const OptionTable<PrimaryEndpoint>& PrimaryEndpoint::Options() {
  using O = PrimaryEndpoint;
  static const auto table = [] {
    std::vector<std::string> conditions;
    for (const EyeCondition condition : kEyeConditions) conditions.push_back(ToString(condition));
    return OptionTable<O>()
        .Add("condition", &O::condition, "Of which condition.", {Required(), OneOf(conditions)})
        .Add("reader", &O::reader,
             "Of which reader: an observer's name, \"panel (simulated)\" or the name of imported "
             "readings.",
             {Required(), NotEmpty()})
        .Add("endpoint", &O::endpoint,
             "`presence_kappa`: κ(original, masked) lies above `least`. `kappa_not_inferior`: it "
             "lies no more than `kappa_margin` below κ(original, read again). "
             "`accuracy_equivalence`: accuracy differs by less than `accuracy_margin`.",
             {OneOf({"presence_kappa", "kappa_not_inferior", "accuracy_equivalence"})})
        .Add("least", &O::least, "With `presence_kappa`.", {Range(-1, 1)});
  }();
  return table;
}

const OptionTable<ConsistencyOptions>& ConsistencyOptions::Options() {
  using O = ConsistencyOptions;
  static const auto table =
      OptionTable<O>()
          .Add("reference_variant", &O::reference_variant,
               "Name of the variant that the others are compared with.", {NotEmpty()})
          .Add("reread_variant", &O::reread_variant,
               "Name of the variant that is the original read again, the ceiling; there need be "
               "none of that name.")
          .Add("accuracy_margin", &O::accuracy_margin,
               "Shares of right answers that differ by less are the same.", {Range(0.001, 0.5)})
          .Add("kappa_margin", &O::kappa_margin,
               "How far κ may lie below that of reading the original again.", {Range(0.001, 0.5)})
          .Add("power", &O::power, "For the number of patients that equivalence would need.",
               {Range(0.5, 0.999)})
          .Add("resamples", &O::resamples, "Bootstrap resamples behind an interval.",
               {Range(100, 100000)})
          .Add("strata", &O::strata,
               "Also by severity, closeness to a threshold, sex, age, ancestry and resolution.")
          .Add("primary", &O::primary,
               "The primary endpoints, at most one per condition and reader, fixed before anything "
               "is read.")
          .Add("panel", &O::panel, "Simulated readers.")
          .Add("published_variant", &O::published_variant,
               "Name of the variant that is set beside the published figures of the digital mask; "
               "empty: none.")
          .Check([](const O& options, const std::string& path, Problems* problems) {
            std::set<std::pair<std::string, std::string>> seen;
            for (const PrimaryEndpoint& endpoint : options.primary)
              if (!seen.insert({endpoint.condition, endpoint.reader}).second)
                problems->Add(path + ".primary",
                              fmt::format("{} of {} has more than one primary endpoint",
                                          endpoint.condition, endpoint.reader));
          });
  return table;
}

namespace {

class DiagnosticConsistency : public Experiment, public SubjectValueSource {
 public:
  explicit DiagnosticConsistency(const ConsistencyOptions& options) : options_(options) {}

  void Check(const RunConfig& config, Problems* problems) const override {
    const auto has = [](const std::vector<ComponentChoice>& choices, const std::string& name) {
      return std::any_of(choices.begin(), choices.end(),
                         [&](const ComponentChoice& choice) { return choice.name == name; });
    };
    if (!has(config.variants, options_.reference_variant))
      problems->Add("reference_variant", fmt::format("no variant of this run is called '{}'",
                                                     options_.reference_variant));
    if (config.shares.contains(options_.reference_variant))
      problems->Add("reference_variant", "every recording needs it, so it can have no share");
    if (!options_.published_variant.empty() && !has(config.variants, options_.published_variant))
      problems->Add("published_variant", fmt::format("no variant of this run is called '{}'",
                                                     options_.published_variant));
    if (options_.panel.readers > 0) {
      const auto found = std::find_if(
          config.observers.begin(), config.observers.end(),
          [&](const ComponentChoice& choice) { return choice.name == options_.panel.measures; });
      if (found == config.observers.end() || found->type != "eye_measures")
        problems->Add("panel.measures",
                      fmt::format("no observer of type eye_measures is called '{}'",
                                  options_.panel.measures));
    }
  }

  ExperimentResult Score(const RunData& data, const std::string& name) override {
    const std::vector<EyeUnit> units = EyeUnits(data);
    ExperimentResult result;
    std::vector<std::string> readers;
    for (const ReaderGroup& group : GroupsOf(data, units)) {
      GroupScorer(data, options_, units, group, name, &result.figures).Score();
      readers.push_back(group.name);
    }
    result.tables = Tables();
    if (!options_.published_variant.empty())
      result.grids.push_back(
          PublishedComparison(result.figures, options_.published_variant, readers));
    return result;
  }

  std::vector<SubjectValue> SubjectValues(const RunData& data) override {
    const std::vector<EyeUnit> units = EyeUnits(data);
    std::vector<SubjectValue> values;
    for (const ReaderGroup& group : GroupsOf(data, units))
      AddSubjectValues(data, units, group, options_.reference_variant, &values);
    return values;
  }

 private:
  std::vector<ReaderGroup> GroupsOf(const RunData& data, const std::vector<EyeUnit>& units) const {
    std::vector<ReaderGroup> groups;
    for (const ComponentChoice& observer : data.config().observers)
      if (IsReader(observer.type)) groups.push_back(StoredReader(data, units, observer.name));
    if (options_.panel.readers > 0) groups.push_back(SimulatedPanel(data, units, options_.panel));
    for (const ImportedReadings& imported : data.Imported())
      groups.push_back(ImportedGroup(units, imported));
    return groups;
  }

  static std::vector<ReportTable> Tables() {
    const std::vector<std::string> plain = {"sex",        "age",      "ancestry", "resolution",
                                            "borderline", "severity", "person"};
    std::vector<ReportTable> tables = {
        {"Primary endpoints",
         "One per condition, fixed beforehand; P adjusted over conditions (Holm). 1: met.",
         {"primary_met", "primary_p_holm"}},
        {"Agreement with the original, per eye",
         "Cohen's κ of presence with its standard error; an eye that the original shows and the "
         "variant does not let be read counts as disagreement (failed). AC1: Gwet's, which does "
         "not "
         "fall with a rare condition. grade_kappa: quadratic weights. kind_kappa: which one. "
         "Shuffled: against other patients, so near 0. Of a panel: mean of its readers, readers "
         "and "
         "patients resampled. A panel is **simulated**.",
         {"presence_kappa", "presence_kappa_se", "presence_agreement", "presence_ac1",
          "grade_kappa", "kind_kappa", "presence_kappa_shuffled"}},
        {"Against reading the original again",
         "κ(original, masked) − κ(original, read again), patients resampled together; P that it is "
         "worse by more than the margin.",
         {"presence_kappa_minus_reread", "kappa_not_inferior_p"}},
        {"Right answers against the truth",
         "An eye that could not be read counts as wrong, and is placed worst in the AUC.",
         {"sensitivity", "specificity", "accuracy", "auc", "unread_share", "reader_fleiss_kappa"}},
        {"Masked against original: right answers",
         "Differences masked − original; P of no difference (Obuchowski; of a panel Student's t), "
         "P "
         "of a difference beyond the margin (two one-sided tests), both also adjusted over "
         "conditions (Holm); power of that test for what was read, and patients it would need.",
         {"accuracy_difference", "accuracy_difference_p", "accuracy_difference_p_holm",
          "accuracy_equivalence_p", "accuracy_equivalence_p_holm", "sensitivity_difference",
          "specificity_difference", "auc_difference", "equivalence_power",
          "equivalence_patients"}}};
    for (ReportTable& table : tables) table.without = plain;
    ReportTable strata{"By severity, closeness to a threshold, sex, age, ancestry, resolution",
                       "severity: eyes of that severity or kind and all without the condition.",
                       {"presence_kappa", "sensitivity", "accuracy"}};
    strata.rows = ReportTable::Rows::kByCondition;
    for (const std::string& key : plain) {
      strata.title = "Agreement and right answers by " + key;
      strata.with = {key};
      tables.push_back(strata);
    }
    return tables;
  }

  ConsistencyOptions options_;
};

}  // namespace
}  // namespace consistency

void RegisterDiagnosticConsistency(Registry<Experiment>* registry) {
  registry->Add<consistency::ConsistencyOptions>(
      {"diagnostic_consistency",
       1,
       "Whether readers give masked recordings the diagnoses of the originals, and right ones.",
       {}},
      [](const consistency::ConsistencyOptions& options, const Experiment::Context&) {
        return std::make_unique<consistency::DiagnosticConsistency>(options);
      });
}

}  // namespace maskbench
