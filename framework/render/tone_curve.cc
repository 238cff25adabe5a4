#include "maskbench/render/tone_curve.h"

#include <algorithm>
#include <cmath>

namespace maskbench {

ToneCurve::ToneCurve(float knee) {
  std::array<double, 256> sum{};
  std::array<int, 256> count{};
  for (std::uint32_t i = 0; i < kEntries; ++i) {
    const std::uint32_t bits = ((i + kFirst) << kShift) | (1u << (kShift - 1));
    float linear;
    std::memcpy(&linear, &bits, sizeof linear);
    float x = linear;
    if (x > knee) x = knee + (1 - knee) * (1 - std::exp((knee - x) / (1 - knee)));
    const float encoded = x <= 0.0031308f ? 12.92f * x : 1.055f * std::pow(x, 1 / 2.4f) - 0.055f;
    encoded_[i] = 255 * std::min(encoded, 1.0f);
    bytes_[i] = static_cast<std::uint8_t>(std::lround(encoded_[i]));
    sum[bytes_[i]] += linear;
    ++count[bytes_[i]];
  }
  for (size_t byte = 0; byte < 256; ++byte) {
    if (count[byte] > 0) decoded_[byte] = static_cast<float>(sum[byte] / count[byte]);
  }
}

}  // namespace maskbench
