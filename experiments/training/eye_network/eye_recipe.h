#pragma once

#include <string>

#include "maskbench/core/option_table.h"
#include "maskbench/nn/eye_network.h"

namespace maskbench::training {

/// The eye network's recipe: how much of it, and what of it can be left out, to see what it brings.
/// The delivered network was made with the defaults.
struct EyeRecipeOptions {
  int subjects = 500, steps = 16000;
  bool randomisation = true;
  std::string head = "maps";

  static const OptionTable<EyeRecipeOptions>& Options();
  /// Throws UsageError.
  static EyeRecipeOptions Parse(const Json& json);

  EyeNetworkHead Head() const { return EyeNetworkHeadOf(head); }
  /// As options of the command line, " --set head=regression"; empty for the defaults.
  std::string CommandText() const;
};

}  // namespace maskbench::training
