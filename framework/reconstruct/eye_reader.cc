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
// See EyeReader::Follow.
constexpr int kFollowedFrames = 10;
constexpr double kFollowedShare = 0.02;

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

/// The crop round the corners that were found in another one; nothing where the eye is not in sight
/// or they cannot be its own.
std::optional<EyePlacement> OwnPlace(const EyeEvidence& eye, const EyePlacement& seen) {
  if (eye.in_sight < 0.5) return std::nullopt;
  const EyePlacement found = PlaceEye(eye.medial.at, eye.lateral.at, seen.angle_rad, seen.side);
  if (found.width_px * kLargestChange < seen.width_px ||
      found.width_px > kLargestChange * seen.width_px)
    return std::nullopt;
  return found;
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
    const std::optional<EyePlacement> found = OwnPlace(first[s], mesh[s]);
    if (found) places[s] = *found;
    again = again || found;
  }
  std::array<EyeEvidence, 2> eyes = again ? network_.Look(bgr, places) : first;
  for (size_t s = 0; s < 2; ++s) {
    RefineReflex(bgr, &eyes[s]);
    const cv::Point2d along(std::cos(mesh[s].angle_rad), std::sin(mesh[s].angle_rad)),
        across(-along.y, along.x), shift = places[s].centre_px - mesh[s].centre_px;
    offsets_[s] = {cv::Point2d(shift.dot(along), shift.dot(across)) / mesh[s].width_px,
                   places[s].width_px / mesh[s].width_px};
  }
  followed_ = again ? 1 : 0;
  return eyes;
}

std::array<EyeEvidence, 2> EyeReader::Follow(const cv::Mat& bgr, const FaceObservation& face) {
  if (followed_ == 0 || followed_ >= kFollowedFrames) return Look(bgr, face);
  std::array<EyePlacement, 2> places = EyeNetwork::Placements(face);
  for (size_t s = 0; s < 2; ++s) {
    EyePlacement& place = places[s];
    const cv::Point2d along(std::cos(place.angle_rad), std::sin(place.angle_rad)),
        across(-along.y, along.x);
    place.centre_px +=
        place.width_px * (offsets_[s].shift.x * along + offsets_[s].shift.y * across);
    place.width_px *= offsets_[s].width;
  }
  std::array<EyeEvidence, 2> eyes = network_.Look(bgr, places);
  for (size_t s = 0; s < 2; ++s) {
    const std::optional<EyePlacement> found = OwnPlace(eyes[s], places[s]);
    if (!found) return Look(bgr, face);
    const double moved = cv::norm(found->centre_px - places[s].centre_px),
                 grown = std::abs(found->width_px - places[s].width_px);
    if (std::max(moved, grown) > kFollowedShare * places[s].width_px) return Look(bgr, face);
  }
  for (EyeEvidence& eye : eyes) RefineReflex(bgr, &eye);
  ++followed_;
  return eyes;
}

void EyeReader::Reset() { followed_ = 0; }

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
    // What an oracle was told of is nothing that was found.
    if (face.status != FaceStatus::kCarried) ++reading.frames_with_face;
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
