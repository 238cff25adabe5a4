#pragma once

#include <cstdlib>
#include <filesystem>
#include <memory>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/nn/network.h"

namespace maskbench {

/// Folder of the imported networks: `models` in $MASKBENCH_ASSETS, else in the build's asset
/// folder.
inline std::filesystem::path ModelsFolder() {
  if (const char* assets = std::getenv("MASKBENCH_ASSETS")) {
    return std::filesystem::path(assets) / "models";
  }
#ifdef MASKBENCH_ASSETS_DIR
  return std::filesystem::path(MASKBENCH_ASSETS_DIR) / "models";
#else
  return "assets/models";
#endif
}

/// The imported network; throws, so that the test fails, with what to do when it is missing.
inline std::unique_ptr<Network> LoadImported(const NetworkContract& contract, int batch = 1) {
  const std::filesystem::path file = ModelsFolder() / (contract.name + ".pt");
  if (!std::filesystem::exists(file)) {
    throw DataError(
        fmt::format("{} does not exist: fetch the assets and import the networks first, or set "
                    "MASKBENCH_ASSETS to the folder that has them in models/.",
                    file.string()));
  }
  return Network::Load(file, contract, batch);
}

}  // namespace maskbench
