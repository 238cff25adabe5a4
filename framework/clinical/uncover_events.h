#pragma once

#include <array>
#include <vector>

#include "maskbench/clinical/alignment.h"

namespace maskbench {

/// Where each eye points while the other is covered.
std::array<FixationReference, 2> FixationReferences(const EyeRecord& record,
                                                    const FrameStates& states);

/// What uncovered eyes show before they move.
std::vector<UncoverEvent> FindUncoverEvents(const EyeRecord& record, const FrameStates& states,
                                            const std::array<FixationReference, 2>& references);

}  // namespace maskbench
