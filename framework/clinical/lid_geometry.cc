#include "maskbench/clinical/lid_geometry.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace maskbench {
namespace {

/// Height of a lid margin above the iris centre in the axes of the face, at the centre's column.
double MarginHeight(const std::vector<cv::Point2d>& margin) {
  for (size_t i = 1; i < margin.size(); ++i) {
    const cv::Point2d &a = margin[i - 1], &b = margin[i];
    if ((a.x <= 0) == (b.x <= 0)) continue;
    return a.y + (b.y - a.y) * (-a.x) / (b.x - a.x);
  }
  // The centre lies beside the fissure: take the nearer corner.
  return std::abs(margin.front().x) < std::abs(margin.back().x) ? margin.front().y
                                                                : margin.back().y;
}

double Median(std::vector<double> values) {
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

LidDistances MeasureLids(const EyeObservation& eye, double roll_rad) {
  const double c = std::cos(roll_rad), s = std::sin(roll_rad);
  const cv::Point2f centre = eye.iris_centre();
  const auto in_face_axes = [&](int index) {
    const double x = eye.contour[index].x - centre.x, y = eye.contour[index].y - centre.y;
    return cv::Point2d(c * x + s * y, s * x - c * y);  // y up.
  };
  std::vector<cv::Point2d> upper = {in_face_axes(0)}, lower;
  for (int i = 9; i <= 15; ++i) upper.push_back(in_face_axes(i));
  upper.push_back(in_face_axes(8));
  for (int i = 0; i <= 8; ++i) lower.push_back(in_face_axes(i));
  return {MarginHeight(upper), -MarginHeight(lower)};
}

std::vector<BlinkInterval> FindBlinks(const std::vector<double>& aperture, double rate_hz,
                                      const BlinkRule& rule) {
  const auto count = static_cast<int64_t>(aperture.size());
  const auto half_window = static_cast<int64_t>(std::lround(rule.window_s * rate_hz));
  const auto longest = static_cast<int64_t>(std::lround(rule.longest_s * rate_hz));
  std::vector<double> share(aperture.size(), std::numeric_limits<double>::quiet_NaN());
  for (int64_t i = 0; i < count; ++i) {
    std::vector<double> window;
    for (int64_t j = std::max<int64_t>(0, i - half_window);
         j < std::min(count, i + half_window + 1); ++j) {
      if (!std::isnan(aperture[j])) window.push_back(aperture[j]);
    }
    const double open = Median(std::move(window));
    if (open > 0) share[i] = aperture[i] / open;
  }
  std::vector<BlinkInterval> blinks;
  for (int64_t i = 0; i < count; ++i) {
    if (!(share[i] < rule.closed_share)) continue;
    BlinkInterval blink{i, i, share[i]};
    while (blink.last_frame + 1 < count && share[blink.last_frame + 1] < rule.closed_share) {
      ++blink.last_frame;
      blink.least_aperture = std::min(blink.least_aperture, share[blink.last_frame]);
    }
    i = blink.last_frame;
    if (blink.last_frame - blink.first_frame + 1 <= longest) blinks.push_back(blink);
  }
  return blinks;
}

}  // namespace maskbench
