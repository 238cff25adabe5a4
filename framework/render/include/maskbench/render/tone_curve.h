#pragma once

#include <array>
#include <cstdint>
#include <cstring>

namespace maskbench {

/// Linear light to 8 bits: IEC 61966-2-1 after a soft end of the range; tabulated over the leading
/// bits of a float, 512 steps an octave.
class ToneCurve {
 public:
  /// @param knee  highlights roll off above this signal, 0 … 1.
  explicit ToneCurve(float knee);

  std::uint8_t operator()(float linear) const { return bytes_[IndexOf(linear)]; }
  /// The same before it is rounded, 0 … 255.
  float Encode(float linear) const { return encoded_[IndexOf(linear)]; }
  /// Linear light of a byte, so that operator() gives the byte again.
  float Decode(std::uint8_t byte) const { return decoded_[byte]; }

 private:
  static constexpr std::uint32_t kShift = 23 - 9;
  static constexpr float kLowest = 1.0f / 16384;  // Encodes to less than half a byte's step.
  static constexpr float kHighest = 7.99f;
  static constexpr std::uint32_t kFirst = (127u - 14u) << 9;
  static constexpr std::uint32_t kEntries = (14u + 3u) << 9;

  static std::uint32_t IndexOf(float linear) {
    float clamped = linear < kHighest ? linear : kHighest;
    clamped = clamped > kLowest ? clamped : kLowest;
    std::uint32_t bits;
    std::memcpy(&bits, &clamped, sizeof bits);
    return (bits >> kShift) - kFirst;
  }

  std::array<std::uint8_t, kEntries> bytes_{};
  std::array<float, kEntries> encoded_{};
  std::array<float, 256> decoded_{};
};

}  // namespace maskbench
