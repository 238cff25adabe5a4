#include "maskbench/masking/mask_overlay.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <opencv2/imgproc.hpp>

#include "maskbench/core/error.h"
#include "maskbench/perception/face_observation.h"

namespace maskbench {
namespace {

// From the oval inwards the face fades in over so many mm.
constexpr double kFeatherMm = 8;

/// Circumference of the mask's face, px; empty where it does not lie before the camera.
std::vector<cv::Point> Oval(const MaskFace& face, const MaskHeader& header,
                            const MaskFrame& frame) {
  const MaskFace::Posed posed = face.Pose(header, frame);
  const Eigen::Matrix3Xd vertices = face.actor().Pose(posed.pose).model_vertices;
  const HeadTopology& topology = face.actor().rig().topology();
  std::vector<cv::Point> oval;
  for (const int index : mesh::kOval) {
    const auto& point = topology.mesh468[static_cast<size_t>(index)];
    if (!point) continue;
    const Eigen::Vector3d placed = posed.pose.head * Locate(*point, vertices);
    if (placed.z() < 10) return {};
    const Eigen::Vector2d pixel = posed.camera.Project(placed);
    oval.emplace_back(cvRound(pixel.x()), cvRound(pixel.y()));
  }
  return oval;
}

}  // namespace

cv::Mat MaskFaceShare(const MaskFace& face, const MaskHeader& header, const MaskFrame& frame) {
  cv::Mat share(header.picture_px, CV_8UC1, cv::Scalar(0));
  std::vector<cv::Point> oval = Oval(face, header, frame);
  if (oval.size() < 3) return share;
  // Where the picture ends the face does not: distances are taken beyond its sides as well.
  const int margin = cvCeil(kFeatherMm * frame.px_per_mm) + 2;
  const cv::Rect around = cv::boundingRect(oval);
  const cv::Rect area =
      cv::Rect(around.tl() - cv::Point(2, 2), around.br() + cv::Point(2, 2)) &
      cv::Rect(-margin, -margin, share.cols + 2 * margin, share.rows + 2 * margin);
  if (area.empty()) return share;
  for (cv::Point& point : oval) point -= area.tl();
  cv::Mat inside(area.size(), CV_8UC1, cv::Scalar(0)), distance;
  cv::fillPoly(inside, std::vector<std::vector<cv::Point>>{oval}, cv::Scalar(255));
  cv::distanceTransform(inside, distance, cv::DIST_L2, 5, CV_32F);
  const auto feather = static_cast<float>(std::max(1.0, kFeatherMm * frame.px_per_mm));
  for (int y = std::max(0, area.y); y < std::min(share.rows, area.br().y); ++y) {
    const float* from = distance.ptr<float>(y - area.y);
    auto* to = share.ptr<std::uint8_t>(y);
    for (int x = std::max(0, area.x); x < std::min(share.cols, area.br().x); ++x) {
      const float t = std::min(1.0f, from[x - area.x] / feather);
      to[x] = static_cast<std::uint8_t>(cvRound(255 * t * t * (3 - 2 * t)));
    }
  }
  return share;
}

MaskOverlay::MaskOverlay(const Recording& recording, std::vector<std::int64_t> frames,
                         const std::vector<cv::Mat>* pictures)
    : frames_(pictures == nullptr ? OpenFrames(recording.file) : nullptr),
      pictures_(pictures),
      chosen_(std::move(frames)) {}

MaskVideo::AfterFrame MaskOverlay::AfterFrame() {
  return [this](const MaskFace& face, const MaskHeader& header, const MaskFrame& frame,
                cv::Mat* bgr) { Lay(face, header, frame, bgr); };
}

void MaskOverlay::Lay(const MaskFace& face, const MaskHeader& header, const MaskFrame& frame,
                      cv::Mat* bgr) {
  const auto drawn = static_cast<size_t>(drawn_++);
  if (pictures_ != nullptr) {
    original_.bgr = pictures_->at(drawn);
  } else {
    const std::int64_t wanted =
        chosen_.empty() ? static_cast<std::int64_t>(drawn) : chosen_.at(drawn);
    for (; read_ < wanted; ++read_) frames_->Skip();
    ++read_;
    if (!frames_->Next(&original_)) {
      throw DataError(fmt::format("the recording ends after {} frames, before its mask does.",
                                  frames_->info().frame_count));
    }
  }
  if (original_.bgr.size() != bgr->size()) {
    throw DataError(fmt::format("the recording's frames have {} × {} px, the mask's {} × {}.",
                                original_.bgr.cols, original_.bgr.rows, bgr->cols, bgr->rows));
  }
  if (frame.status == MaskStatus::kLost || frame.opacity <= 0) {
    // The picture without a face laid over it would be the patient's own.
    bgr->setTo(cv::Scalar::all(0));
    return;
  }
  const cv::Mat share = MaskFaceShare(face, header, frame);
  for (int y = 0; y < bgr->rows; ++y) {
    const auto* from = original_.bgr.ptr<std::uint8_t>(y);
    const auto* shown = share.ptr<std::uint8_t>(y);
    auto* to = bgr->ptr<std::uint8_t>(y);
    for (int x = 0; x < bgr->cols; ++x) {
      for (int c = 0; c < 3; ++c) {
        const int k = 3 * x + c;
        to[k] =
            static_cast<std::uint8_t>((shown[x] * to[k] + (255 - shown[x]) * from[k] + 127) / 255);
      }
    }
  }
}

}  // namespace maskbench
