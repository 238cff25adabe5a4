#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "maskbench/render/actor.h"

#include "datasets/virtual_clinic/subject.h"

namespace maskbench::virtual_clinic {

/// What all virtual people are made with: head, skin geometry, hair styles. Loaded once; safe to
/// use from several threads.
class Studio {
 public:
  /// @param models_dir  folder that `maskbench models import` fills.
  /// @param npm_dir     folder of the unpacked packages.
  /// Throws DataError that names what is missing.
  Studio(const std::filesystem::path& models_dir, const std::filesystem::path& npm_dir);

  /// SHA-256 over the imported files that shape the pictures; the packages are pinned.
  static std::string Fingerprint(const std::filesystem::path& models_dir);

  const ParametricHead& head() const { return *head_; }
  const std::shared_ptr<const HeadRig>& rig() const { return rig_; }

  /// A subject ready to be posed. @param skin_px  size of the skin's textures, 256 … 4096.
  /// @param hair_cut_mm  see HairRecipe::cut_mm.
  std::shared_ptr<const Actor> Cast(const Subject& subject, int skin_px = 1024,
                                    double hair_cut_mm = -1000) const;

 private:
  std::shared_ptr<const HairStyle> Style(const std::string& name) const;

  std::filesystem::path models_dir_, package_dir_;
  std::shared_ptr<const ParametricHead> head_;
  std::shared_ptr<const HeadRig> rig_;
  std::unique_ptr<const SkinGeometry> geometry_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, std::shared_ptr<const HairStyle>> styles_;
};

}  // namespace maskbench::virtual_clinic
