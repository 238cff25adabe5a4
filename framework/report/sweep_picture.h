#pragma once

#include <vector>

#include <opencv2/core.hpp>

#include "maskbench/report/sweep_report.h"

namespace maskbench {

/// One panel per metric, values with their intervals over the swept option, in two columns. Empty
/// without panels.
cv::Mat DrawSweep(const std::vector<SweepPanel>& panels);

}  // namespace maskbench
