// What an attacker can learn of which differences are differences between people.
#include "maskbench/recognition/identity_space.h"

#include <cmath>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "maskbench/core/error.h"
#include "maskbench/core/rng.h"

namespace maskbench {
namespace {

constexpr int kNumbers = 40;

/// `looks` recordings of each person: `personal` of the 40 numbers say a little of who it is
/// (standard deviation 0.5), and all of them vary from day to day (1, but the last ten: 20).
std::vector<PersonDescriptor> People(int first, int count, int looks, int personal) {
  std::vector<PersonDescriptor> people;
  for (int subject = first; subject < first + count; ++subject) {
    NamedRandom person(5, std::to_string(subject), "person");
    std::vector<double> own(kNumbers);
    for (double& value : own) value = person.Normal();
    for (int look = 0; look < looks; ++look) {
      NamedRandom day(5, std::to_string(subject) + "/" + std::to_string(look), "day");
      PersonDescriptor descriptor;
      descriptor.subject = subject;
      for (int k = 0; k < kNumbers; ++k) {
        const double spread = k < kNumbers - 10 ? 1 : 20;
        const double of_person = k < personal ? 0.7 * own[static_cast<size_t>(k)] : 0;
        descriptor.values.push_back(static_cast<float>(7 + of_person + spread * day.Normal()));
      }
      people.push_back(descriptor);
    }
  }
  return people;
}

/// Area under the ROC curve; without a space of distances between descriptors as they are.
double AucOf(const IdentitySpace* space, const std::vector<PersonDescriptor>& people) {
  std::vector<double> genuine, impostor;
  for (size_t i = 0; i < people.size(); ++i) {
    for (size_t j = i + 1; j < people.size(); ++j) {
      double score = 0;
      if (space != nullptr) {
        score = space->Score(space->Place(people[i].values), space->Place(people[j].values));
      } else {
        for (size_t k = 0; k < people[i].values.size(); ++k)
          score -= std::pow(people[i].values[k] - people[j].values[k], 2);
      }
      (people[i].subject == people[j].subject ? genuine : impostor).push_back(score);
    }
  }
  return AreaUnderRoc(genuine, impostor);
}

TEST(IdentitySpace, FindsWhatDistancesDrownIn) {
  const IdentitySpace space = IdentitySpace::Learn(People(0, 150, 2, 30), 3);
  const auto attacked = People(1000, 60, 2, 30);
  EXPECT_LT(AucOf(nullptr, attacked), 0.6);  // Numbers that say nothing are twenty times as large.
  // Thirty numbers, each with β = 0.49: who knows the model has an AUC of 0.907 (by simulation).
  EXPECT_GT(AucOf(&space, attacked), 0.8);
  EXPECT_GT(space.validation_auc(), 0.8);
}

TEST(IdentitySpace, LearnsNothingWhereNobodyDiffers) {
  const IdentitySpace space = IdentitySpace::Learn(People(0, 150, 2, 0), 3);
  // 60 genuine comparisons: standard error about 0.04.
  EXPECT_NEAR(AucOf(&space, People(1000, 60, 2, 0)), 0.5, 0.12);
}

TEST(IdentitySpace, TheScoreIsTheLikelihoodRatioOfTheModel) {
  // One number with a variance of 1 within and 3 between people. With many people the learned
  // space is that one, and the score of two places can be worked out by hand.
  std::vector<PersonDescriptor> people;
  for (int subject = 0; subject < 4000; ++subject) {
    NamedRandom random(8, std::to_string(subject), "one number");
    const double own = std::sqrt(3.0) * random.Normal();
    for (int look = 0; look < 2; ++look)
      people.push_back({subject, {static_cast<float>(own + random.Normal())}});
  }
  const IdentitySpace space =
      IdentitySpace::Learn(std::vector<PersonDescriptor>(people.begin(), people.begin() + 1200), 1);
  ASSERT_EQ(space.dimensions(), 1);
  const auto score = [&](float a, float b) {
    return space.Score(space.Place({a}), space.Place({b}));
  };
  // log N(x; 0, [4 3; 3 4]) − log N(x1; 0, 4) − log N(x2; 0, 4) with x = (2, 2) and (2, −2):
  // −½ log 7 + log 4 − ½ · (4·8 ∓ 6·4)/7 + ½ · 8/4.
  EXPECT_NEAR(score(2, 2), -0.5 * std::log(7) + std::log(4) - 0.5 * 8 / 7 + 1, 0.2);
  EXPECT_NEAR(score(2, -2), -0.5 * std::log(7) + std::log(4) - 0.5 * 56 / 7 + 1, 0.5);
  EXPECT_DOUBLE_EQ(score(2, -1), score(-1, 2));
}

TEST(IdentitySpace, UnitsDoNotMatterAndMissingNumbersAreTheMean) {
  auto people = People(0, 40, 2, 30);
  const IdentitySpace one = IdentitySpace::Learn(people, 9),
                      again = IdentitySpace::Learn(people, 9);
  EXPECT_EQ(one.Place(people[3].values), again.Place(people[3].values));
  auto scaled = people;
  for (PersonDescriptor& person : scaled)
    for (size_t k = 0; k < person.values.size(); ++k)
      person.values[k] = person.values[k] * (k % 2 == 0 ? 64.0F : 0.25F) + 1;
  const IdentitySpace other = IdentitySpace::Learn(scaled, 9);
  EXPECT_NEAR(one.Score(one.Place(people[0].values), one.Place(people[5].values)),
              other.Score(other.Place(scaled[0].values), other.Place(scaled[5].values)), 1e-3);
  // A number that nobody has changes nothing, and one that somebody lacks is no failure.
  auto longer = people;
  for (PersonDescriptor& person : longer)
    person.values.push_back(std::numeric_limits<float>::quiet_NaN());
  const IdentitySpace same = IdentitySpace::Learn(longer, 9);
  EXPECT_NEAR(one.Score(one.Place(people[0].values), one.Place(people[5].values)),
              same.Score(same.Place(longer[0].values), same.Place(longer[5].values)), 1e-4);
  people[7].values[2] = std::numeric_limits<float>::quiet_NaN();
  for (const float value : one.Place(people[7].values)) EXPECT_TRUE(std::isfinite(value));
}

TEST(IdentitySpace, RefusesTooFewPeopleAndMixedLengths) {
  EXPECT_THROW(IdentitySpace::Learn(People(0, 7, 2, 30), 1), DataError);
  // A person with one recording teaches nothing of how one varies.
  EXPECT_THROW(IdentitySpace::Learn(People(0, 50, 1, 30), 1), DataError);
  EXPECT_THROW(IdentitySpace::Learn({}, 1), DataError);
  auto people = People(0, 12, 2, 30);
  people[4].values.pop_back();
  EXPECT_THROW(IdentitySpace::Learn(people, 1), DataError);
  const IdentitySpace space = IdentitySpace::Learn(People(0, 12, 2, 30), 1);
  EXPECT_THROW(space.Place({1, 2, 3}), DataError);
}

}  // namespace
}  // namespace maskbench
