#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "maskbench/head/parametric_head.h"
#include "maskbench/render/actor.h"
#include "maskbench/render/hair_colour.h"
#include "maskbench/render/skin.h"

namespace maskbench::virtual_clinic {

enum class Sex { kFemale, kMale };
enum class Ancestry { kAfrican, kAsian, kCaucasian };

/// Which group a subject is drawn from; groups are filled evenly, so that none can be told from
/// another by sex, ancestry or age.
struct Stratum {
  Sex sex = Sex::kFemale;
  Ancestry ancestry = Ancestry::kCaucasian;
  double age = 0;  ///< 0 about twenty years … 1 about eighty.
};

/// Everything that makes a virtual person who they are. Signs of disease are not part of it.
struct Subject {
  std::string id;
  Stratum stratum;
  HeadRecipe head;
  /// Seed and size of the withheld displacement: smooth, and outside every head model's basis.
  std::uint64_t withheld_seed = 0;
  double withheld_rms_mm = 0;
  SkinRecipe skin;
  std::string hair_style;  ///< Empty: bald or shorn (SkinRecipe::scalp).
  HairColour hair;
  std::array<EyeShape, 2> eyes;
  std::array<EyeRecipe, 2> eye_colours;
  std::array<LidShape, 2> lids;
  LashRecipe lashes;
  Eigen::Vector3f clothes{0.13f, 0.24f, 0.33f};  ///< Linear reflectance.
};

/// Stratum number `index` of an even filling.
Stratum EvenStratum(std::uint64_t seed, int index);

/// Draws a person: a pure function of its arguments.
Subject DrawSubject(const ParametricHead& head, std::uint64_t seed, const std::string& id,
                    const Stratum& stratum);

/// Model vertices of the subject's neutral face, withheld displacement included.
Eigen::Matrix3Xd SubjectShape(const ParametricHead& head, const Subject& subject);

/// The smooth displacement field that no head model knows, per model vertex (mm): random waves of
/// 25–70 mm length, scaled to `rms_mm` over the face and faded out on the lids, which the lid rig
/// owns.
Eigen::Matrix3Xd WithheldDisplacement(const ParametricHead& head, std::uint64_t seed,
                                      double rms_mm);

}  // namespace maskbench::virtual_clinic
