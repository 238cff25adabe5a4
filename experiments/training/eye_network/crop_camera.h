#pragma once

#include <opencv2/core.hpp>

#include "maskbench/core/rng.h"

namespace maskbench::training {

/// Turns linear radiance (CV_32FC3, R, G, B) into a picture (CV_8UC3, B, G, R) as some camera,
/// codec and player would: exposure, balance, noise, blur, motion, sharpening, JPEG, the marks of
/// video compression, scaling down and up. Nothing is shifted.
/// @param level    mean radiance of what the camera exposes for.
/// @param iris_px  width of the iris, which blur is measured by.
cv::Mat Photograph(const cv::Mat& linear, float level, double iris_px, NamedRandom* random);

/// The same camera for all: a good webcam that exposes right, without a codec.
cv::Mat PlainPhotograph(const cv::Mat& linear, float level, NamedRandom* random);

}  // namespace maskbench::training
