#include <cmath>
#include <memory>

#include <gmock/gmock.h>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "maskbench/clinical/learned_verdict.h"
#include "maskbench/clinical/reader.h"
#include "maskbench/clinical/register_all.h"
#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/core/rng.h"
#include "maskbench/media/frame_source.h"
#include "maskbench/nn/contract.h"
#include "maskbench/nn/import.h"
#include "maskbench/perception/face_track.h"

namespace maskbench {
namespace {

constexpr int kWidth = 320, kHeight = 240, kFrames = 40;

/// Writes the committed networks of the reader as modules.
NetworkLibrary ImportReader(const std::filesystem::path& folder) {
  for (const char* name : {"reader_frame", "reader_time"})
    ImportNetwork(BuiltInNetwork(name), folder, folder);
  return NetworkLibrary(folder);
}

/// A face of a few blots whose eyes are not alike, as pictures without loss and a face track.
class DrawnRecording {
 public:
  DrawnRecording(bool mirrored, int frames_with_face) {
    std::filesystem::create_directories(pictures());
    FaceTrackWriter writer(track(), {kWidth, kHeight, {25, 1}, kFrames, 0, false, ""});
    for (int f = 0; f < kFrames; ++f) {
      cv::Mat picture(kHeight, kWidth, CV_8UC3, cv::Scalar(120, 140, 170));
      const cv::Point right(120 + f % 3, 100), left(200 + f % 3, 104);
      cv::ellipse(picture, right, {22, 6 + f % 5}, 0, 0, 360, cv::Scalar(230, 230, 230), -1);
      cv::ellipse(picture, left, {22, 13}, 0, 0, 360, cv::Scalar(230, 230, 230), -1);
      cv::circle(picture, right + cv::Point(6, 0), 8, cv::Scalar(40, 50, 60), -1);
      cv::circle(picture, left, 8, cv::Scalar(40, 50, 60), -1);
      cv::rectangle(picture, {150, 160, 24, 9}, cv::Scalar(60, 60, 150), -1);
      FaceObservation face;
      face.frame = f;
      if (f < frames_with_face) face.status = FaceStatus::kTracked;
      const auto put = [&](int index, int mirror_index, cv::Point at) {
        face.mesh[static_cast<size_t>(mirrored ? mirror_index : index)] = {
            static_cast<float>(mirrored ? kWidth - 1 - at.x : at.x), static_cast<float>(at.y), 0};
      };
      put(mesh::kRightEyeOuter, mesh::kLeftEyeOuter, right - cv::Point(24, 0));
      put(mesh::kRightEyeInner, mesh::kLeftEyeInner, right + cv::Point(24, 0));
      put(mesh::kLeftEyeInner, mesh::kRightEyeInner, left - cv::Point(24, 0));
      put(mesh::kLeftEyeOuter, mesh::kRightEyeOuter, left + cv::Point(24, 0));
      writer.Write(face);
      if (mirrored) cv::flip(picture, picture, 1);
      cv::imwrite(
          (pictures() / (std::string(f < 10 ? "0" : "") + std::to_string(f) + ".png")).string(),
          picture);
    }
    writer.Finish();
  }
  std::filesystem::path pictures() const { return folder_.path() / "pictures"; }
  std::filesystem::path track() const { return folder_.path() / "track"; }
  Recording recording() const { return {"r1", pictures(), ProbeMedia(pictures())}; }

 private:
  TemporaryFolder folder_;
};

class LearnedReaderTest : public testing::Test {
 protected:
  Observations Read(const DrawnRecording& drawn, const Json& options = Json::object()) {
    Registry<Observer> observers("observer");
    RegisterClinicalObservers(&observers);
    Problems problems;
    const Json complete = observers.Complete("learned", options, "", &problems);
    problems.ThrowIfAny("options");
    return observers.Make({"learned", "learned", complete}, {&library_})
        ->Observe(drawn.recording(), drawn.track());
  }

  TemporaryFolder folder_;
  NetworkLibrary library_ = ImportReader(folder_.path());
};

TEST(LearnedReader, IsAReaderWithNetworksThatNoMaskUses) {
  Registry<Observer> observers("observer");
  RegisterClinicalObservers(&observers);
  EXPECT_TRUE(IsReader("learned"));
  EXPECT_THAT(observers.Info("learned").networks,
              testing::UnorderedElementsAre("reader_frame", "reader_time"));
}

TEST_F(LearnedReaderTest, ReadsTheMirrorImageWithRightAndLeftExchanged) {
  const Observations seen = Read(DrawnRecording(false, kFrames)),
                     mirrored = Read(DrawnRecording(true, kFrames));
  EXPECT_EQ(seen.frames, kFrames);
  EXPECT_EQ(seen.frames_with_face, kFrames);
  const Diagnosis a = ToDiagnosis(seen.readings), b = ToDiagnosis(mirrored.readings);
  double apart = 0;
  for (const Side side : kSides) {
    const Side other = side == Side::kRight ? Side::kLeft : Side::kRight;
    for (const EyeCondition condition : kEyeConditions) {
      EXPECT_NE(a.At(side, condition).presence, Presence::kUnknown);
      EXPECT_NEAR(a.At(side, condition).confidence, b.At(other, condition).confidence, 2e-3);
      apart += std::abs(a.At(side, condition).confidence - a.At(other, condition).confidence);
    }
  }
  EXPECT_GT(apart, 1e-4);  // The eyes are not alike, or the exchange would prove nothing.
}

TEST_F(LearnedReaderTest, ReadsTheSameTwice) {
  const DrawnRecording drawn(false, kFrames);
  const Observations first = Read(drawn), second = Read(drawn);
  ASSERT_EQ(first.readings.size(), second.readings.size());
  for (size_t k = 0; k < first.readings.size(); ++k) {
    EXPECT_EQ(first.readings[k].label, second.readings[k].label);
    if (!std::isnan(first.readings[k].score)) {
      EXPECT_EQ(first.readings[k].score, second.readings[k].score);
    }
  }
}

TEST_F(LearnedReaderTest, WithoutAFaceEverythingIsUnknown) {
  const Observations seen = Read(DrawnRecording(false, 10));
  EXPECT_EQ(seen.frames_with_face, 10);
  const Diagnosis diagnosis = ToDiagnosis(seen.readings);
  for (const Side side : kSides)
    for (const EyeCondition condition : kEyeConditions) {
      EXPECT_EQ(diagnosis.At(side, condition).presence, Presence::kUnknown);
      EXPECT_TRUE(std::isnan(diagnosis.At(side, condition).confidence));
    }
}

TEST_F(LearnedReaderTest, ThresholdDecidesPresenceAlone) {
  const DrawnRecording drawn(false, kFrames);
  const Diagnosis eager = ToDiagnosis(Read(drawn, {{"threshold", 0.01}}).readings),
                  wary = ToDiagnosis(Read(drawn, {{"threshold", 0.99}}).readings);
  for (const Side side : kSides)
    for (const EyeCondition condition : kEyeConditions) {
      const Finding &a = eager.At(side, condition), &b = wary.At(side, condition);
      EXPECT_EQ(a.confidence, b.confidence);
      EXPECT_EQ(a.presence == Presence::kPresent, a.confidence >= 0.01);
      EXPECT_EQ(b.presence == Presence::kPresent, b.confidence >= 0.99);
    }
}

TEST_F(LearnedReaderTest, ATrackOfAnotherRecordingIsRefused) {
  const DrawnRecording drawn(false, kFrames), other(false, kFrames);
  FaceTrackWriter writer(other.track(), {kWidth, kHeight, {25, 1}, 3, 0, false, ""});
  for (int f = 0; f < 3; ++f) {
    FaceObservation face;
    face.frame = f;
    writer.Write(face);
  }
  writer.Finish();
  EXPECT_THROW(Read(other), DataError);
}

std::array<std::array<float, kReaderTimeValues>, 2> Said() { return {}; }

TEST(LearnedVerdict, NamesGradesAndKindsOfWhatIsPresentAlone) {
  auto said = Said();
  for (auto& eye : said)
    for (int c = 0; c < kReaderConditions; ++c) eye[static_cast<size_t>(kReaderPresence + c)] = -3;
  auto& right = said[static_cast<size_t>(Side::kRight)];
  auto& left = said[static_cast<size_t>(Side::kLeft)];
  right[kReaderPresence + 1] = 2;
  right[kReaderPtosisGrade] = 1;
  right[kReaderPtosisGrade + 1] = -1;
  left[kReaderStrabismusKind + 1] = 5;
  right[kReaderPresence + 3] = left[kReaderPresence + 3] = 1;
  right[kReaderNystagmusKind + 2] = left[kReaderNystagmusKind + 3] = 4;  // To nose and to temple.
  const Diagnosis diagnosis = LearnedVerdict(said, 4, 60, {});
  const Finding& ptosis = diagnosis.At(Side::kRight, EyeCondition::kPtosis);
  EXPECT_EQ(ptosis.presence, Presence::kPresent);
  EXPECT_EQ(ptosis.grade, "moderate");
  EXPECT_NEAR(ptosis.confidence, 1 / (1 + std::exp(-2.0)), 1e-6);
  const Finding& strabismus = diagnosis.At(Side::kLeft, EyeCondition::kStrabismus);
  EXPECT_EQ(strabismus.presence, Presence::kAbsent);
  EXPECT_EQ(strabismus.kind, "");
  EXPECT_EQ(diagnosis.At(Side::kRight, EyeCondition::kNystagmus).kind, "jerk_left");
  EXPECT_EQ(diagnosis.At(Side::kLeft, EyeCondition::kNystagmus).kind, "jerk_left");
}

TEST(LearnedVerdict, SlowCamerasSayNothingOfNystagmus) {
  const Diagnosis diagnosis = LearnedVerdict(Said(), 4, 15, {});
  EXPECT_EQ(diagnosis.At(Side::kLeft, EyeCondition::kNystagmus).presence, Presence::kUnknown);
  EXPECT_EQ(diagnosis.At(Side::kLeft, EyeCondition::kPtosis).presence, Presence::kPresent);
}

TEST(LearnedVerdict, EvidenceLooksAtFreeOpenStraightEyesAlone) {
  std::vector<ReaderStep> steps(6);
  for (size_t t = 0; t < steps.size(); ++t) {
    steps[t].seen = true;
    for (EyeNow& eye : steps[t].eyes) {
      eye.mrd1_mm = 3;
      eye.mrd2_mm = 5;
      eye.nasal_deg = eye.up_deg = 0;
    }
  }
  steps[0].eyes[0].mrd1_mm = steps[1].eyes[0].mrd1_mm = steps[2].eyes[0].mrd1_mm =
      steps[3].eyes[0].mrd1_mm = 9;
  steps[0].eyes[0].covered = steps[1].eyes[0].shut = 1;
  steps[2].eyes[0].up_deg = -25;
  steps[3].seen = false;
  const auto evidence = LearnedEvidence(steps, 30);
  ASSERT_EQ(evidence.size(), 5u);
  EXPECT_EQ(evidence[0].value, 3);
  EXPECT_NEAR(evidence[4].value, 5 / 30.0, 1e-9);
}

}  // namespace
}  // namespace maskbench
