// Where eyes look, in the head and against the camera.
#include <algorithm>
#include <cmath>

#include <Eigen/Geometry>

#include "maskbench/head/eye_model.h"
#include "maskbench/stats/agreement.h"

#include "subject_values.h"
#include "topics.h"

namespace maskbench {
namespace {

// An eye's slope says something when its true gaze varies at least so much: standard deviation.
constexpr double kLeastSpreadDeg = 2;
constexpr double kDegrees = 180 / 3.14159265358979323846;

/// One frame of an eye.
struct Look {
  size_t recording = 0, frame = 0;
  Side side = Side::kRight;
  int subject = 0;
  Eigen::Vector2d truth_deg, measured_deg;  ///< Azimuth, elevation.
  double error_deg = 0;                     ///< Between the two directions.
};

/// Open eyes in sight with a direction, the true one within max_gaze_deg.
std::vector<Look> LooksOf(const EyeScores& scores, const std::string& prefix) {
  std::vector<Look> looks;
  const std::string names[2] = {prefix + "_azimuth", prefix + "_elevation"};
  for (size_t r = 0; r < scores.seen->recordings.size(); ++r) {
    const SeenRecording& seen = scores.seen->recordings[r];
    for (const Side side : kSides) {
      const EyeFrames& eye = seen.truth->eyes[static_cast<size_t>(side)];
      const std::vector<double>*azimuth = seen.Series(side, names[0]),
            *elevation = seen.Series(side, names[1]);
      if (azimuth == nullptr || elevation == nullptr) continue;
      const std::vector<double>&true_azimuth = eye.measures.at(names[0]),
            &true_elevation = eye.measures.at(names[1]);
      for (size_t i = 0; i < eye.visible.size(); ++i) {
        if (!eye.visible[i] || eye.closure[i] > 0) continue;
        Look look;
        look.truth_deg = {true_azimuth[i], true_elevation[i]};
        look.measured_deg = {(*azimuth)[i], (*elevation)[i]};
        if (!look.truth_deg.allFinite() || !look.measured_deg.allFinite()) continue;
        const Eigen::Vector3d truth = GazeDirection(look.truth_deg.x(), look.truth_deg.y()),
                              measured =
                                  GazeDirection(look.measured_deg.x(), look.measured_deg.y());
        if (std::acos(std::clamp(truth.z(), -1.0, 1.0)) * kDegrees > scores.options->max_gaze_deg)
          continue;
        // Exact for small angles as well.
        look.error_deg = std::atan2(truth.cross(measured).norm(), truth.dot(measured)) * kDegrees;
        look.recording = r;
        look.frame = i;
        look.side = side;
        look.subject = seen.truth->subject;
        looks.push_back(look);
      }
    }
  }
  return looks;
}

template <class Chosen>
std::vector<Look> Only(const std::vector<Look>& looks, Chosen chosen) {
  std::vector<Look> some;
  std::copy_if(looks.begin(), looks.end(), std::back_inserter(some), chosen);
  return some;
}

/// Calls `use` with the first and the past-the-end look of each eye of a recording.
template <class Use>
void ForEachEye(const std::vector<Look>& looks, Use use) {
  for (auto first = looks.begin(); first != looks.end();) {
    auto last = first;
    while (last != looks.end() && last->recording == first->recording && last->side == first->side)
      ++last;
    use(first, last);
    first = last;
  }
}

void AddErrors(const Row& row, const std::vector<Look>& looks, bool p95, FigureSheet* sheet) {
  std::vector<Entry> errors;
  for (const Look& look : looks) errors.push_back({look.subject, look.error_deg});
  Row frames = row;
  frames.n_unit = "frame";
  sheet->AddPercentile(frames, "gaze_error_median", "deg", errors, 0.5);
  if (p95) sheet->AddPercentile(frames, "gaze_error_p95", "deg", errors, 0.95);
}

/// Mean over eyes of an eye's mean difference.
void AddBiases(const EyeScores& scores, const Row& row, const std::vector<Look>& looks,
               FigureSheet* sheet) {
  std::vector<Entry> azimuths, elevations;
  ForEachEye(looks, [&](auto first, auto last) {
    if (last - first < scores.options->min_frames) return;
    Eigen::Vector2d sum(0, 0);
    for (auto look = first; look != last; ++look) sum += look->measured_deg - look->truth_deg;
    sum /= static_cast<double>(last - first);
    azimuths.push_back({first->subject, sum.x()});
    elevations.push_back({first->subject, sum.y()});
  });
  sheet->AddMean(row, "gaze_azimuth_bias", "deg", azimuths);
  sheet->AddMean(row, "gaze_elevation_bias", "deg", elevations);
}

/// Mean over eyes of the slope of measured on true angles over the eye's frames.
void AddSlopes(const std::map<std::string, std::string>& group, int failed,
               const std::vector<Look>& looks, FigureSheet* sheet) {
  for (const int axis : {0, 1}) {
    std::vector<Entry> slopes;
    ForEachEye(looks, [&](auto first, auto last) {
      std::vector<double> truth, measured;
      double sum = 0, squares = 0;
      for (auto look = first; look != last; ++look) {
        truth.push_back(look->truth_deg[axis]);
        measured.push_back(look->measured_deg[axis]);
        sum += truth.back();
        squares += truth.back() * truth.back();
      }
      const auto n = static_cast<double>(truth.size());
      if (squares / n - sum * sum / (n * n) < kLeastSpreadDeg * kLeastSpreadDeg) return;
      slopes.push_back({first->subject, RegressionSlope(truth, measured)});
    });
    Row row{group, "eye", failed};
    row.group["axis"] = axis == 0 ? "azimuth" : "elevation";
    sheet->AddMean(row, "gaze_slope", "deg/deg", slopes);
  }
}

}  // namespace

std::vector<Entry> GazeErrors(const EyeScores& scores) {
  std::vector<Entry> errors;
  for (const Look& look : LooksOf(scores, "gaze")) errors.push_back({look.subject, look.error_deg});
  return errors;
}

void AddGazeFigures(const EyeScores& scores, FigureSheet* sheet) {
  const int failed = scores.seen->failed;
  for (const auto& [frame, prefix] : {std::pair("head", "gaze"), {"camera", "camera"}}) {
    if (!scores.repertoire.GivesSeries(std::string(prefix) + "_azimuth")) continue;
    const std::map<std::string, std::string> group = {{"frame", frame}};
    const auto row = [&](const std::string& key, const std::string& value) {
      Row made{group, "eye", failed};
      if (!key.empty()) made.group[key] = value;
      return made;
    };
    const std::vector<Look> looks = LooksOf(scores, prefix);
    sheet->Start(Part::kHeadline);
    AddErrors(row("", ""), looks, true, sheet);
    AddBiases(scores, row("", ""), looks, sheet);
    AddSlopes(group, failed, looks, sheet);
    sheet->Start(Part::kGaze);
    const FrameGrouping& gaze = scores.groupings->gaze;
    for (size_t g = 0; g < gaze.values.size(); ++g) {
      const std::vector<Look> some = Only(looks, [&](const Look& look) {
        return gaze.At(look.recording, look.side, look.frame) == static_cast<int>(g);
      });
      AddErrors(row("gaze", gaze.values[g]), some, true, sheet);
      AddBiases(scores, row("gaze", gaze.values[g]), some, sheet);
    }
    // What is wrong about kappa shows with opposite signs.
    for (const Side side : kSides) {
      AddBiases(scores, row("eye", ToString(side)),
                Only(looks, [&, wanted = side](const Look& look) { return look.side == wanted; }),
                sheet);
    }
    sheet->Start(Part::kGroups);
    for (const FrameGrouping& grouping : scores.groupings->others) {
      for (size_t v = 0; v < grouping.values.size(); ++v) {
        AddErrors(row(grouping.key, grouping.values[v]),
                  Only(looks,
                       [&](const Look& look) {
                         return grouping.At(look.recording, look.side, look.frame) ==
                                static_cast<int>(v);
                       }),
                  false, sheet);
      }
    }
  }
}

}  // namespace maskbench
