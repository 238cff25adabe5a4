#pragma once

#include <map>
#include <string>
#include <vector>

#include "maskbench/pipeline/figure.h"
#include "maskbench/pipeline/run_data.h"
#include "maskbench/stats/equivalence.h"
#include "maskbench/stats/paired_proportions.h"

#include "experiments/diagnostic_consistency/answer_tables.h"
#include "experiments/diagnostic_consistency/eye_units.h"
#include "experiments/diagnostic_consistency/options.h"

namespace maskbench::consistency {

/// All figures of one reader or panel.
class GroupScorer {
 public:
  /// @param name  of the experiment. @param figures  outlives this.
  GroupScorer(const RunData& data, const ConsistencyOptions& options,
              const std::vector<EyeUnit>& units, const ReaderGroup& group, const std::string& name,
              std::vector<Figure>* figures);

  void Score();

 private:
  /// Where a figure belongs.
  struct Place {
    std::string arm;
    size_t condition = 0;
    std::map<std::string, std::string> stratum = {};
    UnitFilter filter = {};
  };
  /// Tests that are adjusted over conditions.
  struct Tests {
    double difference_p, equivalence_p;
    double primary_p;
    bool has_primary = false;
    std::string primary_parameter{};
  };
  /// Hits among the eyes of each patient, for one reader.
  struct Shares {
    std::vector<double> hits, n;
  };
  enum class Kind { kAccuracy, kSensitivity, kSpecificity };

  // group_scorer.cc
  Figure& Add(const Place& place, const std::string& metric, double value, size_t n, int failed);
  void AddEstimate(const Place& place, const std::string& metric, const IntervalEstimate& estimate,
                   size_t n, int patients, int failed);
  NamedRandom Random(const Place& place, const std::string& purpose) const;
  const PrimaryEndpoint* PrimaryOf(size_t condition) const;
  void ScoreArm(const Place& place, Tests* tests);
  void ScoreStrata(const std::string& arm, size_t condition);
  void AddAdjusted(const std::string& arm, const std::vector<Tests>& tests);
  std::vector<std::pair<std::map<std::string, std::string>, UnitFilter>> Strata(
      size_t condition) const;
  /// Of one-sided tests of a panel's estimate: Student's t of readers − 1.
  double PanelDegrees() const { return group_.members - 1; }

  // agreement_figures.cc
  void AddAgreement(const Place& place, Tests* tests);
  /// Of people's answers: κ of each alone, in the order of the study's readers.
  void AddKappaOfEachPerson(const Place& place);
  void AddGrades(const Place& place);
  void AddShuffled(const Place& place);
  void AddAgainstReread(const Place& place, Tests* tests);
  void AddBetweenReaders(const Place& place);
  void AddKappaOfStratum(const Place& place);
  double KappaAbove(const AnswerTables& tables, const std::vector<PanelReading>& readings,
                    double least, const Place& place) const;

  // accuracy_figures.cc
  void AddAccuracy(const Place& place, bool all);
  void AddRocArea(const Place& place);
  void AddDifferences(const Place& place, Tests* tests);
  bool Counts(Kind kind, const EyeUnit& unit, const Place& place) const;
  bool Right(int member, size_t unit, const Place& place, const std::string& arm) const;
  /// By member; only eyes that were asked in every one of the arms.
  std::vector<Shares> SharesOf(Kind kind, const Place& place, const std::string& arm,
                               const std::vector<std::string>& arms) const;
  /// Higher speaks for disease; an eye that could not be read is placed worst.
  double ScoreOf(int member, size_t unit, const Place& place, const std::string& arm) const;

  const RunData& data_;
  const ConsistencyOptions& options_;
  const std::vector<EyeUnit>& units_;
  const ReaderGroup& group_;
  const std::string name_;
  const int patients_;
  std::vector<Figure>* figures_;
};

}  // namespace maskbench::consistency
