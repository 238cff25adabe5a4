#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "maskbench/pipeline/figure.h"
#include "maskbench/pipeline/run_data.h"

namespace maskbench {

/// A table for people: rows are variants (and whatever else differs), columns are metrics.
struct ReportTable {
  std::string title;
  /// What a reader must know to read it: protocol, units.
  std::string explanation;
  std::vector<std::string> metrics;
};

struct ExperimentResult {
  std::vector<Figure> figures;
  /// Figures that no second run can repeat: times and memory.
  std::vector<Figure> timings;
  std::vector<ReportTable> tables;
};

/// Observations + truth → figures. A pure function: the same data and seed give the same figures.
class Experiment {
 public:
  struct Context {};

  virtual ~Experiment() = default;
  /// Adds what this experiment cannot work with in a configuration, before anything is run.
  virtual void Check(const RunConfig&, Problems*) const {}
  /// @param name  what the configuration calls this experiment; stands in its figures.
  virtual ExperimentResult Score(const RunData& data, const std::string& name) = 0;
};

}  // namespace maskbench
