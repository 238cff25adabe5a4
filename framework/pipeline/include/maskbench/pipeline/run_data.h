#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

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
  /// What `observer` saw of a recording under a variant; nothing when any step of the case failed.
  std::optional<Observations> Observed(const std::string& recording, const std::string& variant,
                                       const std::string& observer) const;
  /// The truth of every frame of a virtual recording, as its maker documents it; nothing for other
  /// recordings and for those that were not drawn. Throws DataError when the file is damaged.
  std::optional<Json> FrameTruth(const std::string& recording) const;
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
};

}  // namespace maskbench
