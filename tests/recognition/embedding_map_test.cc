#include "maskbench/recognition/embedding_map.h"

#include <algorithm>
#include <cmath>
#include <string>

#include <gtest/gtest.h>

#include "maskbench/core/error.h"
#include "maskbench/core/rng.h"

namespace maskbench {
namespace {

constexpr int kDimensions = 24;

std::vector<float> Draw(const std::string& who, const std::string& what) {
  NamedRandom random(5, who, what);
  std::vector<float> values(kDimensions);
  for (float& value : values) value = static_cast<float>(random.Normal());
  return values;
}

/// A mask that mixes up what it does not hide (`leak` 1) or puts something else in its place (0).
std::vector<EmbeddingPair> People(int first, int count, double leak) {
  std::vector<EmbeddingPair> pairs;
  std::vector<std::vector<float>> mix;
  for (int k = 0; k < kDimensions; ++k) mix.push_back(Draw("mix", std::to_string(k)));
  for (int subject = first; subject < first + count; ++subject) {
    const std::vector<float> person = Draw(std::to_string(subject), "person");
    for (int look = 0; look < 2; ++look) {
      const std::string name = std::to_string(subject) + "/" + std::to_string(look);
      const std::vector<float> other = Draw(name, "masked"), noise = Draw(name, "noise");
      EmbeddingPair pair;
      pair.subject = subject;
      for (int k = 0; k < kDimensions; ++k) {
        const auto at = static_cast<size_t>(k);
        double mixed = 0;
        for (int j = 0; j < kDimensions; ++j)
          mixed += mix[at][static_cast<size_t>(j)] * person[static_cast<size_t>(j)] /
                   std::sqrt(kDimensions);
        pair.masked.push_back(
            static_cast<float>(3 + leak * mixed + (leak > 0 ? 0.3 : 1.0) * other[at]));
        pair.original.push_back(person[at] + 0.3F * noise[at]);
      }
      pairs.push_back(pair);
    }
  }
  return pairs;
}

/// Share of probes whose own person's template is nearest; each person's other look is enrolled.
double RankOne(const EmbeddingMap* map, const std::vector<EmbeddingPair>& people) {
  int hits = 0, probes = 0;
  for (size_t i = 0; i < people.size(); i += 2) {
    double best = -2;
    int who = -1;
    for (size_t j = 1; j < people.size(); j += 2) {
      const auto probe = map ? map->OfMasked(people[i].masked) : people[i].masked;
      const auto entry = map ? map->OfOriginal(people[j].original) : people[j].original;
      double dot = 0, a = 0, b = 0;
      for (size_t k = 0; k < probe.size(); ++k) {
        dot += probe[k] * entry[k];
        a += probe[k] * probe[k];
        b += entry[k] * entry[k];
      }
      const double cosine = dot / std::sqrt(a * b);
      if (cosine > best) best = cosine, who = people[j].subject;
    }
    hits += who == people[i].subject;
    ++probes;
  }
  return static_cast<double>(hits) / probes;
}

TEST(EmbeddingMap, FindsWhatAMaskOnlyMixedUp) {
  const EmbeddingMap map = EmbeddingMap::Learn(People(0, 80, 1), 3);
  const auto attacked = People(1000, 40, 1);
  EXPECT_LT(RankOne(nullptr, attacked), 0.15);
  EXPECT_GT(RankOne(&map, attacked), 0.8);
  EXPECT_GT(map.validation_auc(), 0.9);
}

TEST(EmbeddingMap, MorePeopleTeachMore) {
  const auto attacked = People(1000, 60, 1);
  const EmbeddingMap few = EmbeddingMap::Learn(People(0, 10, 1), 3),
                     many = EmbeddingMap::Learn(People(0, 100, 1), 3);
  EXPECT_GT(RankOne(&many, attacked), RankOne(&few, attacked) + 0.2);
}

TEST(EmbeddingMap, LearnsNothingWhereNothingLeaks) {
  const EmbeddingMap map = EmbeddingMap::Learn(People(0, 80, 0), 3);
  // 1.4 expected hits among 60; 6 have a probability of 0.4 %.
  EXPECT_LT(RankOne(&map, People(1000, 60, 0)), 0.1);
  EXPECT_LT(std::abs(map.validation_auc() - 0.5), 0.2);
}

TEST(EmbeddingMap, TheSameForTheSameSeedAndAnyScaleOfDescriptors) {
  auto pairs = People(0, 20, 1);
  const EmbeddingMap one = EmbeddingMap::Learn(pairs, 9), again = EmbeddingMap::Learn(pairs, 9);
  EXPECT_EQ(one.OfMasked(pairs[3].masked), again.OfMasked(pairs[3].masked));
  auto scaled = pairs;
  for (EmbeddingPair& pair : scaled)
    for (float& value : pair.masked) value *= 16;
  const EmbeddingMap larger = EmbeddingMap::Learn(scaled, 9);
  const auto a = one.OfMasked(pairs[3].masked), b = larger.OfMasked(scaled[3].masked);
  for (size_t k = 0; k < a.size(); ++k) EXPECT_NEAR(a[k], b[k], 1e-5);
}

TEST(EmbeddingMap, RefusesTooFewPeopleAndMixedLengths) {
  EXPECT_THROW(EmbeddingMap::Learn(People(0, 7, 1), 1), DataError);
  EXPECT_THROW(EmbeddingMap::Learn({}, 1), DataError);
  auto pairs = People(0, 10, 1);
  pairs[4].masked.pop_back();
  EXPECT_THROW(EmbeddingMap::Learn(pairs, 1), DataError);
}

}  // namespace
}  // namespace maskbench
