#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include <Eigen/Geometry>

#include "maskbench/core/rng.h"
#include "maskbench/head/head_registry.h"
#include "maskbench/head/shape_fit.h"
#include "maskbench/reconstruct/face_fit.h"

namespace maskbench {

inline const HeadModel& FaceModel(const std::string& name) {
  static const auto parametric = MakeHeadModel("parametric", MASKBENCH_ASSETS_DIR "/models");
  static const auto canonical = MakeHeadModel("canonical468", MASKBENCH_ASSETS_DIR "/models");
  return name == "parametric" ? *parametric : *canonical;
}

inline std::vector<SurfacePoint> MeshPlaces(const HeadModel& model) {
  std::vector<SurfacePoint> places;
  for (const auto& place : model.Topology().mesh468) places.push_back(place.value());
  return places;
}

inline Eigen::Matrix3Xd PointsOn(const std::vector<SurfacePoint>& places,
                                 const Eigen::Matrix3Xd& vertices) {
  Eigen::Matrix3Xd points(3, static_cast<Eigen::Index>(places.size()));
  for (size_t p = 0; p < places.size(); ++p)
    points.col(static_cast<Eigen::Index>(p)) = Locate(places[p], vertices);
  return points;
}

/// A made-up person before a pinhole camera: what the mesh network would say if it made no error,
/// or one of a given size, and what is known of the head's pose.
struct SyntheticFace {
  explicit SyntheticFace(const HeadModel& head) : model(&head), places(MeshPlaces(head)) {
    identity = Eigen::VectorXd::Zero(head.IdentityDims());
  }

  const HeadModel* model;
  std::vector<SurfacePoint> places;
  Eigen::VectorXd identity;
  Eigen::Matrix3Xd neutral_mm;  ///< Instead of the identity, if it has columns.
  double scale = 1;             ///< Real mm per mm of the model.
  double focal_px = 1300;
  cv::Size picture_px{640, 480};
  double distance_mm = 650;
  double noise_px = 0, depth_noise_px = 0;
  /// The poses' template: real mm per mm of it, and the model in it (mm of it).
  double size = 1.03;
  Eigen::Matrix3d tilt = Eigen::AngleAxisd(0.05, Eigen::Vector3d::UnitX()).toRotationMatrix();
  Eigen::Vector3d shift_mm{0.5, 2, -3};

  struct Frame {
    double yaw = 0, pitch = 0, roll = 0;
    Eigen::Vector3d place_mm = Eigen::Vector3d::Zero();  ///< Camera axes.
    Eigen::VectorXd expression;
    double orbit_up_mm = 0;  ///< What a gaze makes of the mesh near the eyes.
    double outliers = 0;     ///< Share of points that are anywhere.
    bool face = true, wrong = false;
  };
  struct Truth {
    Eigen::Matrix3Xd points_mm;  ///< 468 points, camera frame.
    Eigen::Matrix3d rotation;    ///< Camera from model.
  };

  double px_per_mm() const { return focal_px / distance_mm; }
  Eigen::Matrix3Xd Shape() const {
    return neutral_mm.cols() > 0 ? neutral_mm : model->Evaluate(identity, {});
  }
  /// Activation of one expression by the first name that the model knows.
  Eigen::VectorXd Expression(const std::vector<std::string>& names, double value) const {
    Eigen::VectorXd expression = Eigen::VectorXd::Zero(model->ExpressionDims());
    for (const std::string& name : names) {
      const auto& all = model->ExpressionNames();
      const auto found = std::find(all.begin(), all.end(), name);
      if (found != all.end()) expression[found - all.begin()] = value;
    }
    return expression;
  }

  static Eigen::Matrix3d Facing(const Frame& frame) {
    constexpr double r = 3.14159265358979323846 / 180;
    const Eigen::Matrix3d turn = (Eigen::AngleAxisd(frame.yaw * r, Eigen::Vector3d::UnitY()) *
                                  Eigen::AngleAxisd(-frame.pitch * r, Eigen::Vector3d::UnitX()) *
                                  Eigen::AngleAxisd(-frame.roll * r, Eigen::Vector3d::UnitZ()))
                                     .toRotationMatrix();
    return Eigen::Vector3d(1, -1, -1).asDiagonal() * turn;
  }

  Truth TruthOf(const Frame& frame) const {
    const Eigen::Matrix3Xd vertices =
        Shape() + model->Evaluate({}, frame.expression) - model->Evaluate({}, {});
    const Eigen::Vector3d centre = frame.place_mm + Eigen::Vector3d(0, 0, distance_mm);
    const Eigen::Matrix3d head =
        Eigen::Quaterniond::FromTwoVectors(Eigen::Vector3d::UnitZ(), centre).toRotationMatrix() *
        Facing(frame);
    Truth truth;
    truth.rotation = head * tilt;
    truth.points_mm = ((truth.rotation * (scale * PointsOn(places, vertices))).colwise() +
                       (centre + size * (head * shift_mm)))
                          .eval();
    return truth;
  }

  MeshFrame See(const Frame& frame, NamedRandom* random) const {
    MeshFrame seen;
    if (!frame.face) return seen;
    const Truth truth = TruthOf(frame);
    const Eigen::Vector3d centre = frame.place_mm + Eigen::Vector3d(0, 0, distance_mm);
    const Eigen::Vector2d principal((picture_px.width - 1) / 2.0, (picture_px.height - 1) / 2.0);
    seen.mesh_px.resize(3, kMeshPoints);
    const Eigen::Matrix3Xd rest = PointsOn(places, model->Evaluate({}, {}));
    for (int k = 0; k < kMeshPoints; ++k) {
      Eigen::Vector3d point = truth.points_mm.col(k);
      for (const int corner : {33, 133, 362, 263}) {
        const double near = (rest.col(k) - rest.col(corner)).head<2>().norm() / 12;
        point += frame.orbit_up_mm * 0.5 * std::exp(-0.5 * near * near) * truth.rotation.col(1);
      }
      // The network sees a crop and so guesses depth along the line to the head.
      Eigen::Vector3d pixel(focal_px * point.x() / point.z() + principal.x(),
                            focal_px * point.y() / point.z() + principal.y(),
                            (point - centre).dot(centre.normalized()) * focal_px / centre.z() + 7);
      pixel.x() += noise_px * random->Normal();
      pixel.y() += noise_px * random->Normal();
      pixel.z() += depth_noise_px * random->Normal();
      if (frame.wrong || random->Uniform() < frame.outliers)
        pixel += 150 * Eigen::Vector3d(random->Normal(), random->Normal(), random->Normal());
      seen.mesh_px.col(k) = pixel.cast<float>();
    }
    seen.head.seen = true;
    seen.head.rotation = Eigen::Vector3d(1, -1, -1).asDiagonal() * Facing(frame);
    seen.head.scale_px = size * focal_px / centre.z();
    seen.head.origin_px = {focal_px * centre.x() / centre.z() + principal.x(),
                           -(focal_px * centre.y() / centre.z() + principal.y()), 3.0};
    return seen;
  }
  std::vector<MeshFrame> SeeAll(const std::vector<Frame>& frames, std::uint64_t seed = 1) const {
    NamedRandom random(seed, "synthetic face", "noise");
    std::vector<MeshFrame> seen;
    for (const Frame& frame : frames) seen.push_back(See(frame, &random));
    return seen;
  }

  /// A head that moves about, a mouth that opens and smiles, brows that rise.
  std::vector<Frame> Talk(int count) const {
    std::vector<Frame> frames;
    for (int f = 0; f < count; ++f) {
      Frame frame;
      const double t = f / 25.0;
      frame.yaw = 14 * std::sin(1.1 * t);
      frame.pitch = 8 * std::sin(0.7 * t + 1);
      frame.roll = 4 * std::sin(0.5 * t);
      frame.place_mm = {25 * std::sin(0.4 * t), 12 * std::cos(0.6 * t), 20 * std::sin(0.3 * t)};
      const auto wave = [&](double speed) { return std::max(0.0, std::sin(speed * t)); };
      frame.expression =
          Expression({"mouth-open", "jaw_open"}, 0.5 * wave(2.3)) +
          Expression({"mouth-corner-puller", "mouth_wide"}, 0.7 * wave(0.9)) +
          Expression({"eyebrows-left-up", "eyebrows-right-up", "brow_up_left", "brow_up_right"},
                     0.8 * wave(1.7));
      frames.push_back(frame);
    }
    return frames;
  }

  FaceFitOptions Options() const {
    FaceFitOptions options;
    options.picture_px = picture_px;
    options.size = size;
    return options;
  }
};

/// A random person of the model's first coefficients.
inline SyntheticFace RandomFace(const HeadModel& model, int dims, std::uint64_t seed) {
  SyntheticFace face(model);
  NamedRandom random(seed, "synthetic face", "identity");
  for (int k = 0; k < std::min(dims, model.IdentityDims()); ++k) face.identity[k] = random.Normal();
  return face;
}

/// Distances (mm) of a fitted head's mesh points at rest from the person's, at the best similarity
/// or, with `as_it_is`, only the best rigid motion, in real mm.
inline Eigen::VectorXd ShapeErrorsMm(const SyntheticFace& person, const FaceIdentity& identity,
                                     bool as_it_is = false) {
  const Eigen::Matrix3Xd is = identity.scale * PointsOn(person.places, person.model->Evaluate(
                                                                           identity.identity, {})),
                         was = person.scale * PointsOn(person.places, person.Shape());
  return (Align(is, was, !as_it_is) * is - was).colwise().norm();
}

/// Distances (mm) of a frame's fitted mesh points from where they are, in the camera frame.
inline Eigen::VectorXd PlaceErrorsMm(const SyntheticFace& person, const SyntheticFace::Frame& frame,
                                     const FaceIdentity& identity, const FacePose& pose) {
  const Eigen::Matrix3Xd is =
      ((pose.rotation *
        (identity.scale *
         PointsOn(person.places,
                  person.model->Evaluate(identity.identity, pose.expression.cast<double>()))))
           .colwise() +
       pose.translation_mm);
  return (is - person.TruthOf(frame).points_mm).colwise().norm();
}

/// Angle (degrees) between a frame's fitted and true turn, beside the turn that the fitted shape
/// itself has against the true one.
inline double TurnErrorDeg(const SyntheticFace& person, const SyntheticFace::Frame& frame,
                           const FaceIdentity& identity, const FacePose& pose) {
  const Eigen::Matrix3Xd is =
                             PointsOn(person.places, person.model->Evaluate(identity.identity, {})),
                         was = PointsOn(person.places, person.Shape());
  const Eigen::Matrix3d shape = Align(is, was, true).rotation;
  const Eigen::Matrix3d left =
      pose.rotation * shape.transpose() * person.TruthOf(frame).rotation.transpose();
  return Eigen::AngleAxisd(left).angle() * 180 / 3.14159265358979323846;
}

}  // namespace maskbench
