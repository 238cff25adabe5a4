#include "maskbench/reconstruct/eye_reader.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "maskbench/head/head_registry.h"
#include "maskbench/media/frame_source.h"
#include "maskbench/perception/face_track.h"
#include "maskbench/reconstruct/head_motion.h"

namespace maskbench {
namespace {

// The network is trained with crops that are off by 9 % of their width and 13 % in size; beyond
// these shares of it another look pays.
constexpr double kFarShare = 0.07, kFarSize = 0.12;
constexpr double kInSightHalfSeconds = 0.05;

bool IsOff(const EyePlacement& had, const EyePlacement& found) {
  return cv::norm(had.centre_px - found.centre_px) > kFarShare * had.width_px ||
         std::abs(std::log(found.width_px / had.width_px)) > kFarSize;
}

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
  std::array<EyePlacement, 2> places = EyeNetwork::Placements(face);
  std::array<EyeEvidence, 2> eyes = network_.Look(bgr, places);
  bool again = false;
  for (size_t s = 0; s < 2; ++s) {
    const EyeEvidence& eye = eyes[s];
    if (eye.in_sight < 0.5) continue;
    EyePlacement found =
        PlaceEye(eye.medial.at, eye.lateral.at, places[s].angle_rad, places[s].side);
    // Not farther than corners can be told from something else.
    if (!IsOff(places[s], found) || found.width_px < 0.5 * places[s].width_px ||
        found.width_px > 2 * places[s].width_px)
      continue;
    places[s] = found;
    again = true;
  }
  return again ? network_.Look(bgr, places) : eyes;
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
