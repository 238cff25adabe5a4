// The experiment on made observations and truth whose right answer is known by hand.
#include <cmath>
#include <functional>

#include <gtest/gtest.h>

#include "maskbench/core/files.h"
#include "maskbench/pipeline/components.h"
#include "maskbench/pipeline/plan.h"
#include "maskbench/pipeline/scoring.h"

#include "experiments/register_all.h"

namespace maskbench {
namespace {

constexpr int kFrames = 40;

class EyeMeasurementTest : public testing::Test {
 protected:
  /// What is true and what is read of one eye in one frame.
  struct Moment {
    double mrd1_mm = 4, read_mm = 4;
    double azimuth_deg = 0, elevation_deg = 0, closure = 0;
    bool visible = true, blinking = false;
  };
  using Play = std::function<Moment(int subject, Side side, int frame)>;

  EyeMeasurementTest() {
    RegisterFrameworkComponents(&components_);
    RegisterExperiments(&components_.experiments);
    for (const NetworkSpec& spec : BuiltInNetworks()) {
      WriteJsonFile(folder_.path() / (spec.contract.name + ".json"), {{"tensors_sha256", "w"}});
    }
  }

  /// Figures by "metric" and "metric/group".
  std::map<std::string, Figure> Score(int subjects, const Play& play, double hvid_mm = 11.7) {
    Dataset dataset;
    dataset.name = "made";
    for (int s = 0; s < subjects; ++s) {
      Subject subject;
      subject.id = "s" + std::to_string(s);
      dataset.subjects.push_back(subject);
      LabelledRecording recording;
      recording.id = "r" + std::to_string(s);
      recording.subject = subject.id;
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
      if (node.stage == Stage::kObserve && node.observer == "mediapipe_iris") {
        const int subject = std::stoi(node.recording.substr(1));
        seen = PlayOne(subject, play, hvid_mm, out / FrameTruthFile(node.recording));
      } else if (node.stage == Stage::kObserve) {
        seen.embeddings.push_back({Embedding::kTemplate, {1.0F}});
      }
      store.Commit(node, NodeOutcome(), seen);
    }
    std::map<std::string, Figure> figures;
    for (const Figure& figure :
         ScoreRun(RunData(config, dataset, plan, &store, out), components_).figures) {
      EXPECT_EQ(figure.reader, "mediapipe_iris");
      figures[figure.metric + (figure.group.empty() ? "" : "/" + figure.group)] = figure;
    }
    return figures;
  }

 private:
  static Observations PlayOne(int subject, const Play& play, double hvid_mm,
                              const std::filesystem::path& truth_file) {
    Json truth;
    Observations seen;
    seen.frames = seen.frames_with_face = kFrames;
    std::vector<double> blinking;
    for (const Side side : kSides) {
      Json columns;
      truth["anatomy"][ToString(side)] = {{"hvid_mm", hvid_mm}};
      std::vector<double> read;
      for (int f = 0; f < kFrames; ++f) {
        const Moment moment = play(subject, side, f);
        columns["mrd1_mm"].push_back(moment.mrd1_mm);
        columns["mrd2_mm"].push_back(5);
        columns["pfh_mm"].push_back(moment.mrd1_mm + 5);
        columns["closure"].push_back(moment.closure);
        columns["pupillary_axis_azimuth_deg"].push_back(moment.azimuth_deg);
        columns["pupillary_axis_elevation_deg"].push_back(moment.elevation_deg);
        const int seen_point = moment.visible ? 1 : 0;
        columns["upper_margin_px"].push_back({1, 1, seen_point, 2, 2, seen_point});
        read.push_back(moment.read_mm);
        if (side == Side::kRight) blinking.push_back(moment.blinking ? 1 : 0);
      }
      truth[ToString(side)] = columns;
      seen.series.push_back({side, "mrd1", "mm", read});
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

TEST_F(EyeMeasurementTest, BiasLimitsAndSlopeOfAKnownReader) {
  // True heights 1, 2 … 12 by half millimetres from 0.25; read at 0.5 of it plus 2.
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
      moment.read_mm = std::nan("");
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

}  // namespace
}  // namespace maskbench
