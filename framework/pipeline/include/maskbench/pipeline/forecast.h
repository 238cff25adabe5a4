#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "maskbench/pipeline/earlier_work.h"
#include "maskbench/pipeline/run_folder.h"

namespace maskbench {

/// How long steps took and how large their files are, per frame of the recording, in earlier runs.
class StepCosts {
 public:
  struct Cost {
    double seconds_per_frame = std::numeric_limits<double>::quiet_NaN();
    double bytes_per_frame = std::numeric_limits<double>::quiet_NaN();
    /// Of the same component with other options, or of another version.
    bool other_options = false;
  };

  /// Learns from the steps that a run's folder says were done; from none where it holds no run.
  /// @return how many. Throws DataError for a damaged folder.
  int Learn(const std::filesystem::path& folder);

  /// Mean over steps of the same stage, component, version and options, or else of the same stage
  /// and component. NaN where nothing is known. Drawings count as one, whoever they show.
  Cost Of(const Node& node) const;
  /// Mean number of frames of a recording; NaN where nothing is known.
  double MeanFrames() const;
  /// What a step adds to the store, bytes; NaN where nothing is known.
  double StoreBytesPerStep() const;

 private:
  struct Sum {
    double seconds = 0, bytes = 0;
    double frames = 0, frames_with_file = 0;
  };
  std::map<std::string, Sum> exact_, alike_;
  double frames_ = 0, recordings_ = 0, store_bytes_ = 0, store_steps_ = 0;
};

/// What is left of a run, by stage and component.
struct Forecast {
  struct Row {
    Stage stage = Stage::kRender;
    std::string component;
    /// `shared` are among those left: another run of the sweep does them.
    int steps = 0, done = 0, failed = 0, shared = 0, left = 0;
    /// Of what is left and not shared, on one thread; NaN where a step's time is not known.
    double seconds = 0;
    bool other_options = false;
  };
  std::vector<Row> rows;
  /// Recordings under a variant: all, those with every step done, and those with one that failed.
  int cases = 0, cases_done = 0, cases_failed = 0;
  int steps = 0, done = 0, failed = 0, shared = 0, left = 0;
  double seconds = 0;
  /// Of files that stay and of the store, for what is left; NaN where it is not known.
  double bytes = 0;
};

/// @param outcomes  of the run's store; empty where there is none. Files are looked for, not read.
/// @param elsewhere  keys of steps that an earlier run of the same sweep does; those of this run
/// are added.
Forecast ForecastRun(const RunDescription& run, const std::map<std::string, NodeOutcome>& outcomes,
                     const std::filesystem::path& out, const StepCosts& costs,
                     std::set<std::string>* elsewhere);

}  // namespace maskbench
