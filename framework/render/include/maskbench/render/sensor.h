#pragma once

#include <cstdint>
#include <vector>

#include <Eigen/Core>
#include <opencv2/core.hpp>

#include "maskbench/core/option_table.h"

namespace maskbench {

/// How a camera turns light into bytes. Signal 1.0 is a channel's saturation. Defaults: a good
/// webcam in a well-lit room.
struct SensorRecipe {
  double exposure_ev = 0.0;  ///< −6…6; +1 doubles the signal.
  double white_balance_kelvin =
      6504.0;                   ///< 2000…15000; the light the camera believes in. D65 is true.
  double gain_red = 1.0;        ///< 0.25…4; after the balance, relative to green.
  double gain_blue = 1.0;       ///< 0.25…4.
  double read_noise = 0.002;    ///< 0…0.1; standard deviation without light.
  double shot_noise = 0.00015;  ///< 0…0.05; variance per signal: variance = read² + shot·signal.
  double noise_correlation = 0.5;  ///< 0…1; between the noise of the colour channels: 1 is grey.
  double blur_px = 0.6;            ///< 0…20; standard deviation of the lens' point spread.
  double sharpening = 0.0;         ///< 0…3; unsharp mask after the tone curve, of radius 1 px.
  double vignetting = 0.1;         ///< 0…0.9; part of the light lost in the corners.
  double shoulder = 0.25;   ///< 0…0.9; upper part of the range that highlights roll off in.
  double saturation = 1.0;  ///< 0…2; 0 is grey.
  int jpeg_quality = 0;     ///< 0 off, else 1…100.

  static const OptionTable<SensorRecipe>& Options();
};

/// Picture of a scene.
/// @param linear_rgb  CV_32FC3, R, G, B order, linear sRGB primaries.
/// @param seed, frame  noise is a pure function of both and of the pixel.
/// @return CV_8UC3, B, G, R order, of the same size.
cv::Mat Develop(const cv::Mat& linear_rgb, const SensorRecipe& recipe, std::uint64_t seed,
                std::int64_t frame);

/// The first half of Develop: what the sensor measured, before white balance and tone curve.
/// CV_32FC3, R, G, B order; may be below 0 or above 1.
cv::Mat Expose(const cv::Mat& linear_rgb, const SensorRecipe& recipe, std::uint64_t seed,
               std::int64_t frame);

/// Factors on R, G, B that make the light of `kelvin` grey; (1, 1, 1) at 6504 K. Their
/// luminance-weighted mean is 1, so that grey keeps its brightness.
Eigen::Vector3f WhiteBalanceGains(double kelvin);

/// Mean of linear pictures of one size: motion blur from sub-frames.
cv::Mat AverageFrames(const std::vector<cv::Mat>& linear_frames);

}  // namespace maskbench
