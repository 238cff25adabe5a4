#include "chart_canvas.h"

#include <algorithm>
#include <cmath>

#include "solid_noise.h"

namespace maskbench {
namespace {

constexpr int kMap = SkinGeometry::kSize;

float AreaOfTexel(const SkinGeometry& geometry, int y, int x) {
  const cv::Vec2f& scale = geometry.scale_mm().at<cv::Vec2f>(y, x);
  return scale[0] * scale[1] / static_cast<float>(kMap * kMap);
}

}  // namespace

float PointRandom::Uniform() {
  state_ += 0x9e3779b9u;
  return static_cast<float>(ScrambledBits(state_) >> 8) * (1.0f / 16777216.0f);
}

ChartCanvas::ChartCanvas(const SkinGeometry& geometry, int size)
    : geometry_(&geometry),
      size_(size),
      per_texel_(static_cast<float>(kMap) / static_cast<float>(size)) {}

Eigen::Vector2f ChartCanvas::Texel(const Eigen::Vector2f& chart_mm) const {
  return ChartUvOfMm(chart_mm) * static_cast<float>(size_) - Eigen::Vector2f::Constant(0.5f);
}

Eigen::Vector2f ChartCanvas::MmPerTexel(const Eigen::Vector2f& texel) const {
  const int x = std::clamp(static_cast<int>((texel.x() + 0.5f) * per_texel_), 0, kMap - 1);
  const int y = std::clamp(static_cast<int>((texel.y() + 0.5f) * per_texel_), 0, kMap - 1);
  const cv::Vec2f& scale = geometry_->scale_mm().at<cv::Vec2f>(y, x);
  return Eigen::Vector2f(scale[0], scale[1]) / static_cast<float>(size_);
}

float ChartCanvas::Zone(const cv::Mat& map, const Eigen::Vector2f& texel) const {
  const int x = std::clamp(static_cast<int>((texel.x() + 0.5f) * per_texel_), 0, kMap - 1);
  const int y = std::clamp(static_cast<int>((texel.y() + 0.5f) * per_texel_), 0, kMap - 1);
  return map.at<float>(y, x);
}

void ChartCanvas::Spot(cv::Mat* map, const Eigen::Vector2f& texel, float sigma_mm,
                       float amplitude) const {
  const Eigen::Vector2f mm = MmPerTexel(texel);
  const Eigen::Vector2f sigma =
      (Eigen::Vector2f::Constant(sigma_mm).cwiseQuotient(mm)).cwiseMax(0.55f);
  amplitude *= sigma_mm * sigma_mm / (mm.x() * mm.y() * sigma.x() * sigma.y());
  const Eigen::Vector2f reach = 2.6f * sigma;
  const int left = std::max(0, static_cast<int>(std::ceil(texel.x() - reach.x())));
  const int right = std::min(size_ - 1, static_cast<int>(std::floor(texel.x() + reach.x())));
  const int top = std::max(0, static_cast<int>(std::ceil(texel.y() - reach.y())));
  const int bottom = std::min(size_ - 1, static_cast<int>(std::floor(texel.y() + reach.y())));
  for (int y = top; y <= bottom; ++y) {
    float* row = map->ptr<float>(y);
    const float dy = (static_cast<float>(y) - texel.y()) / sigma.y();
    for (int x = left; x <= right; ++x) {
      const float dx = (static_cast<float>(x) - texel.x()) / sigma.x();
      // exp(−r²/2) to within 2 %, reaching 0 at r² = 6.8.
      const float t = std::max(0.0f, 1.0f - (dx * dx + dy * dy) * (1.0f / 6.8f));
      row[x] += amplitude * t * t * t * (0.6f * t + 0.4f);
    }
  }
}

void ChartCanvas::Carve(cv::Mat* map, const Groove& groove) const {
  const size_t count = groove.texels.size();
  std::vector<float> along(count, 0.0f);
  for (size_t i = 1; i < count; ++i) {
    along[i] = along[i - 1] + (groove.texels[i] - groove.texels[i - 1]).norm();
  }
  const float total = std::max(along.back(), 1e-3f);
  // Every texel takes the nearest point of the whole line, so that segments do not add up.
  Eigen::Vector2f low = groove.texels.front(), high = low;
  for (const Eigen::Vector2f& p : groove.texels) {
    low = low.cwiseMin(p);
    high = high.cwiseMax(p);
  }
  const Eigen::Vector2f mm = MmPerTexel(groove.texels[count / 2]);
  const Eigen::Vector2f reach = Eigen::Vector2f::Constant(4.0f * groove.sigma_mm).cwiseQuotient(mm);
  const int left = std::max(0, static_cast<int>(low.x() - reach.x()));
  const int right = std::min(size_ - 1, static_cast<int>(high.x() + reach.x()) + 1);
  const int top = std::max(0, static_cast<int>(low.y() - reach.y()));
  const int bottom = std::min(size_ - 1, static_cast<int>(high.y() + reach.y()) + 1);
  if (left > right || top > bottom) return;
  cv::Mat nearest(bottom - top + 1, right - left + 1, CV_32FC2, cv::Scalar(1e9, 0));
  for (size_t i = 1; i < count; ++i) {
    const Eigen::Vector2f a = groove.texels[i - 1], step = groove.texels[i] - a;
    const float length2 = std::max(step.squaredNorm(), 1e-9f);
    const Eigen::Vector2f box_low = a.cwiseMin(groove.texels[i]) - reach;
    const Eigen::Vector2f box_high = a.cwiseMax(groove.texels[i]) + reach;
    for (int y = std::max(top, static_cast<int>(box_low.y()));
         y <= std::min(bottom, static_cast<int>(box_high.y()) + 1); ++y) {
      cv::Vec2f* row = nearest.ptr<cv::Vec2f>(y - top);
      for (int x = std::max(left, static_cast<int>(box_low.x()));
           x <= std::min(right, static_cast<int>(box_high.x()) + 1); ++x) {
        const Eigen::Vector2f q(static_cast<float>(x), static_cast<float>(y));
        const float t = std::clamp((q - a).dot(step) / length2, 0.0f, 1.0f);
        const float distance2 = (q - a - t * step).cwiseProduct(mm).squaredNorm();
        if (distance2 < row[x - left][0]) {
          row[x - left] = {distance2, along[i - 1] + t * (along[i] - along[i - 1])};
        }
      }
    }
  }
  const float per_sigma2 = 0.5f / (groove.sigma_mm * groove.sigma_mm);
  for (int y = top; y <= bottom; ++y) {
    const cv::Vec2f* from = nearest.ptr<cv::Vec2f>(y - top);
    float* row = map->ptr<float>(y);
    for (int x = left; x <= right; ++x) {
      const float e = from[x - left][0] * per_sigma2;
      if (e > 8.0f) continue;
      const float place = from[x - left][1] / total;
      const float fade = SmoothStep(0.0f, 0.25f, place) * SmoothStep(1.0f, 0.7f, place);
      const float core = std::exp(-e);
      const float wide = std::exp(-0.25f * e);
      row[x] -= groove.depth * fade * (core - groove.rim * (wide - core));
    }
  }
}

void ChartCanvas::Draw(const Hair& hair) {
  const Eigen::Vector2f mm = MmPerTexel(hair.root);
  const float texel_mm = 0.5f * (mm.x() + mm.y());
  const float chord = (hair.control - hair.root).norm() + (hair.tip - hair.control).norm();
  const int pieces = std::clamp(static_cast<int>(chord / 5.0f) + 1, 1, 12);
  Eigen::Vector2f from = hair.root;
  for (int piece = 0; piece < pieces; ++piece) {
    const float t0 = static_cast<float>(piece) / static_cast<float>(pieces);
    const float t1 = static_cast<float>(piece + 1) / static_cast<float>(pieces);
    const Eigen::Vector2f to =
        (1 - t1) * (1 - t1) * hair.root + 2 * t1 * (1 - t1) * hair.control + t1 * t1 * hair.tip;
    const Eigen::Vector2f step = to - from;
    const float length2 = std::max(step.squaredNorm(), 1e-9f);
    const bool first = piece == 0, last = piece + 1 == pieces;
    const float width_here = hair.width_mm / texel_mm;
    const float margin = 0.5f * std::max(width_here, 1.0f) + 1.0f;
    const int left = std::max(0, static_cast<int>(std::min(from.x(), to.x()) - margin));
    const int right =
        std::min(size_ - 1, static_cast<int>(std::max(from.x(), to.x()) + margin) + 1);
    const int top = std::max(0, static_cast<int>(std::min(from.y(), to.y()) - margin));
    const int bottom =
        std::min(size_ - 1, static_cast<int>(std::max(from.y(), to.y()) + margin) + 1);
    for (int y = top; y <= bottom; ++y) {
      cv::Vec3f* row = albedo.ptr<cv::Vec3f>(y);
      for (int x = left; x <= right; ++x) {
        const float qx = static_cast<float>(x) - from.x(), qy = static_cast<float>(y) - from.y();
        float t = (qx * step.x() + qy * step.y()) / length2;
        // Pieces share no texel; root and tip are rounded.
        if ((t < 0.0f && !first) || (t >= 1.0f && !last)) continue;
        t = std::clamp(t, 0.0f, 1.0f);
        const float dx = qx - t * step.x(), dy = qy - t * step.y();
        const float distance = std::sqrt(dx * dx + dy * dy);
        const float width = width_here * (1.0f - 0.8f * (t0 + t * (t1 - t0)));
        // A hair thinner than a texel covers part of the two texels that it passes between.
        const float cover = width < 1.0f ? width * std::max(0.0f, 1.0f - distance)
                                         : std::clamp(0.5f * width + 0.5f - distance, 0.0f, 1.0f);
        const float alpha = cover * hair.opacity;
        if (alpha <= 0.0f) continue;
        for (int c = 0; c < 3; ++c) row[x][c] += alpha * (hair.colour[c] - row[x][c]);
      }
    }
    from = to;
  }
}

std::vector<SkinPoint> Scatter(const SkinGeometry& geometry, const cv::Mat& per_mm2,
                               std::uint32_t seed, bool mirrored) {
  std::vector<SkinPoint> points;
  for (int y = 0; y < kMap; ++y) {
    const float* density = per_mm2.ptr<float>(y);
    const std::uint8_t* covered = geometry.covered().ptr<std::uint8_t>(y);
    for (int x = mirrored ? kMap / 2 : 0; x < kMap; ++x) {
      if (covered[x] == 0 || density[x] <= 0.0f) continue;
      PointRandom random(ScrambledBits(seed ^ static_cast<std::uint32_t>(y * kMap + x)));
      const float expected = density[x] * AreaOfTexel(geometry, y, x);
      const int count = static_cast<int>(expected + random.Uniform());
      for (int i = 0; i < count; ++i) {
        SkinPoint point;
        point.uv.x() = (static_cast<float>(x) + random.Uniform()) / kMap;
        point.uv.y() = (static_cast<float>(y) + random.Uniform()) / kMap;
        point.bits = static_cast<std::uint32_t>(random.Uniform() * 16777216.0f) ^ (seed << 8);
        points.push_back(point);
        if (mirrored) {
          point.uv.x() = 1.0f - point.uv.x();
          points.push_back(point);
        }
      }
    }
  }
  return points;
}

std::vector<SkinPoint> Draw(const SkinGeometry& geometry, const cv::Mat& weight, int count,
                            std::uint32_t seed, bool mirrored) {
  std::vector<SkinPoint> points;
  if (count <= 0) return points;
  std::vector<double> sums;
  sums.reserve(static_cast<size_t>(kMap) * kMap);
  double sum = 0;
  for (int y = 0; y < kMap; ++y) {
    for (int x = 0; x < kMap; ++x) {
      const bool counts = geometry.covered().at<std::uint8_t>(y, x) != 0 &&
                          (!mirrored || x >= kMap / 2) && weight.at<float>(y, x) > 0.0f;
      if (counts) sum += weight.at<float>(y, x) * AreaOfTexel(geometry, y, x);
      sums.push_back(sum);
    }
  }
  if (sum <= 0) return points;
  PointRandom random(ScrambledBits(seed));
  while (static_cast<int>(points.size()) < count) {
    const double where = sum * random.Uniform();
    const auto found = std::upper_bound(sums.begin(), sums.end(), where);
    const auto index =
        static_cast<int>(std::min<std::ptrdiff_t>(found - sums.begin(), kMap * kMap - 1));
    SkinPoint point;
    point.uv.x() = (static_cast<float>(index % kMap) + random.Uniform()) / kMap;
    const int row = index / kMap;
    point.uv.y() = (static_cast<float>(row) + random.Uniform()) / kMap;
    point.bits = static_cast<std::uint32_t>(random.Uniform() * 16777216.0f) ^ (seed << 8);
    points.push_back(point);
    if (mirrored && static_cast<int>(points.size()) < count) {
      point.uv.x() = 1.0f - point.uv.x();
      points.push_back(point);
    }
  }
  return points;
}

}  // namespace maskbench
