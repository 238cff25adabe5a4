#include "eye_truth.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include <Eigen/Core>
#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/head/eye_model.h"
#include "maskbench/pipeline/condition.h"

namespace maskbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
// Rotation centres lie about so far from the head's origin, which is midway between them, and the
// plane of the limbus so far in front of them (12 mm globe, 11.7 mm iris).
constexpr double kCentreMm = 32, kLimbusAheadMm = 10.5;

/// Truth column that stands for an observer's measure.
constexpr std::array<std::pair<const char*, const char*>, 7> kColumns = {
    {{"mrd1", "mrd1_mm"},
     {"mrd2", "mrd2_mm"},
     {"pfh", "pfh_mm"},
     {"superior_show", "superior_show_mm"},
     {"inferior_show", "inferior_show_mm"},
     {"gaze_azimuth", "visual_axis_azimuth_deg"},
     {"gaze_elevation", "visual_axis_elevation_deg"}}};

std::vector<double> Numbers(const Json& list) {
  std::vector<double> numbers;
  for (const Json& item : list) numbers.push_back(item.is_number() ? item.get<double>() : kNan);
  return numbers;
}

/// Camera axes (x right, y down, z forward) to those in which a person who faces the camera looks
/// along z, with x to the patient's left and y up.
Eigen::Vector3d FromFront(const Eigen::Vector3d& camera) {
  return {camera.x(), -camera.y(), -camera.z()};
}

struct HeadPose {
  Eigen::Matrix3d rotation;
  Eigen::Vector3d translation_mm;
};

HeadPose PoseOf(const Json& rows) {
  HeadPose pose;
  for (int r = 0; r < 3; ++r) {
    for (int c = 0; c < 3; ++c) pose.rotation(r, c) = rows.at(4 * r + c).get<double>();
    pose.translation_mm[r] = rows.at(4 * r + 3).get<double>();
  }
  return pose;
}

struct Lens {
  double focal_px = 0, centre_x_px = 0, centre_y_px = 0;
};

std::optional<Lens> LensOf(const Json& truth) {
  const auto camera = truth.find("camera");
  if (camera == truth.end()) return std::nullopt;
  return Lens{camera->at("focal_px"), (camera->at("width_px").get<double>() - 1) / 2,
              (camera->at("height_px").get<double>() - 1) / 2};
}

/// From an eye's rotation centre to the camera, camera axes. The centre is found behind the iris
/// that is seen, where the lens is known; else it has the average place.
Eigen::Vector3d ToCamera(const HeadPose& head, Side side, const std::optional<Lens>& lens,
                         const Eigen::Vector2d& iris_px, const Eigen::Vector3d& pupillary) {
  const Eigen::Vector3d average =
      head.rotation * Eigen::Vector3d(side == Side::kLeft ? kCentreMm : -kCentreMm, 0, 0) +
      head.translation_mm;
  const Eigen::Vector3d ahead = kLimbusAheadMm * (head.rotation * pupillary);
  if (!lens || !iris_px.allFinite() || !ahead.allFinite()) return -average;
  const Eigen::Vector3d ray((iris_px.x() - lens->centre_x_px) / lens->focal_px,
                            (iris_px.y() - lens->centre_y_px) / lens->focal_px, 1);
  return ahead - ray * (average.z() + ahead.z());
}

EyeFrames EyeOf(const Json& truth, Side side, const std::vector<HeadPose>& heads) {
  const Json& columns = truth.at(ToString(side));
  EyeFrames eye;
  eye.hvid_mm = truth.at("anatomy").at(ToString(side)).at("hvid_mm");
  eye.closure = Numbers(columns.at("closure"));
  eye.azimuth_deg = Numbers(columns.at("pupillary_axis_azimuth_deg"));
  eye.elevation_deg = Numbers(columns.at("pupillary_axis_elevation_deg"));
  for (const double radius : Numbers(columns.at("iris_major_px")))
    eye.iris_px.push_back(2 * radius);
  for (const Json& margin : columns.at("upper_margin_px")) {
    // x, y, visible; …
    size_t seen = 0;
    for (size_t k = 2; k < margin.size(); k += 3) seen += margin[k] != 0 ? 1 : 0;
    eye.visible.push_back(6 * seen > margin.size());
  }
  for (const auto& [name, column] : kColumns) eye.measures[name] = Numbers(columns.at(column));

  bool whole = eye.visible.size() == heads.size();
  for (const std::vector<double>* numbers :
       {&eye.closure, &eye.azimuth_deg, &eye.elevation_deg, &eye.iris_px})
    whole &= numbers->size() == heads.size();
  for (const auto& [name, numbers] : eye.measures) whole &= numbers.size() == heads.size();
  if (!whole) throw DataError("not every column has an entry for each frame");

  const std::optional<Lens> lens = LensOf(truth);
  const std::vector<double> x = Numbers(columns.at("iris_x_px")),
                            y = Numbers(columns.at("iris_y_px"));
  std::vector<double>&azimuth = eye.measures["camera_azimuth"],
  &elevation = eye.measures["camera_elevation"];
  for (size_t i = 0; i < heads.size(); ++i) {
    const Eigen::Vector3d visual = GazeDirection(eye.measures["gaze_azimuth"].at(i),
                                                 eye.measures["gaze_elevation"].at(i)),
                          pupillary = GazeDirection(eye.azimuth_deg.at(i), eye.elevation_deg.at(i));
    const Eigen::Vector3d to_camera = ToCamera(heads[i], side, lens, {x.at(i), y.at(i)}, pupillary);
    const Eigen::Vector2d off =
        GazeAngles(FromFront(heads[i].rotation * visual)) - GazeAngles(FromFront(to_camera));
    azimuth.push_back(visual.allFinite() ? off.x() : kNan);
    elevation.push_back(visual.allFinite() ? off.y() : kNan);
  }
  return eye;
}

/// The part of the gaze that is nystagmus, mean of both eyes, in the plane in which it is larger;
/// NaN while neither eye looks near the camera.
std::vector<double> NystagmusAtCamera(const Json& truth, const std::array<EyeFrames, 2>& eyes,
                                      double primary_gaze_deg) {
  std::array<std::vector<double>, 4> parts;  // Right azimuth, elevation; left azimuth, elevation.
  for (const Side side : kSides) {
    const size_t s = static_cast<size_t>(side);
    parts[2 * s] = Numbers(truth.at(ToString(side)).at("nystagmus_azimuth_deg"));
    parts[2 * s + 1] = Numbers(truth.at(ToString(side)).at("nystagmus_elevation_deg"));
  }
  std::array<double, 2> power{};
  for (size_t k = 0; k < 4; ++k) {
    for (const double value : parts[k]) power[k % 2] += value * value;
  }
  const size_t plane = power[1] > power[0] ? 1 : 0;
  std::vector<double> signal;
  for (size_t i = 0; i < parts[0].size(); ++i) {
    bool near = false;
    for (size_t s = 0; s < 2; ++s) {
      near |= std::abs(eyes[s].measures.at("camera_azimuth").at(i) - parts[2 * s].at(i)) <=
                  primary_gaze_deg &&
              std::abs(eyes[s].measures.at("camera_elevation").at(i) - parts[2 * s + 1].at(i)) <=
                  primary_gaze_deg;
    }
    signal.push_back(near ? (parts[plane].at(i) + parts[2 + plane].at(i)) / 2 : kNan);
  }
  return signal;
}

RecordingTruth TruthOf(const Json& truth, double rate_hz, double primary_gaze_deg) {
  RecordingTruth result;
  const auto ancestry = truth.at("anatomy").find("ancestry");
  if (ancestry != truth.at("anatomy").end()) result.ancestry = *ancestry;
  std::vector<HeadPose> heads;
  for (const Json& rows : truth.at("head_to_camera")) {
    heads.push_back(PoseOf(rows));
    const Eigen::Vector2d turn = GazeAngles(FromFront(heads.back().rotation.col(2)));
    result.yaw_deg.push_back(turn.x());
    result.pitch_deg.push_back(turn.y());
  }
  for (const Side side : kSides) result.eyes[static_cast<size_t>(side)] = EyeOf(truth, side, heads);
  result.nystagmus =
      MeasureShownNystagmus(NystagmusAtCamera(truth, result.eyes, primary_gaze_deg), rate_hz);
  return result;
}

}  // namespace

EyeTruths ReadEyeTruths(const RunData& data, double primary_gaze_deg) {
  EyeTruths truths;
  std::map<std::string, int> subjects;
  for (const std::string& id : data.recordings()) {
    const std::optional<Json> truth = data.FrameTruth(id);
    if (!truth) continue;
    const LabelledRecording* labels = data.dataset().FindRecording(id);
    try {
      truths.recordings.push_back(TruthOf(*truth, labels->rate_hz, primary_gaze_deg));
    } catch (const std::exception& error) {
      throw DataError(
          fmt::format("the truth of recording {} lacks what is measured: {}.", id, error.what()));
    }
    RecordingTruth& recording = truths.recordings.back();
    recording.labels = labels;
    recording.subject =
        subjects.emplace(labels->subject, static_cast<int>(subjects.size())).first->second;
    recording.condition = ConditionOf(*labels);
  }
  truths.subjects = static_cast<int>(subjects.size());
  return truths;
}

}  // namespace maskbench
