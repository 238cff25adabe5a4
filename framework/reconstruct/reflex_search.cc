#include "reflex_search.h"

#include <algorithm>
#include <cmath>

#include <opencv2/imgproc.hpp>

namespace maskbench {
namespace {

constexpr double kIrisRadiusMm = 5.85;
// How far from the network's place the spot is looked for, and how a far one counts less: the
// network's errors are of this standard deviation.
constexpr double kReachMm = 0.9, kExpectedMm = 0.35;
// A spot is smaller than this; what is larger belongs to the surroundings.
constexpr double kSpotMm = 1.1;
constexpr int kLeastSpotPx = 5;
// Stands out by so many levels, and against a second spot by this ratio.
constexpr float kLeastContrast = 14;
constexpr float kSecondSpot = 0.7F;
// Of a spot's peak, what of it counts for its place.
constexpr float kFootShare = 0.3F;
// Expected absolute error of a spot's place: of the centroid, and what eyes' shapes add.
constexpr double kSpotErrorPx = 0.15, kSpotErrorMm = 0.03;

}  // namespace

void RefineReflex(const cv::Mat& bgr, EyeEvidence* eye) {
  const double px_per_mm = eye->IrisRadiusPx() / kIrisRadiusMm;
  if (!(eye->reflex_seen > 0.5) || !(eye->in_sight > 0.5) || !(px_per_mm > 0.5)) return;
  const int spot = 2 * (std::max(kLeastSpotPx, static_cast<int>(kSpotMm * px_per_mm)) / 2) + 1;
  const int reach = static_cast<int>(std::ceil(kReachMm * px_per_mm));
  const cv::Point middle(cvRound(eye->reflex.at.x), cvRound(eye->reflex.at.y));
  const int half = reach + spot;
  const cv::Rect window = cv::Rect(middle.x - half, middle.y - half, 2 * half + 1, 2 * half + 1) &
                          cv::Rect(0, 0, bgr.cols, bgr.rows);
  if (window.width <= 2 * spot || window.height <= 2 * spot) return;
  cv::Mat gray, stands_out;
  cv::cvtColor(bgr(window), gray, cv::COLOR_BGR2GRAY);
  cv::morphologyEx(gray, stands_out, cv::MORPH_TOPHAT,
                   cv::getStructuringElement(cv::MORPH_ELLIPSE, {spot, spot}));
  const cv::Point2d expected = eye->reflex.at - cv::Point2d(window.tl());
  const double spread = 2 * std::pow(kExpectedMm * px_per_mm, 2);
  const auto score = [&](int x, int y) {
    const double d = std::pow(x - expected.x, 2) + std::pow(y - expected.y, 2);
    if (d > reach * reach) return 0.0F;
    return static_cast<float>(stands_out.at<std::uint8_t>(y, x) * std::exp(-d / spread));
  };
  float best = 0, second = 0;
  cv::Point at(-1, -1);
  for (int y = 0; y < window.height; ++y)
    for (int x = 0; x < window.width; ++x)
      if (score(x, y) > best) best = score(x, y), at = {x, y};
  if (at.x < 0) return;
  const float peak = stands_out.at<std::uint8_t>(at.y, at.x);
  if (peak < kLeastContrast) return;
  const int radius = std::max(2, spot / 3);
  for (int y = 0; y < window.height; ++y)
    for (int x = 0; x < window.width; ++x)
      if (std::abs(x - at.x) > radius || std::abs(y - at.y) > radius)
        second = std::max(second, score(x, y));
  if (second > kSecondSpot * best) return;
  cv::Point2d sum(0, 0);
  double total = 0;
  for (int y = std::max(0, at.y - radius); y <= std::min(window.height - 1, at.y + radius); ++y)
    for (int x = std::max(0, at.x - radius); x <= std::min(window.width - 1, at.x + radius); ++x) {
      const double weight = stands_out.at<std::uint8_t>(y, x) - kFootShare * peak;
      if (weight <= 0) continue;
      sum += weight * cv::Point2d(x, y);
      total += weight;
    }
  eye->reflex.at = sum / total + cv::Point2d(window.tl());
  eye->reflex.error_px = std::hypot(kSpotErrorPx, kSpotErrorMm * px_per_mm);
}

}  // namespace maskbench
