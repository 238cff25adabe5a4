#include "maskbench/masking/mask_steadiness.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/perception/face_track.h"

namespace maskbench {
namespace {

// Of the mesh: the middles of the brows; corners of eyes and mouth have names.
constexpr int kRightBrow = 105, kLeftBrow = 334;

FacePoints PointsOf(const FaceObservation& face) {
  const auto at = [&](int index) { return cv::Point2d(face.point(index)); };
  return {0.5 * (at(mesh::kRightEyeOuter) + at(mesh::kRightEyeInner)),
          0.5 * (at(mesh::kLeftEyeInner) + at(mesh::kLeftEyeOuter)),
          at(kRightBrow),
          at(kLeftBrow),
          at(mesh::kRightMouthCorner),
          at(mesh::kLeftMouthCorner)};
}

bool IsOpen(const MaskFrame& frame) {
  return frame.status == MaskStatus::kSeen && frame.eyes[0].status == MaskEyeStatus::kOpen &&
         frame.eyes[1].status == MaskEyeStatus::kOpen;
}

/// Squared second difference of all points about a frame, px² per point.
double Tremble(const std::vector<std::optional<FacePoints>>& points, size_t frame) {
  double sum = 0;
  for (size_t k = 0; k < kFacePoints; ++k) {
    const cv::Point2d bend =
        (*points[frame - 1])[k] - 2 * (*points[frame])[k] + (*points[frame + 1])[k];
    sum += bend.dot(bend);
  }
  return sum / kFacePoints;
}

}  // namespace

FacePoints DrawnPoints(const MaskFace& face, const MaskHeader& header, const MaskFrame& frame) {
  // Lids move none of the points, and to solve them takes most of the time.
  MaskHeader without_lids = header;
  without_lids.stages.eyelid = false;
  const MaskFace::Posed posed = face.Pose(without_lids, frame);
  const HeadTopology& topology = face.actor().rig().topology();
  const Eigen::Matrix3Xd vertices = face.actor().ModelVertices(posed.pose.expression);
  const auto drawn = [&](const Eigen::Vector3d& point_mm) {
    const Eigen::Vector2d pixel = posed.camera.Project(posed.pose.head * point_mm);
    return cv::Point2d(pixel.x(), pixel.y());
  };
  const auto globe = [&](size_t side) {
    return drawn(Locate(topology.globe_centre[side], vertices));
  };
  const auto of_mesh = [&](int index) {
    const auto& point = topology.mesh468[static_cast<size_t>(index)];
    if (!point) throw DataError(fmt::format("the mask's head model has no mesh point {}.", index));
    return drawn(Locate(*point, vertices));
  };
  return {globe(0),
          globe(1),
          of_mesh(kRightBrow),
          of_mesh(kLeftBrow),
          of_mesh(mesh::kRightMouthCorner),
          of_mesh(mesh::kLeftMouthCorner)};
}

MaskSteadiness MeasureSteadiness(const std::vector<std::optional<FacePoints>>& drawn,
                                 const std::vector<std::optional<FacePoints>>& seen,
                                 double rate_hz) {
  MaskSteadiness steadiness;
  const auto reach = std::max<size_t>(1, static_cast<size_t>(std::lround(kStillS * rate_hz)));
  double mask = 0, mesh = 0;
  for (size_t i = reach; i + reach < drawn.size(); ++i) {
    bool still = true;
    for (size_t j = i - reach; j <= i + reach; ++j) still = still && drawn[j] && seen[j];
    if (!still) continue;
    double moved = 0;
    for (size_t k = 0; k < kFacePoints; ++k) {
      cv::Point2d way(0, 0);
      for (size_t j = 1; j <= reach; ++j) way += (*seen[i + j])[k] - (*seen[i - j])[k];
      moved += std::hypot(way.x, way.y) / static_cast<double>(reach * kFacePoints);
    }
    if (moved >= kStillPx) continue;
    mask += Tremble(drawn, i);
    mesh += Tremble(seen, i);
    ++steadiness.frames;
  }
  const double count = static_cast<double>(steadiness.frames);
  const auto rms = [&](double sum) {
    return steadiness.frames > 0 ? std::sqrt(sum / (6 * count))
                                 : std::numeric_limits<double>::quiet_NaN();
  };
  steadiness.mask_px_rms = rms(mask);
  steadiness.mesh_px_rms = rms(mesh);
  return steadiness;
}

MaskSteadiness MeasureSteadiness(const MaskParameters& parameters,
                                 const std::filesystem::path& track,
                                 const std::filesystem::path& models_dir) {
  const MaskFace face(parameters.header, models_dir);
  FaceTrackReader reader(track);
  if (reader.frame_count() != static_cast<std::int64_t>(parameters.frames.size())) {
    throw DataError(fmt::format("the mask has {} frames, the face track {}.",
                                parameters.frames.size(), reader.frame_count()));
  }
  std::vector<std::optional<FacePoints>> drawn, seen;
  FaceObservation observed;
  for (const MaskFrame& frame : parameters.frames) {
    reader.Next(&observed);
    seen.push_back(observed.has_face() ? std::optional(PointsOf(observed)) : std::nullopt);
    drawn.push_back(IsOpen(frame) ? std::optional(DrawnPoints(face, parameters.header, frame))
                                  : std::nullopt);
  }
  return MeasureSteadiness(drawn, seen, parameters.header.rate.hz());
}

}  // namespace maskbench
