#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "maskbench/pipeline/figure.h"
#include "maskbench/pipeline/run_data.h"
#include "maskbench/stats/histogram.h"

namespace maskbench {

/// A table for people: rows are variants (and whatever else differs), columns are metrics.
struct ReportTable {
  /// Which figures it shows: all, those over all conditions, or those of single conditions with at
  /// least kMinimumUnits units.
  enum class Rows { kAll, kOverall, kByCondition };

  std::string title;
  /// What a reader must know to read it: protocol, units.
  std::string explanation;
  std::vector<std::string> metrics;
  Rows rows = Rows::kAll;
  /// Only figures whose group has all of these and none of those; each "key" or "key=value".
  std::vector<std::string> with{}, without{};
};

/// How scores are distributed under one variant. Bins are the same in every run, so that runs can
/// be laid side by side.
struct ReportHistogram {
  struct Series {
    /// E.g. "genuine".
    std::string name;
    BinCounts bins;
    /// Without a score, because a side failed; in no bin.
    int64_t failed = 0;
  };
  struct Mark {
    std::string name;
    double at = 0;
  };

  /// As in the figures of the same scores.
  std::string variant, group, recogniser, attacker, gallery_variant;
  /// What is counted, and its unit.
  std::string metric, unit;
  /// Ascending, one more than the bins of each series.
  std::vector<double> edges;
  std::vector<Series> series;
  std::vector<Mark> marks;
};

/// Histograms that make one picture: a row per variant, a column per recogniser. The variant that
/// is also the gallery's is drawn again, as lines, behind the others.
struct ReportHistograms {
  /// Stands in the picture's file name; one of its own in each experiment.
  std::string name;
  std::string title;
  /// What a reader must know to read it.
  std::string explanation;
  std::vector<ReportHistogram> panels;
};

/// A table for people that is shown as it is, for what is no figure of this run alone, such as a
/// comparison with published values. Cells are Markdown.
struct ReportGrid {
  std::string title;
  /// What a reader must know to read it.
  std::string explanation;
  std::vector<std::string> header;
  /// As many cells as the header has.
  std::vector<std::vector<std::string>> rows;
};

struct ExperimentResult {
  std::vector<Figure> figures;
  /// Figures that no second run can repeat: times and memory.
  std::vector<Figure> timings;
  std::vector<ReportTable> tables;
  std::vector<ReportGrid> grids{};
  std::vector<ReportHistograms> histograms;
};

/// Observations + truth → figures. A pure function: the same data and seed give the same figures.
class Experiment {
 public:
  struct Context {};

  virtual ~Experiment() = default;
  /// Adds what this experiment cannot work with in a configuration, before anything is run.
  virtual void Check(const RunConfig&, Problems*) const {}
  /// The same of a data set. @param recordings  those that take part, in manifest order.
  virtual void CheckData(const Dataset&, const std::vector<std::string>& /*recordings*/,
                         Problems*) const {}
  /// @param name  what the configuration calls this experiment; stands in its figures.
  virtual ExperimentResult Score(const RunData& data, const std::string& name) = 0;
};

}  // namespace maskbench
