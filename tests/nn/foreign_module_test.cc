// Modules that ImportNetwork did not write, as given to replace a built-in network.

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <torch/script.h>

#include "maskbench/core/files.h"
#include "maskbench/nn/network.h"

#include "expect_error.h"

namespace maskbench {
namespace {

// A convolution with the weight 2 and `rest`, which says what forward makes of its result y.
class ForeignModuleTest : public testing::Test {
 protected:
  std::unique_ptr<Network> Load(const std::string& rest) {
    torch::jit::Module module("foreign");
    module.register_parameter("weight", torch::full({1, 1, 1, 1}, 2.0f), false);
    module.define("def forward(self, x):\n    y = torch.conv2d(x, self.weight)\n    " + rest +
                  "\n");
    const std::filesystem::path file = folder_.path() / "foreign.pt";
    module.save(file.string());
    return Network::Load(file, contract_, 1);
  }

  std::vector<Tensor> Run(const std::string& rest) {
    const std::unique_ptr<Network> network = Load(rest);
    std::vector<Tensor> outputs;
    const std::vector<float> input = {1, -2};
    network->Run(input.data(), &outputs);
    return outputs;
  }

  TemporaryFolder folder_;
  NetworkContract contract_{"foreign", 1, 1, 2, {{"y", {1, 1, 2}}}};
};

TEST_F(ForeignModuleTest, MayReturnOneTensor) {
  EXPECT_EQ(Run("return y")[0].values, (std::vector<float>{2, -4}));
}

TEST_F(ForeignModuleTest, MayReturnATuple) {
  contract_.outputs.push_back({"positive", {1, 1, 2}});
  EXPECT_EQ(Run("return (y, torch.relu(y))")[1].values, (std::vector<float>{2, 0}));
}

TEST_F(ForeignModuleTest, MayReturnAList) {
  EXPECT_EQ(Run("return [torch.relu(y)]")[0].values, (std::vector<float>{2, 0}));
}

TEST_F(ForeignModuleTest, ResultOfAnotherKindIsRefused) {
  ExpectDataError([this] { Load("return 1"); }, {"foreign.pt", "cannot be run as network foreign"});
}

TEST_F(ForeignModuleTest, OutputsMustBeFloat32) {
  ExpectDataError([this] { Load("return y.double()"); }, {"'y'", "float32", "Double"});
}

TEST_F(ForeignModuleTest, AnAxisMayHaveAnyLength) {
  contract_.outputs[0].shape_per_item = {1, 1, NetworkContract::kAnyLength};
  EXPECT_EQ(Run("return y")[0].shape, (std::vector<int64_t>{1, 1, 1, 2}));
  EXPECT_EQ(Run("return y[:, :, :, :1]")[0].values, (std::vector<float>{2}));
  ExpectDataError([this] { Load("return y[0]"); }, {"'y'", "[1, 1, 1, any]", "[1, 1, 2]"});
}

TEST_F(ForeignModuleTest, FurtherOutputsHaveToBeAllowed) {
  ExpectDataError([this] { Load("return (y, y)"); }, {"gives 2 outputs", "has 1"});
  contract_.more_outputs = true;
  EXPECT_EQ(Run("return (y, torch.sum(y).long())").front().values, (std::vector<float>{2, -4}));
  contract_.outputs.push_back({"z", {1}});
  ExpectDataError([this] { Load("return y"); }, {"gives 1 outputs", "has 2"});
}

TEST_F(ForeignModuleTest, ThrowingModuleIsReportedByItsReason) {
  ExpectDataError([this] { Load("return torch.reshape(y, [7])"); },
                  {"foreign.pt", "shape '[7]' is invalid"});
}

}  // namespace
}  // namespace maskbench
