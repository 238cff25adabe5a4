#include "experiments/training/eye_network/trainable_graph.h"

#include <cmath>

#include <gtest/gtest.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/core/rng.h"
#include "maskbench/nn/eye_network.h"
#include "maskbench/nn/half_weights.h"
#include "maskbench/nn/import.h"
#include "maskbench/nn/network.h"

namespace maskbench::training {
namespace {

std::vector<float> RandomInput(std::uint64_t seed) {
  NamedRandom random(seed, "test", "input");
  std::vector<float> input(static_cast<size_t>(EyeNetworkContract().InputElementsPerItem()));
  for (float& value : input) value = static_cast<float>(random.Normal());
  return input;
}

/// A graph whose normalisations have statistics that matter.
TrainableGraph Unsettled() {
  torch::manual_seed(3);
  TrainableGraph graph(BuildEyeNetwork(7));
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

// What was trained is what is run: torch's operators with normalisations on one side, folded and
// packed convolutions on the other.
TEST(TrainableGraph, TheEmittedModuleComputesWhatTrainingEvaluates) {
  const TrainableGraph graph = Unsettled();
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

TEST(TrainableGraph, EveryParameterLearns) {
  const TrainableGraph graph = Unsettled();
  TrainableGraph::Statistics own;
  for (const torch::Tensor& tensor : graph.statistics()) own.push_back(tensor.clone());
  const std::vector<torch::Tensor> outputs = graph.Forward(torch::randn({3, 3, 64, 96}), &own);
  const auto gradients = torch::autograd::grad(
      {outputs[0].square().mean() + outputs[1].square().mean()}, graph.parameters());
  ASSERT_EQ(gradients.size(), graph.parameters().size());
  for (const torch::Tensor& gradient : gradients) EXPECT_GT(gradient.abs().sum().item<double>(), 0);
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
