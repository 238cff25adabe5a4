#pragma once

#include <string>

#include "maskbench/core/option_table.h"

namespace maskbench::training {

/// How much the learned reader is made of, at effort 1. The delivered one was made with the
/// defaults.
struct ReaderRecipeOptions {
  int frame_patients = 900, recording_patients = 200, validation_patients = 30, test_patients = 45,
      examination_patients = 600;
  double second_share = 0.5;
  int frame_steps = 9000, time_steps = 2500;

  static const OptionTable<ReaderRecipeOptions>& Options();
  /// Throws UsageError.
  static ReaderRecipeOptions Parse(const Json& json);

  /// As options of the command line, " --set frame_steps=500"; empty for the defaults.
  std::string CommandText() const;
};

}  // namespace maskbench::training
