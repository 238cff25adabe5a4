#include "case_files.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>
#include <opencv2/imgproc.hpp>

#include "maskbench/core/error.h"
#include "maskbench/media/frame_source.h"
#include "maskbench/perception/face_track.h"

namespace maskbench {
namespace {
namespace fs = std::filesystem;

// Frames of a place in time count for where the eyes are, s.
constexpr double kSteadyS = 0.25;

}  // namespace

CaseFiles FindCaseFiles(const RunData& data, const std::string& recording,
                        const std::string& variant, const fs::path& out) {
  CaseFiles files;
  for (const Node& node : data.nodes()) {
    if (node.recording != recording) continue;
    const NodeOutcome* outcome = data.OutcomeOf(node);
    if (outcome == nullptr || outcome->status != NodeStatus::kDone || outcome->artefact.empty())
      continue;
    const fs::path file = out / outcome->artefact;
    if (!fs::exists(file)) continue;
    if (node.stage == Stage::kRender) files.source = file;
    if (node.stage == Stage::kPerceive && node.variant.empty()) files.track = file;
    if (node.stage == Stage::kMask && !variant.empty() && node.variant == variant)
      files.masked = file;
  }
  return files;
}

fs::path OriginalFile(const RunData& data, const std::string& recording, const fs::path& out) {
  for (const ComponentChoice& variant : data.config().variants) {
    if (variant.type != "original") continue;
    const CaseFiles files = FindCaseFiles(data, recording, variant.name, out);
    if (!files.masked.empty()) return files.masked;
  }
  return FindCaseFiles(data, recording, "", out).source;
}

std::vector<cv::Mat> ReadFramesAt(const fs::path& file, const std::vector<int64_t>& frames) {
  std::map<int64_t, cv::Mat> wanted;
  for (const int64_t number : frames) wanted[number];
  const std::unique_ptr<FrameSource> source = OpenFrames(file);
  int64_t at = 0;
  for (auto& [number, picture] : wanted) {
    for (; at < number; ++at) source->Skip();
    Frame frame;
    if (!source->Next(&frame))
      throw DataError(fmt::format("{} has no frame {}.", file.string(), number));
    picture = frame.bgr.clone();
    ++at;
  }
  std::vector<cv::Mat> pictures;
  for (const int64_t number : frames) pictures.push_back(wanted.at(number));
  return pictures;
}

cv::Rect2d EyesRegion(const fs::path& file, int64_t frame) {
  FaceTrackReader track(file);
  const auto reach = static_cast<int64_t>(std::lround(kSteadyS * track.rate_hz()));
  for (int64_t spread = std::max<int64_t>(1, reach); spread < 2 * track.frame_count() + 8;
       spread *= 4) {
    std::vector<double> x, y, width;
    const int64_t first = std::max<int64_t>(0, frame - spread);
    track.Seek(first);
    FaceObservation face;
    for (int64_t i = first; i <= frame + spread && track.Next(&face); ++i) {
      if (!face.has_face()) continue;
      const cv::Point2f right = face.eye(Side::kRight).outer_corner(),
                        left = face.eye(Side::kLeft).outer_corner();
      x.push_back(0.5 * (right.x + left.x));
      y.push_back(0.5 * (right.y + left.y));
      width.push_back(kEyesWidth * std::hypot(right.x - left.x, right.y - left.y));
    }
    if (x.empty()) continue;
    const auto median = [](std::vector<double>* values) {
      const auto middle = values->begin() + static_cast<std::ptrdiff_t>(values->size() / 2);
      std::nth_element(values->begin(), middle, values->end());
      return *middle;
    };
    const double w = median(&width), h = w * kEyesHeight / kEyesWidth;
    return {median(&x) - w / 2, median(&y) - h / 2, w, h};
  }
  throw DataError(file.string() + " has no face.");
}

void CutRegion(const cv::Mat& frame, const cv::Rect2d& region, const cv::Scalar& empty,
               cv::Mat cell) {
  const double scale = cell.cols / region.width;
  const cv::Matx23d place(scale, 0, 0.5 * (scale - 1) - scale * region.x, 0, scale,
                          0.5 * (scale - 1) - scale * region.y);
  cv::warpAffine(frame, cell, place, cell.size(), scale < 1 ? cv::INTER_AREA : cv::INTER_CUBIC,
                 cv::BORDER_CONSTANT, empty);
}

void FitFrame(const cv::Mat& frame, cv::Mat cell) {
  const double scale = std::min(static_cast<double>(cell.cols) / frame.cols,
                                static_cast<double>(cell.rows) / frame.rows);
  const cv::Size size(std::clamp(cvRound(frame.cols * scale), 1, cell.cols),
                      std::clamp(cvRound(frame.rows * scale), 1, cell.rows));
  cv::Mat small;
  cv::resize(frame, small, size, 0, 0, scale < 1 ? cv::INTER_AREA : cv::INTER_CUBIC);
  small.copyTo(cell(cv::Rect({(cell.cols - size.width) / 2, (cell.rows - size.height) / 2}, size)));
}

}  // namespace maskbench
