#include "maskbench/recognition/mood.h"

#include <algorithm>

#include <fmt/format.h>

#include "maskbench/core/error.h"

namespace maskbench {

const std::vector<std::string>& MoodNames() {
  static const std::vector<std::string> names = {"angry", "disgust",  "fear",   "happy",
                                                 "sad",   "surprise", "neutral"};
  return names;
}

int MoodOf(const std::vector<float>& probabilities) {
  if (probabilities.size() != MoodNames().size()) {
    throw DataError(fmt::format("{} probabilities are not those of the {} moods.",
                                probabilities.size(), MoodNames().size()));
  }
  return static_cast<int>(std::max_element(probabilities.begin(), probabilities.end()) -
                          probabilities.begin());
}

void ToMoodPlane(const cv::Mat& bgr, float* plane) {
  for (int row = 0; row < bgr.rows; ++row) {
    const auto* from = bgr.ptr<cv::Vec3b>(row);
    for (int column = 0; column < bgr.cols; ++column) {
      const cv::Vec3b& pixel = from[column];
      const float grey =
          (0.114F * static_cast<float>(pixel[0]) + 0.587F * static_cast<float>(pixel[1]) +
           0.2989F * static_cast<float>(pixel[2])) /
          255;
      *plane++ = (grey - 0.5F) * 2;
    }
  }
}

}  // namespace maskbench
