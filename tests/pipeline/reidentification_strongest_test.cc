// The strongest attack, sign-matched galleries and the learning curve of `reidentification`.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include <gtest/gtest.h>

#include "experiments/reidentification/strongest.h"
#include "pipeline/reidentification_fixture.h"

namespace maskbench {
namespace {

class StrongestTest : public ReidentificationTest {
 protected:
  StrongestTest() {
    config_["observers"] = {"dlib_resnet", "faceres"};
    Experiment() = {{"type", "reidentification"},
                    {"attackers", {"face_to_face", "mask_to_face"}},
                    {"pairings", {"different_session"}},
                    {"fusion", "none"},
                    {"resamples", 200}};
  }
  Json& Experiment() { return config_["experiments"][0]; }

  /// Everybody has one lid height on both sides; their conditions stay.
  void SetSigns(const std::function<double(int subject)>& mrd1_mm) {
    for (LabelledRecording& recording : dataset_.recordings) {
      const double height = mrd1_mm(std::stoi(recording.subject.substr(1)));
      recording.right.truth = recording.left.truth = {{"mrd1_mm", height}};
    }
  }

  static const Figure* Find(const ScoredRun& scored, const std::string& metric,
                            const std::string& variant = "gaussian_blur",
                            const std::string& recogniser = "", const std::string& parameter = "",
                            const std::string& attacker = "") {
    for (const Figure& figure : scored.figures) {
      if (figure.metric == metric && figure.variant == variant && figure.condition.empty() &&
          (recogniser.empty() || figure.recogniser == recogniser) &&
          (parameter.empty() || figure.parameter == parameter) &&
          (attacker.empty() || figure.attacker == attacker))
        return &figure;
    }
    return nullptr;
  }
};

std::vector<float> Noise(const std::string& recording, const std::string& what) {
  NamedRandom random(2, recording, what);
  std::vector<float> face(12);
  for (float& value : face) value = static_cast<float>(random.Normal());
  return face;
}

TEST_F(StrongestTest, APartOfTheSubjectsValidates) {
  const std::vector<char> some = StrongestAttacks::Validating(80, 0.25, 1);
  EXPECT_EQ(std::count(some.begin(), some.end(), 1), 20);
  EXPECT_EQ(some, StrongestAttacks::Validating(80, 0.25, 1));
  EXPECT_NE(some, StrongestAttacks::Validating(80, 0.25, 2));
}

// One recogniser knows everybody who validates and nobody else, the other everybody a little: who
// chose by the test subjects would take the second one.
TEST_F(StrongestTest, IsChosenByThoseWhoAreNotTested) {
  AddSubjects(80);
  const std::vector<char> validating = StrongestAttacks::Validating(80, 0.25, 1);
  const ScoredRun scored =
      ScoreObserved([&](int subject, const std::string& recording, const std::string& variant,
                        const std::string& observer) -> std::optional<std::vector<float>> {
        if (variant == "original") return Face(subject, recording);
        const bool known = validating[static_cast<size_t>(subject)] != 0;
        std::vector<float> face = Face(subject, recording);
        const std::vector<float> noise = Noise(recording, observer);
        const float share = observer == "dlib_resnet" ? (known ? 1.0f : 0.0f) : 0.3f;
        for (size_t k = 0; k < face.size(); ++k) face[k] = share * face[k] + (1 - share) * noise[k];
        return face;
      });
  const Figure* strongest = Find(scored, "strongest_auc");
  ASSERT_NE(strongest, nullptr);
  EXPECT_EQ(strongest->recogniser, "dlib_resnet");
  EXPECT_EQ(strongest->attacker, "mask_to_face");
  EXPECT_EQ(strongest->n, 60);
  EXPECT_LT(strongest->value, 0.6);
  EXPECT_LT(strongest->interval.low, 0.5);
  const Figure* upper = Find(scored, "strongest_auc_upper");
  ASSERT_NE(upper, nullptr);
  EXPECT_GT(upper->value, strongest->value);
  EXPECT_LT(upper->value, strongest->interval.high);
  EXPECT_GT(Find(scored, "strongest_validation_auc")->value, 0.95);
  EXPECT_EQ(Find(scored, "strongest_candidates")->value, 2);
  // No signs are stated, so there is nothing to compare with; originals are no candidates.
  EXPECT_EQ(Find(scored, "strongest_excess"), nullptr);
  EXPECT_EQ(Find(scored, "strongest_auc", "original"), nullptr);
}

TEST_F(StrongestTest, ExcessIsOverTheSignsOfTheSamePeople) {
  AddSubjects(80);
  Experiment()["attackers"] = {"mask_to_face", "oracle_signs"};
  config_["observers"] = {"dlib_resnet"};
  SetSigns([](int subject) { return 0.01 * subject; });  // Far below the error of a reading.
  const ScoredRun scored = ScoreAll([](int subject, const std::string& recording,
                                       const std::string&) { return Face(subject, recording); });
  const Figure *strongest = Find(scored, "strongest_auc"),
               *excess = Find(scored, "strongest_excess"),
               *upper = Find(scored, "strongest_excess_upper");
  ASSERT_NE(excess, nullptr);
  EXPECT_GT(strongest->value, 0.95);
  const double floor = strongest->value - excess->value;
  EXPECT_GT(floor, 0.45);
  EXPECT_LT(floor, 0.75);
  EXPECT_GT(upper->value, excess->value);
  // Perfectly known faces vary little: the interval is that of the signs.
  EXPECT_GT(excess->interval.high - excess->interval.low, 0.02);
}

TEST_F(StrongestTest, TooFewSubjectsGiveNoStrongest) {
  AddSubjects(24);
  const ScoredRun scored = ScoreAll([](int subject, const std::string& recording,
                                       const std::string&) { return Face(subject, recording); });
  EXPECT_EQ(Find(scored, "strongest_auc"), nullptr);  // Six validate.
}

// Masks that show the signs and nothing else are recognised among all, and at chance among those
// with the same signs; who also shows the person is found there as well.
TEST_F(StrongestTest, SignMatchedGalleriesLookPastTheSigns) {
  config_["observers"] = {"dlib_resnet"};
  for (const char* condition : {"healthy", "ptosis", "strabismus", "nystagmus"})
    AddSubjects(20, false, condition);
  SetSigns([](int subject) { return 4.0 - 1.0 * (subject / 20); });
  const auto score = [&](float share) {
    return ScoreAll([=](int subject, const std::string& recording, const std::string&) {
      std::vector<float> face = Noise(recording, "day");
      const std::vector<float> person = Face(subject, recording);
      for (size_t k = 0; k < face.size(); ++k) face[k] += share * person[k];
      face[0] += 20.0f * static_cast<float>(subject / 20);
      return face;
    });
  };
  const ScoredRun signs = score(0);
  EXPECT_GT(Find(signs, "auc")->value, 0.85);
  const Figure* matched = Find(signs, "auc_sign_matched");
  ASSERT_NE(matched, nullptr);
  EXPECT_NEAR(matched->value, 0.5, 0.09);
  EXPECT_EQ(matched->n, 80);
  EXPECT_GT(Find(signs, "auc_sign_matched_upper")->value, matched->value);
  EXPECT_NEAR(Find(signs, "strongest_auc_sign_matched")->value, 0.5, 0.12);
  const ScoredRun persons = score(2);
  EXPECT_GT(Find(persons, "auc_sign_matched")->value, 0.85);
  EXPECT_GT(Find(persons, "auc_sign_matched")->interval.low, 0.5);
}

TEST_F(StrongestTest, WhoMatchesFollowsDiagnosisAndTolerance) {
  config_["observers"] = {"dlib_resnet"};
  AddSubjects(12, false, "healthy");
  AddSubjects(12, false, "ptosis");
  // Two groups of heights in each condition, 2 errors of 0.35 mm apart.
  SetSigns([](int subject) { return subject % 2 == 0 ? 4.0 : 3.3; });
  const auto score = [&](double tolerance) {
    Experiment()["sign_tolerance"] = tolerance;
    return ScoreAll([](int subject, const std::string& recording, const std::string&) {
      // Alike within a condition and a height.
      std::vector<float> face = Noise(recording, "day");
      face[0] = 100.0f * static_cast<float>(subject % 2);
      face[1] = 100.0f * static_cast<float>(subject / 12);
      return face;
    });
  };
  // At 1.5 errors nobody of the other height is met, whom the descriptors would tell apart.
  EXPECT_NEAR(Find(score(1.5), "auc_sign_matched")->value, 0.5, 0.2);
  // At 2.5 six of the eleven others are of the other height: (6 + 5 · ½) / 11.
  EXPECT_NEAR(Find(score(2.5), "auc_sign_matched")->value, 8.5 / 11, 0.1);
  // Other conditions are never met, however large the tolerance.
  EXPECT_NEAR(Find(score(100), "auc_sign_matched")->value, 8.5 / 11, 0.1);
  SetSigns([](int subject) { return 10.0 * subject; });
  EXPECT_EQ(Find(score(1.5), "auc_sign_matched"), nullptr);
}

TEST_F(StrongestTest, LearningFromMorePeopleFindsMore) {
  AddSubjects(240);
  config_["observers"] = {"dlib_resnet"};
  Experiment()["attackers"] = {"trained"};
  Experiment()["planted_leak"] = 0;
  // The mask turns descriptors round, which takes people to learn.
  const ScoredRun scored =
      ScoreAll([](int subject, const std::string& recording, const std::string& variant) {
        std::vector<float> face = Face(subject, recording);
        if (variant == "original") return face;
        const std::vector<float> noise = Noise(recording, "mask");
        std::rotate(face.begin(), face.begin() + 5, face.end());
        for (size_t k = 0; k < face.size(); ++k)
          face[k] = (k % 2 == 0 ? face[k] : -face[k]) + 0.8f * noise[k];
        return face;
      });
  const Figure *few = Find(scored, "learning_curve_auc", "gaussian_blur", "", "learned_from=25"),
               *more = Find(scored, "learning_curve_auc", "gaussian_blur", "", "learned_from=100");
  ASSERT_NE(few, nullptr);
  ASSERT_NE(more, nullptr);
  EXPECT_EQ(Find(scored, "learning_curve_auc", "gaussian_blur", "", "learned_from=200"), nullptr);
  EXPECT_GT(few->value, 0.5);
  EXPECT_GT(more->value, few->value);
  const Figure* all = Find(scored, "auc", "gaussian_blur", "", "", "trained");
  EXPECT_GT(all->value, more->value - 0.02);
}

}  // namespace
}  // namespace maskbench
