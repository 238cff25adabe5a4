#pragma once

#include <cmath>
#include <functional>
#include <vector>

#include <Eigen/Geometry>

#include "maskbench/core/rng.h"
#include "maskbench/head/eye_model.h"
#include "maskbench/reconstruct/eye_fit.h"

namespace maskbench {

/// A made-up person before a weak-perspective camera: what the eye network and the mesh would say
/// if they made no error, or one of a given size.
struct SyntheticEyes {
  // Person, real mm. By Side.
  std::array<Eigen::Vector3d, 2> globe_mm = {Eigen::Vector3d(-32, 0.5, -1),
                                             Eigen::Vector3d(31.5, 0.2, -0.5)};
  std::array<EyeShape, 2> shape;
  double pupil_nasal_mm = 0;              ///< Of the pupil's centre against the iris' one.
  double upper_mm = 3.5, lower_mm = 5.5;  ///< Margins above and below the rotation centre.
  double size = 1.04;                     ///< Real mm per mm of the template.
  double px_per_mm = 2;
  double noise_px = 0;
  cv::Size picture_px{640, 480};
  double distance_mm = 650;

  /// One frame: head pose (degrees), visual axes in the head's frame (degrees), what is covered and
  /// shut.
  struct Frame {
    double yaw = 0, pitch = 0, roll = 0;
    std::array<Eigen::Vector2d, 2> gaze_deg{Eigen::Vector2d::Zero(), Eigen::Vector2d::Zero()};
    std::array<bool, 2> covered{}, shut{};
    double lid_shift_mm = 0;
  };

  static Eigen::Matrix3d Rotation(const Frame& frame) {
    constexpr double r = 3.14159265358979323846 / 180;
    return (Eigen::AngleAxisd(frame.yaw * r, Eigen::Vector3d::UnitY()) *
            Eigen::AngleAxisd(-frame.pitch * r, Eigen::Vector3d::UnitX()) *
            Eigen::AngleAxisd(-frame.roll * r, Eigen::Vector3d::UnitZ()))
        .toRotationMatrix();
  }

  /// Visual axis (head's frame) with which an eye looks at the camera.
  Eigen::Vector2d AtCamera(const Frame& frame, Side side) const {
    const Eigen::Matrix3d rotation = Rotation(frame);
    const Eigen::Vector3d place = rotation * globe_mm[static_cast<size_t>(side)];
    const Eigen::Vector3d to_camera(-place.x(), -place.y(), distance_mm);
    return GazeAngles(rotation.transpose() * to_camera.normalized());
  }

  EyeReading Read(const std::vector<Frame>& frames, const Eigen::Matrix3Xd& canonical_mm,
                  std::uint64_t seed = 1) const {
    NamedRandom random(seed, "synthetic eyes", "noise");
    const auto jitter = [&] { return noise_px * random.Normal(); };
    EyeReading reading;
    reading.rate_hz = 60;
    reading.picture_px = picture_px;
    const HeadMotion motion(canonical_mm);
    const Eigen::Vector3d middle((picture_px.width - 1) / 2.0, -(picture_px.height - 1) / 2.0, 0);
    for (const Frame& frame : frames) {
      const Eigen::Matrix3d rotation = Rotation(frame);
      FaceObservation face;
      face.status = FaceStatus::kTracked;
      for (int k = 0; k < kMeshPoints; ++k) {
        const Eigen::Vector3d p = px_per_mm * (rotation * (size * canonical_mm.col(k))) + middle;
        face.mesh[static_cast<size_t>(k)] = {static_cast<float>(p.x() + jitter()),
                                             static_cast<float>(-p.y() + jitter()),
                                             static_cast<float>(-p.z())};
      }
      reading.skull_points.push_back(motion.PointsOf(face));
      std::array<EyeEvidence, 2> eyes;
      for (const Side side : kSides) {
        const size_t s = static_cast<size_t>(side);
        EyeEvidence& eye = eyes[s];
        const EyeShape& ball = shape[s];
        const Eigen::Vector2d axis = PupillaryAnglesFor(
            ball, side, GazeDirection(frame.gaze_deg[s].x(), frame.gaze_deg[s].y()));
        const Eigen::Vector3d centre = rotation * globe_mm[s];
        // Under perspective an eye is seen along its own line to the camera.
        const Eigen::Matrix3d along =
            Eigen::Quaterniond::FromTwoVectors(
                Eigen::Vector3d(-centre.x(), -centre.y(), distance_mm), Eigen::Vector3d::UnitZ())
                .toRotationMatrix();
        const Eigen::Matrix3d turn = along * rotation * EyeRotation(axis.x(), axis.y());
        const auto pixel = [&](const Eigen::Vector3d& mm) {
          const Eigen::Vector3d p = px_per_mm * mm + middle;
          return cv::Point2d(p.x() + jitter(), -p.y() + jitter());
        };
        const double depth = ball.LimbusPointMm(0).z();
        eye.iris = {pixel(centre + depth * turn.col(2)), std::max(0.05, noise_px)};
        eye.iris_y_error_px = eye.iris.error_px;
        const bool right = side == Side::kRight;
        const auto corner = [&](int index) {
          return SeenPoint{pixel(rotation * (size * canonical_mm.col(index))), eye.iris.error_px};
        };
        eye.medial = corner(right ? mesh::kRightEyeInner : mesh::kLeftEyeInner);
        eye.lateral = corner(right ? mesh::kRightEyeOuter : mesh::kLeftEyeOuter);
        const double leftwards_mm = side == Side::kRight ? pupil_nasal_mm : -pupil_nasal_mm;
        eye.pupil = {pixel(centre + ball.IrisPlaneMm() * turn.col(2) + leftwards_mm * turn.col(0)),
                     eye.iris.error_px};
        eye.reflex = {pixel(centre + ball.CorneaCentreMm() * turn.col(2)), eye.iris.error_px};
        const Eigen::Vector2d a = px_per_mm * ball.limbus_horizontal_mm * turn.col(0).head<2>(),
                              b = px_per_mm * ball.limbus_vertical_mm * turn.col(1).head<2>();
        const Eigen::Matrix2d m = a * a.transpose() + b * b.transpose();
        eye.iris_shape = {m(0, 0), -m(0, 1), -m(1, 0), m(1, 1)};
        eye.iris_size_error_px = 0.1 + noise_px;
        eye.placement.side = side;
        eye.placement.width_px = 1.7 * 30 * px_per_mm;
        // Eye line in the picture.
        const Eigen::Vector2d line = rotation.col(0).head<2>();
        eye.placement.angle_rad = std::atan2(-line.y(), line.x());
        const Eigen::Vector2d up = rotation.col(1).head<2>();
        for (int k = 0; k < kEyeMapWidth; ++k) {
          const double across = (k - (kEyeMapWidth - 1) / 2.0) * 1.0;
          const Eigen::Vector2d base =
              px_per_mm * (centre.head<2>() + across * line) + middle.head<2>();
          const double top = frame.shut[s] ? -lower_mm : upper_mm + frame.lid_shift_mm;
          const Eigen::Vector2d u = base + px_per_mm * top * up,
                                l = base - px_per_mm * lower_mm * up;
          eye.upper[static_cast<size_t>(k)] = {u.x(), -u.y() + jitter()};
          eye.lower[static_cast<size_t>(k)] = {l.x(), -l.y() + jitter()};
        }
        eye.upper_error_px = eye.lower_error_px = std::max(0.05, noise_px);
        eye.iris_share = frame.shut[s] ? 0 : 0.8;
        eye.pupil_seen = eye.reflex_seen = frame.shut[s] ? 0 : 1;
        eye.in_sight = frame.covered[s] ? 0.05 : 0.98;
        eye.shut = frame.shut[s] ? 0.98 : 0.02;
      }
      reading.eyes.emplace_back(eyes);
      ++reading.frames_with_face;
    }
    return reading;
  }
};

}  // namespace maskbench
