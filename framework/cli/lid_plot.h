#pragma once

#include <filesystem>

#include "maskbench/perception/observer.h"

namespace maskbench {

/// Draws every per-frame measure that both eyes share, right and left in two colours, over time;
/// blinks are shaded. @param rate_hz  frames per second.
void WriteMeasurePlot(const Observations& observations, double rate_hz,
                      const std::filesystem::path& picture);

}  // namespace maskbench
