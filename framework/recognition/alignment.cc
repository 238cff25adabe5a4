#include "maskbench/recognition/alignment.h"

namespace maskbench {

cv::Matx23d FitSimilarity(const std::vector<cv::Point2d>& from,
                          const std::vector<cv::Point2d>& to) {
  cv::Point2d from_mean, to_mean;
  for (size_t i = 0; i < from.size(); ++i) {
    from_mean += from[i];
    to_mean += to[i];
  }
  const double n = static_cast<double>(from.size());
  from_mean = from_mean * (1 / n);
  to_mean = to_mean * (1 / n);
  // In the plane the best similarity is a complex factor: Σ conj(f)·t / Σ |f|².
  double along = 0, across = 0, spread = 0;
  for (size_t i = 0; i < from.size(); ++i) {
    const cv::Point2d f = from[i] - from_mean, t = to[i] - to_mean;
    along += f.dot(t);
    across += f.cross(t);
    spread += f.dot(f);
  }
  const double a = along / spread, b = across / spread;
  return {a, -b, to_mean.x - a * from_mean.x + b * from_mean.y,
          b, a,  to_mean.y - b * from_mean.x - a * from_mean.y};
}

}  // namespace maskbench
