#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "maskbench/pipeline/figure.h"
#include "maskbench/pipeline/sweep.h"

namespace maskbench {

/// A figure of a run in a sweep, and where it stands there.
struct SweptFigure {
  std::string run;    ///< Folder of the run; empty when there is one run.
  SweepPlace of_run;  ///< Without values when runs are not swept.
  std::string from;   ///< The variant that was swept; empty for others.
  SweepPlace of_variant;
  Figure figure;
};

/// A metric over a swept option: what one panel of the picture and one table show.
struct SweepPanel {
  struct Dot {
    Json at;
    Figure figure;
  };
  /// Variants and values that stay the same along a line.
  struct Line {
    std::string name;
    std::vector<Dot> dots;
  };
  std::string title, axis, unit;
  std::vector<Line> lines;
  /// Variants that are not swept.
  std::vector<Line> references;
  /// Values of the axis, in the order of the sweep; ascending when all are numbers.
  std::vector<Json> at;
  bool numeric = false;
};

/// Panels of what is to be shown: metrics as in SweepOptions::show. Conditions are left out.
std::vector<SweepPanel> SweepPanels(const std::vector<SweptFigure>& figures,
                                    const std::vector<std::string>& show);

/// Columns: run, those of figures.csv, one per swept path.
std::string SweepCsv(const std::vector<SweptFigure>& figures);

/// Writes sweep.csv, sweep.md and sweep.png from the reports of a sweep's runs. Does nothing where
/// nothing was swept. @param out  folder of a run whose variants are swept, or of several runs.
void WriteSweepReport(const std::filesystem::path& out);

/// Says in sweep.json which runs and variants there are; removes it, and what came of it, where
/// nothing is swept.
void WriteSweepDescription(const std::filesystem::path& out, const std::vector<SweptRun>& runs);
/// Reads it back, without configurations; empty where nothing was swept. Throws DataError.
std::vector<SweptRun> ReadSweepDescription(const std::filesystem::path& out);
/// Names of the runs below a sweep's folder; empty where there is one run.
std::vector<std::string> RunsOfSweep(const std::filesystem::path& out);

}  // namespace maskbench
