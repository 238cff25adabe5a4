#include "maskbench/core/rng.h"

#include <cmath>
#include <string>

#include <fmt/format.h>

#include "maskbench/core/hash.h"

namespace maskbench {

std::array<uint32_t, 4> Philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  constexpr uint64_t kMultiplier0 = 0xD2511F53, kMultiplier1 = 0xCD9E8D57;
  constexpr uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;
  for (int round = 0; round < 10; ++round) {
    const uint64_t product0 = kMultiplier0 * counter[0];
    const uint64_t product1 = kMultiplier1 * counter[2];
    counter = {static_cast<uint32_t>(product1 >> 32) ^ counter[1] ^ key[0],
               static_cast<uint32_t>(product1),
               static_cast<uint32_t>(product0 >> 32) ^ counter[3] ^ key[1],
               static_cast<uint32_t>(product0)};
    key[0] += kWeyl0;
    key[1] += kWeyl1;
  }
  return counter;
}

NamedRandom::NamedRandom(uint64_t seed, std::string_view subject, std::string_view purpose) {
  // Lengths keep ("ab", "c") apart from ("a", "bc").
  const std::string digest = Sha256OfBytes(
      fmt::format("{}|{}:{}|{}:{}", seed, subject.size(), subject, purpose.size(), purpose));
  const auto word = [&digest](int index) {
    return static_cast<uint32_t>(std::stoul(digest.substr(8 * index, 8), nullptr, 16));
  };
  key_ = {word(0), word(1)};
  counter_ = {0, 0, word(2), word(3)};
}

uint32_t NamedRandom::NextBits() {
  if (used_ == 4) {
    block_ = Philox4x32(counter_, key_);
    if (++counter_[0] == 0) ++counter_[1];
    used_ = 0;
  }
  return block_[used_++];
}

double NamedRandom::Uniform() {
  const uint64_t high = NextBits() >> 5, low = NextBits() >> 6;
  return static_cast<double>((high << 26) | low) / 9007199254740992.0;
}

uint32_t NamedRandom::Below(uint32_t count) {
  const uint32_t limit = static_cast<uint32_t>(-count) % count;  // 2^32 mod count
  for (;;) {
    const uint32_t bits = NextBits();
    if (bits >= limit) return bits % count;
  }
}

double NamedRandom::Normal() {
  constexpr double kTwoPi = 6.283185307179586;
  const double radius = std::sqrt(-2.0 * std::log1p(-Uniform()));
  return radius * std::cos(kTwoPi * Uniform());
}

}  // namespace maskbench
