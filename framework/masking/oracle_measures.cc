#include "maskbench/masking/oracle_measures.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include <Eigen/Dense>
#include <Eigen/Geometry>
#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/head/eye_model.h"
#include "maskbench/masking/mask_measures.h"
#include "maskbench/render/camera.h"

#include "mask_lids.h"

namespace maskbench {
namespace {

constexpr char kFormat[] = "maskbench-virtual-truth";
constexpr int kVersion = 2;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
// As in mask_measures: lids that are nearer count as touching, mm.
constexpr double kTouchingMm = 0.3;

/// Camera frame ↔ axes of the picture with y up and z towards the camera.
const Eigen::DiagonalMatrix<double, 3> kFlip(1, -1, -1);

/// A lid margin of one frame: px, medial to lateral.
struct Margin {
  std::vector<Eigen::Vector2d> points;
  size_t in_sight = 0;
};

/// The truth of one eye, an entry per frame.
struct TrueEyes {
  double iris_mm = 0;
  std::vector<double> visual_azimuth, visual_elevation, pupillary_azimuth, pupillary_elevation;
  std::vector<double> iris_x, iris_y, iris_major, reflex_x, reflex_y;
  std::vector<Margin> upper, lower;
};

std::vector<double> Numbers(const Json& list, size_t frames) {
  std::vector<double> numbers;
  for (const Json& item : list) numbers.push_back(item.is_number() ? item.get<double>() : kNan);
  if (numbers.size() != frames) throw DataError("not every column has an entry for each frame");
  return numbers;
}

std::vector<Margin> Margins(const Json& list, size_t frames) {
  std::vector<Margin> margins;
  for (const Json& row : list) {
    Margin margin;
    for (size_t k = 0; k + 2 < row.size(); k += 3) {
      margin.points.emplace_back(row[k].get<double>(), row[k + 1].get<double>());
      margin.in_sight += row[k + 2] != 0 ? 1 : 0;
    }
    margins.push_back(std::move(margin));
  }
  if (margins.size() != frames) throw DataError("not every column has an entry for each frame");
  return margins;
}

TrueEyes EyesOf(const Json& truth, Side side, size_t frames) {
  const Json& columns = truth.at(ToString(side));
  const auto column = [&](const char* name) { return Numbers(columns.at(name), frames); };
  TrueEyes eyes;
  eyes.iris_mm = truth.at("anatomy").at(ToString(side)).at("hvid_mm");
  if (!(eyes.iris_mm > 0)) throw DataError("hvid_mm is not positive");
  eyes.visual_azimuth = column("visual_axis_azimuth_deg");
  eyes.visual_elevation = column("visual_axis_elevation_deg");
  eyes.pupillary_azimuth = column("pupillary_axis_azimuth_deg");
  eyes.pupillary_elevation = column("pupillary_axis_elevation_deg");
  eyes.iris_x = column("iris_x_px");
  eyes.iris_y = column("iris_y_px");
  eyes.iris_major = column("iris_major_px");
  eyes.reflex_x = column("reflex_x_px");
  eyes.reflex_y = column("reflex_y_px");
  eyes.upper = Margins(columns.at("upper_margin_px"), frames);
  eyes.lower = Margins(columns.at("lower_margin_px"), frames);
  return eyes;
}

std::vector<Pose> HeadsOf(const Json& rows, size_t frames) {
  std::vector<Pose> heads;
  for (const Json& row : rows) {
    Pose head;
    for (int r = 0; r < 3; ++r) {
      for (int c = 0; c < 3; ++c) head.rotation(r, c) = row.at(4 * r + c).get<double>();
      head.translation_mm[r] = row.at(4 * r + 3).get<double>();
    }
    heads.push_back(head);
  }
  if (heads.size() != frames) throw DataError("not every frame has a pose of the head");
  return heads;
}

double Median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Rotation centre in the head's frame: behind the iris, whose place and distance its ellipse in
/// the picture shows. Median over the recording.
Eigen::Vector3d GlobeCentre(const TrueEyes& eyes, const std::vector<Pose>& heads,
                            const Camera& camera) {
  EyeShape shape;
  const double scale = eyes.iris_mm / (2 * shape.limbus_horizontal_mm);
  const double across_mm = scale * shape.limbus_horizontal_mm,
               up_mm = scale * shape.limbus_vertical_mm;
  const double ahead_mm =
      scale * (shape.LimbusPointMm(0).z() + shape.LimbusPointMm(1.5707963267948966).z()) / 2;
  std::array<std::vector<double>, 3> places;
  for (size_t i = 0; i < heads.size(); ++i) {
    const Eigen::Matrix3d turn =
        heads[i].rotation * EyeRotation(eyes.pupillary_azimuth[i], eyes.pupillary_elevation[i]);
    if (!turn.allFinite() || !std::isfinite(eyes.iris_x[i] + eyes.iris_y[i]) ||
        !(eyes.iris_major[i] > 0)) {
      continue;
    }
    const Eigen::Vector3d ray = camera.Ray({eyes.iris_x[i], eyes.iris_y[i]});
    // The limbus in the picture, px times its distance.
    Eigen::Matrix<double, 2, 3> flat;
    flat << 1, 0, -ray.x(), 0, 1, -ray.y();
    Eigen::Matrix2d axes;
    axes.col(0) = flat * (across_mm * turn.col(0));
    axes.col(1) = flat * (up_mm * turn.col(1));
    const double major = Eigen::JacobiSVD<Eigen::Matrix2d>(axes).singularValues()[0];
    const double distance_mm = camera.focal_px * major / eyes.iris_major[i];
    const Eigen::Vector3d centre = distance_mm * ray - ahead_mm * turn.col(2);
    const Eigen::Vector3d in_head =
        heads[i].rotation.transpose() * (centre - heads[i].translation_mm);
    for (size_t axis = 0; axis < 3; ++axis)
      places[axis].push_back(in_head[static_cast<Eigen::Index>(axis)]);
  }
  if (places[0].empty()) throw DataError("an eye's iris has no place in any frame");
  return {Median(places[0]), Median(places[1]), Median(places[2])};
}

/// Height of a margin in a column, smooth between its points; NaN beyond its ends.
double HeightAt(const Margin& margin, const PictureAxes& axes, double x) {
  std::vector<Eigen::Vector2d> points;
  for (const Eigen::Vector2d& pixel : margin.points)
    points.emplace_back(axes.right.dot(pixel), axes.up.dot(pixel));
  const size_t count = points.size();
  for (size_t k = 0; k + 1 < count; ++k) {
    const double a = points[k].x() - x, b = points[k + 1].x() - x;
    if ((a <= 0) == (b <= 0)) continue;
    const double t = a / (a - b), from = points[k].y(), to = points[k + 1].y();
    // Catmull-Rom: the points lie evenly along the line between the corners.
    const double start = (k > 0 ? (to - points[k - 1].y()) / 2 : to - from),
                 end = (k + 2 < count ? (points[k + 2].y() - from) / 2 : to - from);
    const double t2 = t * t, t3 = t2 * t;
    return (2 * t3 - 3 * t2 + 1) * from + (t3 - 2 * t2 + t) * start + (3 * t2 - 2 * t3) * to +
           (t3 - t2) * end;
  }
  return kNan;
}

/// @param last  of the same eye: an eye that is covered keeps what it had.
MaskEye EyeAt(const TrueEyes& eyes, size_t i, const Pose& head, const Eigen::Vector3d& centre_mm,
              const PictureAxes& axes, const MaskEye& last) {
  MaskEye eye = last;
  eye.status = MaskEyeStatus::kNotSeen;
  const Margin& upper = eyes.upper[i];
  const Eigen::Vector3d visual =
      head.rotation * GazeDirection(eyes.visual_azimuth[i], eyes.visual_elevation[i]);
  const Eigen::Vector2d iris(eyes.iris_x[i], eyes.iris_y[i]),
      reflex(eyes.reflex_x[i], eyes.reflex_y[i]);
  if (2 * upper.in_sight <= upper.points.size() || !visual.allFinite() || !iris.allFinite() ||
      !reflex.allFinite()) {
    return eye;
  }
  const auto opening = [&](const Eigen::Vector2d& pixel) -> Eigen::Vector2d {
    const double x = axes.right.dot(pixel), y = axes.up.dot(pixel);
    return {HeightAt(upper, axes, x) - y, y - HeightAt(eyes.lower[i], axes, x)};
  };
  const Eigen::Vector2d at_iris = opening(iris), at_reflex = opening(reflex);
  if (!at_iris.allFinite() || !at_reflex.allFinite()) return eye;
  eye.aperture_mm = std::clamp(at_iris.sum(), 0.0, 40.0);
  const Eigen::Vector2d off = GazeAngles(kFlip * visual) - GazeAngles(kFlip * -(head * centre_mm));
  eye.azimuth_deg = std::clamp(off.x(), -90.0, 90.0);
  eye.elevation_deg = std::clamp(off.y(), -90.0, 90.0);
  eye.mrd1_mm = std::clamp(at_reflex.x(), -40.0, 40.0);
  eye.mrd2_mm = std::clamp(at_reflex.y(), -40.0, 40.0);
  eye.status = eye.aperture_mm < kTouchingMm ? MaskEyeStatus::kShut : MaskEyeStatus::kOpen;
  return eye;
}

MaskParameters ParametersOf(const Json& truth, FrameRate rate,
                            const Eigen::Matrix3d& face_from_model, const OracleOptions& options) {
  MaskParameters parameters;
  MaskHeader& header = parameters.header;
  header.rate = rate;
  header.model = options.model;
  header.stages = options.stages;
  const auto frames = truth.at("frames").get<size_t>();
  if (frames == 0) throw DataError("it has no frames");
  Camera camera;
  camera.width_px = truth.at("camera").at("width_px");
  camera.height_px = truth.at("camera").at("height_px");
  camera.focal_px = truth.at("camera").at("focal_px");
  camera.principal_px = {(camera.width_px - 1) / 2.0, (camera.height_px - 1) / 2.0};
  header.picture_px = {camera.width_px, camera.height_px};
  header.focal_px = camera.focal_px;

  const std::vector<Pose> heads = HeadsOf(truth.at("head_to_camera"), frames);
  const std::array<TrueEyes, 2> eyes = {EyesOf(truth, Side::kRight, frames),
                                        EyesOf(truth, Side::kLeft, frames)};
  const std::array<Eigen::Vector3d, 2> centres = {GlobeCentre(eyes[0], heads, camera),
                                                  GlobeCentre(eyes[1], heads, camera)};
  // The mask's millimetres in those of this person.
  const double size = (eyes[0].iris_mm + eyes[1].iris_mm) / 2 / header.iris_diameter_mm;
  const double ahead_mm = size * EyeShape().LimbusPointMm(0).z();
  std::vector<double> distances;
  MaskFrame frame;
  frame.status = MaskStatus::kSeen;
  frame.opacity = 1;
  for (size_t i = 0; i < frames; ++i) {
    const Eigen::Vector3d between = heads[i] * ((centres[0] + centres[1]) / 2);
    if (!(between.z() > 10)) throw DataError(fmt::format("frame {} has no head before it", i));
    const Eigen::Vector2d place = camera.Project(between);
    frame.place_px = {place.x(), place.y()};
    frame.px_per_mm = size * camera.focal_px / (between.z() - ahead_mm);
    distances.push_back(camera.focal_px / frame.px_per_mm);
    // As MaskFace::Pose, the other way round.
    const Eigen::Matrix3d turn =
        Eigen::Quaterniond::FromTwoVectors(Eigen::Vector3d::UnitZ(), camera.Ray(place))
            .toRotationMatrix()
            .transpose() *
        heads[i].rotation * face_from_model.transpose();
    const Eigen::Vector3d angles = PoseAnglesDeg(kFlip * turn);
    frame.yaw_deg = angles.x();
    frame.pitch_deg = angles.y();
    frame.roll_deg = angles.z();
    const PictureAxes axes(camera, heads[i], turn, frame.px_per_mm);
    for (size_t s = 0; s < 2; ++s)
      frame.eyes[s] = EyeAt(eyes[s], i, heads[i], centres[s], axes, frame.eyes[s]);
    parameters.frames.push_back(frame);
  }
  header.camera_distance_mm = std::round(Median(distances));
  return parameters;
}

}  // namespace

MaskParameters OracleMaskParameters(const Json& truth, const std::string& origin, FrameRate rate,
                                    const Eigen::Matrix3d& face_from_model,
                                    const OracleOptions& options) {
  if (!truth.is_object() || truth.value("format", Json()) != kFormat) {
    throw DataError(fmt::format("{} is no truth of a virtual recording.", origin));
  }
  if (truth.value("format_version", Json()) != kVersion) {
    throw DataError(fmt::format("{} has format version {}; this program reads version {}.", origin,
                                truth.value("format_version", Json()).dump(), kVersion));
  }
  try {
    return ParametersOf(truth, rate, face_from_model, options);
  } catch (const std::exception& error) {
    throw DataError(fmt::format("{} lacks what the mask shows: {}.", origin, error.what()));
  }
}

}  // namespace maskbench
