#include "maskbench/perception/face_detector.h"

#include <algorithm>
#include <cmath>

#include <opencv2/imgproc.hpp>

#include "maskbench/perception/crop.h"

namespace maskbench {
namespace {

/// Detections that overlap more than this are the same face.
constexpr float kSameFaceOverlap = 0.3F;

float Overlap(const cv::Rect2f& a, const cv::Rect2f& b) {
  const float common = (a & b).area();
  return common / std::max(1e-6F, a.area() + b.area() - common);
}

/// Replaces each cluster of overlapping detections by its score-weighted mean.
std::vector<FaceDetection> MergeOverlapping(std::vector<FaceDetection> detections) {
  std::stable_sort(
      detections.begin(), detections.end(),
      [](const FaceDetection& a, const FaceDetection& b) { return a.score > b.score; });
  std::vector<FaceDetection> merged;
  std::vector<bool> used(detections.size(), false);
  for (size_t i = 0; i < detections.size(); ++i) {
    if (used[i]) continue;
    cv::Rect2f box(0, 0, 0, 0);
    std::array<cv::Point2f, 6> points{};
    float weight = 0;
    for (size_t j = i; j < detections.size(); ++j) {
      const FaceDetection& other = detections[j];
      if (used[j] || Overlap(detections[i].box, other.box) < kSameFaceOverlap) continue;
      used[j] = true;
      weight += other.score;
      box.x += other.score * other.box.x;
      box.y += other.score * other.box.y;
      box.width += other.score * other.box.width;
      box.height += other.score * other.box.height;
      for (size_t p = 0; p < points.size(); ++p) points[p] += other.score * other.points[p];
    }
    FaceDetection face = detections[i];
    face.box = {box.x / weight, box.y / weight, box.width / weight, box.height / weight};
    for (size_t p = 0; p < points.size(); ++p) face.points[p] = points[p] * (1 / weight);
    merged.push_back(face);
  }
  return merged;
}

}  // namespace

FaceDetector::FaceDetector(const NetworkLibrary& networks, const std::string& network,
                           float min_score)
    : network_(networks.Load(network, 1)),
      side_(network_->contract().width),
      min_score_(min_score),
      input_(3 * side_ * side_) {}

std::vector<FaceDetection> FaceDetector::Detect(const cv::Mat& bgr) {
  std::vector<FaceDetection> faces = DetectWithBorder(bgr, 0);
  if (faces.empty()) faces = DetectWithBorder(bgr, 0.35F);
  std::stable_sort(faces.begin(), faces.end(), [](const FaceDetection& a, const FaceDetection& b) {
    return a.box.area() > b.box.area();
  });
  return faces;
}

std::vector<FaceDetection> FaceDetector::DetectWithBorder(const cv::Mat& bgr, float border) {
  const float longer = static_cast<float>(std::max(bgr.cols, bgr.rows));
  const CropRegion whole{
      {static_cast<float>(bgr.cols - 1) / 2, static_cast<float>(bgr.rows - 1) / 2},
      longer * (1 + 2 * border),
      0,
      false};
  cv::Mat crop;
  ExtractCrop(bgr, whole, side_, &crop);
  ToPlanes(crop, {true, {127.5F, 127.5F, 127.5F}, {1 / 127.5F, 1 / 127.5F, 1 / 127.5F}},
           input_.data());
  network_->Run(input_.data(), &outputs_);

  std::vector<FaceDetection> detections;
  const int fine_stride = side_ / 16, coarse_stride = side_ / 8;
  struct Grid {
    int scores, boxes, stride, per_cell;
  };
  for (const Grid& grid : {Grid{0, 2, fine_stride, 2}, Grid{1, 3, coarse_stride, 6}}) {
    const int cells = side_ / grid.stride;
    for (int anchor = 0; anchor < cells * cells * grid.per_cell; ++anchor) {
      const float score = 1 / (1 + std::exp(-outputs_[grid.scores].values[anchor]));
      if (score < min_score_) continue;
      const int cell = anchor / grid.per_cell;
      const int row = cell / cells, column = cell % cells;
      const float anchor_x = static_cast<float>(grid.stride) * (static_cast<float>(column) + 0.5F);
      const float anchor_y = static_cast<float>(grid.stride) * (static_cast<float>(row) + 0.5F);
      const float* raw = &outputs_[grid.boxes].values[16 * anchor];
      const cv::Point2f centre = whole.ToFrame(anchor_x + raw[0], anchor_y + raw[1], side_);
      const cv::Size2f size(raw[2] * whole.Scale(side_), raw[3] * whole.Scale(side_));
      FaceDetection face;
      face.score = score;
      face.box = {centre.x - size.width / 2, centre.y - size.height / 2, size.width, size.height};
      for (int p = 0; p < 6; ++p) {
        face.points[p] = whole.ToFrame(anchor_x + raw[4 + 2 * p], anchor_y + raw[5 + 2 * p], side_);
      }
      detections.push_back(face);
    }
  }
  return MergeOverlapping(std::move(detections));
}

}  // namespace maskbench
