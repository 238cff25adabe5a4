#include "maskbench/stats/probewise_auc.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "maskbench/core/rng.h"

namespace maskbench {
namespace {

constexpr double kFailed = -std::numeric_limits<double>::infinity();

/// Three people, one probe each, against a gallery of three.
const std::vector<Comparison> kThree = {
    {0, 0, 0.9}, {0, 1, 0.5}, {0, 2, 0.1},  // Own best.
    {1, 0, 0.5}, {1, 1, 0.4}, {1, 2, 0.4},  // One better, one equal.
    {2, 0, 0.9}, {2, 1, 0.8}, {2, 2, 0.7},  // Both better.
};

bool Anybody(int, int) { return true; }

TEST(ProbewiseAuc, ByHand) {
  const ProbewiseAuc all(kThree, Anybody);
  EXPECT_EQ(all.probes(), 3);
  EXPECT_EQ(all.impostor_count(), 6);
  EXPECT_DOUBLE_EQ(all.Auc(), (1.0 + 0.25 + 0.0) / 3);
  // Probe 0 only meets 2, probe 1 only 0, and probe 2 nobody.
  const ProbewiseAuc some(kThree, [](int probe, int other) {
    return (probe == 0 && other == 2) || (probe == 1 && other == 0);
  });
  EXPECT_EQ(some.probes(), 2);
  EXPECT_EQ(some.subjects(), 2);
  EXPECT_DOUBLE_EQ(some.Auc(), 0.5);
  EXPECT_TRUE(std::isnan(ProbewiseAuc(kThree, [](int, int) { return false; }).Auc()));
}

TEST(ProbewiseAuc, WeightsCountProbesAndOthersAndNeverSomebodyAgainstHimself) {
  const ProbewiseAuc all(kThree, Anybody);
  // Subject 2 was not drawn, 1 twice: probe 0 wins against 1; probe 1 loses to 0.
  EXPECT_DOUBLE_EQ(all.Auc({1, 2, 0}), (1 * 1.0 + 2 * 0.0) / 3);
  // Only one person was drawn: nobody to compare with.
  EXPECT_TRUE(std::isnan(all.Auc({3, 0, 0})));
}

TEST(ProbewiseAuc, FailuresAreNoWin) {
  const ProbewiseAuc failed({{0, 0, kFailed}, {0, 1, 0.2}, {1, 0, kFailed}, {1, 1, kFailed}},
                            Anybody);
  EXPECT_DOUBLE_EQ(failed.Auc(), (0.0 + 0.5) / 2);
}

TEST(ProbewiseAuc, SeveralProbesOfOnePersonAreSeveralProbes) {
  const ProbewiseAuc two({{0, 0, 0.9}, {0, 1, 0.5}, {0, 0, 0.1}, {0, 1, 0.5}}, Anybody);
  EXPECT_EQ(two.probes(), 2);
  EXPECT_EQ(two.subjects(), 1);
  EXPECT_DOUBLE_EQ(two.Auc(), 0.5);
}

// One ROC curve over groups whose scores differ in size, where the larger group has more impostors
// and lower scores, calls chance a success; probe by probe it is chance.
TEST(ProbewiseAuc, IsChanceWhereOnlyGroupsDiffer) {
  NamedRandom random(1, "test", "probewise");
  std::vector<Comparison> comparisons;
  const auto group = [](int subject) { return subject < 20 ? 0 : 1; };
  for (int probe = 0; probe < 100; ++probe)
    for (int other = 0; other < 100; ++other)
      if (group(probe) == group(other))
        comparisons.push_back({probe, other, 5 * (1 - group(probe)) + random.Normal()});
  EXPECT_GT(Verification(comparisons).Auc(), 0.55);
  EXPECT_NEAR(ProbewiseAuc(comparisons, Anybody).Auc(), 0.5, 0.06);
}

}  // namespace
}  // namespace maskbench
