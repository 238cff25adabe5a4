#pragma once

#include <string>
#include <vector>

#include "maskbench/pipeline/figure.h"
#include "maskbench/pipeline/run_data.h"

namespace maskbench {

/// Adds detection_rate and frames_with_face of every variant, over all recordings and for each of
/// `conditions`. What the face tracker finds does not depend on who recognises, so there is one row
/// for each different min_frames of the recognisers; without recognisers there is none.
/// @param experiment  what the configuration calls it.
void AddDetectionFigures(const RunData& data, const std::string& experiment,
                         const std::vector<std::string>& conditions, std::vector<Figure>* figures);

}  // namespace maskbench
