#pragma once

#include <string>
#include <vector>

#include <opencv2/core.hpp>

namespace maskbench {

/// What the observer `emotion` tells apart, in the order of its numbers: angry, disgust, fear,
/// happy, sad, surprise, neutral (those of FER2013: Goodfellow et al., "Challenges in
/// representation learning", ICONIP 2013).
const std::vector<std::string>& MoodNames();

/// The most probable one; of equals the first. @param probabilities  of MoodNames(); throws
/// DataError when they are not as many.
int MoodOf(const std::vector<float>& probabilities);

/// 8-bit BGR → what the network `emotion` takes, one plane of rows × columns:
/// (0.2989 R + 0.587 G + 0.114 B − 0.5) · 2 with R, G, B from 0 to 1, as in human.js (emotion.ts).
void ToMoodPlane(const cv::Mat& bgr, float* plane);

}  // namespace maskbench
