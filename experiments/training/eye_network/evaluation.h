#pragma once

#include <map>
#include <string>
#include <vector>

#include "maskbench/core/json.h"
#include "maskbench/nn/network.h"

#include "experiments/training/eye_network/crop_generator.h"

namespace maskbench::training {

/// Errors of the network over some samples; MRD1 counts from the centre of the iris here, since a
/// reflex is not always there.
struct GroupErrors {
  int samples = 0;  ///< With an iris and an upper margin to measure from.
  double mrd1_mae_mm = 0, mrd1_bias_mm = 0, mrd1_slope = 0;
  double upper_mae_mm = 0, lower_mae_mm = 0;
  double iris_x_mae_mm = 0, iris_y_mae_mm = 0, iris_width_mae_share = 0;
  double corners_mae_mm = 0;
};

/// Collects errors by group, as delivered: the network's own outputs, decoded.
class CropEvaluation {
 public:
  /// @param network  of the eye network's contract, batch 1.
  explicit CropEvaluation(Network* network) : network_(*network) {}
  void Add(const std::vector<EyeSample>& samples);

  /// Groups in the order in which they are to be read: "all", then by the iris' diameter in the
  /// source picture, ancestry, glasses, make-up, pose, MRD1, visible share of the iris.
  std::vector<std::pair<std::string, GroupErrors>> Groups() const;
  /// Shares of shut eyes called shut and of open ones called shut, and of covered ones called
  /// covered; with the counts.
  Json States() const;

 private:
  struct Row {
    double truth_mm, read_mm, upper_mm, lower_mm, x_mm, y_mm, width_share, corners_mm;
  };
  Network& network_;
  std::map<std::string, std::vector<Row>> rows_;
  int shut_ = 0, shut_found_ = 0, open_ = 0, open_called_shut_ = 0, covered_ = 0,
      covered_found_ = 0, free_ = 0, free_called_covered_ = 0;
};

Json ToJson(const std::vector<std::pair<std::string, GroupErrors>>& groups);
/// As a table in Markdown.
std::string TableOf(const std::vector<std::pair<std::string, GroupErrors>>& groups);

}  // namespace maskbench::training
