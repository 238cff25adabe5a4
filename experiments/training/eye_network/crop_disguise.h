#pragma once

#include <array>
#include <vector>

#include <opencv2/core.hpp>

#include "maskbench/core/rng.h"
#include "maskbench/render/eye_truth.h"
#include "maskbench/render/scene.h"

namespace maskbench::training {

/// Where pixels lie with respect to an eye's true margins, for painting. All maps are CV_32F over
/// `area` of the picture.
struct EyeField {
  cv::Rect area;
  double px_per_mm = 1;
  cv::Mat along;     ///< 0 at the medial corner, 1 at the lateral one; beyond them < 0 and > 1.
  cv::Mat above_px;  ///< Distance above the upper margin's edge, negative below it.
  cv::Mat below_px;  ///< Distance below the lower margin's edge, negative above it.
  cv::Mat globe;     ///< 0 … 1: share of the pixel between the margins.
};
EyeField MakeEyeField(const EyeFrameTruth& truth, double px_per_mm, cv::Rect area);

/// What was painted, for labels.
struct Disguise {
  bool make_up = false;
};

/// Paints over the field's area of a linear picture (CV_32FC3, R, G, B), along the true margins,
/// what people's eyes have and the renderer does not draw or draws in one way only: lash line,
/// lashes, creases, bags, shadow of the upper lid on the globe, tear line, rim, shading, spots; in
/// part also make-up. Nothing is moved, so labels stay.
/// @param labels  Part per pixel of the area.
/// @param white   radiance that the camera will show as white.
Disguise PaintDisguise(const EyeField& field, const EyeFrameTruth& truth, const cv::Mat& labels,
                       float white, NamedRandom* random, cv::Mat* linear);

}  // namespace maskbench::training
