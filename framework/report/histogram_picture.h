#pragma once

#include <vector>

#include <opencv2/core.hpp>

#include "maskbench/pipeline/experiment.h"

namespace maskbench {

/// Draws histograms as densities: a row per variant, a column per recogniser, in order of
/// appearance. Behind each panel stand, as lines, the distributions of the panel whose variant is
/// the gallery's. The same histograms give the same pixels.
/// @return 8-bit BGR; empty when there is no comparison at all, not even a failed one.
cv::Mat DrawHistograms(const std::vector<ReportHistogram>& panels);

}  // namespace maskbench
