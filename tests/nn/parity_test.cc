// The imported networks against TensorFlow.js; see scripts/golden/README.md.

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "maskbench/core/json.h"
#include "maskbench/nn/contract.h"
#include "maskbench/nn/network.h"

#include "assets.h"
#include "hash_input.h"

namespace maskbench {
namespace {

constexpr double kRelativeTolerance = 1e-5;

std::filesystem::path GoldenFolder() {
  return std::filesystem::path(MASKBENCH_SOURCE_DIR) / "tests/nn/golden";
}

double Norm(const std::vector<float>& values) {
  double sum = 0.0;
  for (const float value : values) sum += double{value} * value;
  return std::sqrt(sum);
}

class ParityTest : public testing::TestWithParam<NetworkSpec> {};

TEST_P(ParityTest, AgreesWithTensorFlowJs) {
  const NetworkContract& contract = GetParam().contract;
  const Json golden = ReadJsonFile(GoldenFolder() / (contract.name + ".json"));
  const Json& range = golden.at("input");
  const std::vector<float> input = HashInput(contract, range.at("low"), range.at("high"));
  const std::unique_ptr<Network> network = LoadImported(contract);
  std::vector<Tensor> outputs;
  network->Run(input.data(), &outputs);

  ASSERT_EQ(golden.at("outputs").size(), outputs.size());
  for (size_t i = 0; i < outputs.size(); ++i) {
    const Json& expected = golden.at("outputs")[i];
    const std::vector<float>& actual = outputs[i].values;
    SCOPED_TRACE(contract.outputs[i].name);
    EXPECT_EQ(expected.at("name"), contract.outputs[i].name);
    ASSERT_EQ(expected.at("count").get<size_t>(), actual.size());

    double difference = 0.0;
    double magnitude = 0.0;
    for (size_t k = 0; k < expected.at("indices").size(); ++k) {
      const double golden_value = expected.at("values")[k];
      const double actual_value = actual[expected.at("indices")[k].get<size_t>()];
      difference += (actual_value - golden_value) * (actual_value - golden_value);
      magnitude += golden_value * golden_value;
    }
    const double samples_error = std::sqrt(difference / magnitude);
    const double golden_norm = expected.at("l2_norm");
    const double norm_error = std::abs(Norm(actual) - golden_norm) / golden_norm;
    EXPECT_LE(samples_error, kRelativeTolerance);
    EXPECT_LE(norm_error, kRelativeTolerance);
    RecordProperty(contract.outputs[i].name, fmt::format("{:.1e}", samples_error));
  }
}

// Another batch size may round differently, but an item must not depend on its neighbours.
TEST_P(ParityTest, BatchedItemsAgreeWithSingleOnes) {
  const NetworkContract& contract = GetParam().contract;
  const Json golden = ReadJsonFile(GoldenFolder() / (contract.name + ".json"));
  const Json& range = golden.at("input");
  const std::vector<float> item = HashInput(contract, range.at("low"), range.at("high"));
  std::vector<float> pair(item.rbegin(), item.rend());
  pair.insert(pair.end(), item.begin(), item.end());

  std::vector<Tensor> single;
  LoadImported(contract, 1)->Run(item.data(), &single);
  std::vector<Tensor> batched;
  LoadImported(contract, 2)->Run(pair.data(), &batched);

  for (size_t i = 0; i < single.size(); ++i) {
    SCOPED_TRACE(contract.outputs[i].name);
    const size_t count = single[i].values.size();
    ASSERT_EQ(batched[i].values.size(), 2 * count);
    EXPECT_EQ(batched[i].shape.front(), 2);
    double difference = 0.0;
    for (size_t k = 0; k < count; ++k) {
      difference += std::pow(double{batched[i].values[count + k]} - single[i].values[k], 2);
    }
    EXPECT_LE(std::sqrt(difference), kRelativeTolerance * Norm(single[i].values));
  }
}

TEST_P(ParityTest, RepeatsAreByteIdentical) {
  const NetworkContract& contract = GetParam().contract;
  const std::vector<float> input = HashInput(contract, 0.0, 1.0);
  const std::unique_ptr<Network> one = LoadImported(contract);
  const std::unique_ptr<Network> other = LoadImported(contract);
  std::vector<Tensor> first;
  std::vector<Tensor> second;
  std::vector<Tensor> elsewhere;
  one->Run(input.data(), &first);
  one->Run(input.data(), &second);
  other->Run(input.data(), &elsewhere);
  for (size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(first[i].values, second[i].values);
    EXPECT_EQ(first[i].values, elsewhere[i].values);
  }
}

/// Those that came from elsewhere.
std::vector<NetworkSpec> ForeignNetworks() {
  std::vector<NetworkSpec> networks = BuiltInNetworks();
  networks.erase(std::remove_if(networks.begin(), networks.end(),
                                [](const NetworkSpec& spec) {
                                  return spec.source.format == SourceFormat::kOwnWeights;
                                }),
                 networks.end());
  return networks;
}

INSTANTIATE_TEST_SUITE_P(BuiltIn, ParityTest, testing::ValuesIn(ForeignNetworks()),
                         [](const auto& spec) { return spec.param.contract.name; });

}  // namespace
}  // namespace maskbench
