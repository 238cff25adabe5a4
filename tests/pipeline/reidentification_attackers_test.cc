// Attackers who learn, read files, look at the eyes alone or ask for less than a name, on made
// descriptors: what leaks is found, and where nothing leaks they are at chance.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "maskbench/core/error.h"
#include "maskbench/recognition/mood.h"

#include "pipeline/reidentification_fixture.h"

namespace maskbench {
namespace {

using Numbers = std::optional<std::vector<float>>;

class AttackersTest : public ReidentificationTest {
 protected:
  void Choose(const std::vector<std::string>& attackers,
              const std::vector<std::string>& observers = {"dlib_resnet"}) {
    config_["experiments"][0]["attackers"] = attackers;
    config_["experiments"][0]["pairings"] = {"different_recording"};
    config_["observers"] = observers;
  }

  using Seen = std::function<Numbers(int subject, const std::string& recording,
                                     const std::string& variant, const std::string& observer)>;

  /// By "attacker recogniser variant gallery metric" and, where there is one, " parameter".
  std::map<std::string, Figure> All(const Seen& seen) {
    std::map<std::string, Figure> figures;
    for (const Figure& figure : ScoreObserved(seen).figures) {
      figures[figure.attacker + " " + figure.recogniser + " " + figure.variant + " " +
              figure.gallery_variant + " " + figure.metric +
              (figure.parameter.empty() ? "" : " " + figure.parameter)] = figure;
    }
    return figures;
  }

  static int CountOf(const std::map<std::string, Figure>& figures, const std::string& start) {
    int count = 0;
    for (const auto& [name, figure] : figures) count += name.rfind(start, 0) == 0 ? 1 : 0;
    return count;
  }
};

/// Ten numbers of the person among twenty that change from day to day and are ten times as large.
std::vector<float> Drowned(int subject, const std::string& recording, bool leaks) {
  NamedRandom person(1, std::to_string(subject), "drowned"), day(1, recording, "drowning");
  std::vector<float> values;
  for (int k = 0; k < 10; ++k) {
    const double own = person.Normal(), noise = day.Normal();
    values.push_back(static_cast<float>(leaks ? own + 0.4 * noise : noise));
  }
  for (int k = 0; k < 20; ++k) values.push_back(static_cast<float>(10 * day.Normal()));
  return values;
}

TEST_F(AttackersTest, ATrainedOneLearnsWhatTellsMasksApart) {
  AddSubjects(80);
  Choose({"mask_to_mask", "trained"});
  const auto all = [&](bool leaks) {
    return All([&](int subject, const std::string& recording, const std::string& variant,
                   const std::string&) -> Numbers {
      if (variant == "original") return Face(subject, recording);
      return Drowned(subject, recording, leaks);
    });
  };
  const std::string naive = "mask_to_mask dlib_resnet gaussian_blur gaussian_blur ",
                    trained = "trained dlib_resnet gaussian_blur gaussian_blur ";
  const auto leaking = all(true), silent = all(false);
  EXPECT_LT(leaking.at(naive + "auc").value, 0.65);
  EXPECT_GT(leaking.at(trained + "auc").value, 0.9);
  EXPECT_EQ(leaking.at(trained + "rank_1_chance").value, 1.0 / 40);
  EXPECT_EQ(leaking.at(trained + "rank_1").n, 80);
  // 80 genuine comparisons: standard error 0.033.
  EXPECT_NEAR(silent.at(trained + "auc").value, 0.5, 0.1);
  // Log-likelihood ratios are no distances.
  EXPECT_EQ(CountOf(leaking, trained + "genuine_distance"), 0);
}

TEST_F(AttackersTest, ReversalFindsWhatNoLinearMapDoesAndSaysHowNearItCame) {
  AddSubjects(160);
  Choose({"trained", "reversal"});
  config_["experiments"][0]["planted_leak"] = 0;
  const auto all = [&](bool leaks) {
    return All([&](int subject, const std::string& recording, const std::string& variant,
                   const std::string&) -> Numbers {
      NamedRandom person(1, std::to_string(subject), "person"), day(1, recording + variant, "day");
      std::vector<float> values;
      for (int k = 0; k < 5; ++k) {
        const double own = person.Normal(), noise = day.Normal();
        values.push_back(static_cast<float>(variant == "original" ? own * own + 0.1 * noise
                                            : leaks               ? own + 0.1 * noise
                                                                  : noise));
      }
      return values;
    });
  };
  const std::string reversal = "reversal dlib_resnet gaussian_blur original ";
  const auto leaking = all(true), silent = all(false);
  EXPECT_LT(leaking.at("trained dlib_resnet gaussian_blur original auc").value, 0.7);
  EXPECT_GT(leaking.at(reversal + "auc").value, 0.8);
  EXPECT_GT(leaking.at(reversal + "reversal_cosine_own").value, 0.5);
  EXPECT_LT(std::abs(leaking.at(reversal + "reversal_cosine_other").value), 0.1);
  // Two originals of a person have nearly the same descriptor.
  EXPECT_GT(leaking.at(reversal + "reversal_cosine_ceiling").value, 0.9);
  EXPECT_LT(leaking.at(reversal + "reversal_cosine_own").interval.high, 0.95);
  EXPECT_GT(leaking.at(reversal + "reversal_cosine_own").interval.low, 0.3);
  // 160 genuine comparisons: standard error 0.023.
  EXPECT_NEAR(silent.at(reversal + "auc").value, 0.5, 0.08);
  EXPECT_NEAR(silent.at(reversal + "reversal_cosine_own").value,
              silent.at(reversal + "reversal_cosine_other").value, 0.12);
}

TEST_F(AttackersTest, AnInformedOneTakesEverythingTogether) {
  AddSubjects(100);
  Choose({"mask_to_mask", "trained", "informed"});
  const auto all = [&](bool leaks) {
    return All([&](int subject, const std::string& recording, const std::string& variant,
                   const std::string&) -> Numbers {
      std::vector<float> face = Face(subject, recording);
      if (variant == "original") return face;
      // What links masks, and what maps to the original, each a little.
      NamedRandom day(1, recording, "mask");
      std::vector<float> values;
      for (int k = 0; k < 12; ++k) {
        const double own = face[static_cast<size_t>((k + 5) % 12)];
        values.push_back(static_cast<float>((leaks ? own : 0) + 1.2 * day.Normal()));
      }
      return values;
    });
  };
  const auto leaking = all(true), silent = all(false);
  const auto auc = [&](const std::string& attacker, const std::string& gallery) {
    return leaking.at(attacker + " dlib_resnet gaussian_blur " + gallery + " auc").value;
  };
  // All evidence is of the same noisy recording, so that together it is hardly better than the
  // best.
  EXPECT_GT(auc("informed", "gaussian_blur"), auc("mask_to_mask", "gaussian_blur") - 0.03);
  EXPECT_GT(auc("informed", "original"), auc("trained", "original") - 0.03);
  EXPECT_GT(auc("informed", "original"), auc("trained", "gaussian_blur") - 0.03);
  EXPECT_GT(leaking.at("informed dlib_resnet gaussian_blur original planted_auc leak=0.1").value,
            auc("informed", "original") - 0.02);
  for (const char* gallery : {"original", "gaussian_blur"}) {
    EXPECT_NEAR(
        silent.at(std::string("informed dlib_resnet gaussian_blur ") + gallery + " auc").value, 0.5,
        0.1)
        << gallery;
  }
}

TEST_F(AttackersTest, AnInformedOneFailsOnlyWhereNothingCanBeCompared) {
  AddSubjects(40);
  Choose({"informed"});
  // The enrolled masks of the first ten people failed; their originals did not.
  const auto figures = All([&](int subject, const std::string& recording,
                               const std::string& variant, const std::string&) -> Numbers {
    if (variant != "original" && subject < 10 && recording.back() == '1') return std::nullopt;
    return Face(subject, recording);
  });
  const std::string start = "informed dlib_resnet gaussian_blur ";
  EXPECT_EQ(figures.at(start + "gaussian_blur rank_1").n_failed, 10);
  EXPECT_EQ(figures.at(start + "gaussian_blur rank_1").value, 0.75);
  EXPECT_EQ(figures.at(start + "original rank_1").n_failed, 0);
  EXPECT_GT(figures.at(start + "original rank_1").value, 0.85);
}

TEST_F(AttackersTest, FilesOfParametersAreMatchedByWhoHasThem) {
  AddSubjects(80);
  Choose({"mask_to_face", "mask_to_mask", "parameters"}, {"dlib_resnet", "stored_parameters"});
  config_["variants"] = {"original", "gaussian_blur", "pixelate"};
  config_["experiments"][0]["planted_leak"] = 0.3;
  const auto all = [&](bool leaks) {
    return All([&](int subject, const std::string& recording, const std::string& variant,
                   const std::string& observer) -> Numbers {
      if (observer == "dlib_resnet") return Face(subject, recording);
      if (variant != "gaussian_blur") return std::nullopt;  // The others store nothing.
      std::vector<float> values = Drowned(subject, recording, leaks);
      values.push_back(std::numeric_limits<float>::quiet_NaN());  // No file has this number.
      return values;
    });
  };
  const std::string attack = "parameters stored_parameters gaussian_blur gaussian_blur ";
  const auto leaking = all(true), silent = all(false);
  EXPECT_GT(leaking.at(attack + "auc").value, 0.9);
  EXPECT_NEAR(silent.at(attack + "auc").value, 0.5, 0.1);
  // Three tenths of every number's variance are the person's own, of thirty numbers.
  EXPECT_GT(silent.at(attack + "planted_auc leak=0.3").value, 0.65);
  EXPECT_EQ(CountOf(leaking, "parameters stored_parameters pixelate"), 0);
  EXPECT_EQ(CountOf(leaking, "parameters dlib_resnet"), 0);
  EXPECT_EQ(CountOf(leaking, "mask_to_face stored_parameters"), 0);
  EXPECT_EQ(CountOf(leaking, "mask_to_mask stored_parameters"), 0);
  EXPECT_EQ(CountOf(leaking, "mask_to_face fused"), 0);
}

TEST_F(AttackersTest, TheEyeRegionIsAnAttackOfItsOwn) {
  AddSubjects(80);
  Choose({"face_to_face", "periocular"}, {"dlib_resnet", "periocular"});
  // Masked eyes are those of the original in another order; nothing else of the face is kept.
  const auto figures = All([&](int subject, const std::string& recording,
                               const std::string& variant, const std::string& observer) -> Numbers {
    std::vector<float> values = Face(subject, recording);
    if (observer == "dlib_resnet") return values;
    if (variant != "original") std::rotate(values.begin(), values.begin() + 5, values.end());
    return values;
  });
  EXPECT_GT(figures.at("periocular periocular original original auc").value, 0.95);
  EXPECT_GT(figures.at("periocular periocular gaussian_blur original auc").value, 0.9);
  EXPECT_GT(figures.at("periocular periocular gaussian_blur gaussian_blur auc").value, 0.95);
  EXPECT_EQ(CountOf(figures, "periocular dlib_resnet"), 0);
  EXPECT_EQ(CountOf(figures, "face_to_face periocular"), 0);
  EXPECT_GT(CountOf(figures, "face_to_face dlib_resnet"), 0);
}

TEST_F(AttackersTest, AttributesAreReadWhereTheyLeak) {
  AddSubjects(90);
  for (size_t i = 0; i < dataset_.subjects.size(); ++i) {
    dataset_.subjects[i].attributes = {{"sex", i % 3 == 0 ? "male" : "female"},
                                       {"age_years", 20 + static_cast<int>(i * 7 % 60)},
                                       {"rare", i < 3 ? "yes" : "no"}};
  }
  Choose({"attributes"});
  const auto all = [&](bool leaks) {
    return All([&](int subject, const std::string& recording, const std::string& variant,
                   const std::string&) -> Numbers {
      if (variant != "original" && subject < 9) return std::nullopt;
      NamedRandom day(1, recording + variant, "day");
      std::vector<float> values;
      for (int k = 0; k < 8; ++k) values.push_back(static_cast<float>(day.Normal()));
      if (variant == "original" || leaks) {
        values[0] += subject % 3 == 0 ? 4 : 0;
        values[1] += static_cast<float>(subject * 7 % 60) / 10;
      }
      return values;
    });
  };
  const auto leaking = all(true), silent = all(false);
  const std::string masked = "attributes dlib_resnet gaussian_blur  ",
                    original = "attributes dlib_resnet original  ";
  for (const std::string& start : {masked, original}) {
    EXPECT_NEAR(leaking.at(start + "attribute_majority attribute=sex").value, 2.0 / 3, 1e-12);
    EXPECT_GT(leaking.at(start + "attribute_accuracy attribute=sex").value, 0.9);
    EXPECT_GT(leaking.at(start + "attribute_accuracy attribute=sex").interval.low, 0.8);
    EXPECT_GT(leaking.at(start + "attribute_auc attribute=sex,class=female").value, 0.93);
    EXPECT_GT(leaking.at(start + "attribute_auc attribute=age_years,class=below 48").value, 0.8);
  }
  // Nine people with two recordings each could not be enrolled; they are called female.
  EXPECT_EQ(leaking.at(masked + "attribute_accuracy attribute=sex").n, 180);
  EXPECT_EQ(leaking.at(masked + "attribute_accuracy attribute=sex").n_failed, 18);
  EXPECT_EQ(leaking.at(original + "attribute_accuracy attribute=sex").n_failed, 0);
  EXPECT_EQ(CountOf(leaking, masked + "attribute_accuracy attribute=rare"), 0);
  const Figure& nothing = silent.at(masked + "attribute_auc attribute=sex,class=female");
  EXPECT_LT(nothing.interval.low, 0.5);
  EXPECT_GT(nothing.interval.high, 0.5);
  EXPECT_LT(silent.at(masked + "attribute_accuracy attribute=sex").value, 0.75);
  EXPECT_EQ(CountOf(leaking, masked + "rank_1"), 0);
}

/// Seven probabilities: `share` for one mood, the rest for all others alike.
std::vector<float> Feels(const std::string& mood, float share = 0.7F) {
  std::vector<float> probabilities(MoodNames().size(), (1 - share) / 6);
  for (size_t i = 0; i < probabilities.size(); ++i)
    if (MoodNames()[i] == mood) probabilities[i] = share;
  return probabilities;
}

TEST_F(AttackersTest, MoodIsWhatTheNetworkCallsTheOriginal) {
  AddSubjects(31);
  for (size_t i = 0; i < dataset_.subjects.size(); ++i)
    dataset_.subjects[i].attributes = {{"sex", i % 2 == 0 ? "male" : "female"}};
  Choose({"face_to_face", "mask_to_face", "mask_to_mask", "trained", "attributes"},
         {"dlib_resnet", "emotion"});
  const auto own_mood = [](int subject) {
    return std::string(subject < 10 ? "happy" : subject < 28 ? "neutral" : "sad");
  };
  single_frames_ = [&](int subject, const std::string&, const std::string& variant) {
    std::vector<Embedding> frames;
    if (variant != "original") return frames;
    for (int frame = 0; frame < (subject == 4 ? 1 : 4); ++frame) {
      // The first three people change from frame to frame.
      const bool other = subject < 3 && frame % 2 == 1;
      frames.push_back({10 * frame, Feels(other ? "angry" : own_mood(subject))});
    }
    return frames;
  };
  const auto figures = All([&](int subject, const std::string& recording,
                               const std::string& variant, const std::string& observer) -> Numbers {
    if (observer == "dlib_resnet") return Face(subject, recording);
    if (variant == "original") {
      if (subject == 30) return std::nullopt;  // Nobody knows what this one felt.
      return Feels(own_mood(subject));
    }
    if (subject >= 5 && subject < 10) {  // Rather neutral, but happier than neutral ones.
      std::vector<float> faint = Feels("neutral", 0.6F);
      faint[3] = 0.2F;
      return faint;
    }
    if ((subject >= 25 && subject < 28) || recording == "s29_2") return std::nullopt;
    return Feels(own_mood(subject), 0.64F);  // Of the others 0.06 each.
  });
  const std::string masked = "attributes emotion gaussian_blur  ",
                    original = "attributes emotion original  ";
  // Of 60 recordings 36 are neutral. Called rightly: 10 happy, 30 neutral, 6 that are called what
  // most are, 3 sad.
  const Figure& accuracy = figures.at(masked + "attribute_accuracy attribute=mood");
  EXPECT_NEAR(accuracy.value, 49.0 / 60, 1e-12);
  EXPECT_EQ(accuracy.n, 60);
  EXPECT_EQ(accuracy.n_failed, 7);
  EXPECT_GT(accuracy.interval.low, 0.6);
  EXPECT_LT(accuracy.interval.high, 0.95);
  EXPECT_NEAR(figures.at(masked + "attribute_majority attribute=mood").value, 0.6, 1e-12);
  // 10 happy at 0.64 and 10 at 0.2 against 33 at 0.06 and 7 failures at the share, 1/3.
  EXPECT_NEAR(figures.at(masked + "attribute_auc attribute=mood,class=happy").value,
              (10 * 40 + 10 * 33) / 800.0, 1e-12);
  EXPECT_EQ(CountOf(figures, masked + "attribute_auc attribute=mood,class=neutral"), 1);
  // Three people were sad, of whom one does not count.
  EXPECT_EQ(CountOf(figures, masked + "attribute_auc"), 2);
  // The original against itself: two people with one frame or none are left out, three are torn.
  EXPECT_EQ(figures.at(original + "attribute_accuracy attribute=mood").n, 58);
  EXPECT_NEAR(figures.at(original + "attribute_accuracy attribute=mood").value, 52.0 / 58, 1e-12);
  EXPECT_NEAR(figures.at(original + "attribute_majority attribute=mood").value, 36.0 / 58, 1e-12);
  EXPECT_EQ(figures.at(original + "attribute_accuracy attribute=mood").n_failed, 0);
  // It recognises nobody, and who recognises reads no mood.
  int others = 0;
  for (const auto& [name, figure] : figures) {
    others += figure.recogniser == "emotion" && figure.attacker != "attributes" ? 1 : 0;
    others += figure.recogniser == "fused" ? 1 : 0;
    EXPECT_EQ(figure.recogniser == "emotion",
              figure.parameter.find("attribute=mood") != std::string::npos)
        << name;
  }
  EXPECT_EQ(others, 0);
  EXPECT_EQ(
      CountOf(figures, "attributes dlib_resnet gaussian_blur  attribute_accuracy attribute=sex"),
      1);
}

TEST_F(AttackersTest, AMoodThatEverybodyHasTellsNothing) {
  AddSubjects(20);
  dataset_.subjects[0].attributes = {{"sex", "male"}};
  Choose({"attributes"}, {"emotion"});
  const auto figures =
      All([&](int, const std::string&, const std::string& variant, const std::string&) -> Numbers {
        return Feels(variant == "original" ? "sad" : "happy");
      });
  const std::string masked = "attributes emotion gaussian_blur  ";
  EXPECT_EQ(figures.at(masked + "attribute_accuracy attribute=mood").value, 0);
  EXPECT_EQ(figures.at(masked + "attribute_majority attribute=mood").value, 1);
  EXPECT_EQ(CountOf(figures, masked + "attribute_auc"), 0);
  // Nothing was seen of single frames.
  EXPECT_EQ(CountOf(figures, "attributes emotion original"), 0);
}

TEST_F(AttackersTest, WhoSeesNoMoodSaysTheMostFrequentOne) {
  AddSubjects(20);
  dataset_.subjects[0].attributes = {{"sex", "male"}};
  Choose({"attributes"}, {"emotion"});
  const auto figures = All([&](int subject, const std::string&, const std::string& variant,
                               const std::string&) -> Numbers {
    if (variant != "original") return std::nullopt;
    return Feels(subject < 8 ? "surprise" : "fear");
  });
  const std::string masked = "attributes emotion gaussian_blur  ";
  EXPECT_NEAR(figures.at(masked + "attribute_accuracy attribute=mood").value, 0.6, 1e-12);
  EXPECT_EQ(figures.at(masked + "attribute_accuracy attribute=mood").n_failed, 40);
  EXPECT_NEAR(figures.at(masked + "attribute_auc attribute=mood,class=fear").value, 0.5, 1e-12);
}

TEST_F(AttackersTest, AttributesThatNobodyStatesAreAProblem) {
  AddSubjects(30);
  Choose({"attributes"});
  const RunConfig config = ParseRunConfig(config_, components_, "c");
  std::vector<std::string> recordings;
  for (const LabelledRecording& recording : dataset_.recordings) recordings.push_back(recording.id);
  const auto problems = [&] {
    Problems found;
    components_.experiments.Make(config.experiments[0], {})
        ->CheckData(dataset_, recordings, &found);
    return found.lines();
  };
  EXPECT_THAT(problems(), testing::ElementsAre(testing::HasSubstr("states no attributes")));
  dataset_.subjects[4].attributes["sex"] = "female";
  EXPECT_THAT(problems(), testing::IsEmpty());
}

TEST_F(AttackersTest, TooFewPeopleToLearnFromIsSaidOfEveryoneWhoLearns) {
  AddSubjects(19);
  for (const char* attacker : {"trained", "informed", "parameters", "reversal", "periocular"}) {
    Choose({attacker});
    const RunConfig config = ParseRunConfig(config_, components_, "c");
    std::vector<std::string> recordings;
    for (const LabelledRecording& recording : dataset_.recordings)
      recordings.push_back(recording.id);
    Problems found;
    components_.experiments.Make(config.experiments[0], {})
        ->CheckData(dataset_, recordings, &found);
    EXPECT_THAT(found.lines(), testing::ElementsAre(testing::AllOf(testing::HasSubstr(attacker),
                                                                   testing::HasSubstr("20"))));
  }
}

}  // namespace
}  // namespace maskbench
