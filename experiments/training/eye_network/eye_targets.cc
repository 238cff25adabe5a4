#include "experiments/training/eye_network/eye_targets.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <opencv2/imgproc.hpp>

namespace maskbench::training {
namespace {

constexpr double kColumnStep = 2, kColumnStart = 0.5;

/// From crop px to patch px.
cv::Matx23d PatchFromCrop(const CropChange& change) {
  const double c = std::cos(change.angle_rad) * change.scale,
               s = std::sin(change.angle_rad) * change.scale;
  const double x = (kEyeCropWidth - 1) / 2.0, y = (kEyeCropHeight - 1) / 2.0;
  const double to_x = (kPatchWidth - 1) / 2.0 + change.shift_x_px,
               to_y = (kPatchHeight - 1) / 2.0 + change.shift_y_px;
  return {c, -s, to_x - c * x + s * y, s, c, to_y - s * x - c * y};
}

/// Heights of a margin at the columns of the maps.
void Columns(const std::array<LabelPoint, kMarginPoints>& margin,
             const cv::Matx23d& crop_from_patch, std::array<float, kEyeMapWidth>* heights,
             std::array<float, kEyeMapWidth>* weights) {
  std::array<cv::Point2d, kMarginPoints> points;
  for (int k = 0; k < kMarginPoints; ++k)
    points[k] = Transform(crop_from_patch, {margin[k].x, margin[k].y});
  for (int column = 0; column < kEyeMapWidth; ++column) {
    const double x = kColumnStart + kColumnStep * column;
    for (int k = 0; k + 1 < kMarginPoints; ++k) {
      const double from = points[k].x, to = points[k + 1].x;
      if (!(from <= x && x < to)) continue;
      const double y = points[k].y + (x - from) / (to - from) * (points[k + 1].y - points[k].y);
      if (margin[k].seen == 0 || margin[k + 1].seen == 0 || y < 0 || y > kEyeCropHeight - 1) break;
      (*heights)[column] = static_cast<float>(y);
      (*weights)[column] = 1;
      break;
    }
  }
}

}  // namespace

CropChange DrawChange(NamedRandom* random) {
  const auto bounded = [random](double sigma) {
    return sigma * std::clamp(random->Normal(), -2.2, 2.2);
  };
  CropChange change;
  change.shift_x_px = bounded(0.045 * kEyeCropWidth);
  change.shift_y_px = bounded(0.045 * kEyeCropWidth);
  change.scale = std::exp(bounded(0.065));
  change.angle_rad = bounded(4.0 * CV_PI / 180);
  const double level = std::exp(bounded(0.15));
  for (float& gain : change.gain) gain = static_cast<float>(level * std::exp(bounded(0.06)));
  change.offset = static_cast<float>(bounded(10));
  change.gamma = static_cast<float>(std::exp(bounded(0.15)));
  if (random->Uniform() < 0.4) change.noise = static_cast<float>(6 * random->Uniform());
  if (random->Uniform() < 0.25) change.blur_px = static_cast<float>(0.3 + 1.1 * random->Uniform());
  return change;
}

CropChange PlacementOf(const CropChange& change) {
  CropChange placed;
  placed.shift_x_px = change.shift_x_px;
  placed.shift_y_px = change.shift_y_px;
  placed.scale = change.scale;
  placed.angle_rad = change.angle_rad;
  return placed;
}

EyeTarget MakeTarget(const cv::Mat& patch, const EyeLabel& label, const CropChange& change,
                     NamedRandom* random, cv::Mat* crop) {
  const cv::Matx23d patch_from_crop = PatchFromCrop(change);
  cv::warpAffine(patch, *crop, patch_from_crop, {kEyeCropWidth, kEyeCropHeight},
                 cv::INTER_LINEAR | cv::WARP_INVERSE_MAP, cv::BORDER_REPLICATE);
  if (change.blur_px > 0) cv::GaussianBlur(*crop, *crop, {}, change.blur_px);
  std::array<std::array<float, 256>, 3> curve;
  for (int channel = 0; channel < 3; ++channel) {
    for (int level = 0; level < 256; ++level) {
      curve[channel][level] =
          255 * std::pow(static_cast<float>(level) / 255, change.gamma) * change.gain[channel] +
          change.offset;
    }
  }
  for (int y = 0; y < crop->rows; ++y) {
    auto* row = crop->ptr<cv::Vec3b>(y);
    for (int x = 0; x < crop->cols; ++x) {
      for (int channel = 0; channel < 3; ++channel) {
        float value = curve[channel][row[x][channel]];
        if (change.noise > 0) value += change.noise * static_cast<float>(random->Normal());
        row[x][channel] = cv::saturate_cast<std::uint8_t>(value);
      }
    }
  }

  const cv::Matx23d map = Inverted(patch_from_crop);
  EyeTarget target;
  Columns(label.upper, map, &target.upper, &target.upper_weight);
  Columns(label.lower, map, &target.lower, &target.lower_weight);
  const std::array<const LabelPoint*, kEyeMaps - 2> points = {
      &label.medial, &label.lateral, &label.iris, &label.pupil, &label.reflex};
  for (size_t k = 0; k < points.size(); ++k) {
    const cv::Point2d at = Transform(map, {points[k]->x, points[k]->y});
    const bool inside = at.x >= 0 && at.y >= 0 && at.x < kEyeCropWidth && at.y < kEyeCropHeight;
    target.points[k] = {static_cast<float>(at.x), static_cast<float>(at.y),
                        points[k]->seen != 0 && inside ? 1.0F : 0.0F};
  }
  // A covered iris still has a place, which its neighbourhood tells roughly.
  auto& iris = target.points[kIrisMap - 2];
  if (iris[2] == 0 && iris[0] >= 0 && iris[1] >= 0 && iris[0] < kEyeCropWidth &&
      iris[1] < kEyeCropHeight && label.occluded == 0) {
    iris[2] = 0.1F;
  }
  // Columns over the iris matter most: MRD1 is read there.
  const float radius = static_cast<float>(label.iris_major_px / change.scale);
  for (int column = 0; column < kEyeMapWidth; ++column) {
    const float off = (static_cast<float>(kColumnStart + kColumnStep * column) - iris[0]) / radius;
    const float weight = 1 + 2 * std::exp(-off * off);
    target.upper_weight[column] *= weight;
    target.lower_weight[column] *= weight;
  }

  // The ellipse as a matrix [xx, xy; xy, yy] of squared half extents, turned and scaled.
  const double turn = label.iris_angle_rad - change.angle_rad;
  const double a = label.iris_major_px / change.scale, b = label.iris_minor_px / change.scale;
  const double c = std::cos(turn), s = std::sin(turn);
  const double xx = a * a * c * c + b * b * s * s, yy = a * a * s * s + b * b * c * c,
               xy = (a * a - b * b) * c * s;
  target.log_half_width = static_cast<float>(std::log(std::sqrt(xx) / 10));
  target.log_half_height = static_cast<float>(std::log(std::sqrt(yy) / 10));
  target.slant = static_cast<float>(xy / std::sqrt(xx * yy));
  target.size_weight = label.iris_visible >= 0.1F ? std::min(1.0F, 2 * label.iris_visible) : 0.0F;
  target.iris_share = label.iris_visible;
  target.reflex_seen = label.reflex.seen;
  target.pupil_seen = label.pupil.seen;
  float seen = 0, open = 1e9F;
  for (int k = 0; k < kMarginPoints; ++k) {
    seen += label.upper[k].seen;
    if (std::abs(label.upper[k].x - label.iris.x) <= 0.6F * label.iris_major_px) {
      const float gap = label.lower[k].y - label.upper[k].y;
      open = open > 1e8F ? gap : std::max(open, gap);
    }
  }
  target.in_sight = seen / kMarginPoints;
  target.shut = open < 0.4F * label.px_per_mm ? 1.0F : 0.0F;
  return target;
}

}  // namespace maskbench::training
