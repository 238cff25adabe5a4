#include "maskbench/stats/multiple_choice.h"

#include <cmath>

#include <gtest/gtest.h>

#include "maskbench/core/error.h"

namespace maskbench {
namespace {

RankedProbe Probe(int better, int tied = 0, bool failed = false) {
  RankedProbe probe;
  probe.better = better;
  probe.tied = tied;
  probe.failed = failed;
  return probe;
}

TEST(MultipleChoice, CountsTheDrawsByHand) {
  // 5 enrolled, 3 choices: 2 of the 4 others are drawn, in 6 ways. With one better, 3 ways lack
  // him.
  EXPECT_NEAR(MultipleChoiceRate({Probe(1)}, 5, 3), 0.5, 1e-12);
  EXPECT_NEAR(MultipleChoiceRate({Probe(0)}, 5, 3), 1, 1e-12);
  EXPECT_NEAR(MultipleChoiceRate({Probe(3)}, 5, 3), 0, 1e-12);
  // One ties: 3 ways lack him, in 3 a coin is thrown.
  EXPECT_NEAR(MultipleChoiceRate({Probe(0, 1)}, 5, 3), 0.75, 1e-12);
}

TEST(MultipleChoice, WithTheWholeGalleryItIsRankOne) {
  const std::vector<RankedProbe> probes = {Probe(0), Probe(2), Probe(0, 3), Probe(7), Probe(0)};
  EXPECT_NEAR(MultipleChoiceRate(probes, 10, 10), RankRate(probes, 1), 1e-12);
}

TEST(MultipleChoice, ScoresThatSayNothingAndFailuresAreChance) {
  for (const int choices : {2, 5, 40}) {
    EXPECT_NEAR(MultipleChoiceRate({Probe(0, 99)}, 100, choices), 1.0 / choices, 1e-9);
    EXPECT_NEAR(MultipleChoiceRate({Probe(0, 0, true)}, 100, choices), 1.0 / choices, 1e-12);
  }
  // A uniform rank is chance on average.
  std::vector<RankedProbe> probes;
  for (int better = 0; better < 50; ++better) probes.push_back(Probe(better));
  EXPECT_NEAR(MultipleChoiceRate(probes, 50, 5), 0.2, 1e-9);
}

TEST(MultipleChoice, WeightsAreThoseOfSubjects) {
  std::vector<RankedProbe> probes = {Probe(0), Probe(4)};
  probes[1].subject = 1;
  EXPECT_NEAR(MultipleChoiceRate(probes, 5, 5, {3, 1}), 0.75, 1e-12);
  EXPECT_TRUE(std::isnan(MultipleChoiceRate({}, 5, 2)));
}

TEST(MultipleChoice, QuestionsThatCannotBeAskedAreRefused) {
  EXPECT_THROW(MultipleChoiceRate({Probe(0)}, 5, 6), DataError);
  EXPECT_THROW(MultipleChoiceRate({Probe(0)}, 5, 1), DataError);
}

}  // namespace
}  // namespace maskbench
