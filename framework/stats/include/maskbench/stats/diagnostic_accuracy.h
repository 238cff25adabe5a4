#pragma once

#include <vector>

#include "maskbench/stats/proportion.h"

namespace maskbench {

/// What a reader said of an eye whose truth is known.
struct DiagnosticReading {
  int patient = 0;
  bool diseased = false;  ///< Truth.
  bool called = false;    ///< The reader's answer; a failed reading is a wrong one.
};

/// How often a reader is right. Without eyes of a kind the share has `kNoData`.
struct DiagnosticAccuracy {
  Proportion sensitivity;  ///< Over diseased eyes.
  Proportion specificity;  ///< Over the others.
  Proportion accuracy;     ///< Over all.
};

/// Intervals respect two eyes per patient (see ClusteredProportion).
DiagnosticAccuracy AccuracyOf(const std::vector<DiagnosticReading>& readings,
                              double confidence = 0.95);

}  // namespace maskbench
