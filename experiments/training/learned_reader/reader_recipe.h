#pragma once

#include <string>

#include "maskbench/core/option_table.h"

namespace maskbench::training {

/// How much the learned reader is made of, at effort 1. The delivered one was made with the
/// defaults.
struct ReaderRecipeOptions {
  int frame_patients = 300, recording_patients = 100, validation_patients = 30, test_patients = 45,
      examination_patients = 120;
  double second_share = 0;
  int frame_steps = 2400, time_steps = 1000;

  static const OptionTable<ReaderRecipeOptions>& Options();
  /// Throws UsageError.
  static ReaderRecipeOptions Parse(const Json& json);

  /// As options of the command line, " --set frame_steps=500"; empty for the defaults.
  std::string CommandText() const;
};

}  // namespace maskbench::training
