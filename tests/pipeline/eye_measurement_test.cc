// The experiment on made observations and truth whose right answer is known by hand.
#include <cmath>
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/core/rng.h"
#include "maskbench/head/eye_model.h"
#include "maskbench/pipeline/components.h"
#include "maskbench/pipeline/plan.h"
#include "maskbench/pipeline/scoring.h"
#include "maskbench/pipeline/subject_value.h"
#include "maskbench/render/camera.h"

#include "experiments/eye_measurement/nystagmus_truth.h"
#include "experiments/register_all.h"

namespace maskbench {
namespace {

constexpr int kFrames = 40;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// What is true and what is read of one eye in one frame.
struct Moment {
  double mrd1_mm = 4, read_mm = 4;
  double azimuth_deg = 0, elevation_deg = 0, closure = 0;  ///< Visual and pupillary axis alike.
  double nystagmus_deg = 0;                                ///< Horizontal.
  bool visible = true, blinking = false;
  double iris_px = 18;
  Eigen::Vector2d iris_at_px{kNan, kNan};
  /// What is read of the gaze; none where NaN.
  Eigen::Vector2d gaze_deg{kNan, kNan}, camera_deg{kNan, kNan};
};

/// What is true and what is read of one recording.
struct Sitting {
  std::string strabismus = "none", nystagmus = "none", ancestry{};
  Json truth = Json::object();       ///< Of the right eye in the manifest.
  Json left_truth = Json::object();  ///< Of the left one.
  Pose head = Pose::OfHead(0, 0, 0, {0, 0, 600});
  double focal_px = 0;  ///< 0: the truth says nothing of the camera.
  std::vector<MeasureValue> values{};
  bool failed = false;
};

class EyeMeasurementTest : public testing::Test {
 protected:
  using Play = std::function<Moment(int subject, Side side, int frame)>;
  using Prepare = std::function<Sitting(int subject)>;

  EyeMeasurementTest() {
    RegisterFrameworkComponents(&components_);
    RegisterExperiments(&components_.experiments);
    for (const NetworkSpec& spec : BuiltInNetworks()) {
      WriteJsonFile(folder_.path() / (spec.contract.name + ".json"), {{"tensors_sha256", "w"}});
    }
  }

  /// Figures by "metric", "metric/group" and "metric/group@condition".
  std::map<std::string, Figure> Score(
      int subjects, const Play& play, double hvid_mm = 11.7,
      const Prepare& prepare = [](int) { return Sitting(); }) {
    std::map<std::string, Figure> figures;
    for (const Figure& figure : ScoreAll(subjects, play, hvid_mm, prepare).figures) {
      EXPECT_EQ(figure.reader, "mediapipe_iris");
      std::string name = figure.metric + (figure.group.empty() ? "" : "/" + figure.group);
      if (!figure.condition.empty()) name += "@" + figure.condition;
      EXPECT_EQ(figures.count(name), 0u) << name;
      figures[name] = figure;
    }
    return figures;
  }

  ScoredRun ScoreAll(int subjects, const Play& play, double hvid_mm, const Prepare& prepare) {
    Dataset dataset;
    dataset.name = "made";
    std::vector<Sitting> sittings;
    for (int s = 0; s < subjects; ++s) {
      sittings.push_back(prepare(s));
      Subject subject;
      subject.id = "s" + std::to_string(s);
      dataset.subjects.push_back(subject);
      LabelledRecording recording;
      recording.id = "r" + std::to_string(s);
      recording.subject = subject.id;
      recording.rate_hz = 60;
      recording.right.labels = recording.left.labels = {{"strabismus", sittings.back().strabismus},
                                                        {"nystagmus", sittings.back().nystagmus}};
      recording.right.truth = sittings.back().truth;
      recording.left.truth = sittings.back().left_truth;
      dataset.recordings.push_back(recording);
    }
    const RunConfig config = ParseRunConfig(
        Json::parse(R"({"name": "p", "dataset": {"manifest": "m.json"}, "variants": ["original"],
          "observers": ["mediapipe_iris", "dlib_resnet"],
          "experiments": [{"type": "eye_measurement", "resamples": 200}]})"),
        components_, "c");
    const NetworkLibrary networks(folder_.path());
    const Plan plan = MakePlan(config, dataset, components_, networks, ".");
    const std::filesystem::path out = folder_.path() / ("run" + std::to_string(++runs_));
    std::filesystem::create_directories(out / "truth");
    Store store(out / "observations.sqlite");
    for (const Node& node : plan.nodes) {
      Observations seen;
      NodeOutcome outcome;
      if (node.stage == Stage::kObserve) {
        const int subject = std::stoi(node.recording.substr(1));
        const Sitting& sitting = sittings[static_cast<size_t>(subject)];
        if (sitting.failed) outcome.status = NodeStatus::kFailed;
        if (node.observer == "mediapipe_iris") {
          seen = PlayOne(subject, play, hvid_mm, sitting, out / FrameTruthFile(node.recording));
        } else {
          seen.embeddings.push_back({Embedding::kTemplate, {1.0F}});
        }
        if (sitting.failed) seen = Observations();
      }
      store.Commit(node, outcome, seen);
    }
    const RunData data(config, dataset, plan, &store, out);
    by_subject_.clear();
    const auto experiment = components_.experiments.Make(config.experiments.at(0), {});
    for (const SubjectValue& value :
         dynamic_cast<SubjectValueSource&>(*experiment).SubjectValues(data))
      by_subject_[value.metric + "/" + value.group][value.subject] = value.value;
    return ScoreRun(data, components_);
  }

  /// What each subject of the last run contributes, by "metric/group".
  std::map<std::string, std::map<std::string, double>> by_subject_;
  /// Column that the truth lacks, and one that is a frame too short.
  std::string spoilt_, short_;

 private:
  Observations PlayOne(int subject, const Play& play, double hvid_mm, const Sitting& sitting,
                       const std::filesystem::path& truth_file) const {
    Json truth;
    Observations seen;
    seen.frames = seen.frames_with_face = kFrames;
    seen.values = sitting.values;
    std::vector<double> blinking;
    if (!sitting.ancestry.empty()) truth["anatomy"]["ancestry"] = sitting.ancestry;
    if (sitting.focal_px > 0)
      truth["camera"] = {{"width_px", 641}, {"height_px", 481}, {"focal_px", sitting.focal_px}};
    for (int f = 0; f < kFrames; ++f) {
      Json rows;
      for (int r = 0; r < 3; ++r) {
        for (int c = 0; c < 3; ++c) rows.push_back(sitting.head.rotation(r, c));
        rows.push_back(sitting.head.translation_mm[r]);
      }
      truth["head_to_camera"].push_back(rows);
    }
    for (const Side side : kSides) {
      Json columns;
      truth["anatomy"][ToString(side)] = {{"hvid_mm", hvid_mm}};
      std::map<std::string, std::vector<double>> read;
      for (int f = 0; f < kFrames; ++f) {
        const Moment moment = play(subject, side, f);
        const auto put = [&](const char* name, double value) {
          columns[name].push_back(std::isnan(value) ? Json() : Json(value));
        };
        put("mrd1_mm", moment.mrd1_mm);
        put("mrd2_mm", 5);
        put("pfh_mm", moment.mrd1_mm + 5);
        put("superior_show_mm", -1);
        put("inferior_show_mm", 0);
        put("closure", moment.closure);
        for (const char* axis : {"pupillary", "visual"}) {
          put((axis + std::string("_axis_azimuth_deg")).c_str(), moment.azimuth_deg);
          put((axis + std::string("_axis_elevation_deg")).c_str(), moment.elevation_deg);
        }
        put("nystagmus_azimuth_deg", moment.nystagmus_deg);
        put("nystagmus_elevation_deg", 0);
        put("iris_major_px", moment.iris_px / 2);
        put("iris_x_px", moment.iris_at_px.x());
        put("iris_y_px", moment.iris_at_px.y());
        const int seen_point = moment.visible ? 1 : 0;
        columns["upper_margin_px"].push_back({1, 1, seen_point, 2, 2, seen_point});
        read["mrd1"].push_back(moment.read_mm);
        read["gaze_azimuth"].push_back(moment.gaze_deg.x());
        read["gaze_elevation"].push_back(moment.gaze_deg.y());
        read["camera_azimuth"].push_back(moment.camera_deg.x());
        read["camera_elevation"].push_back(moment.camera_deg.y());
        if (side == Side::kRight) blinking.push_back(moment.blinking ? 1 : 0);
      }
      columns.erase(spoilt_);
      if (!short_.empty()) columns[short_].erase(0);
      truth[ToString(side)] = columns;
      for (const auto& [name, values] : read) seen.series.push_back({side, name, "", values});
    }
    seen.series.push_back({{}, "blinking", "flag", blinking});
    const std::vector<std::uint8_t> bytes = Json::to_msgpack(truth);
    WriteFileAtomically(truth_file, std::string(bytes.begin(), bytes.end()));
    return seen;
  }

  TemporaryFolder folder_;
  Components components_;
  int runs_ = 0;
};

MeasureValue Value(std::optional<Side> eye, const std::string& name, double value,
                   double low = kNan, double high = kNan) {
  return {eye, name, "", value, low, high};
}

TEST_F(EyeMeasurementTest, BiasLimitsAndSlopeOfAKnownReader) {
  // True heights 0.25, 0.75 … 5.75; read at 0.5 of it plus 2.
  const auto figures = Score(12, [](int subject, Side, int) {
    Moment moment;
    moment.mrd1_mm = 0.25 + 0.5 * subject;
    moment.read_mm = 0.5 * moment.mrd1_mm + 2;
    return moment;
  });
  const Figure& slope = figures.at("mrd1_slope/gaze=primary;scale=default");
  EXPECT_NEAR(slope.value, 0.5, 1e-9);
  EXPECT_EQ(slope.n, 24);
  EXPECT_EQ(slope.n_unit, "eye");
  // Mean height 3: bias −0.5 · 3 + 2.
  EXPECT_NEAR(figures.at("mrd1_bias/gaze=primary;scale=default").value, 0.5, 1e-9);
  // Differences step by 0.25: variance of 0 … 11 twice over is 2 · 143 / 23.
  EXPECT_NEAR(figures.at("mrd1_limits_of_agreement/gaze=primary;scale=default").value,
              1.96 * 0.25 * std::sqrt(2 * 143.0 / 23), 1e-9);
  EXPECT_LT(figures.at("mrd1_bias/gaze=primary;scale=default").interval.low, 0.5);
  // 3.25 and 3.75 fall into the bin 3..4.
  const Figure& bin = figures.at("mrd1_bias/bin=3..4;scale=default");
  EXPECT_EQ(bin.n, 4);
  EXPECT_NEAR(bin.value, -0.5 * 3.5 + 2, 1e-9);
  EXPECT_TRUE(std::isnan(bin.interval.low));  // Two subjects.
  EXPECT_EQ(figures.at("mrd1_bias/bin=7..8;scale=default").n, 0);
  EXPECT_NEAR(figures.at("mrd1_slope/bin=all;scale=true").value, 0.5, 1e-9);
  EXPECT_EQ(figures.at("mrd1_bias/bin=all;scale=true").n, 24);
  EXPECT_EQ(figures.at("mrd1_bias/bin=all;scale=true").n_unit, "point");
  // What it does not measure is not listed.
  EXPECT_EQ(figures.count("mrd2_bias/gaze=primary;scale=true"), 0u);
  EXPECT_EQ(figures.count("nystagmus_sensitivity"), 0u);
}

TEST_F(EyeMeasurementTest, TheTrueScaleTakesOutTheSizeOfTheIris) {
  // A large iris of 13 mm, read as one of 11.7 mm.
  const auto figures = Score(
      2,
      [](int, Side, int) {
        Moment moment;
        moment.read_mm = 4 * 11.7 / 13;
        return moment;
      },
      13);
  EXPECT_NEAR(figures.at("mrd1_bias/gaze=primary;scale=true").value, 0, 1e-9);
  EXPECT_NEAR(figures.at("mrd1_bias/gaze=primary;scale=default").value, 4 * 11.7 / 13 - 4, 1e-9);
  const Figure& share = figures.at("mrd1_bias/bin=4..5;scale=iris");
  EXPECT_NEAR(share.value, 0, 1e-9);
  EXPECT_EQ(share.unit, "iris");
  EXPECT_EQ(share.n, 4);
}

TEST_F(EyeMeasurementTest, ErrorsInIrisDiameters) {
  // 4 mm at a true iris of 13 mm are 4/13 of it; 4.6 mm are read at an assumed one of 11.7 mm.
  const auto figures = Score(
      2,
      [](int, Side, int) {
        Moment moment;
        moment.read_mm = 4.6;
        return moment;
      },
      13);
  EXPECT_NEAR(figures.at("mrd1_bias/bin=4..5;scale=iris").value, 4.6 / 11.7 - 4.0 / 13, 1e-9);
  EXPECT_NEAR(figures.at("mrd1_limits_of_agreement/bin=4..5;scale=iris").value, 0, 1e-9);
}

TEST_F(EyeMeasurementTest, FramesOutOfSightAndOtherGazesStayApart) {
  const auto figures = Score(1, [](int, Side, int frame) {
    Moment moment;
    if (frame < 10) {
      moment.visible = false;
      moment.read_mm = 100;
    } else if (frame < 20) {
      moment.elevation_deg = -25;
      moment.azimuth_deg = 3;
      moment.read_mm = 5;
    } else if (frame < 25) {
      moment.azimuth_deg = 25;
      moment.read_mm = kNan;
    }
    return moment;
  });
  EXPECT_EQ(figures.at("mrd1_bias/gaze=primary;scale=default").value, 0);
  EXPECT_EQ(figures.at("mrd1_bias/gaze=down;scale=default").value, 1);
  EXPECT_EQ(figures.at("mrd1_bias/gaze=side;scale=default").n, 0);
  EXPECT_NEAR(figures.at("measured_share").value, 25.0 / 30, 1e-12);
  EXPECT_EQ(figures.at("measured_share").n, 60);
}

TEST_F(EyeMeasurementTest, BlinksAreMatchedByOverlap) {
  // True blinks at 5–9, 15–19 and 30–34; read 8–12 (hit), 18–22 (hit), 36–38 (false).
  const auto figures = Score(1, [](int, Side, int f) {
    Moment moment;
    const bool closed = (f >= 5 && f < 10) || (f >= 15 && f < 20) || (f >= 30 && f < 35);
    moment.closure = closed ? 1 : 0;
    moment.blinking = (f >= 8 && f < 13) || (f >= 18 && f < 23) || (f >= 36 && f < 39);
    return moment;
  });
  EXPECT_NEAR(figures.at("blink_precision").value, 2.0 / 3, 1e-12);
  EXPECT_NEAR(figures.at("blink_recall").value, 2.0 / 3, 1e-12);
  EXPECT_EQ(figures.at("blink_recall").n, 3);
}

TEST_F(EyeMeasurementTest, GroupsOfFrames) {
  // Two people near and far, who are read 1 mm too high where the iris is small; the far one has
  // turned the head.
  const auto figures = Score(
      2,
      [](int subject, Side, int frame) {
        Moment moment;
        moment.mrd1_mm = frame < 20 ? 2.5 : 4.5;
        moment.read_mm = moment.mrd1_mm + (subject == 1 ? 1 : 0);
        moment.iris_px = subject == 1 ? 10 : 19.5;
        moment.gaze_deg = {subject == 1 ? 2.0 : 1.0, 0};
        return moment;
      },
      11.7,
      [](int subject) {
        Sitting sitting;
        sitting.ancestry = subject == 1 ? "asian" : "african";
        sitting.head = Pose::OfHead(subject == 1 ? -12 : 3, 2, 0, {0, 0, 600});
        return sitting;
      });
  for (const char* far : {"ancestry=asian;bin=all;scale=true", "bin=all;iris=8..12;scale=true",
                          "bin=all;scale=true;yaw=5.."}) {
    EXPECT_NEAR(figures.at(std::string("mrd1_bias/") + far).value, 1, 1e-9) << far;
    EXPECT_NEAR(figures.at(std::string("mrd1_slope/") + far).value, 1, 1e-9) << far;
    EXPECT_EQ(figures.at(std::string("mrd1_limits_of_agreement/") + far).n, 4) << far;
  }
  for (const char* near : {"ancestry=african;bin=all;scale=true", "bin=all;iris=12..20;scale=true",
                           "bin=all;scale=true;yaw=<5"})
    EXPECT_NEAR(figures.at(std::string("mrd1_bias/") + near).value, 0, 1e-9) << near;
  EXPECT_EQ(figures.at("mrd1_bias/bin=all;pitch=<5;scale=true").n, 8);
  EXPECT_EQ(figures.count("mrd1_bias/bin=all;pitch=5..;scale=true"), 0u);
  EXPECT_EQ(figures.count("mrd1_bias/bin=all;iris=<8;scale=true"), 0u);
  EXPECT_NEAR(figures.at("gaze_error_median/ancestry=asian;frame=head").value, 2, 1e-9);
  EXPECT_NEAR(figures.at("gaze_error_median/frame=head;iris=12..20").value, 1, 1e-9);
}

TEST_F(EyeMeasurementTest, GazeInTheHead) {
  // Azimuth from −24° to 24°, then far up; read at 0.8 of it plus 1° left and 2° up.
  const auto figures = Score(1, [](int, Side, int frame) {
    Moment moment;
    moment.azimuth_deg = frame < 30 ? -24 + 48.0 * frame / 29 : 0;
    moment.elevation_deg = frame < 30 ? 0 : 35;  // Beyond max_gaze_deg.
    moment.gaze_deg = {0.8 * moment.azimuth_deg + 1, moment.elevation_deg + 2};
    if (frame >= 30) moment.gaze_deg = {90, 0};
    return moment;
  });
  EXPECT_NEAR(figures.at("gaze_azimuth_bias/frame=head").value, 1, 1e-9);
  EXPECT_NEAR(figures.at("gaze_elevation_bias/frame=head").value, 2, 1e-9);
  EXPECT_NEAR(figures.at("gaze_slope/axis=azimuth;frame=head").value, 0.8, 1e-9);
  EXPECT_EQ(figures.at("gaze_slope/axis=azimuth;frame=head").n, 2);
  EXPECT_EQ(figures.at("gaze_slope/axis=elevation;frame=head").n, 0);  // It does not vary.
  EXPECT_EQ(figures.at("gaze_error_median/frame=head").n, 60);
  EXPECT_LT(figures.at("gaze_error_p95/frame=head").value, 6.5);
  EXPECT_GT(figures.at("gaze_error_p95/frame=head").value, 5.5);
  EXPECT_EQ(figures.at("gaze_error_median/frame=head;gaze=primary").n, 24);
  EXPECT_EQ(figures.at("gaze_error_median/frame=head;gaze=side").n, 36);
  EXPECT_EQ(figures.at("gaze_error_median/frame=head;gaze=up").n, 0);
  EXPECT_NEAR(figures.at("gaze_azimuth_bias/eye=left;frame=head").value, 1, 1e-9);
}

TEST_F(EyeMeasurementTest, GazeAgainstTheCamera) {
  // A turned, nodded and tilted head aside of the optical axis. Both eyes first look at the camera,
  // which the observer sees 1° to the left; then 12° higher, which it sees exactly.
  const Pose head = Pose::OfHead(15, -8, 5, {60, -40, 550});
  constexpr double kFocalPx = 800, kAheadMm = 10.5;
  // Without the camera in the truth, eyes are taken to be at their average places.
  for (const bool with_camera : {true, false}) {
    const auto figures = Score(
        1,
        [&](int, Side side, int frame) {
          const double half_mm = with_camera ? 29 : 32;
          const Eigen::Vector3d centre(side == Side::kLeft ? half_mm : -half_mm, 0, 0);
          const Eigen::Vector3d camera = head.rotation.transpose() * -head.translation_mm;
          Eigen::Vector3d look = camera - centre;
          if (frame >= 30) {
            // Up in the camera's axes is −y.
            const Eigen::Vector3d seen = head.rotation * look.normalized();
            Eigen::Vector2d angles = GazeAngles({seen.x(), -seen.y(), -seen.z()});
            angles.y() += 12;
            const Eigen::Vector3d up = GazeDirection(angles.x(), angles.y());
            look = head.rotation.transpose() * Eigen::Vector3d(up.x(), -up.y(), -up.z());
          }
          const Eigen::Vector2d angles = GazeAngles(look);
          Moment moment;
          moment.azimuth_deg = angles.x();
          moment.elevation_deg = angles.y();
          const Eigen::Vector3d iris = head * (centre + kAheadMm * look.normalized());
          moment.iris_at_px = {320 + kFocalPx * iris.x() / iris.z(),
                               240 + kFocalPx * iris.y() / iris.z()};
          moment.camera_deg = frame < 30 ? Eigen::Vector2d(1, 0) : Eigen::Vector2d(0, 12);
          moment.gaze_deg = angles;
          return moment;
        },
        11.7,
        [&](int) {
          Sitting sitting;
          sitting.head = head;
          sitting.focal_px = with_camera ? kFocalPx : 0;
          return sitting;
        });
    EXPECT_NEAR(figures.at("gaze_error_median/frame=head").value, 0, 1e-6);
    EXPECT_NEAR(figures.at("gaze_error_median/frame=camera").value, 1, 0.02);
    EXPECT_EQ(figures.at("gaze_error_median/frame=camera").n, 80);
    EXPECT_NEAR(figures.at("gaze_azimuth_bias/frame=camera").value, 0.75, 0.02);
    EXPECT_NEAR(figures.at("gaze_elevation_bias/frame=camera").value, 0, 0.02);
    EXPECT_NEAR(figures.at("gaze_azimuth_bias/eye=right;frame=camera").value, 0.75, 0.03);
    EXPECT_NEAR(figures.at("gaze_slope/axis=elevation;frame=camera").value, 1, 0.01);
  }
}

TEST_F(EyeMeasurementTest, DeviationAgainstThePatients) {
  // Six with strabismus of 10 … 60 Δ, read at 0.9 of it minus 1; six without of −3 … 2, read
  // right; one more of either without a value.
  const auto figures = Score(
      14, [](int, Side, int) { return Moment(); }, 11.7,
      [](int subject) {
        Sitting sitting;
        const bool ill = subject % 2 == 0;
        const int k = subject / 2;
        sitting.strabismus = ill ? "esotropia" : "none";
        const double truth = ill ? 10.0 * (k + 1) : k - 3.0;
        sitting.truth = {{"deviation_horizontal_dioptres", truth},
                         {"deviation_vertical_dioptres", 0.5 * truth}};
        const double read = k == 6 ? kNan : ill ? 0.9 * truth - 1 : truth;
        sitting.values = {Value({}, "deviation_horizontal", read, read - 3, read + 3)};
        return sitting;
      });
  const std::string ill = "/axis=horizontal;subjects=strabismus",
                    all = "/axis=horizontal;subjects=all";
  EXPECT_NEAR(figures.at("deviation_bias" + ill).value, -0.1 * 35 - 1, 1e-9);
  EXPECT_NEAR(figures.at("deviation_slope" + ill).value, 0.9, 1e-9);
  EXPECT_NEAR(figures.at("deviation_limits_of_agreement" + ill).value, 1.96 * std::sqrt(3.5), 1e-9);
  EXPECT_EQ(figures.at("deviation_bias" + ill).n, 6);
  EXPECT_EQ(figures.at("deviation_bias" + ill).n_failed, 1);
  EXPECT_EQ(figures.at("deviation_bias" + ill).n_unit, "recording");
  EXPECT_TRUE(std::isnan(figures.at("deviation_bias" + ill).interval.low));
  EXPECT_EQ(figures.at("deviation_bias" + all).n, 12);
  EXPECT_EQ(figures.at("deviation_bias" + all).n_failed, 2);
  EXPECT_NEAR(figures.at("deviation_bias" + all).value, -4.5 / 2, 1e-9);
  EXPECT_LT(figures.at("deviation_bias" + all).interval.low, -4.5 / 2);
  EXPECT_EQ(figures.count("deviation_bias/axis=vertical;subjects=all"), 0u);  // Not given.
  // Off by 2 … 7 Δ, within 3 Δ for the first two; all of the others are.
  const Figure& coverage = figures.at("interval_coverage/measure=deviation_horizontal");
  EXPECT_NEAR(coverage.value, 8.0 / 12, 1e-9);
  EXPECT_EQ(coverage.n_failed, 2);
}

/// Jerks to the left: slow phases of `slow` frames and quick ones of one frame.
double Jerk(int frame, int slow, double size_deg) {
  const int phase = frame % (slow + 1);
  return size_deg * (0.5 - static_cast<double>(phase) / slow);
}

/// True slow-phase velocity of those of nine frames, deg/s.
double JerkSpeed(double size_deg) {
  std::vector<double> signal;
  for (int f = 0; f < kFrames; ++f) signal.push_back(Jerk(f, 9, size_deg));
  const double speed = MeasureShownNystagmus(signal, 60).slow_phase_velocity_deg_per_s;
  // Nine frames of 60 per second; the corners are taken to lie beyond the outermost frames.
  EXPECT_NEAR(speed, size_deg / 0.15, 0.03 * size_deg / 0.15);
  return speed;
}

TEST_F(EyeMeasurementTest, NystagmusAgainstTheLabels) {
  // 0–3: jerks of 4 … 7°, found but for 3, of which nothing is said; 4–9: without, 9 called one.
  const auto figures = Score(
      10,
      [](int subject, Side, int frame) {
        Moment moment;
        if (subject < 4) moment.nystagmus_deg = Jerk(frame, 9, 4 + subject);
        moment.azimuth_deg = moment.nystagmus_deg;
        return moment;
      },
      11.7,
      [](int subject) {
        Sitting sitting;
        const bool ill = subject < 4;
        sitting.nystagmus = ill ? "jerk_left" : "none";
        sitting.truth = {{"nystagmus_amplitude_deg", ill ? 4.0 + subject : 0.0},
                         {"nystagmus_frequency_hz", ill ? 6.0 : 0.0}};
        if (subject == 3) return sitting;
        const double amplitude = 0.5 * (4 + subject) + 1;
        sitting.values = {Value({}, "nystagmus_present", ill || subject == 9 ? 1 : 0),
                          Value({}, "nystagmus_amplitude", ill ? amplitude : kNan),
                          Value({}, "nystagmus_frequency", ill ? 6.0 + 0.1 * (subject + 1) : kNan),
                          Value({}, "nystagmus_slow_phase_velocity",
                                ill ? JerkSpeed(4 + subject) * (subject == 0 ? 1.2 : 1.05) : kNan)};
        return sitting;
      });
  const Figure& sensitivity = figures.at("nystagmus_sensitivity");
  EXPECT_NEAR(sensitivity.value, 0.75, 1e-12);
  EXPECT_EQ(sensitivity.n, 4);
  EXPECT_EQ(sensitivity.n_failed, 1);
  EXPECT_NEAR(figures.at("nystagmus_specificity").value, 5.0 / 6, 1e-12);
  EXPECT_EQ(figures.at("nystagmus_specificity").n, 6);
  EXPECT_EQ(figures.at("nystagmus_specificity").n_failed, 0);
  for (const char* truth : {"/truth=stated", "/truth=shown"}) {
    const std::string name = truth;
    // The corners of the beats lie between frames: shown sizes are a little larger.
    const double exact = name == "/truth=stated" ? 1e-9 : 0.6;
    EXPECT_NEAR(figures.at("nystagmus_amplitude_bias" + name).value, -0.5 * 5 + 1, exact) << name;
    EXPECT_NEAR(figures.at("nystagmus_amplitude_slope" + name).value, 0.5, 0.1 * exact) << name;
    EXPECT_EQ(figures.at("nystagmus_amplitude_bias" + name).n, 3);
    EXPECT_EQ(figures.at("nystagmus_amplitude_bias" + name).n_failed, 1);
    EXPECT_NEAR(figures.at("nystagmus_frequency_error_median" + name).value, 0.2, 1e-6) << name;
    EXPECT_NEAR(figures.at("nystagmus_frequency_error_p95" + name).value, 0.3, 1e-6) << name;
  }
  const Figure& within = figures.at("nystagmus_slow_phase_velocity_within/truth=shown");
  EXPECT_NEAR(within.value, 2.0 / 3, 1e-12);
  EXPECT_EQ(within.n, 3);
  EXPECT_EQ(within.n_failed, 1);
  // Off by 0.2 of 4°, 0.05 of 5° and 0.05 of 6°, in the time of a slow phase.
  EXPECT_NEAR(figures.at("nystagmus_slow_phase_velocity_error_median/truth=shown").value,
              0.05 * JerkSpeed(6), 0.01);
}

TEST_F(EyeMeasurementTest, LidsOfWholeRecordings) {
  // Stated half a millimetre too high in those with strabismus, with intervals of ± 0.4 mm.
  const auto figures = Score(
      20, [](int, Side, int) { return Moment(); }, 11.7,
      [](int subject) {
        Sitting sitting;
        const bool ill = subject >= 10;
        sitting.strabismus = ill ? "exotropia" : "none";
        const double right = 1 + 0.2 * subject, left = right + 0.1;
        sitting.truth = {{"mrd1_mm", right}};
        sitting.left_truth = {{"mrd1_mm", left}};
        const double off = ill ? 0.5 : 0;
        sitting.values = {
            Value(Side::kRight, "mrd1", right + off, right + off - 0.4, right + off + 0.4)};
        if (subject > 0)
          sitting.values.push_back(
              Value(Side::kLeft, "mrd1", left + off, left + off - 0.4, left + off + 0.4));
        return sitting;
      });
  const std::string row = "/scale=default;value=recording";
  EXPECT_NEAR(figures.at("mrd1_bias" + row).value, 0.5 * 20 / 39, 1e-9);
  EXPECT_EQ(figures.at("mrd1_bias" + row).n, 39);
  EXPECT_EQ(figures.at("mrd1_bias" + row).n_failed, 1);
  EXPECT_NEAR(figures.at("mrd1_bias" + row + "@healthy").value, 0, 1e-9);
  EXPECT_EQ(figures.at("mrd1_bias" + row + "@healthy").n_failed, 1);
  EXPECT_NEAR(figures.at("mrd1_bias" + row + "@strabismus").value, 0.5, 1e-9);
  EXPECT_NEAR(figures.at("mrd1_limits_of_agreement" + row + "@strabismus").value, 0, 1e-9);
  EXPECT_NEAR(figures.at("mrd1_slope" + row + "@strabismus").value, 1, 1e-9);
  EXPECT_EQ(figures.at("mrd1_slope" + row + "@strabismus").n_failed, 0);
  const Figure& coverage = figures.at("interval_coverage/measure=mrd1");
  EXPECT_NEAR(coverage.value, 19.0 / 39, 1e-9);
  EXPECT_EQ(coverage.n, 39);
  EXPECT_EQ(coverage.n_failed, 1);
  EXPECT_LT(coverage.interval.low, 19.0 / 39);
  EXPECT_EQ(figures.count("interval_coverage/measure=mrd2"), 0u);
}

TEST_F(EyeMeasurementTest, WhatEachSubjectContributes) {
  // Subject 0 is read 0.5 mm too high with the right eye and 0.1 mm too low with the left one;
  // subject 1, whose left eye is stated by no value, as it is.
  Score(
      2,
      [](int subject, Side side, int) {
        Moment moment;
        if (subject == 0) moment.read_mm += side == Side::kRight ? 0.5 : -0.1;
        return moment;
      },
      11.7,
      [](int subject) {
        Sitting sitting;
        sitting.truth = sitting.left_truth = {{"mrd1_mm", 3.0}};
        sitting.values = {Value(Side::kRight, "mrd1", subject == 0 ? 2.8 : 3.0)};
        if (subject == 0) sitting.values.push_back(Value(Side::kLeft, "mrd1", 3.6));
        return sitting;
      });
  const auto& frames = by_subject_.at("mrd1_error/scale=true;value=frame");
  EXPECT_NEAR(frames.at("s0"), 0.3, 1e-9);
  EXPECT_NEAR(frames.at("s1"), 0, 1e-9);
  const auto& recordings = by_subject_.at("mrd1_error/scale=true;value=recording");
  EXPECT_NEAR(recordings.at("s0"), (0.2 + 0.6) / 2, 1e-9);
  EXPECT_NEAR(recordings.at("s1"), 0, 1e-9);
  EXPECT_EQ(by_subject_.at("mrd1_read/value=recording").at("s0"), 1);
  EXPECT_EQ(by_subject_.at("mrd1_read/value=recording").at("s1"), 0.5);
  EXPECT_EQ(by_subject_.count("mrd2_read/value=recording"), 0u);
}

TEST_F(EyeMeasurementTest, AnObserverThatFailsEverywhereIsNotARecogniser) {
  const auto figures = Score(
      3, [](int, Side, int) { return Moment(); }, 11.7,
      [](int) {
        Sitting sitting;
        sitting.nystagmus = "pendular";
        sitting.truth = {{"mrd1_mm", 4}, {"deviation_horizontal_dioptres", 2}};
        sitting.failed = true;
        return sitting;
      });
  // Everything that it might have given is listed, empty; both observers failed, but a recogniser
  // measures no eyes.
  for (const char* name :
       {"mrd1_bias/bin=4..5;scale=true", "measured_share", "gaze_error_median/frame=camera",
        "blink_recall", "deviation_bias/axis=horizontal;subjects=all"}) {
    const Figure& figure = figures.at(name);
    EXPECT_TRUE(std::isnan(figure.value)) << name;
    EXPECT_EQ(figure.n, 0) << name;
    EXPECT_EQ(figure.n_failed, 3) << name;
  }
  EXPECT_EQ(figures.at("nystagmus_sensitivity").value, 0);
  EXPECT_EQ(figures.at("nystagmus_sensitivity").n_failed, 3);
  EXPECT_EQ(figures.at("mrd1_bias/scale=default;value=recording").n_failed, 3);
}

TEST_F(EyeMeasurementTest, FailedRecordingsCount) {
  const auto figures = Score(
      3, [](int, Side, int) { return Moment(); }, 11.7,
      [](int subject) {
        Sitting sitting;
        sitting.failed = subject == 1;
        return sitting;
      });
  EXPECT_EQ(figures.at("mrd1_bias/gaze=primary;scale=true").n, 4);
  EXPECT_EQ(figures.at("mrd1_bias/gaze=primary;scale=true").n_failed, 1);
}

TEST_F(EyeMeasurementTest, ATruthThatLacksSomethingIsNamed) {
  spoilt_ = "iris_major_px";
  try {
    Score(2, [](int, Side, int) { return Moment(); });
    FAIL();
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), testing::AllOf(testing::HasSubstr("recording r0"),
                                             testing::HasSubstr("iris_major_px")));
  }
}

TEST_F(EyeMeasurementTest, ColumnsOfATruthHaveOneLength) {
  short_ = "closure";
  EXPECT_THROW(Score(1, [](int, Side, int) { return Moment(); }), DataError);
}

TEST_F(EyeMeasurementTest, TheHeadlineComesFirst) {
  const ScoredRun scored = ScoreAll(
      1, [](int, Side, int) { return Moment(); }, 11.7, [](int) { return Sitting(); });
  ASSERT_FALSE(scored.figures.empty());
  EXPECT_EQ(scored.figures.front().group, "bin=-2..-1;scale=true");
  EXPECT_EQ(scored.tables.front().second.metrics.front(), "mrd1_bias");
}

// --- The truth of a nystagmus ------------------------------------------------------------------

TEST(ShownNystagmus, PendularBetweenFrames) {
  // 1° peak to peak at 8.5 Hz: seven frames a beat.
  std::vector<double> signal;
  for (int f = 0; f < 120; ++f) signal.push_back(0.5 * std::sin(2 * M_PI * 8.5 * f / 60 + 0.4));
  const ShownNystagmus shown = MeasureShownNystagmus(signal, 60);
  EXPECT_NEAR(shown.amplitude_deg, 1, 0.03);
  EXPECT_NEAR(shown.frequency_hz, 8.5, 0.1);
}

TEST(ShownNystagmus, IrregularJerksWithQuickPhases) {
  // Slow phases that gain speed, sizes and times that vary by a tenth, quick phases of 30 ms.
  NamedRandom random(1, "jerks", "test");
  for (const double frequency_hz : {1.5, 3.0, 5.0}) {
    std::vector<double> signal(3000, 0.0);
    double t0 = -0.1, size = 4, sizes = 0, slow_s = 0, lengths = 0;
    int beats = 0;
    for (size_t k = 0; k < signal.size();) {
      const double length = (1 + 0.1 * random.Normal()) / frequency_hz,
                   next = 4 * (1 + 0.1 * random.Normal()), quick = 0.03;
      for (; k < signal.size(); ++k) {
        const double t = static_cast<double>(k) / 60 - t0;
        if (t >= length) break;
        const double slow = t / (length - quick), fast = (t - length + quick) / quick;
        signal[k] = slow < 1 ? size * (0.5 - std::expm1(1.2 * slow) / std::expm1(1.2))
                             : -size / 2 + 0.5 * (size + next) * fast * fast * (3 - 2 * fast);
      }
      sizes += size;
      slow_s += length - quick;
      lengths += length;
      ++beats;
      t0 += length;
      size = next;
    }
    const ShownNystagmus shown = MeasureShownNystagmus(signal, 60);
    EXPECT_NEAR(shown.amplitude_deg, sizes / beats, 0.015 * sizes / beats) << frequency_hz;
    EXPECT_NEAR(shown.frequency_hz, beats / lengths, 0.02 * frequency_hz);
    EXPECT_NEAR(shown.slow_phase_velocity_deg_per_s, sizes / slow_s, 0.02 * sizes / slow_s)
        << frequency_hz;
  }
}

TEST(ShownNystagmus, GapsAndStillEyes) {
  EXPECT_TRUE(std::isnan(MeasureShownNystagmus(std::vector<double>(100, 0.0), 60).amplitude_deg));
  EXPECT_TRUE(std::isnan(MeasureShownNystagmus(std::vector<double>(100, kNan), 60).amplitude_deg));
  // A gap of half a beat changes nothing.
  std::vector<double> signal;
  for (int f = 0; f < 200; ++f)
    signal.push_back(f >= 95 && f < 105 ? kNan : std::sin(2 * M_PI * 3 * f / 60));
  const ShownNystagmus shown = MeasureShownNystagmus(signal, 60);
  EXPECT_NEAR(shown.amplitude_deg, 2, 0.01);
  EXPECT_NEAR(shown.frequency_hz, 3, 0.02);
}

}  // namespace
}  // namespace maskbench
