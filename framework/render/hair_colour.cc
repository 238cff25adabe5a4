#include "maskbench/render/hair_colour.h"

#include <cmath>

namespace maskbench {

const OptionTable<HairColour>& HairColour::Options() {
  static const OptionTable<HairColour> table = [] {
    OptionTable<HairColour> t;
    t.Add("melanin", &HairColour::melanin,
          "0 light blond, 0.35 dark blond, 0.6 brown, 0.8 dark brown, 1 black.", {Range(0, 1)});
    t.Add("red", &HairColour::red, "Red pigment: golden or ginger, with more melanin auburn.",
          {Range(0, 1)});
    t.Add("grey", &HairColour::grey, "Part of the hairs that are white.", {Range(0, 1)});
    return t;
  }();
  return table;
}

Eigen::Vector3f PigmentedHairAlbedo(const HairColour& colour) {
  const Eigen::Vector3d eumelanin(0.419, 0.697, 1.37), pheomelanin(0.187, 0.4, 1.05);
  const Eigen::Vector3d absorption =
      0.05 * std::pow(80.0, colour.melanin) * eumelanin + (0.012 + 0.6 * colour.red) * pheomelanin;
  // The polynomial of Chiang et al. at an azimuthal roughness of 0.3.
  constexpr double kRoughnessTerm = 5.888;
  constexpr double kSurface = 0.007;  // What leaves the scales without entering a hair.
  return (Eigen::Vector3d::Constant(kSurface) +
          (-kRoughnessTerm * absorption.cwiseSqrt()).array().exp().matrix())
      .cast<float>();
}

Eigen::Vector3f WhiteHairAlbedo() { return {0.42f, 0.39f, 0.345f}; }

Eigen::Vector3f HairAlbedo(const HairColour& colour) {
  const auto grey = static_cast<float>(colour.grey);
  return (1.0f - grey) * PigmentedHairAlbedo(colour) + grey * WhiteHairAlbedo();
}

}  // namespace maskbench
