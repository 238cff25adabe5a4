#pragma once

#include <opencv2/core.hpp>

#include "maskbench/perception/eye_network.h"

namespace maskbench {

/// Puts the corneal reflex where the picture has it: onto the small bright spot next to where the
/// network expects it, to a fraction of a pixel (centroid of what stands out of its surroundings).
/// Leaves the network's place and error where no spot stands out, or two do.
/// @param bgr  8-bit frame that `eye` was read from.
void RefineReflex(const cv::Mat& bgr, EyeEvidence* eye);

}  // namespace maskbench
