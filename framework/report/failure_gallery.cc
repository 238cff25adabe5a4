#include "failure_gallery.h"

#include <cmath>
#include <limits>

#include <opencv2/core.hpp>

#include "maskbench/core/error.h"

#include "case_files.h"
#include "data_uri.h"
#include "report_data.h"
#include "traces.h"

namespace maskbench {
namespace {

constexpr int kWidth = 300, kSeam = 3, kQuality = 72;
const cv::Scalar kPaper(255, 255, 255), kEmpty(225, 225, 225);

/// Both frames by the region of the eyes, one above the other; whole and side by side where the
/// mask's frames are not those of the recording, or where no face was found.
cv::Mat Pair(const cv::Mat& original, const cv::Mat& masked, const std::filesystem::path& track,
             int64_t frame) {
  if (original.size() == masked.size() && !track.empty()) {
    try {
      const cv::Rect2d eyes = EyesRegion(track, frame);
      const int height = static_cast<int>(std::lround(kWidth * kEyesHeight / kEyesWidth));
      cv::Mat pair(2 * height + kSeam, kWidth, CV_8UC3, kPaper);
      CutRegion(original, eyes, kEmpty, pair.rowRange(0, height));
      CutRegion(masked, eyes, kEmpty, pair.rowRange(height + kSeam, pair.rows));
      return pair;
    } catch (const DataError&) {
      // No face: the whole frames.
    }
  }
  const int width = (kWidth - kSeam) / 2;
  const int height = std::max(1, width * original.rows / original.cols);
  cv::Mat pair(height, kWidth, CV_8UC3, kPaper);
  FitFrame(original, pair.colRange(0, width));
  cv::Mat right = pair.colRange(kWidth - width, kWidth);
  right.setTo(kEmpty);
  FitFrame(masked, right);
  return pair;
}

}  // namespace

int64_t FrameOfMovedSign(const MovedSign& sign, const Observations& original,
                         const Observations& masked) {
  const bool lids = sign.measure.rfind("mrd", 0) == 0;
  int64_t best = -1;
  double least = std::numeric_limits<double>::infinity();
  for (const Side side : kSides) {
    if (!sign.eye.empty() && sign.eye != ToString(side)) continue;
    const char* const name = lids ? "mrd1" : "gaze_azimuth";
    const MeasureSeries* before = FindSeries(original, side, name);
    const MeasureSeries* after = FindSeries(masked, side, name);
    if (before == nullptr || after == nullptr) continue;
    for (size_t i = 0; i < std::min(before->values.size(), after->values.size()); ++i) {
      const double off = after->values[i] - before->values[i];
      if (!std::isfinite(off)) continue;
      const double cost = lids ? std::abs(off - sign.moved) : -std::abs(off);
      if (cost >= least) continue;
      least = cost;
      best = static_cast<int64_t>(i);
    }
  }
  return best;
}

Json PictureOfMovedSign(const RunData& data, const std::filesystem::path& out,
                        const std::string& reference, const MovedSign& sign) {
  // Where only some frames are delivered, those of a mask are not those of the recording.
  if (!data.dataset().show_originals || data.config().frames != 0) return Json::object();
  const auto original = data.Observed(sign.recording, reference, sign.observer);
  const auto masked = data.Observed(sign.recording, sign.variant, sign.observer);
  if (!original || !masked) return Json::object();
  const int64_t frame = FrameOfMovedSign(sign, *original, *masked);
  const CaseFiles files = FindCaseFiles(data, sign.recording, sign.variant, out);
  const std::filesystem::path source = OriginalFile(data, sign.recording, out);
  if (frame < 0 || files.masked.empty() || source.empty()) return Json::object();
  try {
    const cv::Mat before = ReadFramesAt(source, {frame}).front();
    const cv::Mat after = ReadFramesAt(files.masked, {frame}).front();
    const double rate_hz = data.dataset().FindRecording(sign.recording)->rate_hz;
    return {{"picture", JpegDataUri(Pair(before, after, files.track, frame), kQuality)},
            {"frame", frame},
            {"seconds", ShortJson(static_cast<double>(frame) / rate_hz)}};
  } catch (const DataError&) {
    return Json::object();  // A file that is damaged leaves the report without its picture.
  }
}

}  // namespace maskbench
