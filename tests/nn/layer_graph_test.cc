// What the folds leave over; that they compute the same is checked in operators_test.cc.

#include "maskbench/nn/layer_graph.h"

#include <variant>
#include <vector>

#include <gtest/gtest.h>

namespace maskbench {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// A graph with an input of 4×4×2 and helpers that stack layers of that shape on it.
class FoldTest : public testing::Test {
 protected:
  FoldTest() { input_ = Add(InputLayer{}, {}); }

  int Add(LayerOperation operation, std::vector<int> inputs) {
    return graph_.Append({"layer", std::move(operation), std::move(inputs), {4, 4, 2}});
  }

  int AddConvolution(int input) {
    ConvolutionLayer convolution;
    convolution.weight = {{2, 2, 1, 1}, {1, 2, 3, 4}};
    return Add(convolution, {input});
  }

  void Fold(const std::vector<int>& outputs) {
    for (const int output : outputs) graph_.outputs.push_back({"output", output});
    FoldLayers(&graph_);
  }

  template <typename Operation>
  const Operation& Get(size_t index) const {
    return std::get<Operation>(graph_.layers.at(index).operation);
  }

  LayerGraph graph_;
  int input_ = 0;
};

TEST_F(FoldTest, AffineChainGoesIntoTheConvolution) {
  int x = AddConvolution(input_);
  x = Add(AffineLayer{{10, 100}, {0}}, {x});
  x = Add(AffineLayer{{1}, {5, 6}}, {x});
  Fold({x});
  ASSERT_EQ(graph_.layers.size(), 2u);
  const auto& convolution = Get<ConvolutionLayer>(1);
  EXPECT_EQ(convolution.weight.values, (std::vector<float>{10, 20, 300, 400}));
  EXPECT_EQ(convolution.bias, (std::vector<float>{5, 6}));
}

TEST_F(FoldTest, AffineStaysWhenTheConvolutionIsReadElsewhere) {
  const int convolution = AddConvolution(input_);
  const int affine = Add(AffineLayer{{2}, {0}}, {convolution});
  Fold({convolution, affine});
  EXPECT_EQ(graph_.layers.size(), 3u);
  EXPECT_EQ(Get<ConvolutionLayer>(1).weight.values, (std::vector<float>{1, 2, 3, 4}));
}

TEST_F(FoldTest, ClampsCompose) {
  int x = Add(ClampLayer{0, kInfinity}, {input_});
  x = Add(ClampLayer{-kInfinity, 6}, {x});
  x = Add(ClampLayer{0, kInfinity}, {x});
  Fold({x});
  ASSERT_EQ(graph_.layers.size(), 2u);
  EXPECT_EQ(Get<ClampLayer>(1).low, 0);
  EXPECT_EQ(Get<ClampLayer>(1).high, 6);
}

TEST_F(FoldTest, DisjointClampsBecomeAConstant) {
  int x = Add(ClampLayer{5, 7}, {input_});
  x = Add(ClampLayer{0, 3}, {x});
  Fold({x});
  EXPECT_EQ(Get<ClampLayer>(1).low, 3);
  EXPECT_EQ(Get<ClampLayer>(1).high, 3);
}

TEST_F(FoldTest, MaximumPlusScaledMinimumIsPRelu) {
  const int positive = Add(ClampLayer{0, kInfinity}, {input_});
  const int negative = Add(ClampLayer{-kInfinity, 0}, {input_});
  const int scaled = Add(AffineLayer{{0.5, 0.25}, {0}}, {negative});
  Fold({Add(BinaryLayer{BinaryOp::kAdd}, {scaled, positive})});
  ASSERT_EQ(graph_.layers.size(), 2u);
  EXPECT_EQ(Get<PReluLayer>(1).slope, (std::vector<float>{0.5, 0.25}));
}

TEST_F(FoldTest, ValueMinusMagnitudeDoublesTheSlope) {
  const int positive = Add(ClampLayer{0, kInfinity}, {input_});
  const int magnitude = Add(UnaryLayer{UnaryOp::kAbs}, {input_});
  const int difference = Add(BinaryLayer{BinaryOp::kSubtract}, {input_, magnitude});
  const int scaled = Add(AffineLayer{{0.5}, {0}}, {difference});
  Fold({Add(BinaryLayer{BinaryOp::kAdd}, {positive, scaled})});
  ASSERT_EQ(graph_.layers.size(), 2u);
  EXPECT_EQ(Get<PReluLayer>(1).slope, (std::vector<float>{1}));
}

TEST_F(FoldTest, ShiftedMinimumIsNoPRelu) {
  const int positive = Add(ClampLayer{0, kInfinity}, {input_});
  const int negative = Add(ClampLayer{-kInfinity, 0}, {input_});
  const int shifted = Add(AffineLayer{{0.5}, {1}}, {negative});
  Fold({Add(BinaryLayer{BinaryOp::kAdd}, {positive, shifted})});
  EXPECT_EQ(graph_.layers.size(), 5u);
}

TEST_F(FoldTest, SpatialPaddingGoesIntoTheConvolutionButChannelsDoNot) {
  const int pad = Add(PadLayer{{1, 2, 3, 4}, 0}, {input_});
  const int first = AddConvolution(pad);
  const int channels = Add(PadLayer{{}, 1}, {first});
  Fold({AddConvolution(channels)});
  ASSERT_EQ(graph_.layers.size(), 4u);
  const SpatialPadding& padding = Get<ConvolutionLayer>(1).padding;
  EXPECT_EQ(padding.top, 1);
  EXPECT_EQ(padding.bottom, 2);
  EXPECT_EQ(padding.left, 3);
  EXPECT_EQ(padding.right, 4);
  EXPECT_EQ(Get<PadLayer>(2).extra_channels, 1);
}

TEST_F(FoldTest, WhatNoOutputNeedsIsDropped) {
  AddConvolution(input_);
  const int wanted = Add(UnaryLayer{UnaryOp::kSigmoid}, {input_});
  Fold({wanted});
  ASSERT_EQ(graph_.layers.size(), 2u);
  EXPECT_EQ(graph_.outputs[0].layer, 1);
}

}  // namespace
}  // namespace maskbench
