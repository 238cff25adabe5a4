#include "maskbench/masking/face_region.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "maskbench/perception/face_track.h"

namespace maskbench {

float FaceRegion::EyesDistance() const {
  const cv::Point2f across = eye_corners[3] - eye_corners[0];
  return std::hypot(across.x, across.y);
}

cv::Point2f FaceRegion::EyesDirection() const {
  const cv::Point2f across = eye_corners[3] - eye_corners[0];
  return across * (1 / std::max(1e-6F, EyesDistance()));
}

std::vector<cv::Point> FaceRegion::ScaledOval(float factor) const {
  cv::Point2f centre(0, 0);
  for (const cv::Point2f& point : oval) centre += point;
  centre *= 1.0F / static_cast<float>(oval.size());
  std::vector<cv::Point> scaled;
  for (const cv::Point2f& point : oval) {
    const cv::Point2f moved = centre + (point - centre) * factor;
    scaled.emplace_back(cvRound(moved.x), cvRound(moved.y));
  }
  return scaled;
}

FaceRegions::FaceRegions(const std::filesystem::path& track, const FaceRegionOptions& options) {
  FaceTrackReader reader(track);
  const int64_t count = reader.frame_count();
  known_.assign(count, false);
  values_.resize(count);
  FaceObservation face;
  while (reader.Next(&face)) {
    if (!face.has_face()) continue;
    known_[face.frame] = true;
    auto& values = values_[face.frame];
    size_t next = 0;
    values[next++] = face.face_width_px();
    const auto add = [&](int index) {
      values[next++] = face.mesh[index].x;
      values[next++] = face.mesh[index].y;
    };
    for (const int index : mesh::kOval) add(index);
    for (const int index :
         {mesh::kRightEyeOuter, mesh::kRightEyeInner, mesh::kLeftEyeInner, mesh::kLeftEyeOuter}) {
      add(index);
    }
  }

  // Bridge short gaps; at the ends hold for half as long.
  const auto longest = static_cast<int64_t>(std::lround(options.longest_gap_s * reader.rate_hz()));
  for (int64_t first = 0; first < count; ++first) {
    if (known_[first]) continue;
    int64_t end = first;
    while (end < count && !known_[end]) ++end;
    const bool open = first == 0 || end == count;
    if (!(first == 0 && end == count)) {
      const int64_t before = first - 1, after = end;
      for (int64_t i = first; i < end; ++i) {
        if (open) {
          const int64_t away = first == 0 ? after - i : i - before;
          if (2 * away > longest) continue;
          values_[i] = values_[first == 0 ? after : before];
        } else {
          if (end - first > longest) continue;
          const float share = static_cast<float>(i - before) / static_cast<float>(after - before);
          for (size_t v = 0; v < kValues; ++v) {
            values_[i][v] = (1 - share) * values_[before][v] + share * values_[after][v];
          }
        }
      }
      for (int64_t i = first; i < end; ++i) {
        const int64_t away = first == 0 ? after - i : i - before;
        known_[i] = open ? 2 * away <= longest : end - first <= longest;
      }
    }
    first = end;
  }

  // Gaussian in time, within stretches of known frames.
  const double sigma = options.smoothing_s * reader.rate_hz();
  const auto radius = static_cast<int64_t>(std::ceil(3 * sigma));
  if (radius < 1) return;
  std::vector<float> kernel;
  for (int64_t k = 0; k <= radius; ++k) {
    kernel.push_back(
        static_cast<float>(std::exp(-0.5 * std::pow(static_cast<double>(k) / sigma, 2))));
  }
  const auto raw = values_;
  for (int64_t i = 0; i < count; ++i) {
    if (!known_[i]) continue;
    std::array<float, kValues> sum = raw[i];
    float weight = kernel[0];
    for (const int direction : {-1, 1}) {
      for (int64_t k = 1; k <= radius; ++k) {
        const int64_t j = i + direction * k;
        if (j < 0 || j >= count || !known_[j]) break;
        for (size_t v = 0; v < kValues; ++v) sum[v] += kernel[k] * raw[j][v];
        weight += kernel[k];
      }
    }
    for (size_t v = 0; v < kValues; ++v) values_[i][v] = sum[v] / weight;
  }
}

bool FaceRegions::any_known() const {
  return std::find(known_.begin(), known_.end(), true) != known_.end();
}

FaceRegion FaceRegions::At(int64_t frame) const {
  FaceRegion region;
  region.known = known_[frame];
  if (!region.known) return region;
  const auto& values = values_[frame];
  size_t next = 0;
  region.width_px = values[next++];
  for (cv::Point2f& point : region.oval) {
    point = {values[next], values[next + 1]};
    next += 2;
  }
  for (cv::Point2f& point : region.eye_corners) {
    point = {values[next], values[next + 1]};
    next += 2;
  }
  return region;
}

namespace {

double MedianOver(const FaceRegions& regions, const std::function<float(const FaceRegion&)>& get) {
  std::vector<float> values;
  for (int64_t i = 0; i < regions.frame_count(); ++i) {
    const FaceRegion region = regions.At(i);
    if (region.known) values.push_back(get(region));
  }
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

double FaceRegions::MedianWidthPx() const {
  return MedianOver(*this, [](const FaceRegion& region) { return region.width_px; });
}

double FaceRegions::MedianEyesDistancePx() const {
  return MedianOver(*this, [](const FaceRegion& region) { return region.EyesDistance(); });
}

}  // namespace maskbench
