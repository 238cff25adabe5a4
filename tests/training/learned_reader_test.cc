#include <cmath>
#include <set>

#include <gmock/gmock.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/core/rng.h"
#include "maskbench/nn/half_weights.h"
#include "maskbench/perception/reader_crop.h"

#include "experiments/training/learned_reader/frame_trainer.h"
#include "experiments/training/learned_reader/picture_changes.h"
#include "experiments/training/learned_reader/reader_evaluation.h"
#include "experiments/training/learned_reader/reader_recipe.h"
#include "experiments/training/learned_reader/reading_patients.h"
#include "experiments/training/learned_reader/reading_shard.h"
#include "experiments/training/learned_reader/time_trainer.h"

namespace maskbench::training {
namespace {

/// Noise with a face and some truth; enough to run training on.
ReadingShard NoiseShard(int number, int frames) {
  NamedRandom random(static_cast<std::uint64_t>(number), "test", "shard");
  ReadingShard shard;
  const Json none = {{"thyroid_orbitopathy", "none"},
                     {"ptosis", "none"},
                     {"strabismus", "none"},
                     {"nystagmus", "none"}};
  Json right = none;
  right["ptosis"] = number % 2 == 0 ? "moderate" : "none";
  shard.about = {
      {"width_px", 640},
      {"plan", {{"seed", 1}, {"subject", std::to_string(number)}, {"sex", 1}, {"ancestry", 0}}},
      {"patient",
       {{"condition", number % 2 == 0 ? "ptosis" : "healthy"},
        {"borderline", false},
        {"right", {{"labels", right}}},
        {"left", {{"labels", none}}}}}};
  for (int f = 0; f < frames; ++f) {
    ReadingShard::Frame frame;
    frame.number = f;
    frame.seen = 1;
    frame.step = f * 3 / frames;
    for (EyeNow& eye : frame.eyes) {
      eye.mrd1_mm = number % 2 == 0 ? 1.0F : 4.0F;
      eye.mrd2_mm = 5;
      eye.nasal_deg = eye.up_deg = static_cast<float>(f);
    }
    shard.frames.push_back(frame);
    for (size_t k = 0; k < ReadingShard::kFrameBytes; ++k)
      shard.crops.push_back(static_cast<std::uint8_t>(random.NextBits() & 255U));
  }
  return shard;
}

TEST(ReadingShard, ComesBackAsItWasWritten) {
  const TemporaryFolder folder;
  const ReadingShard shard = NoiseShard(2, 3);
  WriteReadingShard(shard, folder.path() / "a.shard");
  const ReadingShard back = ReadReadingShard(folder.path() / "a.shard");
  EXPECT_EQ(back.about, shard.about);
  EXPECT_EQ(back.crops, shard.crops);
  ASSERT_EQ(back.frames.size(), 3u);
  EXPECT_EQ(back.frames[2].eyes[1].up_deg, 2);
  EXPECT_EQ(back.FacePatch(1).at<std::uint8_t>(0, 0),
            shard.crops[ReadingShard::kFrameBytes + 2 * ReadingShard::kEyeBytes]);
}

TEST(ReadingShard, MalformedFilesAreRefusedByName) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "b.shard";
  WriteReadingShard(NoiseShard(2, 3), file);
  const std::string good = ReadFile(file);
  const auto message = [&](const std::string& content) {
    WriteFileAtomically(file, content);
    try {
      ReadReadingShard(file);
    } catch (const DataError& error) {
      return std::string(error.what());
    }
    return std::string("nothing was thrown");
  };
  EXPECT_THAT(message("noise"), testing::HasSubstr("b.shard is no shard of readings"));
  EXPECT_THAT(message(good.substr(0, good.size() - 1)), testing::HasSubstr("not as long as"));
  std::string damaged = good;
  damaged.back() = static_cast<char>(damaged.back() ^ 1);
  EXPECT_THAT(message(damaged), testing::HasSubstr("is damaged"));
  ReadingShard odd = NoiseShard(2, 3);
  odd.crops.pop_back();
  EXPECT_THROW(WriteReadingShard(odd, file), DataError);
}

TEST(ReadingPatients, NoTwoUsesShareASeedAndConditionsTakeTurns) {
  std::set<std::uint64_t> seeds;
  for (const std::uint64_t seed : {1, 2})
    for (const ReadingUse use :
         {ReadingUse::kFrames, ReadingUse::kRecordings, ReadingUse::kValidation, ReadingUse::kTest,
          ReadingUse::kExaminations}) {
      EXPECT_GE(SeedOf(use, seed), 5000u);
      seeds.insert(SeedOf(use, seed));
    }
  EXPECT_EQ(seeds.size(), 10u);
  const auto a = PlanOf(ReadingUse::kTest, 1, 3), b = PlanOf(ReadingUse::kTest, 1, 8);
  EXPECT_EQ(a.condition, b.condition);
  EXPECT_NE(a.subject_id, b.subject_id);
  EXPECT_EQ(FramesOf(ReadingUse::kTest, a).size(), 240u);
  EXPECT_EQ(FramesOf(ReadingUse::kFrames, PlanOf(ReadingUse::kFrames, 1, 3)).size(), 36u);
}

TEST(ReadingPatients, OfWhoseTimeIsReadHaveSecondConditions) {
  using virtual_clinic::Condition;
  int second = 0;
  for (int index = 0; index < 100; ++index) {
    const auto plan = PlanOf(ReadingUse::kExaminations, 1, index, 0.6);
    EXPECT_NE(plan.second,
              plan.condition == Condition::kHealthy ? Condition::kPtosis : plan.condition);
    if (plan.condition == Condition::kHealthy) {
      EXPECT_EQ(plan.second, Condition::kHealthy);
    }
    second += plan.second == Condition::kHealthy ? 0 : 1;
    EXPECT_EQ(PlanOf(ReadingUse::kFrames, 1, index, 0.6).second, Condition::kHealthy);
    EXPECT_EQ(PlanOf(ReadingUse::kExaminations, 1, index).second, Condition::kHealthy);
  }
  EXPECT_GT(second, 30);
  EXPECT_LT(second, 65);
}

TEST(PictureChange, WithoutAnyTheReadersCropIsCut) {
  const ReadingShard shard = NoiseShard(4, 1);
  cv::Mat flat = shard.EyePatch(0, 0).clone();
  for (int y = 0; y < flat.rows; ++y)
    for (int x = 0; x < flat.cols; ++x) flat.at<std::uint8_t>(y, x) = static_cast<std::uint8_t>(x);
  NamedRandom random(1, "test", "changes");
  const cv::Mat cut = ChangePicture(flat, false, PictureChange(), &random);
  ASSERT_EQ(cut.size(), cv::Size(kReaderCropWidth, kReaderCropHeight));
  // The middle stays the middle, and a crop's pixel is 96 / 72 of the patch's.
  const double middle = (flat.cols - 1) / 2.0;
  EXPECT_NEAR(cut.at<std::uint8_t>(10, 35) + cut.at<std::uint8_t>(10, 36), 2 * middle, 1.1);
  EXPECT_NEAR(cut.at<std::uint8_t>(10, 66) - cut.at<std::uint8_t>(10, 6), 80, 1);
  const cv::Mat mirrored = ChangePicture(flat, true, PictureChange(), &random);
  EXPECT_NEAR(mirrored.at<std::uint8_t>(10, 6) - mirrored.at<std::uint8_t>(10, 66), 80, 1);
}

TEST(ReadingLabels, NameKindsAsTheEyeHasThem) {
  Json labels = {{"thyroid_orbitopathy", "moderate_severe"},
                 {"ptosis", "none"},
                 {"strabismus", "hypotropia"},
                 {"nystagmus", "jerk_left"}};
  const EyeLabels right = LabelsOf(labels, Side::kRight), left = LabelsOf(labels, Side::kLeft);
  EXPECT_THAT(right.present, testing::ElementsAre(true, false, true, true));
  EXPECT_EQ(right.orbitopathy_grade, 1);
  EXPECT_EQ(right.ptosis_grade, -1);
  EXPECT_EQ(right.strabismus_kind, 3);
  EXPECT_EQ(right.nystagmus_kind, 2);  // To the nose of a right eye,
  EXPECT_EQ(left.nystagmus_kind, 3);   // to the temple of a left one.
  labels["nystagmus"] = "rotary";
  EXPECT_THROW(LabelsOf(labels, Side::kRight), DataError);
}

TEST(BorrowErrors, AddsWhatTheDonorWasOffByInTheSameStep) {
  ReaderCase donor = CaseOf(NoiseShard(2, 9)), examination = CaseOf(NoiseShard(3, 30));
  std::vector<ReaderStep> reading = donor.truth;
  for (size_t t = 0; t < reading.size(); ++t)
    reading[t].eyes[0].mrd1_mm += donor.exam_steps[t] == 1 ? 0.5F : 0.0F;
  NamedRandom random(1, "test", "donor");
  const auto borrowed = BorrowErrors(examination, donor, reading, &random);
  ASSERT_EQ(borrowed.size(), examination.truth.size());
  for (size_t t = 0; t < borrowed.size(); ++t) {
    const float error = borrowed[t].eyes[0].mrd1_mm - examination.truth[t].eyes[0].mrd1_mm;
    if (examination.exam_steps[t] == 1) {
      EXPECT_GT(error, 0.2F);
    } else {
      EXPECT_NEAR(error, 0, 1e-6);
    }
    EXPECT_NEAR(borrowed[t].eyes[1].mrd1_mm, examination.truth[t].eyes[1].mrd1_mm, 1e-6);
  }
}

TEST(ReaderAccuracy, CountsEyesByHand) {
  std::vector<ReaderCase> cases;
  for (int k = 0; k < 12; ++k) cases.push_back(CaseOf(NoiseShard(k, 1)));
  std::vector<ReaderAnswer> answers;
  for (size_t k = 0; k < cases.size(); ++k) {
    ReaderAnswer answer{&cases[k], {}};
    for (auto& eye : answer.said)
      for (int c = 0; c < kReaderConditions; ++c)
        eye[static_cast<size_t>(kReaderPresence + c)] = -1;
    // Right eyes of even patients have ptosis; all of them but one are called so, and one other.
    answer.said[0][kReaderPresence + 1] = k % 2 == 0 && k != 4 ? 2.0F : -2.0F;
    if (k == 1) answer.said[1][kReaderPresence + 1] = 0.5F;
    answers.push_back(answer);
  }
  const Json ptosis = ReaderAccuracy(answers).at("ptosis");
  EXPECT_EQ(ptosis.at("eyes"), 24);
  EXPECT_EQ(ptosis.at("eyes_with"), 6);
  EXPECT_NEAR(ptosis.at("sensitivity").at("value"), 5 / 6.0, 1e-9);
  EXPECT_NEAR(ptosis.at("specificity").at("value"), 17 / 18.0, 1e-9);
  // Five of the six are above all others; the sixth, at −2, is level with the six right eyes of odd
  // patients and below the twelve left eyes.
  EXPECT_NEAR(ptosis.at("auc").at("value"), (5 * 18 + 0.5 * 6) / (6 * 18.0), 1e-9);
  EXPECT_TRUE(ReaderAccuracy(answers).at("nystagmus").at("auc").at("value").is_null());
  EXPECT_EQ(GradeAccuracy(answers).at("ptosis_grade").at("of"), 5);
}

TEST(ReaderRecipe, RefusesWhatItDoesNotKnow) {
  EXPECT_THROW(ReaderRecipeOptions::Parse({{"people", 3}}), UsageError);
  EXPECT_THROW(ReaderRecipeOptions::Parse({{"frame_steps", 1}}), UsageError);
  EXPECT_EQ(ReaderRecipeOptions::Parse({{"frame_steps", 100}}).CommandText(),
            " --set frame_steps=100");
}

// The same seed gives the same bytes, another seed others, and training goes on from a checkpoint
// to the same end.
TEST(ReaderTraining, OfBothNetworksDependsOnTheSeedAlone) {
  const TemporaryFolder folder;
  std::vector<std::filesystem::path> files;
  std::vector<ReaderCase> cases;
  for (int k = 0; k < 4; ++k) {
    files.push_back(folder.path() / (std::to_string(k) + ".shard"));
    const ReadingShard shard = NoiseShard(k, 10);
    WriteReadingShard(shard, files.back());
    cases.push_back(CaseOf(shard));
    cases.back().readings = {cases.back().truth};
  }
  const auto nothing = [](int, int, const std::string&) {};
  const auto frames = [&](std::uint64_t seed, const std::string& checkpoint) {
    FrameTrainingOptions options;
    options.seed = seed;
    options.steps = 4;
    options.batch = 8;
    options.validate_every = 2;
    return PackHalfWeights(
        TrainFrameNetwork(files, files, options, folder.path() / checkpoint, nothing).graph, {});
  };
  const auto times = [&](std::uint64_t seed, const std::string& checkpoint) {
    TimeTrainingOptions options;
    options.seed = seed;
    options.steps = 4;
    options.batch = 4;
    options.validate_every = 2;
    return PackHalfWeights(
        TrainTimeNetwork(cases, cases, cases, options, folder.path() / checkpoint, nothing).graph,
        {});
  };
  EXPECT_EQ(frames(1, "a.pt"), frames(1, "b.pt"));
  EXPECT_NE(frames(1, "a.pt"), frames(2, "c.pt"));
  EXPECT_EQ(frames(1, "a.pt"), frames(1, "a.pt"));
  EXPECT_EQ(times(1, "d.pt"), times(1, "e.pt"));
  EXPECT_NE(times(1, "d.pt"), times(2, "f.pt"));
}

}  // namespace
}  // namespace maskbench::training
