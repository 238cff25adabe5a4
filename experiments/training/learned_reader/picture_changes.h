#pragma once

#include <opencv2/core.hpp>

#include "maskbench/core/rng.h"

#include "experiments/training/learned_reader/reading_shard.h"

namespace maskbench::training {

/// How a training picture is changed, drawn anew each time it is shown. Pictures of training are
/// originals without exception; what the network is meant to stand is a picture that is coarse,
/// noisy, coded, differently lit, or of other materials.
struct PictureChange {
  double shift_x = 0, shift_y = 0;  ///< Of the crop, shares of its width.
  double turn_rad = 0, scale = 1, stretch = 1;
  cv::Mat tones;  ///< 1 × 256, CV_8U: grey values by a random, mostly rising curve.
  double slope_x = 0, slope_y = 0;  ///< Light that falls off across the picture, grey levels.
  int coarser = 1;                  ///< Pixels along each axis that become one.
  double blur_px = 0, noise = 0, sharpen = 0;
  int median_px = 0;     ///< Takes texture away; 0 or odd.
  int jpeg_quality = 0;  ///< 0: not coded.
  bool glint = false;    ///< A bright spot somewhere.
  bool blank = false;    ///< The picture is missing.
};

/// @param face  whether it is for the face's picture, which changes more and may be missing.
PictureChange DrawPictureChange(NamedRandom* random, bool face);

/// Cuts kReaderCropHeight × kReaderCropWidth from a patch and changes it.
cv::Mat ChangePicture(const cv::Mat& patch, bool mirrored, const PictureChange& change,
                      NamedRandom* random);

}  // namespace maskbench::training
