// The experiment on made observations whose right answer is known by hand.
#include <algorithm>
#include <cmath>
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "maskbench/core/error.h"
#include "maskbench/core/rng.h"

#include "pipeline/reidentification_fixture.h"

namespace maskbench {
namespace {

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

TEST_F(ReidentificationTest, OpenSetByHand) {
  AddSubjects(120);
  // Templates lie 10 apart and every probe 1 beside its own, but for every twelfth, which lies 0.5
  // beside the next person's: 9.5 from its own.
  const auto figures = Score([](int subject, const std::string& recording, const std::string&) {
    const float place = 10.0F * static_cast<float>(subject);
    if (recording.back() == '1') return std::optional(std::vector<float>{place});
    return std::optional(std::vector<float>{place + (subject % 12 == 0 ? 9.5F : 1.0F)});
  });
  // Ten non-mated searches find somebody at 0.5, so do 10 of 120; all others at 9 or 10.
  const Figure& open = figures.at("original/fnir_at_fpir fpir=0.1/different_recording");
  EXPECT_NEAR(open.value, 10.0 / 120, 1e-12);
  EXPECT_EQ(open.n, 120);
  EXPECT_LT(open.interval.low, open.value);
  EXPECT_GT(open.interval.high, open.value);
  // 1 % of 120 searches are too few.
  EXPECT_TRUE(std::isnan(figures.at("original/fnir_at_fpir fpir=0.01/different_recording").value));
  // Ten are second, all others first.
  EXPECT_NEAR(figures.at("original/mean_rank/different_recording").value, 130.0 / 120, 1e-12);
}

TEST_F(ReidentificationTest, LinkabilityStandsBesideWhatChanceGives) {
  AddSubjects(60);
  const auto figures = Score([](int subject, const std::string& recording,
                                const std::string& variant) {
    // A mask that leaves noise alone.
    NamedRandom person(1, variant == "original" ? std::to_string(subject) : recording, "person");
    NamedRandom noise(1, recording, "noise");
    std::vector<float> values;
    for (int i = 0; i < 8; ++i) {
      values.push_back(static_cast<float>(person.Normal() + 0.1 * noise.Normal()));
    }
    return std::optional(values);
  });
  const auto value = [&](const std::string& key) {
    return figures.at(key + " omega=1/different_recording").value;
  };
  EXPECT_GT(value("original/linkability"), 0.8);
  EXPECT_NEAR(value("original/linkability_p"), 1.0 / 201, 1e-12);
  // Noise alone: D↔sys is not 0, but neither above what chance gives.
  EXPECT_GT(value("gaussian_blur/linkability"), 0);
  EXPECT_GT(value("gaussian_blur/linkability_p"), 0.05);
  const Figure& chance = figures.at("gaussian_blur/linkability_chance omega=1/different_recording");
  EXPECT_GT(chance.value, chance.interval.low);
  EXPECT_LT(value("gaussian_blur/linkability"), chance.interval.high);
  EXPECT_GT(value("original/linkability"), chance.interval.high);
}

TEST_F(ReidentificationTest, WhatCouldHaveBeenFoundStandsBesideEveryFigure) {
  AddSubjects(40);
  const auto figures = Score([](int, const std::string&, const std::string&) {
    return std::optional(std::vector<float>{1, 2});
  });
  // 4 hits of 40 or more happen to 1.8 % at chance; 80 % power takes a rate of 0.134.
  EXPECT_NEAR(figures.at("original/rank_1_detectable power=0.8/different_recording").value, 0.1337,
              0.001);
  const double auc = figures.at("original/auc_detectable power=0.8/different_recording").value;
  EXPECT_GT(auc, 0.58);
  EXPECT_LT(auc, 0.65);
}

TEST_F(ReidentificationTest, SeveralRecognisersAreFused) {
  AddSubjects(40);
  config_["observers"] = {"dlib_resnet", "mobileface"};
  // Two noisy views of everybody; one recogniser fails for subject 3, both for subject 4.
  const auto noisy = [this](const std::string& fusion) {
    config_["experiments"][0]["fusion"] = fusion;
    std::map<std::string, Figure> figures;
    for (const Figure& figure :
         ScoreObserved([](int subject, const std::string&recording, const std::string&,
                          const std::string&observer) -> std::optional<std::vector<float>> {
           const bool probe = recording.back() == '2';
           if (probe && (subject == 4 || (subject == 3 && observer == "mobileface"))) return {};
           std::vector<float> values;
           NamedRandom person(1, std::to_string(subject) + observer, "person");
           NamedRandom noise(1, recording + observer, "noise");
           for (int i = 0; i < 8; ++i) {
             values.push_back(static_cast<float>(person.Normal() + 0.9 * noise.Normal()));
           }
           return values;
         }).figures) {
      if (figure.group != "pairing=different_recording" || figure.variant != "original") continue;
      figures[figure.recogniser + "/" + figure.metric] = figure;
    }
    return figures;
  };
  for (const char* fusion : {"z_norm", "min_max"}) {
    const auto figures = noisy(fusion);
    EXPECT_GT(figures.at("fused/auc").value, figures.at("dlib_resnet/auc").value);
    EXPECT_GT(figures.at("fused/auc").value, figures.at("mobileface/auc").value);
    EXPECT_EQ(figures.at("fused/auc").n_failed, 1);
    EXPECT_EQ(figures.at("mobileface/auc").n_failed, 2);
    EXPECT_NEAR(figures.at("fused/failure_to_enrol").value, 1.0 / 40, 1e-12);
    EXPECT_EQ(figures.at("fused/rank_1").attacker, "face_to_face");
    EXPECT_EQ(figures.count("fused/genuine_distance_min"), 0U);
  }
  EXPECT_EQ(noisy("none").count("fused/auc"), 0U);
  config_["observers"] = {{{"type", "dlib_resnet"}, {"name", "fused"}}};
  config_["experiments"][0]["fusion"] = "z_norm";
  Problems problems;
  const RunConfig config = ParseRunConfig(config_, components_, "c");
  components_.experiments.Make(config.experiments[0], {})->Check(config, &problems);
  EXPECT_THAT(problems.lines(), testing::ElementsAre(testing::HasSubstr("\"fused\"")));
}

TEST_F(ReidentificationTest, SharedRecordingsAreRefused) {
  AddSubjects(3);
  const auto problems = [&] {
    const RunConfig config = ParseRunConfig(config_, components_, "c");
    std::vector<std::string> recordings;
    for (const LabelledRecording& recording : dataset_.recordings) {
      recordings.push_back(recording.id);
    }
    Problems found;
    components_.experiments.Make(config.experiments[0], {})
        ->CheckData(dataset_, recordings, &found);
    return found.lines();
  };
  EXPECT_THAT(problems(), testing::IsEmpty()) << "recordings without a file are made one by one";
  LabelledRecording& gallery = dataset_.recordings[0];
  LabelledRecording& probe = dataset_.recordings[3];  // Of the second subject.
  gallery.sha256 = probe.sha256 = std::string(64, 'a');
  EXPECT_THAT(problems(), testing::ElementsAre(
                              testing::AllOf(testing::HasSubstr("\"s0_1\" and \"s1_2\""),
                                             testing::HasSubstr("must be different recordings"))));
  gallery.frame_count = 100;
  probe.first_frame = 99;
  EXPECT_EQ(problems().size(), 1U);
  probe.first_frame = 100;
  EXPECT_THAT(problems(), testing::IsEmpty()) << "other frames of one file are another recording";
  gallery.first_frame = 50;
  EXPECT_EQ(problems().size(), 1U);
  EXPECT_THROW(Score([](int, const std::string&, const std::string&) {
                 return std::optional(std::vector<float>{1});
               }),
               UsageError);
}

TEST_F(ReidentificationTest, MasksThatTellPeopleApartAreLinkedAmongThemselves) {
  AddSubjects(20);
  config_["variants"] = {"original", "gaussian_blur", "pixelate"};
  config_["experiments"][0]["attackers"] = {"mask_to_face", "mask_to_mask", "cross_mask"};
  config_["experiments"][0]["cross"] = {"gaussian_blur:pixelate"};
  std::map<std::string, double> rank, size;
  for (const Figure& figure :
       ScoreAll([](int subject, const std::string&recording, const std::string&variant) {
         const int offset = variant == "original" ? 0 : variant == "pixelate" ? 1000 : 2000;
         return std::optional(Face(subject + offset, recording));
       }).figures) {
    if (figure.group != "pairing=different_recording") continue;
    const std::string name = figure.attacker + " " + figure.variant + " " + figure.gallery_variant;
    if (figure.metric == "rank_1") rank[name] = figure.value;
  }
  EXPECT_EQ(rank.size(), 5);
  EXPECT_EQ(rank.at("mask_to_mask gaussian_blur gaussian_blur"), 1);
  EXPECT_EQ(rank.at("mask_to_mask pixelate pixelate"), 1);
  EXPECT_LT(rank.at("mask_to_face gaussian_blur original"), 0.3);
  EXPECT_LT(rank.at("cross_mask gaussian_blur pixelate"), 0.3);
}

TEST_F(ReidentificationTest, CrossMaskNeedsPairsOfKnownVariants) {
  AddSubjects(2);
  const auto message = [&] {
    const RunConfig config = ParseRunConfig(config_, components_, "c");
    Problems problems;
    components_.experiments.Make(config.experiments.at(0), {})->Check(config, &problems);
    try {
      problems.ThrowIfAny("c");
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  config_["experiments"][0]["attackers"] = {"cross_mask"};
  EXPECT_THAT(message(), testing::HasSubstr("needs pairs of variants"));
  for (const char* pair : {"gaussian_blur", "gaussian_blur:nobody", ":", ""}) {
    config_["experiments"][0]["cross"] = {pair};
    EXPECT_THAT(message(), testing::HasSubstr("PROBE:GALLERY")) << pair;
  }
  config_["experiments"][0]["cross"] = {"gaussian_blur:original"};
  EXPECT_EQ(message(), "");
}

TEST_F(ReidentificationTest, ATrainedAttackerUndoesWhatAMaskOnlyTurnsRound) {
  AddSubjects(60);
  config_["experiments"][0]["attackers"] = {"mask_to_face", "trained"};
  const auto rank_of = [&](bool leaks) {
    std::map<std::string, Figure> found;
    for (const Figure& figure :
         ScoreAll([&](int subject, const std::string&recording, const std::string&variant) {
           std::vector<float> face = Face(subject, recording);
           if (variant == "original") return std::optional(face);
           if (!leaks) return std::optional(Face(subject + 500, recording + "masked"));
           std::rotate(face.begin(), face.begin() + 5, face.end());
           for (float& value : face) value = 2 - 3 * value;
           return std::optional(face);
         }).figures) {
      if (figure.gallery_variant != "original") continue;
      if (figure.group == "pairing=different_recording" && figure.metric == "rank_1")
        found[figure.attacker] = figure;
      if (figure.group == "pairing=different_recording" && figure.metric == "rank_1_chance" &&
          figure.attacker == "trained")
        found["chance"] = figure;
    }
    return found;
  };
  auto found = rank_of(true);
  EXPECT_LT(found.at("mask_to_face").value, 0.15);
  EXPECT_GT(found.at("trained").value, 0.9);
  EXPECT_EQ(found.at("trained").n, 60);
  // Searched for among the 30 of the other half's choosing.
  EXPECT_NEAR(found.at("chance").value, 1.0 / 30, 1e-12);
  // 2 of 60 expected; 9 and more have a probability of 0.02 %.
  EXPECT_LT(rank_of(false).at("trained").value, 0.15);
}

TEST_F(ReidentificationTest, TooFewSubjectsTeachNobody) {
  AddSubjects(6);
  config_["experiments"][0]["attackers"] = {"trained"};
  EXPECT_THROW(ScoreAll([](int, const std::string&, const std::string&) {
                 return std::optional(std::vector<float>{1});
               }),
               Error);
}

TEST_F(ReidentificationTest, WhoHasNobodyToLearnFromFindsNobodyAndTheOthersAreScored) {
  AddSubjects(20);
  config_["experiments"][0]["attackers"] = {"face_to_face", "trained"};
  const auto figures = Score([](int subject, const std::string& recording,
                                const std::string& variant) -> std::optional<std::vector<float>> {
    if (variant != "original" && subject > 5) return std::nullopt;
    return Face(subject, recording);
  });
  EXPECT_EQ(figures.at("original/rank_1/different_recording").value, 1);
  EXPECT_EQ(figures.at("gaussian_blur/rank_1/different_recording").value, 0);
  EXPECT_EQ(figures.at("gaussian_blur/failure_to_enrol/different_recording").value, 1);
}

TEST_F(ReidentificationTest, TrueSignsAreAFloorThatGrowsWithTheirSpread) {
  AddSubjects(30);
  config_["experiments"][0]["attackers"] = {"mask_to_face", "oracle_signs"};
  const auto auc_with = [&](double spread_mm, double error_scale) {
    for (LabelledRecording& recording : dataset_.recordings) {
      NamedRandom person(1, recording.subject, "signs");
      for (EyeTruth* eye : {&recording.right, &recording.left})
        eye->truth = {{"mrd1_mm", 3 + spread_mm * person.Normal()},
                      {"mrd2_mm", 5 + spread_mm * person.Normal()}};
    }
    config_["experiments"][0]["sign_error_scale"] = error_scale;
    for (const Figure& figure : ScoreAll([](int, const std::string&, const std::string&) {
                                  return std::optional(std::vector<float>{1});
                                }).figures)
      if (figure.attacker == "oracle_signs" && figure.metric == "auc" &&
          figure.group == "pairing=different_recording") {
        EXPECT_EQ(figure.recogniser, "true_signs");
        return figure.value;
      }
    return -1.0;
  };
  EXPECT_GT(auc_with(2, 1), 0.97);
  EXPECT_LT(auc_with(2, 30), 0.75);
  // Where all have the same signs, they tell nothing: 30 people, standard error 0.05.
  EXPECT_NEAR(auc_with(0, 1), 0.5, 0.2);
  for (LabelledRecording& recording : dataset_.recordings)
    recording.right.truth = recording.left.truth = Json::object();
  for (const Figure& figure : ScoreAll([](int, const std::string&, const std::string&) {
                                return std::optional(std::vector<float>{1});
                              }).figures)
    EXPECT_NE(figure.attacker, "oracle_signs");
}

TEST_F(ReidentificationTest, APlantedLeakIsFoundByWhoCanFindOne) {
  AddSubjects(30);
  config_["experiments"][0]["attackers"] = {"face_to_face", "mask_to_mask"};
  const auto scored = [&](bool blind) {
    return Score([&](int subject, const std::string& recording, const std::string& variant) {
      // Noise that drowns a tenth of the original's descriptor.
      const float scale = variant != "original" && blind ? 1000.0F : 0.0F;
      std::vector<float> face = Face(subject, recording), noise = Face(0, recording + variant);
      if (variant == "original") return std::optional(face);
      for (float& value : noise) value *= scale;
      return std::optional(noise);
    });
  };
  const std::string planted = "gaussian_blur/planted_auc leak=0.1/different_recording";
  const auto keen = scored(false), blind = scored(true);
  EXPECT_NEAR(keen.at("gaussian_blur/auc/different_recording").value, 0.5, 1e-12);
  EXPECT_GT(keen.at(planted).value, 0.95);
  EXPECT_LT(std::abs(blind.at(planted).value - 0.5), 0.2);
  EXPECT_EQ(keen.count("original/planted_auc leak=0.1/different_recording"), 0);
  config_["experiments"][0]["planted_leak"] = 0;
  EXPECT_EQ(scored(false).count("gaussian_blur/planted_auc leak=0/different_recording"), 0);
}

TEST_F(ReidentificationTest, MultipleChoiceIsCertainOrChance) {
  AddSubjects(12);
  const auto figures = Score([](int subject, const std::string&, const std::string& variant) {
    return std::optional(
        std::vector<float>{variant == "original" ? static_cast<float>(subject) : 3.0F});
  });
  EXPECT_EQ(figures.at("original/multiple_choice choices=5/different_recording").value, 1);
  // Everybody looks like subject 3, who is picked wherever he is among the four others.
  const double value =
      figures.at("gaussian_blur/multiple_choice choices=5/different_recording").value;
  EXPECT_GT(value, 0.05);
  EXPECT_LT(value, 0.45);
}

}  // namespace
}  // namespace maskbench
