#pragma once

#include <cstdint>

#include "chart_canvas.h"

namespace maskbench {

struct WrinkleDepths {
  double age = 0;         ///< 0…1.
  double strength = 1;    ///< Factor on all depths.
  double lid_crease = 0;  ///< 0…1.
};

/// Carves wrinkles and creases into the canvas' height map.
void CarveWrinkles(const WrinkleDepths& depths, std::uint64_t seed, bool mirrored,
                   ChartCanvas* canvas);

}  // namespace maskbench
