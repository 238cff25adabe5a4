// Each supported operator on a hand-made graph, imported, run and compared with numbers worked out
// by hand from TensorFlow's definitions.

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "tiny_package.h"

namespace maskbench {
namespace {

using Floats = std::vector<float>;

// 1 … count.
Floats Ramp(int count) {
  Floats values;
  for (int i = 1; i <= count; ++i) values.push_back(static_cast<float>(i));
  return values;
}

TEST(Operators, SamePaddingPutsTheSurplusAtTheEnd) {
  TinyPackage package(4, 4, 1);
  package.AddFloats("w", {3, 3, 1, 1}, Floats(9, 1.0f));
  package.AddNode("Conv2D", "y", {"x", "w"}, TinyPackage::Window(2, TinyPackage::kSame));
  package.AddOutput("y", {2, 2});
  // Rows 0–2 and 2–4 by columns 0–2 and 2–4; row and column 4 are padding.
  EXPECT_EQ(package.Run(Ramp(16))[0].values, (Floats{54, 45, 72, 54}));
}

TEST(Operators, SamePaddingIsSymmetricWhenItCanBe) {
  TinyPackage package(3, 3, 1);
  package.AddFloats("w", {3, 3, 1, 1}, Floats(9, 1.0f));
  package.AddNode("Conv2D", "y", {"x", "w"}, TinyPackage::Window(1, TinyPackage::kSame));
  package.AddOutput("y", {3, 3});
  EXPECT_EQ(package.Run(Ramp(9))[0].values, (Floats{12, 21, 16, 27, 45, 33, 24, 39, 28}));
}

TEST(Operators, FilterAxesAreRowColumnInOut) {
  TinyPackage package(1, 2, 2);
  // w[0][column][in][out] = 1000·column + 10·in + out.
  package.AddFloats("w", {1, 2, 2, 2}, {0, 1, 10, 11, 1000, 1001, 1010, 1011});
  package.AddNode("Conv2D", "y", {"x", "w"}, TinyPackage::Window(1, TinyPackage::kValid));
  package.AddOutput("y", {2});
  // x[column][in] = {{1, 3}, {2, 4}} given as NCHW: out0 = 3·10 + 2·1000 + 4·1010.
  EXPECT_EQ(package.Run({1, 2, 3, 4})[0].values, (Floats{6070, 6080}));
}

TEST(Operators, DepthwiseWithMultiplierKeepsChannelsApart) {
  TinyPackage package(1, 1, 2);
  package.AddFloats("w", {1, 1, 2, 2}, {1, 10, 100, 1000});
  package.AddNode("DepthwiseConv2dNative", "y", {"x", "w"},
                  TinyPackage::Window(1, TinyPackage::kValid));
  package.AddOutput("y", {4});
  EXPECT_EQ(package.Run({3, 4})[0].values, (Floats{3, 30, 400, 4000}));
}

TEST(Operators, FusedBiasAndPrelu) {
  TinyPackage package(1, 1, 1);
  package.AddFloats("w", {1, 1, 1, 2}, {1, 1});
  package.AddFloats("b", {2}, {10, -10});
  package.AddFloats("a", {1, 1, 2}, {0.5, 0.25});
  package.AddNode(
      "_FusedConv2D", "y", {"x", "w", "b", "a"},
      TinyPackage::Window(1, TinyPackage::kValid, {TinyPackage::kBiasAdd, TinyPackage::kPrelu}));
  package.AddOutput("y", {2});
  EXPECT_EQ(package.Run({2})[0].values, (Floats{12, -2}));
}

TEST(Operators, ConstantArithmeticAfterAConvolution) {
  TinyPackage package(1, 1, 1);
  package.AddFloats("w", {1, 1, 1, 2}, {1, 2});
  package.AddFloats("scale", {2}, {10, 100});
  package.AddFloats("shift", {2}, {1, 2});
  package.AddFloats("nine", {}, {9});
  package.AddNode("Conv2D", "c", {"x", "w"}, TinyPackage::Window(1, TinyPackage::kValid));
  package.AddNode("Mul", "m", {"c", "scale"});
  package.AddNode("AddV2", "s", {"shift", "m"});
  package.AddNode("Sub", "y", {"nine", "s"});
  package.AddOutput("y", {2});
  EXPECT_EQ(package.Run({3})[0].values, (Floats{9 - 31, 9 - 602}));
}

TEST(Operators, ReluOfMinimumAndMaximumIsAClamp) {
  TinyPackage package(1, 4, 1);
  package.AddFloats("six", {}, {6});
  package.AddFloats("zero", {}, {0});
  package.AddNode("Relu", "r", {"x"});
  package.AddNode("Minimum", "m", {"r", "six"});
  package.AddNode("Maximum", "y", {"m", "zero"});
  package.AddOutput("y", {4});
  EXPECT_EQ(package.Run({-1, 2, 6, 9})[0].values, (Floats{0, 2, 6, 6}));
}

TEST(Operators, PreluSpelledWithMaximumAndMinimum) {
  TinyPackage package(1, 2, 2);
  package.AddFloats("zero", {}, {0});
  package.AddFloats("g", {2}, {0.5, 3});
  package.AddNode("Maximum", "p", {"zero", "x"});
  package.AddNode("Minimum", "n", {"zero", "x"});
  package.AddNode("Mul", "gn", {"g", "n"});
  package.AddNode("AddV2", "y", {"p", "gn"});
  package.AddOutput("y", {2, 2});
  EXPECT_EQ(package.Run({-2, 4, -1, 5})[0].values, (Floats{-1, -3, 4, 5}));
}

TEST(Operators, PreluSpelledWithMagnitude) {
  TinyPackage package(1, 2, 1);
  package.AddFloats("m", {1}, {0.125});
  package.AddNode("Relu", "p", {"x"});
  package.AddNode("Abs", "a", {"x"});
  package.AddNode("Sub", "n", {"x", "a"});
  package.AddNode("Mul", "mn", {"n", "m"});
  package.AddNode("AddV2", "y", {"p", "mn"});
  package.AddOutput("y", {2});
  EXPECT_EQ(package.Run({-4, 4})[0].values, (Floats{-1, 4}));
}

TEST(Operators, NormalisationBeforePaddingStaysBeforeIt) {
  TinyPackage package(1, 1, 1);
  package.AddFloats("mean", {1}, {128});
  package.AddFloats("w", {3, 3, 1, 1}, Floats(9, 1.0f));
  package.AddIntegers("pads", {4, 2}, {0, 0, 1, 1, 1, 1, 0, 0});
  package.AddNode("Sub", "s", {"x", "mean"});
  package.AddNode("Pad", "p", {"s", "pads"});
  package.AddNode("Conv2D", "y", {"p", "w"}, TinyPackage::Window(1, TinyPackage::kValid));
  package.AddOutput("y", {1});
  // The padding is zero after the subtraction; padding first would give 1 − 8·128.
  EXPECT_EQ(package.Run({129})[0].values, (Floats{1}));
}

TEST(Operators, AsymmetricPadBeforeConvolution) {
  TinyPackage package(2, 2, 1);
  package.AddFloats("w", {2, 2, 1, 1}, {1, 10, 100, 1000});
  package.AddIntegers("pads", {4, 2}, {0, 0, 0, 0, 1, 0, 0, 0});
  package.AddNode("Pad", "p", {"x", "pads"});
  package.AddNode("Conv2D", "y", {"p", "w"}, TinyPackage::Window(1, TinyPackage::kValid));
  package.AddOutput("y", {2});
  EXPECT_EQ(package.Run({1, 2, 3, 4})[0].values, (Floats{3010, 4321}));
}

TEST(Operators, ChannelPaddingAddsZeroChannels) {
  TinyPackage package(1, 2, 1);
  package.AddIntegers("pads", {4, 2}, {0, 0, 0, 0, 0, 0, 0, 2});
  package.AddNode("Pad", "y", {"x", "pads"});
  package.AddOutput("y", {2, 3});
  EXPECT_EQ(package.Run({7, 8})[0].values, (Floats{7, 0, 0, 8, 0, 0}));
}

TEST(Operators, MaxPoolPaddingNeverWins) {
  TinyPackage package(3, 3, 1);
  package.AddNode("MaxPool", "y", {"x"},
                  {{"ksize", {{"list", {{"i", {"1", "2", "2", "1"}}}}}},
                   {"strides", {{"list", {{"i", {"1", "2", "2", "1"}}}}}},
                   {"padding", {{"s", TinyPackage::kSame}}}});
  package.AddOutput("y", {2, 2});
  EXPECT_EQ(package.Run({-1, -2, -3, -4, -5, -6, -7, -8, -9})[0].values, (Floats{-1, -3, -7, -9}));
}

TEST(Operators, ReshapeKeepsChannelsTogether) {
  TinyPackage package(2, 2, 2);
  package.AddIntegers("shape", {3}, {1, 4, 2});
  package.AddNode("Reshape", "y", {"x", "shape"});
  package.AddOutput("y", {4, 2});
  EXPECT_EQ(package.Run({1, 2, 3, 4, 10, 20, 30, 40})[0].values,
            (Floats{1, 10, 2, 20, 3, 30, 4, 40}));
}

TEST(Operators, ReshapeToAnImageAndBack) {
  TinyPackage package(1, 2, 2);
  package.AddIntegers("flat", {2}, {-1, 4});
  package.AddIntegers("image", {4}, {-1, 2, 1, 2});
  package.AddFloats("w", {2, 1, 2, 1}, {1, 10, 100, 1000});
  package.AddNode("Reshape", "f", {"x", "flat"});
  package.AddNode("Reshape", "i", {"f", "image"});
  package.AddNode("Conv2D", "y", {"i", "w"}, TinyPackage::Window(1, TinyPackage::kValid));
  package.AddOutput("y", {1});
  // Pixels (1, 3) and (2, 4), now one below the other.
  EXPECT_EQ(package.Run({1, 2, 3, 4})[0].values, (Floats{1 + 30 + 200 + 4000}));
}

TEST(Operators, MeanMatMulAndBias) {
  TinyPackage package(1, 2, 2);
  package.AddIntegers("axes", {2}, {1, 2});
  package.AddFloats("w", {2, 3}, {1, 2, 3, 10, 20, 30});
  package.AddFloats("b", {3}, {100, 0, -1000});
  package.AddNode("Mean", "m", {"x", "axes"}, {{"keep_dims", {{"b", false}}}});
  package.AddNode(
      "_FusedMatMul", "y", {"m", "w", "b"},
      {{"fused_ops", {{"list", {{"s", {TinyPackage::kBiasAdd, TinyPackage::kRelu}}}}}}});
  package.AddOutput("m", {2});
  package.AddOutput("y", {3});
  const std::vector<Tensor> outputs = package.Run({1, 3, 4, 6});
  EXPECT_EQ(outputs[0].values, (Floats{2, 5}));
  EXPECT_EQ(outputs[1].values, (Floats{152, 104, 0}));
}

TEST(Operators, ConcatSqueezeSigmoidSoftmax) {
  TinyPackage package(1, 1, 1);
  package.AddIntegers("axis", {}, {3});
  package.AddNode("ConcatV2", "c", {"x", "x", "axis"});
  package.AddNode("Squeeze", "q", {"c"}, {{"squeeze_dims", {{"list", {{"i", {"1", "2"}}}}}}});
  package.AddNode("Softmax", "soft", {"q"});
  package.AddNode("Sigmoid", "sig", {"x"});
  package.AddNode("Identity", "again", {"q"});
  package.AddOutput("soft", {2});
  package.AddOutput("sig", {1});
  package.AddOutput("again", {2});
  const std::vector<Tensor> outputs = package.Run({0});
  EXPECT_EQ(outputs[0].values, (Floats{0.5, 0.5}));
  EXPECT_EQ(outputs[1].values, (Floats{0.5}));
  EXPECT_EQ(outputs[2].shape, (std::vector<int64_t>{1, 2}));
}

TEST(Operators, ElementwisePairsAndReductions) {
  TinyPackage package(1, 2, 1);
  package.AddFloats("two", {}, {2});
  package.AddIntegers("axes", {2}, {1, 2});
  package.AddNode("Square", "square", {"x"});
  package.AddNode("Mul", "twice", {"x", "two"});
  package.AddNode("Minimum", "low", {"square", "twice"});
  package.AddNode("Maximum", "high", {"square", "twice"});
  package.AddNode("Mul", "product", {"low", "high"});
  package.AddNode("Sum", "sum", {"product", "axes"});
  package.AddNode("Rsqrt", "y", {"sum"});
  package.AddOutput("low", {2});
  package.AddOutput("y", {1});
  const std::vector<Tensor> outputs = package.Run({1, 4});
  EXPECT_EQ(outputs[0].values, (Floats{1, 8}));
  EXPECT_NEAR(outputs[1].values[0], 1.0 / std::sqrt(130.0), 1e-7);  // 1·2 + 16·8.
}

TEST(Operators, HalfPrecisionWeights) {
  TinyPackage package(1, 1, 5);
  // 1.5, −2, the smallest subnormal, the largest subnormal, the largest finite.
  package.AddHalves("h", {0x3e00, 0xc000, 0x0001, 0x03ff, 0x7bff});
  package.AddNode("AddV2", "y", {"x", "h"});
  package.AddOutput("y", {5});
  EXPECT_EQ(package.Run(Floats(5, 0.0f))[0].values,
            (Floats{1.5f, -2.0f, 0x1p-24f, 1023 * 0x1p-24f, 65504.0f}));
}

TEST(Operators, ByteWeightsAreScaledAndShifted) {
  TinyPackage package(1, 1, 3);
  package.AddBytes("q", {0, 1, 255}, 0.25, -1.0);
  package.AddNode("AddV2", "y", {"x", "q"});
  package.AddOutput("y", {3});
  EXPECT_EQ(package.Run(Floats(3, 0.0f))[0].values, (Floats{-1.0f, -0.75f, 62.75f}));
}

// A value with two readers must not be overwritten by the first.
TEST(Operators, InPlaceOperationsSpareSharedValues) {
  TinyPackage package(1, 2, 1);
  package.AddFloats("w", {1, 1, 1, 1}, {1});
  package.AddNode("Conv2D", "c", {"x", "w"}, TinyPackage::Window(1, TinyPackage::kValid));
  package.AddNode("Relu", "r", {"c"});
  package.AddNode("AddV2", "twice", {"c", "c"});
  package.AddNode("AddV2", "y", {"r", "twice"});
  package.AddOutput("y", {2});
  package.AddOutput("c", {2});
  const std::vector<Tensor> outputs = package.Run({-1, 2});
  EXPECT_EQ(outputs[0].values, (Floats{-2, 6}));
  EXPECT_EQ(outputs[1].values, (Floats{-1, 2}));
}

}  // namespace
}  // namespace maskbench
