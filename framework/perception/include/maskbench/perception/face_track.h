#pragma once

#include <filesystem>
#include <fstream>
#include <vector>

#include "maskbench/media/recording.h"
#include "maskbench/perception/face_observation.h"

namespace maskbench {

/// Writes one FaceObservation per frame: a text header line, then records of 32-bit floats in
/// native byte order. A frame takes 7.5 kB and is read back alone, so an hour fits no memory limit.
class FaceTrackWriter {
 public:
  FaceTrackWriter(const std::filesystem::path& file, const MediaInfo& info);
  void Write(const FaceObservation& face);
  /// Throws DataError when the file could not be written whole.
  void Finish();

 private:
  std::filesystem::path file_;
  std::ofstream stream_;
  std::vector<float> record_;
};

class FaceTrackReader {
 public:
  /// Throws DataError when the file is no face track or ends within a record.
  explicit FaceTrackReader(const std::filesystem::path& file);
  int64_t frame_count() const { return frame_count_; }
  double rate_hz() const { return rate_hz_; }
  /// Of the frames that it is of.
  cv::Size picture_px() const { return picture_px_; }
  bool Next(FaceObservation* face);
  /// Goes to a frame; 0 ≤ frame ≤ frame_count.
  void Seek(int64_t frame);

 private:
  std::filesystem::path file_;
  std::ifstream stream_;
  std::streamoff first_record_ = 0;
  int64_t frame_count_ = 0, next_ = 0;
  double rate_hz_ = 0;
  cv::Size picture_px_;
  std::vector<float> record_;
};

}  // namespace maskbench
