#include "maskbench/clinical/reader.h"

#include <gmock/gmock.h>

#include "maskbench/clinical/register_all.h"

namespace maskbench {
namespace {

class Oracle : public Reader {
 public:
  ReaderReport Read(const Recording&, const std::filesystem::path&) override {
    ReaderReport report;
    report.frames = 5;
    report.frames_with_face = 4;
    report.diagnosis.At(Side::kLeft, EyeCondition::kPtosis) = {Presence::kPresent, "", "mild", 0.7};
    report.evidence.push_back({Side::kLeft, "mrd1", "mm", 3.2});
    return report;
  }
};

TEST(Reader, IsAnObserverThatGivesReadings) {
  const Observations seen = WrapReader(std::make_unique<Oracle>())->Observe({}, "");
  EXPECT_EQ(seen.frames, 5);
  EXPECT_EQ(seen.frames_with_face, 4);
  ASSERT_EQ(seen.values.size(), 1u);
  const Diagnosis diagnosis = ToDiagnosis(seen.readings);
  EXPECT_EQ(diagnosis.At(Side::kLeft, EyeCondition::kPtosis).grade, "mild");
  EXPECT_EQ(diagnosis.At(Side::kLeft, EyeCondition::kPtosis).confidence, 0.7);
  EXPECT_EQ(diagnosis.At(Side::kRight, EyeCondition::kPtosis).presence, Presence::kUnknown);
}

TEST(Reader, RulesAreRegisteredAndRiseWithTheirMeasures) {
  Registry<Observer> observers("observer");
  RegisterClinicalObservers(&observers);
  EXPECT_THAT(observers.Types(), testing::Contains("rules"));
  EXPECT_TRUE(IsReader("rules"));
  EXPECT_FALSE(IsReader("eye_measures"));
  EXPECT_GT(observers.Info("rules").version, observers.Info("eye_measures").version);
  EXPECT_EQ(observers.Info("rules").networks, observers.Info("eye_measures").networks);
}

}  // namespace
}  // namespace maskbench
