#include "maskbench/core/rng.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

namespace maskbench {
namespace {

using Counter = std::array<uint32_t, 4>;
using Key = std::array<uint32_t, 2>;

// Known answers: kat_vectors of Random123 1.14.
TEST(Philox, ZerosGiveThePublishedBlock) {
  EXPECT_EQ(Philox4x32(Counter{0, 0, 0, 0}, Key{0, 0}),
            (Counter{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
}

TEST(Philox, OnesGiveThePublishedBlock) {
  constexpr uint32_t kOnes = 0xffffffff;
  EXPECT_EQ(Philox4x32(Counter{kOnes, kOnes, kOnes, kOnes}, Key{kOnes, kOnes}),
            (Counter{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
}

TEST(Philox, DigitsOfPiGiveThePublishedBlock) {
  EXPECT_EQ(Philox4x32(Counter{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
                       Key{0xa4093822, 0x299f31d0}),
            (Counter{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

std::vector<uint32_t> Draw(NamedRandom random, int count) {
  std::vector<uint32_t> bits;
  bits.reserve(count);
  for (int i = 0; i < count; ++i) bits.push_back(random.NextBits());
  return bits;
}

// Computed with Python's hashlib and a second implementation of Philox: published results depend on
// this stream, so it may not change unnoticed.
TEST(NamedRandom, StreamIsTheOneThatResultsWereMadeWith) {
  EXPECT_EQ(Draw(NamedRandom(7, "s01", "bootstrap"), 8),
            (std::vector<uint32_t>{0x0998403b, 0xefeb38f8, 0xa6052ad1, 0x20f96707, 0x3f5da209,
                                   0xd29c5dd8, 0x1340892b, 0x49dbc3b1}));
}

TEST(NamedRandom, InterleavedStreamsAreThoseDrawnOneAfterTheOther) {
  NamedRandom a(1, "s01", "order"), b(1, "s02", "order");
  std::vector<uint32_t> bits_a, bits_b;
  for (int i = 0; i < 20; ++i) {
    bits_b.push_back(b.NextBits());
    if (i % 2 == 0) bits_a.push_back(a.NextBits());
  }
  EXPECT_EQ(bits_a, Draw(NamedRandom(1, "s01", "order"), 10));
  EXPECT_EQ(bits_b, Draw(NamedRandom(1, "s02", "order"), 20));
}

TEST(NamedRandom, EachPartOfTheNameGivesAnotherStream) {
  const std::vector<uint32_t> bits = Draw(NamedRandom(1, "ab", "c"), 4);
  EXPECT_NE(bits, Draw(NamedRandom(2, "ab", "c"), 4));
  EXPECT_NE(bits, Draw(NamedRandom(1, "ac", "c"), 4));
  EXPECT_NE(bits, Draw(NamedRandom(1, "ab", "d"), 4));
  EXPECT_NE(bits, Draw(NamedRandom(1, "a", "bc"), 4)) << "the border between the names is lost";
}

TEST(NamedRandom, UniformStaysBelowOneAndHasTheMomentsOfAUniform) {
  NamedRandom random(3, "uniform", "test");
  constexpr int kCount = 100000;
  double sum = 0, square_sum = 0, least = 1, largest = 0;
  for (int i = 0; i < kCount; ++i) {
    const double value = random.Uniform();
    sum += value;
    square_sum += value * value;
    least = std::min(least, value);
    largest = std::max(largest, value);
  }
  EXPECT_GE(least, 0);
  EXPECT_LT(least, 1e-3);
  EXPECT_LT(largest, 1);
  EXPECT_GT(largest, 1 - 1e-3);
  EXPECT_NEAR(sum / kCount, 0.5, 0.005);
  EXPECT_NEAR(square_sum / kCount, 1.0 / 3, 0.005);
}

TEST(NamedRandom, BelowReachesEveryValueAndNoOther) {
  NamedRandom random(4, "below", "test");
  std::array<int, 3> seen = {};
  for (int i = 0; i < 3000; ++i) {
    const uint32_t value = random.Below(3);
    ASSERT_LT(value, 3u);
    ++seen[value];
  }
  for (const int count : seen) EXPECT_NEAR(count, 1000, 130);  // 5 standard deviations.
  for (int i = 0; i < 10; ++i) EXPECT_EQ(random.Below(1), 0u);
}

// With a plain remainder, the lowest third would come up half the time.
TEST(NamedRandom, BelowHasNoModuloBias) {
  NamedRandom random(5, "below", "bias");
  constexpr uint32_t kThird = 1u << 30;
  constexpr int kCount = 30000;
  int low = 0;
  for (int i = 0; i < kCount; ++i) low += random.Below(3 * kThird) < kThird ? 1 : 0;
  EXPECT_NEAR(static_cast<double>(low) / kCount, 1.0 / 3, 0.015);
}

TEST(NamedRandom, NormalHasTheMomentsOfANormal) {
  NamedRandom random(6, "normal", "test");
  constexpr int kCount = 200000;
  std::array<double, 5> moment = {};
  for (int i = 0; i < kCount; ++i) {
    const double value = random.Normal();
    for (int power = 1; power <= 4; ++power) moment[power] += std::pow(value, power) / kCount;
  }
  EXPECT_NEAR(moment[1], 0, 0.012);
  EXPECT_NEAR(moment[2], 1, 0.016);
  EXPECT_NEAR(moment[3], 0, 0.05);
  EXPECT_NEAR(moment[4], 3, 0.11);
}

}  // namespace
}  // namespace maskbench
