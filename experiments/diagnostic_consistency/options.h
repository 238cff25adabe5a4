#pragma once

#include <string>
#include <vector>

#include "maskbench/core/option_table.h"

#include "experiments/diagnostic_consistency/simulated_panel.h"

namespace maskbench::consistency {

/// The one question that is asked of a condition, fixed before anything is read.
struct PrimaryEndpoint {
  std::string condition;
  std::string reader;
  std::string endpoint = "presence_kappa";
  double least = 0.8;

  static const OptionTable<PrimaryEndpoint>& Options();
};

struct ConsistencyOptions {
  std::string reference_variant = "original";
  std::string reread_variant = "re_read";
  double accuracy_margin = 0.05, kappa_margin = 0.05;
  double power = 0.8;
  int resamples = 2000;
  bool strata = true;
  std::vector<PrimaryEndpoint> primary;
  PanelOptions panel;
  std::string published_variant;

  static const OptionTable<ConsistencyOptions>& Options();
};

}  // namespace maskbench::consistency
