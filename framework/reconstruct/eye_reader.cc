#include "maskbench/reconstruct/eye_reader.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "maskbench/head/head_registry.h"
#include "maskbench/media/frame_source.h"
#include "maskbench/perception/face_track.h"
#include "maskbench/reconstruct/head_motion.h"

#include "reflex_search.h"

namespace maskbench {
namespace {

// Corners that would change the crop's width by more than this factor are something else.
constexpr double kLargestChange = 2;
constexpr double kInSightHalfSeconds = 0.05;

/// What covers an eye does not flicker: medians over a tenth of a second.
void SteadyInSight(EyeReading* reading) {
  const auto half = static_cast<size_t>(std::max(1.0, kInSightHalfSeconds * reading->rate_hz));
  const size_t count = reading->eyes.size();
  for (size_t s = 0; s < 2; ++s) {
    std::vector<double> steady(count, 0), window;
    for (size_t i = 0; i < count; ++i) {
      window.clear();
      for (size_t j = i - std::min(i, half); j < std::min(count, i + half + 1); ++j)
        if (reading->eyes[j]) window.push_back((*reading->eyes[j])[s].in_sight);
      if (window.empty()) continue;
      const auto middle = window.begin() + static_cast<std::ptrdiff_t>(window.size() / 2);
      std::nth_element(window.begin(), middle, window.end());
      steady[i] = *middle;
    }
    for (size_t i = 0; i < count; ++i)
      if (reading->eyes[i]) (*reading->eyes[i])[s].in_sight = steady[i];
  }
}

}  // namespace

EyeReader::EyeReader(const NetworkLibrary& networks) : network_(networks) {}

std::array<EyeEvidence, 2> EyeReader::Look(const cv::Mat& bgr, const FaceObservation& face) {
  const std::array<EyePlacement, 2> mesh = EyeNetwork::Placements(face);
  std::array<EyePlacement, 2> places = mesh;
  const std::array<EyeEvidence, 2> first = network_.Look(bgr, mesh);
  // Where the network is unsure it leans on where the crop lies, and the mesh leans on expression,
  // gaze and whatever is before the face. A second look stands on the eye's own corners.
  bool again = false;
  for (size_t s = 0; s < 2; ++s) {
    const EyeEvidence& eye = first[s];
    if (eye.in_sight < 0.5) continue;
    const EyePlacement found =
        PlaceEye(eye.medial.at, eye.lateral.at, mesh[s].angle_rad, mesh[s].side);
    if (found.width_px * kLargestChange < mesh[s].width_px ||
        found.width_px > kLargestChange * mesh[s].width_px)
      continue;
    places[s] = found;
    again = true;
  }
  std::array<EyeEvidence, 2> eyes = again ? network_.Look(bgr, places) : first;
  for (EyeEvidence& eye : eyes) RefineReflex(bgr, &eye);
  return eyes;
}

EyeReading EyeReader::Read(const Recording& recording, const std::filesystem::path& track,
                           const Eigen::Matrix3Xd& canonical_mm) {
  const HeadMotion motion(canonical_mm);
  FaceTrackReader reader(track);
  const std::unique_ptr<FrameSource> frames = OpenFrames(recording.file);
  EyeReading reading;
  reading.rate_hz = recording.info.rate.hz();
  reading.picture_px = {recording.info.width_px, recording.info.height_px};
  FaceObservation face;
  Frame frame;
  while (reader.Next(&face) && frames->Next(&frame)) {
    reading.eyes.emplace_back();
    reading.skull_points.emplace_back();
    if (!face.has_face()) continue;
    ++reading.frames_with_face;
    reading.eyes.back() = Look(frame.bgr, face);
    reading.skull_points.back() = motion.PointsOf(face);
  }
  SteadyInSight(&reading);
  return reading;
}

std::optional<cv::Point2d> MarginAcross(const std::array<cv::Point2d, kEyeMapWidth>& margin,
                                        cv::Point2d through, double angle_rad) {
  const cv::Point2d along(std::cos(angle_rad), std::sin(angle_rad));
  for (size_t k = 0; k + 1 < margin.size(); ++k) {
    const double a = (margin[k] - through).dot(along), b = (margin[k + 1] - through).dot(along);
    if ((a <= 0) == (b <= 0)) continue;
    return margin[k] + a / (a - b) * (margin[k + 1] - margin[k]);
  }
  return std::nullopt;
}

Eigen::Matrix3Xd CanonicalFace(const std::filesystem::path& models_dir) {
  const std::unique_ptr<HeadModel> head = MakeHeadModel("canonical468", models_dir);
  const Eigen::Matrix3Xd vertices = head->Evaluate({}, {});
  Eigen::Matrix3Xd points(3, kMeshPoints);
  for (int k = 0; k < kMeshPoints; ++k)
    points.col(k) = Locate(*head->Topology().mesh468[static_cast<size_t>(k)], vertices);
  return points;
}

}  // namespace maskbench
