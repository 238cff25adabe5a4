#pragma once

#include <array>
#include <memory>
#include <vector>

#include <opencv2/core.hpp>

#include "maskbench/nn/network_library.h"

namespace maskbench {

struct FaceDetection {
  /// Full-frame pixels.
  cv::Rect2f box;
  float score = 0;
  /// Image-left eye, image-right eye, nose, mouth, image-left ear, image-right ear.
  std::array<cv::Point2f, 6> points{};
};

/// BlazeFace with score-weighted non-maximum suppression (Bazarevsky et al., "BlazeFace", 2019).
class FaceDetector {
 public:
  /// @param network    "blazeface_front" (near faces) or "blazeface" (also farther ones).
  /// @param min_score  detections below are dropped, 0 … 1.
  FaceDetector(const NetworkLibrary& networks, const std::string& network, float min_score);

  /// Faces by descending box area. A frame without a finding is tried again with a border around
  /// it, since the network misses faces that fill the picture.
  std::vector<FaceDetection> Detect(const cv::Mat& bgr);

 private:
  std::vector<FaceDetection> DetectWithBorder(const cv::Mat& bgr, float border);

  std::unique_ptr<Network> network_;
  int side_;
  float min_score_;
  std::vector<float> input_;
  std::vector<Tensor> outputs_;
};

}  // namespace maskbench
