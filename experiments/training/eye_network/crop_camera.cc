#include "experiments/training/eye_network/crop_camera.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "maskbench/render/sensor.h"

#include "experiments/training/eye_network/crop_people.h"

namespace maskbench::training {
namespace {

// Blur of a straight motion, centred on where the picture is.
cv::Mat Moved(const cv::Mat& linear, double length_px, double angle_rad) {
  const int reach = static_cast<int>(std::ceil(0.5 * length_px)) + 1;
  cv::Mat kernel = cv::Mat::zeros(2 * reach + 1, 2 * reach + 1, CV_32F);
  constexpr int kSteps = 64;
  for (int k = 0; k < kSteps; ++k) {
    const double t = ((k + 0.5) / kSteps - 0.5) * length_px;
    const double x = reach + t * std::cos(angle_rad), y = reach + t * std::sin(angle_rad);
    const int x0 = static_cast<int>(std::floor(x)), y0 = static_cast<int>(std::floor(y));
    const auto fx = static_cast<float>(x - x0), fy = static_cast<float>(y - y0);
    for (const auto& [dx, dy, weight] :
         {std::tuple(0, 0, (1 - fx) * (1 - fy)), std::tuple(1, 0, fx * (1 - fy)),
          std::tuple(0, 1, (1 - fx) * fy), std::tuple(1, 1, fx * fy)})
      kernel.at<float>(y0 + dy, x0 + dx) += weight / kSteps;
  }
  cv::Mat moved;
  cv::filter2D(linear, moved, CV_32F, kernel, {-1, -1}, 0, cv::BORDER_REPLICATE);
  return moved;
}

cv::Mat Jpeg(const cv::Mat& picture, int quality) {
  std::vector<std::uint8_t> bytes;
  cv::imencode(".jpg", picture, bytes, {cv::IMWRITE_JPEG_QUALITY, quality});
  return cv::imdecode(bytes, cv::IMREAD_COLOR);
}

// Steps of a video codec: colour at half resolution, blocks of transform coefficients that lie
// anywhere, and a filter that smooths what is flat.
cv::Mat Video(const cv::Mat& picture, NamedRandom* random) {
  cv::Mat luma_chroma;
  cv::cvtColor(picture, luma_chroma, cv::COLOR_BGR2YCrCb);
  cv::Mat planes[3];
  cv::split(luma_chroma, planes);
  const double coarse = Chance(random, 0.25) ? 0.25 : 0.5;
  for (int c = 1; c < 3; ++c) {
    cv::Mat small;
    cv::resize(planes[c], small,
               {std::max(2, static_cast<int>(picture.cols * coarse)),
                std::max(2, static_cast<int>(picture.rows * coarse))},
               0, 0, cv::INTER_AREA);
    cv::resize(small, planes[c], picture.size(), 0, 0, cv::INTER_LINEAR);
  }
  cv::merge(planes, 3, luma_chroma);
  cv::Mat coded;
  cv::cvtColor(luma_chroma, coded, cv::COLOR_YCrCb2BGR);
  const int left = static_cast<int>(random->Below(8)), top = static_cast<int>(random->Below(8));
  cv::copyMakeBorder(coded, coded, top, 0, left, 0, cv::BORDER_REPLICATE);
  coded = Jpeg(coded, static_cast<int>(Between(random, 25, 85)));
  coded = coded(cv::Rect({left, top}, picture.size())).clone();
  if (Chance(random, 0.6)) {
    cv::Mat smooth;
    cv::bilateralFilter(coded, smooth, 3, Between(random, 4, 16), 1.2);
    coded = smooth;
  }
  return coded;
}

}  // namespace

cv::Mat Photograph(const cv::Mat& linear, float level, double iris_px, NamedRandom* random) {
  cv::Mat light = linear;
  if (Chance(random, 0.1))
    light = Moved(light, iris_px * Between(random, 0.05, 0.22), Between(random, 0, 3.14159265));
  SensorRecipe sensor;
  // The camera brings what it exposes for to about a fifth of its range; often it misses.
  const double wanted =
      Chance(random, 0.75) ? BetweenLog(random, 0.12, 0.40) : BetweenLog(random, 0.03, 0.7);
  sensor.exposure_ev = std::clamp(std::log2(wanted / std::max(1e-4f, level)), -5.9, 5.9);
  sensor.white_balance_kelvin =
      Chance(random, 0.7) ? Between(random, 5400, 7800) : BetweenLog(random, 3600, 11000);
  sensor.gain_red = std::clamp(Near(random, 1, 0.05), 0.7, 1.4);
  sensor.gain_blue = std::clamp(Near(random, 1, 0.07), 0.7, 1.4);
  sensor.read_noise = BetweenLog(random, 0.0005, 0.007);
  sensor.shot_noise = BetweenLog(random, 0.00003, 0.0012);
  sensor.noise_correlation = Between(random, 0.2, 1.0);
  sensor.blur_px = Chance(random, 0.55)
                       ? BetweenLog(random, 0.35, 0.9)
                       : std::clamp(iris_px * BetweenLog(random, 0.025, 0.12), 0.4, 4.0);
  // Cameras and editors also scale and smooth what is encoded for the eye. Such blur leaves edges
  // where they look to be; blur of light lets bright parts grow, so that irises look smaller.
  double encoded_blur_px = 0;
  if (Chance(random, 0.45)) {
    encoded_blur_px = sensor.blur_px;
    sensor.blur_px = 0.35;
  }
  sensor.sharpening = Chance(random, 0.45) ? Between(random, 0.1, 1.6) : 0.0;
  sensor.vignetting = 0;
  sensor.shoulder = Between(random, 0.0, 0.6);
  sensor.saturation = Chance(random, 0.05) ? 0.0 : std::clamp(Near(random, 1.0, 0.2), 0.3, 1.7);
  const bool jpeg = Chance(random, 0.5), video = Chance(random, 0.45), scaled = Chance(random, 0.2);
  const std::uint64_t seed =
      (static_cast<std::uint64_t>(random->NextBits()) << 32) | random->NextBits();
  cv::Mat picture = Develop(light, sensor, seed, 0);
  if (encoded_blur_px > 0) cv::GaussianBlur(picture, picture, {}, encoded_blur_px);
  if (scaled) {
    const double factor = std::min(0.95, std::max(Between(random, 0.45, 0.9), 7 / iris_px));
    const cv::Size small(std::max(4, static_cast<int>(picture.cols * factor)),
                         std::max(4, static_cast<int>(picture.rows * factor)));
    cv::Mat shrunk;
    cv::resize(picture, shrunk, small, 0, 0, cv::INTER_AREA);
    cv::resize(shrunk, picture, picture.size(), 0, 0,
               Chance(random, 0.5) ? cv::INTER_LINEAR : cv::INTER_CUBIC);
  }
  if (jpeg) picture = Jpeg(picture, static_cast<int>(Between(random, 30, 95.99)));
  if (video) picture = Video(picture, random);
  return picture;
}

cv::Mat PlainPhotograph(const cv::Mat& linear, float level, NamedRandom* random) {
  constexpr double kWanted = 0.2;  // Of the range; about where Photograph brings most pictures.
  SensorRecipe sensor;
  sensor.exposure_ev = std::clamp(std::log2(kWanted / std::max(1e-4f, level)), -5.9, 5.9);
  sensor.vignetting = 0;
  const std::uint64_t seed =
      (static_cast<std::uint64_t>(random->NextBits()) << 32) | random->NextBits();
  return Develop(linear, sensor, seed, 0);
}

}  // namespace maskbench::training
