#include "maskbench/pipeline/condition.h"

#include <gtest/gtest.h>

namespace maskbench {
namespace {

std::string ConditionOfLabels(const char* right, const char* left) {
  LabelledRecording recording;
  recording.right.labels = Json::parse(right);
  recording.left.labels = Json::parse(left);
  return ConditionOf(recording);
}

TEST(Condition, IsTheLabelThatIsNotNoneInEitherEye) {
  EXPECT_EQ(ConditionOfLabels(R"({"ptosis": "mild"})", "{}"), "ptosis");
  EXPECT_EQ(ConditionOfLabels(R"({"ptosis": "none"})", R"({"ptosis": "severe"})"), "ptosis");
  EXPECT_EQ(ConditionOfLabels(R"({"ptosis": "none", "nystagmus": "jerk_left"})",
                              R"({"ptosis": "none", "nystagmus": "jerk_left"})"),
            "nystagmus");
  EXPECT_EQ(ConditionOfLabels(R"({"ptosis": 2})", R"({"ptosis": 0})"), "ptosis");
}

TEST(Condition, SeveralAreSortedAndJoined) {
  EXPECT_EQ(ConditionOfLabels(R"({"strabismus": "esotropia"})", R"({"ptosis": "mild"})"),
            "ptosis+strabismus");
}

TEST(Condition, HealthIsStatedAndNotGuessed) {
  EXPECT_EQ(ConditionOfLabels(R"({"ptosis": "none"})", R"({"strabismus": "none"})"), "healthy");
  EXPECT_EQ(ConditionOfLabels(R"({"ptosis": false})", R"({"ptosis": 0})"), "healthy");
  EXPECT_EQ(ConditionOfLabels("{}", "{}"), "");
  EXPECT_EQ(ConditionOfLabels(R"({"ptosis": null})", "{}"), "");
}

TEST(Condition, QualifiersAreNone) {
  EXPECT_EQ(ConditionOfLabels(R"({"mimic": "drift", "borderline": "yes"})", "{}"), "");
  EXPECT_EQ(ConditionOfLabels(R"({"ptosis": "none", "mimic": "drift", "borderline": "yes"})", "{}"),
            "healthy");
  EXPECT_EQ(ConditionOfLabels(R"({"lids": "closed"})", R"({"lids": "half"})"), "");
}

}  // namespace
}  // namespace maskbench
