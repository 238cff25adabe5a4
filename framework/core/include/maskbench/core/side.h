#pragma once

#include <array>

namespace maskbench {

/// Always the patient's own side: the right eye is on the left of an unmirrored image.
enum class Side : int { kRight = 0, kLeft = 1 };
inline constexpr std::array<Side, 2> kSides = {Side::kRight, Side::kLeft};

/// "right" or "left".
inline const char* ToString(Side side) { return side == Side::kRight ? "right" : "left"; }

}  // namespace maskbench
