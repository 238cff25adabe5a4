#pragma once

#include <string>
#include <vector>

#include "maskbench/core/option_table.h"

namespace maskbench {

/// Options of the experiment `reidentification`.
struct ReidentificationOptions {
  std::vector<std::string> attackers = {"face_to_face", "mask_to_face"};
  std::vector<std::string> cross{};
  std::vector<std::string> pairings = {"different_recording", "different_session"};
  std::string gallery_variant = "original";
  std::vector<double> false_accept_rates = {0.1, 0.01, 0.001};
  std::vector<double> false_positive_rates = {0.1, 0.01};
  double omega = 1, planted_leak = 0.1, sign_error_scale = 1;
  double validation_share = 0.25, sign_tolerance = 1.5;
  int choices = 5;
  std::string fusion = "z_norm";
  int resamples = 1000;

  static const OptionTable<ReidentificationOptions>& Options();
};

}  // namespace maskbench
