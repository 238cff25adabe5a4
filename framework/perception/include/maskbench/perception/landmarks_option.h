#pragma once

#include <string>

#include "maskbench/core/option_table.h"

namespace maskbench {

/// Option of observers that can be told where the face is (ComponentInfo::takes_landmarks).
struct LandmarksOption {
  std::string landmarks = "detected";

  /// @tparam O  derives from this.
  template <class O>
  static void AddTo(OptionTable<O>* table) {
    table->Add(
        "landmarks", static_cast<std::string O::*>(&O::landmarks),
        "Where the face is. detected: where it is found in the delivered frames; frames "
        "without a face are not looked at. oracle: where nothing is found, where the "
        "original's face is, so that breaking the detector neither hides who somebody is nor "
        "makes signs unreadable. That is an ORACLE, which no outsider has; the observer's "
        "name has to say so.",
        {OneOf({"detected", "oracle"})});
  }
};

}  // namespace maskbench
