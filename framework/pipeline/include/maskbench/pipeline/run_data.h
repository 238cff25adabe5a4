#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "maskbench/pipeline/imported_readings.h"
#include "maskbench/pipeline/manifest.h"
#include "maskbench/pipeline/node.h"
#include "maskbench/pipeline/run_config.h"
#include "maskbench/pipeline/store.h"

namespace maskbench {

/// What an experiment sees: the truth of the data set and the observations of one run.
class RunData {
 public:
  /// @param out  the run's folder; empty: there is no truth of frames.
  RunData(RunConfig config, Dataset dataset, Plan plan, Store* store,
          std::filesystem::path out = {});

  const RunConfig& config() const { return config_; }
  const Dataset& dataset() const { return dataset_; }
  /// Recordings that take part, in manifest order.
  const std::vector<std::string>& recordings() const { return plan_.recordings; }
  const std::vector<Node>& nodes() const { return plan_.nodes; }
  /// nullptr when the node has not been done.
  const NodeOutcome* OutcomeOf(const Node& node) const;
  /// Whether the recording is masked by that variant in this run; a variant may have a share of the
  /// subjects only (RunConfig::shares).
  bool IsPlanned(const std::string& recording, const std::string& variant) const {
    return planned_.count({recording, variant}) > 0;
  }
  /// What `observer` saw of a recording under a variant; nothing when any step of the case failed.
  std::optional<Observations> Observed(const std::string& recording, const std::string& variant,
                                       const std::string& observer) const;
  /// The truth of every frame of a virtual recording, as its maker documents it; nothing for other
  /// recordings and for those that were not drawn. Throws DataError when the file is damaged.
  std::optional<Json> FrameTruth(const std::string& recording) const;
  /// Readings that were imported into the run's folder, by name. Throws DataError when a file is
  /// damaged.
  std::vector<ImportedReadings> Imported() const;
  /// Frames per second of a node's recording; NaN when it could not be read.
  double RateHz(const Node& node) const;

 private:
  RunConfig config_;
  Dataset dataset_;
  Plan plan_;
  Store* store_;
  std::filesystem::path out_;
  std::map<std::string, NodeOutcome> outcomes_;
  std::map<std::vector<std::string>, const Node*> observe_nodes_;
  std::map<std::string, const Node*> render_nodes_;
  std::set<std::pair<std::string, std::string>> planned_;
};

}  // namespace maskbench
