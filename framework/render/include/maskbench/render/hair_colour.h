#pragma once

#include <Eigen/Core>

#include "maskbench/core/option_table.h"

namespace maskbench {

/// Natural hair colours.
struct HairColour {
  double melanin = 0.75;  ///< 0 light blond, 0.35 dark blond, 0.6 brown, 0.8 dark brown, 1 black.
  double red = 0.0;       ///< 0…1: with little melanin golden to ginger, with more auburn.
  double grey = 0.0;      ///< 0…1: part of the hairs that are white.

  static const OptionTable<HairColour>& Options();
};

/// Linear reflectance of a mass of pigmented hair, `grey` left out. Absorption of eumelanin and
/// pheomelanin after d'Eon et al., "An energy-conserving hair reflectance model" (EGSR 2011); from
/// absorption to the colour of a mass of hair by inverting Chiang et al., "A practical and
/// controllable hair and fur model for production path tracing" (Eurographics 2016).
Eigen::Vector3f PigmentedHairAlbedo(const HairColour& colour);
/// Linear reflectance of white hair.
Eigen::Vector3f WhiteHairAlbedo();
/// Mean over pigmented and white hairs.
Eigen::Vector3f HairAlbedo(const HairColour& colour);

}  // namespace maskbench
