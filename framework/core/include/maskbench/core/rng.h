#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace maskbench {

/// One block of Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
/// SC 2011): a pure function of counter and key.
std::array<uint32_t, 4> Philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

/// Random numbers by name. The stream is a function of (seed, subject, purpose) alone, so results
/// depend neither on the thread count nor on the order of work, and a new draw under another
/// purpose shifts nothing.
class NamedRandom {
 public:
  /// @param seed     the run's seed.
  /// @param subject  what the numbers are for, e.g. a case id.
  /// @param purpose  why they are drawn, e.g. "bootstrap".
  NamedRandom(uint64_t seed, std::string_view subject, std::string_view purpose);

  uint32_t NextBits();
  /// Uniform in [0, 1), 53 bits.
  double Uniform();
  /// Uniform in {0, …, count − 1}, without modulo bias. `count` > 0.
  uint32_t Below(uint32_t count);
  /// Standard normal (Box–Muller).
  double Normal();

 private:
  std::array<uint32_t, 2> key_;
  std::array<uint32_t, 4> counter_;
  std::array<uint32_t, 4> block_;
  int used_ = 4;
};

}  // namespace maskbench
