#include "maskbench/clinical/reader.h"

#include <gmock/gmock.h>

#include "maskbench/clinical/register_all.h"
#include "maskbench/core/error.h"

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

TEST(Reader, RulesReadWhatAnotherHasMeasured) {
  Registry<Observer> observers("observer");
  RegisterClinicalObservers(&observers);
  EXPECT_EQ(ReadsFrom("rules"), "eye_measures");
  EXPECT_EQ(ReadsFrom("eye_measures"), "");
  Problems problems;
  const Json options = observers.Complete("rules", {{"mild_droop_mm", 2}}, "", &problems);
  // Without networks: it must not want to look.
  const auto rules = observers.Make({"rules", "rules", options}, {});
  Observations measured;
  measured.frames = 7;
  measured.frames_with_face = 6;
  measured.values = {{Side::kRight, "mrd1", "mm", 2.4, 2.2, 2.6},
                     {Side::kLeft, "mrd1", "mm", 3.0, 2.8, 3.2},
                     {{}, "blink_rate", "per_minute", 12}};
  const Observations read = ObserveFrom(rules.get(), measured);
  EXPECT_EQ(read.frames, 7);
  EXPECT_EQ(read.frames_with_face, 6);
  const Diagnosis diagnosis = ToDiagnosis(read.readings);
  // 2.1 and 1.5 mm of droop against the 2 mm that were asked for.
  EXPECT_EQ(diagnosis.At(Side::kRight, EyeCondition::kPtosis).presence, Presence::kPresent);
  EXPECT_EQ(diagnosis.At(Side::kLeft, EyeCondition::kPtosis).presence, Presence::kAbsent);
  EXPECT_EQ(diagnosis.At(Side::kLeft, EyeCondition::kNystagmus).presence, Presence::kUnknown);
  // What it rests on is kept, and nothing else.
  bool lid = false;
  for (const MeasureValue& value : read.values) {
    lid |= value.name == "mrd1" && value.value == 2.4 && value.low == 2.2;
    EXPECT_NE(value.name, "blink_rate");
  }
  EXPECT_TRUE(lid);
}

TEST(Reader, WhoHasToLookCannotReadFromAnother) {
  const auto oracle = WrapReader(std::make_unique<Oracle>());
  EXPECT_THROW(ObserveFrom(oracle.get(), {}), Error);
  Registry<Observer> observers("observer");
  RegisterClinicalObservers(&observers);
  Problems problems;
  const Json options = observers.Complete("mediapipe_iris", Json::object(), "", &problems);
  const auto measures = observers.Make({"mediapipe_iris", "m", options}, {});
  EXPECT_THROW(ObserveFrom(measures.get(), {}), Error);
}

}  // namespace
}  // namespace maskbench
