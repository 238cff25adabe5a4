// An attacker who makes the original's descriptor out of the masked one.
#include "maskbench/recognition/embedding_reversal.h"

#include <cmath>
#include <string>

#include <gtest/gtest.h>

#include "maskbench/core/error.h"
#include "maskbench/core/rng.h"
#include "maskbench/recognition/learning.h"

namespace maskbench {
namespace {

constexpr int kNumbers = 6;

/// The mask keeps the sizes of what makes up a face and drops the signs: nothing that is linear
/// finds them, since faces of either sign are as frequent. `leaks` false: it keeps nothing.
std::vector<EmbeddingPair> People(int first, int count, bool leaks) {
  std::vector<EmbeddingPair> pairs;
  for (int subject = first; subject < first + count; ++subject) {
    NamedRandom person(5, std::to_string(subject), "person");
    EmbeddingPair pair;
    pair.subject = subject;
    for (int k = 0; k < kNumbers; ++k) {
      const double own = person.Normal();
      NamedRandom noise(5, std::to_string(subject) + "/" + std::to_string(k), "noise");
      // The original's numbers are even functions of the masked ones.
      pair.original.push_back(static_cast<float>(own * own + 0.1 * noise.Normal()));
      pair.masked.push_back(static_cast<float>(leaks ? own : noise.Normal()));
    }
    pairs.push_back(pair);
  }
  return pairs;
}

/// Mean cosine of what was made with the own original, and with the next person's.
std::pair<double, double> Nearness(const EmbeddingReversal& reversal,
                                   const std::vector<EmbeddingPair>& people) {
  double own = 0, other = 0;
  for (size_t i = 0; i < people.size(); ++i) {
    const Eigen::VectorXd made = VectorOf(reversal.Reconstruct(people[i].masked));
    own += made.dot(VectorOf(reversal.OfOriginal(people[i].original)));
    other += made.dot(VectorOf(reversal.OfOriginal(people[(i + 1) % people.size()].original)));
  }
  const auto count = static_cast<double>(people.size());
  return {own / count, other / count};
}

TEST(EmbeddingReversal, FindsWhatNoLinearMapDoes) {
  const auto teachers = People(0, 400, true), attacked = People(1000, 100, true);
  const EmbeddingReversal reversal = EmbeddingReversal::Learn(teachers, 3);
  const auto [own, other] = Nearness(reversal, attacked);
  EXPECT_GT(own, 0.7);
  EXPECT_LT(std::abs(other), 0.15);
  EXPECT_GT(reversal.validation_auc(), 0.85);
  const EmbeddingMap linear = EmbeddingMap::Learn(teachers, 3);
  EXPECT_LT(linear.validation_auc(), 0.65);
}

TEST(EmbeddingReversal, BringsNothingBackWhereNothingLeaks) {
  const EmbeddingReversal reversal = EmbeddingReversal::Learn(People(0, 300, false), 3);
  const auto [own, other] = Nearness(reversal, People(1000, 100, false));
  // The cosine of 100 unrelated pairs in six dimensions has a standard error of 0.04.
  EXPECT_LT(std::abs(own - other), 0.15);
  EXPECT_NEAR(reversal.validation_auc(), 0.5, 0.12);
}

TEST(EmbeddingReversal, WhatIsMadeHasLengthOneAndIsTheSameEveryTime) {
  const auto people = People(0, 30, true);
  const EmbeddingReversal one = EmbeddingReversal::Learn(people, 9),
                          again = EmbeddingReversal::Learn(people, 9);
  EXPECT_EQ(one.Reconstruct(people[3].masked), again.Reconstruct(people[3].masked));
  EXPECT_NEAR(VectorOf(one.Reconstruct(people[3].masked)).norm(), 1, 1e-6);
  // How long the original's descriptor is says nothing of the person.
  auto longer = people[4].original;
  for (float& value : longer) value *= 8;
  const auto a = one.OfOriginal(people[4].original), b = one.OfOriginal(longer);
  for (size_t k = 0; k < a.size(); ++k) EXPECT_NEAR(a[k], b[k], 1e-5);
}

TEST(EmbeddingReversal, RefusesTooFewPeopleAndMixedLengths) {
  EXPECT_THROW(EmbeddingReversal::Learn(People(0, 7, true), 1), DataError);
  EXPECT_THROW(EmbeddingReversal::Learn({}, 1), DataError);
  auto pairs = People(0, 10, true);
  pairs[4].masked.pop_back();
  EXPECT_THROW(EmbeddingReversal::Learn(pairs, 1), DataError);
}

}  // namespace
}  // namespace maskbench
