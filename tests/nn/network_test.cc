#include "maskbench/nn/network.h"

#include <filesystem>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "maskbench/core/files.h"

#include "assets.h"
#include "expect_error.h"
#include "tiny_package.h"

namespace maskbench {
namespace {

// y = 2·x and y₂ = max(y, 0) over a 1×2 image.
class NetworkTest : public testing::Test {
 protected:
  NetworkTest() : package_(1, 2, 1) {
    package_.AddFloats("w", {1, 1, 1, 1}, {2});
    package_.AddNode("Conv2D", "y", {"x", "w"}, TinyPackage::Window(1, TinyPackage::kValid));
    package_.AddNode("Relu", "y2", {"y"});
    package_.AddOutput("y", {2});
    package_.AddOutput("y2", {2});
    package_.Write();
    file_ = package_.Import().module_file;
    contract_ = package_.spec().contract;
  }

  void ExpectLoadError(const std::vector<std::string>& parts) {
    ExpectDataError([this] { Network::Load(file_, contract_, 1); }, parts);
  }

  TinyPackage package_;
  std::filesystem::path file_;
  NetworkContract contract_;
};

TEST_F(NetworkTest, RunsABatchAndReusesTheOutputs) {
  const std::unique_ptr<Network> network = Network::Load(file_, contract_, 2);
  EXPECT_EQ(network->batch(), 2);
  EXPECT_EQ(network->contract().name, "tiny");
  std::vector<Tensor> outputs;
  const std::vector<float> first = {1, -2, 3, -4};
  network->Run(first.data(), &outputs);
  ASSERT_EQ(outputs.size(), 2u);
  EXPECT_EQ(outputs[0].shape, (std::vector<int64_t>{2, 2}));
  EXPECT_EQ(outputs[0].values, (std::vector<float>{2, -4, 6, -8}));
  EXPECT_EQ(outputs[1].values, (std::vector<float>{2, 0, 6, 0}));
  const float* const storage = outputs[0].values.data();
  const std::vector<float> second = {0, 0, 0, 5};
  network->Run(second.data(), &outputs);
  EXPECT_EQ(outputs[0].values, (std::vector<float>{0, 0, 0, 10}));
  EXPECT_EQ(outputs[0].values.data(), storage);
}

TEST_F(NetworkTest, MissingFile) {
  file_ = "no/such/module.pt";
  ExpectLoadError({"no/such/module.pt", "tiny", "does not exist"});
}

TEST_F(NetworkTest, FileThatIsNoModule) {
  WriteFileAtomically(file_, "not an archive");
  ExpectLoadError({file_.string(), "not a module"});
}

TEST_F(NetworkTest, FewerOutputsThanTheContract) {
  contract_.outputs.push_back({"third", {1}});
  ExpectLoadError({file_.string(), "gives 2 outputs", "tiny has 3"});
}

TEST_F(NetworkTest, OutputOfAnotherShape) {
  contract_.outputs[1].shape_per_item = {1, 2};
  ExpectLoadError({file_.string(), "'y2'", "[1, 1, 2]", "has [1, 2]"});
}

TEST_F(NetworkTest, BatchMustBePositive) {
  EXPECT_THROW(Network::Load(file_, contract_, 0), Error);
}

TEST(ImportedNetworks, RefuseTheContractOfAnother) {
  const std::filesystem::path iris = ModelsFolder() / "iris.pt";
  ASSERT_NO_THROW(LoadImported(BuiltInNetwork("iris").contract));
  ExpectDataError([&] { Network::Load(iris, BuiltInNetwork("facemesh").contract, 1); },
                  {"iris.pt", "facemesh"});
}

TEST(BuiltInNetworks, AreFoundByName) {
  EXPECT_EQ(BuiltInNetworks().size(), 11u);
  EXPECT_EQ(BuiltInNetwork("iris").contract.width, 64);
  EXPECT_EQ(BuiltInNetwork("facemesh").contract.OutputIndex("presence"), 1u);
  EXPECT_THROW(BuiltInNetwork("nobody"), Error);
  EXPECT_THROW(BuiltInNetwork("iris").contract.OutputIndex("nothing"), Error);
}

TEST(BuiltInNetworks, NameOneSourceNodePerOutput) {
  for (const NetworkSpec& spec : BuiltInNetworks()) {
    if (spec.source.format == SourceFormat::kOwnWeights) continue;
    EXPECT_EQ(spec.contract.outputs.size(), spec.source.output_nodes.size()) << spec.contract.name;
    EXPECT_EQ(spec.source.files.size(), 2u) << spec.contract.name;
  }
}

TEST(Environment, NamesTorchAndItsBlas) {
  EXPECT_EQ(TorchVersion().substr(0, 2), "1.");
  EXPECT_NE(BlasBoundByTorch().find("openblas"), std::string::npos) << BlasBoundByTorch();
}

}  // namespace
}  // namespace maskbench
