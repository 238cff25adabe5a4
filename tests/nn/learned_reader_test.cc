#include "maskbench/nn/learned_reader.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/core/rng.h"
#include "maskbench/nn/half_weights.h"
#include "maskbench/nn/import.h"

#include "own_networks.h"

namespace maskbench {
namespace {

std::vector<ReaderStep> SomeSteps(int count) {
  NamedRandom random(3, "test", "steps");
  std::vector<ReaderStep> steps(static_cast<size_t>(count));
  for (ReaderStep& step : steps) {
    step.seen = random.Uniform() < 0.9;
    for (EyeNow& eye : step.eyes) {
      eye.mrd1_mm = static_cast<float>(4 + random.Normal());
      eye.mrd2_mm = static_cast<float>(5 + random.Normal());
      eye.nasal_deg = static_cast<float>(6 * random.Normal());
      eye.up_deg = static_cast<float>(6 * random.Normal());
      eye.covered = random.Uniform() < 0.1 ? 1.0F : 0.0F;
    }
  }
  return steps;
}

std::unique_ptr<Network> Committed(const NetworkContract& contract, int batch) {
  const TemporaryFolder folder;
  const ImportReport report =
      WriteNetwork(OwnNetwork(contract.name), contract, Json::object(), folder.path());
  return Network::Load(report.module_file, contract, batch);
}

TEST(ReaderWindows, CoverARecordingToItsEnd) {
  EXPECT_EQ(ReaderWindows(1), std::vector<int>({0}));
  EXPECT_EQ(ReaderWindows(kReaderSteps), std::vector<int>({0}));
  EXPECT_EQ(ReaderWindows(kReaderSteps + 1), std::vector<int>({0, 1}));
  EXPECT_EQ(ReaderWindows(kReaderSteps + 40), std::vector<int>({0, 32, 40}));
  EXPECT_EQ(ReaderWindows(360).back(), 360 - kReaderSteps);
}

TEST(ReaderWindow, ShowsOneEyeAsTheOtherOfTheMirrorImage) {
  const std::vector<ReaderStep> steps = SomeSteps(100);
  std::vector<ReaderStep> mirrored = steps;
  for (ReaderStep& step : mirrored) std::swap(step.eyes[0], step.eyes[1]);
  std::vector<float> a(size_t{kReaderChannels} * kReaderSteps), b(a.size()), c(a.size());
  FillReaderWindow(steps, 0, 0, a.data());
  FillReaderWindow(mirrored, 0, 1, b.data());
  FillReaderWindow(steps, 0, 1, c.data());
  EXPECT_EQ(a, b);
  EXPECT_NE(a, c);
}

TEST(ReaderWindow, IsEmptyWhereNoFaceWasFoundAndBeyondTheEnd) {
  std::vector<ReaderStep> steps = SomeSteps(20);
  steps[7].seen = false;
  steps[8].seen = true;
  std::vector<float> input(size_t{kReaderChannels} * kReaderSteps, 5.0F);
  FillReaderWindow(steps, 0, 0, input.data());
  const auto at = [&](int channel, int t) {
    return input[static_cast<size_t>(channel * kReaderSteps + t)];
  };
  for (int channel = 0; channel < kReaderChannels; ++channel) {
    EXPECT_EQ(at(channel, 7), 0);
    EXPECT_EQ(at(channel, 20), 0);
  }
  EXPECT_EQ(at(kReaderChannels - 1, 8), 1);
  EXPECT_FLOAT_EQ(at(0, 8), (steps[8].eyes[0].mrd1_mm - 3) / 2);
}

// Eyes that swing together by ±2° thrice a second: the rhythm's channels show it, whichever way the
// eyes deviate from each other.
TEST(ReaderWindow, KeepsRhythmsAndLeavesOutDeviations) {
  std::vector<ReaderStep> steps(120);
  for (size_t t = 0; t < steps.size(); ++t) {
    const double swing = 2 * std::sin(2 * M_PI * 3 * static_cast<double>(t) / kReaderHz);
    steps[t].seen = true;
    steps[t].eyes[0].nasal_deg = static_cast<float>(12 + swing);
    steps[t].eyes[1].nasal_deg = static_cast<float>(1 - swing);
    steps[t].eyes[0].up_deg = steps[t].eyes[1].up_deg = 4;
  }
  std::vector<float> input(size_t{kReaderChannels} * kReaderSteps);
  FillReaderWindow(steps, 0, 0, input.data());
  const float* across = input.data() + 14 * kReaderSteps;
  const float* upwards = input.data() + 15 * kReaderSteps;
  float most = 0;
  double sum = 0;
  for (int t = 20; t < 100; ++t) {
    most = std::max(most, across[t]);
    sum += across[t];
    EXPECT_NEAR(upwards[t], 0, 1e-5);
  }
  EXPECT_NEAR(most, 2 / 1.5, 0.35);
  EXPECT_NEAR(sum / 80, 0, 0.05);
}

TEST(PoolReaderWindows, WeighsEachConditionByItsOwnWeights) {
  std::vector<float> values(2 * kReaderTimeValues, 0.0F);
  values[kReaderPresence + 1] = 4;                                 // Ptosis in the first window,
  values[kReaderTimeValues + kReaderPresence + 1] = -2;            // none in the second,
  values[kReaderTimeValues + kReaderWeight + 1] = std::log(3.0F);  // which counts three times.
  values[kReaderPresence + 2] = 1;
  values[kReaderTimeValues + kReaderPresence + 2] = 2;
  values[kReaderPtosisGrade] = 8;
  const auto pooled = PoolReaderWindows(values.data(), 2);
  EXPECT_NEAR(pooled[kReaderPresence + 1], (4 - 3 * 2) / 4.0, 1e-5);
  EXPECT_NEAR(pooled[kReaderPresence + 2], 1.5, 1e-5);
  EXPECT_NEAR(pooled[kReaderPtosisGrade], 2, 1e-5);
  EXPECT_EQ(pooled[kReaderWeight + 1], 0);
}

TEST(LearnedReader, OutputsBelongToTheirConditions) {
  EXPECT_EQ(ReaderConditionOf(kReaderPresence + 3), 3);
  EXPECT_EQ(ReaderConditionOf(kReaderWeight + 2), 2);
  EXPECT_EQ(ReaderConditionOf(kReaderPtosisGrade + 1), 1);
  EXPECT_EQ(ReaderConditionOf(kReaderOrbitopathyGrade), 0);
  EXPECT_EQ(ReaderConditionOf(kReaderStrabismusKind + 3), 2);
  EXPECT_EQ(ReaderConditionOf(kReaderTimeValues - 1), 3);
}

TEST(LearnedReader, HasFewerThan350000Weights) {
  std::int64_t count = 0;
  for (const LayerGraph& graph : {OwnNetwork("reader_frame"), OwnNetwork("reader_time")})
    for (const Layer& layer : graph.layers) {
      if (const auto* convolution = std::get_if<ConvolutionLayer>(&layer.operation))
        count += static_cast<std::int64_t>(convolution->weight.values.size());
      if (const auto* dense = std::get_if<DenseLayer>(&layer.operation))
        count += static_cast<std::int64_t>(dense->weight.values.size());
    }
  EXPECT_GT(count, 100000);
  EXPECT_LT(count, 350000);
}

TEST(LearnedReader, DamagedWeightsAreRefused) {
  std::string packed(OwnWeights("reader_time"));
  packed[packed.size() - 3] = static_cast<char>(packed[packed.size() - 3] ^ 1);
  EXPECT_THROW(UnpackHalfWeights(packed, BuildReaderTime(0), "weights"), DataError);
  EXPECT_THROW(UnpackHalfWeights(std::string(OwnWeights("reader_frame")), BuildReaderTime(0), "w"),
               DataError);
}

// What the committed weights said of fixed inputs when they were made; another training, other
// numbers.
constexpr double kSaidMrd1 = -0.9508, kSaidNasal = -0.1113, kSaidTao = -1.4869, kSaidNyst = 2.8711;

TEST(LearnedReader, CommittedWeightsSayWhatTheySaid) {
  const std::unique_ptr<Network> frames = Committed(ReaderFrameContract(), 2);
  std::vector<float> input(static_cast<size_t>(2 * ReaderFrameContract().InputElementsPerItem()));
  NamedRandom random(1, "test", "input");
  for (float& value : input) value = static_cast<float>(random.Normal());
  std::vector<Tensor> outputs;
  frames->Run(input.data(), &outputs);
  EXPECT_NEAR(outputs[0].values[kReaderMrd1], kSaidMrd1, 2e-3);
  EXPECT_NEAR(outputs[0].values[kReaderFrameValues + kReaderNasal], kSaidNasal, 2e-3);
  const std::unique_ptr<Network> time = Committed(ReaderTimeContract(), 1);
  const auto said = ReadOverTime(SomeSteps(200), time.get());
  EXPECT_NEAR(said[0][kReaderPresence], kSaidTao, 2e-3);
  EXPECT_NEAR(said[1][kReaderPresence + 3], kSaidNyst, 2e-3);
}

}  // namespace
}  // namespace maskbench
