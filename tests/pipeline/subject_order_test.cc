#include "maskbench/pipeline/subject_order.h"

#include <algorithm>
#include <map>

#include <gtest/gtest.h>

#include "maskbench/core/error.h"
#include "maskbench/pipeline/components.h"
#include "maskbench/pipeline/run_config.h"

#include "experiments/register_all.h"

namespace maskbench {
namespace {

/// Two recordings of every subject; three quarters of them have ptosis.
std::vector<LabelledRecording> Recordings(int subjects) {
  std::vector<LabelledRecording> recordings;
  for (int s = 0; s < subjects; ++s)
    for (int k = 0; k < 2; ++k) {
      LabelledRecording recording;
      recording.subject = "s" + std::to_string(s);
      recording.id = recording.subject + "_" + std::to_string(k);
      recording.right.labels = {{"ptosis", s % 4 == 0 ? "none" : "mild"}};
      recordings.push_back(recording);
    }
  return recordings;
}

std::set<std::string> First(const std::vector<LabelledRecording>& recordings, uint64_t seed,
                            double share) {
  std::vector<const LabelledRecording*> chosen;
  for (const LabelledRecording& recording : recordings) chosen.push_back(&recording);
  return SubjectOrder(chosen, seed).First(share);
}

TEST(SubjectOrder, SharesHoldAllConditionsAlikeAndGrow) {
  const auto recordings = Recordings(40);
  std::set<std::string> smaller;
  for (const double share : {0.1, 0.25, 0.5, 1.0}) {
    const std::set<std::string> some = First(recordings, 3, share);
    EXPECT_EQ(some.size(), static_cast<size_t>(share * 40));
    EXPECT_TRUE(std::includes(some.begin(), some.end(), smaller.begin(), smaller.end()));
    const auto healthy = std::count_if(some.begin(), some.end(), [](const std::string& id) {
      return std::stoi(id.substr(1)) % 4 == 0;
    });
    EXPECT_NEAR(static_cast<double>(healthy), share * 10, 0.51) << share;
    smaller = some;
  }
}

TEST(SubjectOrder, TheSeedDecidesAndTheOrderOfTheManifestDoesNot) {
  auto recordings = Recordings(40);
  const auto some = First(recordings, 3, 0.25);
  EXPECT_NE(some, First(recordings, 4, 0.25));
  std::reverse(recordings.begin(), recordings.end());
  EXPECT_EQ(some, First(recordings, 3, 0.25));
}

TEST(SubjectOrder, AtLeastOneTakesPart) { EXPECT_EQ(First(Recordings(40), 1, 0.001).size(), 1u); }

TEST(SubjectOrder, SharesOfNobodyAreRefused) {
  Components components;
  RegisterFrameworkComponents(&components);
  RegisterExperiments(&components.experiments);
  const auto parse = [&](const std::string& more) {
    return ParseRunConfig(Json::parse(R"({"name": "p", "dataset": {"manifest": "m.json"},
                                         "variants": ["original", "eye_bar"], )" +
                                      more + "}"),
                          components, "c");
  };
  EXPECT_EQ(parse(R"("fraction": 0.2)").fraction, 0.2);
  EXPECT_EQ(parse(R"("shares": {"eye_bar": 0.5})").shares["eye_bar"], 0.5);
  EXPECT_THROW(parse(R"("shares": {"eyebar": 0.5})"), UsageError);
  EXPECT_THROW(parse(R"("shares": {"eye_bar": 0})"), UsageError);
  EXPECT_THROW(parse(R"("shares": {"eye_bar": "half"})"), UsageError);
  EXPECT_THROW(parse(R"("shares": {"eye_bar": 0.5}, "timing": {"workers": [1]})"), UsageError);
  EXPECT_THROW(parse(R"("fraction": 0)"), UsageError);
}

}  // namespace
}  // namespace maskbench
