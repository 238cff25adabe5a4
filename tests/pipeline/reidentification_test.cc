// The experiment on made observations whose right answer is known by hand.
#include <cmath>
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "maskbench/core/files.h"
#include "maskbench/pipeline/components.h"
#include "maskbench/pipeline/plan.h"
#include "maskbench/pipeline/scoring.h"

#include "experiments/register_all.h"

namespace maskbench {
namespace {

class ReidentificationTest : public testing::Test {
 protected:
  ReidentificationTest() {
    RegisterFrameworkComponents(&components_);
    RegisterExperiments(&components_.experiments);
    for (const NetworkSpec& spec : BuiltInNetworks()) {
      WriteJsonFile(folder_.path() / (spec.contract.name + ".json"), {{"tensors_sha256", "w"}});
    }
    dataset_.name = "made";
    config_ = Json::parse(R"({"name": "p", "dataset": {"manifest": "m.json"},
      "variants": ["original", "gaussian_blur"], "observers": ["dlib_resnet"],
      "experiments": [{"type": "reidentification", "false_accept_rates": [0.1, 0.0001],
                       "resamples": 200}]})");
  }

  /// Each subject has recordings 1 and 2, made on different days unless said otherwise. Without a
  /// condition nothing is stated of the eyes.
  void AddSubjects(int count, bool one_session = false, const std::string& condition = "") {
    const int first = static_cast<int>(dataset_.subjects.size());
    for (int s = first; s < first + count; ++s) {
      Subject subject;
      subject.id = "s" + std::to_string(s);
      dataset_.subjects.push_back(subject);
      for (const char* number : {"_1", "_2"}) {
        LabelledRecording recording;
        recording.id = subject.id + number;
        recording.subject = subject.id;
        recording.session = one_session ? "day" : number;
        if (!condition.empty()) {
          recording.right.labels["ptosis"] = recording.left.labels["ptosis"] = "none";
          recording.left.labels["borderline"] = "yes";
          if (condition != "healthy") recording.left.labels[condition] = "mild";
        }
        dataset_.recordings.push_back(recording);
      }
    }
  }

  using Descriptor = std::function<std::optional<std::vector<float>>(
      int subject, const std::string& recording, const std::string& variant)>;

  ScoredRun ScoreAll(const Descriptor& descriptor) {
    RunConfig config = ParseRunConfig(config_, components_, "c");
    const NetworkLibrary networks(folder_.path());
    const Plan plan = MakePlan(config, dataset_, components_, networks, ".");
    Store store(folder_.path() / ("s" + std::to_string(++stores_) + ".sqlite"));
    for (const Node& node : plan.nodes) {
      Observations seen;
      NodeOutcome outcome;
      if (node.stage == Stage::kObserve) {
        const int subject = std::stoi(dataset_.FindRecording(node.recording)->subject.substr(1));
        if (const auto values = descriptor(subject, node.recording, node.variant)) {
          seen.embeddings.push_back({Embedding::kTemplate, *values});
        }
        seen.frames = 8;
        seen.frames_with_face = faces_(subject, node.recording, node.variant);
        if (seen.frames_with_face < 0) outcome.status = NodeStatus::kFailed;
      }
      store.Commit(node, outcome, seen);
    }
    return ScoreRun(RunData(config, dataset_, plan, &store), components_);
  }

  /// Figures by "variant/metric parameter/pairing", and "/condition" where there is one.
  std::map<std::string, Figure> Score(const Descriptor& descriptor) {
    std::map<std::string, Figure> figures;
    for (const Figure& figure : ScoreAll(descriptor).figures) {
      figures[figure.variant + "/" + figure.metric +
              (figure.parameter.empty() ? "" : " " + figure.parameter) +
              (figure.group.empty() ? "" : "/" + figure.group.substr(8)) +
              (figure.condition.empty() ? "" : "/" + figure.condition)] = figure;
    }
    return figures;
  }

  /// Of the 8 frames of each recording, those with a face; negative when the step failed.
  std::function<int(int subject, const std::string& recording, const std::string& variant)> faces_ =
      [](int, const std::string&, const std::string&) { return 8; };
  TemporaryFolder folder_;
  int stores_ = 0;
  Components components_;
  Dataset dataset_;
  Json config_;
};

TEST_F(ReidentificationTest, APerfectRecogniserAndAPerfectMask) {
  AddSubjects(12);
  auto figures = Score([](int subject, const std::string& recording, const std::string& variant) {
    const float noise = recording.back() == '2' ? 0.1F : 0;
    return std::optional<std::vector<float>>(
        variant == "original" ? std::vector<float>{static_cast<float>(subject) + noise}
                              : std::vector<float>{3});
  });
  const Figure& rank = figures.at("original/rank_1/different_recording");
  EXPECT_EQ(rank.value, 1);
  EXPECT_EQ(rank.attacker, "face_to_face");
  EXPECT_EQ(rank.n, 12);
  EXPECT_EQ(rank.n_unit, "subject");
  EXPECT_NEAR(rank.interval.low, 0.7353515, 1e-6);  // Clopper–Pearson 12/12: 0.025^(1/12).
  EXPECT_EQ(figures.at("original/auc/different_recording").value, 1);
  EXPECT_EQ(figures.at("original/eer/different_recording").value, 0);
  // Every masked face looks like subject 3: he is found, nobody else is.
  EXPECT_EQ(figures.at("gaussian_blur/rank_1/different_recording").attacker, "mask_to_face");
  EXPECT_NEAR(figures.at("gaussian_blur/rank_1/different_recording").value, 1.0 / 12, 1e-12);
  EXPECT_NEAR(figures.at("gaussian_blur/auc/different_recording").value, 0.5, 0.02);
  EXPECT_NEAR(figures.at("original/rank_1_chance/different_recording").value, 1.0 / 12, 1e-12);
}

TEST_F(ReidentificationTest, FailuresToEnrolStayInEveryDenominator) {
  AddSubjects(12);
  auto figures = Score([](int subject, const std::string&,
                          const std::string& variant) -> std::optional<std::vector<float>> {
    if (variant != "original" && subject % 4 == 0) return std::nullopt;  // 3 of 12 fail.
    return std::vector<float>{static_cast<float>(subject)};
  });
  EXPECT_EQ(figures.at("gaussian_blur/failure_to_enrol/different_recording").value, 0.25);
  EXPECT_EQ(figures.at("gaussian_blur/rank_1/different_recording").value, 0.75);
  EXPECT_EQ(figures.at("gaussian_blur/rank_1/different_recording").n, 12);
  EXPECT_EQ(figures.at("gaussian_blur/rank_1/different_recording").n_failed, 3);
  // 9 of 12 genuine pairs are above everything, 3 tie with the 33 failed of 132 impostor pairs:
  // AUC = 9/12 + 3/12 · ½ · 33/132.
  EXPECT_NEAR(figures.at("gaussian_blur/auc/different_recording").value,
              0.75 + 0.25 * 0.5 * 33 / 132, 1e-12);
  EXPECT_EQ(figures.at("gaussian_blur/tar_at_far far=0.1/different_recording").value, 0.75);
}

TEST_F(ReidentificationTest, FewSubjectsGetNoIntervalAndSmallFarNoValue) {
  AddSubjects(9);
  auto figures = Score([](int subject, const std::string&, const std::string&) {
    return std::optional(std::vector<float>{static_cast<float>(subject)});
  });
  EXPECT_TRUE(std::isnan(figures.at("original/rank_1/different_recording").interval.low));
  EXPECT_TRUE(std::isnan(figures.at("original/auc/different_recording").interval.low));
  // 72 impostor comparisons support neither rate: 0.1 · 72 < 10.
  EXPECT_TRUE(std::isnan(figures.at("original/tar_at_far far=0.1/different_recording").value));
  EXPECT_TRUE(std::isnan(figures.at("original/tar_at_far far=0.0001/different_recording").value));
}

TEST_F(ReidentificationTest, PairsOfOneSessionDoNotCountAsDifferentSessions) {
  AddSubjects(12, /*one_session=*/true);
  auto figures = Score([](int subject, const std::string&, const std::string&) {
    return std::optional(std::vector<float>{static_cast<float>(subject)});
  });
  EXPECT_EQ(figures.at("original/rank_1/different_recording").n, 12);
  EXPECT_EQ(figures.at("original/rank_1/different_session").n, 0);
  EXPECT_TRUE(std::isnan(figures.at("original/rank_1/different_session").value));
}

TEST_F(ReidentificationTest, ConditionsAreThoseOfTheProbeAgainstTheWholeGallery) {
  // Even subjects have ptosis, odd ones are healthy.
  for (int pair = 0; pair < 12; ++pair) {
    AddSubjects(1, false, "ptosis");
    AddSubjects(1, false, "healthy");
  }
  const auto figures = Score([](int subject, const std::string&,
                                const std::string& variant) -> std::optional<std::vector<float>> {
    const bool ptosis = subject % 2 == 0;
    if (variant == "original" || !ptosis) return std::vector<float>{static_cast<float>(subject)};
    if (subject < 12) return std::nullopt;  // 6 of 12 with ptosis.
    // Nearer to the healthy neighbour than to himself, and himself the nearest one with ptosis.
    return std::vector<float>{static_cast<float>(subject) + 0.6F};
  });
  const auto& masked = [&](const std::string& metric) {
    return figures.at("gaussian_blur/" + metric);
  };
  EXPECT_EQ(masked("rank_1/different_recording").value, 0.5);  // 12 of 24.
  EXPECT_EQ(masked("rank_1/different_recording/healthy").value, 1);
  EXPECT_EQ(masked("rank_1/different_recording/healthy").n, 12);
  EXPECT_EQ(masked("rank_1/different_recording/healthy").n_failed, 0);
  EXPECT_NEAR(masked("rank_1/different_recording/healthy").interval.low, 0.7353515, 1e-6);
  EXPECT_EQ(masked("rank_1/different_recording/ptosis").value, 0);
  EXPECT_EQ(masked("rank_1/different_recording/ptosis").n, 12);
  EXPECT_EQ(masked("rank_1/different_recording/ptosis").n_failed, 6);
  EXPECT_NEAR(masked("rank_1/different_recording/ptosis").interval.high, 0.2646485, 1e-6);
  EXPECT_EQ(masked("failure_to_enrol/different_recording").value, 0.25);
  EXPECT_EQ(masked("failure_to_enrol/different_recording/healthy").value, 0);
  EXPECT_EQ(masked("failure_to_enrol/different_recording/ptosis").value, 0.5);
  EXPECT_EQ(masked("failure_to_enrol/different_recording/ptosis").n_failed, 6);
  // binom.test(6, 12) of R: 0.2109446 … 0.7890554.
  EXPECT_NEAR(masked("failure_to_enrol/different_recording/ptosis").interval.low, 0.2109446, 1e-6);
  EXPECT_NEAR(masked("failure_to_enrol/different_recording/ptosis").interval.high, 0.7890554, 1e-6);
  // 12 · 23 impostor comparisons, of which 6 · 23 failed. The 6 genuine distances of 0.6 lose to
  // the 6 of 0.4 to the neighbour; the 6 failed ones tie with the failed half of the impostors.
  EXPECT_NEAR(masked("auc/different_recording/ptosis").value,
              0.5 * (1 - 6.0 / (12 * 23)) + 0.5 * 0.5 * 0.5, 1e-12);
  EXPECT_EQ(masked("auc/different_recording/healthy").value, 1);
  EXPECT_EQ(masked("eer/different_recording/healthy").value, 0);
  EXPECT_FALSE(std::isnan(masked("eer/different_recording/ptosis").interval.low));
  EXPECT_EQ(figures.at("original/rank_1/different_session/ptosis").attacker, "face_to_face");
  // What needs more people than a condition has is not given.
  EXPECT_EQ(figures.count("gaussian_blur/rank_5/different_recording/ptosis"), 0U);
  EXPECT_EQ(figures.count("gaussian_blur/rank_5/different_recording"), 1U);
}

TEST_F(ReidentificationTest, ConditionsLeaveTheFiguresOverAllAsTheyAre) {
  const auto descriptor = [](int subject, const std::string& recording, const std::string&) {
    const float noise = recording.back() == '2' ? 0.7F * static_cast<float>(subject % 3) : 0;
    return std::optional(std::vector<float>{static_cast<float>(subject) + noise});
  };
  const auto over_all = [&] {
    std::vector<Figure> figures;
    for (const Figure& figure : ScoreAll(descriptor).figures) {
      if (figure.condition.empty()) figures.push_back(figure);
    }
    return FiguresCsv(figures);
  };
  AddSubjects(12, false, "ptosis");
  AddSubjects(11, false, "healthy");
  const std::string labelled = over_all();
  for (LabelledRecording& recording : dataset_.recordings) recording.left = recording.right = {};
  EXPECT_EQ(labelled, over_all());
  // 8 probes have no noise; 22.7 has nobody beyond 22. All others are nearer to the next subject.
  EXPECT_THAT(labelled, testing::HasSubstr("original,rank_1,0.391304347826087,"));  // 9 of 23.
  // The resamples are drawn under the figure's own identity, which has not changed.
  EXPECT_THAT(labelled, testing::HasSubstr(",auc,0.9597009795497509,0.9298672499849661,0.979024"));
}

TEST_F(ReidentificationTest, ASingleConditionOrNoneGivesNoRowsOfItsOwn) {
  const auto rows = [&] {
    const ScoredRun scored = ScoreAll([](int subject, const std::string&, const std::string&) {
      return std::optional(std::vector<float>{static_cast<float>(subject)});
    });
    return std::count_if(scored.figures.begin(), scored.figures.end(),
                         [](const Figure& figure) { return !figure.condition.empty(); });
  };
  AddSubjects(3);
  EXPECT_EQ(rows(), 0);
  AddSubjects(3, false, "ptosis");
  EXPECT_EQ(rows(), 0);
  AddSubjects(1, false, "healthy");
  EXPECT_GT(rows(), 0);
}

TEST_F(ReidentificationTest, DetectionHasTheSubjectAsItsUnit) {
  AddSubjects(10, false, "ptosis");
  AddSubjects(10, false, "healthy");
  AddSubjects(9, false, "strabismus");
  config_["observers"] = {{{"type", "dlib_resnet"}, {"min_frames", 3}},
                          {{"type", "faceres"}, {"min_frames", 1}},
                          {{"type", "mobileface"}, {"min_frames", 3}}};
  faces_ = [](int subject, const std::string& recording, const std::string& variant) {
    if (variant == "original") return 8;
    if (subject < 10) return 2;                               // Ptosis: too few for three.
    if (subject == 10 && recording.back() == '1') return -1;  // Healthy: a step failed.
    return subject < 15 ? 6 : 8;
  };
  const auto figures = Score([](int subject, const std::string&, const std::string&) {
    return std::optional(std::vector<float>{static_cast<float>(subject)});
  });
  const Figure& none = figures.at("gaussian_blur/detection_rate min_frames=3/ptosis");
  EXPECT_EQ(none.value, 0);
  EXPECT_EQ(none.n, 20);
  EXPECT_EQ(none.n_unit, "recording");
  EXPECT_EQ(none.n_failed, 0);
  EXPECT_EQ(none.interval.low, 0);
  EXPECT_NEAR(none.interval.high, 0.3084971, 1e-6);  // 0/10 and not 0/20: 1 − 0.025^(1/10).
  EXPECT_EQ(none.recogniser + none.attacker + none.group, "");
  const Figure& all = figures.at("gaussian_blur/detection_rate min_frames=1/ptosis");
  EXPECT_EQ(all.value, 1);
  EXPECT_NEAR(all.interval.low, 0.6915029, 1e-6);
  EXPECT_EQ(figures.at("gaussian_blur/frames_with_face/ptosis").value, 0.25);
  // 19 of 20; the failed recording shows no face.
  const Figure& failed = figures.at("gaussian_blur/detection_rate min_frames=3/healthy");
  EXPECT_EQ(failed.value, 0.95);
  EXPECT_EQ(failed.n_failed, 1);
  // 9 recordings with 6 of 8 frames, 10 with all and a failed one.
  EXPECT_NEAR(figures.at("gaussian_blur/frames_with_face/healthy").value, (9 * 0.75 + 10) / 20,
              1e-12);
  EXPECT_EQ(figures.at("gaussian_blur/detection_rate min_frames=3/strabismus").value, 1);
  EXPECT_TRUE(
      std::isnan(figures.at("gaussian_blur/detection_rate min_frames=3/strabismus").interval.low));
  // Over all: 37 of 58 recordings of 29 subjects.
  const Figure& whole = figures.at("gaussian_blur/detection_rate min_frames=3");
  EXPECT_NEAR(whole.value, 37.0 / 58, 1e-12);
  EXPECT_EQ(whole.n, 58);
  EXPECT_EQ(whole.n_failed, 1);
  EXPECT_EQ(figures.at("original/detection_rate min_frames=1").value, 1);
}

/// Bins that are not empty, with their counts.
std::map<int, int64_t> Filled(const ReportHistogram::Series& series) {
  std::map<int, int64_t> filled;
  for (size_t i = 0; i < series.bins.counts.size(); ++i) {
    if (series.bins.counts[i] > 0) filled[static_cast<int>(i)] = series.bins.counts[i];
  }
  return filled;
}

TEST_F(ReidentificationTest, HistogramsOfDistancesByHand) {
  AddSubjects(3);
  config_["observers"] = {"dlib_resnet", "faceres"};
  const ScoredRun scored =
      ScoreAll([](int subject, const std::string& recording,
                  const std::string& variant) -> std::optional<std::vector<float>> {
        const std::vector<float> gallery = {0, 0.12F, 0.335F}, probes = {0.03F, 0.15F, 0.325F};
        if (recording.back() == '1') return std::vector<float>{gallery[subject]};
        if (variant == "original") return std::vector<float>{probes[subject]};
        if (subject == 2) return std::nullopt;
        return std::vector<float>{5};  // Farther from everybody than the last bin reaches.
      });
  ASSERT_EQ(scored.histograms.size(), 2U);
  const auto& [experiment, picture] = scored.histograms[0];
  EXPECT_EQ(experiment, "reidentification");
  EXPECT_EQ(picture.name, "different_recording");
  ASSERT_EQ(picture.panels.size(), 4U);
  const ReportHistogram& original = picture.panels[0];
  EXPECT_EQ(original.variant, "original");
  EXPECT_EQ(original.attacker, "face_to_face");
  EXPECT_EQ(original.recogniser, "dlib_resnet");
  EXPECT_EQ(original.unit, "euclidean");
  ASSERT_EQ(original.edges.size(), 71U);
  EXPECT_EQ(original.edges[7], 0.14);
  EXPECT_EQ(original.edges.back(), 1.4);
  // Distances with oneself 0.03, 0.03, 0.01; with others 0.09, 0.305, 0.15, 0.185, 0.325, 0.205.
  EXPECT_EQ(original.series[0].name, "genuine");
  EXPECT_EQ(Filled(original.series[0]), (std::map<int, int64_t>{{0, 1}, {1, 2}}));
  EXPECT_EQ(original.series[1].name, "impostor");
  EXPECT_EQ(Filled(original.series[1]),
            (std::map<int, int64_t>{{4, 1}, {7, 1}, {9, 1}, {10, 1}, {15, 1}, {16, 1}}));
  EXPECT_EQ(original.series[0].failed + original.series[1].failed, 0);
  // Every threshold between 0.03 and 0.09 parts them.
  ASSERT_EQ(original.marks.size(), 2U);
  EXPECT_EQ(original.marks[0].name, "EER threshold");
  EXPECT_NEAR(original.marks[0].at, 0.06, 1e-6);
  EXPECT_EQ(original.marks[1].at, 0.6);
  const ReportHistogram& masked = picture.panels[1];
  EXPECT_EQ(masked.variant, "gaussian_blur");
  EXPECT_EQ(masked.series[0].bins.above, 2);
  EXPECT_EQ(masked.series[1].bins.above, 4);
  EXPECT_TRUE(Filled(masked.series[0]).empty());
  EXPECT_EQ(masked.series[0].failed, 1);
  EXPECT_EQ(masked.series[1].failed, 2);
  // The published threshold is dlib's alone.
  EXPECT_EQ(picture.panels[2].recogniser, "faceres");
  EXPECT_EQ(picture.panels[2].unit, "1-cosine");
  for (const ReportHistogram::Mark& mark : picture.panels[2].marks) EXPECT_NE(mark.at, 0.6);
}

TEST_F(ReidentificationTest, AReplacedNetworkHasNoPublishedThreshold) {
  AddSubjects(2);
  const auto marks = [&] {
    const ScoredRun scored = ScoreAll([](int subject, const std::string&, const std::string&) {
      return std::optional(std::vector<float>{static_cast<float>(subject)});
    });
    return scored.histograms[0].second.panels[0].marks.size();
  };
  EXPECT_EQ(marks(), 2U);
  config_["networks"] = {{"dlib_resnet", "other.pt"}};
  EXPECT_EQ(marks(), 1U);
}

}  // namespace
}  // namespace maskbench
