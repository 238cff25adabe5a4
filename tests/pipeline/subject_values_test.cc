// What subjects contribute, by hand.
#include "experiments/diagnostic_consistency/subject_values.h"

#include <limits>
#include <map>

#include <gtest/gtest.h>

#include "maskbench/core/files.h"
#include "maskbench/pipeline/store.h"

#include "experiments/reidentification/subject_values.h"

namespace maskbench {
namespace {

/// Subjects s0 … with recordings s0_1, s0_2 ….
class SubjectValuesTest : public testing::Test {
 protected:
  SubjectValuesTest() : store_(folder_.path() / "s.sqlite") {
    for (int s = 0; s < 4; ++s) {
      Subject subject;
      subject.id = "s" + std::to_string(s);
      dataset_.subjects.push_back(subject);
      for (const char* number : {"_1", "_2"}) {
        LabelledRecording recording;
        recording.id = subject.id + number;
        recording.subject = subject.id;
        dataset_.recordings.push_back(recording);
      }
    }
  }

  RunData Data() { return RunData(RunConfig(), dataset_, Plan(), &store_); }

  /// By "metric/subject".
  static std::map<std::string, double> ByName(const std::vector<SubjectValue>& values) {
    std::map<std::string, double> named;
    for (const SubjectValue& value : values) {
      const std::string name = (value.variant.empty() ? "" : value.variant + "/") +
                               (value.condition.empty() ? "" : value.condition + "/") +
                               value.metric + "/" + value.subject;
      EXPECT_EQ(named.count(name), 0u) << name;
      named[name] = value.value;
    }
    return named;
  }

  TemporaryFolder folder_;
  Dataset dataset_;
  Store store_;
};

TEST_F(SubjectValuesTest, HitsAndAreasOfProbes) {
  Protocol protocol;
  for (int s = 0; s < 4; ++s) protocol.gallery.push_back({s, "s" + std::to_string(s) + "_1"});
  protocol.probes = {{0, "s0_2"}, {1, "s1_2"}, {2, "s2_2"}, {2, "s2_1"}};
  protocol.subject_count = 4;
  const double failed = -std::numeric_limits<double>::infinity();
  // Rows: probes against s0 … s3.
  const std::vector<std::vector<double>> scores = {{-1, -2, -3, -4},    // First of four.
                                                   {-1, -1, -3, -0.5},  // One better, one tied.
                                                   {-1, -2, -3, -4},    // Third: two better.
                                                   {failed, failed, failed, failed}};
  std::vector<Comparison> comparisons;
  for (size_t p = 0; p < scores.size(); ++p)
    for (int g = 0; g < 4; ++g)
      comparisons.push_back({protocol.probes[p].subject, g, scores[p][static_cast<size_t>(g)]});
  SubjectValue head;
  head.variant = "mask";
  std::vector<SubjectValue> values;
  AddSearchValues(Data(), protocol, Rank(protocol, comparisons, 1), head, &values);
  const auto named = ByName(values);
  EXPECT_EQ(named.size(), 6u);
  EXPECT_DOUBLE_EQ(named.at("mask/rank_1/s0"), 1);
  EXPECT_DOUBLE_EQ(named.at("mask/probe_auc/s0"), 1);
  EXPECT_DOUBLE_EQ(named.at("mask/rank_1/s1"), 0);
  EXPECT_DOUBLE_EQ(named.at("mask/probe_auc/s1"), 1 - 1.5 / 3);
  EXPECT_DOUBLE_EQ(named.at("mask/rank_1/s2"), 0);
  EXPECT_DOUBLE_EQ(named.at("mask/probe_auc/s2"), ((1 - 2.0 / 3) + 0.5) / 2);
}

TEST_F(SubjectValuesTest, GalleriesOfPartsHaveTheirOwnSize) {
  Protocol small, large;
  small.gallery = {{0, "s0_1"}, {1, "s1_1"}};
  small.probes = {{0, "s0_2"}};
  large.gallery = {{1, "s1_1"}, {2, "s2_1"}, {3, "s3_1"}};
  large.probes = {{3, "s3_2"}, {2, "s2_2"}};
  Searches all = Rank(small, {{0, 0, -2}, {0, 1, -1}}, 0);
  Append(Rank(large, {{3, 1, -1}, {3, 2, -3}, {3, 3, -2}, {2, 1, -5}, {2, 2, -4}, {2, 3, -6}}, 0),
         &all);
  Protocol whole = small;
  whole.gallery.insert(whole.gallery.end(), large.gallery.begin(), large.gallery.end());
  std::vector<SubjectValue> values;
  AddSearchValues(Data(), whole, all, SubjectValue(), &values);
  const auto named = ByName(values);
  EXPECT_DOUBLE_EQ(named.at("probe_auc/s0"), 0);            // One other, who is nearer.
  EXPECT_DOUBLE_EQ(named.at("probe_auc/s3"), 1 - 1.0 / 2);  // One of two others is nearer.
  EXPECT_DOUBLE_EQ(named.at("probe_auc/s2"), 1);
}

TEST_F(SubjectValuesTest, RightAnswersAndThoseOfTheOriginal) {
  using namespace consistency;
  std::vector<EyeUnit> units(4);  // Two eyes of s0 and of s1.
  for (size_t u = 0; u < units.size(); ++u) {
    units[u].recording = u < 2 ? "s0_1" : "s1_1";
    units[u].side = u % 2 == 0 ? maskbench::Side::kRight : maskbench::Side::kLeft;
    units[u].patient = static_cast<int>(u / 2);
    units[u].diseased[0] = u == 0;  // The right eye of s0 alone.
  }
  units[3].diseased[0] = std::nullopt;  // Not known: judged by nobody.
  ReaderGroup group;
  group.name = "r";
  const auto answer = [](Presence presence) {
    Finding finding;
    finding.presence = presence;
    return finding;
  };
  group.AddArm("original", 4);
  group.AddArm("mask", 4);
  const Presence original[] = {Presence::kPresent, Presence::kPresent, Presence::kUnknown,
                               Presence::kAbsent},
                 mask[] = {Presence::kPresent, Presence::kUnknown, Presence::kAbsent,
                           Presence::kAbsent};
  for (size_t u = 0; u < 4; ++u) {
    group.arms["original"][0][u][0] = answer(original[u]);
    group.arms["mask"][0][u][0] = answer(mask[u]);
  }
  std::vector<SubjectValue> values;
  AddSubjectValues(Data(), units, group, "original", &values);
  const std::string condition = ToString(kEyeConditions[0]);
  const auto named = ByName(values);
  EXPECT_EQ(named.at("original/" + condition + "/accuracy/s0"), 0.5);
  EXPECT_EQ(named.at("original/" + condition + "/accuracy/s1"), 0);  // Unread is wrong.
  EXPECT_EQ(named.at("mask/" + condition + "/accuracy/s0"), 0.5);
  EXPECT_EQ(named.at("mask/" + condition + "/accuracy/s1"), 1);
  // Present as before, then unread where it was present.
  EXPECT_EQ(named.at("mask/" + condition + "/same_as_original/s0"), 0.5);
  // The unread original is left out.
  EXPECT_EQ(named.at("mask/" + condition + "/same_as_original/s1"), 1);
  EXPECT_EQ(named.count("original/" + condition + "/same_as_original/s0"), 0u);
}

}  // namespace
}  // namespace maskbench
