#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <opencv2/core.hpp>

#include "maskbench/pipeline/run_data.h"

namespace maskbench {

/// What a run keeps of one recording under a variant. Files that are not there are empty paths.
struct CaseFiles {
  /// Lossless frames of the recording itself.
  std::filesystem::path source;
  /// Face track of the recording itself.
  std::filesystem::path track;
  std::filesystem::path masked;
};

/// @param variant  name of a variant; empty: without the masked file.
/// @param out  the run's folder.
CaseFiles FindCaseFiles(const RunData& data, const std::string& recording,
                        const std::string& variant, const std::filesystem::path& out);

/// The recording as it was filmed: as the variant `original` delivers it, else its lossless source;
/// empty when neither is kept.
std::filesystem::path OriginalFile(const RunData& data, const std::string& recording,
                                   const std::filesystem::path& out);

/// Frames of a video in the order asked for, which may repeat. Throws DataError.
std::vector<cv::Mat> ReadFramesAt(const std::filesystem::path& file,
                                  const std::vector<int64_t>& frames);

/// Width and height of the region of both eyes in distances of the outer corners.
inline constexpr double kEyesWidth = 1.5, kEyesHeight = 0.56;

/// The region of both eyes about a frame of a recording, px, by its face track: medians over a
/// quarter of a second to either side, more where no face was found. Throws DataError where there
/// is none at all.
cv::Rect2d EyesRegion(const std::filesystem::path& track, int64_t frame);

/// Draws a region of a frame over a whole cell; `empty` where the frame does not reach.
void CutRegion(const cv::Mat& frame, const cv::Rect2d& region, const cv::Scalar& empty,
               cv::Mat cell);

/// Draws a whole frame into the middle of a cell, as large as fits.
void FitFrame(const cv::Mat& frame, cv::Mat cell);

}  // namespace maskbench
