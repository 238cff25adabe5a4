// The experiment on made observations and readings whose right answer is known by hand.
#include <cmath>
#include <map>
#include <optional>

#include <gtest/gtest.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/pipeline/components.h"
#include "maskbench/pipeline/plan.h"
#include "maskbench/pipeline/scoring.h"

#include "experiments/register_all.h"

namespace maskbench {
namespace {

const double kNan = std::nan("");

/// Names as in the manifest; NaN and missing ones are not given.
using Points = std::map<std::string, double>;

/// An open eye at 2 px/mm, 40 px wide; MRD1 is 4 mm and MRD2 5 mm.
const Points kOpen = {
    {"iris_x_px", 100},        {"iris_y_px", 50},         {"iris_diameter_px", 23.4},
    {"upper_margin_y_px", 42}, {"lower_margin_y_px", 60}, {"medial_x_px", 120},
    {"medial_y_px", 52},       {"lateral_x_px", 80},      {"lateral_y_px", 52}};

/// One eye of one picture.
struct Made {
  std::string subject;
  Points seen;
  Side side = Side::kRight;
  std::string lids = "open";
  Points first = kOpen, second = kOpen;
  double px_per_mm = 2, roll_deg = 0;
  std::string filmed = "photograph";
  bool face = true, labelled = true, observed = true;
};

class EyeAnnotationsTest : public testing::Test {
 protected:
  EyeAnnotationsTest() {
    RegisterFrameworkComponents(&components_);
    RegisterExperiments(&components_.experiments);
    for (const NetworkSpec& spec : BuiltInNetworks()) {
      WriteJsonFile(folder_.path() / (spec.contract.name + ".json"), {{"tensors_sha256", "w"}});
    }
  }

  /// Figures by "metric" and "metric/group".
  std::map<std::string, Figure> Score(const std::vector<Made>& eyes) {
    Dataset dataset;
    dataset.name = "made";
    for (size_t i = 0; i < eyes.size(); ++i) {
      if (dataset.FindSubject(eyes[i].subject) == nullptr) {
        dataset.subjects.emplace_back();
        dataset.subjects.back().id = eyes[i].subject;
      }
      LabelledRecording recording;
      recording.id = std::to_string(i);
      recording.subject = eyes[i].subject;
      recording.filmed = eyes[i].filmed;
      if (eyes[i].labelled)
        (eyes[i].side == Side::kRight ? recording.right : recording.left) = Truth(eyes[i]);
      dataset.recordings.push_back(recording);
    }
    const RunConfig config = ParseRunConfig(
        Json::parse(R"({"name": "p", "dataset": {"manifest": "m.json"}, "variants": ["original"],
          "observers": ["mediapipe_iris", "dlib_resnet"],
          "experiments": [{"type": "eye_annotations", "resamples": 200}]})"),
        components_, "c");
    const Plan plan = MakePlan(config, dataset, components_, NetworkLibrary(folder_.path()), ".");
    Store store(folder_.path() / ("s" + std::to_string(++runs_) + ".sqlite"));
    for (const Node& node : plan.nodes) {
      Observations seen;
      if (node.stage == Stage::kObserve && node.observer == "mediapipe_iris") {
        const Made& eye = eyes[static_cast<size_t>(std::stoi(node.recording))];
        if (!eye.observed) {
          NodeOutcome failed;
          failed.status = NodeStatus::kFailed;
          failed.reason = "it broke.";
          store.Commit(node, failed, {});
          continue;
        }
        seen = Observe(eye);
      } else if (node.stage == Stage::kObserve) {
        seen.embeddings.push_back({Embedding::kTemplate, {1.0F}});
      }
      store.Commit(node, NodeOutcome(), seen);
    }
    std::map<std::string, Figure> figures;
    for (const Figure& figure :
         ScoreRun(RunData(config, dataset, plan, &store), components_).figures) {
      EXPECT_EQ(figure.reader, "mediapipe_iris");
      EXPECT_EQ(figure.n_unit, "eye");
      figures[figure.metric + (figure.group.empty() ? "" : "/" + figure.group)] = figure;
    }
    return figures;
  }

  /// `kOpen` with some points moved.
  static Points Moved(const Points& shift) {
    Points points = kOpen;
    for (const auto& [name, by] : shift) points[name] += by;
    return points;
  }

 private:
  static EyeTruth Truth(const Made& eye) {
    EyeTruth truth;
    truth.labels = {{"lids", eye.lids}};
    if (!std::isnan(eye.px_per_mm)) truth.truth["px_per_mm"] = eye.px_per_mm;
    if (eye.roll_deg != 0) truth.truth["face_roll_deg"] = eye.roll_deg;
    for (const auto& [name, value] : eye.first) {
      truth.truth["pass1_" + name] = value;
      truth.truth["pass2_" + name] = eye.second.at(name);
      truth.truth[name] = (value + eye.second.at(name)) / 2;
    }
    return truth;
  }

  static Observations Observe(const Made& eye) {
    Observations seen;
    seen.frames = 1;
    if (!eye.face) return seen;
    seen.frames_with_face = 1;
    for (const auto& [name, value] : eye.seen) {
      seen.series.push_back(
          {eye.side, name == "iris_diameter_px" ? "iris_diameter" : name, "px", {value}});
    }
    return seen;
  }

  TemporaryFolder folder_;
  Components components_;
  int runs_ = 0;
};

TEST_F(EyeAnnotationsTest, ErrorsAndDisagreementInMillimetres) {
  // The upper margin is read 0, 0.1 … 1.1 mm too low; people differ by 0.5 mm in the iris's height
  // and not in the distance to the margin.
  std::vector<Made> eyes;
  for (int k = 0; k < 12; ++k) {
    Made eye{"s" + std::to_string(k), Moved({{"upper_margin_y_px", 0.2 * k}})};
    eye.first = Moved({{"iris_y_px", -0.5}, {"upper_margin_y_px", -0.5}});
    eye.second = Moved({{"iris_y_px", 0.5}, {"upper_margin_y_px", 0.5}});
    eyes.push_back(eye);
  }
  const auto figures = Score(eyes);
  const Figure& median = figures.at("mrd1_error_median");
  EXPECT_NEAR(median.value, 0.5, 1e-9);  // The lower of the middle two.
  EXPECT_EQ(median.n, 12);
  EXPECT_EQ(median.n_failed, 0);
  EXPECT_EQ(median.unit, "mm");
  EXPECT_LT(median.interval.low, 0.5);
  EXPECT_GT(median.interval.high, 0.5);
  EXPECT_NEAR(figures.at("mrd1_error_mean").value, 0.55, 1e-9);
  EXPECT_NEAR(figures.at("mrd1_bias").value, -0.55, 1e-9);
  EXPECT_NEAR(figures.at("mrd1_human_disagreement_median").value, 0, 1e-9);
  EXPECT_NEAR(figures.at("mrd2_error_mean").value, 0, 1e-9);
  EXPECT_NEAR(figures.at("mrd2_human_disagreement_median").value, 0.5, 1e-9);
  EXPECT_NEAR(figures.at("pfh_bias").value, -0.55, 1e-9);
  EXPECT_NEAR(figures.at("pfh_human_disagreement_median").value, 0.5, 1e-9);
  EXPECT_NEAR(figures.at("upper_margin_bias").value, 0.55, 1e-9);  // Downwards.
  EXPECT_NEAR(figures.at("upper_margin_human_disagreement_median").value, 0.5, 1e-9);
  EXPECT_NEAR(figures.at("iris_y_error_mean").value, 0, 1e-9);
  EXPECT_NEAR(figures.at("iris_y_human_disagreement_median").value, 0.5, 1e-9);
  EXPECT_NEAR(figures.at("mrd1_bias/lids=open").value, -0.55, 1e-9);
  EXPECT_EQ(figures.count("mrd1_bias/lids=closed"), 0U);
}

TEST_F(EyeAnnotationsTest, AnEyeWithoutAValueIsAFailureAndTheWorst) {
  std::vector<Made> eyes;
  for (int k = 0; k < 12; ++k) {
    eyes.push_back({"s" + std::to_string(k), Moved({{"upper_margin_y_px", 0.2 * k}})});
  }
  eyes[0].face = false;
  eyes[1].seen.erase("upper_margin_y_px");
  eyes[2].seen["upper_margin_y_px"] = kNan;
  auto figures = Score(eyes);
  // Left are 0.3 … 1.1 mm: the sixth of twelve is 0.8.
  EXPECT_NEAR(figures.at("mrd1_error_median").value, 0.8, 1e-9);
  EXPECT_EQ(figures.at("mrd1_error_median").n, 12);
  EXPECT_EQ(figures.at("mrd1_error_median").n_failed, 3);
  EXPECT_NEAR(figures.at("mrd1_error_mean").value, 0.7, 1e-9);
  EXPECT_EQ(figures.at("mrd1_error_mean").n, 12);
  EXPECT_EQ(figures.at("mrd1_error_mean").n_failed, 3);
  EXPECT_TRUE(std::isnan(figures.at("mrd1_bias").interval.low));  // Nine subjects.
  EXPECT_EQ(figures.at("mrd2_error_median").n_failed, 1);         // The iris is there.
  EXPECT_EQ(figures.at("mrd1_human_disagreement_median").n_failed, 0);
  for (size_t k = 3; k < 7; ++k) eyes[k].observed = false;
  figures = Score(eyes);
  EXPECT_TRUE(std::isnan(figures.at("mrd1_error_median").value));
  EXPECT_EQ(figures.at("mrd1_error_median").n_failed, 7);
}

TEST_F(EyeAnnotationsTest, AnEyeFartherThanItsWidthIsSomebodyElses) {
  Points near = kOpen, far = kOpen, no_place = kOpen;
  for (const char* x : {"iris_x_px", "medial_x_px", "lateral_x_px"}) {
    near[x] += 39;
    far[x] += 41;
    no_place.erase(x);
  }
  auto figures = Score({{"a", near}});
  EXPECT_EQ(figures.at("mrd1_error_median").n_failed, 0);
  figures = Score({{"a", far}});
  EXPECT_EQ(figures.at("mrd1_error_median").n_failed, 1);
  EXPECT_TRUE(std::isnan(figures.at("mrd1_error_mean").value));
  EXPECT_EQ(figures.at("open_called_closed").n_failed, 1);
  figures = Score({{"a", no_place}});
  EXPECT_EQ(figures.at("mrd1_error_median").n_failed, 1);
  // Without corners the iris says where the eye is.
  Points iris = kOpen;
  for (const char* corner : {"medial_x_px", "medial_y_px", "lateral_x_px", "lateral_y_px"})
    iris.erase(corner);
  EXPECT_EQ(Score({{"a", iris}}).at("mrd1_error_median").n_failed, 0);
}

TEST_F(EyeAnnotationsTest, SidesTiltAndTheIris) {
  Made right{"a", Moved({{"iris_x_px", -2}})}, left{"b", Moved({{"iris_x_px", 4}})};
  left.side = Side::kLeft;  // Only the sign of the temple matters here.
  auto figures = Score({right, left});
  EXPECT_NEAR(figures.at("iris_x_bias").value, 1.5, 1e-9);
  // Seen from the side by 60°, heights of the picture are half of those of the face.
  Made tilted{"a", Moved({{"upper_margin_y_px", 1}, {"iris_diameter_px", 2.34}})};
  tilted.roll_deg = 60;
  figures = Score({tilted});
  EXPECT_NEAR(figures.at("mrd1_bias").value, -1, 1e-9);
  EXPECT_NEAR(figures.at("upper_margin_bias").value, 0.5, 1e-9);
  EXPECT_NEAR(figures.at("iris_diameter_bias").value, 0.1, 1e-9);
  EXPECT_EQ(figures.at("iris_diameter_bias").unit, "share");
}

TEST_F(EyeAnnotationsTest, ClosedEyesByProbabilityOrByOpening) {
  const auto closed = [](const char* subject, const Points& seen) {
    Made eye{subject, seen};
    eye.lids = "closed";
    eye.px_per_mm = kNan;
    eye.first =
        eye.second = {{"upper_margin_y_px", 55}, {"lower_margin_y_px", 55}, {"medial_x_px", 120},
                      {"medial_y_px", 52},       {"lateral_x_px", 80},      {"lateral_y_px", 52}};
    return eye;
  };
  // Its own iris makes 1 px/mm, so that 0.9 px are closed and 1.1 px open.
  const auto opening = [](double px) {
    Points points = kOpen;
    points["iris_diameter_px"] = 11.7;
    points["upper_margin_y_px"] = 55 - px;
    points["lower_margin_y_px"] = 55;
    return points;
  };
  Points sure = opening(9), unsure = opening(0.5);
  sure["shut"] = 0.5;
  unsure["shut"] = 0.49;
  Made lost = closed("a", opening(0));
  lost.face = false;
  Made blind{"a", Moved({{"upper_margin_y_px", 17}})};  // 1 px, half a millimetre.
  const auto figures = Score({closed("a", opening(0.9)),
                              closed("a", opening(1.1)),
                              closed("a", sure),
                              closed("a", unsure),
                              lost,
                              blind,
                              {"b", kOpen},
                              {"b", kOpen},
                              {"b", kOpen}});
  // The first by its opening, `sure` by the probability in spite of it, `unsure` by its opening.
  EXPECT_NEAR(figures.at("closed_found").value, 3.0 / 5, 1e-12);
  EXPECT_EQ(figures.at("closed_found").n, 5);
  EXPECT_EQ(figures.at("closed_found").n_failed, 1);
  EXPECT_NEAR(figures.at("open_called_closed").value, 1.0 / 4, 1e-12);
  EXPECT_EQ(figures.at("open_called_closed").n, 4);
  EXPECT_EQ(figures.at("mrd1_error_median").n, 4);  // Nobody read an iris in the closed ones.
  EXPECT_EQ(figures.count("closed_found/lids=closed"), 0U);
  EXPECT_EQ(figures.count("mrd1_error_median/lids=closed"), 0U);
}

TEST_F(EyeAnnotationsTest, GroupsByScaleStateAndSource) {
  std::vector<Made> eyes;
  for (const double scale : {0.99, 1.0, 1.29, 1.3, 2.0, 2.2}) {
    eyes.push_back({"a", kOpen});
    eyes.back().px_per_mm = scale;
    eyes.back().filmed = scale < 1.3 ? "video" : "photograph";
    eyes.back().lids = scale == 1.0 ? "half" : scale == 2.0 ? "disputed" : "open";
  }
  eyes.push_back({"a", kOpen});
  eyes.back().labelled = false;  // Nobody has read it.
  const auto figures = Score(eyes);
  const std::map<std::string, int> expected = {{"", 6},
                                               {"px_per_mm=0..1", 1},
                                               {"px_per_mm=1..1.3", 2},
                                               {"px_per_mm=1.3..2", 1},
                                               {"px_per_mm=2..", 2},
                                               {"lids=open", 4},
                                               {"lids=half", 1},
                                               {"lids=disputed", 1},
                                               {"filmed=video", 3},
                                               {"filmed=photograph", 3}};
  int groups = 0;
  for (const auto& [name, figure] : figures) {
    if (figure.metric != "pfh_error_median") continue;
    ++groups;
    EXPECT_EQ(figure.n, expected.at(figure.group)) << name;
  }
  EXPECT_EQ(groups, 10);
  EXPECT_EQ(figures.at("open_called_closed/px_per_mm=2..").n, 1);
  EXPECT_TRUE(std::isnan(figures.at("pfh_error_median").interval.low));  // One subject.
}

TEST_F(EyeAnnotationsTest, SharesOfNoneHaveAnInterval) {
  std::vector<Made> eyes;
  for (int k = 0; k < 10; ++k) eyes.push_back({"s" + std::to_string(k), kOpen});
  const Figure& none = Score(eyes).at("open_called_closed");
  EXPECT_EQ(none.value, 0);
  EXPECT_EQ(none.interval.low, 0);
  EXPECT_NEAR(none.interval.high, 1 - std::pow(0.025, 0.1), 1e-6);  // Clopper & Pearson, 0 of 10.
}

TEST_F(EyeAnnotationsTest, WithoutReadingsThereIsNothingToSay) {
  Made eye{"a", kOpen};
  eye.labelled = false;
  EXPECT_TRUE(Score({eye}).empty());
  eye.labelled = true;
  eye.first.erase("medial_x_px");
  EXPECT_THROW(Score({eye}), DataError);
}

}  // namespace
}  // namespace maskbench
