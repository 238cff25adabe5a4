#pragma once

#include <vector>

#include <opencv2/core.hpp>

namespace maskbench {

/// Rotation, uniform scale and shift that carry `from` onto `to` with the least squared error
/// (Umeyama 1991, without reflection). Both have the same number of points, at least two.
/// @return 2×3, to = M · (from, 1).
cv::Matx23d FitSimilarity(const std::vector<cv::Point2d>& from, const std::vector<cv::Point2d>& to);

}  // namespace maskbench
