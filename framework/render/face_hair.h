#pragma once

#include "maskbench/render/skin.h"

#include "chart_canvas.h"

namespace maskbench {

/// Draws into the canvas' albedo and gloss.
void PaintBrows(const BrowRecipe& recipe, std::uint64_t seed, bool mirrored, ChartCanvas* canvas);
void PaintBeard(const BeardRecipe& recipe, std::uint64_t seed, bool mirrored, ChartCanvas* canvas);
void PaintScalp(const ScalpRecipe& recipe, std::uint64_t seed, bool mirrored, ChartCanvas* canvas);

}  // namespace maskbench
