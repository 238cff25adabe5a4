#include "read_eyes.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "maskbench/core/error.h"

namespace maskbench {
namespace {

struct PointName {
  double EyePoints::*member;
  const char* truth;   ///< Key in the manifest.
  const char* series;  ///< Name of the observer's series.
};

constexpr std::array<PointName, 9> kPoints = {
    {{&EyePoints::iris_x, "iris_x_px", "iris_x_px"},
     {&EyePoints::iris_y, "iris_y_px", "iris_y_px"},
     {&EyePoints::iris_width, "iris_diameter_px", "iris_diameter"},
     {&EyePoints::upper_y, "upper_margin_y_px", "upper_margin_y_px"},
     {&EyePoints::lower_y, "lower_margin_y_px", "lower_margin_y_px"},
     {&EyePoints::medial_x, "medial_x_px", "medial_x_px"},
     {&EyePoints::medial_y, "medial_y_px", "medial_y_px"},
     {&EyePoints::lateral_x, "lateral_x_px", "lateral_x_px"},
     {&EyePoints::lateral_y, "lateral_y_px", "lateral_y_px"}}};
constexpr const char* kShut = "shut";
constexpr double kRadians = 3.14159265358979323846 / 180;

double NumberAt(const Json& truth, const std::string& key) {
  const auto found = truth.find(key);
  return found != truth.end() && found->is_number() ? found->get<double>() : EyePoints::kNone;
}

EyePoints PointsOf(const Json& truth, const std::string& prefix) {
  EyePoints points;
  for (const PointName& name : kPoints) points.*name.member = NumberAt(truth, prefix + name.truth);
  return points;
}

double FirstValue(const Observations& seen, Side side, const std::string& name) {
  for (const MeasureSeries& series : seen.series) {
    if (series.eye == side && series.name == name && !series.values.empty())
      return series.values.front();
  }
  return EyePoints::kNone;
}

/// Middle of the corners, or else of the iris.
std::pair<double, double> Middle(const EyePoints& points) {
  const double x = (points.medial_x + points.lateral_x) / 2,
               y = (points.medial_y + points.lateral_y) / 2;
  if (std::isfinite(x) && std::isfinite(y)) return {x, y};
  return {points.iris_x, points.iris_y};
}

std::string ScaleBin(double px_per_mm) {
  if (px_per_mm < 1) return "0..1";
  if (px_per_mm < 1.3) return "1..1.3";
  return px_per_mm < 2 ? "1.3..2" : "2..";
}

bool IsAnnotated(const EyeTruth& eye) {
  return eye.labels.contains("lids") && eye.labels["lids"].is_string();
}

ReadEye ReadTruth(const LabelledRecording& recording, Side side) {
  const EyeTruth& stated = side == Side::kRight ? recording.right : recording.left;
  ReadEye eye;
  eye.lids = stated.labels["lids"].get<std::string>();
  eye.frame.side = side;
  eye.frame.px_per_mm = NumberAt(stated.truth, "px_per_mm");
  const double roll_deg = NumberAt(stated.truth, "face_roll_deg");
  eye.frame.roll_rad = std::isfinite(roll_deg) ? roll_deg * kRadians : 0;
  eye.mean = PointsOf(stated.truth, "");
  eye.readings = {PointsOf(stated.truth, "pass1_"), PointsOf(stated.truth, "pass2_")};
  eye.frame.iris_width_px = eye.mean.iris_width;
  if (!std::isfinite(eye.mean.medial_x + eye.mean.medial_y + eye.mean.lateral_x +
                     eye.mean.lateral_y)) {
    throw DataError(fmt::format("the {} eye of recording {} has lids, but not both corners.",
                                ToString(side), recording.id));
  }
  eye.groups["lids"] = eye.lids;
  if (std::isfinite(eye.frame.px_per_mm)) eye.groups["px_per_mm"] = ScaleBin(eye.frame.px_per_mm);
  if (!recording.filmed.empty()) eye.groups["filmed"] = recording.filmed;
  return eye;
}

}  // namespace

ReadEyes JoinReadEyes(const RunData& data, const std::string& variant, const std::string& observer,
                      double farthest_widths) {
  ReadEyes result;
  result.groups = {{"lids", {"open", "half", "closed", "disputed"}},
                   {"px_per_mm", {"0..1", "1..1.3", "1.3..2", "2.."}},
                   {"filmed", {}}};
  std::map<std::string, int> subjects;
  for (const std::string& id : data.recordings()) {
    const LabelledRecording& recording = *data.dataset().FindRecording(id);
    if (!IsAnnotated(recording.right) && !IsAnnotated(recording.left)) continue;
    const int subject = subjects.emplace(recording.subject, subjects.size()).first->second;
    const std::optional<Observations> seen = data.Observed(id, variant, observer);
    for (const Side side : kSides) {
      if (!IsAnnotated(side == Side::kRight ? recording.right : recording.left)) continue;
      ReadEye eye = ReadTruth(recording, side);
      eye.subject = subject;
      std::vector<std::string>& filmed = result.groups["filmed"];
      if (!recording.filmed.empty() &&
          std::find(filmed.begin(), filmed.end(), recording.filmed) == filmed.end()) {
        filmed.push_back(recording.filmed);
      }
      if (seen) {
        EyePoints points;
        for (const PointName& name : kPoints)
          points.*name.member = FirstValue(*seen, side, name.series);
        const auto [x, y] = Middle(points);
        const auto [true_x, true_y] = Middle(eye.mean);
        const double width = std::hypot(eye.mean.medial_x - eye.mean.lateral_x,
                                        eye.mean.medial_y - eye.mean.lateral_y);
        // Not for an eye without a place: comparisons with NaN are false.
        eye.found = std::hypot(x - true_x, y - true_y) <= farthest_widths * width;
        if (eye.found) {
          eye.seen = points;
          eye.shut = FirstValue(*seen, side, kShut);
        }
      }
      result.eyes.push_back(std::move(eye));
    }
  }
  result.subjects = static_cast<int>(subjects.size());
  return result;
}

bool ReadsEyes(const RunData& data, const std::string& observer) {
  const auto reads = [](const MeasureSeries& series) {
    return series.eye && (series.name == kShut ||
                          std::any_of(kPoints.begin(), kPoints.end(), [&](const PointName& name) {
                            return series.name == name.series;
                          }));
  };
  for (const ComponentChoice& variant : data.config().variants) {
    for (const std::string& id : data.recordings()) {
      const std::optional<Observations> seen = data.Observed(id, variant.name, observer);
      if (seen && std::any_of(seen->series.begin(), seen->series.end(), reads)) return true;
    }
  }
  return false;
}

}  // namespace maskbench
