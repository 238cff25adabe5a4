#pragma once

#include <cmath>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <opencv2/core.hpp>

#include "maskbench/core/files.h"
#include "maskbench/masking/masker.h"
#include "maskbench/masking/register_all.h"
#include "maskbench/perception/face_track.h"

#include "media/video_fixtures.h"

namespace maskbench {

/// An ellipse, upright or rolled, with its eyes on a line above the middle. Temples are `width_px`
/// apart, outer eye corners 0.6 of that.
inline FaceObservation SyntheticFace(cv::Point2f centre, float width_px, float roll_rad = 0) {
  FaceObservation face;
  face.status = FaceStatus::kTracked;
  face.presence = 1;
  const auto place = [&](int index, double across, double down) {
    const double x = across * width_px, y = down * width_px;
    face.mesh[index] = {
        static_cast<float>(centre.x + std::cos(roll_rad) * x - std::sin(roll_rad) * y),
        static_cast<float>(centre.y + std::sin(roll_rad) * x + std::cos(roll_rad) * y), 0};
  };
  const double half_width = 0.5 / std::sin(80 * CV_PI / 180);  // The temples are 80° from the top.
  for (size_t i = 0; i < mesh::kOval.size(); ++i) {
    const double angle = static_cast<double>(i) * CV_PI / 18;
    place(mesh::kOval[i], half_width * std::sin(angle), -0.65 * std::cos(angle));
  }
  place(mesh::kRightEyeOuter, -0.3, -0.1);
  place(mesh::kRightEyeInner, -0.1, -0.1);
  place(mesh::kLeftEyeInner, 0.1, -0.1);
  place(mesh::kLeftEyeOuter, 0.3, -0.1);
  return face;
}

/// Half axes of SyntheticFace's outline as shares of its width.
inline constexpr double kFaceHalfWidth = 0.50771, kFaceHalfHeight = 0.65;

inline FaceObservation NoFace() { return {}; }

inline void WriteTrack(const std::filesystem::path& file, const MediaInfo& info,
                       const std::vector<FaceObservation>& faces) {
  FaceTrackWriter writer(file, info);
  for (const FaceObservation& face : faces) writer.Write(face);
  writer.Finish();
}

/// Frames and faces on disk, and what maskers make of them.
class MaskScene {
 public:
  MaskScene(std::vector<cv::Mat> frames, const std::vector<FaceObservation>& faces)
      : frames_(std::move(frames)), registry_("masking method") {
    RegisterMaskers(&registry_);
    job_.recording.anonymous_id = "r";
    job_.recording.file = folder_.path() / "recording.mkv";
    job_.track = folder_.path() / "track";
    WriteLossless(job_.recording.file, frames_);
    job_.recording.info = ProbeMedia(job_.recording.file);
    WriteTrack(job_.track, job_.recording.info, faces);
    std::filesystem::create_directories(folder_.path() / "out");
  }

  std::unique_ptr<Masker> Make(const std::string& type, const Json& options) const {
    Problems problems;
    const Json complete = registry_.Complete(type, options, type, &problems);
    problems.ThrowIfAny(type);
    Masker::Context context;
    context.delivery.codec = "ffv1";  // Keeps every pixel.
    return registry_.Make({type, type, complete}, context);
  }

  /// Masks into a new file.
  MaskReport Run(const std::string& type, const Json& options) {
    const std::unique_ptr<Masker> masker = Make(type, options);
    job_.output = folder_.path() / "out" / (type + masker->Extension(job_.recording));
    std::filesystem::remove(job_.output);
    return masker->Mask(job_);
  }

  std::vector<cv::Mat> Masked(const std::string& type, const Json& options = Json::object()) {
    Run(type, options);
    return ReadAll(job_.output);
  }

  const std::vector<cv::Mat>& frames() const { return frames_; }
  MaskJob* job() { return &job_; }
  std::filesystem::path folder() const { return folder_.path(); }

 private:
  std::vector<cv::Mat> frames_;
  TemporaryFolder folder_;
  Registry<Masker> registry_;
  MaskJob job_;
};

}  // namespace maskbench
