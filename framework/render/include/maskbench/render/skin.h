#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <Eigen/Core>
#include <opencv2/core.hpp>

#include "maskbench/core/option_table.h"
#include "maskbench/render/hair_colour.h"
#include "maskbench/render/scene.h"
#include "maskbench/render/skin_geometry.h"
#include "maskbench/render/skin_tone.h"

namespace maskbench {

/// Eyebrows, drawn hair by hair.
struct BrowRecipe {
  double density = 1.0;    ///< 0 none … 2 bushy; 1 is about 420 hairs per brow.
  double thickness = 1.0;  ///< 0.3…2, relative to the face's own brow region.
  double length = 1.0;     ///< 0.6…1.2, how far the tail reaches.
  double arch_mm = 0.0;    ///< −4…6, raises the outer third.
  double height_mm = 0.0;  ///< −4…6, raises the whole brow.
  double angle_deg = 0.0;  ///< −20…20, raises the tail against the head of the brow.
  double gap_mm = 0.0;     ///< −8…6, moves the head of the brow from the midline.
  double hair_mm = 8.5;    ///< 3…16, length of a hair in the middle of the brow.
  HairColour colour;

  static const OptionTable<BrowRecipe>& Options();
};

/// Shadow of the beard, stubble or a short beard.
struct BeardRecipe {
  double density = 0.0;    ///< 0 none … 1 full; 0.2 to 0.5 is a shaven man's shadow.
  double length_mm = 0.4;  ///< 0.1…14.
  double moustache = 1.0;  ///< 0…1, density above the lip relative to the rest.
  double cheeks = 1.0;     ///< 0…1, density on cheeks and jaw; 0 leaves a goatee.
  HairColour colour;

  static const OptionTable<BeardRecipe>& Options();
};

/// Hair on the scalp that is short enough to be painted. Under a hair style it hides the skin.
struct ScalpRecipe {
  double density = 0.0;    ///< 0 bald … 1 full.
  double length_mm = 3.0;  ///< 0.2 shaven … 10 crew cut.
  double recession = 0.0;  ///< 0…1: temples, then crown and top go bald.
  double sideburns = 0.4;  ///< 0…1, how far they reach.
  double inset_mm = 0.0;   ///< 0…30, moves the whole hairline back; about 9 under a hair style.
  HairColour colour;

  static const OptionTable<ScalpRecipe>& Options();
};

struct LipRecipe {
  double redness = 0.5;   ///< 0 pale … 1 deep red.
  double darkness = 0.0;  ///< −0.5…1, pigment relative to the skin.

  static const OptionTable<LipRecipe>& Options();
};

struct MakeUpRecipe {
  double lipstick = 0.0;                                                    ///< 0…1.
  double lipstick_red = 0.42, lipstick_green = 0.05, lipstick_blue = 0.07;  ///< 0…1, linear.
  double blush = 0.0;                                                       ///< 0…1.
  double eye_shadow = 0.0;                                                  ///< 0…1.
  double foundation = 0.0;  ///< 0…1, evens the tone out.

  static const OptionTable<MakeUpRecipe>& Options();
};

/// A person's skin. Defaults: a young adult without particulars.
struct SkinRecipe {
  double melanin = 0.25;          ///< 0…1, see SkinPigments.
  double haemoglobin = 0.4;       ///< 0…1.
  double undertone = 0.0;         ///< −1 cool … 1 warm.
  std::string package_skin;       ///< Name of a skin of the package, or empty.
  double package_strength = 0.7;  ///< 0…1, how much of its features is used.
  double age = 0.15;              ///< 0 twenty years … 1 eighty: wrinkles, spots, mottling.
  double wrinkles = 1.0;          ///< 0…2, depth relative to the age's.
  double variation = 1.0;         ///< 0…3, unevenness of tone.
  double zones = 1.0;             ///< 0…2, redness of cheeks, nose and ears against the forehead.
  double redness = 0.0;           ///< 0…1, patches of flushed skin.
  int freckles = 0;               ///< 0…3000.
  int moles = 2;                  ///< 0…80.
  double pores = 1.0;             ///< 0…2.
  double gloss = 1.0;             ///< 0.2 powdered … 2 oily.
  double eyelid_tone = 0.4;       ///< 0…1, darker and redder lids.
  double under_eye = 0.25;        ///< 0…1, shadows below the eyes.
  double lid_crease = 0.0;        ///< 0…1, a painted fold for heads whose lids have none.
  LipRecipe lips;
  MakeUpRecipe make_up;
  BrowRecipe brows;
  BeardRecipe beard;
  ScalpRecipe scalp;
  bool mirrored = false;   ///< The right side is the mirror image of the left one.
  std::uint64_t seed = 1;  ///< Of everything that is random.

  static const OptionTable<SkinRecipe>& Options();
};

/// Even, neutral skin with drawn brows and lips for masks: nothing in it belongs to anybody.
SkinRecipe NeutralSkinRecipe();

/// Names that SkinRecipe::package_skin may have, sorted; empty when the folder is absent.
/// @param package_dir  the package's public/data folder.
std::vector<std::string> PackageSkins(const std::filesystem::path& package_dir);

/// A skin of the package: 8-bit B, G, R atlas. Throws DataError that names the file.
cv::Mat ReadPackageSkin(const std::filesystem::path& package_dir, const std::string& name);

/// What the baker painted.
struct SkinImages {
  cv::Mat albedo;  ///< CV_32FC3, R, G, B, linear reflectance.
  cv::Mat relief;  ///< CV_32FC3: gradient along u and v in mm per mm, factor on the specular lobe.
};

/// Paints a skin over the chart; a pure function of its arguments.
/// @param package_skin  what ReadPackageSkin gave, or empty.
/// @param size_px       256…4096.
SkinImages PaintSkin(const SkinRecipe& recipe, const SkinGeometry& geometry,
                     const cv::Mat& package_skin = {}, int size_px = 1024);

struct BakedSkin {
  std::shared_ptr<const Texture> albedo, relief;  ///< See Material.
};
BakedSkin BakeSkin(const SkinRecipe& recipe, const SkinGeometry& geometry,
                   const cv::Mat& package_skin = {}, int size_px = 1024);

/// Skin material of baked textures.
std::shared_ptr<const Material> SkinMaterial(const BakedSkin& skin, double gloss = 1.0);

}  // namespace maskbench
