// What somebody is, read off descriptors.
#include "maskbench/recognition/attribute_reader.h"

#include <algorithm>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "maskbench/core/error.h"
#include "maskbench/core/rng.h"

namespace maskbench {
namespace {

/// Three classes; the first `telling` of 20 numbers are larger by one standard deviation in the
/// class that they belong to (by turns).
std::vector<ClassifiedDescriptor> People(int first, int count, int telling) {
  std::vector<ClassifiedDescriptor> people;
  for (int subject = first; subject < first + count; ++subject) {
    NamedRandom random(5, std::to_string(subject), "attribute");
    ClassifiedDescriptor person{subject, subject % 3, {}};
    for (int k = 0; k < 20; ++k) {
      const double shift = k < telling && k % 3 == person.label ? 1 : 0;
      person.values.push_back(static_cast<float>(100 + 5 * (random.Normal() + shift)));
    }
    people.push_back(person);
  }
  return people;
}

double Accuracy(const AttributeReader& reader, const std::vector<ClassifiedDescriptor>& people) {
  double right = 0;
  for (const ClassifiedDescriptor& person : people) {
    const std::vector<double> scores = reader.Read(person.values);
    EXPECT_EQ(scores.size(), 3U);
    right += std::max_element(scores.begin(), scores.end()) - scores.begin() == person.label;
  }
  return right / static_cast<double>(people.size());
}

TEST(AttributeReader, ReadsWhatIsThereAndNothingElse) {
  const AttributeReader reader = AttributeReader::Learn(People(0, 300, 18), 3, 1);
  // Six telling numbers a class: means are √12 standard deviations apart, so two classes are
  // confused with a probability of Φ(−√12/2) = 0.042, and at most twice that is lost.
  EXPECT_GT(Accuracy(reader, People(1000, 300, 18)), 0.85);
  const AttributeReader blind = AttributeReader::Learn(People(0, 300, 0), 3, 1);
  EXPECT_NEAR(Accuracy(blind, People(1000, 300, 0)), 1.0 / 3, 0.1);
}

TEST(AttributeReader, ScoresOfAMeaninglessDescriptorAreTheShares) {
  auto people = People(0, 90, 18);
  for (ClassifiedDescriptor& person : people) person.label = person.subject % 9 < 6 ? 0 : 1;
  const AttributeReader reader = AttributeReader::Learn(people, 2, 1);
  const std::vector<float> nothing(20, std::numeric_limits<float>::quiet_NaN());
  EXPECT_NEAR(reader.Read(nothing)[0], 2.0 / 3, 1e-9);
  EXPECT_NEAR(reader.Read(nothing)[1], 1.0 / 3, 1e-9);
}

TEST(AttributeReader, RefusesTooFewPeopleAndMixedLengths) {
  EXPECT_THROW(AttributeReader::Learn(People(0, 7, 18), 3, 1), DataError);
  auto people = People(0, 20, 18);
  people[3].values.pop_back();
  EXPECT_THROW(AttributeReader::Learn(people, 3, 1), DataError);
}

}  // namespace
}  // namespace maskbench
