#include "experiments/training/eye_network/trainable_graph.h"

#include <array>
#include <cmath>
#include <variant>

#include <gtest/gtest.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/core/rng.h"
#include "maskbench/nn/eye_network.h"
#include "maskbench/nn/half_weights.h"
#include "maskbench/nn/import.h"
#include "maskbench/nn/network.h"
#include "maskbench/perception/eye_network.h"

namespace maskbench::training {
namespace {

std::vector<float> RandomInput(std::uint64_t seed) {
  NamedRandom random(seed, "test", "input");
  std::vector<float> input(static_cast<size_t>(EyeNetworkContract().InputElementsPerItem()));
  for (float& value : input) value = static_cast<float>(random.Normal());
  return input;
}

/// A graph whose normalisations have statistics that matter.
TrainableGraph Unsettled(EyeNetworkHead head = EyeNetworkHead::kMaps) {
  torch::manual_seed(3);
  TrainableGraph graph(BuildEyeNetwork(7, head));
  TrainableGraph::Statistics statistics;
  for (size_t k = 0; k < graph.statistics().size(); ++k) {
    const torch::Tensor random = torch::rand_like(graph.statistics()[k]);
    statistics.push_back(k % 2 == 0 ? 0.4 * random - 0.2 : 0.5 + random);
  }
  graph.SetStatistics(statistics);
  return graph;
}

std::vector<Tensor> RunModule(const LayerGraph& graph, const std::vector<float>& input) {
  const TemporaryFolder folder;
  const ImportReport report =
      WriteNetwork(graph, EyeNetworkContract(), Json::object(), folder.path());
  std::vector<Tensor> outputs;
  Network::Load(report.module_file, EyeNetworkContract(), 1)->Run(input.data(), &outputs);
  return outputs;
}

class BothHeads : public testing::TestWithParam<EyeNetworkHead> {};
INSTANTIATE_TEST_SUITE_P(TrainableGraph, BothHeads,
                         testing::Values(EyeNetworkHead::kMaps, EyeNetworkHead::kRegression));

// What was trained is what is run: torch's operators with normalisations on one side, folded and
// packed convolutions on the other. Loading checks names and shapes of the outputs.
TEST_P(BothHeads, TheEmittedModuleComputesWhatTrainingEvaluates) {
  const TrainableGraph graph = Unsettled(GetParam());
  const std::vector<float> input = RandomInput(1);
  const torch::NoGradGuard no_gradients;
  const torch::Tensor tensor =
      torch::from_blob(const_cast<float*>(input.data()), {1, 3, 64, 96}).clone();
  const std::vector<torch::Tensor> expected = graph.Forward(tensor, nullptr);
  const std::vector<Tensor> got = RunModule(graph.Graph(graph.parameters()), input);
  const torch::Tensor maps = expected[0].permute({0, 2, 3, 1}).contiguous();
  const double size = maps.abs().max().item<double>();
  ASSERT_EQ(got[0].NumElements(), maps.numel());
  for (int64_t i = 0; i < maps.numel(); ++i)
    ASSERT_NEAR(got[0].values[static_cast<size_t>(i)], maps.data_ptr<float>()[i], 2e-5 * size);
  for (int64_t i = 0; i < kEyeValues; ++i)
    ASSERT_NEAR(got[1].values[static_cast<size_t>(i)], expected[1].data_ptr<float>()[i], 1e-4);
  EXPECT_GT(size, 0.1);
}

TEST(TrainableGraph, ABatchNormalisationForgetsWhatTheGraphRemembers) {
  const TrainableGraph graph = Unsettled();
  const torch::Tensor input = torch::randn({4, 3, 64, 96});
  TrainableGraph::Statistics own;
  for (const torch::Tensor& tensor : graph.statistics()) own.push_back(tensor.clone());
  const torch::Tensor maps = graph.Forward(input, &own)[0];
  // Brighter crops of a batch are the same crops to a normalised first layer.
  TrainableGraph::Statistics again;
  for (const torch::Tensor& tensor : graph.statistics()) again.push_back(tensor.clone());
  const torch::Tensor scaled = graph.Forward(3 * input, &again)[0];
  EXPECT_LT((maps - scaled).abs().max().item<double>(), 2e-3 * maps.abs().max().item<double>());
  // The graph's own statistics stay, those of the thread have moved.
  EXPECT_FALSE(torch::equal(own[0], graph.statistics()[0]));
}

TEST_P(BothHeads, EveryParameterLearns) {
  const TrainableGraph graph = Unsettled(GetParam());
  TrainableGraph::Statistics own;
  for (const torch::Tensor& tensor : graph.statistics()) own.push_back(tensor.clone());
  const std::vector<torch::Tensor> outputs = graph.Forward(torch::randn({3, 3, 64, 96}), &own);
  const auto gradients = torch::autograd::grad(
      {outputs[0].square().mean() + outputs[1].square().mean()}, graph.parameters());
  ASSERT_EQ(gradients.size(), graph.parameters().size());
  for (const torch::Tensor& gradient : gradients) EXPECT_GT(gradient.abs().sum().item<double>(), 0);
}

// The observer reads from the maps of a regressing network just the places that it regressed.
TEST(RegressionHead, MapsLieWhereThePlacesAre) {
  const LayerGraph built = BuildEyeNetwork(7, EyeNetworkHead::kRegression);
  LayerGraph with_places = built;
  for (Layer& layer : with_places.layers) {
    if (!std::holds_alternative<ScoreMapsLayer>(layer.operation)) continue;
    with_places.outputs.push_back({"places", layer.inputs[0]});
    // Far apart, but inside the maps.
    auto& dense =
        std::get<DenseLayer>(with_places.layers[static_cast<size_t>(layer.inputs[0])].operation);
    NamedRandom random(4, "test", "places");
    const size_t heights = 2 * kEyeMapWidth + 5;
    for (size_t k = 0; k < dense.bias.size(); ++k) {
      const bool across = k >= 2 * kEyeMapWidth && k < heights;
      dense.bias[k] = static_cast<float>(4 + (across ? 39 : 23) * random.Uniform());
    }
    for (float& weight : dense.weight.values) weight *= 0.1F;
  }
  ASSERT_EQ(with_places.outputs.size(), 3u);
  const TrainableGraph graph(with_places);
  const torch::NoGradGuard no_gradients;
  const std::vector<torch::Tensor> outputs = graph.Forward(torch::randn({1, 3, 64, 96}), nullptr);
  const torch::Tensor maps = outputs[0].permute({0, 2, 3, 1}).contiguous();
  EyePlacement placement;  // Frame px are crop px.
  placement.centre_px = {(kEyeCropWidth - 1) / 2.0, (kEyeCropHeight - 1) / 2.0};
  placement.width_px = kEyeCropWidth;
  placement.side = Side::kLeft;
  const EyeEvidence eye =
      DecodeEye(maps.data_ptr<float>(), outputs[1].data_ptr<float>(), placement);
  const float* places = outputs[2].data_ptr<float>();
  const auto crop_px = [places](int index) { return 2 * places[index] + 0.5; };
  for (int column = 0; column < kEyeMapWidth; ++column) {
    EXPECT_NEAR(eye.upper[column].y, crop_px(column), 0.02);
    EXPECT_NEAR(eye.lower[column].y, crop_px(kEyeMapWidth + column), 0.02);
  }
  const std::array<cv::Point2d, 5> points = {eye.medial.at, eye.lateral.at, eye.iris.at,
                                             eye.pupil.at, eye.reflex.at};
  for (int k = 0; k < 5; ++k) {
    EXPECT_NEAR(points[static_cast<size_t>(k)].x, crop_px(2 * kEyeMapWidth + k), 0.02);
    EXPECT_NEAR(points[static_cast<size_t>(k)].y, crop_px(2 * kEyeMapWidth + 5 + k), 0.02);
  }
}

TEST(RegressionHead, IsAboutAsLargeAndOfTheSameContract) {
  const auto packed = [](EyeNetworkHead head) {
    return PackHalfWeights(BuildEyeNetwork(1, head), Json::object());
  };
  const std::string maps = packed(EyeNetworkHead::kMaps),
                    regression = packed(EyeNetworkHead::kRegression);
  EXPECT_LT(regression.size(), 1'000'000u);
  EXPECT_NEAR(static_cast<double>(regression.size()), static_cast<double>(maps.size()),
              0.02 * static_cast<double>(maps.size()));
  // Weights of one are refused by the other.
  EXPECT_THROW(UnpackHalfWeights(regression, BuildEyeNetwork(0), "weights"), DataError);
  const LayerGraph graph = BuildEyeNetwork(1, EyeNetworkHead::kRegression);
  ASSERT_EQ(graph.outputs.size(), EyeNetworkContract().outputs.size());
  for (size_t k = 0; k < graph.outputs.size(); ++k) {
    const NetworkContract::Output& expected = EyeNetworkContract().outputs[k];
    EXPECT_EQ(graph.outputs[k].name, expected.name);
    EXPECT_EQ(graph.layers[static_cast<size_t>(graph.outputs[k].layer)].shape,
              expected.shape_per_item);
  }
  EXPECT_THROW(EyeNetworkHeadOf("tree"), UsageError);
}

TEST(HalfWeights, RoundTripWithinThePrecisionOfSixteenBits) {
  const TrainableGraph graph = Unsettled();
  const LayerGraph trained = graph.Graph(graph.parameters());
  const std::string packed = PackHalfWeights(trained, {{"note", "a test"}});
  EXPECT_LT(packed.size(), 1'000'000u);  // Small enough to be committed.
  Json description;
  const LayerGraph back = UnpackHalfWeights(packed, BuildEyeNetwork(0), "weights", &description);
  EXPECT_EQ(description["note"], "a test");
  const std::vector<float> input = RandomInput(2);
  const std::vector<Tensor> before = RunModule(trained, input), after = RunModule(back, input);
  double size = 0, difference = 0;
  for (size_t i = 0; i < before[0].values.size(); ++i) {
    size = std::max<double>(size, std::abs(before[0].values[i]));
    difference = std::max<double>(difference, std::abs(before[0].values[i] - after[0].values[i]));
  }
  EXPECT_GT(difference, 0);
  EXPECT_LT(difference, 0.02 * size);
  // What has been rounded once is not rounded again.
  EXPECT_EQ(PackHalfWeights(back, {{"note", "a test"}}), packed);
}

TEST(HalfWeights, DamageIsNamed) {
  const std::string packed = PackHalfWeights(BuildEyeNetwork(1), Json::object());
  const auto reason = [](const std::string& bytes) -> std::string {
    try {
      UnpackHalfWeights(bytes, BuildEyeNetwork(0), "eye.weights");
    } catch (const DataError& error) {
      return error.what();
    }
    return "";
  };
  std::string flipped = packed;
  flipped[flipped.size() - 5] ^= 1;
  EXPECT_NE(reason(flipped).find("eye.weights is damaged"), std::string::npos);
  EXPECT_NE(reason(packed.substr(0, packed.size() - 2)).find("the network has"), std::string::npos);
  EXPECT_NE(reason("a\nb").find("holds no weights"), std::string::npos);
  EXPECT_EQ(reason(packed), "");
}

}  // namespace
}  // namespace maskbench::training
