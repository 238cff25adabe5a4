#pragma once

#include <cstdlib>
#include <filesystem>

#include "datasets/virtual_clinic/studio.h"

namespace maskbench {

/// Folder of fetched assets and imported models.
inline std::filesystem::path TestAssets() {
  const char* folder = std::getenv("MASKBENCH_ASSETS");
  return folder != nullptr ? folder : MASKBENCH_ASSETS_DIR;
}

/// One studio for all tests of a program: it takes seconds to set up.
inline const virtual_clinic::Studio& TheStudio() {
  static const virtual_clinic::Studio studio(TestAssets() / "models", TestAssets() / "npm");
  return studio;
}

}  // namespace maskbench
