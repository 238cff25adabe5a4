#pragma once

#include <array>

#include "maskbench/core/rng.h"
#include "maskbench/nn/eye_network.h"

#include "experiments/training/eye_network/eye_sample.h"

namespace maskbench::training {

/// How a crop is taken out of its patch and changed, while training.
struct CropChange {
  double shift_x_px = 0, shift_y_px = 0;  ///< Of the crop's centre, patch px.
  double scale = 1;                       ///< Of what the crop covers.
  double angle_rad = 0;
  std::array<float, 3> gain = {1, 1, 1};  ///< Per channel, of the pixel values.
  float offset = 0, gamma = 1;
  float noise = 0;    ///< Standard deviation, grey levels.
  float blur_px = 0;  ///< Standard deviation.
};

/// The placement errors and colour changes of training.
CropChange DrawChange(NamedRandom* random);
/// Its shift, scale and turn alone.
CropChange PlacementOf(const CropChange& change);

/// What the network should say of a crop. Weights of 0 leave a part out.
struct EyeTarget {
  /// Height of the margins at each column of the maps, crop px.
  std::array<float, kEyeMapWidth> upper{}, lower{}, upper_weight{}, lower_weight{};
  /// x, y and weight of medial corner, lateral corner, iris, pupil and reflex, crop px.
  std::array<std::array<float, 3>, kEyeMaps - 2> points{};
  float log_half_width = 0, log_half_height = 0, slant = 0, size_weight = 0;
  float iris_share = 0, reflex_seen = 0, pupil_seen = 0, in_sight = 0, shut = 0;
};

/// Cuts the crop and moves the labels along. `crop` becomes kEyeCropWidth × kEyeCropHeight.
/// @param random  for the noise.
EyeTarget MakeTarget(const cv::Mat& patch, const EyeLabel& label, const CropChange& change,
                     NamedRandom* random, cv::Mat* crop);

}  // namespace maskbench::training
